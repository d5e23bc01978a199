"""A demo district's weather service: what the season brings, said to be a demo in every line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from xianban_sdk.public.warnings import Forecast, Unread, WeatherWarning

from xianban_plugin_public_weather.bulletins import Bulletin, Words, cap, hourly
from xianban_plugin_public_weather.cap import read_alert
from xianban_plugin_public_weather.open_meteo import read_forecast

__all__ = ["DemoSource", "bulletin_of"]

# China keeps UTC+8 without summer time (since 1992).
_SHANGHAI: Final = timezone(timedelta(hours=8))
_DAY: Final = timedelta(days=1)
_DISTRICT: Final = "310120"
_WARM_MONTHS: Final = range(5, 10)
_COLD: Final = {
    "zh-CN": Words(
        "寒潮橙色预警",
        "【演示】奉贤区寒潮橙色预警",
        "受强冷空气影响，未来 24 小时内最低气温将下降 12℃以上，平均风力 5—6 级。",
        "老人尽量不要出门，注意添衣保暖；用煤炉、炭火取暖的要开窗通风，防止煤气中毒。",
        "奉贤区（演示）",
    ),
    "en": Words(
        "Cold wave orange warning",
        "[Demo] Cold wave orange warning for Fengxian",
        "Strong cold air: the lowest temperature falls by more than 12 °C within 24 hours.",
        "Old people stay at home and keep warm. Who heats with coal opens a window.",
        "Fengxian District (demo)",
    ),
}
_HEAT: Final = {
    "zh-CN": Words(
        "高温橙色预警",
        "【演示】奉贤区高温橙色预警",
        "预计今天最高气温将升至 37℃以上。",
        "老人尽量待在阴凉或有空调的房间，多喝水；头晕、恶心、不出汗要马上叫人。",
        "奉贤区（演示）",
    ),
    "en": Words(
        "Heat orange warning",
        "[Demo] Heat orange warning for Fengxian",
        "The highest temperature is expected to rise above 37 °C today.",
        "Old people stay in a cool room and drink enough. Dizzy, sick or no longer sweating: call.",
        "Fengxian District (demo)",
    ),
}


def bulletin_of(now: datetime) -> Bulletin:
    """The day's warning."""
    day = now.astimezone(_SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    warm = day.month in _WARM_MONTHS
    return Bulletin(
        identifier=f"demo-{day:%Y-%m-%d}",
        sent=day,
        expires=day + _DAY,
        words=_HEAT if warm else _COLD,
    )


class DemoSource:
    """Tells the day's warning and an invented forecast."""

    id = "demo"
    names: Mapping[str, str] = {
        "zh-CN": "演示气象台（演示数据）",
        "en": "Demo weather office (invented)",
    }
    cadence = timedelta(minutes=5)

    def read(self, now: datetime) -> Iterator[WeatherWarning | Forecast | Unread]:
        """The same messages as a real service's, through the same reader."""
        yield from read_alert(cap(bulletin_of(now)), {})
        first = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        middle = 31.0 if now.astimezone(_SHANGHAI).month in _WARM_MONTHS else 3.0
        degrees = (
            round(middle + 6 * math.sin((first.hour + hour - 2) / 24 * 2 * math.pi), 1)
            for hour in range(36)
        )
        yield from read_forecast(hourly(first, degrees), _DISTRICT)
