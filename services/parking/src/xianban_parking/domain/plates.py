"""Number plates after GA 36-2018 (机动车号牌): one spelling per plate, or a clear refusal.

What GA 36 leaves to others but gates still see (armed police WJ, military two-letter plates,
应急 fire and rescue plates) is recognised as its own kind, so that nobody bills it by accident.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from xianban_parking.domain.errors import PlateError

__all__ = ["MAX_RAW_LENGTH", "Plate", "PlateKind", "normalise_plate", "parse_plate"]

MAX_RAW_LENGTH = 32

PROVINCES = frozenset("京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新")
DIGITS = frozenset("0123456789")
# GA 36-2018 5.8: the serial uses digits and the 24 letters left after I and O.
SERIAL_LETTERS = frozenset("ABCDEFGHJKLMNPQRSTUVWXYZ")
SERIAL = DIGITS | SERIAL_LETTERS
# The issuing-office letter may be O (older police offices); I was never issued.
OFFICE_LETTERS = SERIAL_LETTERS | {"O"}
# Pure electric first, then the other new-energy kinds (GA 36-2018, new-energy serials).
BATTERY_LETTERS = frozenset("DABCE")
HYBRID_LETTERS = frozenset("FGHJK")
NEW_ENERGY_LETTERS = BATTERY_LETTERS | HYBRID_LETTERS
ENDINGS = frozenset("警学挂港澳领试超")
RESCUE_OFFICES = frozenset("XS")

SEPARATORS = frozenset("·•‧∙⋅・･.●‐‑‒–—―−-_ \t\u3000\u00a0\u200b\ufeff")
# Letters of other scripts that cameras' keyboards and pasted text put in the place of Latin ones.
LOOK_ALIKES = str.maketrans(
    "АВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ滬蘇遼贛魯雲貴陝寧瓊閩粵學領掛應",
    "ABEKMHOPCTYXIJSABEZHIKMNOPTYX沪苏辽赣鲁云贵陕宁琼闽粤学领挂应",
)
SERIAL_LOOK_ALIKES = str.maketrans("OI", "01")


class PlateKind(StrEnum):
    """What the shape of a plate says about the vehicle."""

    ORDINARY = "ordinary"
    NEW_ENERGY_SMALL = "new_energy_small"
    NEW_ENERGY_LARGE = "new_energy_large"
    POLICE = "police"
    LEARNER = "learner"
    TRAILER = "trailer"
    HONG_KONG = "hong_kong"
    MACAO = "macao"
    CONSULATE = "consulate"
    EMBASSY = "embassy"
    TEST = "test"
    OVERSIZE = "oversize"
    CIVIL_AVIATION = "civil_aviation"
    RESCUE = "rescue"
    ARMED_POLICE = "armed_police"
    MILITARY = "military"


ENDING_KINDS = {
    "警": PlateKind.POLICE,
    "学": PlateKind.LEARNER,
    "挂": PlateKind.TRAILER,
    "港": PlateKind.HONG_KONG,
    "澳": PlateKind.MACAO,
    "领": PlateKind.CONSULATE,
    "试": PlateKind.TEST,
    "超": PlateKind.OVERSIZE,
}


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate in its one canonical spelling (no separator), with the kind its shape tells."""

    text: str
    kind: PlateKind

    @property
    def is_new_energy(self) -> bool:
        """Whether the plate is one of the green new-energy plates."""
        return self.kind in (PlateKind.NEW_ENERGY_SMALL, PlateKind.NEW_ENERGY_LARGE)

    @property
    def is_battery_electric(self) -> bool:
        """Whether the new-energy letter stands for a pure electric vehicle."""
        if self.kind is PlateKind.NEW_ENERGY_SMALL:
            return self.text[2] in BATTERY_LETTERS
        return self.kind is PlateKind.NEW_ENERGY_LARGE and self.text[-1] in BATTERY_LETTERS

    def displayed(self) -> str:
        """The plate as painted: 沪A·12345."""
        return f"{self.text[:2]}·{self.text[2:]}"

    def masked(self) -> str:
        """For screens others may see: office, first and last character (沪A·1***5)."""
        serial = self.text[2:]
        return f"{self.text[:2]}·{serial[0]}{'*' * (len(serial) - 2)}{serial[-1]}"


def normalise_plate(raw: str) -> str:
    """One spelling: NFKC, upper case, no separators, look-alikes resolved; not yet validated."""
    if len(raw) > MAX_RAW_LENGTH:
        raise PlateError("PLATE_TOO_LONG", "plate", {"length": len(raw), "max": MAX_RAW_LENGTH})
    folded = unicodedata.normalize("NFKC", raw).upper().translate(LOOK_ALIKES)
    compact = "".join(char for char in folded if char not in SEPARATORS)
    return _resolve_serial(compact)


def parse_plate(raw: str) -> Plate:
    """The plate a text means, or PlateError saying which character breaks which rule."""
    text = normalise_plate(raw)
    if not text:
        raise PlateError("PLATE_EMPTY", "plate")
    special = _special_kind(text)
    if special is not None:
        return Plate(text, special)
    _check_office(text)
    if len(text) == 7:
        return Plate(text, _seven_kind(text))
    if len(text) == 8:
        return Plate(text, _new_energy_kind(text))
    raise PlateError("PLATE_LENGTH", "plate", {"length": len(text)})


def _resolve_serial(text: str) -> str:
    """O and I do not exist in a serial, so there they can only be a misread 0 and 1."""
    if text[:1] in PROVINCES:
        return text[:2] + text[2:].translate(SERIAL_LOOK_ALIKES)
    if text.startswith(("使", "民航")) or text.endswith("使"):
        return text.translate(SERIAL_LOOK_ALIKES)
    return text


def _special_kind(text: str) -> PlateKind | None:
    """Plates that do not begin with a province and an office letter plus five or six signs."""
    if _is_embassy(text):
        return PlateKind.EMBASSY
    if text.startswith("民航") and len(text) == 7 and _all(text[2:], SERIAL):
        return PlateKind.CIVIL_AVIATION
    if _is_rescue(text):
        return PlateKind.RESCUE
    if text.startswith("WJ") and _is_armed_police(text[2:]):
        return PlateKind.ARMED_POLICE
    if len(text) == 7 and _all(text[:2], SERIAL_LETTERS) and _all(text[2:], DIGITS):
        return PlateKind.MILITARY
    return None


def _is_embassy(text: str) -> bool:
    # 使 stood first until 2017 and stands last since; both are on the road.
    if len(text) != 7:
        return False
    digits = text[1:] if text[0] == "使" else text[:-1]
    return "使" in (text[0], text[-1]) and _all(digits, DIGITS)


def _is_rescue(text: str) -> bool:
    return (
        len(text) == 8
        and text.endswith("应急")
        and text[0] in PROVINCES
        and text[1] in RESCUE_OFFICES
        and _all(text[2:6], SERIAL)
    )


def _is_armed_police(rest: str) -> bool:
    number = rest[1:] if rest[:1] in PROVINCES else rest
    return len(number) == 5 and _all(number[:4], DIGITS) and number[4] in SERIAL


def _check_office(text: str) -> None:
    if text[0] not in PROVINCES:
        raise PlateError("PLATE_PROVINCE", "plate", {"position": 1, "found": text[0]})
    if len(text) < 2 or text[1] not in OFFICE_LETTERS:
        found = text[1:2] or "nothing"
        raise PlateError("PLATE_OFFICE_LETTER", "plate", {"position": 2, "found": found})


def _seven_kind(text: str) -> PlateKind:
    ending = text[-1]
    if ending not in ENDINGS:
        _check_serial(text, 2, SERIAL)
        return PlateKind.ORDINARY
    _check_serial(text[:-1], 2, SERIAL)
    if ending in "港澳" and not text.startswith("粤Z"):
        raise PlateError("PLATE_CROSS_BORDER_OFFICE", "plate", {"expected": "粤Z"})
    return ENDING_KINDS[ending]


def _new_energy_kind(text: str) -> PlateKind:
    if text[2] in NEW_ENERGY_LETTERS:
        _check_serial(text, 3, SERIAL, until=4)
        _check_serial(text, 4, DIGITS)
        return PlateKind.NEW_ENERGY_SMALL
    if text[-1] in NEW_ENERGY_LETTERS:
        _check_serial(text[:-1], 2, DIGITS)
        return PlateKind.NEW_ENERGY_LARGE
    raise PlateError("PLATE_NEW_ENERGY_LETTER", "plate", {"third": text[2], "last": text[-1]})


def _check_serial(text: str, start: int, allowed: frozenset[str], until: int | None = None) -> None:
    for index, char in enumerate(text[start:until], start=start + 1):
        if char not in allowed:
            raise PlateError("PLATE_SERIAL", "plate", {"position": index, "found": char})


def _all(text: str, allowed: frozenset[str]) -> bool:
    return bool(text) and all(char in allowed for char in text)
