"""A demo district's responders around 南桥 and 奉浦: invented, and named as a demo."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from xianban_sdk.public.responders import Responder, ResponderUnread

from xianban_plugin_public_responders.entities import read_one

__all__ = ["DemoSource", "entities_at"]

_SHANGHAI: Final = timezone(timedelta(hours=8))
_DAY: Final = timedelta(days=1)
_ROUND: Final = 1800.0
# Number, name, organisation, skills, latitude, longitude, state, age of the position in minutes.
_PEOPLE: Final = (
    ("a1", "演示急救一组", "南桥急救站（演示）", ["first-aid"], 30.9195, 121.4581, "free", 1),
    ("a2", "演示急救二组", "奉浦急救站（演示）", ["first-aid"], 30.9392, 121.4688, "free", 2),
    ("a3", "演示急救三组", "南桥急救站（演示）", ["first-aid"], 30.9220, 121.4600, "free", 25),
    ("f1", "演示消防班", "南桥消防站（演示）", ["fire", "first-aid"], 30.9160, 121.4702, "busy", 1),
    ("s1", "演示社工", "南桥社区（演示）", ["social-work", "search"], 30.9181, 121.4560, "free", 1),
    ("r1", "演示维修工", "奉浦服务站（演示）", ["repair"], 30.9350, 121.4650, "free", 3),
)


def entities_at(now: datetime) -> list[dict[str, Any]]:
    """As a broker would list them now; they walk in small circles."""
    day = now.astimezone(_SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return [_entity(one, index, day, now) for index, one in enumerate(_PEOPLE)]


def _entity(one: Sequence[Any], index: int, day: datetime, now: datetime) -> dict[str, Any]:
    number, name, organisation, skills, latitude, longitude, state, minutes = one
    seen = now - timedelta(minutes=minutes)
    turn = 2 * math.pi * (seen.timestamp() % _ROUND) / _ROUND + index
    point = [longitude + 0.001 * math.cos(turn), latitude + 0.001 * math.sin(turn)]
    return {
        "id": f"urn:ngsi-ld:Responder:{number}",
        "type": "Responder",
        "name": {"type": "Property", "value": name},
        "organisation": {"type": "Property", "value": organisation},
        "skills": {"type": "Property", "value": skills},
        "status": {"type": "Property", "value": state},
        "dutyStart": {"type": "Property", "value": _date(day)},
        "dutyEnd": {"type": "Property", "value": _date(day + _DAY)},
        "location": {
            "type": "GeoProperty",
            "value": {"type": "Point", "coordinates": point},
            "observedAt": seen.isoformat(),
            "accuracy": {"type": "Property", "value": 12, "unitCode": "MTR"},
        },
    }


def _date(at: datetime) -> dict[str, str]:
    return {"@type": "DateTime", "@value": at.isoformat()}


class DemoSource:
    """The same entities as a broker's, through the same reader."""

    id = "demo"
    names: Mapping[str, str] = {
        "zh-CN": "演示调度台（演示数据）",
        "en": "Demo dispatching desk (invented)",
    }
    cadence = timedelta(seconds=30)

    def read(self, now: datetime) -> Iterator[Responder | ResponderUnread]:
        """Whoever is in the table; nobody real."""
        for one in entities_at(now):
            yield read_one(one, "Responder", now)
