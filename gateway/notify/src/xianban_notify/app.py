"""The composition root of the message centre."""

from xianban_sdk.app import Service

from xianban_notify import hookspecs
from xianban_notify.consumers import on_message_requested
from xianban_notify.loops import hand_on_attempts, plan_messages
from xianban_notify.personal import PERSONAL
from xianban_notify.repository import KEPT, metadata
from xianban_notify.seed import seed
from xianban_notify.servicer import DeliveryServicer, MessageServicer, PreferenceServicer
from xianban_notify.timers import timers

app = Service(
    name="notify",
    package="xianban_notify",
    servicers={
        "xianban.notify.v1.MessageService": MessageServicer,
        "xianban.notify.v1.DeliveryService": DeliveryServicer,
        "xianban.notify.v1.PreferenceService": PreferenceServicer,
    },
    hookspecs=hookspecs,
    metadata=metadata,
    migrations="xianban_notify.migrations",
    consumers=[on_message_requested],
    timers=timers,
    loops=[plan_messages, hand_on_attempts],
    seed=seed,
    kept=KEPT,
    personal_data=PERSONAL,
)
