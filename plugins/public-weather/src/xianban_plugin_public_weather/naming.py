"""What a message is about, by the words that it uses: hazard and colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from xianban_sdk.public.warnings import Colour, Hazard

__all__ = ["colour_of", "hazard_of", "locale_of"]

# In this order: a typhoon warning also speaks of wind and rain.
_HAZARDS: Final[Mapping[Hazard, tuple[str, ...]]] = {
    "typhoon": ("台风", "typhoon", "hurricane", "tropical"),
    "heat": ("高温", "heat", "hot"),
    "cold": ("寒潮", "低温", "寒冷", "降温", "cold", "chill", "freeze"),
    "rain": ("暴雨", "rain", "rainstorm", "flood"),
    "snow": ("暴雪", "snow", "blizzard"),
    "thunder": ("雷电", "雷暴", "雷雨", "冰雹", "thunder", "thunderstorm", "hail"),
    "ice": ("结冰", "霜冻", "冰冻", "ice", "icy", "frost"),
    "wind": ("大风", "wind", "gale", "storm"),
    "fog": ("大雾", "fog"),
    "haze": ("霾", "haze"),
    "dust": ("沙尘", "dust", "sandstorm"),
}
_COLOURS: Final[Mapping[Colour, tuple[str, str]]] = {
    "red": ("红色", "red"),
    "orange": ("橙色", "orange"),
    "yellow": ("黄色", "yellow"),
    "blue": ("蓝色", "blue"),
}
_WORD: Final = re.compile(r"[a-z]+")


def hazard_of(*texts: str) -> Hazard:
    """The first text that names one says it."""
    for text in texts:
        for hazard, names in _HAZARDS.items():
            if _says(text, names):
                return hazard
    return "other"


def colour_of(*texts: str) -> Colour:
    """As `hazard_of`; empty where no colour of the four is named."""
    for text in texts:
        for colour, names in _COLOURS.items():
            if _says(text, names):
                return colour
    return ""


def locale_of(language: str) -> str:
    """The suite's locale of an RFC 3066 code; CAP takes none for English of the United States."""
    return "zh-CN" if language.lower().startswith("zh") else "en"


def _says(text: str, names: Iterable[str]) -> bool:
    words = set(_WORD.findall(text.lower()))
    return any(name in words if name.isascii() else name in text for name in names)
