"""Rule packs that fail, lie or are asked twice: through the real way in."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

import grpc
import pytest
from eldercare_devices import alerts, send
from eldercare_names import ELDER
from sqlalchemy import delete
from xianban.common.v1 import readings_pb2
from xianban.common.v1.readings_pb2_grpc import IngestServiceStub
from xianban_eldercare import hookspecs
from xianban_eldercare.app import app
from xianban_eldercare.handlers import ingest, rule_packs
from xianban_eldercare.hookspecs import AlertKind, Because, Computed, Judged, Raise, Severity
from xianban_eldercare.repository import MACHINE
from xianban_eldercare.repository.pack_states import PackState, PackStates
from xianban_eldercare.repository.tables import pack_state
from xianban_eldercare.servicer import IngestServicer
from xianban_sdk.audit import list_accesses
from xianban_sdk.demo import person_id
from xianban_sdk.errors import Unavailable
from xianban_sdk.plugins import NotBooked, PluginRefused, build


@dataclass
class Pack:
    """A pack that does as it is told."""

    judge: object
    id: str = "probe"
    version: str = "1"
    names: dict = field(default_factory=lambda: {"en": "Probe"})
    needs: frozenset = frozenset({"heart-rate"})
    needs_motion: bool = False
    alerts: tuple = (AlertKind("probe", frozenset({Severity.MINOR})),)
    computes: frozenset = frozenset()
    package: str = "xianban_plugin_eldercare_fall"


class Brings:
    """A plugin that brings one pack."""

    def __init__(self, pack):
        self._pack = pack

    @hookspecs.hookimpl
    def register_rule_pack(self):
        return [self._pack]


def raises(case):
    raise RuntimeError("no")


def hangs(case):
    threading.Event().wait(5)


def found(finding):
    return lambda case: Judged("", (finding(case),))


def honest(case):
    return Raise("probe", case.now, Severity.MINOR, (Because("reason-probe"),))


def worst(case):
    return replace(honest(case), alert="worst")


def because(text):
    return lambda case: replace(worst(case), reasons=(Because("reason-probe", {"a": text}),))


class Clockless(tzinfo):
    """A time zone that does not know its own hours."""

    def utcoffset(self, at):
        raise LookupError("no such hour")


NOWHEN = datetime(2026, 11, 28, tzinfo=Clockless())


class Shy(Judged):
    """An answer whose parts can't be had."""

    @property
    def findings(self):
        raise RuntimeError("no")

    @findings.setter
    def findings(self, _given):
        pass


BAD = {
    "raises": raises,
    "hangs": hangs,
    "answers nothing": lambda case: None,
    "answers too long a state": lambda case: Judged("x" * 5000),
    "raises an alert of the platform": found(lambda c: replace(worst(c), alert="sos")),
    "raises worse than declared": found(lambda c: replace(worst(c), severity=Severity.EXTREME)),
    "raises in the future": found(lambda c: replace(worst(c), at=c.now + timedelta(days=1))),
    "raises what is history": found(lambda c: replace(worst(c), at=c.now - timedelta(hours=2))),
    "raises by a naive clock": found(lambda c: replace(worst(c), at=c.now.replace(tzinfo=None))),
    "computes what it does not declare": found(lambda c: Computed("heart-rate", 60, c.now)),
    "computes nonsense": found(lambda c: Computed("news2", float("nan"), c.now)),
    "computes beyond all numbers": found(lambda c: Computed("news2", 10**400, c.now)),
    "computes a kind that is no word": found(lambda c: Computed(["news2"], 1.0, c.now)),
    "gives a severity that is none": found(lambda c: replace(worst(c), severity=[1])),
    "gives reasons that are none": found(lambda c: replace(worst(c), reasons=(Because("a", 1),))),
    "gives a text that no database keeps": found(because("\ud800")),
    "gives a text with an end in it": found(because("a\x00b")),
    "keeps a state that no database keeps": lambda case: Judged("\ud800"),
    "raises by a clock that has no hour": found(lambda c: replace(worst(c), at=NOWHEN)),
    "raises on being looked at": lambda case: Shy(""),
}


def liar(judge):
    alert = AlertKind("worst", frozenset({Severity.MINOR}))
    return Pack(judge, "worst", alerts=(alert,), computes=frozenset({"news2"}))


def with_packs(*loaded):
    """Elder care with these packs in place of the installed ones."""
    packs = rule_packs.Packs(loaded)
    ingest = {"xianban.common.v1.IngestService": lambda res: IngestServicer(res, packs)}
    return replace(app, servicers={**app.servicers, **ingest})


class TestBadPacks:
    @pytest.mark.parametrize("how", sorted(BAD))
    def test_a_pack_that_fails_costs_its_own_say_and_the_readings_are_kept(self, eldercare_of, how):
        eldercare = eldercare_of(
            with_packs(
                rule_packs.Loaded("eldercare-fall", liar(BAD[how])),
                rule_packs.Loaded("eldercare-news2", Pack(found(honest))),
            )
        )
        assert send(eldercare, {"heart-rate": (70, "/min")}).stored == 1
        assert [one.rule for one in alerts(eldercare)] == ["probe"]
        assert bool(eldercare.service.resources.hooks.quarantined) is (how == "hangs")

    def test_a_pack_that_fails_for_one_person_answers_for_the_others(self, eldercare_of):
        def sometimes(case):
            return raises(case) if case.readings[0].value > 100 else Judged("", (honest(case),))

        eldercare = eldercare_of(with_packs(rule_packs.Loaded("eldercare-fall", Pack(sometimes))))
        eldercare.world.consent("resident", "eldercare.monitoring")
        now = int(eldercare.clock.now().timestamp() * 1_000_000)
        asked = readings_pb2.IngestBatchRequest(request_id="packs-sometimes")
        for subject, value in ((f"residents/{person_id('resident')}", 120), (ELDER, 70)):
            asked.readings.add(
                device="band", subject=subject, kind="heart-rate", value=value, unit="/min",
                observe_micros=now, receive_micros=now,
            )  # fmt: skip
        stub = eldercare.service.stub(IngestServiceStub, "", workload="uplink")
        assert stub.IngestBatch(asked).stored == 2
        assert len(alerts(eldercare)) == 1

    def test_a_pack_sees_each_reading_once_and_in_order_and_zeros_as_off(self, eldercare_of):
        seen = []

        def watches(case):
            seen.append((case.state, [type(one).__name__ for one in case.readings]))
            return Judged(str(len(seen)))

        eldercare = eldercare_of(with_packs(rule_packs.Loaded("eldercare-fall", Pack(watches))))
        for value, ago in ((70, 5), (0, 3), (70, 3), (71, 4), (400, 2), (72, 1)):
            number = {"heart-rate": (value, "/min"), "steps": (1, "{count}")}
            send(eldercare, number, ago=timedelta(minutes=ago))
        assert seen == [("", ["Live"]), ("1", ["Off"]), ("2", ["Off"]), ("3", ["Live"])]

    def test_a_pack_that_raises_what_is_history_has_not_told_it(self, eldercare_of):
        def raises_once(case):
            fast = case.readings[-1].value > 100
            told = Raise("probe", case.readings[-1].at, Severity.MINOR, (Because("reason-probe"),))
            return Judged("told" if fast else "", (told,) if fast and not case.state else ())

        eldercare = eldercare_of(with_packs(rule_packs.Loaded("eldercare-fall", Pack(raises_once))))
        fast = {"heart-rate": (120, "/min")}
        send(eldercare, fast, ago=timedelta(hours=2))
        assert not alerts(eldercare)
        for _ in range(2):
            send(eldercare, fast)
            eldercare.clock.advance(timedelta(minutes=1))
        [alert] = alerts(eldercare)
        assert alert.occurrences == 0

    @pytest.mark.parametrize(
        "changed",
        [
            {"id": "Bad"},
            {"needs": frozenset({"mood"})},
            {"computes": frozenset({"mood"})},
            {"alerts": (AlertKind("sos", frozenset({Severity.EXTREME})),)},
        ],
    )
    def test_a_pack_that_does_not_fit_stops_the_start(self, changed):
        plugin = replace(Pack(raises), **changed)
        hooks = build("eldercare", hookspecs, [Brings(plugin)])
        with pytest.raises(PluginRefused):
            rule_packs.packs_of(hooks)


class TestConsent:
    def test_after_a_withdrawal_no_pack_is_told_of_the_person(self, eldercare_of):
        seen = []
        watching = Pack(lambda case: seen.append(case) or Judged(""))
        eldercare = eldercare_of(with_packs(rule_packs.Loaded("eldercare-fall", watching)))
        send(eldercare, {"heart-rate": (70, "/min")})
        eldercare.world.withdraw("elder", "eldercare.monitoring")
        assert send(eldercare, {"heart-rate": (71, "/min")}).rejections
        assert len(seen) == 1

    def test_nor_where_the_way_in_forgot_to_ask(self, eldercare_of, monkeypatch):
        seen = []
        watching = Pack(lambda case: seen.append(case) or Judged(""))
        eldercare = eldercare_of(with_packs(rule_packs.Loaded("eldercare-fall", watching)))
        eldercare.world.consent("resident", "eldercare.monitoring")
        everybody = lambda readings, *_: (list(range(len(readings))), [])  # noqa: E731
        monkeypatch.setattr(ingest, "consented", everybody)
        eldercare.world.withdraw("elder", "eldercare.monitoring")
        send(eldercare, {"heart-rate": (71, "/min")})
        send(eldercare, {"heart-rate": (72, "/min")}, subject=f"residents/{person_id('resident')}")
        assert [[one.value for one in case.readings] for case in seen] == [[72]]
        with eldercare.db.read() as conn:
            refused, _ = list_accesses(conn, person_id("elder"))
        assert ("Disclose", "plugin:eldercare-fall", "CONSENT_REQUIRED") in [
            (one.action, one.actor, one.outcome) for one in refused
        ]

    def test_what_cannot_be_booked_comes_again_and_is_judged_then(self, eldercare_of, monkeypatch):
        seen = []
        watching = Pack(lambda case: seen.append(case) or Judged(""))
        eldercare = eldercare_of(with_packs(rule_packs.Loaded("eldercare-fall", watching)))
        desk = eldercare.service.service.disclosures

        def away(*_):
            raise NotBooked("away")

        with monkeypatch.context() as patch:
            patch.setattr(desk, "disclosed", away)
            with pytest.raises(grpc.RpcError, match="UNAVAILABLE"):
                send(eldercare, {"heart-rate": (71, "/min")})
        assert not seen
        assert send(eldercare, {"heart-rate": (71, "/min")}).stored == 1
        assert len(seen) == 1


class TestTwoBatchesAtOnce:
    def test_who_was_judged_elsewhere_meanwhile_must_be_judged_anew(self, eldercare):
        now, new = eldercare.clock.now(), PackState(person_id("elder"), "probe")
        with eldercare.db.begin() as conn:
            PackStates(conn, MACHINE).save([new], "1", now)
        for stale in (new, replace(new, revision=2)):
            with pytest.raises(Unavailable, match="RULES_BUSY"), eldercare.db.begin() as conn:
                PackStates(conn, MACHINE).save([stale], "1", now)
        with eldercare.db.begin() as conn:
            PackStates(conn, MACHINE).save([replace(new, revision=1, state="x")], "1", now)
            [kept] = PackStates(conn, MACHINE).of([new.resident], "probe").values()
        assert (kept.state, kept.revision) == ("x", 2)

    def test_nobodys_state_is_kept_when_one_of_them_was_erased_meanwhile(self, eldercare):
        now, people = eldercare.clock.now(), [person_id("elder"), person_id("resident")]
        with eldercare.db.begin() as conn:
            PackStates(conn, MACHINE).save([PackState(one, "probe") for one in people], "1", now)
            conn.execute(delete(pack_state).where(pack_state.c.resident == people[1]))
        changed = [PackState(one, "probe", state="x", revision=1) for one in people]
        with pytest.raises(Unavailable, match="RULES_BUSY"), eldercare.db.begin() as conn:
            PackStates(conn, MACHINE).save(changed, "1", now)
        with eldercare.db.read() as conn:
            [kept] = PackStates(conn, MACHINE).of(people, "probe").values()
        assert (kept.resident, kept.state, kept.revision) == (people[0], "", 1)
