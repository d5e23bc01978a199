"""The echo domain for tests of the call chain."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from xianban_sdk.testing import ServiceUnderTest

sys.path.insert(0, str(Path(__file__).parent))
import echo_domain


@pytest.fixture
def echo(service_under_test: Callable[..., ServiceUnderTest]) -> ServiceUnderTest:
    """The echo service, running."""
    return service_under_test(echo_domain.echo_app())


@pytest.fixture
def pb() -> Any:
    """Its messages and stub."""
    return echo_domain
