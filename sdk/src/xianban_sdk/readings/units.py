"""Conversions between UCUM units that devices are known to mix up; anything else is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Conversion", "conversion"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """`value * factor + offset`."""

    factor: float
    offset: float = 0.0


_MMHG_PER_KPA: Final = 7.500615613  # 1 mm[Hg] = 0.133322387 kPa

_KNOWN: Final = {
    ("[degF]", "Cel"): Conversion(5 / 9, -160 / 9),
    ("K", "Cel"): Conversion(1.0, -273.15),
    ("kPa", "mm[Hg]"): Conversion(_MMHG_PER_KPA),
    ("mm[Hg]", "kPa"): Conversion(1 / _MMHG_PER_KPA),
    # Glucose, 180.156 g/mol.
    ("mg/dL", "mmol/L"): Conversion(1 / 18.0156),
    ("Hz", "/min"): Conversion(60.0),
    ("/s", "/min"): Conversion(60.0),
    ("{beats}/min", "/min"): Conversion(1.0),
    ("[in_i]", "cm"): Conversion(2.54),
    ("m", "cm"): Conversion(100.0),
    ("[lb_av]", "kg"): Conversion(0.45359237),
    ("g", "kg"): Conversion(0.001),
    ("1", "%"): Conversion(100.0),
}


def conversion(given: str, wanted: str) -> Conversion | None:
    """How to come from one unit to the other; None: not at all."""
    return _KNOWN.get((given, wanted))
