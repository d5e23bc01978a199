"""What a service says of the personal data it holds: whose, what for, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, false, or_

from xianban_sdk.storage.unit_of_work import UnitOfWork

__all__ = ["PSEUDONYM", "Fate", "Hold", "Holding", "PersonalData", "Sealed"]

# Stands in `blank` for the receipt that replaces the person.
PSEUDONYM: Final = "\0pseudonym"


class Fate(StrEnum):
    """What an erasure does to rows (PIPL arts. 47 and 73)."""

    ERASED = "erased"
    # 去标识化: the row stays for others' sake, without its person.
    PSEUDONYMISED = "pseudonymised"
    # The law wants it as it is.
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a person can't be erased yet; text key ``personal-hold-<reason in kebab>``."""

    reason: str
    params: Mapping[str, str | int] = field(default_factory=dict[str, str | int])


def _nothing_holds(_conn: Connection, _person: str, _now: datetime) -> Iterable[Hold]:
    return ()


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted column of other people's rows with names in it that no query finds.

    Rows that `may_name` the person are opened one by one and written as `without` says.
    """

    column: str
    may_name: Callable[[str], ColumnElement[bool]]
    without: Callable[[Mapping[str, Any], str], str]


@dataclass(frozen=True, kw_only=True)
class Holding:
    """One table's rows about people.

    ``category`` names the texts ``personal-<category>`` and ``personal-<category>-purpose`` and
    the file in a person's export. ``reason`` names ``personal-kept-<reason>``: why rows stay, for
    ``days``, or, of rows that are not exported, why not.
    """

    table: Table
    category: str
    fate: Fate
    # Columns that tell whose row it is.
    subjects: tuple[str, ...] = ()
    # Rows that another table ties to the person; children are declared before their parents.
    through: Callable[[str], ColumnElement[bool]] | None = None
    # Columns that name who acted on somebody else's row: replaced, the row is the other's.
    actors: tuple[str, ...] = ()
    # An actor's column → the one beside it with their name, which goes with them.
    displays: Mapping[str, str] = field(default_factory=dict[str, str])
    sealed: Sealed | None = None
    reason: str = ""
    # How long rows stay by law or by their own clock; 0: nothing says.
    days: int = 0
    # Columns overwritten when the person goes and the row stays.
    blank: Mapping[str, Any] = field(default_factory=dict[str, Any])
    # Columns that are nobody's to read: hashes, secrets.
    secret: frozenset[str] = frozenset()
    exported: bool = True
    # Called, in the erasure's transaction, when rows went.
    on_erased: Callable[[Connection], None] | None = None

    def __post_init__(self) -> None:
        if not self.reason and not (self.fate is Fate.ERASED and self.exported):
            raise ValueError(f"{self.category}: what stays, or is not exported, needs a reason")
        named = {*self.subjects, *self.actors, *self.blank, *self.secret, *self.displays.values()}
        named |= {self.sealed.column} if self.sealed else set[str]()
        unknown = named - set(self.table.c.keys())
        if unknown:
            raise ValueError(f"{self.category}: {self.table.name} has no column {sorted(unknown)}")
        if not self.displays.keys() <= {*self.actors}:
            raise ValueError(f"{self.category}: a name is shown of who is no actor")

    def about(self, person: str) -> ColumnElement[bool]:
        """The person's own rows."""
        ways = [self.table.c[name] == person for name in self.subjects]
        if self.through is not None:
            ways.append(self.through(person))
        return or_(false(), *ways)

    @property
    def shown(self) -> list[Column[Any]]:
        """The columns that an export holds."""
        return [column for column in self.table.columns if column.name not in self.secret]


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """For ``Service(personal_data=…)``; the SDK adds its own tables."""

    holdings: tuple[Holding, ...] = ()
    # Tables with something personal in them that can't be found by person, and why that is right.
    unfindable: Mapping[str, str] = field(default_factory=dict[str, str])
    # Rules of alerts whose reasons name people: see `xianban_sdk.names`.
    naming_rules: frozenset[str] = frozenset()
    # Given a connection, a person and now: what must be settled before they can be erased.
    holds: Callable[[Connection, str, datetime], Iterable[Hold]] = _nothing_holds
    # Identity's alone: forgets the person, tells everybody and returns the receipt's id.
    erase: Callable[[UnitOfWork, str], str] | None = None

    def __post_init__(self) -> None:
        names = [holding.category for holding in self.holdings]
        if len(names) != len(set(names)):
            raise ValueError("two holdings share a category")
