"""HTTPS calls to the outside trust the well-known authorities, or the district's own."""

from __future__ import annotations

import ssl
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from xianban_sdk.authority import Authority
from xianban_sdk.simulating import running
from xianban_sdk.trust import authorities


class Gateway(BaseHTTPRequestHandler):
    """Takes whatever comes."""

    def do_POST(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture
def district(tmp_path: Path):
    """(where its gateway is, the file of its authority)"""
    for name, content in Authority(tmp_path / "ca").issue("localhost", timedelta(1)).items():
        (tmp_path / name).write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with running(server):
        yield f"https://localhost:{server.server_port}", tmp_path / "ca.crt"
    authorities.cache_clear()


def test_a_districts_own_authority_is_trusted_where_its_file_is_named(district, monkeypatch):
    url, authority = district
    authorities.cache_clear()
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.post(url, verify=authorities())
    authorities.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    assert httpx.post(url, verify=authorities()).status_code == 204
    assert authorities() is authorities()
