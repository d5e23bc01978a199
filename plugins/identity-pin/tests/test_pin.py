import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xianban_plugin_identity_pin.plugin import register_second_factor

PIN = register_second_factor()


def test_the_chosen_pin_fits_and_another_does_not():
    secret = PIN.enrol("246810")
    assert PIN.verify(secret, "246810", 0.0)
    assert not PIN.verify(secret, "246811", 0.0)


def test_two_people_with_one_pin_have_different_secrets():
    assert PIN.enrol("246810") != PIN.enrol("246810")


@pytest.mark.parametrize("unfit", ["", "12345", "1234567", "111111", "123456", "876543", "12345a"])
def test_pins_that_are_guessed_first_are_refused(unfit):
    with pytest.raises(ValueError):
        PIN.enrol(unfit)


@settings(max_examples=10, deadline=None)
@given(st.text(max_size=40))
def test_whatever_is_typed_is_answered(typed):
    assert PIN.verify(PIN.enrol("246810"), typed, 0.0) == (typed == "246810")
