"""What makes each alert fire, and what looks like it and must not. Series in promtool's notation,
one value a minute; the alerts are asked for at minute 30."""

from __future__ import annotations

from dataclasses import dataclass

Series = dict[str, str]


@dataclass(frozen=True)
class Case:
    """Two worlds: in one it fires, in the other it is quiet."""

    fires: Series
    quiet: Series


def _calls(code: str) -> str:
    return (
        f'rpc_server_call_duration_seconds_count{{{_PARKING}, rpc_response_status_code="{code}"}}'
    )


def _buckets(name: str, labels: str, *, late: bool) -> Series:
    """A hundred a minute, within the first bound or beyond the last but one."""
    first = "0+0x40" if late else "0+100x40"
    bounds = {"0.5": first, "1": first, "10": first, "30": first, "60": "0+100x40"}
    made = {f'{name}_bucket{{{labels}, le="{bound}"}}': v for bound, v in bounds.items()}
    return made | {f'{name}_bucket{{{labels}, le="+Inf"}}': "0+100x40"}


def _gauge(series: str, fires: str, quiet: str) -> Case:
    return Case({series: f"{fires}+0x40"}, {series: f"{quiet}+0x40"})


def _share(bad: str, good: str) -> Case:
    """A third of all, or one of a hundred."""
    return Case({bad: "0+50x40", good: "0+100x40"}, {bad: "0+1x40", good: "0+100x40"})


_PARKING = 'xianban_service="parking"'
_LANE = f'{_PARKING}, xianban_lane="unary"'
_POOL = 'job="xianban/parking", instance="a-1", db_client_connection_pool_name="parking/write"'
_USED = f'db_client_connection_count{{{_POOL}, db_client_connection_state="used"}}'
_PAGES = 'http_server_request_duration_seconds_count{xianban_site="parking", '
_SMS = 'xianban_notify_deliveries_total{xianban_channel="sms", '
_PLUGIN = 'xianban_plugin_calls_total{plugin="parking-lpr", '
_EDGE = 'envoy_http_downstream_rq_xx{envoy_http_conn_manager_prefix="edge", '
_STATE = f'xianban_plugin_state_ratio{{{_PARKING}, plugin="parking-lpr", '
_REFUSED = "envoy_listener_manager_lds_update_rejected"
_ACCEPTED = "envoy_cluster_manager_cds_update_rejected"
_ROUTES = "envoy_http_rds_update_rejected"


def _dependency(name: str) -> str:
    return f'xianban_dependency_up_ratio{{{_PARKING}, dependency="{name}"}}'


CASES: dict[str, Case] = {
    "XianbanCallsFail": _share(_calls("INTERNAL"), _calls("OK")),
    "XianbanCallsSlow": Case(
        _buckets("rpc_server_call_duration_seconds", _LANE, late=True),
        _buckets("rpc_server_call_duration_seconds", _LANE, late=False),
    ),
    "XianbanThreadsBusy": Case(
        {
            f"xianban_rpc_threads_busy{{{_LANE}}}": "4+0x40",
            f"xianban_rpc_threads_limit{{{_LANE}}}": "4+0x40",
            f"xianban_rpc_calls_waiting{{{_LANE}}}": "9+0x40",
        },
        # All at work, and nobody waits.
        {
            f"xianban_rpc_threads_busy{{{_LANE}}}": "4+0x40",
            f"xianban_rpc_threads_limit{{{_LANE}}}": "4+0x40",
            f"xianban_rpc_calls_waiting{{{_LANE}}}": "0+0x40",
        },
    ),
    "XianbanDatabasePoolFull": Case(
        {_USED: "10+0x40", f"db_client_connection_max{{{_POOL}}}": "10+0x40"},
        {_USED: "5+0x40", f"db_client_connection_max{{{_POOL}}}": "10+0x40"},
    ),
    "XianbanPagesFail": _share(
        f'{_PAGES}http_response_status_code="500"}}', f'{_PAGES}http_response_status_code="200"}}'
    ),
    "XianbanNothingIsMeasured": Case({}, {_dependency("database"): "1+0x40"}),
    "XianbanDependencyDown": Case(
        {_dependency("database"): "0+0x40"},
        # What a district does not have is no failure; plugins have an alert of their own.
        {
            _dependency("database"): "1+0x40",
            _dependency("capabilities"): "0+0x40",
            _dependency("plugins"): "0+0x40",
        },
    ),
    "XianbanOutboxLate": _gauge(f"xianban_outbox_age_seconds{{{_PARKING}}}", "60", "3"),
    "XianbanDeadLetters": Case(
        {f'xianban_dead_letters{{{_PARKING}, xianban_state="dead"}}': "1+0x40"},
        {f'xianban_dead_letters{{{_PARKING}, xianban_state="dead"}}': "0+0x40"},
    ),
    "XianbanBrokerDeadLetters": Case(
        {'xianban_queue_messages{messaging_destination_name="xianban.notify.dead"}': "2+0x40"},
        {'xianban_queue_messages{messaging_destination_name="xianban.notify"}': "2+0x40"},
    ),
    "XianbanQueueGrows": Case(
        {'xianban_queue_messages{messaging_destination_name="xianban.notify"}': "2000+0x40"},
        # Events that nobody asked for may lie there.
        {'xianban_queue_messages{messaging_destination_name="xianban.unrouted"}': "2000+0x40"},
    ),
    "XianbanTimersLate": _gauge(f"xianban_timers_overdue_seconds{{{_PARKING}}}", "40", "1"),
    "XianbanAlarmsToldLate": Case(
        _buckets("xianban_alarm_told_duration_seconds", _PARKING, late=True),
        _buckets("xianban_alarm_told_duration_seconds", _PARKING, late=False),
    ),
    "XianbanUrgentMessagesLate": Case(
        _buckets(
            "xianban_notify_delivery_duration_seconds",
            'xianban_channel="sms", xianban_urgent="true"',
            late=True,
        ),
        # Quiet hours hold up what is not urgent.
        _buckets(
            "xianban_notify_delivery_duration_seconds",
            'xianban_channel="sms", xianban_urgent="false"',
            late=True,
        ),
    ),
    "XianbanDeliveriesFail": _share(
        f'{_SMS}xianban_state="failed"}}', f'{_SMS}xianban_state="sent"}}'
    ),
    "XianbanAttemptsWait": _gauge("xianban_notify_attempts_age_seconds", "120", "2"),
    "XianbanUplinkDisconnected": _gauge("xianban_uplink_connected_ratio", "0", "1"),
    "XianbanUplinkSpools": _gauge(
        'xianban_uplink_spooled{xianban_service="eldercare", kind="batch"}', "3", "0"
    ),
    "XianbanUplinkBacklog": _gauge("xianban_uplink_backlog", "4000", "40"),
    "XianbanRelationsStale": _gauge(f"xianban_relations_age_seconds{{{_PARKING}}}", "9", "1"),
    "XianbanDecisionsRefused": Case(
        {f'xianban_relations_asked_total{{{_PARKING}, xianban_outcome="refused"}}': "0+5x40"},
        {f'xianban_relations_asked_total{{{_PARKING}, xianban_outcome="answered"}}': "0+5x40"},
    ),
    "XianbanAuditUnsealed": _gauge(f"xianban_audit_unsealed_age_seconds{{{_PARKING}}}", "90", "1"),
    "XianbanCertificateEnds": Case(
        {'xianban_certificate_remaining_seconds{job="xianban/parking"}': "90000+0x100"},
        {'xianban_certificate_remaining_seconds{job="xianban/parking"}': "9000000+0x100"},
    ),
    "XianbanPluginOut": Case(
        {f'{_STATE}state="set_aside"}}': "1+0x40", f'{_STATE}state="well"}}': "0+0x40"},
        {f'{_STATE}state="set_aside"}}': "0+0x40", f'{_STATE}state="well"}}': "1+0x40"},
    ),
    "XianbanPluginFails": Case(
        {f'{_PLUGIN}outcome="Overrun"}}': "0+50x40", f'{_PLUGIN}outcome="ok"}}': "0+100x40"},
        # Who does not agree is not asked for: that is no failure of the plugin.
        {
            f'{_PLUGIN}outcome="CONSENT_REQUIRED"}}': "0+50x40",
            f'{_PLUGIN}outcome="ok"}}': "0+100x40",
        },
    ),
    "XianbanPublicCertificateEnds": Case(
        {"envoy_server_days_until_first_cert_expiring": "3+0x100"},
        {"envoy_server_days_until_first_cert_expiring": "60+0x100"},
    ),
    "XianbanEdgeErrors": _share(
        f'{_EDGE}envoy_response_code_class="5"}}', f'{_EDGE}envoy_response_code_class="2"}}'
    ),
    "XianbanEdgeConfigurationRefused": Case(
        {_REFUSED: "0+0x25 1+0x15", _ACCEPTED: "0+0x40", _ROUTES: "0+0x40"},
        # Long ago.
        {_REFUSED: "1+0x40", _ACCEPTED: "0+0x40", _ROUTES: "0+0x40"},
    ),
}
