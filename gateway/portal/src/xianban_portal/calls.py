"""gRPC calls from the portal: the person's exchanged token, deadline, language, trace."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, cast

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.message import Message
from starlette.requests import HTTPConnection
from xianban.common.v1 import options_pb2
from xianban_sdk import errors, i18n, telemetry
from xianban_sdk.inside import certificates, pick_channel
from xianban_sdk.rpc.calling import calling
from xianban_sdk.settings import Settings
from xianban_sdk.telemetry import log
from xianban_sdk.web import CallError, LogInRequiredError, Method, viewer_of

from xianban_portal.oidc import GrantEndedError, IdentityAwayError
from xianban_portal.sessions import Session
from xianban_portal.tokens import SessionTokens

_RETRY: dict[str, Any] = {
    "methodConfig": [
        {
            # Safe for all: reads have no effects and every mutation carries a request_id.
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 3,
                "initialBackoff": "0.05s",
                "maxBackoff": "0.3s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}
_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.service_config", json.dumps(_RETRY)),
    # A restarted service is found again at once, not after grpc's usual two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
]

Metadata = tuple[tuple[str, str], ...]


class PortalCaller:
    """The kit's `Caller`."""

    def __init__(self, settings: Settings, tokens: SessionTokens) -> None:
        self._settings = settings
        self._tokens = tokens
        self._channels: dict[tuple[str, str, int], grpc.aio.Channel] = {}

    async def unary(
        self, request: HTTPConnection, method: Method, message: Message, timeout: float
    ) -> Any:
        locale = viewer_of(request).locale
        with (
            telemetry.span(method.path, kind=telemetry.CLIENT, rpc=method.rpc, peer=method.domain),
            calling(method.path[1:]),
        ):
            metadata = await self._metadata(request, method, locale)
            lane = "safety" if _access(method).safety else ""
            rpc = self.channel(method.domain, lane).unary_unary(
                method.path, request_serializer=method.encode, response_deserializer=method.decode
            )
            try:
                return await rpc(message, timeout=timeout, metadata=metadata)
            except grpc.aio.AioRpcError as error:
                raise failure(error, method.domain, locale) from error

    async def stream(
        self, request: HTTPConnection, method: Method, message: Message
    ) -> AsyncIterator[Any]:
        locale = viewer_of(request).locale
        metadata = await self._metadata(request, method, locale)
        rpc = self.channel(method.domain, "streams").unary_stream(
            method.path, request_serializer=method.encode, response_deserializer=method.decode
        )
        try:
            async for item in rpc(message, metadata=metadata):
                yield item
        except grpc.aio.AioRpcError as error:
            raise failure(error, method.domain, locale) from error

    def channel(self, domain: str, lane: str = "") -> grpc.aio.Channel:
        """One channel per server; it reconnects by itself."""
        address = self._settings.address(domain, lane)
        known = certificates(address, self._settings)
        # After new certificates, a new channel; streams of the old one run on.
        key = (domain, lane, known.current() if known else 0)
        if key not in self._channels:
            self._channels[key] = self._open(address, domain)
        return self._channels[key]

    def _open(self, address: str, domain: str) -> grpc.aio.Channel:
        plain, secure = grpc.aio.insecure_channel, grpc.aio.secure_channel
        options = [*_OPTIONS]
        if not address.startswith("unix:"):
            options.append(("grpc.lb_policy_name", "round_robin"))
        return pick_channel(address, domain, self._settings, options, plain, secure)

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close()

    async def _metadata(self, request: HTTPConnection, method: Method, locale: str) -> Metadata:
        pairs = [("accept-language", locale)]
        trace = telemetry.current()
        if trace is not None:
            pairs.append(("traceparent", trace.traceparent))
        token = await self._person_token(request, method)
        if token:
            pairs.append(("authorization", f"Bearer {token}"))
        workload = await self._workload_token(method.domain)
        if workload:
            pairs.append(("x-xianban-workload", workload))
        return tuple(pairs)

    async def _workload_token(self, audience: str) -> str:
        try:
            return await self._tokens.workload(audience)
        except (IdentityAwayError, GrantEndedError) as error:
            # A service that insists on it refuses the call by itself.
            log.warning("workload_token_failed", audience=audience, error=str(error))
            return ""

    async def _person_token(self, request: HTTPConnection, method: Method) -> str:
        bearer: str = getattr(request.state, "bearer", "")
        if bearer:  # A façade for programs brings its caller's own token; the service judges it.
            facade: str = getattr(request.state, "audience", "")
            return await self._inward(request, method, bearer, facade) if facade else bearer
        session: Session | None = getattr(request.state, "session", None)
        open_to_all = _access(method).anonymous
        if session is None:
            if open_to_all:
                return ""
            raise LogInRequiredError
        try:
            return await self._tokens.token(session, method.domain)
        except GrantEndedError as error:
            log.info("session_ended_by_identity", reason=str(error))
            request.state.session_ended = True
            raise LogInRequiredError from error
        except IdentityAwayError as error:
            log.warning("token_exchange_failed", audience=method.domain, error=str(error))
            if open_to_all:
                return ""
            raise _identity_away(viewer_of(request).locale) from error

    async def _inward(
        self, request: HTTPConnection, method: Method, bearer: str, facade: str
    ) -> str:
        """Where the façade is an audience of its own, the token is exchanged for the service's."""
        try:
            return await self._tokens.inward(bearer, facade, method.domain)
        except GrantEndedError as error:
            raise LogInRequiredError from error
        except IdentityAwayError as error:
            log.warning("token_exchange_failed", audience=method.domain, error=str(error))
            raise _identity_away(viewer_of(request).locale) from error


def _identity_away(locale: str) -> CallError:
    message = i18n.text("identity-unavailable", locale)
    return CallError(grpc.StatusCode.UNAVAILABLE, "IDENTITY_UNAVAILABLE", message, "identity")


def _access(method: Method) -> options_pb2.Access:
    """The RPC's rule; an unknown RPC has the strictest one."""
    try:
        found = descriptor_pool.Default().FindMethodByName(f"{method.service}.{method.rpc}")
    except KeyError:
        return options_pb2.Access()
    return found.GetOptions().Extensions[options_pb2.access]


def failure(error: grpc.aio.AioRpcError, domain: str, locale: str) -> CallError:
    """What a page is told of a failed call."""
    found = errors.from_rpc_error(cast(grpc.RpcError, _Called(error)))
    return CallError(
        code=error.code(),
        reason=found.reason,
        message=errors.localised(found, locale),
        service=domain,
        fields={one.field: one.description for one in found.violations},
        details={name: str(value) for name, value in found.params.items()},
    )


class _Called:
    """An AioRpcError under the names of the blocking API's `grpc.Call`."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        self._error = error

    def code(self) -> grpc.StatusCode:
        return self._error.code()

    def trailing_metadata(self) -> list[tuple[str, str | bytes]]:
        return list(self._error.trailing_metadata() or ())
