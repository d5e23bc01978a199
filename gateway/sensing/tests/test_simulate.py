"""`xianban simulate` on an embedded broker, with this test in the uplink's place."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest
import typer
from typer.testing import CliRunner
from xianban.sensing.v1 import devices_pb2 as pb
from xianban_sdk.settings import Settings
from xianban_sdk.testing.ports import free_port
from xianban_sensing.broker_files import BrokerFiles
from xianban_sensing.played.cli import simulate
from xianban_sensing.played.device import BrokerAway, PlayedDevice
from xianban_sensing.played.scenarios import SCENARIOS
from xianban_sensing.secret_hashes import sealed
from xianban_sensing.seed import DEMO_SECRET
from xianban_sensing.uplink.letters import Letter
from xianban_sensing.uplink.mailbox import Mailbox

DOWN = "xianban/v1/devices/{}/down"


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")


class District:
    """An embedded broker that knows the demo's devices and one of somebody's own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        listen = f"127.0.0.1:{self.port}"
        settings = Settings(data=folder, mqtt_listen=listen, pin=False)
        files = BrokerFiles(folder / "mqtt", settings)
        secrets = {"demo-band": DEMO_SECRET, "demo-gps": DEMO_SECRET, "my-band": "mine"}
        files.write(
            pb.Binding(device=device, active=True, secret_hash=sealed(secret))
            for device, secret in secrets.items()
        )
        environ = os.environ | {"XIANBAN_DATA": str(folder), "XIANBAN_MQTT_LISTEN": listen}
        arguments = [sys.executable, "-m", "xianban_sdk.cli", "process", "mqtt"]
        self.process = subprocess.Popen(arguments, env=environ)
        self.letters: queue.Queue[Letter] = queue.Queue()
        self.answer = lambda letter: None
        self.uplink = Mailbox(settings.mqtt_url, "uplink", files.secret, self._take)
        self.uplink.open()
        assert self.uplink.connected.wait(30)
        time.sleep(0.3)  # the subscription follows the connection

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def tell(self, device: str, word: str) -> None:
        assert self.uplink.tell(DOWN.format(device), orjson.dumps({"cmd": word, "text": "…"}))

    def keep(self, device: str, word: str) -> None:
        """Tells it while the device is away: it waits in the broker."""
        self.tell(device, word)
        kept = False
        while not kept:
            listener = PlayedDevice(urlsplit(self.url), device, DEMO_SECRET)
            listener.open()
            heard = listener.hear(1)
            kept = heard is not None and heard.earlier and heard.word == word
            listener.close()

    def said(self, least: int = 0) -> list[bytes]:
        """What arrived; so many are waited for."""
        awaited = [self.letters.get(timeout=20).payload for _ in range(least)]
        return awaited + [self.letters.get().payload for _ in range(self.letters.qsize())]

    def _take(self, letter: Letter) -> None:
        letter.acknowledge()
        self.letters.put(letter)
        self.answer(letter)

    def stop(self) -> None:
        self.uplink.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    made = District(tmp_path_factory.mktemp("district"))
    yield made
    made.stop()


@pytest.fixture
def district(standing: District) -> District:
    """One broker for all: nothing said before is looked at, nobody answers."""
    standing.said()
    standing.answer = lambda letter: None
    return standing


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[District]:
    made = District(tmp_path)
    yield made
    made.stop()


def run(*arguments: str, **environ: str):
    app = typer.Typer()
    app.command()(simulate)
    return CliRunner().invoke(app, list(arguments), env=environ)


def test_the_command_is_one_of_xianban_s():
    [point] = [one for one in entry_points(group="xianban.cli") if one.name == "simulate"]
    assert point.load() is simulate


def test_what_a_device_says_arrives_and_the_page_to_look_at_is_named(district):
    url = "http://district.example/"
    shown = run("falling-oxygen", "--mqtt", district.url, "--seconds", "2", "--url", url)
    assert shown.exit_code == 0, shown.output
    assert [orjson.loads(one)["spo2"] for one in district.said(2)] == [97, 84]
    assert "http://district.example/eldercare/board\n" in shown.output
    assert "oxygen too low" in shown.output
    assert "13900000009" in shown.output


def test_in_a_chinese_terminal_it_speaks_chinese(district):
    shown = run("smoke", "--device", "my-band", "--secret", "mine", "--seconds", "1",
                "--mqtt", district.url, LC_ALL="zh_CN.UTF-8")  # fmt: skip
    assert district.said(1)
    assert "烟雾报警" in shown.output
    assert "13900000009" not in shown.output, "nobody of the demo need see another's device"


def test_a_device_of_one_s_own_speaks_with_its_secret_from_the_environment(district):
    shown = run("fall", "--device", "my-band", "--mqtt", district.url,
                XIANBAN_DEVICE_SECRET="mine")  # fmt: skip
    assert shown.exit_code == 0, shown.output
    assert "synthetic" in shown.output
    assert district.letters.get(timeout=30).device == "my-band"


def test_a_call_for_help_is_repeated_until_the_display_answers(district):
    district.keep("demo-band", "over")
    answers = iter(["", "held", "received"])
    district.answer = lambda letter: (
        (word := next(answers, "")) and district.tell(letter.device, word)
    )
    shown = run("sos", "--mqtt", district.url, "--seconds", "7")
    assert shown.exit_code == 0, shown.output
    presses = district.said(3)
    assert len(presses) == 3
    assert len(set(presses)) == 1, "the same press"
    words = [line.split("← ")[1] for line in shown.output.splitlines() if "←" in line]
    assert words == ["over: … (from before)", "held: …", "received: …"]


def test_after_the_answer_the_display_goes_on_showing(district):
    def answer(letter):
        for word in ("received", "acknowledged", "coming"):
            district.tell(letter.device, word)
            time.sleep(0.2)

    district.answer = answer
    shown = run("sos", "--mqtt", district.url, "--seconds", "3", "--json")
    told = json.loads(shown.stdout)
    words = [one["word"] for one in told["heard"] if not one["earlier"]]
    assert words == ["received", "acknowledged", "coming"]
    assert len(told["said"]) == 1
    assert (told["scenario"], told["device"]) == ("sos", "demo-band")


def test_a_call_that_nobody_answers_fails(district):
    shown = run("sos", "--mqtt", district.url, "--seconds", "1")
    assert shown.exit_code == 1
    assert "Nobody answered demo-band" in shown.output


def test_a_wrong_secret_is_refused_with_the_flag_to_look_at(district):
    shown = run("calm", "--mqtt", district.url, "--secret", "guessed")
    assert shown.exit_code == 1
    assert "refuses demo-band" in shown.output
    assert "--secret" in shown.output


def test_where_no_broker_answers_it_says_so():
    shown = run("calm", "--mqtt", f"mqtt://127.0.0.1:{free_port()}")
    assert shown.exit_code == 1
    assert "does not answer" in shown.output
    assert "--mqtt" in shown.output


def test_who_takes_the_call_and_says_nothing_is_not_waited_for_long():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = urlsplit(f"mqtt://127.0.0.1:{mute.getsockname()[1]}")
        device = PlayedDevice(url, "demo-band", DEMO_SECRET, patience=0.5)
        with pytest.raises(BrokerAway, match="did not let demo-band in"):
            device.open()
        device.close()


def test_a_broker_that_goes_away_in_between_is_told(mortal):
    device = PlayedDevice(urlsplit(mortal.url), "demo-band", DEMO_SECRET, patience=1)
    device.open()
    device.say(b"{}")
    mortal.process.send_signal(signal.SIGKILL)
    mortal.process.wait(10)
    with pytest.raises(BrokerAway):
        device.say(b"{}")
    device.close()


def test_ctrl_c_ends_it_cleanly(district):
    arguments = ["-m", "xianban_sdk.cli", "simulate", "calm", "--mqtt", district.url]
    process = subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    district.letters.get(timeout=30)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.startswith("Ended by you; ")
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "SCENARIO"),
        (["earthquake"], "SCENARIO"),
        (["calm", "--seconds", "0"], "--seconds"),
        (["calm", "--seconds", "3601"], "--seconds"),
        (["calm", "--seconds", "soon"], "--seconds"),
        (["wander", "--seconds", "3"], "--seconds"),
        (["fall", "--seconds", "3"], "--seconds"),
        (["calm", "--device", "a/b"], "--device"),
        (["calm", "--device", "+"], "--device"),
        (["smoke", "--device", "demo-band"], "--device"),
        (["calm", "--device", "demo-band", "--model", "home-set"], "--model"),
        (["sos", "--model", "home-set"], "--model"),
        (["calm", "--device", "my-band"], "--secret"),
        (["calm", "--mqtt", "http://127.0.0.1:1883"], "--mqtt"),
        (["calm", "--mqtt", "127.0.0.1:1883"], "--mqtt"),
        (["calm", "--mqtt", "mqtt://"], "--mqtt"),
        (["calm", "--mqtt", "mqtt://127.0.0.1:port"], "--mqtt"),
    ],
)
def test_what_cannot_be_is_refused_with_its_name(arguments, named):
    shown = run(*arguments)
    assert shown.exit_code != 0
    assert named in shown.output
    assert not shown.stdout


def test_a_broker_s_log_in_is_not_repeated_in_what_is_refused():
    assert "hidden" not in run("calm", "--mqtt", "http://uplink:hidden@broker").output


def test_the_scenarios_are_listed_for_people_and_machines():
    shown = run("--list").output
    assert all(f"\n{name} " in f"\n{shown}" for name in SCENARIOS)
    listed = json.loads(run("--list", "--json").stdout)
    assert [one["scenario"] for one in listed] == list(SCENARIOS)
