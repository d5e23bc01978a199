"""xianban.eldercare.v1.CareFileService"""

from __future__ import annotations

from xianban.common.v1 import audit_pb2
from xianban.eldercare.v1 import care_files_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call
from xianban_sdk.who_looked import who_looked

from xianban_eldercare.convert import care_files as convert
from xianban_eldercare.handlers.assignments import must_be_sent
from xianban_eldercare.handlers.care_files import WrittenFile, write_care_file
from xianban_eldercare.repository import CareFiles, Page

__all__ = ["CareFileServicer"]


class CareFileServicer:
    """Elders' files."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def GetCareFile(self, request: pb.GetCareFileRequest, call: Call) -> pb.CareFile:
        conn = call.uow.conn
        must_be_sent("name", basis=call.basis, scope=call.scope, conn=conn, clock=call.clock)
        return convert.care_file(CareFiles(conn, call.scope).get(convert.resident_of(request.name)))

    def UpdateCareFile(self, request: pb.UpdateCareFileRequest, call: Call) -> pb.CareFile:
        given = request.care_file
        written = WrittenFile(convert.written(given), given.version)
        return convert.care_file(write_care_file(written, scope=call.scope, uow=call.uow))

    def ListCareFiles(
        self, request: pb.ListCareFilesRequest, call: Call
    ) -> pb.ListCareFilesResponse:
        page = Page(
            request.page_size,
            request.page_token,
            who=call.actor,
            search=request.search,
            least=request.least_level,
        )
        files = CareFiles(call.uow.conn, call.scope)
        rows, token = files.listed(page, search=request.search, least=request.least_level)
        found = [convert.summary(row) for row in rows]
        return pb.ListCareFilesResponse(care_files=found, next_page_token=token)

    def ListAccesses(
        self, request: audit_pb2.ListAccessesRequest, call: Call
    ) -> audit_pb2.ListAccessesResponse:
        return who_looked(request, call)
