"""Every page, phone and desktop, standard and 长者版: axe-core at WCAG 2.2 AA and MIIT's rules."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from browser import FORMS, faults, view
from story import Story
from suite import Suite

pytestmark = [pytest.mark.system, pytest.mark.browser]

ANYONE = (
    "/",
    "/about",
    "/docs",
    "/parking",
    "/parking/find?q=奉浦",
    "/parking/lots/fengpu-metro-pr",
)
OWN = (
    "/me",
    "/me/accesses",
    "/me/delegations",
    "/me/consents",
    "/me/sessions",
    "/me/details",
    "/acting-for",
    "/messages",
    "/parking/reservations",
    "/parking/vehicles",
    "/parking/sessions",
    "/parking/payments",
    "/parking/receipts",
    "/parking/permits",
    "/parking/permits/new",
)
OPERATOR = (
    "/parking/operator",
    "/parking/operator/lots/fengpu-metro-pr",
    "/parking/operator/lots/fengpu-metro-pr/money",
    "/parking/operator/lots/fengpu-metro-pr/disputes",
    "/parking/operator/lots/fengpu-metro-pr/plates",
    "/parking/operator/lots/fengpu-metro-pr/tariff",
)
VISITS = {"": ANYONE, "resident": OWN, "operator": OPERATOR, "admin": ("/me/reviews",)}
# Both languages are told by the locale check; the second form of speech is looked at on a phone.
LOOKS = [(form, "zh-CN") for form in FORMS] + [(FORMS[0], "en")]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("person", VISITS)
def test_every_page_is_clean_in_every_form(suite: Suite, chromium, tmp_path: Path, person: str):
    pictures = Path(os.environ.get("XIANBAN_PICTURES", tmp_path))
    kept = _log_in(suite, chromium, pictures, person) if person else None
    found: dict[str, list[str]] = {}
    for form, locale in LOOKS:
        context = view(chromium, form, suite.url, locale, storage_state=kept)
        page = context.new_page()
        for path in VISITS[person]:
            answer = page.goto(suite.url + path)
            assert answer is not None
            assert answer.status == 200, f"{path}: {answer.status}"
            page.wait_for_timeout(150)
            name = path.split("?")[0].strip("/").replace("/", "-") or "home"
            page.screenshot(path=str(pictures / f"{name}-{form.name}-{locale}.png"), full_page=True)
            if bad := faults(page, form):
                found[f"{path} {form.name} {locale}"] = bad
        context.close()
    assert found == {}


def _log_in(suite: Suite, chromium, pictures: Path, person: str):
    context = view(chromium, FORMS[0], suite.url)
    story = Story(context.new_page(), suite, pictures)
    story.log_in(person)
    state = context.storage_state()
    context.close()
    # The view's cookie is each form's own.
    state["cookies"] = [c for c in state["cookies"] if c["name"] != "xianban_view"]
    return state
