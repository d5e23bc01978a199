"""What a service's own policy says of an RPC, read from its text."""

from __future__ import annotations

import re
from importlib import resources

from xianban_sdk.plugins.serving import PLUGIN_POLICY
from xianban_sdk.rpc import Method
from xianban_sdk.testing import ServiceUnderTest


def granted(service: ServiceUnderTest, method: Method, kind: str) -> set[str]:
    """The workloads or roles that the service's own policy names for the RPC."""
    ours = _statements(service, method)
    return {name for each in ours for name in re.findall(rf'"{kind}:([a-z-]+)"', each)}


def lets_the_subject_in(service: ServiceUnderTest, method: Method) -> bool:
    """False where only staff may, though it is about somebody: an assessment is not one's own."""
    ours = _statements(service, method)
    return any('"self"' in each or "context.basis" not in each for each in ours)


def _statements(service: ServiceUnderTest, method: Method) -> list[str]:
    policy = resources.files(service.app.package).joinpath(service.app.policy)
    own = policy.read_text("utf-8") if policy.is_file() else ""
    statements = (PLUGIN_POLICY + own).split(";")
    return [each for each in statements if f'Action::"{method.rule.action}"' in each]
