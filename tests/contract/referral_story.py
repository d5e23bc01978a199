"""A referral as people bring it about: the elder is taken by an organisation in another area."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from eldercare_names import ELDER, ELSEWHERE
from sqlalchemy import select
from xianban.common.v1 import hand_overs_pb2
from xianban.eldercare.v1 import bed_events_pb2
from xianban.eldercare.v1 import organisations_pb2 as organisations
from xianban.eldercare.v1 import referrals_pb2 as pb
from xianban.eldercare.v1.organisations_pb2_grpc import OrganisationServiceStub
from xianban.eldercare.v1.referrals_pb2_grpc import ReferralServiceStub
from xianban_eldercare.consumers import on_bed_changed, on_devices_handed_over
from xianban_sdk.clock import local_day
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.storage.tables import outbox

HOME = "organisations/nanqiao-home"
ABROAD = "organisations/fengpu-home"
HOSPITAL = "organisations/fengpu-hospital"
HOME_BED, BED, OTHER_BED = f"{HOME}/beds/101-1", f"{ABROAD}/beds/1-1", f"{ABROAD}/beds/1-2"
# The referrer here, and who answers for the other area.
REFERRER, HOST = "doctor", "operator"
BAND = {"device": "demo-band", "organisation": "南桥镇养老服务中心", "area": "310120/nanqiao"}
_numbers = count(1)


def request_id() -> str:
    return f"referral-{next(_numbers):06d}"


class District:
    """Two areas: the elder's, and one with a small home and a hospital."""

    def __init__(self, eldercare: Any) -> None:
        self.eldercare = eldercare
        self.clock = eldercare.clock
        hospital = organisations.Organisation(
            name=HOSPITAL,
            display_name="奉浦医院",
            kind=organisations.ORGANISATION_KIND_MEDICAL,
            area=ELSEWHERE,
            address="示例大道 60 号",
        )
        self.beds(HOST).UpdateOrganisation(
            organisations.UpdateOrganisationRequest(organisation=hospital, request_id=request_id())
        )
        for name in (BED, OTHER_BED):
            bed = organisations.Bed(name=name, room="1 室", kind=organisations.BED_KIND_NURSING)
            asked = organisations.UpdateBedRequest(bed=bed, request_id=request_id())
            self.beds(HOST).UpdateBed(asked)

        # The demo's own is called off: an elder has one at a time.
        asked = pb.ListReferralsRequest(parent=ELDER)
        for seeded in self.as_("elder").ListReferrals(asked).referrals:
            self.cancel(seeded, "elder")

    def as_(self, person: str) -> ReferralServiceStub:
        return self.eldercare.as_(person, ReferralServiceStub)

    def beds(self, person: str) -> OrganisationServiceStub:
        return self.eldercare.as_(person, OrganisationServiceStub)

    def bed(self, name: str = BED, person: str = HOST) -> organisations.Bed:
        parent = name.rpartition("/beds/")[0]
        found = self.beds(person).ListBeds(organisations.ListBedsRequest(parent=parent)).beds
        return next(one for one in found if one.name == name)

    def day(self, ahead: int = 0) -> str:
        return local_day(self.clock.now() + timedelta(days=ahead)).isoformat()

    def later(self, **span: float) -> None:
        """Time goes on, and identity still says that all is known."""
        self.clock.advance(timedelta(**span))
        self.eldercare.fire_timers()
        self.eldercare.world.beat()

    # -- the steps ------------------------------------------------------------------------------

    def wanted(self, parent: str = ELDER, **changes: Any) -> pb.CreateReferralRequest:
        facts = {
            "origin": pb.CARE_SETTING_HOME,
            "target": pb.CARE_SETTING_INSTITUTION,
            "reason": "出院后需要康复照护",
            "want_date": self.day(2),
        }
        referral = pb.Referral(**(facts | changes))
        return pb.CreateReferralRequest(parent=parent, referral=referral, request_id=request_id())

    def propose(self, person: str = REFERRER, **changes: Any) -> pb.Referral:
        return self.as_(person).CreateReferral(self.wanted(**changes))

    def consent(self, referral: pb.Referral, person: str = "daughter") -> pb.Referral:
        asked = pb.ConsentToReferralRequest(name=referral.name, request_id=request_id())
        return self.as_(person).ConsentToReferral(asked)

    def refuse(self, referral: pb.Referral, person: str = "daughter") -> pb.Referral:
        asked = pb.RefuseReferralRequest(
            name=referral.name, reason="想在家里", request_id=request_id()
        )
        return self.as_(person).RefuseReferral(asked)

    def offer(
        self, referral: pb.Referral, *to: str, person: str = REFERRER, hours: int = 0
    ) -> pb.Referral:
        asked = pb.OfferReferralRequest(
            name=referral.name,
            organisations=to or (HOME, ABROAD),
            hours=hours,
            request_id=request_id(),
        )
        return self.as_(person).OfferReferral(asked)

    def accept(
        self, referral: pb.Referral, bed: str = BED, person: str = HOST, hours: int = 0
    ) -> pb.ReferralOffer:
        return self.as_(person).AcceptReferralOffer(self.accepting(referral, bed, hours))

    def accepting(
        self, referral: pb.Referral, bed: str = BED, hours: int = 0, to: str = ""
    ) -> pb.AcceptReferralOfferRequest:
        name = named(referral, to or bed.rpartition("/beds/")[0])
        return pb.AcceptReferralOfferRequest(
            name=name, bed=bed, hours=hours, request_id=request_id()
        )

    def decline(
        self, referral: pb.Referral, to: str = ABROAD, person: str = HOST
    ) -> pb.ReferralOffer:
        asked = pb.DeclineReferralOfferRequest(
            name=named(referral, to), reason="床位已满", request_id=request_id()
        )
        return self.as_(person).DeclineReferralOffer(asked)

    def confirm(self, referral: pb.Referral, person: str = REFERRER) -> pb.Referral:
        asked = pb.ConfirmReferralRequest(name=referral.name, request_id=request_id())
        return self.as_(person).ConfirmReferral(asked)

    def admit(
        self, referral: pb.Referral, to: str = ABROAD, person: str = HOST
    ) -> pb.ReferralOffer:
        asked = pb.AdmitReferralRequest(name=named(referral, to), request_id=request_id())
        return self.as_(person).AdmitReferral(asked)

    def go_back(self, referral: pb.Referral, person: str = HOST) -> pb.Referral:
        asked = pb.ReturnReferralRequest(name=referral.name, request_id=request_id())
        return self.as_(person).ReturnReferral(asked)

    def cancel(self, referral: pb.Referral, person: str = REFERRER) -> pb.Referral:
        asked = pb.CancelReferralRequest(
            name=referral.name, reason="情况好转", request_id=request_id()
        )
        return self.as_(person).CancelReferral(asked)

    def get(self, referral: pb.Referral, person: str = REFERRER) -> pb.Referral:
        return self.as_(person).GetReferral(pb.GetReferralRequest(name=referral.name))

    def offers(self, to: str = ABROAD, person: str = HOST, **more: Any) -> list[pb.ReferralOffer]:
        asked = pb.ListReferralOffersRequest(parent=to, **more)
        return list(self.as_(person).ListReferralOffers(asked).offers)

    # -- several at once --------------------------------------------------------------------------

    def offered(self) -> pb.Referral:
        referral = self.propose()
        self.consent(referral)
        return self.offer(referral)

    def confirmed(self, hours: int = 0) -> pb.Referral:
        referral = self.offered()
        self.accept(referral, hours=hours)
        return self.confirm(referral)

    def admitted(self) -> pb.Referral:
        """The elder has come, and sensing has handed the band over."""
        referral = self.confirmed()
        self.admit(referral)
        self.hear(referral, "in")
        return self.get(referral)

    # -- what other processes do ------------------------------------------------------------------

    def hear(self, referral: pb.Referral, way: str, before: tuple[Any, ...] = (BAND,)) -> None:
        """Sensing says that it has done what was asked."""
        number = referral.name.rpartition("/")[2]
        keeping = [hand_overs_pb2.DeviceKeeping(**one) for one in before]
        event = hand_overs_pb2.DevicesHandedOver(
            subject=ELDER, request_id=f"{number}/{way}", before=keeping
        )
        self._deliver(on_devices_handed_over, event)

    def hear_of_beds(self) -> None:
        """The service's own events of beds come back to it, again and again."""
        for data in self.told("eldercare.v1.bed_changed"):
            self._deliver(on_bed_changed, bed_events_pb2.BedChanged.FromString(data))

    def asked_of_sensing(self) -> list[hand_overs_pb2.DeviceHandOverRequested]:
        key = "eldercare.v1.device_hand_over_requested"
        kind = hand_overs_pb2.DeviceHandOverRequested
        return [kind.FromString(data) for data in self.told(key)]

    def told(self, key: str) -> list[bytes]:
        """The data of events, in order."""
        query = select(outbox.c.data).where(outbox.c.routing_key == key).order_by(outbox.c.seq)
        with self.eldercare.db.read() as conn:
            return [bytes(data) for data in conn.scalars(query)]

    def _deliver(self, consumer: Any, event: Any) -> None:
        resources = self.eldercare.service.resources
        opened = open_unit_of_work(self.eldercare.db, clock=self.clock, ids=resources.ids)
        with opened as uow:
            consumer(event, uow=uow, meta=None)


def named(referral: pb.Referral, to: str) -> str:
    """As the organisation calls it."""
    return f"{to}/referralOffers/{referral.name.rpartition('/')[2]}"
