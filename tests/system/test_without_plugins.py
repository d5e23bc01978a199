"""Every first-party plugin is removed from a district that lived with them: nothing breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import httpx
import pytest
from atlas import PEOPLE, Atlas
from suite import Suite
from visitor import Visitor
from xianban_sdk.app import installed_services
from xianban_sdk.i18n import LOCALES, text

pytestmark = pytest.mark.system
REMOVED = Path(__file__).parent / "removed"
_HIDDEN = re.compile(r'name="(csrf|flow)" value="([^"]*)"')


@dataclass
class LoggedIn:
    """What the atlas asks of people: the suite, and each one's cookies."""

    suite: Suite
    kept: dict[str, dict] = field(default_factory=dict)

    def remember(self, person: str) -> None:
        visitor = Visitor(self.suite.url, person)
        found = [{"name": one.name, "value": one.value} for one in visitor.http.cookies.jar]
        self.kept[person] = {"cookies": found}
        visitor.close()

    def state(self, person: str) -> dict | None:
        return self.kept.get(person)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoggedIn]:
    """They logged in while there were plugins; their sessions go on without."""
    running = Suite(tmp_path_factory.mktemp("bare"))
    try:
        made = LoggedIn(running.start())
        for person in filter(None, PEOPLE):
            made.remember(person)
        running.stop()
        running.environment["PYTHONPATH"] = str(REMOVED)
        running.start()
        yield made
    finally:
        running.stop()


def missing(locale: str) -> dict[str, list[str]]:
    """Each service's sentences for what plugins bring."""
    return {
        app.name: [text(one.missing, locale, app.package) for one in app.capabilities]
        for app in installed_services()
        if app.capabilities
    }


def test_healthz_is_degraded_and_names_each_missing_capability(people: LoggedIn):
    answer = httpx.get(f"{people.suite.url}/healthz", timeout=10)
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "degraded"
    for locale in LOCALES:
        for service, sentences in missing(locale).items():
            component = body["components"][service]
            assert component["status"] == "degraded"
            assert [one["text"][locale] for one in component["missing"]] == sentences


@pytest.mark.parametrize("locale", LOCALES)
def test_the_portal_names_each_missing_capability(people: LoggedIn, locale: str):
    page = httpx.get(f"{people.suite.url}/status", headers={"accept-language": locale}, timeout=10)
    assert page.status_code == 200
    shown = unescape(page.text)
    for sentences in missing(locale).values():
        for sentence in sentences:
            assert sentence in shown


def test_every_page_opens_for_everybody(people: LoggedIn):
    # The atlas itself refuses a page that answers 5xx.
    atlas = Atlas(people)  # type: ignore[arg-type]
    assert sum(map(len, atlas.paths.values())) > 60


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [("zh-CN", "不能发送验证码"), ("en", "Codes cannot be sent here")],
)
def test_the_log_in_by_code_says_that_there_is_none(people: LoggedIn, locale: str, sentence: str):
    with httpx.Client(
        base_url=people.suite.url,
        headers={"accept-language": locale},
        follow_redirects=True,
        timeout=20,
    ) as http:
        page = http.get("/login")
        assert page.status_code == 200
        hidden = {name: unescape(value) for name, value in _HIDDEN.findall(page.text)}
        answer = http.post(str(page.url), data={**hidden, "phone": "13900000001"})
    assert answer.status_code == 400
    assert sentence in answer.text


def test_no_read_of_the_interface_answers_5xx(people: LoggedIn):
    paths = httpx.get(f"{people.suite.url}/openapi.json", timeout=20).json()["paths"]
    wrong: list[str] = []
    tokens: dict[str, str] = {}
    for path in (path for path, deeds in paths.items() if "get" in deeds and "{" not in path):
        audience = path.split("/")[2]
        if audience not in tokens:
            tokens[audience] = people.suite.token("operator", audience)
        for headers in ({}, {"authorization": f"Bearer {tokens[audience]}"}):
            with httpx.stream("GET", people.suite.url + path, headers=headers, timeout=20) as got:
                if got.status_code >= 500:
                    wrong.append(f"{path}: {got.status_code}")
    assert not wrong, wrong
