"""What a servicer method receives instead of a gRPC context."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

from xianban_sdk.clock import Clock
from xianban_sdk.deadline import Deadline
from xianban_sdk.errors import Cancelled, XianbanError
from xianban_sdk.identity.access import Grant, Scope
from xianban_sdk.identity.principal import ANONYMOUS, Principal
from xianban_sdk.ids import Ids
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.unit_of_work import CallInfo, UnitOfWork, open_unit_of_work

if TYPE_CHECKING:
    from xianban_sdk.plugins import Hooks

__all__ = ["Call", "ReadUnit"]


class ReadUnit(UnitOfWork):
    """The unit of a read RPC: its connection refuses writes, and nothing can be told."""

    def emit(self, event: Message, *, aggregate: str, domain: str | None = None) -> str:
        """Refused."""
        raise RuntimeError("a read RPC emits nothing: drop NO_SIDE_EFFECTS or the event")

    def audit(self, action: str, subject: str, outcome: str = "allowed", basis: str = "") -> None:
        """Refused: the chain records each read by itself."""
        raise RuntimeError("reads are audited by the call chain")

    def after_commit(self, fn: Callable[[], None]) -> None:
        """Refused."""
        raise RuntimeError("a read RPC commits nothing")


@dataclass
class Call:
    """One call: who, for whom, on what basis, and the tools to serve it.

    ``basis`` is "self", "guardian", "family", "carer", "assignment", "role:<role>",
    "workload:<name>" or "anonymous". ``uow`` opens at first use and is committed by the chain.
    """

    principal: Principal | None
    subject: str | None
    grant: Grant
    action: str
    locale: str
    deadline: Deadline
    clock: Clock
    ids: Ids
    db: Database
    read_only: bool
    info: CallInfo
    _hooks: Hooks
    # As they came; for machines that sign their messages. Never logged.
    headers: Mapping[str, str | bytes] = field(default_factory=dict[str, "str | bytes"])
    on_open: Callable[[UnitOfWork], None] | None = None
    looked: list[str] = field(default_factory=list[str])
    _unit: UnitOfWork | None = None
    _opened: AbstractContextManager[UnitOfWork] | None = None
    # Made when somebody waits: most calls are over before anybody could.
    _waiter: threading.Event | None = None
    _over: bool = False
    _end_error: XianbanError | None = None
    _on_end: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])

    @property
    def basis(self) -> str:
        """Why the caller may."""
        return self.grant.basis.name

    @property
    def scope(self) -> Scope:
        """What repository queries are narrowed to."""
        return self.grant.scope

    @property
    def actor(self) -> str:
        """Who acts: a person's id, ``workload:<name>`` or ``anonymous``."""
        return self.principal.actor if self.principal else ANONYMOUS

    # -- storage ----------------------------------------------------------------------------

    @property
    def uow(self) -> UnitOfWork:
        """The call's one transaction, or a read-only connection on read RPCs."""
        if self._unit is None:
            self._opened = self.reading() if self.read_only else self._writing()
            self._unit = self._opened.__enter__()
            if self.on_open is not None:
                self.on_open(self._unit)
        return self._unit

    @property
    def uow_open(self) -> bool:
        """True between the first use of ``uow`` and the commit."""
        return self._unit is not None

    def _writing(self) -> AbstractContextManager[UnitOfWork]:
        return open_unit_of_work(self.db, clock=self.clock, ids=self.ids, call=self.info)

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """A read-only unit for one look, e.g. per item of a stream."""
        with self.db.read() as conn:
            yield ReadUnit(self.db, conn, clock=self.clock, ids=self.ids, call=self.info)

    def commit(self) -> None:
        """The chain's: commits and closes what is open."""
        opened, self._opened, self._unit = self._opened, None, None
        if opened is not None:
            opened.__exit__(None, None, None)

    def roll_back(self, error: BaseException) -> None:
        """The chain's: gives up what is open."""
        opened, self._opened, self._unit = self._opened, None, None
        if opened is not None:
            _exit_with(opened, error)

    @property
    def hooks(self) -> Hooks:
        """Plugin callers; refused while the transaction is open."""
        return self._hooks.guarded(self._refuse_inside_transaction)

    def _refuse_inside_transaction(self) -> None:
        if self.uow_open:
            raise RuntimeError("no plugin call inside a transaction: call hooks before call.uow")

    def looked_at(self, resident: str) -> None:
        """A read whose request names no resident showed this one's data: the audit says so."""
        if resident not in self.looked and resident not in (self.subject, self.actor):
            self.looked.append(resident)

    # -- life of a stream -------------------------------------------------------------------

    def alive(self) -> None:
        """Raises when the caller has gone, time is over or access was withdrawn."""
        if self._end_error is not None:
            raise self._end_error
        if self._over:
            raise Cancelled("CANCELLED")
        self.deadline.check()

    def wait(self, seconds: float) -> None:
        """Sleeps, but not past the end of the call; then as :meth:`alive`."""
        self._waiter = self._waiter or threading.Event()
        if not self._over:
            self._waiter.wait(max(min(seconds, self.deadline.remaining()), 0.0))
        self.alive()

    def on_end(self, told: Callable[[], None]) -> None:
        """Calls back when the call ends, so that a waiting stream can wake up."""
        self._on_end.append(told)
        if self._over:
            told()

    def end(self, error: XianbanError | None = None) -> None:
        """The chain's: the caller went away, or ``error`` says why it must end."""
        self._end_error = self._end_error or error
        self._over = True
        if self._waiter is not None:
            self._waiter.set()
        for told in list(self._on_end):
            told()

    @property
    def ended(self) -> bool:
        """True after :meth:`end`."""
        return self._over


def _exit_with(opened: AbstractContextManager[Any], error: BaseException) -> None:
    try:
        opened.__exit__(type(error), error, error.__traceback__)
    except BaseException as raised:
        if raised is not error:
            raise
