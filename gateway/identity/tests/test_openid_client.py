"""npm's openid-client against the WSGI app alone; tests/system does the same through Envoy."""

import dataclasses
import importlib.util
import threading
from pathlib import Path

import pytest
from waitress.server import create_server
from xianban_identity.domain.sessions import CodeRules
from xianban_identity.http import wsgi_of
from xianban_sdk import demo
from xianban_sdk.clock import SystemClock

SCRIPT = Path(__file__).parents[3] / "tests/system/openid_client.py"


@pytest.fixture
def issuer(make_provider):
    free = create_server(lambda *_: [], host="127.0.0.1", port=0)
    port = free.effective_port
    free.close()
    no_wait = dataclasses.replace(CodeRules(), resend_after=CodeRules().resend_after * 0)
    provider = make_provider(issuer=f"http://127.0.0.1:{port}", codes=no_wait)
    provider = dataclasses.replace(provider, clock=SystemClock())
    server = create_server(wsgi_of(provider), host="127.0.0.1", port=port, threads=2)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield provider.issuer
    server.close()
    server.task_dispatcher.shutdown()


def test_openid_client_succeeds_where_it_should_and_is_refused_where_it_should(issuer):
    spec = importlib.util.spec_from_file_location("openid_client", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.outcomes(issuer, demo.phone("resident")) == script.expected(issuer)
