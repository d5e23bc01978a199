"""What the tests of the pages share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from xianban_eldercare.web import site
from xianban_sdk.testing.pages import Browser, browsing
from xianban_sdk.web import Pages

# Test modules are imported by path; what they share is found by name.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def elder_pages() -> Pages:
    """Texts and templates are read once; a missing text raises."""
    return Pages([site], strict=True)


@pytest.fixture
def web(elder_pages: Pages) -> Iterator[Browser]:
    from assessment_samples import assessment_replies
    from eldercare_samples import replies
    from order_samples import order_replies
    from playbook_samples import playbook_replies
    from referral_samples import referral_replies
    from responder_samples import responder_replies
    from visit_samples import more_replies
    from weather_samples import weather_replies

    given = replies() | assessment_replies() | more_replies() | order_replies()
    given |= referral_replies() | playbook_replies() | weather_replies()
    given |= responder_replies()
    with browsing(site, elder_pages, given) as browser:
        yield browser
