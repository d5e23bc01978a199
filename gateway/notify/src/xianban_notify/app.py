"""The composition root of the message centre."""

from xianban_sdk.app import Service
from xianban_sdk.plugins import Capability

from xianban_notify import hookspecs
from xianban_notify.checks import checks
from xianban_notify.consumers import on_acknowledgement_settled, on_message_requested
from xianban_notify.loops import hand_on_attempts, plan_messages, show_answers
from xianban_notify.personal import PERSONAL
from xianban_notify.repository import KEPT, metadata
from xianban_notify.seed import seed
from xianban_notify.servicer import (
    AnswerServicer,
    DeliveryServicer,
    MessageServicer,
    PreferenceServicer,
)
from xianban_notify.timers import timers

CAPABILITIES = (Capability("register_channel", "missing-channel"),)

app = Service(
    name="notify",
    package="xianban_notify",
    servicers={
        "xianban.notify.v1.MessageService": MessageServicer,
        "xianban.notify.v1.DeliveryService": DeliveryServicer,
        "xianban.notify.v1.AnswerService": AnswerServicer,
        "xianban.notify.v1.PreferenceService": PreferenceServicer,
    },
    hookspecs=hookspecs,
    capabilities=CAPABILITIES,
    metadata=metadata,
    migrations="xianban_notify.migrations",
    consumers=[on_message_requested, on_acknowledgement_settled],
    timers=timers,
    loops=[plan_messages, hand_on_attempts, show_answers],
    seed=seed,
    checks=checks,
    kept=KEPT,
    personal_data=PERSONAL,
)
