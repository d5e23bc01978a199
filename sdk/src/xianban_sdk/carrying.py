"""The marks in ``hookspecs.py``: which call takes a person's data to a plugin, and what for.

``@carries("parking.payment", "request", "payment.start")`` stands above a hook or above a method
of a capability, ``@carries_nothing("…")`` above those that tell a plugin of nobody. Plugins import
it with the hookspecs, so it needs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, get_args, get_type_hints

__all__ = [
    "Basis",
    "Carries",
    "CarriesNothing",
    "carries",
    "carries_nothing",
    "current_capability",
    "mark_of",
    "marks_of",
    "purposes_of",
    "said_of",
]

_MARK: Final = "__xianban_carries__"
# Set by whoever makes the call: in our process, or in the plugin's own.
capability_under_way: ContextVar[str] = ContextVar("xianban_capability_id", default="")
_Function = TypeVar("_Function", bound=Callable[..., Any])

Basis = Literal["consent", "request", "vital", "duty"]
"""By what right a plugin is told, in the words of PIPL art. 13.

`consent` (1): the person agreed, and still does. `request` (2): they ask for just this now.
`duty` (3): a public body's duty by law. `vital` (4): somebody's life, health or property is in
danger; this alone never waits for a consent.
"""


@dataclass(frozen=True, slots=True)
class Carries:
    """What a call carries."""

    purpose: str
    """As plugins declare it under `purposes`, and as residents consent to it."""
    basis: Basis
    call: str = ""
    """What the host names the call of a capability's method; a hook is named as it is."""
    alarms: bool = False
    """Whether it also brings alarms: those are told with basis `vital`."""


@dataclass(frozen=True, slots=True)
class CarriesNothing:
    """A call that tells a plugin of nobody."""

    why: str


def carries(
    purpose: str, basis: Basis, call: str = "", *, alarms: bool = False
) -> Callable[[_Function], _Function]:
    """Marks a hook, or a method of a capability."""
    return _marking(Carries(purpose, basis, call, alarms))


def carries_nothing(why: str) -> Callable[[_Function], _Function]:
    """Marks a hook, or a method of a capability; `why` says what it is told instead."""
    return _marking(CarriesNothing(why))


def current_capability() -> str:
    """For plugins: the id of the capability by which the call under way brings somebody's data.

    Empty: it brings nobody's. What stands before the hyphen is a line of the host's ledger: a
    vendor who logs it can show later by which call something came.
    """
    return capability_under_way.get()


def mark_of(function: object) -> Carries | None:
    """What a hook or a method carries, if it is somebody's data."""
    found = said_of(function)
    return found if isinstance(found, Carries) else None


def said_of(function: object) -> Carries | CarriesNothing | None:
    """Either mark; None: nobody has said anything of it."""
    return getattr(function, _MARK, None)


def marks_of(hookspecs: object) -> dict[str, Carries]:
    """All marks of a domain's hookspecs, by what the host calls."""
    found: dict[str, Carries] = {}
    for name, function in _functions(hookspecs):
        if mark := mark_of(function):
            found[mark.call or name] = mark
    return found


def purposes_of(hook: Callable[..., Any]) -> frozenset[str]:
    """What a plugin must declare to be told anything by this hook, or by what it brings.

    Where a hook takes one of several capabilities, only what all of them need.
    """
    own = mark_of(hook)
    brought = [_carried_by(kind) for kind in _kinds(get_type_hints(hook).get("return"))]
    shared = frozenset[str].intersection(*brought) if brought else frozenset[str]()
    return shared | ({own.purpose} if own else frozenset[str]())


def _carried_by(kind: type) -> frozenset[str]:
    members = (vars(one).values() for one in kind.__mro__)
    return frozenset(
        mark.purpose for functions in members for one in functions if (mark := mark_of(one))
    )


def _kinds(hint: object) -> Iterator[type]:
    """The classes that a return type names: ``list[Feed]``, ``Pin | App``."""
    for inner in get_args(hint):
        yield from _kinds(inner)
    if isinstance(hint, type) and not get_args(hint):
        yield hint


def _marking(mark: Carries | CarriesNothing) -> Callable[[_Function], _Function]:
    def marked(function: _Function) -> _Function:
        setattr(function, _MARK, mark)
        return function

    return marked


def _functions(hookspecs: object) -> Iterator[tuple[str, object]]:
    members: dict[str, object] = vars(hookspecs)
    for name, member in members.items():
        yield name, member
        if isinstance(member, type):
            yield from vars(member).items()
