"""xianban.eldercare.v1.WeatherService"""

from __future__ import annotations

from xianban.eldercare.v1 import weather_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call
from xianban_sdk.wire import instant

from xianban_eldercare.convert import weather as convert
from xianban_eldercare.convert.organisations import organisation_id
from xianban_eldercare.convert.weather_words import KNOWLEDGE
from xianban_eldercare.handlers import rounds
from xianban_eldercare.handlers.weather import Found, Here, home_of, sources_of, weather_at
from xianban_eldercare.repository import CareFiles, Organisations, Page, Rounds
from xianban_eldercare.repository.weather_rows import ProposalRow

__all__ = ["WeatherServicer"]


class WeatherServicer:
    """Weather warnings, and whom they give reason to look after."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def GetWeather(self, request: pb.GetWeatherRequest, call: Call) -> pb.Weather:
        connected = self._connected(call)
        file = CareFiles(call.uow.conn, call.scope).get(str(call.subject))
        found = _at(Here(file.area, home_of(file)), connected, call)
        return convert.weather(request.name, found, call.locale, call.clock.now())

    def ListRoundProposals(
        self, request: pb.ListRoundProposalsRequest, call: Call
    ) -> pb.ListRoundProposalsResponse:
        connected, organisation = self._connected(call), organisation_id(request.parent)
        here = Organisations(call.uow.conn, call.scope).own_one(organisation, field="parent")
        page = Page(request.page_size, request.page_token, of=organisation, all=request.all)
        book = Rounds(call.uow.conn, call.scope)
        rows, token = book.listed(organisation, page, over=request.all)
        found, now = _at(Here(here.area), connected, call), call.clock.now()
        return pb.ListRoundProposalsResponse(
            round_proposals=_shown(rows, organisation, call),
            next_page_token=token,
            knowledge=KNOWLEDGE[found.knowledge],
            warnings=[convert.warning(one, found.sources, call.locale) for one in found.warnings],
            sources=[convert.source(one, call.locale, now) for one in found.sources],
        )

    def AcceptRoundProposal(
        self, request: pb.AcceptRoundProposalRequest, call: Call
    ) -> pb.RoundProposal:
        organisation, number = convert.proposal_key(request.name)
        sent = rounds.Sent(
            request.carer, instant(request.start_time), request.minutes, request.travel_minutes
        )
        row = rounds.accept(number, organisation, sent, scope=call.scope, uow=call.uow)
        return _shown([row], organisation, call)[0]

    def RecordRoundCall(self, request: pb.RecordRoundCallRequest, call: Call) -> pb.RoundProposal:
        organisation, number = convert.proposal_key(request.name)
        row = rounds.call(number, organisation, request.note, scope=call.scope, uow=call.uow)
        return _shown([row], organisation, call)[0]

    def DismissRoundProposal(
        self, request: pb.DismissRoundProposalRequest, call: Call
    ) -> pb.RoundProposal:
        organisation, number = convert.proposal_key(request.name)
        row = rounds.dismiss(number, organisation, request.reason, scope=call.scope, uow=call.uow)
        return _shown([row], organisation, call)[0]

    def _connected(self, call: Call) -> list[str]:
        """The sources there are; before the transaction, as whatever plugins are asked."""
        return [one.source.id for one in sources_of(call.hooks)]


def _at(here: Here, connected: list[str], call: Call) -> Found:
    return weather_at(here, connected, conn=call.uow.conn, now=call.clock.now())


def _shown(rows: list[ProposalRow], organisation: str, call: Call) -> list[pb.RoundProposal]:
    seen = rounds.seen(rows, conn=call.uow.conn)
    return [convert.proposal(one, organisation, call.locale) for one in seen]
