"""An HTTP side that several processes have: the first of them that is there is asked."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from typing import Final

import httpx

__all__ = ["InTurn"]

_ALL_GONE: Final = "none of {} is there"


class InTurn(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """For clients of either style. Who refuses the connection has not seen the request."""

    def __init__(self, addresses: Sequence[str], verify: ssl.SSLContext | bool) -> None:
        self._addresses = [one.strip() for one in addresses]
        self._sync = httpx.HTTPTransport(verify=verify)
        self._async = httpx.AsyncHTTPTransport(verify=verify)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Asks one after the other."""
        for url in self._urls(request.url):
            request.url = url
            try:
                return self._sync.handle_request(request)
            except httpx.ConnectError:
                continue
        raise httpx.ConnectError(_ALL_GONE.format(", ".join(self._addresses)))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Asks one after the other."""
        for url in self._urls(request.url):
            request.url = url
            try:
                return await self._async.handle_async_request(request)
            except httpx.ConnectError:
                continue
        raise httpx.ConnectError(_ALL_GONE.format(", ".join(self._addresses)))

    def close(self) -> None:
        """Closes the connections of a synchronous client."""
        self._sync.close()

    async def aclose(self) -> None:
        """Closes those of an asynchronous one."""
        await self._async.aclose()

    def _urls(self, url: httpx.URL) -> Iterator[httpx.URL]:
        for address in self._addresses:
            host, _, port = address.rpartition(":")
            yield url.copy_with(host=host, port=int(port))
