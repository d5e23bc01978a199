"""xianban.eldercare.v1.OrganisationService"""

from __future__ import annotations

from datetime import timedelta

from xianban.eldercare.v1 import organisations_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call

from xianban_eldercare.convert import organisations as convert
from xianban_eldercare.convert.care_files import resident_of
from xianban_eldercare.handlers import beds, organisations
from xianban_eldercare.handlers.organisations import Employed
from xianban_eldercare.repository import Page
from xianban_eldercare.repository.beds import Beds
from xianban_eldercare.repository.organisation_rows import BedRow, OrganisationRow
from xianban_eldercare.repository.organisations import Organisations

__all__ = ["OrganisationServicer"]


class OrganisationServicer:
    """Organisations, their staff and their beds."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def ListOrganisations(
        self, request: pb.ListOrganisationsRequest, call: Call
    ) -> pb.ListOrganisationsResponse:
        area, kind = request.area, convert.kind_of(request.kind)
        page = Page(request.page_size, request.page_token, area=area, kind=kind)
        book = Organisations(call.uow.conn, call.scope)
        rows, token = book.listed(page, area=area, kind=kind)
        free = book.free_beds([row.id for row in rows])
        shown = [convert.organisation(row, free.get(row.id, {})) for row in rows]
        return pb.ListOrganisationsResponse(organisations=shown, next_page_token=token)

    def GetOrganisation(self, request: pb.GetOrganisationRequest, call: Call) -> pb.Organisation:
        book = Organisations(call.uow.conn, call.scope)
        return _shown(book.get(convert.organisation_id(request.name)), call)

    def UpdateOrganisation(
        self, request: pb.UpdateOrganisationRequest, call: Call
    ) -> pb.Organisation:
        given = request.organisation
        wanted = convert.written_organisation(given)
        row = organisations.write_organisation(
            wanted, given.version, scope=call.scope, uow=call.uow
        )
        return _shown(row, call)

    def ListStaff(self, request: pb.ListStaffRequest, call: Call) -> pb.ListStaffResponse:
        organisation = convert.organisation_id(request.parent)
        page = Page(
            request.page_size, request.page_token, of=organisation, expiring=request.expiring
        )
        found, token = organisations.staff_of(
            organisation,
            page,
            expiring=request.expiring,
            scope=call.scope,
            conn=call.uow.conn,
            clock=call.clock,
        )
        shown = [_staff(one, call) for one in found]
        return pb.ListStaffResponse(staff=shown, next_page_token=token)

    def GetStaff(self, request: pb.GetStaffRequest, call: Call) -> pb.Staff:
        organisation, person = convert.staff_key(request.name)
        conn = call.uow.conn
        found = organisations.one_of_staff(organisation, person, scope=call.scope, conn=conn)
        return _staff(found, call)

    def UpdateStaff(self, request: pb.UpdateStaffRequest, call: Call) -> pb.Staff:
        wanted = convert.written_staff(request.staff)
        saved = organisations.write_staff(
            wanted, request.staff.version, scope=call.scope, uow=call.uow
        )
        return convert.staff(saved, organisations.today(call.clock))

    def ListBeds(self, request: pb.ListBedsRequest, call: Call) -> pb.ListBedsResponse:
        organisation = convert.organisation_id(request.parent)
        Organisations(call.uow.conn, call.scope).own_one(organisation, field="parent")
        page = Page(request.page_size, request.page_token, of=organisation)
        book = Beds(call.uow.conn, call.scope)
        rows, token = book.listed(organisation, page)
        people = {row.resident for row in rows if row.resident}
        for resident in people:
            call.looked_at(resident)
        names = book.names(people)
        shown = [convert.bed(row, names) for row in rows]
        return pb.ListBedsResponse(beds=shown, next_page_token=token)

    def UpdateBed(self, request: pb.UpdateBedRequest, call: Call) -> pb.Bed:
        wanted = convert.written_bed(request.bed)
        row = beds.write_bed(wanted, request.bed.version, scope=call.scope, uow=call.uow)
        return _bed(row, call)

    def HoldBed(self, request: pb.HoldBedRequest, call: Call) -> pb.Bed:
        key, resident = convert.bed_key(request.name), resident_of(request.resident)
        until = call.clock.now() + timedelta(hours=request.hours)
        return _bed(beds.hold_bed(key, resident, until, scope=call.scope, uow=call.uow), call)

    def ReleaseBed(self, request: pb.ReleaseBedRequest, call: Call) -> pb.Bed:
        key = convert.bed_key(request.name)
        return _bed(beds.release_bed(key, scope=call.scope, uow=call.uow), call)

    def OccupyBed(self, request: pb.OccupyBedRequest, call: Call) -> pb.Bed:
        key, resident = convert.bed_key(request.name), resident_of(request.resident)
        return _bed(beds.occupy_bed(key, resident, scope=call.scope, uow=call.uow), call)

    def VacateBed(self, request: pb.VacateBedRequest, call: Call) -> pb.Bed:
        key = convert.bed_key(request.name)
        return _bed(beds.vacate_bed(key, scope=call.scope, uow=call.uow), call)

    def CloseBed(self, request: pb.CloseBedRequest, call: Call) -> pb.Bed:
        change = beds.open_bed if request.open else beds.close_bed
        return _bed(change(convert.bed_key(request.name), scope=call.scope, uow=call.uow), call)


def _shown(row: OrganisationRow, call: Call) -> pb.Organisation:
    free = Organisations(call.uow.conn, call.scope).free_beds([row.id])
    return convert.organisation(row, free.get(row.id, {}))


def _staff(found: Employed, call: Call) -> pb.Staff:
    """Whose licences are shown has been looked at."""
    call.looked_at(found.row.person)
    return convert.staff(found, organisations.today(call.clock))


def _bed(row: BedRow, call: Call) -> pb.Bed:
    people = [row.resident] if row.resident else []
    return convert.bed(row, Beds(call.uow.conn, call.scope).names(people))
