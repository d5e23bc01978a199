"""Stories between residents and operators; what they leave behind is what the pages then show."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from browser import FORMS
from incident import incident
from people import People
from story import LOT, OTHER_PLATE, PLATE, Story, bill_of, local
from xianban_sdk.clock import SHANGHAI

# A quarter of an hour costs one yuan here, until the operator doubles it.
TARIFF_LOT = "nanqiao-bus-station"
COUNTED_LOT = "nanqiao-library"
AHEAD = timedelta(days=30)


Deed = Callable[[People], None]


@dataclass
class Deeds:
    """Each story is told once a session, whoever asks first."""

    people: People
    # By name; with what went wrong, so that it fails for everybody who asks.
    _told: dict[str, Exception | None] = field(default_factory=dict)

    def all(self) -> None:
        for deed in (street, permit, dispute, tariff, override, unfinished, call_off, incident):
            self.once(deed)

    def once(self, deed: Deed) -> None:
        if deed.__name__ not in self._told:
            self._told[deed.__name__] = self._tell(deed)
        if wrong := self._told[deed.__name__]:
            raise wrong

    def _tell(self, deed: Deed) -> Exception | None:
        try:
            deed(self.people)
        except Exception as error:
            return error
        return None


def street(people: People) -> None:
    """Finds, reserves, drives in and out, pays, looks back."""
    story = people.story("resident")
    story.find()
    token = story.reserve()
    assert story.drive("in", token) == "open"
    assert story.drive("out") == "pay"
    story.pay()
    assert story.drive("out") == "open"
    story.look_back()
    story.close()


def permit(people: People) -> None:
    """A permit: the price with every step, the payment, then it is valid."""
    story = people.story("resident")
    story.open(f"/parking/lots/{LOT}")
    story.press("办理本停车场许可")
    main = story.page.locator("main")
    main.locator("select[name=months]").select_option("3")
    story.press("查看价格")
    lines, total = bill_of(main.locator("table.bill").first)
    assert lines
    assert sum(lines) == total > 0
    story.picture("permit-1-price")
    main.locator(f"input[name=plates][value='{PLATE}']").check(force=True)
    story.press("提交申请")
    assert "等待缴费" in main.inner_text()
    story.picture("permit-2-applied")
    main.locator("form[action='/parking/payments'] button").first.click()
    story.check_out("permit-3")
    story.open("/parking/permits")
    assert "有效" in main.inner_text()
    story.picture("permit-4-valid")
    story.await_message("停车许可已生效")
    story.close()


def unfinished(people: People) -> None:
    """A reservation for later, and a permit whose payment is begun and left.

    The last of all: a car that drives in would use the reservation.
    """
    story = people.story("resident")
    story.open(f"/parking/lots/{LOT}")
    story.reserve()
    story.open(f"/parking/permits/new?lot=lots/{LOT}")
    story.page.locator("main input[name=plate]").fill(OTHER_PLATE)
    story.press("提交申请")
    story.page.locator("main form[action='/parking/payments'] button").first.click()
    story.page.wait_for_url("**/sandbox-pay/**")
    story.open("/parking/payments")
    assert "等待支付" in story.page.inner_text("main")
    story.close()


def call_off(people: People) -> None:
    """An elder calls for help by two presses, the desk sees it, the elder takes it back."""
    elder, desk = people.story("elder", FORMS[2]), people.story("dispatcher", FORMS[1])
    elder.open("/eldercare")
    elder.press("一键呼救")
    elder.press("马上呼救")
    elder.wait_for("正在呼叫")
    desk.open("/eldercare/board")
    desk.wait_for("在页面上按下了求助键")
    _by_the_playbook(desk)
    elder.page.locator("main details.confirm summary").click()
    elder.press("确认: 取消呼救")
    elder.wait_for("已结束")
    for story in (elder, desk):
        story.close()


def _by_the_playbook(desk: Story) -> None:
    """The desk starts what is to be done and ticks the first step off."""
    desk.page.locator("main h2 a[href^='/eldercare/board/alerts/']").first.click()
    desk.press("启动: 紧急呼叫处置")
    desk.wait_for("到期：")
    desk.picture("playbook-1-running")
    desk.page.locator("#playbooks .checklist .action button").first.click()
    desk.wait_for("完成步骤")
    desk.picture("playbook-2-step-done")


def dispute(people: People) -> None:
    """A paid stay is contested and waived; the money comes back and the resident is told."""
    resident, operator = people.story("resident"), people.story("operator", FORMS[1])
    assert resident.drive("in") == "open"
    assert resident.drive("out") == "pay"
    resident.pay()
    payment = urlsplit(resident.page.url).path
    assert resident.drive("out") == "open"
    reason = _contest(resident)
    operator.open(f"/parking/operator/lots/{LOT}/disputes")
    _waive(operator, reason)
    resident.await_words(payment, "已全额退款")
    resident.picture("dispute-5-refunded")
    resident.await_message("异议处理结果")
    resident.await_message("已退款")
    resident.close()
    operator.close()


def _contest(resident: Story) -> str:
    reason = f"我没有停这么久，{datetime.now(SHANGHAI):%H:%M:%S} 提出。"
    resident.open("/parking/sessions")
    resident.page.locator("main .records h2 a").first.click()
    main = resident.page.locator("main")
    main.locator("details.dispute summary").click()
    main.locator("textarea[name=reason]").fill(reason)
    resident.picture("dispute-1-reason")
    resident.press("提出异议")
    assert "等待运营单位处理" in main.inner_text()
    resident.picture("dispute-2-waits")
    return reason


def _waive(operator: Story, reason: str) -> None:
    one = operator.page.locator("main section", has_text=reason)
    operator.picture("dispute-3-operator")
    one.locator("summary").click()
    one.locator("input[value=waive]").check(force=True)
    one.locator("input[name=reason]").fill("道闸故障，核实属实")
    one.locator("button[type=submit]").click()
    operator.page.wait_for_url("**/disputes?done=*")
    assert reason not in operator.page.inner_text("main")
    operator.picture("dispute-4-decided")


def tariff(people: People) -> None:
    """A price from a later day on: stays that begin before keep the old one."""
    operator, visitor = people.story("operator", FORMS[1]), people.story("")
    start = (datetime.now(SHANGHAI) + AHEAD).replace(hour=0, minute=0, second=0, microsecond=0)
    before = _hour(visitor, start - timedelta(days=1))
    operator.open(f"/parking/operator/lots/{TARIFF_LOT}/tariff")
    main = operator.page.locator("main")
    rules = main.locator("textarea[name=rules]").input_value()
    doubled = re.sub(r'("amount_fen": )(\d+)', lambda m: f"{m[1]}{int(m[2]) * 2}", rules)
    assert doubled != rules
    main.locator("textarea[name=rules]").fill(doubled)
    main.locator("input[name=effective_time]").fill(local(start))
    operator.picture("tariff-1-typed")
    operator.press("启用")
    operator.picture("step-up")
    operator.sign_in_step("operator")
    # What was typed came back with the person.
    assert main.locator("textarea[name=rules]").input_value() == doubled
    assert main.locator("input[name=effective_time]").input_value() == local(start)
    operator.picture("tariff-2-confirmed")
    operator.press("启用")
    assert start.strftime("%Y-%m-%d %H:%M") in main.inner_text()
    operator.picture("tariff-3-planned")
    after = _hour(visitor, start + timedelta(days=1))
    assert after != before
    assert sum(after) == 2 * sum(before) > 0
    assert _hour(visitor, start - timedelta(days=1)) == before
    # Begun under the old price, ended under the new one: midnight makes two lines, no new price.
    assert sum(_hour(visitor, start - timedelta(minutes=30))) == sum(before)
    visitor.picture("tariff-4-quote")
    visitor.close()
    operator.close()


def _hour(visitor: Story, begin: datetime) -> list[int]:
    """The lines of what an hour and a half costs, as the page of the car park shows them."""
    end = begin + timedelta(minutes=90)
    visitor.open(f"/parking/lots/{TARIFF_LOT}?from={local(begin)}&until={local(end)}#cost")
    lines, total = bill_of(visitor.page.locator("main table.bill").first)
    assert sum(lines) == total
    return lines


def override(people: People) -> None:
    """A count by hand stands in the place of the feed's, with its source and its age."""
    operator, visitor = people.story("operator", FORMS[1]), people.story("")
    operator.open(f"/parking/operator/lots/{COUNTED_LOT}")
    main = operator.page.locator("main")
    main.locator("input[name=free]").fill("3")
    main.locator("input[name=minutes]").fill("45")
    main.locator("input[name=reason]").fill("书市占用部分车位")
    operator.press("设定")
    operator.wait_for("由停车场人工设定")
    operator.picture("override-1-operator")
    visitor.open(f"/parking/lots/{COUNTED_LOT}")
    shown = visitor.page.locator("main .count").first
    assert shown.locator(".count__number").inner_text() == "3"
    assert "由停车场人工设定" in shown.inner_text()
    assert re.search("刚刚|分钟前", shown.locator("time[data-age]").inner_text())
    visitor.picture("override-2-visitor")
    visitor.close()
    operator.close()
