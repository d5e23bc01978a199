"""Lists that a page shows as a whole: page after page, never the first one alone."""

from __future__ import annotations

from typing import Any, cast

import grpc
from google.protobuf.message import Message
from starlette.requests import HTTPConnection

from xianban_sdk.web.calls import call

__all__ = ["whole"]


async def whole(
    request: HTTPConnection, method: grpc.UnaryUnaryMultiCallable[Any, Any], asked: Message
) -> list[Any]:
    """Everything that a list RPC has to say, for lists whose length people's work bounds."""
    found: list[Any] = []
    token = ""
    while True:
        following = cast(Any, type(asked)())
        following.CopyFrom(asked)
        following.page_token = token
        answer = await call(request, method, following)
        found += getattr(answer, _items(answer))
        token = answer.next_page_token
        if not token:
            return found


def _items(answer: Message) -> str:
    [items] = [field.name for field in answer.DESCRIPTOR.fields if field.is_repeated]
    return items
