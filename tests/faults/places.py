"""Where campaigns run: a fresh suite on SQLite, or split on PostgreSQL and RabbitMQ."""

from __future__ import annotations

from pathlib import Path

from backing import empty_queues, fresh_database, restart_broker
from campaign import Campaign
from suite import Suite

SQLITE_TARGETS = ("services", "services", "services", "portal", "uplink", "mqtt")
SPLIT_TARGETS = (
    *("parking", "parking", "eldercare", "eldercare", "notify", "notify"),
    *("identity", "sensing", "uplink", "mqtt", "portal"),
)


def on_sqlite(data: Path, *, kills: int, seed: int) -> Campaign:
    """One process with every service, relay and consumer; the in-process bus."""
    return Campaign(Suite(data), seed, kills, SQLITE_TARGETS)


def on_backends(
    data: Path, database: str, broker: str, *, kills: int, seed: int, restarts: int
) -> Campaign:
    """A process per service on a database of its own; the broker is restarted on the way."""
    arguments = ("--split", "--database", fresh_database(database), "--broker", broker)
    campaign = Campaign(Suite(data, arguments), seed, kills, SPLIT_TARGETS)
    campaign.broker, campaign.broker_restarts = restart_broker, restarts
    empty_queues(broker)
    return campaign
