"""`xianban simulate`: plays a device's scenario against a running suite."""

from __future__ import annotations

import os
import signal
from typing import Annotated, Any, NoReturn

import typer
from xianban_sdk import i18n
from xianban_sdk.cli.console import fail, print_json
from xianban_sdk.cli.options import Json, load
from xianban_sdk.clock import SHANGHAI, SystemClock
from xianban_sdk.demo import phone
from xianban_sdk.settings import Settings

from xianban_sensing.played.choosing import (
    BadFlag,
    Cast,
    broker_of,
    cast,
    scenario_of,
    seconds_of,
)
from xianban_sensing.played.device import BrokerAway, BrokerRefuses, PlayedDevice
from xianban_sensing.played.player import Account, Line, insist, step_by_step
from xianban_sensing.played.scenarios import SCENARIOS, SILENT_AFTER, Scenario

__all__ = ["simulate"]

_INTERRUPTED = 130
_SHOWN = 160
_PACKAGE = "xianban_sensing"


def simulate(
    scenario: Annotated[str, typer.Argument(help="Which; --list tells.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="Lists the scenarios.")] = False,
    device: Annotated[str, typer.Option(help="Whose words; without it the demo's own.")] = "",
    model: Annotated[str, typer.Option(help="The device's model, where several can play.")] = "",
    secret: Annotated[
        str,
        typer.Option(
            help="The device's secret; the demo's are known.", envvar="XIANBAN_DEVICE_SECRET"
        ),
    ] = "",
    mqtt: Annotated[
        str | None, typer.Option(help="The broker, as `xianban up` prints it [XIANBAN_MQTT].")
    ] = None,
    seconds: Annotated[
        int | None, typer.Option(help="How long: one message a second, or listening (sos).")
    ] = None,
    url: Annotated[str | None, typer.Option(help="The gateway [XIANBAN_ISSUER].")] = None,
    as_json: Json = False,
) -> None:
    """Plays a device: says what a scenario says, and where to look what came of it."""
    if listed:
        _list(as_json)
        return
    settings = load(mqtt=mqtt, issuer=url)
    try:
        chosen = scenario_of(scenario)
        who = cast(chosen, device, model, secret)
        lasting = seconds_of(chosen, seconds)
        played = PlayedDevice(
            broker_of(settings.mqtt_url), who.device, who.secret, ca=settings.mqtt_ca
        )
    except BadFlag as wrong:
        fail(str(wrong), hint=wrong.hint)
    account = Account((lambda _: None) if as_json else _show)
    if not as_json:
        typer.echo(f"{chosen.id} · {who.device} ({who.model}): {_text(f'simulate-{chosen.id}')}")
    _play(chosen, lasting, who, played, account)
    _conclude(chosen, who, account, settings, as_json)


def _play(
    chosen: Scenario, seconds: int, who: Cast, device: PlayedDevice, account: Account
) -> None:
    how = insist if chosen.insists else step_by_step
    # A shell that starts it in the background has it ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        device.open()
        how(chosen.says[who.model], seconds, device, SystemClock(), account)
    except BrokerAway as error:
        fail(str(error), hint="Is the suite running? `xianban up` prints its broker: --mqtt.")
    except BrokerRefuses as error:
        fail(str(error), hint="Are --device and --secret right, and is the device registered?")
    except KeyboardInterrupt:
        _interrupted(account)
    finally:
        device.close()


def _interrupted(account: Account) -> NoReturn:
    said = sum(bool(line.said) for line in account.lines)
    typer.echo(f"Ended by you; {said} messages were said.", err=True)
    raise typer.Exit(_INTERRUPTED)


def _conclude(
    chosen: Scenario, who: Cast, account: Account, settings: Settings, as_json: bool
) -> None:
    page = f"{settings.issuer.rstrip('/')}{chosen.page}"
    leads = _leads(chosen)
    if as_json:
        print_json(_document(chosen, who, account, page, leads))
    if chosen.insists and not account.answered:
        fail(
            f"Nobody answered {who.device}.",
            hint="Does the uplink run, and does the device speak for somebody?",
        )
    if as_json:
        return
    said = sum(bool(line.said) for line in account.lines)
    typer.echo(f"✓ {said} × {who.device}. {leads}")
    typer.echo(f"  {page}")
    if who.demo:
        people = {one: phone(one) for one in ("dispatcher", "elder", "daughter")}
        typer.echo(f"  {_text(f'simulate-log-in-{chosen.sees}', **people)}")
        typer.echo(f"  {_text('simulate-demo-goes-on')}")


def _leads(chosen: Scenario) -> str:
    until = (SystemClock().now() + SILENT_AFTER).astimezone(SHANGHAI)
    return _text(f"simulate-{chosen.id}-leads", until=f"{until:%H:%M}")


def _document(
    chosen: Scenario, who: Cast, account: Account, page: str, leads: str
) -> dict[str, Any]:
    heard = [(line.at, line.heard) for line in account.lines if line.heard]
    return {
        "scenario": chosen.id,
        "plays": _text(f"simulate-{chosen.id}"),
        "device": who.device,
        "model": who.model,
        "said": [
            {"at": line.at.isoformat(), "payload": line.said.decode()}
            for line in account.lines
            if line.said
        ],
        "heard": [
            {"at": at.isoformat(), "word": one.word, "text": one.text, "earlier": one.earlier}
            for at, one in heard
        ],
        "leads": leads,
        "page": page,
    }


def _show(line: Line) -> None:
    at = f"{line.at.astimezone(SHANGHAI):%H:%M:%S}"
    if line.heard is None:
        said = line.said.decode().strip()
        cut = f"{said[:_SHOWN]} … ({len(said)})" if len(said) > _SHOWN else said
        typer.echo(f"{at} → {cut}")
    else:
        earlier = f" ({_text('simulate-earlier')})" if line.heard.earlier else ""
        typer.echo(f"{at} ← {line.heard.word}: {line.heard.text}{earlier}")


def _list(as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {
                    "scenario": one.id,
                    "plays": _text(f"simulate-{one.id}"),
                    "models": list(one.says),
                    "seconds": one.seconds,
                    "page": one.page,
                }
                for one in SCENARIOS.values()
            ]
        )
        return
    for one in SCENARIOS.values():
        typer.echo(f"{one.id:<15} {_text(f'simulate-{one.id}')}")
        typer.echo(f"{'':<15} {', '.join(one.says)}")


def _text(key: str, **params: Any) -> str:
    """In the terminal's language: Chinese where it says so, else English."""
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    return i18n.text(key, "zh-CN" if named.startswith("zh") else "en", _PACKAGE, **params)
