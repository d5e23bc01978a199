"""Real things of a person in a service, made by what the service itself offers."""

from __future__ import annotations

from collections.abc import Iterable

from samples import names_in, sample
from wire import OK, Wire, methods
from xianban_sdk.demo import person_id
from xianban_sdk.testing import ServiceUnderTest

# A resident's id, and a thing's, that nobody and nothing has.
ABSENT = "01KDVHX800ZZZZZZ0000000000"


def things_of(service: ServiceUnderTest, alias: str) -> list[tuple[str, str]]:
    """(kind, id) of what the person has here, by the person's own lists."""
    wire = Wire(service)
    found: set[tuple[str, str]] = set()
    try:
        for method in methods(service):
            if method.rule.subject and method.read_only and not method.server_streaming:
                answer = wire.call(method, sample(method, person_id(alias)), alias)
                if answer.code == OK:
                    response = method.response_type.FromString(answer.first)
                    found |= set(_things(names_in(response), alias))
    finally:
        wire.close()
    return sorted(found)


def _things(names: Iterable[str], alias: str) -> list[tuple[str, str]]:
    owner = f"residents/{person_id(alias)}/"
    parts = [name.removeprefix(owner).split("/") for name in names if name.startswith(owner)]
    return [(part[0], part[1]) for part in parts if len(part) == 2]
