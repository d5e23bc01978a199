"""The operator's pages of plugins, and what the portal says is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from xianban.common.v1 import plugins_pb2 as pb
from xianban.common.v1.relations_pb2 import MembershipState
from xianban.identity.v1 import identity_pb2 as identity
from xianban_portal.health import Condition, Missing
from xianban_sdk.demo import person_id
from xianban_sdk.web import CallError

LIST, ONE = "/operations/plugins", "/operations/plugins/parking/parking-lpr"
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def lpr(**changes: Any) -> pb.Plugin:
    made = pb.Plugin(
        name="plugins/parking-lpr",
        version="1.2.0",
        vendor="Acme",
        domain="parking",
        tier=1,
        standing="signed",
        state=pb.PLUGIN_STATE_RUNNING,
        hooks=["register_gate"],
        limits=pb.PluginLimits(memory_bytes=256 << 20, call_seconds=5, scratch_bytes=16 << 20),
        confinement={"seccomp": "", "landlock": "this kernel has none"},
        memory_bytes=48 << 20,
        restarts=2,
        window_seconds=600,
        total=pb.HookFigures(calls=50, errors={"Overrun": 3}, p50_ms=0.12, p99_ms=4.5),
        figures=[pb.HookFigures(hook="gate.parse", calls=50, errors={"Overrun": 3})],
        disclosures=[pb.PluginDisclosure(purpose="parking.gate", calls=77, people=9)],
        faults=[pb.PluginFault(hook="gate.parse", kind="Overrun")],
    )
    made.MergeFrom(pb.Plugin(**changes))
    return made


@pytest.fixture
def operator(portal: Any) -> Any:
    """Logged in with the role."""
    portal.caller.replies["GetPerson"] = identity.Person(
        name=f"residents/{person_id('daughter')}",
        display_name="王芳",
        memberships=[MembershipState(role="suite-operator", active=True)],
    )
    portal.caller.replies["ListServicePlugins"] = pb.ListServicePluginsResponse(plugins=[lpr()])
    portal.caller.replies["GetPlugin"] = lpr()
    portal.log_in()
    return portal


@pytest.mark.parametrize("path", [LIST, ONE])
def test_whoever_lacks_the_role_is_refused(portal: Any, path: str) -> None:
    portal.log_in()
    assert portal.client.get(path).status_code == 403


def test_all_plugins_stand_in_one_table_with_their_figures(operator: Any) -> None:
    page = operator.client.get(LIST).text
    for shown in (
        "parking-lpr",
        "1.2.0 · Acme",
        "已签名",
        "运行中",
        "5.0",
        "0.12 / 4.50",
        "48 MB",
        "77",
    ):
        assert shown in page
    assert "进程意外结束 2 次" in page
    assert "1 项隔离措施未生效" in page


def test_a_service_that_does_not_answer_is_named(operator: Any) -> None:
    away = CallError(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE", "away", "parking")
    operator.caller.replies["ListServicePlugins"] = away
    page = operator.client.get(LIST)
    assert page.status_code == 200
    assert "暂无应答" in page.text


def test_a_plugin_shows_its_hooks_limits_confinement_and_last_errors(operator: Any) -> None:
    page = operator.client.get(ONE).text
    for shown in (
        "register_gate",
        "256 MB",
        "this kernel has none",
        "gate.parse",
        "Overrun",
        "parking.gate",
    ):
        assert shown in page


@pytest.mark.parametrize("path", [LIST, ONE])
def test_what_a_plugin_says_of_itself_is_text_and_never_part_of_the_page(
    operator: Any, path: str
) -> None:
    # As the zoo's "html" answers; here in everything that comes of a plugin or its manifest.
    said = "<script>alert(1)</script>\" onmouseover='alert(2)'"
    sly = lpr(
        version=said,
        vendor=said,
        licence=said,
        contact=said,
        state=pb.PLUGIN_STATE_QUARANTINED,
        reason=said,
        hooks=[said],
        hosts=[said],
        purposes=[pb.PluginPurpose(code=said, display=said)],
        confinement={said: said, "seccomp": said},
        figures=[pb.HookFigures(hook=said, calls=1, errors={said: 1})],
        faults=[pb.PluginFault(hook=said, kind=said)],
        disclosures=[pb.PluginDisclosure(purpose=said, calls=1)],
    )
    operator.caller.replies["ListServicePlugins"] = pb.ListServicePluginsResponse(plugins=[sly])
    operator.caller.replies["GetPlugin"] = sly
    page = operator.client.get(path)
    assert page.status_code == 200
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert" not in page.text
    assert '" onmouseover' not in page.text


def test_a_plugin_that_calls_itself_a_script_is_text_too(operator: Any) -> None:
    name = 'plugins/x"><script>alert(1)</script>'
    operator.caller.replies["ListServicePlugins"] = pb.ListServicePluginsResponse(
        plugins=[lpr(name=name, domain="<b>")]
    )
    page = operator.client.get(LIST)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<b>" not in page.text


def test_it_is_disabled_with_a_reason_and_shown_anew(operator: Any) -> None:
    operator.caller.replies["DisablePlugin"] = lpr(state=pb.PLUGIN_STATE_DISABLED)
    answer = operator.post(f"{ONE}/disable", reason="算错了", request_id="request-1")
    assert (answer.status_code, answer.headers["location"]) == (303, ONE)


def test_without_a_reason_the_form_says_so(operator: Any) -> None:
    operator.caller.replies["DisablePlugin"] = CallError(
        grpc.StatusCode.INVALID_ARGUMENT,
        "REQUEST_INVALID",
        "x",
        "parking",
        {"reason": "请填写停用原因"},
    )
    answer = operator.post(f"{ONE}/disable", reason="", request_id="request-1")
    assert answer.status_code == 400
    assert "请填写停用原因" in answer.text


def test_one_that_is_off_says_why_and_can_be_enabled(operator: Any) -> None:
    off = pb.Plugin(state=pb.PLUGIN_STATE_DISABLED, reason="算错了优惠")
    operator.caller.replies["GetPlugin"] = lpr(state=off.state, reason=off.reason)
    page = operator.client.get(ONE).text
    assert "原因：算错了优惠" in page
    assert f'action="{ONE}/enable"' in page
    operator.caller.replies["EnablePlugin"] = lpr()
    assert operator.post(f"{ONE}/enable", request_id="request-1").status_code == 303


def test_a_service_that_lacks_a_capability_is_degraded_and_says_what(portal: Any) -> None:
    lack = Missing("register_payment", {"zh-CN": "没有支付方式", "en": "No way to pay"})
    known = portal.parts.monitor.conditions
    known["parking"] = Condition(True, "", NOON, NOON, (lack,))
    page = portal.client.get("/status", headers={"accept-language": "en"}).text
    assert "No way to pay" in page
    assert "works, with something missing" in page
    assert "没有支付方式" in portal.client.get("/status").text
