"""What a plugin in its own process is told of people: nothing from the withdrawal on."""

import pytest
from xianban_sdk.plugins.tokens import NOBODY, TokenMissing, TokenRefused

ANNA = "01ANNA0000000000000000000A"
COUNTS = """
calls = []

@hookimpl
def tariff_concessions(request):
    calls.append(sorted(request.rights))
    return [Concession(key=str(len(calls)), names={"en": "n"}, percent=5)]
"""


class Desk:
    """Somebody who agrees until they do not."""

    def __init__(self):
        self.agrees, self.booked, self.left_out = True, [], []

    def line(self, plugin, mark):
        return "line"

    def agreeing(self, purposes, people):
        return (people, "") if self.agrees else ((), "CONSENT_REQUIRED")

    def disclosed(self, plugin, mark, people):
        self.booked.extend(people)

    def refused(self, plugin, mark, people, reason):
        self.left_out.extend(people)


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def hooks(written, desk):
    hooks = written(COUNTS)
    words = {"parking.concession": {"en": "x", "zh-CN": "x"}}
    object.__setattr__(hooks.plugins["p"].manifest, "purposes", words)
    hooks.issue_at(desk)
    return hooks


def ask(hooks, stay, **more):
    [result] = hooks.each("tariff_concessions", 5, about=ANNA, request=stay, **more)
    return result


def test_after_the_withdrawal_the_next_call_does_not_reach_its_process(hooks, stay, desk):
    assert ask(hooks, stay).value[0].key == "1"
    desk.agrees = False
    assert isinstance(ask(hooks, stay).error, TokenRefused)
    desk.agrees = True
    assert ask(hooks, stay).value[0].key == "2"
    assert (desk.booked, desk.left_out) == ([ANNA, ANNA], [ANNA])


def test_a_call_that_does_not_say_whose_data_it_carries_is_not_made(hooks, stay):
    with pytest.raises(TokenMissing):
        hooks.each("tariff_concessions", 5, request=stay)
    for nobody in ("", [ANNA], 7, hooks.token("p", "tariff_concessions", [ANNA])):
        with pytest.raises(TokenMissing):
            hooks.each("tariff_concessions", 5, about=nobody, request=stay)
    assert ask(hooks, stay).value[0].key == "1"


def test_its_process_reads_the_id_of_the_call(written, desk, stay):
    hooks = written("""
from xianban_sdk.carrying import current_capability

@hookimpl
def tariff_concessions(request):
    return [Concession(key=current_capability(), names={"en": "n"}, percent=5)]
""")
    words = {"parking.concession": {"en": "x", "zh-CN": "x"}}
    object.__setattr__(hooks.plugins["p"].manifest, "purposes", words)
    hooks.issue_at(desk)
    first, second = (ask(hooks, stay).value[0].key for _ in range(2))
    assert first != second
    assert first.startswith("line-")
    [plain] = hooks.each("tariff_concessions", 5, about=NOBODY, request=stay)
    assert plain.value[0].key == ""
