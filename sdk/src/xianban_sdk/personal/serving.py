"""The admin socket's answers about one person's data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection
from xianban.common.v1 import admin_pb2 as pb

from xianban_sdk import i18n
from xianban_sdk.app import Resources, Service
from xianban_sdk.errors import NotFound
from xianban_sdk.personal.declared import Hold, Holding
from xianban_sdk.personal.own import holdings
from xianban_sdk.personal.reading import count, mentions, pages
from xianban_sdk.storage.unit_of_work import CallInfo, Opened, open_unit_of_work

__all__ = ["OPERATOR", "PersonalAdmin"]

# Who acts when the operator of the machine does.
OPERATOR: Final = "operator@cli"


class PersonalAdmin:
    """Describes, exports and, in identity, erases."""

    def __init__(self, service: Service, resources: Resources) -> None:
        self._service = service
        self._resources = resources
        self._holdings = holdings(service.personal_data)

    def describe(self, person: str) -> pb.DescribePersonalDataResponse:
        """What there is, how much, what would become of it, and what forbids that now."""
        with self._resources.db.read() as conn:
            now = self._resources.clock.now()
            held = self._service.personal_data.holds(conn, person, now)
            return pb.DescribePersonalDataResponse(
                service=self._service.name,
                holdings=[self._described(conn, holding, person) for holding in self._holdings],
                holds=[self._hold(hold) for hold in held],
            )

    def export(self, person: str) -> Iterator[pb.ExportPersonalDataResponse]:
        """The person's rows, page by page. Audited before the first one leaves."""
        with self._work(person) as uow:
            uow.audit("ExportPersonalData", person, basis="operator")
        for holding in self._holdings:
            if holding.exported:
                for page in pages(self._resources.db, holding, person):
                    yield pb.ExportPersonalDataResponse(category=holding.category, records=page)

    def erase(self, person: str) -> str:
        """Identity's erasure; the others follow by its event. Returns the receipt."""
        erase = self._service.personal_data.erase
        if erase is None:
            raise NotFound("NOT_THE_REGISTER_OF_PEOPLE", service=self._service.name)
        with self._work(person) as uow:
            receipt = erase(uow, person)
            uow.audit("ErasePerson", person, basis=f"receipt:{receipt}")
        return receipt

    def _work(self, person: str) -> Opened:
        known = self._resources
        call = CallInfo(actor=OPERATOR, subject=person)
        return open_unit_of_work(known.db, clock=known.clock, ids=known.ids, call=call)

    def _described(self, conn: Connection, holding: Holding, person: str) -> pb.PersonalHolding:
        key = f"personal-{holding.category}"
        shown = holding.shown if holding.exported else []
        return pb.PersonalHolding(
            category=holding.category,
            title=self._words(key),
            purpose=self._words(f"{key}-purpose"),
            fate=str(holding.fate),
            reason=self._words(f"personal-kept-{holding.reason}") if holding.reason else None,
            kept_days=holding.days,
            rows=count(conn, holding, person),
            mentions=mentions(conn, holding, person),
            exported=holding.exported,
            fields=[pb.PersonalField(name=c.name, title=self._field(c.name)) for c in shown],
            withheld=sorted(holding.secret) if holding.exported else [],
        )

    def _field(self, name: str) -> pb.Words:
        return self._words(f"personal-field-{name.replace('_', '-')}")

    def _hold(self, hold: Hold) -> pb.PersonalHold:
        key = f"personal-hold-{hold.reason.lower().replace('_', '-')}"
        return pb.PersonalHold(reason=hold.reason, text=self._words(key, **hold.params))

    def _words(self, key: str, **params: str | int) -> pb.Words:
        chinese, english = (
            i18n.text(key, locale, self._service.package, **params) for locale in i18n.LOCALES
        )
        return pb.Words(zh_cn=chinese, en=english)
