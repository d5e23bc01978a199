"""When the service's own copy may be believed, and what happens when it may not."""

from datetime import UTC, datetime, timedelta

import pytest
from xianban.common.v1 import relations_pb2 as pb
from xianban_sdk.demo import person_id
from xianban_sdk.errors import Unavailable
from xianban_sdk.identity.feed import relation_consumer
from xianban_sdk.identity.relations import Relations
from xianban_sdk.ids import UlidIds
from xianban_sdk.storage.unit_of_work import open_unit_of_work
from xianban_sdk.testing import RelationsWorld

DAUGHTER, ELDER = person_id("daughter"), person_id("elder")


@pytest.fixture
def world(clock):
    return RelationsWorld(clock)


@pytest.fixture
def relations(database, clock, world):
    return Relations(database, clock, world.resolve, world.list_after)


def kin(relations, clock):
    basis = relations.facts(DAUGHTER, ELDER).basis("parking", clock.now())
    return basis.name if basis else None


def apply(relations, database, clock, record):
    """What the consumer does with one event."""
    function = relation_consumer(relations)
    with open_unit_of_work(database, clock=clock, ids=UlidIds(clock)) as uow:
        function(pb.RelationChanged(record=record), uow=uow, meta=None)


def test_a_snapshot_is_read_and_believed(relations, world, clock):
    world.grant("daughter", "elder")
    relations.sync()
    world.reachable = False
    assert kin(relations, clock) == "family"


def test_events_change_the_copy_at_once_and_tell_whoever_waits(relations, world, database, clock):
    relations.sync()
    told = []
    relations.on_change(lambda: told.append(1))
    world.grant("daughter", "elder")
    apply(relations, database, clock, world.list_after(0).records[0])
    assert told
    world.reachable = False
    assert kin(relations, clock) == "family"


def test_an_older_record_never_replaces_a_newer_one(relations, world, database, clock):
    world.grant("daughter", "elder")
    granted = world.list_after(0).records[0]
    world.revoke("daughter", "elder")
    relations.sync()
    apply(relations, database, clock, granted)
    assert kin(relations, clock) is None


def test_a_copy_older_than_the_bound_asks_identity(relations, world, clock):
    world.grant("daughter", "elder")
    relations.sync()
    world.revoke("daughter", "elder")
    assert kin(relations, clock) == "family"
    clock.advance(timedelta(seconds=2.01))
    assert kin(relations, clock) is None


def test_a_remembered_fact_is_never_older_than_the_bound(relations, world, clock):
    world.grant("daughter", "elder")
    relations.sync()
    clock.advance(timedelta(seconds=1.9))
    assert kin(relations, clock) == "family"
    world.revoke("daughter", "elder")
    clock.advance(timedelta(seconds=0.2))
    assert kin(relations, clock) is None


def test_without_identity_a_stale_copy_is_no_ground_for_anything(relations, world, clock):
    world.grant("daughter", "elder")
    relations.sync()
    world.reachable = False
    clock.advance(timedelta(seconds=2.01))
    with pytest.raises(Unavailable, match="RELATIONS_STALE"):
        relations.facts(DAUGHTER, ELDER)


def test_heartbeats_keep_the_copy_fresh_as_long_as_nothing_is_missing(relations, world, clock):
    world.grant("daughter", "elder")
    world.follow(relations)
    for _ in range(5):
        clock.advance(timedelta(seconds=1.5))
        world.beat()
    assert kin(relations, clock) == "family"
    assert relations.age() < 2
    world.reachable = False
    world.revoke("daughter", "elder")
    clock.advance(timedelta(seconds=1.5))
    world.beat()
    assert relations.age() == pytest.approx(1.5)
    assert relations.needs_sync(clock.now().timestamp())


def test_a_gap_between_events_is_noticed_and_repaired(relations, world, database, clock):
    relations.sync()
    world.grant("daughter", "elder")
    world.consent("elder", "parking.location")
    apply(relations, database, clock, world.list_after(0).records[1])
    assert relations.needs_sync(clock.now().timestamp())
    relations.sync()
    assert not relations.needs_sync(clock.now().timestamp())
    assert kin(relations, clock) == "family"


def test_the_copy_survives_a_restart_but_is_not_believed_before_a_sign_of_life(
    relations, world, database, clock
):
    world.grant("daughter", "elder")
    relations.sync()
    clock.advance(timedelta(seconds=60))
    restarted = Relations(database, clock, None, world.list_after)
    with pytest.raises(Unavailable, match="RELATIONS_STALE"):
        restarted.facts(DAUGHTER, ELDER)
    restarted.sync()
    assert kin(restarted, clock) == "family"


def test_an_identity_restored_from_an_older_backup_makes_us_start_anew(relations, world, clock):
    world.grant("daughter", "elder")
    world.consent("elder", "parking.location")
    relations.sync()
    older = RelationsWorld(clock)
    older.consent("elder", "health.vitals")
    relations._lister = older.list_after
    relations.sync()
    facts = relations.facts(DAUGHTER, ELDER)
    assert facts.basis("parking", clock.now()) is None
    assert facts.live_consents(clock.now()) == {"health.vitals"}


def test_two_replicas_share_one_copy(database, world, clock):
    one = Relations(database, clock, None, world.list_after)
    two = Relations(database, clock, None, None)
    world.grant("daughter", "elder")
    one.sync()
    two.heartbeat(pb.RelationsHeartbeat(sequence=1, observe_time=world._now()))
    assert kin(two, clock) == "family"


def test_what_holds_of_many_is_what_holds_of_each(relations, world, clock):
    world.consent("elder", "eldercare.monitoring")
    world.consent("resident", "parking.location")
    world.age("child", 9)
    world.grant("daughter", "elder")
    world.follow(relations)
    people = [person_id(alias) for alias in ("elder", "resident", "child", "operator")]
    for _ in range(2):  # the second time from memory
        found = relations.about(people)
        assert found == {one: relations.facts("", one) for one in people}
        agreed = [one for one in people if found[one].agrees_to("parking.location", clock.now())]
        assert agreed == [person_id("resident")]
    assert relations.about([]) == {}


def test_what_is_remembered_of_many_ends_with_a_change_and_with_the_copys_age(
    relations, world, clock
):
    def agrees():
        return relations.about([ELDER])[ELDER].agrees_to("eldercare.monitoring", clock.now())

    world.consent("elder", "eldercare.monitoring")
    world.follow(relations)
    assert agrees()
    for _ in range(3):
        clock.advance(timedelta(seconds=1.5))
        world.beat()
        assert agrees()
    world.withdraw("elder", "eldercare.monitoring")
    assert not agrees()
    world.consent("elder", "eldercare.monitoring", expires=clock.now() + timedelta(seconds=1))
    assert agrees()
    clock.advance(timedelta(seconds=1))
    assert not agrees()
    world.reachable = False
    clock.advance(timedelta(seconds=1.5))
    with pytest.raises(Unavailable, match="RELATIONS_STALE"):
        relations.about([ELDER])


def test_a_replica_forgets_what_another_has_changed(database, world, clock):
    one = Relations(database, clock, None, world.list_after)
    two = Relations(database, clock, None, None)
    world.grant("daughter", "elder")
    one.sync()
    two.heartbeat(pb.RelationsHeartbeat(sequence=1, observe_time=world._now()))
    assert kin(two, clock) == "family"
    world.revoke("daughter", "elder")
    one.sync()
    clock.advance(timedelta(seconds=1.5))
    two.heartbeat(pb.RelationsHeartbeat(sequence=2, observe_time=world._now()))
    assert kin(two, clock) is None


def test_a_clock_that_was_set_back_is_not_believed(relations, world, clock):
    relations.sync()
    world.reachable = False
    clock.advance(timedelta(hours=-1))
    with pytest.raises(Unavailable):
        relations.facts(DAUGHTER, ELDER)


def test_relations_end_at_their_time_without_anybody_saying_so(relations, world, clock):
    world.grant("daughter", "elder", expires=clock.now() + timedelta(minutes=1))
    world.follow(relations)
    assert kin(relations, clock) == "family"
    clock.advance(timedelta(minutes=1))
    world.beat()
    assert kin(relations, clock) is None


def test_the_strongest_tie_is_the_basis(clock):
    relation = {"actor": "a", "subject": "s", "scopes": ["*"], "active": True}
    records = [
        pb.RelationRecord(relation=pb.RelationState(id=str(kind), kind=kind, **relation))
        for kind in (pb.RELATION_KIND_CARER, pb.RELATION_KIND_GUARDIAN, pb.RELATION_KIND_FAMILY)
    ]
    from xianban_sdk.identity.facts import Facts

    facts = Facts.of(records, "a", "s")
    assert facts.basis("parking", datetime(2026, 1, 1, tzinfo=UTC)).name == "guardian"


def test_ages_are_known(relations, world, clock):
    world.age("child", 9)
    relations.sync()
    facts = relations.facts(person_id("guardian"), person_id("child"))
    assert facts.minor(clock.now())
    assert facts.child(clock.now())
