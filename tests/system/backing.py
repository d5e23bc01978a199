"""Databases and a broker for one whole suite, on the backends that tools/backends.sh runs."""

from __future__ import annotations

import os
import subprocess
import uuid

from sqlalchemy import create_engine, make_url, text
from suite import ROOT


def fresh_database(url: str) -> str:
    """A suite of its own starts from nothing."""
    name = f"faults_{uuid.uuid4().hex[:12]}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def empty_queues(broker: str) -> None:
    """What an earlier suite left on this broker is not the next one's, nor are its consumers:
    of several, a queue serves only one."""
    from kombu import Connection
    from xianban_sdk.app import installed_services
    from xianban_sdk.messaging.topology import UNROUTED_NAME, dead_name, queue_name

    groups = [service.name for service in installed_services(None)]
    own = [name(group) for group in groups for name in (queue_name, dead_name)]
    with Connection(broker) as connection, connection.channel() as channel:
        for name in (*own, UNROUTED_NAME):
            # To RabbitMQ one that is not there is as good as deleted.
            channel.queue_delete(name)


def is_own_broker(broker: str) -> bool:
    """Only the broker that tools/backends.sh runs may be restarted: others may use another."""
    return broker in _backends("urls")


def restart_broker() -> None:
    """Stops and starts RabbitMQ."""
    _backends("restart-broker")


def _backends(command: str) -> str:
    done = subprocess.run(
        [ROOT / "tools/backends.sh", command],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    return done.stdout
