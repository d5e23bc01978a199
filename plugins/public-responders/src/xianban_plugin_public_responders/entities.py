"""NGSI-LD entities, normalised (ETSI GS CIM 009, 4.5) → responders; nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import isfinite
from typing import Any, Final, NoReturn, cast, get_args

from xianban_sdk.public.responders import (
    DutyState,
    Responder,
    ResponderPosition,
    ResponderUnread,
    Skill,
)

__all__ = ["Unreadable", "read_entity", "read_one"]

_STATES: Final = frozenset(get_args(DutyState))
_SKILLS: Final = {str(one): one for one in Skill}
_LONGEST: Final = 128
_MOST_SKILLS: Final = 8
# A broker's clock may be a little ahead; nobody was seen in what is to come.
_AHEAD: Final = timedelta(minutes=2)
_EAST, _NORTH = 180.0, 90.0


class Unreadable(ValueError):
    """An entity that is no responder: the attribute, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def read_one(entity: object, type_: str, now: datetime) -> Responder | ResponderUnread:
    """The responder; or which attribute is wrong, without any value of it."""
    try:
        return read_entity(entity, type_, now)
    except Unreadable as error:
        named = cast("Mapping[str, Any]", entity).get("id") if isinstance(entity, Mapping) else ""
        return ResponderUnread(str(named or "")[:_LONGEST], error.field, error.reason)


def read_entity(entity: object, type_: str, now: datetime) -> Responder:
    """Raises Unreadable."""
    if not isinstance(entity, Mapping):
        _refuse("entity", "NOT_AN_OBJECT")
    told = cast("Mapping[str, Any]", entity)
    if type_ not in _listed(told.get("type")):
        _refuse("type", "TYPE_UNKNOWN")
    starts, ends = _time(told, "dutyStart"), _time(told, "dutyEnd")
    if ends <= starts:
        _refuse("dutyEnd", "BEFORE_DUTY_START")
    return Responder(
        id=_id(told.get("id")),
        name=_text(told, "name", needed=True),
        skills=_skills(told),
        on_duty_from=starts,
        on_duty_until=ends,
        state=_state(told),
        organisation=_text(told, "organisation"),
        position=_position(told, now),
        phone=_text(told, "telephone"),
        person=_text(told, "person"),
    )


def _id(value: object) -> str:
    if not isinstance(value, str) or not value.startswith("urn:") or len(value) > _LONGEST:
        _refuse("id", "NO_URN")
    return value


def _value(told: Mapping[str, Any], name: str) -> object:
    """Of a Property; None: it is not there."""
    if name not in told:
        return None
    attribute = told[name]
    if not isinstance(attribute, Mapping):
        _refuse(name, "NOT_NORMALISED")
    known = cast("Mapping[str, Any]", attribute)
    if known.get("type") != "Property":
        _refuse(name, "NO_PROPERTY")
    return known.get("value")


def _text(told: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    value = _value(told, name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST or (needed and not value.strip()):
        _refuse(name, f"NO_TEXT_OF_{_LONGEST}")
    return value


def _state(told: Mapping[str, Any]) -> DutyState:
    value = _value(told, "status")
    if not isinstance(value, str) or value not in _STATES:
        _refuse("status", "VALUE_UNKNOWN")
    return cast("DutyState", value)


def _skills(told: Mapping[str, Any]) -> tuple[Skill, ...]:
    """Those that are known; a broker may know more."""
    named = _listed(_value(told, "skills"))
    if not named or len(named) > _MOST_SKILLS:
        _refuse("skills", f"NOT_1_TO_{_MOST_SKILLS}")
    return tuple(_SKILLS[one] for one in named if one in _SKILLS)


def _listed(value: object) -> list[str]:
    """NGSI-LD writes a list of one as its only item."""
    items = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [one for one in items if isinstance(one, str)]


def _time(told: Mapping[str, Any], name: str) -> datetime:
    value = _value(told, name)
    if isinstance(value, Mapping):
        value = cast("Mapping[str, Any]", value).get("@value")
    return _instant(value, name)


def _instant(value: object, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        _refuse(name, "TIME_UNREADABLE")
    if at.tzinfo is None:
        _refuse(name, "TIME_WITHOUT_ZONE")
    return at


def _position(told: Mapping[str, Any], now: datetime) -> ResponderPosition | None:
    """GeoJSON is WGS 84 (RFC 7946); what says that it is something else is refused."""
    location = told.get("location")
    if location is None:
        return None
    if not isinstance(location, Mapping):
        _refuse("location", "NOT_NORMALISED")
    known = cast("Mapping[str, Any]", location)
    if known.get("type") != "GeoProperty":
        _refuse("location", "NO_GEO_PROPERTY")
    for name in ("datum", "crs"):
        if _value(known, name) not in (None, "WGS84", "WGS-84", "EPSG:4326"):
            _refuse(f"location.{name}", "DATUM_NOT_WGS84")
    longitude, latitude = _point(known.get("value"))
    observed = _instant(known.get("observedAt"), "location.observedAt")
    if observed - now > _AHEAD:
        _refuse("location.observedAt", "TIME_IN_FUTURE")
    return ResponderPosition(latitude, longitude, observed, _accuracy(known))


def _point(value: object) -> tuple[float, float]:
    geometry = cast("Mapping[str, Any]", value if isinstance(value, Mapping) else {})
    if geometry.get("type") != "Point" or "crs" in geometry:
        _refuse("location.value", "NO_POINT")
    numbers = geometry.get("coordinates")
    if not isinstance(numbers, list) or len(cast("list[Any]", numbers)) not in (2, 3):
        _refuse("location.value.coordinates", "NO_COORDINATES")
    east, north = (_number(one) for one in cast("list[Any]", numbers)[:2])
    if east is None or north is None or abs(east) > _EAST or abs(north) > _NORTH:
        _refuse("location.value.coordinates", "NO_COORDINATES")
    return east, north


def _accuracy(location: Mapping[str, Any]) -> float | None:
    value = _value(location, "accuracy")
    metres = _number(value)
    if value is not None and (metres is None or metres < 0):
        _refuse("location.accuracy", "NO_METRES")
    return metres


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)


def _refuse(field: str, reason: str) -> NoReturn:
    raise Unreadable(field, reason)
