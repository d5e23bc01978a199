"""`xianban up`: the whole suite with one command."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Annotated

import httpx
import typer
from rich.table import Table

from xianban_sdk.cli.console import console, fail
from xianban_sdk.cli.options import Broker, Data, Database, load
from xianban_sdk.cli.supervisor import Supervisor
from xianban_sdk.demo import PEOPLE
from xianban_sdk.settings import Settings

__all__ = ["ready", "register"]

# A first start seeds the district; on a busy machine that takes a while.
_PATIENCE = 300.0
_GATEWAY = "edge"
_EMBEDDED_BROKER = "mqtt"
_MQTT_PORT = 1883


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("up")(up)


def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where Envoy listens.")] = 8080,
    data: Data = None,
    demo: Annotated[
        bool | None,
        typer.Option(
            "--demo/--no-demo", help="With the demo district's people and places [XIANBAN_DEMO]."
        ),
    ] = None,
    split: Annotated[
        bool, typer.Option("--split", help="One process per service; needs --broker.")
    ] = False,
    database: Database = None,
    broker: Broker = None,
    mqtt: Annotated[
        str | None,
        typer.Option(help="MQTT broker; without it an embedded one [XIANBAN_MQTT]."),
    ] = None,
    otlp: Annotated[str | None, typer.Option(help="OTLP endpoint for traces and metrics.")] = None,
    issuer: Annotated[
        str | None, typer.Option(help="The public base URL, when a proxy stands before us.")
    ] = None,
) -> None:
    """Starts every service, the portal and the gateway; Ctrl-C stops all."""
    settings = load(
        data=data,
        demo=demo,
        database=database,
        broker=broker,
        mqtt=mqtt,
        otlp=otlp,
        issuer=issuer,
    )
    settings = _on_this_port(settings, port)
    _refuse_what_cannot_work(port, split, settings)
    supervisor = _plan(settings, port, split)
    _stop_on_signals(supervisor)
    supervisor.start()
    late = threading.Event()
    threading.Thread(target=_tell, args=(settings, port, supervisor, late), daemon=True).start()
    try:
        supervisor.watch()
    finally:
        console.print("Stopping …")
        supervisor.stop()
    if late.is_set():
        fail(f"Not ready after {_PATIENCE:.0f} s.", hint=f"The logs are in {supervisor.logs}.")


def _on_this_port(settings: Settings, port: int) -> Settings:
    """What nobody chose, by flag, variable or file, goes by the port."""
    unsaid = Settings()
    if settings.issuer == unsaid.issuer and not os.environ.get("XIANBAN_ISSUER"):
        settings = replace(settings, issuer=f"http://127.0.0.1:{port}")
    if settings.mqtt_listen == unsaid.mqtt_listen and not os.environ.get("XIANBAN_MQTT_LISTEN"):
        settings = replace(settings, mqtt_listen=_mqtt_listen(port))
    return settings


def _mqtt_listen(port: int) -> str:
    """MQTT's own port, as devices expect it; beside the gateway's when that is taken."""
    return f"127.0.0.1:{port + 1 if _taken(_MQTT_PORT) else _MQTT_PORT}"


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _refuse_what_cannot_work(port: int, split: bool, settings: Settings) -> None:
    if split and not settings.broker:
        fail(
            "--split needs --broker: processes cannot share the in-process bus.",
            hint="`make backends` starts RabbitMQ and prints its URL.",
        )
    if bool(settings.mqtt_cert) != bool(settings.mqtt_key):
        missing = "XIANBAN_MQTT_KEY" if settings.mqtt_cert else "XIANBAN_MQTT_CERT"
        fail(f"{missing} is missing: TLS needs both the certificate and its key.")
    if _taken(port):
        fail(f"Port {port} is taken.", hint="Choose another: PORT=8090 make up")


def _plan(settings: Settings, port: int, split: bool) -> Supervisor:
    supervisor = Supervisor(
        run=settings.run,
        logs=settings.data / "logs",
        environment=os.environ | _environment(settings, port),
        grace=settings.grace + 5,
    )
    services = sorted(point.name for point in entry_points(group="xianban.services"))
    for name, members in [(n, [n]) for n in services] if split else [("services", services)]:
        supervisor.add(name, "serve", *members)
    if settings.broker:
        for point in entry_points(group="xianban.workers"):
            supervisor.add(f"worker-{point.name}", "worker", point.name, rank=1)
    for point in sorted(entry_points(group="xianban.processes"), key=lambda p: p.name):
        if point.name == _EMBEDDED_BROKER and settings.mqtt:
            continue
        # The gateway ends first, the pages next: nobody may call what is gone already.
        rank = 2 if point.name == _GATEWAY else 1
        supervisor.add(point.name, "process", point.name, rank=rank)
    return supervisor


def _environment(settings: Settings, port: int) -> dict[str, str]:
    return {
        "XIANBAN_DATA": str(settings.data),
        "XIANBAN_RUN": str(settings.run),
        "XIANBAN_DATABASE": settings.database,
        "XIANBAN_BROKER": settings.broker,
        "XIANBAN_MQTT": settings.mqtt,
        "XIANBAN_MQTT_LISTEN": settings.mqtt_listen,
        "XIANBAN_ISSUER": settings.issuer,
        "XIANBAN_OTLP": settings.otlp,
        "XIANBAN_DEMO": "1" if settings.demo else "0",
        "XIANBAN_EDGE_LISTEN": f"127.0.0.1:{port}",
    }


def _stop_on_signals(supervisor: Supervisor) -> None:
    def stop(_number: int, _frame: object) -> None:
        supervisor.stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _tell(settings: Settings, port: int, supervisor: Supervisor, late: threading.Event) -> None:
    """Announces the suite once it is ready; gives up on one that is not in time."""
    begin = time.monotonic()
    # One client: each reads the certificates of all authorities anew.
    with console.status("Starting …"), httpx.Client(timeout=2) as client:
        while not (answers := ready(client, port)) and time.monotonic() - begin < _PATIENCE:
            if supervisor.stopping.wait(0.1):
                return
    if answers:
        _announce(settings, time.monotonic() - begin)
    else:
        late.set()
        supervisor.stopping.set()


def ready(client: httpx.Client, port: int) -> bool:
    """Whether a suite that listens there serves."""
    try:
        return client.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def _announce(settings: Settings, seconds: float) -> None:
    console.print(f"\n[bold]贤办 Xianban[/] is ready after {seconds:.1f} s\n")
    links = Table.grid(padding=(0, 2))
    for label, path in _LINKS:
        links.add_row(label, f"{settings.issuer}{path}")
    links.add_row("MQTT 设备", settings.mqtt_url.removesuffix("#v3"))
    console.print(links)
    if settings.demo:
        console.print("\nDemo log-ins (the one-time code is shown on screen):")
        people = Table.grid(padding=(0, 2))
        for person in PEOPLE.values():
            people.add_row(person.alias, person.phone)
        console.print(people)
    console.print(f"\nLogs: {settings.data / 'logs'}    Ctrl-C stops all.\n", highlight=False)


_LINKS = (
    ("Portal 门户", "/"),
    ("API", "/docs"),
    ("OpenAPI", "/openapi.json"),
    ("Health", "/healthz"),
)
