"""Measures a call to another process of the suite, as its caller sees it."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import grpc

from xianban_sdk.instruments import RPC_CLIENT

__all__ = ["calling"]


@contextmanager
def calling(method: str) -> Generator[None]:
    """Around one unary call; `method` as in its path, without the first slash."""
    started, code = time.perf_counter(), grpc.StatusCode.OK.name
    try:
        yield
    except BaseException as error:
        code = _code(error)
        raise
    finally:
        labels = {"rpc.method": method, "rpc.response.status_code": code}
        RPC_CLIENT.record(time.perf_counter() - started, labels)


def _code(error: BaseException) -> str:
    said: Any = getattr(error, "code", None)
    found = said() if isinstance(error, grpc.RpcError) and callable(said) else None
    return found.name if isinstance(found, grpc.StatusCode) else grpc.StatusCode.UNKNOWN.name
