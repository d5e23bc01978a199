"""What an elder's levels give: by published tables, each by its own scale, with reasons."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from eldercare_names import ELDER
from refusals import refused
from xianban.eldercare.v1 import care_files_pb2
from xianban.eldercare.v1 import eligibility_pb2 as pb
from xianban.eldercare.v1.care_files_pb2_grpc import CareFileServiceStub
from xianban.eldercare.v1.eligibility_pb2_grpc import EligibilityServiceStub
from xianban_sdk.clock import local_day
from xianban_sdk.wire import instant

DAY = timedelta(days=1)
ASK = pb.GetEligibilityRequest(name=f"{ELDER}/eligibility")
_numbers = count(1)


def people(eldercare, person):
    return eldercare.as_(person, EligibilityServiceStub)


def entered(**changes):
    facts = {
        "name": f"{ELDER}/officialLevel",
        "level": 3,
        "valid_from": "2025-06-01",
        "valid_until": "2027-05-31",
        "decided_by": "奉贤区某评估机构",
        "reference": "奉评 2025-0123",
    }
    return pb.UpdateOfficialLevelRequest(
        official_level=pb.OfficialLevel(**(facts | changes)),
        request_id=f"request-{next(_numbers):06d}",
    )


class TestUpdateOfficialLevel:
    def test_is_entered_by_the_elder_s_station_and_nobody_else(self, eldercare):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            people(eldercare, "").UpdateOfficialLevel(entered())
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            people(eldercare, "vendor").UpdateOfficialLevel(entered())
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            people(eldercare, "operator").UpdateOfficialLevel(entered())
        for person in ("elder", "daughter"):
            with refused("PERMISSION_DENIED", "POLICY_DENIED"):
                people(eldercare, person).UpdateOfficialLevel(entered())
        kept = people(eldercare, "doctor").UpdateOfficialLevel(entered())
        assert (kept.level, kept.reference) == (3, "奉评 2025-0123")

    def test_a_newer_result_replaces_the_older(self, eldercare):
        people(eldercare, "doctor").UpdateOfficialLevel(entered())
        people(eldercare, "doctor").UpdateOfficialLevel(entered(level=5))
        assert people(eldercare, "elder").GetEligibility(ASK).official_level.level == 5

    @pytest.mark.parametrize(
        ("field", "value", "reason"),
        [
            ("level", 7, "REQUEST_INVALID"),
            ("reference", "", "REQUEST_INVALID"),
            ("valid_from", "2025-02-30", "DAY_UNKNOWN"),
            ("valid_until", "2025-05-31", "VALIDITY_REVERSED"),
        ],
    )
    def test_bad_input_names_the_field(self, eldercare, field, value, reason):
        with refused("INVALID_ARGUMENT", reason, f"official_level.{field}"):
            people(eldercare, "doctor").UpdateOfficialLevel(entered(**{field: value}))


class TestGetEligibility:
    def test_not_for_strangers_and_stations_elsewhere(self, eldercare):
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            people(eldercare, "vendor").GetEligibility(ASK)
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            people(eldercare, "operator").GetEligibility(ASK)

    def test_a_level_of_the_national_scale_is_never_turned_into_the_city_s(self, eldercare):
        for person in ("elder", "daughter", "doctor"):
            found = people(eldercare, person).GetEligibility(ASK)
            assert [one.scale for one in found.levels] == [pb.LEVEL_SCALE_GBT_42195]
            (benefit,) = found.benefits
            assert not benefit.eligible
            assert (benefit.hours_per_week, benefit.paid_percent) == (0, 0)
            assert "不能换算" in benefit.explanation or "not converted" in benefit.explanation

    def test_the_official_level_gives_what_the_city_has_published_and_says_where(self, eldercare):
        people(eldercare, "doctor").UpdateOfficialLevel(entered())
        found = people(eldercare, "elder").GetEligibility(ASK)
        (benefit,) = found.benefits
        assert benefit.eligible
        assert (benefit.hours_per_week, benefit.visits_per_week, benefit.paid_percent) == (3, 3, 90)
        assert benefit.rules == "eligibility-310120-ltci-2021"
        assert benefit.source
        assert benefit.conditions
        assert benefit.explanation

    def test_on_a_day_outside_its_validity_it_gives_nothing(self, eldercare):
        people(eldercare, "doctor").UpdateOfficialLevel(entered())
        for day in ("2025-05-31", "2027-06-01"):
            asked = pb.GetEligibilityRequest(name=ASK.name, date=day)
            found = people(eldercare, "elder").GetEligibility(asked)
            assert not found.benefits[0].eligible
            outdated = {one.scale: one.outdated for one in found.levels}
            assert outdated[pb.LEVEL_SCALE_SH_UNIFIED]

    def test_an_assessed_level_counts_from_its_day_until_the_next_assessment_is_due(
        self, eldercare
    ):
        file = eldercare.as_("elder", CareFileServiceStub).GetCareFile(
            care_files_pb2.GetCareFileRequest(name=f"{ELDER}/careFile")
        )
        first = local_day(instant(file.level_time))
        due = local_day(instant(file.level_due_time))
        expected = {
            first - DAY: True,
            first: False,
            due - DAY: False,
            due: True,
        }
        for day, outdated in expected.items():
            asked = pb.GetEligibilityRequest(name=ASK.name, date=day.isoformat())
            [level] = people(eldercare, "elder").GetEligibility(asked).levels
            assert (day, level.outdated) == (day, outdated)

    def test_before_the_first_table_there_is_nothing_to_grant(self, eldercare):
        asked = pb.GetEligibilityRequest(name=ASK.name, date="2021-12-31")
        assert not people(eldercare, "elder").GetEligibility(asked).benefits

    def test_a_day_that_is_none_is_refused(self, eldercare):
        asked = pb.GetEligibilityRequest(name=ASK.name, date="2026-13-01")
        with refused("INVALID_ARGUMENT", "DAY_UNKNOWN", "date"):
            people(eldercare, "elder").GetEligibility(asked)
