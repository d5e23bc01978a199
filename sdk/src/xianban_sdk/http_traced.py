"""Traces and measures a service's WSGI side, as the call chain does its RPCs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from xianban_sdk import telemetry
from xianban_sdk.instruments import HTTP_SERVER

__all__ = ["METHODS", "Traced"]

# Anything else that a stranger makes up counts as one.
METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class Traced:
    """A WSGI app, each request a span in its caller's trace."""

    def __init__(self, app: Any, service: str) -> None:
        self._app = app
        self._service = service

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        method, started = environ["REQUEST_METHOD"], time.perf_counter()
        parent, state = environ.get("HTTP_TRACEPARENT"), environ.get("HTTP_TRACESTATE", "")
        name, path = f"{method} {self._service}", environ.get("PATH_INFO", "")
        with (
            telemetry.remote(parent, state),
            telemetry.span(name, kind=telemetry.SERVER, path=path) as span,
        ):

            def begin(status: str, headers: Iterable[tuple[str, str]], *more: Any) -> Any:
                span.set("status", int(status[:3]))
                self._measured(method, int(status[:3]), time.perf_counter() - started)
                return start_response(status, headers, *more)

            return self._app(environ, begin)

    def _measured(self, method: str, status: int, seconds: float) -> None:
        labels = {
            "http.request.method": method if method in METHODS else "_OTHER",
            "http.response.status_code": status,
            "xianban.site": self._service,
        }
        HTTP_SERVER.record(seconds, labels)
