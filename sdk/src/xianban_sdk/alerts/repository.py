"""Alerts in tables; every query takes the caller's scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, func, insert, or_, select, true, update

from xianban_sdk import repository
from xianban_sdk.alerts.climbing import Step
from xianban_sdk.alerts.domain import Alert, Place, Reason, Severity, State
from xianban_sdk.alerts.tables import (
    alert as table,
)
from xianban_sdk.alerts.tables import (
    alert_condition,
    alert_fact,
    alert_step,
    alert_telling,
)
from xianban_sdk.errors import NotFound
from xianban_sdk.repository import Page, page_of, within
from xianban_sdk.storage.encryption import keyed_hash
from xianban_sdk.storage.upsert import insert_all_new, insert_new

__all__ = ["AlertRows", "Asked", "Condition", "key_of"]

_PLAIN: Final = tuple(
    each.name for each in fields(Alert) if each.name in table.c and each.name not in ("id",)
)


@dataclass(frozen=True, slots=True)
class Condition:
    """What is known of a rule and subject beyond its alerts."""

    key: str
    newest: str = ""
    cleared_at: datetime | None = None
    snoozed_until: datetime | None = None
    snoozed_by: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which alerts a list shows."""

    open: bool = False
    least: int = 0
    subject: str = ""


def key_of(rule: str, subject: str) -> str:
    """What alerts of the same matter share."""
    return keyed_hash(f"{rule}\0{subject}")


class AlertRows(repository.Repository):
    """The alerts that a scope may see: staff by their areas, residents by whose data it is."""

    def visible(self) -> ColumnElement[bool]:
        """The narrowing of every query."""
        if self.unrestricted:
            return true()
        there = within(self.scope.areas, table.c.area)
        mine = self.own(table.c.resident)
        return mine & there if self.scope.subject and self.scope.areas else mine | there

    # -- one --------------------------------------------------------------------------------

    def get(self, alert_id: str, *, lock: bool = False) -> Alert:
        """Raises NotFound for an absent alert and for somebody else's."""
        query = select(table).where(table.c.id == alert_id, self.visible())
        found = self.conn.execute(query.with_for_update() if lock else query).mappings().first()
        if found is None:
            raise NotFound("ALERT_NOT_FOUND", field="name")
        return _alert(**found)

    def newest(self, condition: Condition) -> Alert | None:
        """The newest of a matter, locked; callers hold its condition."""
        query = select(table).where(table.c.id == condition.newest, self.visible())
        found = self.conn.execute(query.with_for_update()).mappings().first()
        return None if found is None else _alert(**found)

    def add(self, alert: Alert) -> None:
        """A new one."""
        self.conn.execute(insert(table).values(id=alert.id, **_columns(alert)))

    def save(self, alert: Alert) -> None:
        """Writes what changed; the row is locked by whoever read it."""
        statement = update(table).where(table.c.id == alert.id, table.c.state < State.CLOSED)
        if self.conn.execute(statement.values(**_columns(alert))).rowcount != 1:
            raise RuntimeError(f"{alert.name} is closed or gone")

    # -- many -------------------------------------------------------------------------------

    def listed(self, page: Page, asked: Asked) -> tuple[list[Alert], str]:
        """Worst first, then oldest first."""
        query = select(table).where(self.visible(), table.c.severity >= asked.least)
        if asked.open:
            query = query.where(table.c.state < State.CLOSED)
        if asked.subject:
            query = query.where(table.c.subject == asked.subject)
        if page.after is not None:
            query = query.where(_after(page.after))
        ordered = query.order_by(table.c.severity.desc(), table.c.raised_at, table.c.id)
        return page_of(self.conn, ordered, page, _alert, "severity", "raised_at", "id")

    def standing(self) -> list[Alert]:
        """All that are not closed, worst first."""
        query = select(table).where(self.visible(), table.c.state < State.CLOSED)
        ordered = query.order_by(table.c.severity.desc(), table.c.raised_at, table.c.id)
        return [_alert(**row) for row in self.conn.execute(ordered).mappings()]

    def versions(self) -> dict[str, int]:
        """Id → version of all that are not closed."""
        query = select(table.c.id, table.c.version)
        rows = self.conn.execute(query.where(self.visible(), table.c.state < State.CLOSED))
        return {row.id: row.version for row in rows}

    def several(self, ids: Iterable[str]) -> list[Alert]:
        """Those of the ids that may be seen."""
        query = select(table).where(table.c.id.in_(list(ids)), self.visible())
        return [_alert(**row) for row in self.conn.execute(query).mappings()]

    # -- what happened ----------------------------------------------------------------------

    def record(self, alert: Alert, steps: Sequence[Step]) -> None:
        """Adds lines to the alert's history; callers hold its row."""
        if not steps:
            return
        last = select(func.coalesce(func.max(alert_step.c.number), 0))
        number = self.conn.scalar(last.where(alert_step.c.alert == alert.id)) or 0
        rows = [
            {each.name: getattr(step, each.name) for each in fields(Step)}
            | {"alert": alert.id, "number": number + place}
            for place, step in enumerate(steps, 1)
        ]
        self.conn.execute(insert(alert_step), rows)

    def steps(self, alert_id: str) -> list[Step]:
        """Oldest first; callers have got the alert with the scope."""
        query = select(alert_step).where(alert_step.c.alert == alert_id)
        names = [each.name for each in fields(Step)]
        rows = self.conn.execute(query.order_by(alert_step.c.number)).mappings()
        return [Step(**{name: row[name] for name in names}) for row in rows]

    def tell(self, alert: Alert, rung: str, person: str, at: datetime) -> bool:
        """False when the person was told on this rung already."""
        row = {"alert": alert.id, "cycle": alert.cycle, "rung": rung, "person": person, "at": at}
        return insert_new(self.conn, alert_telling, row)

    def told(self, alert_id: str) -> list[str]:
        """Everybody who was told."""
        query = select(alert_telling.c.person).where(alert_telling.c.alert == alert_id).distinct()
        return sorted(self.conn.scalars(query))

    # -- matters ----------------------------------------------------------------------------

    def condition(self, key: str) -> Condition:
        """What is known of the matter, locked: its facts are applied one after the other."""
        insert_new(self.conn, alert_condition, {"key": key, "newest": "", "snoozed_by": ""})
        query = select(alert_condition).where(alert_condition.c.key == key).with_for_update()
        return Condition(**self.conn.execute(query).mappings().one())

    def change(self, key: str, **values: Any) -> None:
        """Callers hold the condition."""
        self.conn.execute(
            update(alert_condition).where(alert_condition.c.key == key).values(**values)
        )

    def first_time(self, key: str, at: datetime) -> bool:
        """False when a fact of this instant was counted before."""
        return insert_all_new(self.conn, alert_fact, [{"key": key, "at": at}])


def _after(last: list[Any]) -> ColumnElement[bool]:
    severity, raised_at, alert_id = last[0], datetime.fromisoformat(last[1]), last[2]
    later = or_(
        table.c.raised_at > raised_at,
        (table.c.raised_at == raised_at) & (table.c.id > alert_id),
    )
    return or_(table.c.severity < severity, (table.c.severity == severity) & later)


def _columns(alert: Alert) -> dict[str, Any]:
    plain = {name: getattr(alert, name) for name in _PLAIN}
    keys = {"key": key_of(alert.rule, alert.subject), "rule_key": keyed_hash(alert.rule)}
    return plain | keys | {"detail": _detail(alert)}


def _detail(alert: Alert) -> str:
    place = alert.place
    detail = {
        "rule": alert.rule,
        "subject_display": alert.subject_display,
        "acknowledged_by_display": alert.acknowledged_by_display,
        "reasons": [[each.text, each.params, each.observed_at] for each in alert.reasons],
        "place": place and [place.latitude, place.longitude, place.accuracy_m],
    }
    return orjson.dumps(detail).decode()


def _alert(**row: Any) -> Alert:
    detail = orjson.loads(row["detail"])
    plain = {name: row[name] for name in ("id", *_PLAIN)}
    plain |= {
        "severity": Severity(row["severity"]),
        "state": State(row["state"]),
        "climbing": Severity(row["climbing"]),
    }
    return Alert(
        rule=detail["rule"],
        subject_display=detail["subject_display"],
        acknowledged_by_display=detail["acknowledged_by_display"],
        reasons=tuple(_reason(*each) for each in detail["reasons"]),
        place=Place(*detail["place"]) if detail["place"] else None,
        **plain,
    )


def _reason(text: str, params: dict[str, str], at: str | None) -> Reason:
    return Reason(text, params, datetime.fromisoformat(at) if at else None)
