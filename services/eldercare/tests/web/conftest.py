"""What the tests of the pages share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from xianban_eldercare.web import site
from xianban_sdk.web import Pages, Viewer

# Test modules are imported by path; what they share is found by name.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def elder_pages() -> Pages:
    """Texts and templates are read once; a missing text raises."""
    return Pages([site], strict=True)


@pytest.fixture
def web(elder_pages: Pages) -> Iterator[Any]:
    from eldercare_browser import FakeCaller, Web, browse
    from eldercare_samples import replies

    caller, state = FakeCaller(replies()), SimpleNamespace(viewer=Viewer())
    with browse(caller, state, elder_pages) as client:
        yield Web(client, caller, state)
