"""Plays a camera platform: pushes signed ONVIF notifications, as `xianban camera send` does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, cast
from xml.sax.saxutils import escape, quoteattr

import httpx
import typer
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import HEADER, installed_secret, sign

from xianban_plugin_public_city_eye.plugin import SECRET

__all__ = ["Answer", "app", "notification", "notify", "send"]

CONTENT_TYPE = "application/soap+xml; charset=utf-8"
TOPIC = "tns1:RuleEngine/FieldDetector/ObjectsInside"
_OK = 200
_ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"
 xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:wsa5="http://www.w3.org/2005/08/addressing"
 xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tns1="http://www.onvif.org/ver10/topics">
<SOAP-ENV:Body><wsnt:Notify>{messages}</wsnt:Notify></SOAP-ENV:Body></SOAP-ENV:Envelope>"""
_MESSAGE = """<wsnt:NotificationMessage>
<wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">{topic}</wsnt:Topic>
<wsnt:ProducerReference><wsa5:Address>uri://camera-platform</wsa5:Address></wsnt:ProducerReference>
<wsnt:Message><tt:Message UtcTime={at} PropertyOperation={operation}>
<tt:Source><tt:SimpleItem Name="VideoSourceConfigurationToken" Value={camera}/>
<tt:SimpleItem Name="VideoAnalyticsConfigurationToken" Value="VideoAnalyticsConfig0"/>
<tt:SimpleItem Name="Rule" Value={rule}/></tt:Source>
<tt:Data><tt:SimpleItem Name="IsInside" Value={state}/>
<tt:SimpleItem Name="Likelihood" Value={likelihood}/></tt:Data>
</tt:Message></wsnt:Message></wsnt:NotificationMessage>"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the suite said."""

    status: int
    body: dict[str, Any]

    @property
    def taken(self) -> bool:
        """Every notification was accepted."""
        results = cast("list[dict[str, Any]]", self.body.get("results") or [])
        return self.status == _OK and all(one.get("accepted") for one in results)


def notification(
    camera: str,
    rule: str,
    at: datetime,
    *,
    holds: bool = True,
    likelihood: float = 0.95,
    operation: str = "Changed",
    topic: str = TOPIC,
) -> str:
    """One `wsnt:NotificationMessage`."""
    return _MESSAGE.format(
        topic=escape(topic),
        at=quoteattr(at.astimezone(UTC).isoformat().replace("+00:00", "Z")),
        operation=quoteattr(operation),
        camera=quoteattr(camera),
        rule=quoteattr(rule),
        state=quoteattr("true" if holds else "false"),
        likelihood=quoteattr(str(likelihood)),
    )


def notify(*messages: str) -> bytes:
    """The pushed envelope."""
    return _ENVELOPE.format(messages="".join(messages)).encode()


def send(
    base_url: str,
    secret: bytes,
    body: bytes,
    *,
    content_type: str = CONTENT_TYPE,
    client: httpx.Client | None = None,
) -> Answer:
    """Pushes a body through the gateway."""
    url = f"{base_url.rstrip('/')}/api/parking/v1/cameraFeeds/onvif:receive"
    headers = {HEADER: sign(secret, body, datetime.now(UTC)), "content-type": content_type}
    with client or httpx.Client(timeout=10, trust_env=False) as connection:
        answer = connection.post(url, content=body, headers=headers)
    return Answer(answer.status_code, _body(answer))


def _body(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    if isinstance(found, dict):
        return cast("dict[str, Any]", found)
    return {"message": answer.text[:500]}


app = typer.Typer(no_args_is_help=True, help="Cameras: play a camera platform.")


class State(StrEnum):
    """Whether what is seen begins or is over."""

    BEGINS = "begins"
    OVER = "over"


@app.callback()
def camera() -> None:
    """Cameras: play a camera platform."""


@app.command("send")
def send_event(
    camera_id: Annotated[str, typer.Option("--camera", help="The registered camera's id.")],
    rule: Annotated[str, typer.Option(help="What is seen and where: fire, fire-lane/B1-03 …")],
    state: Annotated[State, typer.Option(help="Whether it begins or is over.")] = State.BEGINS,
    likelihood: Annotated[float, typer.Option(help="How sure the analytics are, 0..1.")] = 0.95,
    url: Annotated[str | None, typer.Option(help="The gateway [XIANBAN_ISSUER].")] = None,
    data: Annotated[Path | None, typer.Option(help="The suite's data [XIANBAN_DATA].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Prints JSON for machines.")] = False,
) -> None:
    """Pushes one signed notification and prints what became of it."""
    settings = Settings.load({"data": data, "issuer": url})
    told = notification(
        camera_id, rule, datetime.now(UTC), holds=state is State.BEGINS, likelihood=likelihood
    )
    try:
        answer = send(settings.issuer, installed_secret(SECRET, settings), notify(told))
    except httpx.HTTPError as error:
        typer.echo(f"✗ {settings.issuer} does not answer: {error}", err=True)
        raise typer.Exit(1) from None
    _print(answer, as_json)
    if not answer.taken:
        raise typer.Exit(1)


def _print(answer: Answer, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(answer.body, ensure_ascii=False))
    elif answer.taken:
        typer.echo("✓ taken")
    else:
        typer.echo(
            f"✗ HTTP {answer.status}: {json.dumps(answer.body, ensure_ascii=False)}", err=True
        )


if __name__ == "__main__":
    app()
