from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from wire import Wire
from xianban_sdk.app import installed_services
from xianban_sdk.testing import ServiceUnderTest


@pytest.fixture(params=installed_services(), ids=lambda app: app.name)
def service(
    request: pytest.FixtureRequest, service_under_test: Callable[..., ServiceUnderTest]
) -> ServiceUnderTest:
    """Each installed service in turn, with the demo's things; a new one needs no edit."""
    app: Any = request.param
    return service_under_test(app, demo=True)


@pytest.fixture
def wire(service: ServiceUnderTest) -> Iterator[Wire]:
    """Raw calls to it."""
    made = Wire(service)
    yield made
    made.close()
