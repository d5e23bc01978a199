"""Who may speak to a broker, embedded or Mosquitto, and that a message comes through both alike."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion
from xianban.sensing.v1 import devices_pb2 as pb
from xianban_sdk.settings import Settings
from xianban_sdk.testing.ports import free_port
from xianban_sensing.broker_files import ACL, PASSWORDS, BrokerFiles
from xianban_sensing.secret_hashes import sealed
from xianban_sensing.uplink.letters import Letter
from xianban_sensing.uplink.mailbox import Mailbox

UP, DOWN = "xianban/v1/devices/{}/up", "xianban/v1/devices/{}/down"


def await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert process.poll() is None, "the broker ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(port)


class UnderTest:
    """A broker process and its files."""

    def __init__(self, kind: str, folder: Path, certificate: tuple[Path, Path] | None = None):
        self.kind, self.port = kind, free_port()
        self.certificate = certificate
        listen = f"127.0.0.1:{self.port}"
        self.settings = Settings(data=folder, mqtt_listen=listen, demo=False, pin=False)
        self.files = BrokerFiles(folder / "mqtt", self.settings)
        known = [
            pb.Binding(device=f"band-{n}", active=True, secret_hash=sealed(f"s{n}")) for n in (1, 2)
        ]
        self.files.write(known)
        self.process = self._start(folder, listen)
        await_port(self.port, self.process)

    def _start(self, folder: Path, listen: str) -> subprocess.Popen[bytes]:
        if self.kind == "embedded":
            environ = os.environ | {"XIANBAN_DATA": str(folder), "XIANBAN_MQTT_LISTEN": listen}
            if self.certificate:
                cert, key = map(str, self.certificate)
                environ |= {"XIANBAN_MQTT_CERT": cert, "XIANBAN_MQTT_KEY": key}
            arguments = [sys.executable, "-m", "xianban_sdk.cli", "process", "mqtt"]
            return subprocess.Popen(arguments, env=environ)
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\npassword_file {folder}/mqtt/{PASSWORDS}\n"
            f"acl_file {folder}/mqtt/{ACL}\nallow_anonymous false\n"
            f"pid_file {folder}/mqtt/mosquitto.pid\nuser root\n" + self._tls()
        )
        return subprocess.Popen([str(shutil.which("mosquitto")), "-c", str(config)])

    def _tls(self) -> str:
        if not self.certificate:
            return ""
        cert, key = self.certificate
        return f"certfile {cert}\nkeyfile {key}\n"

    @property
    def url(self) -> str:
        scheme = "mqtts" if self.certificate else "mqtt"
        return f"{scheme}://127.0.0.1:{self.port}" + ("#v3" if self.kind == "embedded" else "")

    def device(self, name: str, secret: str) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name)
        client.username_pw_set(name, secret)
        if self.certificate:
            client.tls_set(ca_certs=str(self.certificate[0]))
        self.reason: queue.Queue[int] = queue.Queue()
        client.on_connect = lambda c, d, f, reason, p: self.reason.put(reason.is_failure)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        self.refused = self.reason.get(timeout=10)
        return client

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mqtt")])
    now = datetime.now(UTC)
    host = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(host, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "mqtt.crt", folder / "mqtt.key"
    cert_file.write_bytes(made.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return cert_file, key_file


KINDS = [
    "embedded",
    pytest.param(
        "mosquitto",
        marks=pytest.mark.skipif(
            not shutil.which("mosquitto"), reason="no Mosquitto: apt-get install mosquitto"
        ),
    ),
]


@pytest.fixture(params=KINDS)
def secured(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UnderTest]:
    made = UnderTest(request.param, tmp_path, certified(tmp_path))
    yield made
    made.stop()


@pytest.fixture(params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UnderTest]:
    made = UnderTest(request.param, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def letters(broker: UnderTest) -> Iterator[queue.Queue[Letter]]:
    """What the uplink's mailbox receives; nothing of it is acknowledged by itself."""
    found: queue.Queue[Letter] = queue.Queue()
    mailbox = Mailbox(broker.url, "uplink", broker.files.secret, found.put)
    mailbox.open()
    assert mailbox.connected.wait(10)
    broker.mailbox = mailbox  # type: ignore[attr-defined]
    time.sleep(0.3)  # the subscription follows the connection
    yield found
    mailbox.close()


def test_a_device_speaks_on_its_own_topic(broker: UnderTest, letters: queue.Queue[Letter]) -> None:
    band = broker.device("band-1", "s1")
    assert not broker.refused
    band.publish(UP.format("band-1"), b'{"hr":70}', 1).wait_for_publish(10)
    letter = letters.get(timeout=10)
    assert (letter.device, letter.payload) == ("band-1", b'{"hr":70}')
    letter.acknowledge()
    band.loop_stop()
    band.disconnect()


def test_a_wrong_secret_is_refused(broker: UnderTest) -> None:
    band = broker.device("band-1", "s2")
    assert broker.refused
    band.loop_stop()


def test_nobody_speaks_for_another_device(broker: UnderTest, letters: queue.Queue[Letter]) -> None:
    band = broker.device("band-1", "s1")
    band.publish(UP.format("band-2"), b'{"hr":70}', 0)
    band.publish(UP.format("band-1"), b'{"hr":71}', 1)
    assert letters.get(timeout=10).payload == b'{"hr":71}'
    assert letters.empty()
    band.loop_stop()
    band.disconnect()


def test_a_word_waits_for_a_device_that_is_away(
    broker: UnderTest, letters: queue.Queue[Letter]
) -> None:
    assert broker.mailbox.tell(DOWN.format("band-2"), b"coming")  # type: ignore[attr-defined]
    time.sleep(0.3)
    heard: queue.Queue[bytes] = queue.Queue()
    band = broker.device("band-2", "s2")
    band.on_message = lambda c, d, message: heard.put(bytes(message.payload))
    band.subscribe(DOWN.format("band-2"), 1)
    assert heard.get(timeout=10) == b"coming"
    band.loop_stop()
    band.disconnect()


def test_a_device_taken_off_the_list_is_refused_at_its_next_log_in(broker: UnderTest) -> None:
    broker.files.write([pb.Binding(device="band-2", active=True, secret_hash=sealed("s2"))])
    time.sleep(0.5)
    band = broker.device("band-1", "s1")
    assert broker.refused
    band.loop_stop()


def test_over_tls_a_message_comes_through(secured: UnderTest) -> None:
    assert secured.certificate
    found: queue.Queue[Letter] = queue.Queue()
    authority = str(secured.certificate[0])
    mailbox = Mailbox(secured.url, "uplink", secured.files.secret, found.put, authority)
    mailbox.open()
    assert mailbox.connected.wait(10)
    time.sleep(0.3)  # the subscription follows the connection
    band = secured.device("band-1", "s1")
    band.publish(UP.format("band-1"), b'{"hr":70}', 1).wait_for_publish(10)
    assert found.get(timeout=10).payload == b'{"hr":70}'
    band.loop_stop()
    band.disconnect()
    mailbox.close()


# paho leaves a socket whose handshake failed to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_whose_certificate_nobody_vouches_for_is_not_spoken_to(secured: UnderTest) -> None:
    found: queue.Queue[Letter] = queue.Queue()
    mailbox = Mailbox(secured.url, "uplink", secured.files.secret, found.put)
    mailbox.open()
    assert not mailbox.connected.wait(2)
    mailbox.close()
