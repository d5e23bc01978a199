"""Publications as a traffic control centre writes them: for the simulator and the demo."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

__all__ = ["Closed", "Measured", "elaborated_data", "situation_data"]

_SCHEMA: Final = "http://datex2.eu/schema/3"
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<d2:payload xmlns:d2="{_SCHEMA}/d2Payload" xmlns:com="{_SCHEMA}/common" '
    f'xmlns:loc="{_SCHEMA}/locationReferencing" xmlns:roa="{_SCHEMA}/roadTrafficData" '
    f'xmlns:sit="{_SCHEMA}/situation" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:type="{kind}" lang="zh" modelBaseVersion="3">\n'
    "<com:publicationTime>{time}</com:publicationTime>\n"
    "<com:publicationCreator><com:country>cn</com:country>"
    "<com:nationalIdentifier>{creator}</com:nationalIdentifier></com:publicationCreator>\n"
)
_CREATOR: Final = "XIANBAN-DEMO"
_INFORMATION: Final = (
    "<{prefix}:headerInformation><com:confidentiality>noRestriction</com:confidentiality>"
    "<com:informationStatus>{status}</com:informationStatus></{prefix}:headerInformation>\n"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What is told of one location: TrafficStatusEnum, seconds."""

    location: str
    at: datetime
    status: str = ""
    travel: float | None = None
    free: float | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """A roadClosed record."""

    record: str
    location: str
    start: datetime
    end: datetime | None = None
    version: int = 1
    comment: str = ""


def elaborated_data(at: datetime, measured: Iterable[Measured]) -> bytes:
    """An ElaboratedDataPublication; `informationStatus` says that it is an exercise."""
    quantities = "".join(one for each in measured for one in _quantities(each))
    return (
        _HEAD.format(kind="roa:ElaboratedDataPublication", time=_time(at), creator=_CREATOR)
        + "<roa:forecastDefault>false</roa:forecastDefault>\n"
        + _INFORMATION.format(prefix="roa", status="exercise")
        + quantities
        + "</d2:payload>\n"
    ).encode()


def situation_data(at: datetime, closed: Iterable[Closed]) -> bytes:
    """A SituationPublication with one situation per closure."""
    return (
        _HEAD.format(kind="sit:SituationPublication", time=_time(at), creator=_CREATOR)
        + "".join(_situation(one, at) for one in closed)
        + "</d2:payload>\n"
    ).encode()


def _quantities(one: Measured) -> list[str]:
    told: list[str] = []
    if one.status:
        value = f"<roa:trafficStatusValue>{one.status}</roa:trafficStatusValue>"
        status = f"<roa:trafficStatus>{value}</roa:trafficStatus>"
        told.append(_quantity(one, "TrafficStatus", status))
    if one.travel is not None:
        times = _duration("travelTime", one.travel)
        if one.free is not None:
            times += _duration("freeFlowTravelTime", one.free)
        told.append(_quantity(one, "TravelTimeData", times))
    return told


def _quantity(one: Measured, kind: str, inner: str) -> str:
    return (
        '<roa:physicalQuantity xsi:type="roa:SinglePhysicalQuantity">'
        f"<roa:pertinentLocation {_by_reference(one.location)}</roa:pertinentLocation>"
        f'<roa:basicData xsi:type="roa:{kind}"><roa:measurementOrCalculationTime>'
        f"<roa:timeValue>{_time(one.at)}</roa:timeValue></roa:measurementOrCalculationTime>"
        f"{inner}</roa:basicData></roa:physicalQuantity>\n"
    )


def _by_reference(location: str) -> str:
    return (
        'xsi:type="loc:LocationByReference"><loc:predefinedLocationReference '
        f'id={quoteattr(location)} version="1" targetClass="loc:PredefinedLocation"/>'
    )


def _duration(name: str, seconds: float) -> str:
    return f"<roa:{name}><roa:duration>{seconds:g}</roa:duration></roa:{name}>"


def _situation(one: Closed, at: datetime) -> str:
    end = f"<com:overallEndTime>{_time(one.end)}</com:overallEndTime>" if one.end else ""
    record = quoteattr(one.record)
    return (
        f'<sit:situation id="S-{escape(one.record)}">'
        f"<sit:situationVersionTime>{_time(at)}</sit:situationVersionTime>"
        + _INFORMATION.format(prefix="sit", status="exercise")
        + '<sit:situationRecord xsi:type="sit:RoadOrCarriagewayOrLaneManagement" '
        f'id={record} version="{one.version}">'
        f"<sit:situationRecordCreationTime>{_time(one.start)}</sit:situationRecordCreationTime>"
        f"<sit:situationRecordVersionTime>{_time(at)}</sit:situationRecordVersionTime>"
        "<sit:probabilityOfOccurrence>certain</sit:probabilityOfOccurrence>"
        "<sit:validity><com:validityStatus>definedByValidityTimeSpec</com:validityStatus>"
        "<com:validityTimeSpecification>"
        f"<com:overallStartTime>{_time(one.start)}</com:overallStartTime>{end}"
        "</com:validityTimeSpecification></sit:validity>"
        + _comment(one.comment)
        + f"<sit:locationReference {_by_reference(one.location)}</sit:locationReference>"
        "<sit:complianceOption>mandatory</sit:complianceOption>"
        "<sit:roadOrCarriagewayOrLaneManagementType>roadClosed"
        "</sit:roadOrCarriagewayOrLaneManagementType></sit:situationRecord></sit:situation>\n"
    )


def _comment(text: str) -> str:
    if not text:
        return ""
    value = f'<com:values><com:value lang="zh">{escape(text)}</com:value></com:values>'
    inner = f"<com:comment>{value}</com:comment>"
    return f"<sit:generalPublicComment>{inner}</sit:generalPublicComment>"


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
