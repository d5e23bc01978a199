"""The SDK's own tables, present in every service's database."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from xianban_sdk.storage.instant import Instant

__all__ = [
    "audit",
    "audit_seal",
    "dead_letter",
    "disclosure",
    "disclosure_total",
    "idempotency",
    "inbox",
    "outbox",
    "plugin_switch",
    "plugin_terms",
    "relation_record",
    "relation_watermark",
    "sdk_metadata",
    "timer",
]

sdk_metadata = MetaData()

# SQLite numbers rows only for a column declared exactly INTEGER PRIMARY KEY.
Sequence = BigInteger().with_variant(Integer(), "sqlite")

outbox = Table(
    "outbox",
    sdk_metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("shard", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("routing_key", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("aggregate", Text, nullable=False),
    Column("time", Instant, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("traceparent", Text, nullable=False),
    Column("tracestate", Text, nullable=False),
    Column("sent_at", Instant),
    sqlite_autoincrement=True,  # a number freed by pruning is never given again
)
Index(
    "outbox_unsent",
    outbox.c.seq,
    postgresql_where=outbox.c.sent_at.is_(None),
    sqlite_where=outbox.c.sent_at.is_(None),
)

inbox = Table(
    "inbox",
    sdk_metadata,
    Column("consumer_group", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("settled_at", Instant, nullable=False),
    PrimaryKeyConstraint("consumer_group", "event_id"),
    Index("inbox_settled", "settled_at"),
)

dead_letter = Table(
    "dead_letter",
    sdk_metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("consumer_group", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("aggregate", Text, nullable=False),
    Column("routing_key", Text, nullable=False),
    Column("state", Text, nullable=False),  # dead: failed itself; parked: waits behind a dead one
    Column("error", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("event", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("consumer_group", "event_id"),
    Index("dead_letter_aggregate", "consumer_group", "source", "aggregate", "seq"),
    sqlite_autoincrement=True,
)

idempotency = Table(
    "idempotency",
    sdk_metadata,
    Column("principal", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("response", LargeBinary),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("principal", "method", "request_id"),
    Index("idempotency_created", "created_at"),
)

audit = Table(
    "audit",
    sdk_metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("time", Instant, nullable=False),
    Column("service", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Index("audit_subject", "subject", "seq"),
    sqlite_autoincrement=True,
)

audit_seal = Table(
    "audit_seal",
    sdk_metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("audit_id", Text, nullable=False, unique=True),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

# What plugins were told of whom: by day, and how often; goes with the person.
disclosure = Table(
    "disclosure",
    sdk_metadata,
    Column("subject", Text, nullable=False),
    Column("day", Text, nullable=False),  # local, YYYY-MM-DD
    Column("plugin", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("vendor", Text, nullable=False),
    Column("basis", Text, nullable=False),
    # What the ids of its calls' capabilities begin with.
    Column("capability", Text, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    PrimaryKeyConstraint("subject", "day", "plugin", "version", "purpose", "basis"),
    Index("disclosure_last", "last_at"),
)

# The same without people: the vendors' ledger.
disclosure_total = Table(
    "disclosure_total",
    sdk_metadata,
    Column("day", Text, nullable=False),
    Column("plugin", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("vendor", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("capability", Text, nullable=False),
    Column("people", BigInteger, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("last_at", Instant, nullable=False),
    PrimaryKeyConstraint("day", "plugin", "version", "purpose", "basis"),
    Index("disclosure_total_last", "last_at"),
)

# One row: what identity was told last of the plugins' own purposes, a PluginTermsDeclared.
plugin_terms = Table(
    "plugin_terms",
    sdk_metadata,
    Column("domain", Text, primary_key=True),
    Column("told", LargeBinary, nullable=False),
)

# What an operator switched, for replicas that share no directory.
plugin_switch = Table(
    "plugin_switch",
    sdk_metadata,
    Column("plugin", Text, primary_key=True),
    Column("switched_off", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    Column("switched_by", Text, nullable=False),
    Column("time", Text, nullable=False),
)

timer = Table(
    "timer",
    sdk_metadata,
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("not_before", Instant, nullable=False),  # moves on after a failure; due_at stays
    Column("payload", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("traceparent", Text, nullable=False),
    PrimaryKeyConstraint("kind", "key"),
    Index("timer_next", "not_before"),
)

# Identity's log as this service knows it (protos/xianban/common/v1/relations.proto).
relation_record = Table(
    "relation_record",
    sdk_metadata,
    Column("kind", Text, nullable=False),  # relation, consent, membership, person
    Column("id", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    # Who may act: RelationState.actor, MembershipState.person; else empty.
    Column("actor", Text, nullable=False),
    # Whose data: RelationState.subject, ConsentState.subject, PersonState.person; else empty.
    Column("subject", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),  # the RelationRecord
    Column("active", Boolean, nullable=False),
    Column("expire_time", Instant),
    PrimaryKeyConstraint("kind", "id"),
    Index("relation_record_pair", "actor", "subject", "kind"),
    Index("relation_record_subject", "subject", "kind"),
    Index("relation_record_sequence", "sequence"),
)

relation_watermark = Table(
    "relation_watermark",
    sdk_metadata,
    Column("source", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("observe_time", Instant, nullable=False),
)
