"""A demo district's traffic around 南桥 and 奉浦: invented, thick when people drive to work."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from xianban_sdk.public.traffic import TrafficStretch

from xianban_plugin_public_traffic import elaborated, situations
from xianban_plugin_public_traffic.documents import opened
from xianban_plugin_public_traffic.elaborated import read_readings
from xianban_plugin_public_traffic.situations import read_closures
from xianban_plugin_public_traffic.source import Told
from xianban_plugin_public_traffic.writing import (
    Closed,
    Measured,
    elaborated_data,
    situation_data,
)

__all__ = ["DemoSource", "closed_at", "measured_at"]

# China keeps UTC+8 without summer time (since 1992).
_SHANGHAI: Final = timezone(timedelta(hours=8))
_PEAKS: Final = (8.0, 17.75)
_WIDTH: Final = 1.1


@dataclass(frozen=True, slots=True)
class _Road:
    location: str
    zh: str
    en: str
    free_seconds: int
    peak: float
    """How many times longer it takes at the worst moment of the day."""
    lots: tuple[str, ...]
    minutes_old: int = 1


_ROADS: Final = (
    _Road("FX-01", "南奉公路（示意）", "Nanfeng Road (demo)", 240, 2.2, ("nanqiao-bailian",)),
    _Road("FX-02", "解放路（示意）", "Jiefang Road (demo)", 150, 4.6, ("nanqiao-guhua-park",)),
    _Road("FX-03", "南桥路（示意）", "Nanqiao Road (demo)", 180, 1.6, ("nanqiao-library",)),
    _Road("FX-04", "奉浦大道（示意）", "Fengpu Avenue (demo)", 300, 1.9, ("fengpu-metro-pr",)),
    _Road(
        "FX-05",
        "环城东路（示意）",
        "East Huancheng Road (demo)",
        210,
        5.0,
        ("fengpu-powerlong", "fengpu-huancheng-metro-pr"),
    ),
    _Road("FX-06", "望园路（示意）", "Wangyuan Road (demo)", 160, 1.2, ("fengpu-community",)),
    _Road("FX-07", "金海公路（示意）", "Jinhai Road (demo)", 260, 1.3, ("fengpu-sports",), 8),
    # Closed for works by day; its car park has no other way.
    _Road("FX-08", "江海路（示意）", "Jianghai Road (demo)", 120, 1.4, ("nanqiao-jiefang-east",)),
    # Closed, too, but one can come by the other road.
    _Road("FX-09", "育秀路（示意）", "Yuxiu Road (demo)", 140, 1.3, ("fengpu-community",)),
)
_WORKS: Final = (("FX-08", 9, 16), ("FX-09", 0, 24))


def measured_at(now: datetime) -> list[Measured]:
    """What a control centre would have worked out by now."""
    return [_measured(road, now) for road in _ROADS]


def _measured(road: _Road, now: datetime) -> Measured:
    at = now.replace(second=0, microsecond=0) - timedelta(minutes=road.minutes_old - 1)
    travel = round(road.free_seconds * _times_longer(road, at))
    share = road.free_seconds / travel
    status = "freeFlow" if share >= 0.75 else "slow" if share >= 0.25 else "queuing"
    return Measured(road.location, at, status, travel, road.free_seconds)


def _times_longer(road: _Road, at: datetime) -> float:
    """Two humps on a working day, and a little restlessness."""
    local = at.astimezone(_SHANGHAI)
    hour = local.hour + local.minute / 60
    hump = max(math.exp(-(((hour - peak) / _WIDTH) ** 2)) for peak in _PEAKS)
    hump *= 0.35 if local.weekday() >= 5 else 1.0
    restless = 0.04 * math.sin(local.minute + road.free_seconds)
    return max(1.0, 1 + (road.peak - 1) * hump + restless)


def closed_at(now: datetime) -> list[Closed]:
    """Works that stand today."""
    day = now.astimezone(_SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        Closed(
            f"works-{location}-{day:%Y%m%d}",
            location,
            day + timedelta(hours=first),
            day + timedelta(hours=last),
            comment="演示：道路施工",
        )
        for location, first, last in _WORKS
    ]


class DemoSource:
    """The same documents as a control centre's, through the same readers."""

    id = "demo"
    names: Mapping[str, str] = {
        "zh-CN": "演示交通信息中心（演示数据）",
        "en": "Demo traffic centre (invented)",
    }
    cadence = timedelta(minutes=1)

    def read(self, now: datetime) -> Iterator[Told]:
        """Nothing of it is measured anywhere."""
        known = [road.location for road in _ROADS]
        yield from (_stretch(road) for road in _ROADS)
        body = elaborated_data(now, measured_at(now))
        yield from read_readings(opened(body, elaborated.KIND, now), known, now)
        body = situation_data(now, closed_at(now))
        closures, unread = read_closures(opened(body, situations.KIND, now), known)
        yield closures
        yield from unread


def _stretch(road: _Road) -> TrafficStretch:
    names = {"zh-CN": road.zh, "en": road.en}
    return TrafficStretch(road.location, names, tuple(f"lots/{lot}" for lot in road.lots))
