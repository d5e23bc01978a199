"""Whom HTTPS calls to the outside trust."""

from __future__ import annotations

import ssl
from functools import cache

import httpx

__all__ = ["authorities"]


@cache
def authorities() -> ssl.SSLContext:
    """For httpx's ``verify``: the well-known authorities, or those of SSL_CERT_FILE and
    SSL_CERT_DIR, read once per process.

    A client that is given none reads them anew: 20 ms of processor for a message that else
    takes 0.2.
    """
    return httpx.create_ssl_context()
