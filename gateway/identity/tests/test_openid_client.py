"""npm's openid-client against the WSGI app alone; tests/system does the same through Envoy."""

import dataclasses
import importlib.util
from pathlib import Path

import pytest
from xianban_identity.domain.sessions import CodeRules
from xianban_identity.http import wsgi_of
from xianban_sdk import demo
from xianban_sdk.clock import SystemClock

SCRIPT = Path(__file__).parents[3] / "tests/system/openid_client.py"


@pytest.fixture
def issuer(make_provider, loopback):
    no_wait = dataclasses.replace(CodeRules(), resend_after=CodeRules().resend_after * 0)
    provider = make_provider(issuer=f"http://{loopback.address}", codes=no_wait)
    provider = dataclasses.replace(provider, clock=SystemClock())
    with loopback.serving(wsgi_of(provider)):
        yield provider.issuer


def test_openid_client_succeeds_where_it_should_and_is_refused_where_it_should(issuer):
    spec = importlib.util.spec_from_file_location("openid_client", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.outcomes(issuer, demo.phone("resident")) == script.expected(issuer)
