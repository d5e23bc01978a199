"""The weather on a page: warnings in plain words, with source and time, or that nobody knows."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from xianban.eldercare.v1 import weather_pb2 as pb
from xianban_sdk.web import call, if_there
from xianban_sdk.web.site import Tone

from xianban_eldercare.web.clients import forewarning

TONES: dict[int, Tone] = {
    pb.WARNING_LEVEL_BLUE: "info",
    pb.WARNING_LEVEL_YELLOW: "warn",
    pb.WARNING_LEVEL_ORANGE: "danger",
    pb.WARNING_LEVEL_RED: "danger",
}


@dataclass(frozen=True)
class ShownWeather:
    """What the banner needs."""

    warnings: list[pb.WeatherWarning]
    sources: list[pb.WeatherSource]
    known: bool
    connected: bool
    sentence: str = ""
    forecast: pb.ForecastRange | None = None


def shown_weather(told: pb.Weather | pb.ListRoundProposalsResponse) -> ShownWeather:
    """Of an elder's home, or of a station's area."""
    whole = told if isinstance(told, pb.Weather) else None
    return ShownWeather(
        warnings=list(told.warnings),
        sources=list(told.sources),
        known=told.knowledge == pb.WEATHER_KNOWLEDGE_KNOWN,
        connected=told.knowledge != pb.WEATHER_KNOWLEDGE_NOT_CONNECTED,
        sentence=whole.sentence if whole else "",
        forecast=whole.forecast if whole and whole.HasField("forecast") else None,
    )


async def weather_of(request: Request, whose: str) -> ShownWeather | None:
    """At somebody's home; None: nobody answers, and the page says so."""
    asked = pb.GetWeatherRequest(name=f"{whose}/weather")
    found, _ = await if_there(call(request, forewarning.GetWeather, asked))
    return shown_weather(found) if found is not None else None
