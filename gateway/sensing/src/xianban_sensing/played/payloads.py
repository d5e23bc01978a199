"""What devices say, as the adapters of their models read it, and what their displays are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

__all__ = ["box", "charged", "displayed", "fix", "json_object", "pressed"]


def json_object(**told: Any) -> bytes:
    """A wristband's message, and a home set's."""
    return orjson.dumps(told)


# -- the locator: NMEA 0183 --------------------------------------------------------------------


def fix(at: datetime, latitude: float, longitude: float) -> bytes:
    """One GGA of a receiver with a good fix, north of the equator and east of Greenwich."""
    utc = at.utctimetuple()
    clock = f"{utc.tm_hour:02}{utc.tm_min:02}{utc.tm_sec:02}.00"
    body = (
        f"GNGGA,{clock},{_degrees(latitude, 2)},N,{_degrees(longitude, 3)},E,1,10,0.9,4.0,M,0.0,M,,"
    )
    check = 0
    for letter in body.encode():
        check ^= letter
    return f"${body}*{check:02X}\r\n".encode()


def _degrees(value: float, digits: int) -> str:
    whole = int(value)
    return f"{whole:0{digits}}{(value - whole) * 60:07.4f}"


def charged(percent: int) -> bytes:
    """How full the locator's battery is."""
    return f"$XB,BAT,{percent}\r\n".encode()


def pressed(counter: int) -> bytes:
    """The locator's button."""
    return f"$XB,SOS,{counter}\r\n".encode()


# -- the health box: GATT characteristics ------------------------------------------------------


def box(
    *, pressure: tuple[int, int], pulse: int, oxygen: int, temperature: float, battery: int
) -> bytes:
    """A cuff with pulse, an oximeter on the finger, a thermometer and the box's battery."""
    systolic, diastolic = pressure
    mean = (systolic + 2 * diastolic) // 3
    tenths = round(temperature * 10).to_bytes(3, "little") + b"\xff"  # × 10⁻¹
    said = {
        "2A35": b"\x04" + _sfloats([systolic, diastolic, mean, pulse]),
        "2A5E": b"\x00" + _sfloats([oxygen, pulse]),
        "2A1C": b"\x00" + tenths,
        "2A19": bytes([battery]),
    }
    return json_object(items=[{"c": uuid, "v": octets.hex()} for uuid, octets in said.items()])


def _sfloats(values: Sequence[int]) -> bytes:
    """Whole numbers below 2046 are their own mantissas, with exponent 0."""
    return b"".join(value.to_bytes(2, "little") for value in values)


# -- displays ----------------------------------------------------------------------------------


def displayed(payload: bytes) -> tuple[str, str]:
    """(word, text) of a message to the wearer; what cannot be read is shown as it came."""
    try:
        if payload.startswith(b"$XB,TELL,"):
            _, _, word, digits, *_ = payload.decode("ascii").partition("*")[0].split(",")
            return word, bytes.fromhex(digits).decode()
        told = orjson.loads(payload)
        return str(told["cmd"]), str(told["text"])
    except (ValueError, KeyError, TypeError):
        return "", payload.decode(errors="replace")
