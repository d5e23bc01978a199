"""Sends a notification by HTTP, to nowhere but where the settings allow.

The host is looked up here and the connection made to the very address that was judged: a name that
resolves differently a moment later changes nothing. Redirects are not followed.
"""

from __future__ import annotations

import socket
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import httpx
from xianban_sdk.trust import authorities

from xianban_sensing.domain.endpoints import Allowed, port_of
from xianban_sensing.handlers.telling import Letter, Post

__all__ = ["NotTakenError", "poster"]

_TIMEOUT: Final = httpx.Timeout(5.0)


class NotTakenError(Exception):
    """The receiver could not be asked, or said no."""


def poster(allowed: Allowed) -> Post:
    """Posts letters; each on a connection of its own."""

    def post(letter: Letter) -> None:
        with httpx.Client(
            timeout=_TIMEOUT, follow_redirects=False, trust_env=False, verify=authorities()
        ) as client:
            request = _request(client, letter, allowed)
            # The answer's body is nobody's business.
            answer = client.send(request, stream=True)
            answer.close()
        if not answer.is_success:
            raise NotTakenError(f"answered {answer.status_code}")

    return post


def _request(client: httpx.Client, letter: Letter, allowed: Allowed) -> httpx.Request:
    parts = urlsplit(letter.uri)
    host, port = parts.hostname or "", port_of(parts)
    if not allowed.names(letter.uri):
        raise NotTakenError("the host is not allowed any more")
    address = _resolved(host, port, allowed)
    bare = f"[{address}]" if ":" in address else address
    url = urlunsplit((parts.scheme, f"{bare}:{port}", parts.path or "/", parts.query, ""))
    headers = {**letter.headers, "host": parts.netloc}
    secured = {"sni_hostname": host} if parts.scheme == "https" else {}
    return client.build_request(
        "POST", url, content=letter.body, headers=headers, extensions=secured
    )


def _resolved(host: str, port: int, allowed: Allowed) -> str:
    """An address that may be reached; all that the name resolves to must be such."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    refused = [address for address in addresses if not allowed.reaches(address, port)]
    if refused or not addresses:
        raise NotTakenError(f"{host} resolves to {', '.join(refused) or 'nothing'}: not allowed")
    return addresses[0]
