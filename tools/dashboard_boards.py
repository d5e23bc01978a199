"""What Grafana's dashboards show: one panel a line of thought, its expression and its legend."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Panel:
    """One graph: `{{label}}` in the legend stands for a label's value."""

    title: str
    unit: str
    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Board:
    """One page. `service`: the variable that its expressions use, by label_values."""

    uid: str
    title: str
    panels: tuple[Panel, ...]
    service: str = ""


def share(metric: str, by: str, bad: str) -> str:
    """How many of a hundred are bad."""
    return f"sum by ({by}) (rate({metric}{{{bad}}}[5m])) / sum by ({by}) (rate({metric}[5m]))"


def quantile(of: float, metric: str, by: str, where: str = "") -> str:
    chosen = f"{{{where}}}" if where else ""
    rates = f"sum by ({by}, le) (rate({metric}_bucket{chosen}[5m]))"
    return f"histogram_quantile({of}, {rates})"


def rate(metric: str, by: str, where: str = "") -> str:
    chosen = f"{{{where}}}" if where else ""
    return f"sum by ({by}) (rate({metric}{chosen}[5m]))"


RPC = "rpc_server_call_duration_seconds"
HTTP = "http_server_request_duration_seconds"
OURS = 'rpc_response_status_code=~"INTERNAL|UNAVAILABLE|DEADLINE_EXCEEDED|UNKNOWN"'
MINE = 'xianban_service="$service"'
SERVICE, LANE = "{{xianban_service}}", "{{xianban_lane}}"
REACHED = "xianban_alarm_reached_duration_seconds"
TOLD, DELIVERED = "xianban_alarm_told_duration_seconds", "xianban_notify_delivery_duration_seconds"
PLUGIN = "xianban_plugin_call_duration_seconds"
EVENT = "messaging_process_duration_seconds"
EDGE = 'envoy_http_conn_manager_prefix="edge"'

BOARDS = (
    Board(
        "xianban-overview",
        "贤办 · Overview",
        (
            Panel("Calls per second", "reqps", rate(f"{RPC}_count", "xianban_service"), SERVICE),
            Panel(
                "Failed by our fault",
                "percentunit",
                share(f"{RPC}_count", "xianban_service", OURS),
                SERVICE,
            ),
            Panel(
                "99 of 100 calls are faster than",
                "s",
                quantile(0.99, RPC, "xianban_service", 'xianban_lane!="streams"'),
                SERVICE,
            ),
            Panel(
                "Pages per second",
                "reqps",
                rate(f"{HTTP}_count", "xianban_site"),
                "{{xianban_site}}",
            ),
            Panel(
                "Pages that fail",
                "percentunit",
                share(f"{HTTP}_count", "xianban_site", 'http_response_status_code=~"5.."'),
                "{{xianban_site}}",
            ),
            Panel(
                "What is missing",
                "none",
                "min by (xianban_service, dependency) (xianban_dependency_up_ratio) == 0",
                f"{SERVICE}: {{{{dependency}}}}",
            ),
            Panel(
                "Oldest event that has not left",
                "s",
                "max by (xianban_service) (xianban_outbox_age_seconds)",
                SERVICE,
            ),
            Panel(
                "Dead letters",
                "none",
                "max by (xianban_service, xianban_state) (xianban_dead_letters)",
                SERVICE,
            ),
            Panel(
                "Age of relations",
                "s",
                "max by (xianban_service) (xianban_relations_age_seconds)",
                SERVICE,
            ),
            Panel("Memory", "bytes", "sum by (job) (process_memory_usage_bytes)", "{{job}}"),
            Panel(
                "CPU", "none", "sum by (job) (rate(process_cpu_time_seconds_total[5m]))", "{{job}}"
            ),
            Panel(
                "Certificates end in",
                "s",
                "min by (job) (xianban_certificate_remaining_seconds)",
                "{{job}}",
            ),
        ),
    ),
    Board(
        "xianban-service",
        "贤办 · One service",
        (
            Panel(
                "Calls per second",
                "reqps",
                rate(f"{RPC}_count", "rpc_method", MINE),
                "{{rpc_method}}",
            ),
            Panel(
                "How they end",
                "reqps",
                rate(f"{RPC}_count", "rpc_response_status_code", MINE),
                "{{rpc_response_status_code}}",
            ),
            Panel(
                "95 of 100 are faster than",
                "s",
                quantile(0.95, RPC, "rpc_method", MINE),
                "{{rpc_method}}",
            ),
            Panel(
                "Threads busy",
                "none",
                f"sum by (xianban_lane) (xianban_rpc_threads_busy{{{MINE}}})",
                LANE,
            ),
            Panel(
                "Threads there are",
                "none",
                f"sum by (xianban_lane) (xianban_rpc_threads_limit{{{MINE}}})",
                LANE,
            ),
            Panel(
                "Calls that wait",
                "none",
                f"sum by (xianban_lane) (xianban_rpc_calls_waiting{{{MINE}}})",
                LANE,
            ),
            Panel(
                "Database connections",
                "none",
                "sum by (db_client_connection_pool_name, db_client_connection_state) "
                '(db_client_connection_count{db_client_connection_pool_name=~"$service/.*"})',
                "{{db_client_connection_pool_name}} {{db_client_connection_state}}",
            ),
            Panel("Timers are late by", "s", f"max(xianban_timers_overdue_seconds{{{MINE}}})"),
            Panel("Audit is behind by", "s", f"max(xianban_audit_unsealed_age_seconds{{{MINE}}})"),
            Panel(
                "Decisions without a fresh copy",
                "none",
                rate("xianban_relations_asked_total", "xianban_outcome", MINE),
                "{{xianban_outcome}}",
            ),
            Panel(
                "Calls to others",
                "reqps",
                rate("rpc_client_call_duration_seconds_count", "rpc_method", 'job=~".*$service"'),
                "{{rpc_method}}",
            ),
            Panel(
                "Dependencies",
                "none",
                f"min by (dependency) (xianban_dependency_up_ratio{{{MINE}}})",
                "{{dependency}}",
            ),
        ),
        "xianban_dependency_up_ratio",
    ),
    Board(
        "xianban-alarms",
        "贤办 · Alarms and readings",
        (
            Panel(
                "From the device to the first message, 95 of 100",
                "s",
                quantile(0.95, TOLD, "xianban_rule"),
                "{{xianban_rule}}",
            ),
            Panel("Alarms told", "none", rate(f"{TOLD}_count", "xianban_rule"), "{{xianban_rule}}"),
            Panel(
                "From the device to the channel (text message, call …), 95 of 100",
                "s",
                quantile(0.95, REACHED, "xianban_channel"),
                "{{xianban_channel}}",
            ),
            Panel(
                "Urgent messages taken by the channel, 95 of 100",
                "s",
                quantile(0.95, DELIVERED, "xianban_channel", 'xianban_urgent="true"'),
                "{{xianban_channel}}",
            ),
            Panel(
                "Deliveries",
                "none",
                rate("xianban_notify_deliveries_total", "xianban_channel, xianban_state"),
                "{{xianban_channel}} {{xianban_state}}",
            ),
            Panel(
                "Oldest attempt without a worker", "s", "max(xianban_notify_attempts_age_seconds)"
            ),
            Panel("Uplink is connected", "none", "min(xianban_uplink_connected_ratio)"),
            Panel(
                "What becomes of device messages",
                "none",
                rate("xianban_uplink_parts_total", "outcome"),
                "{{outcome}}",
            ),
            Panel("In the uplink's memory", "none", "max(xianban_uplink_backlog)"),
            Panel(
                "On the uplink's disk",
                "none",
                "max by (xianban_service, kind) (xianban_uplink_spooled)",
                f"{SERVICE} {{{{kind}}}}",
            ),
        ),
    ),
    Board(
        "xianban-messaging",
        "贤办 · Messaging",
        (
            Panel(
                "Events sent",
                "none",
                rate("messaging_client_sent_messages_total", "xianban_service"),
                SERVICE,
            ),
            Panel(
                "Events that wait to leave",
                "none",
                "max by (xianban_service) (xianban_outbox_unsent)",
                SERVICE,
            ),
            Panel(
                "Queues",
                "none",
                "max by (messaging_destination_name) (xianban_queue_messages)",
                "{{messaging_destination_name}}",
            ),
            Panel("Events applied", "none", rate(f"{EVENT}_count", "xianban_service"), SERVICE),
            Panel("Applied in, 95 of 100", "s", quantile(0.95, EVENT, "xianban_service"), SERVICE),
            Panel(
                "Failed",
                "none",
                rate(f"{EVENT}_count", "xianban_service, error_type", 'error_type!=""'),
                "{{error_type}}",
            ),
            Panel(
                "From commit to effect, 95 of 100",
                "s",
                quantile(0.95, "xianban_event_age_seconds", "xianban_service"),
                SERVICE,
            ),
        ),
    ),
    Board(
        "xianban-plugins",
        "贤办 · Plugins",
        (
            Panel("Calls", "none", rate("xianban_plugin_calls_total", "plugin"), "{{plugin}}"),
            Panel(
                "Not ok",
                "none",
                rate("xianban_plugin_calls_total", "plugin, outcome", 'outcome!="ok"'),
                "{{plugin}} {{outcome}}",
            ),
            Panel(
                "95 of 100 calls are faster than",
                "s",
                quantile(0.95, PLUGIN, "plugin, hook"),
                "{{plugin}} {{hook}}",
            ),
            Panel(
                "Left alone or set aside",
                "none",
                "max by (xianban_service, plugin, state) "
                '(xianban_plugin_state_ratio{state!="well"}) == 1',
                "{{plugin}} {{state}}",
            ),
            Panel(
                "Restarts",
                "none",
                "sum by (plugin) (increase(xianban_plugin_restarts_total[1h]))",
                "{{plugin}}",
            ),
            Panel(
                "Memory",
                "bytes",
                "max by (plugin) (xianban_plugin_memory_usage_bytes)",
                "{{plugin}}",
            ),
            Panel(
                "People's data told",
                "none",
                rate("xianban_plugin_disclosures_total", "plugin, purpose"),
                "{{plugin}} {{purpose}}",
            ),
        ),
    ),
    Board(
        "xianban-edge",
        "贤办 · Edge",
        (
            Panel(
                "Requests by answer",
                "reqps",
                rate("envoy_http_downstream_rq_xx", "envoy_response_code_class", EDGE),
                "{{envoy_response_code_class}}xx",
            ),
            Panel(
                "95 of 100 are faster than (ms)",
                "ms",
                quantile(
                    0.95, "envoy_http_downstream_rq_time", "envoy_http_conn_manager_prefix", EDGE
                ),
            ),
            Panel("Connections", "none", f"sum(envoy_http_downstream_cx_active{{{EDGE}}})"),
            Panel(
                "Answers by cluster",
                "reqps",
                rate(
                    "envoy_cluster_upstream_rq_xx", "envoy_cluster_name, envoy_response_code_class"
                ),
                "{{envoy_cluster_name}} {{envoy_response_code_class}}xx",
            ),
            Panel(
                "Configurations refused",
                "none",
                "sum(increase(envoy_listener_manager_lds_update_rejected[1h])) "
                "+ sum(increase(envoy_cluster_manager_cds_update_rejected[1h])) "
                "+ sum(increase(envoy_http_rds_update_rejected[1h]))",
            ),
            Panel(
                "The public certificate ends in",
                "d",
                "min(envoy_server_days_until_first_cert_expiring)",
            ),
        ),
    ),
)
