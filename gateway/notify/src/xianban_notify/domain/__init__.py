"""Messages, where they are sent, and what people want of that. Pure."""

from xianban_notify.domain.delivery import Delivery, State
from xianban_notify.domain.message import Message, MessageRefusedError, checked
from xianban_notify.domain.preferences import Copies, Preferences
from xianban_notify.hookspecs import Verdict

__all__ = [
    "Copies",
    "Delivery",
    "Message",
    "MessageRefusedError",
    "Preferences",
    "State",
    "Verdict",
    "checked",
]
