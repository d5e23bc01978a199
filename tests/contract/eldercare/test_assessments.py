"""Assessing an elder's ability: who may, what is kept, what it says, and that it says it again."""

from __future__ import annotations

import dataclasses
import tomllib
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from importlib.resources import files as package_files
from itertools import count

import grpc
import pytest
from eldercare_names import ELDER, HERE
from refusals import refused
from sqlalchemy import select
from xianban.eldercare.v1 import assessment_events_pb2, care_files_pb2, eligibility_pb2
from xianban.eldercare.v1 import assessments_pb2 as pb
from xianban.eldercare.v1.assessments_pb2_grpc import AssessmentServiceStub
from xianban.eldercare.v1.care_files_pb2_grpc import CareFileServiceStub
from xianban.eldercare.v1.eligibility_pb2_grpc import EligibilityServiceStub
from xianban_eldercare.app import app
from xianban_eldercare.domain.assessment_rules import RuleBook, read_rules
from xianban_eldercare.repository.tables import assessment
from xianban_eldercare.rules import RULES
from xianban_eldercare.servicer import AssessmentServicer
from xianban_sdk.clock import midnight
from xianban_sdk.demo import person_id
from xianban_sdk.errors import from_rpc_error
from xianban_sdk.storage.tables import outbox
from xianban_sdk.testing import START
from xianban_sdk.wire import instant

SERVICE = "xianban.eldercare.v1.AssessmentService"
OTHER = f"residents/{person_id('resident')}"
ABSENT = f"{OTHER}/assessments/01KDVHX800ZZZZZZ0000000000"
NOW = RULES.of("gbt-42195-2022")
MOST = {item.term.key: item.maximum for item in NOW.items}
LEVEL = care_files_pb2
_numbers = count(1)


def request_id():
    return f"request-{next(_numbers):06d}"


def ask(eldercare, person="assessor"):
    return eldercare.as_(person, AssessmentServiceStub)


def basics(**changes):
    facts = {
        "reason": pb.ASSESSMENT_REASON_FIRST,
        "place": "老人家中",
        "assessors": ["沈玉兰", "顾永明"],
        "informant": pb.Informant(display_name="王丽", relation="女儿"),
    }
    return pb.AssessmentBasics(**(facts | changes))


def create(parent=OTHER, replaces="", **changes):
    return pb.CreateAssessmentRequest(
        parent=parent, basics=basics(**changes), replaces=replaces, request_id=request_id()
    )


def save(name, answers=None, facts=None, version=0):
    given = [pb.AssessmentAnswer(item=item, points=n) for item, n in (answers or {}).items()]
    asked = pb.SaveAssessmentRequest(
        name=name, answers=given, version=version, request_id=request_id()
    )
    if facts is not None:
        asked.facts.CopyFrom(facts)
        asked.facts.SetInParent()
    return asked


def complete(name, version=0):
    return pb.CompleteAssessmentRequest(name=name, version=version, request_id=request_id())


def discard(name):
    return pb.DeleteAssessmentRequest(name=name, request_id=request_id())


def get(name):
    return pb.GetAssessmentRequest(name=name)


@pytest.fixture
def here(eldercare):
    """An assessor of the area, one of another, and a second elder with a file here."""
    eldercare.world.member("assessor", "care-assessor", [HERE])
    eldercare.world.member("teacher", "care-assessor", ["310120/fengpu"])
    open_file(eldercare)
    return eldercare


def open_file(eldercare, seen=0):
    file = care_files_pb2.CareFile(
        name=f"{OTHER}/careFile", display_name="王建国", area=HERE, version=seen
    )
    asked = care_files_pb2.UpdateCareFileRequest(care_file=file, request_id=request_id())
    eldercare.as_("doctor", CareFileServiceStub).UpdateCareFile(asked)


def file_of(eldercare, person="doctor", name=OTHER):
    asked = care_files_pb2.GetCareFileRequest(name=f"{name}/careFile")
    return eldercare.as_(person, CareFileServiceStub).GetCareFile(asked)


def drafted(eldercare, answers=None, facts=None, replaces=""):
    """A draft with every answer in it."""
    name = ask(eldercare).CreateAssessment(create(replaces=replaces)).name
    full = facts if facts is not None else pb.AssessmentFacts()
    return ask(eldercare).SaveAssessment(save(name, MOST | (answers or {}), full))


def completed(eldercare, answers=None, facts=None, replaces=""):
    draft = drafted(eldercare, answers, facts, replaces)
    return ask(eldercare).CompleteAssessment(complete(draft.name, draft.version))


def told(eldercare):
    key = "eldercare.v1.assessment_completed"
    query = select(outbox.c.data).where(outbox.c.routing_key == key).order_by(outbox.c.seq)
    with eldercare.db.read() as conn:
        found = conn.scalars(query).all()
    return [assessment_events_pb2.AssessmentCompleted.FromString(bytes(one)) for one in found]


class TestGetAssessmentRules:
    def test_anybody_reads_how_it_counts(self, here):
        asked = pb.GetAssessmentRulesRequest(name="assessmentRules/current")
        found = ask(here, "").GetAssessmentRules(asked)
        assert found.name == "assessmentRules/gbt-42195-2022"
        assert sum(len(one.items) for one in found.domains) == 26
        assert sum(one.maximum for one in found.domains) == 90
        assert (found.bands[0].least, found.bands[0].most) == (90, 90)

    def test_an_unknown_version_is_not_found(self, here):
        with refused("NOT_FOUND", "RULES_NOT_FOUND", "name"):
            asked = pb.GetAssessmentRulesRequest(name="assessmentRules/of-tomorrow")
            ask(here, "").GetAssessmentRules(asked)


class TestListEldersToAssess:
    def test_not_for_other_staff_and_residents(self, here):
        for person in ("doctor", "dispatcher", "elder"):
            with refused("PERMISSION_DENIED", "ROLE_MISSING"):
                ask(here, person).ListEldersToAssess(pb.ListEldersToAssessRequest())

    def test_elders_of_the_own_area_with_their_level_s_age_and_draft(self, here):
        found = ask(here).ListEldersToAssess(pb.ListEldersToAssessRequest()).elders
        first, second = found
        assert (first.display_name, first.care_level) == ("张桂芳", LEVEL.CARE_LEVEL_MODERATE)
        assert first.HasField("level_due_time")
        assert first.draft.startswith(f"{ELDER}/assessments/")
        assert (second.display_name, second.HasField("level_time"), second.draft) == (
            "王建国", False, ""
        )  # fmt: skip
        elsewhere = ask(here, "teacher").ListEldersToAssess(pb.ListEldersToAssessRequest())
        assert not elsewhere.elders

    def test_by_pages_by_name_and_only_who_is_due(self, here):
        first = ask(here).ListEldersToAssess(pb.ListEldersToAssessRequest(page_size=1))
        asked = pb.ListEldersToAssessRequest(page_size=1, page_token=first.next_page_token)
        second = ask(here).ListEldersToAssess(asked)
        assert (len(first.elders), len(second.elders), second.next_page_token) == (1, 1, "")
        by_name = ask(here).ListEldersToAssess(pb.ListEldersToAssessRequest(search="建国"))
        assert [one.resident for one in by_name.elders] == [OTHER]
        completed(here)
        due = ask(here).ListEldersToAssess(pb.ListEldersToAssessRequest(due=True)).elders
        assert OTHER not in [one.resident for one in due]
        here.clock.advance(timedelta(days=366))
        here.world.beat()
        due = ask(here).ListEldersToAssess(pb.ListEldersToAssessRequest(due=True)).elders
        assert OTHER in [one.resident for one in due]


class TestCreateAssessment:
    def test_not_without_a_token_and_not_by_strangers(self, here):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            ask(here, "").CreateAssessment(create())
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            ask(here, "vendor").CreateAssessment(create())

    def test_an_assessor_of_another_area_finds_nobody(self, here):
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            ask(here, "teacher").CreateAssessment(create())

    def test_nobody_assesses_themselves_or_their_family(self, here):
        here.world.grant("assessor", "resident", "family", ["eldercare"])
        for person in ("resident", "assessor"):
            with refused("PERMISSION_DENIED", "POLICY_DENIED"):
                ask(here, person).CreateAssessment(create())

    def test_a_draft_holds_to_the_rules_of_the_day(self, here):
        made = ask(here).CreateAssessment(create())
        assert made.rules == "assessmentRules/gbt-42195-2022"
        assert (made.state, made.display_name) == (pb.ASSESSMENT_STATE_DRAFT, "王建国")
        assert made.opened_by == person_id("assessor")
        assert list(made.basics.assessors) == ["沈玉兰", "顾永明"]
        assert not made.HasField("outcome")

    def test_an_elder_has_one_draft_at_a_time(self, here):
        ask(here).CreateAssessment(create())
        with refused("ALREADY_EXISTS", "ASSESSMENT_UNDER_WAY", "parent"):
            ask(here).CreateAssessment(create())

    def test_of_two_who_open_one_at_the_same_time_exactly_one_does(self, here):
        def attempt(_):
            try:
                return ask(here).CreateAssessment(create()).name
            except grpc.RpcError as error:
                return from_rpc_error(error).reason

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(attempt, range(8)))
        assert answers.count("ASSESSMENT_UNDER_WAY") == 7

    def test_the_same_request_twice_is_one_draft(self, here):
        asked = create()
        made = [ask(here).CreateAssessment(asked).name for _ in range(2)]
        assert made[0] == made[1]

    def test_bad_input_names_the_field(self, here):
        wrong = {
            "basics.place": {"place": ""},
            "basics.assessors": {"assessors": ["沈玉兰", "沈玉兰"]},
            "basics.reason": {"reason": pb.ASSESSMENT_REASON_UNSPECIFIED},
        }
        for field, change in wrong.items():
            with refused("INVALID_ARGUMENT", "REQUEST_INVALID", field):
                ask(here).CreateAssessment(create(**change))

    def test_only_the_assessment_that_counts_is_corrected(self, here):
        first = completed(here)
        second = completed(here, {"bathing": 0})
        with refused("FAILED_PRECONDITION", "ASSESSMENT_NOT_CURRENT", "replaces"):
            ask(here).CreateAssessment(create(replaces=first.name))
        for name in (ABSENT, f"{ELDER}/assessments/{second.name.rpartition('/')[2]}"):
            with refused("NOT_FOUND", "ASSESSMENT_NOT_FOUND"):
                ask(here).CreateAssessment(create(replaces=name))


class TestSaveAssessment:
    def test_part_by_part_and_by_a_colleague_on_another_device(self, here):
        here.world.member("carer", "care-assessor", [HERE])
        name = ask(here).CreateAssessment(create()).name
        ask(here).SaveAssessment(save(name, {"eating": 3, "bathing": 2}))
        ask(here, "carer").SaveAssessment(save(name, {"bathing": 1, "walking": 4}))
        found = ask(here).GetAssessment(get(name))
        answers = {one.item: one.points for one in found.answers}
        assert answers == {"eating": 3, "bathing": 1, "walking": 4}
        assert (found.HasField("facts"), found.HasField("outcome")) == (False, False)

    def test_who_saw_an_older_draft_must_look_again(self, here):
        made = ask(here).CreateAssessment(create())
        ask(here).SaveAssessment(save(made.name, {"eating": 3}, version=made.version))
        with refused("ABORTED", "ASSESSMENT_CHANGED", "version"):
            ask(here).SaveAssessment(save(made.name, {"eating": 2}, version=made.version))

    def test_an_answer_out_of_range_names_its_item_and_nothing_is_kept(self, here):
        name = ask(here).CreateAssessment(create()).name
        for points in (-1, 5):
            with refused("INVALID_ARGUMENT", "ANSWERS_WRONG", "answers.eating"):
                ask(here).SaveAssessment(save(name, {"walking": 2, "eating": points}))
        with refused("INVALID_ARGUMENT", "ANSWERS_WRONG", "answers.breathing"):
            ask(here).SaveAssessment(save(name, {"breathing": 1}))
        lightning = pb.AssessmentFacts(risk_events=[pb.RiskCount(kind="lightning", count=1)])
        with refused("INVALID_ARGUMENT", "RISK_KINDS_WRONG", "facts.risk_events.lightning"):
            ask(here).SaveAssessment(save(name, facts=lightning))
        twice = save(name, {"eating": 1})
        twice.answers.add(item="eating", points=2)
        with refused("INVALID_ARGUMENT", "ANSWER_TWICE", "answers"):
            ask(here).SaveAssessment(twice)
        assert not ask(here).GetAssessment(get(name)).answers

    def test_a_whole_draft_shows_what_completing_it_would_say(self, here):
        draft = drafted(here, {"bathing": 0})
        assert (draft.outcome.total, draft.care_level) == (86, LEVEL.CARE_LEVEL_UNSPECIFIED)
        assert draft.outcome.care_level == LEVEL.CARE_LEVEL_MILD

    def test_answers_and_facts_are_unreadable_in_the_database(self, here):
        drafted(here, facts=pb.AssessmentFacts(diagnoses=["F00.1"]))
        names = ("answers", "facts", "basics")
        with here.db.read() as conn:
            raw = conn.exec_driver_sql(f"SELECT {', '.join(names)} FROM assessment").all()
        stored = b"".join(bytes(cell) for row in raw for cell in row)
        assert b"eating" not in stored
        assert b"F00" not in stored
        assert "沈玉兰".encode() not in stored


class TestCompleteAssessment:
    def test_every_missing_item_is_named(self, here):
        name = ask(here).CreateAssessment(create()).name
        some = {key: most for key, most in MOST.items() if key not in ("eating", "vision")}
        ask(here).SaveAssessment(save(name, some, pb.AssessmentFacts()))
        for item in ("eating", "vision"):
            with refused("FAILED_PRECONDITION", "ANSWERS_MISSING", f"answers.{item}"):
                ask(here).CompleteAssessment(complete(name))

    def test_that_nothing_was_diagnosed_must_be_said(self, here):
        name = ask(here).CreateAssessment(create()).name
        ask(here).SaveAssessment(save(name, MOST))
        with refused("FAILED_PRECONDITION", "FACTS_MISSING", "facts"):
            ask(here).CompleteAssessment(complete(name))

    def test_two_assessors_are_named(self, here):
        name = ask(here).CreateAssessment(create(assessors=["沈玉兰", " 沈玉兰"])).name
        ask(here).SaveAssessment(save(name, MOST, pb.AssessmentFacts()))
        with refused("FAILED_PRECONDITION", "ASSESSORS_TOO_FEW", "basics.assessors"):
            ask(here).CompleteAssessment(complete(name))

    def test_the_outcome_explains_itself(self, here):
        facts = pb.AssessmentFacts(
            diagnoses=["F00.1"], risk_events=[pb.RiskCount(kind="fall", count=2)]
        )
        done = completed(here, {"bathing": 0, "stairs": 1}, facts)
        out = done.outcome
        assert (out.total, out.maximum) == (84, 90)
        points = {one.domain: (one.points, one.maximum) for one in out.domains}
        assert points == {
            "self-care": (28, 32), "movement": (13, 15), "mind": (28, 28), "senses": (15, 15)
        }  # fmt: skip
        assert out.domains[0].items[2].answer
        assert (out.level_before, out.care_level) == (
            LEVEL.CARE_LEVEL_MILD, LEVEL.CARE_LEVEL_MODERATE
        )  # fmt: skip
        moves = [(one.adjustment, one.moved) for one in out.adjustments]
        assert moves == [("dementia", True), ("care-risk", False)]
        assert "84" in out.sentence

    def test_the_level_becomes_the_care_file_s_and_the_others_are_told(self, here):
        before = file_of(here)
        done = completed(here, {"bathing": 0})
        after = file_of(here)
        assert (before.care_level, after.care_level) == (0, LEVEL.CARE_LEVEL_MILD)
        assert after.level_time == done.complete_time
        assert after.level_due_time == done.due_time
        assert after.version == before.version + 1
        (event,) = told(here)
        assert (event.assessment, event.resident, event.area) == (done.name, OTHER, HERE)
        assert (event.level_before, event.care_level) == (0, LEVEL.CARE_LEVEL_MILD)
        assert (event.rules, event.replaces) == ("gbt-42195-2022", "")

    def test_it_is_old_from_the_beginning_of_a_local_day_to_everybody(self, here):
        # In Shanghai the 24th has begun, in UTC it has not.
        here.clock.advance(timedelta(hours=15, minutes=30))
        here.world.beat()
        done = completed(here)
        due = instant(done.due_time)
        assert due == midnight(date(2027, 11, 24))
        for moment, old in ((due - timedelta(seconds=1), False), (due, True)):
            here.clock.advance(moment - here.clock.now())
            here.world.beat()
            listed = ask(here).ListEldersToAssess(pb.ListEldersToAssessRequest(due=True)).elders
            assert (OTHER in [one.resident for one in listed]) is old
            asked = eligibility_pb2.GetEligibilityRequest(name=f"{OTHER}/eligibility")
            given = here.as_("doctor", EligibilityServiceStub).GetEligibility(asked)
            assert [one.outdated for one in given.levels] == [old]

    def test_a_file_that_is_changed_afterwards_keeps_level_and_day(self, here):
        completed(here)
        open_file(here, file_of(here).version)
        assert file_of(here).care_level == LEVEL.CARE_LEVEL_INTACT
        assert file_of(here).HasField("level_due_time")

    def test_afterwards_nothing_changes_it(self, here):
        done = completed(here)
        calls = [
            lambda: ask(here).SaveAssessment(save(done.name, {"eating": 0})),
            lambda: ask(here).CompleteAssessment(complete(done.name)),
            lambda: ask(here).DeleteAssessment(discard(done.name)),
        ]
        for change in calls:
            with refused("FAILED_PRECONDITION", "ASSESSMENT_COMPLETED", "name"):
                change()
        assert ask(here).GetAssessment(get(done.name)) == done

    def test_who_saw_another_outcome_does_not_complete_this_one(self, here):
        draft = drafted(here)
        ask(here).SaveAssessment(save(draft.name, {"eating": 0}))
        with refused("ABORTED", "ASSESSMENT_CHANGED", "version"):
            ask(here).CompleteAssessment(complete(draft.name, draft.version))

    def test_a_correction_names_what_it_replaces_and_counts_from_then_on(self, here):
        wrong = completed(here)
        right = completed(here, {"bathing": 0}, replaces=wrong.name)
        assert right.replaces == wrong.name
        again = ask(here).GetAssessment(get(wrong.name))
        assert again.replaced_by == right.name
        assert (again.care_level, again.outcome) == (wrong.care_level, wrong.outcome)
        assert file_of(here).care_level == LEVEL.CARE_LEVEL_MILD
        assert told(here)[-1].replaces == wrong.name


class TestDeleteAssessment:
    def test_a_draft_is_gone_and_another_may_be_opened(self, here):
        name = ask(here).CreateAssessment(create()).name
        ask(here).DeleteAssessment(discard(name))
        with refused("NOT_FOUND", "ASSESSMENT_NOT_FOUND"):
            ask(here).GetAssessment(get(name))
        ask(here).CreateAssessment(create())

    def test_not_by_the_elder(self, here):
        name = ask(here).CreateAssessment(create()).name
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            ask(here, "resident").DeleteAssessment(discard(name))


class TestGetAssessment:
    def test_strangers_and_other_areas_find_nothing(self, here):
        done = completed(here)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            ask(here, "vendor").GetAssessment(get(done.name))
        with refused("NOT_FOUND", "ASSESSMENT_NOT_FOUND"):
            ask(here, "teacher").GetAssessment(get(done.name))

    def test_the_elder_and_the_family_read_what_is_completed(self, here):
        here.world.grant("daughter", "resident", "family", ["eldercare"])
        done = completed(here)
        for person in ("resident", "daughter"):
            assert ask(here, person).GetAssessment(get(done.name)) == done

    def test_a_draft_is_the_assessors_own_matter(self, here):
        draft = drafted(here)
        with refused("NOT_FOUND", "ASSESSMENT_NOT_FOUND"):
            ask(here, "resident").GetAssessment(get(draft.name))

    def test_station_and_carer_see_the_level_but_no_answers(self, here):
        here.world.grant("carer", "resident", "carer", ["eldercare"])
        done = completed(here)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            ask(here, "doctor").GetAssessment(get(done.name))
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            ask(here, "carer").GetAssessment(get(done.name))
        for person in ("doctor", "dispatcher", "carer"):
            assert file_of(here, person).care_level == LEVEL.CARE_LEVEL_INTACT


class TestListAssessments:
    def test_newest_first_by_pages_and_without_answers(self, here):
        names = [completed(here).name for _ in range(3)]
        first = ask(here, "doctor").ListAssessments(
            pb.ListAssessmentsRequest(parent=OTHER, page_size=2)
        )
        asked = pb.ListAssessmentsRequest(
            parent=OTHER, page_size=2, page_token=first.next_page_token
        )
        second = ask(here, "doctor").ListAssessments(asked)
        found = [*first.assessments, *second.assessments]
        assert [one.name for one in found] == names[::-1]
        assert not any(one.answers or one.HasField("outcome") for one in found)
        assert first.display_name == "王建国"
        with refused("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID", "page_token"):
            ask(here).ListAssessments(asked)

    def test_drafts_are_listed_for_assessors_only(self, here):
        ask(here).CreateAssessment(create())
        asked = pb.ListAssessmentsRequest(parent=OTHER)
        assert len(ask(here).ListAssessments(asked).assessments) == 1
        for person in ("resident", "doctor"):
            assert not ask(here, person).ListAssessments(asked).assessments
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            ask(here, "teacher").ListAssessments(asked)


class TestRescoreAssessment:
    def test_an_old_case_gives_the_old_answer_though_the_rules_have_changed(
        self, here, service_under_test
    ):
        both = with_rules(two_versions())
        here = type(here)(service_under_test(both, demo=True), here.world, here.clock)
        open_file(here)
        falls = [pb.RiskCount(kind="fall", count=2)]
        facts = pb.AssessmentFacts(diagnoses=["F00"], risk_events=falls)
        done = completed(here, {"bathing": 0}, facts)
        assert done.care_level == LEVEL.CARE_LEVEL_MODERATE
        here.clock.advance(timedelta(days=400))
        here.world.beat()
        found = ask(here).RescoreAssessment(pb.RescoreAssessmentRequest(name=done.name))
        assert (found.same, found.current_rules) == (True, "assessmentRules/synthetic")
        assert found.outcome == done.outcome
        assert (found.stored_level, found.stored_total) == (done.care_level, 86)
        # The same answers, given anew, are counted by the newer version; the old case stays.
        newer = completed(here, {"bathing": 0}, facts)
        assert newer.care_level == LEVEL.CARE_LEVEL_SEVERE
        assert ask(here).GetAssessment(get(done.name)) == done
        assert ask(here).RescoreAssessment(pb.RescoreAssessmentRequest(name=done.name)).same

    def test_a_draft_is_completed_by_the_rules_it_was_opened_under(self, here, service_under_test):
        both = with_rules(two_versions())
        here = type(here)(service_under_test(both, demo=True), here.world, here.clock)
        open_file(here)
        draft = drafted(here)
        here.clock.advance(timedelta(days=400))
        here.world.beat()
        done = ask(here).CompleteAssessment(complete(draft.name))
        assert done.outcome.rules == "assessmentRules/gbt-42195-2022"

    def test_what_was_tampered_with_is_told(self, here):
        done = completed(here)
        with here.db.begin() as conn:
            conn.execute(assessment.update().values(answers='{"eating": 0}'))
        with refused("FAILED_PRECONDITION", "ANSWERS_MISSING"):
            ask(here).RescoreAssessment(pb.RescoreAssessmentRequest(name=done.name))
        worse = {**MOST, "eating": 0}
        with here.db.begin() as conn:
            kept = assessment.update().where(assessment.c.id == done.name.rpartition("/")[2])
            conn.execute(kept.values(answers=str(worse).replace("'", '"')))
        found = ask(here).RescoreAssessment(pb.RescoreAssessmentRequest(name=done.name))
        assert (found.same, found.stored_total, found.outcome.total) == (False, 90, 86)

    def test_a_draft_has_nothing_to_say_again(self, here):
        draft = drafted(here)
        with refused("FAILED_PRECONDITION", "ASSESSMENT_NOT_COMPLETED", "name"):
            ask(here).RescoreAssessment(pb.RescoreAssessmentRequest(name=draft.name))


def with_rules(book):
    return dataclasses.replace(
        app,
        loops=(),
        timers={},
        servicers={**app.servicers, SERVICE: lambda r: AssessmentServicer(r, book)},
    )


def two_versions():
    """The real rules, and a version of next year, this test's, in which every adjustment counts."""
    file = package_files("xianban_eldercare.rules").joinpath("gbt-42195-2022.toml")
    data = tomllib.loads(file.read_text("utf-8"))
    data |= {"version": "synthetic", "effective_from": START.date() + timedelta(days=365)}
    data["adjustments"]["worsening"] = "each"
    return RuleBook({**RULES.versions, "synthetic": read_rules(data, "synthetic")})
