"""The relation log: what services must know, numbered without gaps in the order of commits."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select, update
from xianban.common.v1 import relations_pb2

from xianban_identity.repository.tables import relation_counter, relation_log

__all__ = ["after", "append", "for_pair", "last_sequence"]

_LAST = 2**63 - 1


def append(conn: Connection, record: relations_pb2.RelationRecord) -> relations_pb2.RelationRecord:
    """Numbers the record and makes it the current one of its id.

    The counter's row stays locked until commit: whoever gets the next number commits later,
    so a reader who has seen number n has seen all below.
    """
    bump = update(relation_counter).values(value=relation_counter.c.value + 1)
    record.sequence = conn.execute(bump.returning(relation_counter.c.value)).scalar_one()
    key, kind, actor, subject = _key(record)
    conn.execute(relation_log.delete().where(relation_log.c.id == key))
    conn.execute(
        relation_log.insert().values(
            id=key,
            sequence=record.sequence,
            kind=kind,
            actor=actor,
            subject=subject,
            record=record.SerializeToString(deterministic=True),
        )
    )
    return record


def _key(record: relations_pb2.RelationRecord) -> tuple[str, str, str, str]:
    kind = record.WhichOneof("record")
    if kind == "relation":
        found = record.relation
        return f"relation/{found.id}", kind, found.actor, found.subject
    if kind == "consent":
        return f"consent/{record.consent.id}", kind, "", record.consent.subject
    if kind == "membership":
        return f"membership/{record.membership.id}", kind, record.membership.person, ""
    return f"person/{record.person.person}", "person", "", record.person.person


def after(conn: Connection, sequence: int, size: int) -> list[relations_pb2.RelationRecord]:
    """Current records above a sequence, ascending."""
    # The wire's number goes further than a database's.
    last = min(sequence, _LAST)
    query = select(relation_log.c.record).where(relation_log.c.sequence > last)
    rows = conn.execute(query.order_by(relation_log.c.sequence).limit(size))
    return [relations_pb2.RelationRecord.FromString(row.record) for row in rows]


def last_sequence(conn: Connection) -> int:
    """The last committed number."""
    return conn.execute(select(relation_counter.c.value)).scalar_one()


def for_pair(conn: Connection, actor: str, subject: str) -> list[relations_pb2.RelationRecord]:
    """What matters for a decision: relations between the two, the subject's, the actor's roles."""
    log = relation_log.c
    wanted = or_(
        (log.kind == "relation") & (log.actor == actor) & (log.subject == subject),
        log.kind.in_(["consent", "person"]) & (log.subject == subject),
        (log.kind == "membership") & (log.actor == actor),
    )
    rows = conn.execute(select(log.record).where(wanted).order_by(log.sequence))
    return [relations_pb2.RelationRecord.FromString(row.record) for row in rows]
