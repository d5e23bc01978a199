"""What the host holds in place of a capability: its data, and methods that call the plugin."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from xianban.plugin.v1.plugin_pb2 import Call, Drop, FromPlugin, Instalment, Next, ToPlugin

from xianban_sdk import telemetry
from xianban_sdk.carrying import current_capability
from xianban_sdk.plugins.isolation.failures import PluginLied, raised
from xianban_sdk.plugins.workers import Overrun
from xianban_sdk.sandbox.codec import Kind, Lie, Signature
from xianban_sdk.telemetry import log

__all__ = ["Caller", "StandIns", "called"]


class Caller(Protocol):
    """The way to a plugin."""

    def ask(self, asked: ToPlugin) -> FromPlugin:
        """What the plugin says; raises what became of the call otherwise."""
        ...

    def hand_in(self, file: Path) -> Path:
        """A copy of a file where the plugin can read it."""
        ...

    def take_back(self, copy: Path) -> None:
        """The copy goes."""
        ...


class StandIns:
    """Makes them for the answer of one register_ hook."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        # Which hook's answer is being read; one at a time.
        self._hook = ""
        self._turn = threading.Lock()

    @contextmanager
    def of(self, hook: str) -> Iterator[None]:
        """What is read inside was brought by this hook."""
        with self._turn:
            self._hook = hook
            yield

    def keep(self, thing: object) -> int:
        """As `Things` asks. Never: a host hands no capabilities to a plugin."""
        raise Lie("a capability can't be handed to a plugin")

    def stand_in(self, index: int, kinds: Sequence[Kind], attributes: Mapping[str, Any]) -> object:
        """An object of those kinds, also to isinstance where a protocol can be asked so."""
        methods = {
            name: _method(self._caller, Call(hook=self._hook, thing=index, method=name), signature)
            for kind in kinds
            for name, signature in kind.methods.items()
        }
        made = type(kinds[0].name, (), {"__doc__": f"A {kinds[0].name} in a plugin", **methods})()
        vars(made).update(attributes)
        return made


def called(caller: Caller, call: Call, signature: Signature, arguments: Sequence[Any]) -> Any:
    """Calls the plugin with these arguments and reads its answer by the signature."""
    handed = {value: caller.hand_in(value) for value in arguments if isinstance(value, Path)}
    copies = tuple(handed.values())
    given = [handed[one] if isinstance(one, Path) else one for one in arguments]
    try:
        with telemetry.span("plugin process", kind=telemetry.CLIENT):
            told = caller.ask(_asked(call, signature, given))
    except BaseException:
        _forget(caller, copies)
        raise
    if signature.streams:
        return _stream(caller, told, signature, copies)
    _forget(caller, copies)
    return _read(signature.returns.get, told.value)


def _asked(call: Call, signature: Signature, arguments: Sequence[Any]) -> ToPlugin:
    asked, trace = ToPlugin(call=call), telemetry.current()
    asked.call.capability = current_capability()
    if trace is not None:
        asked.call.traceparent = trace.traceparent
    for codec, value in zip(signature.arguments, arguments, strict=True):
        codec.put(value, asked.call.arguments.add())
    return asked


def _method(caller: Caller, call: Call, signature: Signature) -> Callable[..., Any]:
    def method(_self: object, *arguments: Any, **named: Any) -> Any:
        if named or len(arguments) != len(signature.names):
            arguments = _bound(signature.callable, arguments, named)
        return called(caller, call, signature, arguments)

    # Whoever asks which arguments the plugin's object takes is told so, as in process.
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    plain = signature.callable
    vars(method)["__signature__"] = plain.replace(parameters=[own, *plain.parameters.values()])
    return method


def _bound(plain: inspect.Signature, arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
    bound = plain.bind(*arguments, **named)
    bound.apply_defaults()
    return tuple(bound.arguments.values())


def _stream(
    caller: Caller, told: FromPlugin, signature: Signature, handed: Sequence[Path]
) -> Iterator[Any]:
    """The first instalment is here: what a call refuses it refuses at once, as in process."""
    part = told.instalment
    if part.HasField("failure") and not part.items:
        _forget(caller, handed)
        raise raised(part.failure)
    return _items(caller, part, signature, handed)


def _items(
    caller: Caller, part: Instalment, signature: Signature, handed: Sequence[Path]
) -> Iterator[Any]:
    stream = 0
    try:
        while True:
            stream = part.stream
            for sent in part.items:
                yield _read(signature.returns.get, sent)
            if part.HasField("failure"):
                raise raised(part.failure)
            if not stream:
                return
            told, stream = caller.ask(ToPlugin(next=Next(stream=stream))), 0
            part = told.instalment
    finally:
        _drop(caller, stream)
        _forget(caller, handed)


def _drop(caller: Caller, stream: int) -> None:
    if not stream:
        return
    try:
        caller.ask(ToPlugin(drop=Drop(stream=stream)))
    except (RuntimeError, TypeError, Overrun) as error:
        # Whoever does not read on does not care; the plugin bounds what it keeps.
        log.debug("stream_not_dropped", error=repr(error))


def _read(get: Callable[[Any], Any], sent: Any) -> Any:
    try:
        return get(sent)
    except Lie as lie:
        raise PluginLied(str(lie)) from lie


def _forget(caller: Caller, handed: Sequence[Path]) -> None:
    for copy in handed:
        caller.take_back(copy)
