"""The call chain, its gRPC transport and client channels."""

from xianban_sdk.deadline import Deadline
from xianban_sdk.identity.access import AccessRule, Grant, Scope
from xianban_sdk.rpc.call import Call
from xianban_sdk.rpc.chain import Chain, Failed, Incoming
from xianban_sdk.rpc.clients import Clients, channel, service_config
from xianban_sdk.rpc.methods import Method, ServicerError, bind

__all__ = [
    "AccessRule",
    "Call",
    "Chain",
    "Clients",
    "Deadline",
    "Failed",
    "Grant",
    "Incoming",
    "Method",
    "Scope",
    "ServicerError",
    "bind",
    "channel",
    "service_config",
]
