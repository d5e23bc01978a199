"""The first street's story in a real browser: find, reserve, drive in and out, pay, look back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Locator, Page
from suite import Suite
from xianban_identity.seed import DEMO_PIN
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.demo import phone

# Charges from the first minute, so that a short visit costs something.
LOT = "fengpu-beauty-valley"
PLATE = "沪A12345"
OTHER_PLATE = "沪B23456"


@dataclass
class Story:
    """One visitor's way through the portal, with a picture of every station."""

    page: Page
    suite: Suite
    pictures: Path | None

    def picture(self, name: str) -> None:
        if not self.pictures:
            return
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(self.pictures / f"{name}.png"), full_page=True)

    def open(self, path: str) -> None:
        answer = self.page.goto(self.suite.url + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"

    def log_in(self, person: str) -> None:
        self.open("/login")
        self.sign_in_step(person)
        self.sign_in_step(person)
        self.page.wait_for_url(self.suite.url + "/")
        self.picture("1-home")

    def sign_in_step(self, person: str) -> None:
        """Fills in whatever the log-in asks for: phone, the code on the screen, the PIN."""
        shown = self.page.inner_text("main")
        code = re.search(r"\b\d{6}\b", shown)
        asked = {"phone": phone(person), "code": code and code.group(), "factor": DEMO_PIN}
        for name, answer in asked.items():
            field = self.page.locator(f"main input[name={name}]:visible")
            if field.count():
                assert answer, shown
                field.fill(answer)
                button = field.locator("xpath=ancestor::form//button[@type='submit']").first
                with self.page.expect_navigation():
                    button.click()
                return
        raise AssertionError(f"nothing to fill in: {shown}")

    def find(self) -> None:
        self.open("/parking/find?q=奉浦")
        shown = self.page.inner_text("main")
        assert "步行" in shown
        self.picture("2-find")
        self.open(f"/parking/lots/{LOT}")
        self.picture("3-lot")

    def reserve(self) -> str:
        """Reserves from now on; returns the gate token as the QR code carries it."""
        now = datetime.now(SHANGHAI)
        main = self.page.locator("main #reserve")
        if main.locator("input[name=vehicle]").count():
            main.locator(f"input[name=vehicle][value='{PLATE}']").check(force=True)
        main.locator("input[name=start_time]").fill(local(now + timedelta(minutes=2)))
        main.locator("input[name=end_time]").fill(local(now + timedelta(minutes=122)))
        main.locator("button[type=submit]").click()
        self.page.wait_for_url("**/parking/reservations/*")
        self.picture("4-reservation")
        name = self.page.url.split("?")[0].split("/")[-1]
        with self.suite.api("resident") as api:
            me = f"/residents/{_me()}"
            return api.get(f"{me}/reservations/{name}").raise_for_status().json()["gateToken"]

    def drive(self, direction: str, token: str = "") -> str:
        """A camera's message; returns what the gate is told to do."""
        extra = ["--token", token] if token else []
        said = self.suite.command(
            *("gate", "send", "--lot", LOT, "--plate", PLATE, "--direction", direction), *extra
        )
        return said.split(":")[0].removeprefix("✓ ")

    def pay(self) -> None:
        self.open("/parking/sessions")
        self.page.locator("main .records a.button--primary").first.click()
        self.page.wait_for_url("**/parking/sessions/*")
        self.picture("5-session")
        lines, total = bill_of(self.page.locator("table.bill").first)
        assert lines
        assert sum(lines) == total > 0
        self.page.locator("main button:has-text('缴费')").first.click()
        self.check_out("6")
        self.page.locator("main a[href^='/parking/receipts/']").first.wait_for(timeout=60_000)
        self.picture("7-paid")

    def check_out(self, name: str) -> None:
        """Pays at the sandbox and waits until the money is there."""
        self.page.wait_for_load_state()
        if "sandbox-pay" not in self.page.url:
            self.page.locator("main a.button--primary").first.click()
            self.page.wait_for_url("**/sandbox-pay/**")
        self.picture(f"{name}-checkout")
        self.page.get_by_role("button", name="支付", exact=True).click()
        self.page.wait_for_url("**/parking/payments/*", timeout=60_000)
        self.wait_for("已支付")

    def look_back(self) -> None:
        self.page.locator("main a[href^='/parking/receipts/']").first.click()
        self.page.wait_for_url("**/parking/receipts/*")
        self.picture("8-receipt")
        self.open("/messages")
        self.page.locator(
            "main a[href*='/parking/receipts/'], main :text('收据'), main :text('票据')"
        ).first.wait_for()
        self.picture("9-messages")
        self.open("/me/accesses")
        assert "停车" in self.page.inner_text("main")
        self.picture("10-accesses")

    def press(self, words: str) -> None:
        """A button or a link that looks like one, by what it says."""
        name = re.compile(rf"^{re.escape(words)}$")
        main = self.page.locator("main")
        control = main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name))
        with self.page.expect_navigation():
            control.click()

    def wait_for(self, words: str) -> None:
        self.page.locator(f"main :text('{words}')").first.wait_for(timeout=60_000)

    def await_message(self, words: str) -> None:
        """The message centre hears of it by an event: the page is opened until it is there."""
        self.await_words("/messages", words)

    def await_words(self, path: str, words: str) -> None:
        """What comes about behind the page is seen when the page is opened again."""
        for _ in range(60):
            self.open(path)
            if words in self.page.inner_text("main"):
                return
            self.page.wait_for_timeout(250)
        raise AssertionError(f"no {words!r} on {path}: {self.page.inner_text('main')[:500]}")

    def close(self) -> None:
        self.page.context.close()


def _me() -> str:
    from xianban_sdk.demo import person_id

    return person_id("resident")


def local(instant: datetime) -> str:
    """As a date and time field holds it."""
    return instant.strftime("%Y-%m-%dT%H:%M")


def bill_of(table: Locator) -> tuple[list[int], int]:
    """Lines and total in fen, as they stand on the page."""
    lines = [_fen(cell) for cell in table.locator("tbody td").all_inner_texts()]
    return lines, _fen(table.locator("tfoot td").inner_text())


def _fen(shown: str) -> int:
    sign = -1 if re.search(r"[-−–]", shown) else 1
    number = re.search(r"(\d+)\.(\d{2})", shown)
    assert number, shown
    return sign * (int(number[1]) * 100 + int(number[2]))
