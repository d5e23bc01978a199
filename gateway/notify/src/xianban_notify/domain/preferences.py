"""What a person wants: which channels for what, when to be left alone, in which language. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
URGENT: Final = "urgent"
_DAY: Final = 24 * 60


class Copies(StrEnum):
    """Which messages also go to those who act for the person in messages."""

    NONE = "none"
    URGENT = "urgent"
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """One person's; the defaults are everybody's until they choose."""

    person: str
    locale: str = "zh-CN"
    # Minutes of the day in Shanghai, which has known no summer time since 1991.
    quiet: bool = True
    quiet_from: int = 22 * 60
    quiet_until: int = 7 * 60
    copies: Copies = Copies.NONE
    # (category, channel) → wanted; the category is a domain, or "urgent" for what is urgent.
    choices: Mapping[tuple[str, str], bool] = field(default_factory=dict[tuple[str, str], bool])

    def wants(self, channel: str, *, domain: str, urgent: bool, urgent_only: bool) -> bool:
        """Whether a message goes out over the channel; some carry only urgent ones unless asked."""
        category = URGENT if urgent else domain
        return self.choices.get((category, channel), urgent or not urgent_only)

    def wants_copies(self, *, urgent: bool, to_delegates: bool) -> bool:
        """Whether those who act for the person are told too."""
        if self.copies is Copies.ALL:
            return True
        return urgent and (self.copies is Copies.URGENT or to_delegates)

    def silent_until(self, now: datetime) -> datetime | None:
        """The end of the quiet hours that hold at `now`; None outside of them."""
        if not self.quiet or self.quiet_from == self.quiet_until:
            return None
        local = now.astimezone(SHANGHAI)
        since_start = (local.hour * 60 + local.minute - self.quiet_from) % _DAY
        if since_start >= (self.quiet_until - self.quiet_from) % _DAY:
            return None
        end = datetime.combine(local.date(), _clock(self.quiet_until), SHANGHAI)
        return (end if end > local else end + timedelta(days=1)).astimezone(now.tzinfo)


def _clock(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)


def minutes_of(written: str) -> int:
    """ "22:30" as minutes of the day."""
    hours, _, minutes = written.partition(":")
    return int(hours) * 60 + int(minutes)


def written(minutes: int) -> str:
    """Minutes of the day as "22:30"."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
