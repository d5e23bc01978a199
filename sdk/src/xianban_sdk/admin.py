"""Upkeep of one service on a Unix socket that only its owner may open."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import grpc
from sqlalchemy import select
from xianban.common.v1 import admin_pb2 as pb
from xianban.common.v1 import admin_pb2_grpc

from xianban_sdk.app import Resources, Service, installed_services
from xianban_sdk.audit import verify
from xianban_sdk.errors import InvalidArgument, NotFound, XianbanError, localised
from xianban_sdk.health import Health
from xianban_sdk.identity.relations import Relations
from xianban_sdk.importing import ImportReport
from xianban_sdk.ledger import lines
from xianban_sdk.messaging.dead_letters import DeadLetter, list_dead
from xianban_sdk.messaging.inbox import Inbox
from xianban_sdk.observed import figures_of
from xianban_sdk.personal.serving import PersonalAdmin
from xianban_sdk.plugins.loaded import Plugin
from xianban_sdk.settings import Settings
from xianban_sdk.storage.tables import outbox

__all__ = ["AdminServicer", "open_admin", "opened"]

_TAIL_LIMIT = 1000


class AdminServicer(admin_pb2_grpc.AdminServiceServicer):
    """Dead letters, audit, imports, personal data."""

    def __init__(
        self,
        service: Service,
        resources: Resources,
        inbox: Callable[[], Inbox | None],
        health: Health,
    ) -> None:
        self._health = health
        self._service = service
        self._resources = resources
        self._inbox = inbox
        self._personal = PersonalAdmin(service, resources)

    def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, context: grpc.ServicerContext
    ) -> pb.ListDeadLettersResponse:
        letters = [self._letter(letter) for letter in list_dead(self._resources.db)]
        return pb.ListDeadLettersResponse(dead_letters=letters)

    def ReplayDeadLetter(
        self, request: pb.ReplayDeadLetterRequest, context: grpc.ServicerContext
    ) -> pb.ReplayDeadLetterResponse:
        with _told(context, self._service.package):
            inbox = self._inbox()
            if inbox is None:
                raise NotFound("DEAD_LETTER_NOT_FOUND", field="id")
            replayed = inbox.replay(request.id)
            if replayed.failed is not None:
                raise InvalidArgument("REPLAY_FAILED", error=replayed.failed.error)
            return pb.ReplayDeadLetterResponse(applied=replayed.applied)
        raise AssertionError("abort raises")

    def TailEvents(
        self, request: pb.TailEventsRequest, context: grpc.ServicerContext
    ) -> pb.TailEventsResponse:
        count = min(request.count or 20, _TAIL_LIMIT)
        query = select(outbox).order_by(outbox.c.seq.desc()).limit(count)
        with self._resources.db.read() as conn:
            rows = conn.execute(query).mappings().all()
        return pb.TailEventsResponse(events=[_tailed(row) for row in reversed(rows)])

    def VerifyAudit(
        self, request: pb.VerifyAuditRequest, context: grpc.ServicerContext
    ) -> pb.VerifyAuditResponse:
        found = verify(self._resources.db)
        return pb.VerifyAuditResponse(
            rows=found.rows, first_bad_row=found.first_bad_row or "", reason=found.reason
        )

    def Import(
        self, request: pb.ImportRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.ImportProgress]:
        with _told(context, self._service.package):
            importer = self._service.importers.get(request.kind)
            if importer is None:
                raise NotFound("IMPORTER_NOT_FOUND", field="kind", kind=request.kind)

            def run(progress: Callable[[ImportReport], None]) -> ImportReport:
                path, options = Path(request.path), dict(request.options)
                return importer(path, self._resources, progress, options)

            yield from _followed(run)

    def DescribePersonalData(
        self, request: pb.DescribePersonalDataRequest, context: grpc.ServicerContext
    ) -> pb.DescribePersonalDataResponse:
        return self._personal.describe(request.person)

    def ExportPersonalData(
        self, request: pb.ExportPersonalDataRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.ExportPersonalDataResponse]:
        return self._personal.export(request.person)

    def ErasePerson(
        self, request: pb.ErasePersonRequest, context: grpc.ServicerContext
    ) -> pb.ErasePersonResponse:
        with _told(context, self._service.package):
            return pb.ErasePersonResponse(receipt=self._personal.erase(request.person))
        raise AssertionError("abort raises")

    def Seed(self, request: pb.SeedRequest, context: grpc.ServicerContext) -> pb.SeedResponse:
        if self._service.seed is None:
            return pb.SeedResponse(seeded=False)
        self._service.seed(self._resources)
        return pb.SeedResponse(seeded=True)

    def RefreshPlugins(
        self, request: pb.RefreshPluginsRequest, context: grpc.ServicerContext
    ) -> pb.RefreshPluginsResponse:
        from xianban_sdk.plugins.registry.following import follow

        hookspecs, resources = self._service.hookspecs, self._resources
        if hookspecs is None:
            return pb.RefreshPluginsResponse()
        running = follow(resources.hooks, hookspecs, resources.settings)
        return pb.RefreshPluginsResponse(running=running)

    def ListPlugins(
        self, request: pb.ListPluginsRequest, context: grpc.ServicerContext
    ) -> pb.ListPluginsResponse:
        from xianban_sdk.plugins.roll import Roll

        found = sorted(self._resources.hooks.plugins.items())
        return pb.ListPluginsResponse(
            plugins=[_plugin(plugin) for _, plugin in found],
            all=Roll(self._service, self._resources).all("en"),
        )

    def ListDisclosures(
        self, request: pb.ListDisclosuresRequest, context: grpc.ServicerContext
    ) -> pb.ListDisclosuresResponse:
        since = date.fromisoformat(request.since) if request.since else None
        with self._resources.db.read() as conn:
            found = lines(conn, plugin=request.plugin, vendor=request.vendor, since=since)
        told = [pb.DisclosureLine(**asdict(line)) for line in found]
        return pb.ListDisclosuresResponse(lines=told)

    def GetVitals(
        self, request: pb.GetVitalsRequest, context: grpc.ServicerContext
    ) -> pb.GetVitalsResponse:
        resources = self._resources
        with resources.db.read() as conn:
            figures = figures_of(conn, resources.clock.now())
        relations = resources.relations
        age = relations.age() if isinstance(relations, Relations) else 0.0
        return pb.GetVitalsResponse(
            problems=self._health.problems, relations_age=age, **asdict(figures)
        )

    def _letter(self, letter: DeadLetter) -> pb.DeadLetter:
        made = pb.DeadLetter(
            id=letter.id,
            service=self._service.name,
            type=letter.event.type,
            aggregate=letter.event.aggregate,
            state=letter.state,
            error=letter.error,
            attempts=letter.attempts,
        )
        made.dead_time.FromDatetime(letter.created_at)
        return made


def _plugin(plugin: Plugin) -> pb.LoadedPlugin:
    manifest = plugin.manifest
    return pb.LoadedPlugin(
        id=manifest.id,
        version=manifest.version,
        vendor=manifest.vendor,
        tier=plugin.tier,
        set_aside=plugin.quarantined,
    )


def open_admin(settings: Settings, servicer: AdminServicer, name: str) -> grpc.Server:
    """Serves upkeep; the socket belongs to its owner alone."""
    path = settings.socket(name, "admin")
    server = grpc.server(ThreadPoolExecutor(2, thread_name_prefix="admin"))
    admin_pb2_grpc.add_AdminServiceServicer_to_server(servicer, server)
    mask = os.umask(0o177)
    try:
        server.add_insecure_port(f"unix:{path}")
    finally:
        os.umask(mask)
    server.start()
    return server


@contextmanager
def opened(names: Sequence[str], settings: Settings, *, relay: bool = False) -> Iterator[None]:
    """Opens services' databases and admin sockets, for a command while nothing runs.

    What the command told the others leaves at its end; who is not opened hears of it later.
    """
    from xianban_sdk.process import Process

    process = Process(installed_services(names), settings)
    try:
        process.open_for_upkeep(relay=relay)
        yield
        process.flush()
    finally:
        process.stop()


def _followed(
    run: Callable[[Callable[[ImportReport], None]], ImportReport],
) -> Iterator[pb.ImportProgress]:
    # Unbounded: an import whose watcher has gone goes on to its end.
    steps: queue.SimpleQueue[pb.ImportProgress | Exception | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            last = run(lambda report: steps.put(_progress(report)))
            steps.put(_progress(last))
            steps.put(None)
        except Exception as error:
            steps.put(error)

    threading.Thread(target=work, name="import", daemon=True).start()
    while (step := steps.get()) is not None:
        if isinstance(step, Exception):
            raise step
        yield step


def _progress(report: ImportReport) -> pb.ImportProgress:
    rejections, report.rejections = report.rejections, []
    return pb.ImportProgress(
        done=report.done,
        total=report.total,
        accepted=report.accepted,
        duplicates=report.duplicates,
        rejected=report.rejected,
        rejections=[
            pb.ImportRejection(item=r.item, field=r.field, reason=r.reason) for r in rejections
        ],
        kept_aside=report.kept_aside,
    )


def _tailed(row: Any) -> pb.TailedEvent:
    made = pb.TailedEvent(
        id=row["id"],
        type=row["type"],
        aggregate=row["aggregate"],
        sent=row["sent_at"] is not None,
        traceparent=row["traceparent"],
    )
    made.time.FromDatetime(row["time"])
    return made


@contextmanager
def _told(context: grpc.ServicerContext, package: str) -> Iterator[None]:
    """Our errors become a status with a sentence; others stay errors of ours."""
    try:
        yield
    except XianbanError as error:
        context.abort(error.code, localised(error, "en", package))
