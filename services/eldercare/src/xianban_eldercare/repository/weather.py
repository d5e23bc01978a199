"""Weather as it was told: public facts, nobody's data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select, update
from xianban_sdk.repository import columns
from xianban_sdk.storage import insert_new, upsert

from xianban_eldercare.repository.narrowing import Repository
from xianban_eldercare.repository.weather_rows import ForecastRow, SourceRow, WarningRow
from xianban_eldercare.repository.weather_tables import (
    weather_ended,
    weather_forecast,
    weather_source,
    weather_warning,
)

__all__ = ["Weather"]


class Weather(Repository):
    """Sources, warnings and forecasts."""

    def sources(self, ids: Collection[str]) -> list[SourceRow]:
        query = select(weather_source).where(weather_source.c.id.in_(ids))
        rows = self.conn.execute(query.order_by(weather_source.c.id)).mappings()
        return [SourceRow(**row) for row in rows]

    def introduce(self, row: SourceRow) -> None:
        """Its names may be others in the plugin's next version; what was read stays."""
        if insert_new(self.conn, weather_source, columns(row)):
            return
        told = {
            "names": row.names,
            "plugin": row.plugin,
            "cadence_seconds": row.cadence_seconds,
        }
        same = weather_source.c.id == row.id
        self.conn.execute(update(weather_source).where(same).values(**told))

    def was_read(self, source: str, now: datetime, unread: int) -> None:
        values = {"read_at": now, "unread": unread, "error": ""}
        same = weather_source.c.id == source
        self.conn.execute(update(weather_source).where(same).values(**values))

    def failed(self, source: str, error: str, now: datetime) -> None:
        values = {"failed_at": now, "error": error[:500]}
        same = weather_source.c.id == source
        self.conn.execute(update(weather_source).where(same).values(**values))

    def add(self, row: WarningRow) -> bool:
        """False when it was heard before."""
        return insert_new(self.conn, weather_warning, columns(row))

    def end(self, ended: Mapping[str, object]) -> bool:
        """False when it was known."""
        return insert_new(self.conn, weather_ended, ended)

    def standing(self, now: datetime) -> list[WarningRow]:
        """Neither over nor ended by another message; worst first."""
        ended = exists().where(
            weather_ended.c.source == weather_warning.c.source,
            weather_ended.c.sender == weather_warning.c.sender,
            weather_ended.c.identifier == weather_warning.c.identifier,
        )
        query = (
            select(weather_warning)
            .where(weather_warning.c.expires_at > now, ~ended)
            .order_by(weather_warning.c.level.desc(), weather_warning.c.sent_at.desc())
            .limit(500)
        )
        return [WarningRow(**row) for row in self.conn.execute(query).mappings()]

    def several(self, ids: Collection[str]) -> dict[str, WarningRow]:
        query = select(weather_warning).where(weather_warning.c.id.in_(ids))
        return {row["id"]: WarningRow(**row) for row in self.conn.execute(query).mappings()}

    def foresee(self, source: str, rows: Collection[ForecastRow], now: datetime) -> None:
        """In place of what the source foresaw from now on."""
        later = (weather_forecast.c.source == source, weather_forecast.c.at > now)
        self.conn.execute(delete(weather_forecast).where(*later))
        for row in rows:
            upsert(self.conn, weather_forecast, columns(row))

    def foreseen(self, area: str, now: datetime, ahead: timedelta) -> list[ForecastRow]:
        """The coming hours of the area, or of the one around it, whichever is told."""
        around = [area, area.split("/")[0]]
        query = select(weather_forecast).where(
            weather_forecast.c.area.in_(around),
            weather_forecast.c.at > now - timedelta(hours=1),
            weather_forecast.c.at <= now + ahead,
        )
        rows = self.conn.execute(query.order_by(weather_forecast.c.at)).mappings()
        found = [ForecastRow(**row) for row in rows]
        nearest = max((row.area for row in found), key=len, default="")
        return [row for row in found if row.area == nearest]
