"""Writes what weather services publish: CAP 1.2 messages, an Atom index, hourly forecasts.

For the simulator and for a demo district; both are read by the same code as real ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.sax.saxutils import escape

import orjson

__all__ = ["Bulletin", "Words", "atom", "cancelled", "cap", "hourly"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Words:
    """A bulletin in one language."""

    event: str
    headline: str
    description: str
    instruction: str
    area: str


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A message as its sender thinks of it."""

    identifier: str
    sent: datetime
    expires: datetime
    words: Mapping[str, Words]
    severity: str = "Severe"
    codes: tuple[str, ...] = ("310120000000",)
    polygon: str = ""
    sender: str = "demo.weather.invalid"
    status: str = "Actual"
    kind: str = "Alert"
    references: tuple[str, ...] = field(default=())

    @property
    def reference(self) -> str:
        """How another message quotes it."""
        return f"{self.sender},{self.identifier},{_time(self.sent)}"


def cancelled(one: Bulletin, identifier: str, at: datetime) -> Bulletin:
    """The message that ends another."""
    return replace(one, identifier=identifier, sent=at, kind="Cancel", references=(one.reference,))


def cap(one: Bulletin) -> bytes:
    """The message as CAP 1.2."""
    quoted = f"<references>{escape(' '.join(one.references))}</references>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
        f"<identifier>{escape(one.identifier)}</identifier><sender>{escape(one.sender)}</sender>"
        f"<sent>{_time(one.sent)}</sent><status>{one.status}</status>"
        f"<msgType>{one.kind}</msgType><scope>Public</scope>{quoted if one.references else ''}"
        + "".join(_info(one, language, words) for language, words in one.words.items())
        + "</alert>"
    ).encode()


def _info(one: Bulletin, language: str, words: Words) -> str:
    codes = "".join(
        f"<geocode><valueName>GB/T 2260</valueName><value>{code}</value></geocode>"
        for code in one.codes
    )
    ring = f"<polygon>{one.polygon}</polygon>" if one.polygon else ""
    return (
        f"<info><language>{language}</language><category>Met</category>"
        f"<event>{escape(words.event)}</event><urgency>Expected</urgency>"
        f"<severity>{one.severity}</severity><certainty>Likely</certainty>"
        f"<effective>{_time(one.sent)}</effective><expires>{_time(one.expires)}</expires>"
        f"<headline>{escape(words.headline)}</headline>"
        f"<description>{escape(words.description)}</description>"
        f"<instruction>{escape(words.instruction)}</instruction>"
        f"<area><areaDesc>{escape(words.area)}</areaDesc>{ring}{codes}</area></info>"
    )


def atom(bulletins: Iterable[Bulletin]) -> bytes:
    """The index of messages; their addresses are relative to its own."""
    items = "".join(
        f"<entry><id>urn:{escape(one.identifier)}</id><title>{escape(one.identifier)}</title>"
        f"<updated>{_time(one.sent)}</updated>"
        f'<link type="application/cap+xml" href="cap/{escape(one.identifier)}.xml"/></entry>'
        for one in bulletins
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>urn:warnings</id><title>Warnings</title>{items}</feed>"
    ).encode()


def hourly(first: datetime, degrees: Iterable[float]) -> bytes:
    """Hours from `first` on in the form of Open-Meteo, `timeformat=unixtime`."""
    told = list(degrees)
    begin = (first - _EPOCH) // timedelta(hours=1) * 3600
    return orjson.dumps(
        {
            "utc_offset_seconds": 0,
            "hourly_units": {
                "time": "unixtime",
                "temperature_2m": "°C",
                "apparent_temperature": "°C",
                "wind_speed_10m": "km/h",
                "precipitation": "mm",
            },
            "hourly": {
                "time": [begin + 3600 * hour for hour in range(len(told))],
                "temperature_2m": told,
                "apparent_temperature": [round(one * 1.1 - 3, 1) for one in told],
                "wind_speed_10m": [18.0] * len(told),
                "precipitation": [0.0] * len(told),
            },
        }
    )


def _time(at: datetime) -> str:
    """CAP writes UTC as an offset, never as "Z"."""
    return at.isoformat(timespec="seconds").replace("Z", "+00:00")
