"""Elders' files: who may read and change them, and what happens when two do so at once."""

from __future__ import annotations

from eldercare_names import ELDER, HERE
from refusals import refused
from xianban.eldercare.v1 import care_files_pb2 as pb
from xianban.eldercare.v1.care_files_pb2_grpc import CareFileServiceStub
from xianban_sdk.demo import person_id

NAME = f"{ELDER}/careFile"
GET = pb.GetCareFileRequest(name=NAME)
OTHER = f"residents/{person_id('resident')}/careFile"


def files(eldercare, person):
    return eldercare.as_(person, CareFileServiceStub)


def update(file, number=1, **changes):
    changed = pb.CareFile()
    changed.CopyFrom(file)
    for name, value in changes.items():
        setattr(changed, name, value)
    return pb.UpdateCareFileRequest(care_file=changed, request_id=f"file-{number:04d}")


def opened(name=OTHER, area=HERE, number=9):
    file = pb.CareFile(name=name, display_name="王建国", area=area)
    return pb.UpdateCareFileRequest(care_file=file, request_id=f"open-{number:04d}")


class TestGetCareFile:
    def test_not_without_a_token(self, eldercare):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            files(eldercare, "").GetCareFile(GET)

    def test_a_stranger_hears_what_an_absent_elder_answers(self, eldercare):
        for name in (NAME, "residents/01KDVHX800ZZZZZZ0000000000/careFile"):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
                files(eldercare, "vendor").GetCareFile(pb.GetCareFileRequest(name=name))

    def test_a_station_elsewhere_finds_nothing(self, eldercare):
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            files(eldercare, "operator").GetCareFile(GET)

    def test_the_elder_the_family_and_the_own_station_read_the_whole_file(self, eldercare):
        for person in ("elder", "daughter", "carer", "doctor", "dispatcher"):
            found = files(eldercare, person).GetCareFile(GET)
            assert [one.relation for one in found.contacts] == ["女儿", "养老护理员"]
            assert [one.code for one in found.conditions] == ["I10", "J44"]
            assert found.home.latitude == 30.9183


class TestUpdateCareFile:
    def test_the_care_level_is_not_for_writing(self, eldercare):
        before = files(eldercare, "daughter").GetCareFile(GET)
        asked = update(before, care_level=pb.CARE_LEVEL_COMPLETE, address="新址 1 号")
        after = files(eldercare, "daughter").UpdateCareFile(asked)
        assert (after.address, after.care_level) == ("新址 1 号", before.care_level)
        assert after.version == before.version + 1

    def test_who_saw_an_older_file_must_look_again(self, eldercare):
        before = files(eldercare, "daughter").GetCareFile(GET)
        files(eldercare, "daughter").UpdateCareFile(update(before, 1, address="新址 1 号"))
        with refused("ABORTED", "CARE_FILE_CHANGED", "care_file.version"):
            files(eldercare, "elder").UpdateCareFile(update(before, 2, address="新址 2 号"))

    def test_who_opens_a_file_that_is_there_replaces_nothing(self, eldercare):
        before = files(eldercare, "daughter").GetCareFile(GET)
        with refused("ALREADY_EXISTS", "CARE_FILE_EXISTS", "care_file.name"):
            files(eldercare, "daughter").UpdateCareFile(update(before, version=0, address="x"))
        assert files(eldercare, "daughter").GetCareFile(GET) == before

    def test_who_saw_a_file_that_is_not_there_opens_none(self, eldercare):
        asked = opened(number=11)
        asked.care_file.version = 4
        with refused("ABORTED", "CARE_FILE_CHANGED", "care_file.version"):
            files(eldercare, "doctor").UpdateCareFile(asked)

    def test_a_carer_does_not_write(self, eldercare):
        before = files(eldercare, "carer").GetCareFile(GET)
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            files(eldercare, "carer").UpdateCareFile(update(before))

    def test_a_station_opens_files_in_its_own_area_only(self, eldercare):
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND", "care_file.area"):
            files(eldercare, "operator").UpdateCareFile(opened())
        made = files(eldercare, "doctor").UpdateCareFile(opened(number=10))
        assert (made.version, made.care_level) == (1, pb.CARE_LEVEL_UNSPECIFIED)

    def test_bad_input_names_the_field(self, eldercare):
        before = files(eldercare, "daughter").GetCareFile(GET)
        before.contacts[0].phone = "call me"
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", "care_file.contacts[0].phone"):
            files(eldercare, "daughter").UpdateCareFile(update(before))


class TestListCareFiles:
    def test_not_for_residents(self, eldercare):
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            files(eldercare, "daughter").ListCareFiles(pb.ListCareFilesRequest())

    def test_an_area_s_files_by_name_without_health_and_home(self, eldercare):
        files(eldercare, "doctor").UpdateCareFile(opened())
        station = files(eldercare, "doctor")
        first = station.ListCareFiles(pb.ListCareFilesRequest(page_size=1))
        asked = pb.ListCareFilesRequest(page_size=1, page_token=first.next_page_token)
        second = station.ListCareFiles(asked)
        found = [*first.care_files, *second.care_files]
        assert [one.display_name for one in found] == ["张桂芳", "王建国"]
        assert not second.next_page_token
        assert not found[0].address
        assert not found[0].conditions
        assert not files(eldercare, "operator").ListCareFiles(pb.ListCareFilesRequest()).care_files

    def test_by_part_of_a_name_and_by_level(self, eldercare):
        station = files(eldercare, "dispatcher")
        asked = pb.ListCareFilesRequest(search="桂", least_level=pb.CARE_LEVEL_MILD)
        assert len(station.ListCareFiles(asked).care_files) == 1
        asked.least_level = pb.CARE_LEVEL_SEVERE
        assert not station.ListCareFiles(asked).care_files
