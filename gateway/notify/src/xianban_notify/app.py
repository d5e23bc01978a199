"""The composition root of the message centre."""

from xianban_sdk.app import Service

from xianban_notify.consumers import on_message_requested
from xianban_notify.personal import PERSONAL
from xianban_notify.repository import metadata
from xianban_notify.servicer import MessageServicer

app = Service(
    name="notify",
    package="xianban_notify",
    servicers={"xianban.notify.v1.MessageService": MessageServicer},
    metadata=metadata,
    migrations="xianban_notify.migrations",
    consumers=[on_message_requested],
    personal_data=PERSONAL,
)
