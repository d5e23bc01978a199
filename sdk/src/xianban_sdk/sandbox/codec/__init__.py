"""Hook arguments and answers on the wire, driven and checked by the hooks' type hints."""

from xianban_sdk.sandbox.codec.forms import Codec, Lie
from xianban_sdk.sandbox.codec.signatures import Domain, Kind, NoForm, Signature
from xianban_sdk.sandbox.codec.things import Things

__all__ = ["Codec", "Domain", "Kind", "Lie", "NoForm", "Signature", "Things"]
