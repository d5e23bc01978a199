"""A site in a temporary directory, and the suite that runs on it in containers."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from suite import ROOT, Suite
from xianban_sdk.testing.ports import free_port

__all__ = ["Composed", "Site"]


@dataclass
class Site:
    """What tools/site.sh makes, on ports of its own."""

    folder: Path
    port: int
    mqtt_port: int
    project: str = field(default_factory=lambda: f"xianban-tests-{os.getpid()}")

    @property
    def env(self) -> Path:
        return self.folder / "env"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def make(self) -> Site:
        ports = (
            f"XIANBAN_LISTEN=127.0.0.1:{self.port}",
            f"XIANBAN_MQTT_LISTEN=127.0.0.1:{self.mqtt_port}",
            f"XIANBAN_MQTTS_LISTEN=127.0.0.1:{free_port()}",
        )
        subprocess.run(
            [ROOT / "tools/site.sh", "--demo", "--local", "--issuer", self.url],
            env=os.environ
            | {"XIANBAN_SITE": str(self.folder / "site"), "XIANBAN_ENV": str(self.env)},
            check=True,
            capture_output=True,
        )
        with self.env.open("a") as file:
            file.write("\n".join(ports) + "\n")
        return self

    def secret(self, name: str) -> str:
        return (self.folder / "site" / name).read_text()


@dataclass
class Composed(Suite):
    """The suite in containers: tests speak to it as to any other."""

    site: Site | None = None

    def start(self) -> Composed:
        self.wait_until_ready()
        return self

    def stop(self) -> None:
        """pytest-docker does."""

    def compose(self, *words: str) -> subprocess.CompletedProcess[str]:
        assert self.site is not None
        command = ["docker", "compose", "--env-file", self.site.env, "-p", self.site.project]
        return subprocess.run(
            [*command, *words], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
        )

    def logs(self) -> str:
        return self.compose("logs", "--tail", "15").stdout[-20000:]

    def command(self, *arguments: str, check: bool = True) -> str:
        """A token comes from within; what plays a camera signs with parking's secrets."""
        if arguments[0] != "token":
            return super().command(*arguments, check=check)
        done = self.compose("exec", "-T", "identity", "xianban", *arguments)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()
