"""Who is logged in at the suite under test: one log-in each, used by every story and every page."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from browser import FORMS, Form, view
from playwright.sync_api import Browser, Page
from story import Story
from suite import Suite


@dataclass
class People:
    """Remembers each person's cookies."""

    suite: Suite
    browser: Browser
    pictures: Path | None
    _kept: dict[str, Any] = field(default_factory=dict)

    def state(self, person: str) -> Any:
        """Cookies of somebody who is logged in; none for nobody in particular."""
        if not person:
            return None
        if person not in self._kept:
            context = view(self.browser, FORMS[0], self.suite.url)
            Story(context.new_page(), self.suite, self.pictures).log_in(person)
            kept = context.storage_state()
            context.close()
            # The view's cookie is each form's own.
            kept["cookies"] = [c for c in kept["cookies"] if c["name"] != "xianban_view"]
            self._kept[person] = kept
        return self._kept[person]

    def picture(self, page: Page, name: str) -> None:
        """For eyes, where somebody asked for pictures: they cost more than all the checks."""
        if self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            # A query may be longer than a file's name.
            file = self.pictures / f"{name[:100]}{name[100:][-40:]}.png"
            page.screenshot(path=str(file), full_page=True)

    def page(self, person: str, form: Form = FORMS[0], locale: str = "zh-CN") -> Page:
        """A new window of this person."""
        kept = self.state(person)
        page = view(self.browser, form, self.suite.url, locale, storage_state=kept).new_page()
        # A page that is not there within this time is broken, and says so early.
        page.set_default_timeout(60_000)
        return page

    def story(self, person: str, form: Form = FORMS[0]) -> Story:
        return Story(self.page(person, form), self.suite, self.pictures)
