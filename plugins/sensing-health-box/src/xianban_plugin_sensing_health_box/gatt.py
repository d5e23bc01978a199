"""What one GATT characteristic says, by the Bluetooth SIG's GATT Specification Supplement.

Flags that the supplement reserves may announce fields that we do not know: these are at the end
and are skipped. Without such a flag each octet must be accounted for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from xianban_plugin_sensing_health_box.octets import Octets

__all__ = ["CHARACTERISTICS", "Number", "Told"]


@dataclass(frozen=True, slots=True)
class Number:
    """One quantity; value None: the instrument says that it has not measured it."""

    kind: str
    value: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class Told:
    """One characteristic."""

    numbers: tuple[Number, ...]
    clock: bytes = b""
    """GATT's Date Time, 7 octets of local time; empty: none, or the clock is not set."""
    user: int | None = None
    """Which of its users the instrument means."""
    doubt: str = ""
    """Why none of its numbers can be believed; empty: they can."""


def _blood_pressure(octets: Octets) -> Told:
    """0x2A35, Blood Pressure Measurement. The mean pressure has no kind here and is passed over."""
    flags = octets.unsigned(1)
    unit = "kPa" if flags & 1 else "mm[Hg]"
    systolic, diastolic, _ = octets.sfloat(), octets.sfloat(), octets.sfloat()
    numbers = [
        Number("systolic-pressure", systolic, unit),
        Number("diastolic-pressure", diastolic, unit),
    ]
    clock = octets.take(7) if flags & 2 else b""
    if flags & 4:
        numbers.append(Number("heart-rate", octets.sfloat(), "/min"))
    user = octets.unsigned(1) if flags & 8 else None
    if flags & 16:
        octets.take(2)  # moved, cuff too loose, irregular …: the number still stands
    _finish(octets, flags, 0xE0)
    return Told(tuple(numbers), clock, user)


def _thermometer(octets: Octets) -> Told:
    """0x2A1C, Temperature Measurement."""
    flags = octets.unsigned(1)
    unit = "[degF]" if flags & 1 else "Cel"
    value = octets.wide_float()
    clock = octets.take(7) if flags & 2 else b""
    if flags & 4:
        octets.take(1)  # where on the body
    _finish(octets, flags, 0xF8)
    return Told((Number("body-temperature", value, unit),), clock)


def _heart_rate(octets: Octets) -> Told:
    """0x2A37, Heart Rate Measurement: without skin contact it counts for nothing."""
    flags = octets.unsigned(1)
    value = float(octets.unsigned(2 if flags & 1 else 1))
    if flags & 8:
        octets.take(2)  # energy expended
    if flags & 16 and len(octets.rest()) not in range(2, 512, 2):
        raise ValueError("half an RR interval, or none")
    _finish(octets, flags, 0xE0)
    off = flags & 0b110 == 0b100
    return Told((Number("heart-rate", value, "/min"),), doubt="SENSOR_OFF" if off else "")


def _battery(octets: Octets) -> Told:
    """0x2A19, Battery Level: 101 and more are reserved."""
    percent = octets.unsigned(1)
    octets.end()
    return Told((Number("battery", float(percent) if percent <= 100 else None, "%"),))


def _oximeter_spot(octets: Octets) -> Told:
    """0x2A5E, PLX Spot-Check Measurement."""
    flags = octets.unsigned(1)
    numbers = _saturation(octets)
    clock = octets.take(7) if flags & 1 else b""
    doubt = _doubt(octets, flags & 2, flags & 4)
    if flags & 8:
        octets.take(2)  # pulse amplitude
    _finish(octets, flags, 0xE0)
    return Told(numbers, b"" if flags & 16 else clock, doubt=doubt)


def _oximeter_stream(octets: Octets) -> Told:
    """0x2A5F, PLX Continuous Measurement: fast and slow responses are passed over."""
    flags = octets.unsigned(1)
    numbers = _saturation(octets)
    octets.take(4 * (flags & 1) + 2 * (flags & 2))
    doubt = _doubt(octets, flags & 4, flags & 8)
    if flags & 16:
        octets.take(2)  # pulse amplitude
    _finish(octets, flags, 0xE0)
    return Told(numbers, doubt=doubt)


def _saturation(octets: Octets) -> tuple[Number, ...]:
    return (
        Number("oxygen-saturation", octets.sfloat(), "%"),
        Number("heart-rate", octets.sfloat(), "/min"),
    )


# Measurement status (PLXS 1.0.1): demonstration, testing, calibration, unavailable,
# questionable, invalid.
_NOT_REAL: Final = 0b1111_1100_0000_0000
# Device and sensor status: not on the finger, displaced, disconnected.
_OFF: Final = 1 << 11 | 1 << 13 | 1 << 15
# Broken or unknown; signal irregular, inadequate, erratic, without pulse, questionable, disturbed.
_BROKEN: Final = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 12 | 1 << 14


def _doubt(octets: Octets, has_measurement: int, has_sensor: int) -> str:
    """Why the oximeter itself does not believe its numbers; poor signal alone is no reason."""
    measurement = octets.unsigned(2) if has_measurement else 0
    sensor = octets.unsigned(3) if has_sensor else 0
    if sensor & _OFF:
        return "SENSOR_OFF"
    return "MEASUREMENT_DOUBTFUL" if measurement & _NOT_REAL or sensor & _BROKEN else ""


def _finish(octets: Octets, flags: int, reserved: int) -> None:
    if flags & reserved:
        octets.rest()
    octets.end()


# 16-bit UUID → reader; it raises ValueError when the octets do not fit their flags.
CHARACTERISTICS: Final[Mapping[str, Callable[[Octets], Told]]] = {
    "2a19": _battery,
    "2a1c": _thermometer,
    "2a35": _blood_pressure,
    "2a37": _heart_rate,
    "2a5e": _oximeter_spot,
    "2a5f": _oximeter_stream,
}
