"""Numbers as Bluetooth health instruments write them, least significant octet first.

SFLOAT and FLOAT are IEEE 11073-20601's SFLOAT-Type and FLOAT-Type: a signed mantissa times ten to a
signed exponent, with five mantissas that say why there is no number.
"""

from __future__ import annotations

from typing import Final

__all__ = ["Octets"]

# +INF, NaN, NRes (not at this resolution), reserved, -INF: each with exponent 0.
_NO_SFLOAT: Final = frozenset({0x07FE, 0x07FF, 0x0800, 0x0801, 0x0802})
_NO_FLOAT: Final = frozenset({0x7FFFFE, 0x7FFFFF, 0x800000, 0x800001, 0x800002})


class Octets:
    """Reads from the front; ValueError when there are too few, or some are left at the end."""

    def __init__(self, octets: bytes) -> None:
        self._left = octets

    def take(self, count: int) -> bytes:
        """The next `count` octets."""
        if len(self._left) < count:
            raise ValueError("too few octets")
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._left))

    def end(self) -> None:
        """Nothing may follow."""
        if self._left:
            raise ValueError("too many octets")

    def unsigned(self, count: int) -> int:
        """An unsigned integer of `count` octets."""
        return int.from_bytes(self.take(count), "little")

    def sfloat(self) -> float | None:
        """SFLOAT, 16 bits: 4 of exponent, 12 of mantissa. None: not measured."""
        raw = self.unsigned(2)
        return None if raw in _NO_SFLOAT else _decimal(_signed(raw, 12), _signed(raw >> 12, 4))

    def wide_float(self) -> float | None:
        """FLOAT, 32 bits: 8 of exponent, 24 of mantissa. None: not measured."""
        raw = self.unsigned(4)
        return None if raw in _NO_FLOAT else _decimal(_signed(raw, 24), _signed(raw >> 24, 8))


def _signed(raw: int, bits: int) -> int:
    """The lowest bits in two's complement."""
    low = raw & ((1 << bits) - 1)
    return low - (1 << bits) if low >> (bits - 1) else low


def _decimal(mantissa: int, exponent: int) -> float:
    """Read as decimal text, so that 364 × 10⁻¹ is 36.4 and no neighbour of it."""
    return float(f"{mantissa}e{exponent}")
