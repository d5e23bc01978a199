"""Answers the host's calls with the plugin's own code."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from xianban.plugin.v1.plugin_pb2 import Call, Failure, FromPlugin, ToPlugin, Value

from xianban_sdk.sandbox.codec import Domain, Kind, Lie, Signature
from xianban_sdk.sandbox.streams import Streams, failure

__all__ = ["Session", "failed"]

_REGISTER: Final = "register_"


class Session:
    """A loaded plugin: its hooks, and the capabilities that they brought."""

    def __init__(self, hookspecs: Any, implementations: Mapping[str, Any], reply: int) -> None:
        # A host of a later minor version sends fields that these hookspecs do not know yet.
        self._domain = Domain(hookspecs, self, drops_unknown=True)
        self._implementations = implementations
        self._reply = reply
        self._taken: dict[str, Signature] = {}
        self._brought: dict[str, list[object]] = {}
        self._found: list[object] = []
        self._lock = threading.Lock()
        self._streams = Streams(reply)

    def answer(self, asked: ToPlugin) -> FromPlugin:
        """What to say to a message; whatever goes wrong is an answer, too."""
        try:
            told = self._told(asked)
        except BaseException as error:
            # Also SystemExit: a plugin that ends its thread has failed in this call alone.
            return failed(error)
        if told.ByteSize() > self._reply:
            text = f"an answer of {told.ByteSize()} bytes where {self._reply} are allowed"
            return FromPlugin(failure=Failure(kind=Failure.KIND_TOO_LARGE, text=text))
        return told

    def keep(self, thing: object) -> int:
        """As `Things` asks: the place among those of the answer being written."""
        self._found.append(thing)
        return len(self._found) - 1

    def stand_in(self, index: int, kinds: Sequence[Kind], attributes: Mapping[str, Any]) -> object:
        """Never: a host hands no capabilities to a plugin."""
        raise Lie("a capability where none can be")

    def _told(self, asked: ToPlugin) -> FromPlugin:
        which = asked.WhichOneof("message")
        if which == "next":
            return FromPlugin(instalment=self._streams.more(asked.next.stream))
        if which == "drop":
            self._streams.drop(asked.drop.stream)
            return FromPlugin(value=Value(nothing=True))
        call = asked.call
        if not call.method and call.hook.startswith(_REGISTER):
            return self._register(call.hook)
        if not call.method:
            return self._run(call, self._hook(call.hook), self._implementations[call.hook].function)
        thing = self._thing(call)
        signature = self._method(call, thing)
        return self._run(call, signature, _fitting(getattr(thing, call.method), signature))

    def _run(self, call: Call, signature: Signature, function: Callable[..., Any]) -> FromPlugin:
        # Of two minor versions the later one may know an argument more: a default stands for it.
        both = zip(signature.arguments, call.arguments, strict=False)
        arguments = [codec.get(sent) for codec, sent in both]
        value = function(*arguments)
        if signature.streams:
            return FromPlugin(instalment=self._streams.begin(value, signature.returns))
        told = FromPlugin()
        signature.returns.put(value, told.value)
        return told

    def _register(self, hook: str) -> FromPlugin:
        # One at a time: the places of what is brought are counted while it is written.
        with self._lock:
            self._found = []
            told = FromPlugin()
            value = self._implementations[hook].function()
            self._domain.hook(hook).returns.put(value, told.value)
            self._brought[hook] = self._found
            return told

    def _thing(self, call: Call) -> object:
        if call.hook not in self._brought:
            # The process started anew; the host's stand-ins are from before.
            self._register(call.hook)
        brought = self._brought[call.hook]
        if call.thing >= len(brought):
            raise Lie(f"{call.hook} brought {len(brought)} this time")
        return brought[call.thing]

    def _hook(self, name: str) -> Signature:
        if name not in self._taken:
            wanted = self._implementations[name].argnames
            self._taken[name] = self._domain.hook(name).taking(wanted)
        return self._taken[name]

    def _method(self, call: Call, thing: object) -> Signature:
        for kind in self._domain.brought_by(call.hook):
            if call.method in kind.methods and not kind.lacks(thing):
                return kind.methods[call.method]
        raise Lie(f"{call.hook} brought nothing that can {call.method}")


def failed(error: BaseException) -> FromPlugin:
    """The answer that says what was raised."""
    return FromPlugin(failure=failure(error))


def _fitting(function: Callable[..., Any], signature: Signature) -> Callable[..., Any]:
    """A method that may leave out what has a default in the hookspecs, as hooks may."""
    own = inspect.signature(function).parameters.values()
    if any(one.kind is one.VAR_POSITIONAL for one in own):
        return function
    known = signature.callable.parameters.values()
    spare = sum(one.default is not one.empty for one in known)
    taken = max(len(own), len(known) - spare)
    return lambda *arguments: function(*arguments[:taken])
