"""Every page there is, in every form: axe-core at WCAG 2.2 AA and MIIT's 长者版 rules.

Which pages there are is read from the routes that the installed sites registered; what stands in a
path's braces is taken from the links on other pages, after the stories have left real rows behind.
"""

from __future__ import annotations

import pytest
from atlas import PEOPLE, Atlas
from browser import FORMS, Form, faults, view
from deeds import Deeds
from people import People
from playwright.sync_api import Page

# What is looked at first has to be done first: the stories leave real rows behind.
pytestmark = [
    pytest.mark.system,
    pytest.mark.browser,
    pytest.mark.docker,
    pytest.mark.timeout(1800),
]


@pytest.fixture(scope="module")
def atlas(deeds: Deeds, people: People) -> Atlas:
    """The pages of a district in which something has happened."""
    deeds.all()
    return Atlas(people)


def test_every_registered_page_is_reached_by_links(atlas: Atlas):
    assert atlas.unreached() == []


@pytest.mark.parametrize("person", PEOPLE)
def test_every_page_is_clean_in_every_form(atlas: Atlas, people: People, person: str):
    found: dict[str, list[str]] = {}
    # Both languages are told by the locale check; the second is looked at on a phone.
    for profile, locale in (("standard", "zh-CN"), ("elder", "zh-CN"), ("standard", "en")):
        forms = [form for form in FORMS if form.profile == profile]
        forms = forms if locale == "zh-CN" else forms[:1]
        state = people.state(person)
        context = view(people.browser, forms[0], people.suite.url, locale, storage_state=state)
        # One window for all: a renderer's start costs as much as a page.
        page = context.new_page()
        for path in atlas.paths[person]:
            found |= _look(page, people, path, forms, locale)
        context.close()
    assert found == {}


def _look(
    page: Page, people: People, path: str, forms: list[Form], locale: str
) -> dict[str, list[str]]:
    """The page is loaded once; the screen becomes wider under it."""
    page.set_viewport_size({"width": forms[0].width, "height": forms[0].height})
    answer = page.goto(people.suite.url + path)
    assert answer is not None
    # A page that asks for what was not given is a page too.
    assert answer.status in (200, 400), f"{path}: {answer.status}"
    found: dict[str, list[str]] = {}
    for form in forms:
        page.set_viewport_size({"width": form.width, "height": form.height})
        if bad := faults(page, form):
            found[f"{path} {form.name} {locale}"] = bad
        people.picture(page, f"{path.strip('/').replace('/', '-') or 'home'}-{form.name}-{locale}")
    return found


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_log_in_pages_are_clean(people: People, form: Form):
    story = people.story("", form)
    story.open("/login?acr=2&next=/")
    found = {}
    for step in ("phone", "code", "factor"):
        assert f"/signin/{step}" in story.page.url
        found[step] = faults(story.page, form)
        people.picture(story.page, f"signin-{step}-{form.name}-zh-CN")
        story.sign_in_step("operator")
    story.close()
    assert found == {"phone": [], "code": [], "factor": []}
