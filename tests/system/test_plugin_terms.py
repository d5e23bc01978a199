"""A plugin asks for more than the suite's purposes: the resident sees who, agrees, withdraws."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from browser import FORMS, faults
from people import People
from playwright.sync_api import Locator, Page
from suite import XIANBAN

pytestmark = [pytest.mark.system, pytest.mark.browser]
# Beside what parking knows, and every resident decides on anyway: the plugin's own.
TERM = '"acme.study" = { zh-CN = "研究停车习惯", en = "Studying how people park" }\n'
PATIENCE = 90.0


def xianban(*arguments: str | Path) -> None:
    done = subprocess.run([XIANBAN, *arguments], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the vendor ships."""
    folder = tmp_path_factory.mktemp("vendor") / "acme-study"
    chosen = ("--domain", "parking", "--hook", "tariff_concessions", "--yes")
    xianban("plugin", "new", folder, *chosen)
    manifest = folder / "plugin.toml"
    written = manifest.read_text("utf-8").replace("[purposes]\n", f"[purposes]\n{TERM}")
    manifest.write_text(written, "utf-8")
    xianban("plugin", "build", folder)
    (made,) = (folder / "dist").glob("*.whl")
    return made


def shown(page: Page, *, there: bool = True) -> Locator:
    """The term's card; it comes and goes with the plugin, by an event."""
    card = page.locator("article", has_text="acme-study")
    end = time.monotonic() + PATIENCE
    while card.count() != there:
        assert time.monotonic() < end, page.locator("main").inner_text()
        time.sleep(0.5)
        page.reload()
    return card


def test_the_resident_sees_who_asks_agrees_and_withdraws(people: People, wheel: Path):
    data = people.suite.data
    xianban("plugin", "install", wheel, "--unsigned", "--data", data)
    page = people.page("resident")
    page.goto(f"{people.suite.url}/me/consents")
    card = shown(page)
    assert "研究停车习惯" in card.inner_text()
    assert faults(page, FORMS[0]) == []
    people.picture(page, "plugin-term")
    agree = page.get_by_role("button", name="同意: 研究停车习惯", exact=True)
    agree.click()
    page.get_by_role("button", name="撤回: 研究停车习惯").click()
    agree.wait_for()
    assert "研究停车习惯" in page.locator("ul.rows").inner_text()
    xianban("plugin", "disable", "acme-study", "--remove", "--data", data)
    shown(page, there=False)
    page.close()
