"""Plates: one spelling for every way of writing, and a reason for every refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_parking.domain.errors import PlateError
from xianban_parking.domain.plates import (
    MAX_RAW_LENGTH,
    Plate,
    PlateKind,
    normalise_plate,
    parse_plate,
)

PROVINCE = st.sampled_from("京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新")
OFFICE = st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ")
SERIAL_CHAR = st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789")
DIGIT = st.sampled_from("0123456789")
ENERGY = st.sampled_from("DABCEFGHJK")


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


ORDINARY = joined(PROVINCE, OFFICE, *[SERIAL_CHAR] * 5)
SMALL = joined(PROVINCE, OFFICE, ENERGY, SERIAL_CHAR, *[DIGIT] * 4)
LARGE = joined(PROVINCE, OFFICE, *[DIGIT] * 5, ENERGY)
ANY_PLATE = st.one_of(ORDINARY, SMALL, LARGE)


@pytest.mark.parametrize(
    ("raw", "text", "kind"),
    [
        ("沪A·12345", "沪A12345", PlateKind.ORDINARY),
        ("沪a-1o34i", "沪A10341", PlateKind.ORDINARY),
        ("沪A 12345", "沪A12345", PlateKind.ORDINARY),
        ("滬А・12345", "沪A12345", PlateKind.ORDINARY),
        ("沪AD12345", "沪AD12345", PlateKind.NEW_ENERGY_SMALL),
        ("沪A·FA2345", "沪AFA2345", PlateKind.NEW_ENERGY_SMALL),
        ("沪AK12345", "沪AK12345", PlateKind.NEW_ENERGY_SMALL),
        ("京A12345D", "京A12345D", PlateKind.NEW_ENERGY_LARGE),
        ("沪A1234警", "沪A1234警", PlateKind.POLICE),
        ("沪A1234学", "沪A1234学", PlateKind.LEARNER),
        ("沪A1234掛", "沪A1234挂", PlateKind.TRAILER),
        ("粤Z1234港", "粤Z1234港", PlateKind.HONG_KONG),
        ("粤ZA123澳", "粤ZA123澳", PlateKind.MACAO),
        ("沪A0023领", "沪A0023领", PlateKind.CONSULATE),
        ("224578使", "224578使", PlateKind.EMBASSY),
        ("使224578", "使224578", PlateKind.EMBASSY),
        ("民航A1234", "民航A1234", PlateKind.CIVIL_AVIATION),
        ("沪X·0001应急", "沪X0001应急", PlateKind.RESCUE),
        ("WJ沪1234X", "WJ沪1234X", PlateKind.ARMED_POLICE),
        ("VA12345", "VA12345", PlateKind.MILITARY),
        ("京O12345", "京O12345", PlateKind.ORDINARY),
    ],
)
def test_every_known_shape_has_one_spelling_and_its_kind(
    raw: str, text: str, kind: PlateKind
) -> None:
    assert parse_plate(raw) == Plate(text, kind)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "PLATE_EMPTY"),
        ("·· --", "PLATE_EMPTY"),
        ("A12345", "PLATE_PROVINCE"),
        ("沪", "PLATE_OFFICE_LETTER"),
        ("沪112345", "PLATE_OFFICE_LETTER"),
        ("沪I12345", "PLATE_OFFICE_LETTER"),
        ("沪A1234", "PLATE_LENGTH"),
        ("沪A1234567", "PLATE_LENGTH"),
        ("沪A12中45", "PLATE_SERIAL"),
        ("沪AL12345", "PLATE_NEW_ENERGY_LETTER"),
        ("沪ADA23B5", "PLATE_SERIAL"),
        ("沪A1A345D", "PLATE_SERIAL"),
        ("沪A1234港", "PLATE_CROSS_BORDER_OFFICE"),
        ("沪A1234使", "PLATE_SERIAL"),
        ("沪" * (MAX_RAW_LENGTH + 1), "PLATE_TOO_LONG"),
        ("沪A1234\x00", "PLATE_SERIAL"),
    ],
)
def test_a_refusal_names_the_rule_that_is_broken(raw: str, reason: str) -> None:
    with pytest.raises(PlateError) as refusal:
        parse_plate(raw)
    assert refusal.value.reason == reason
    assert refusal.value.field == "plate"


@given(ANY_PLATE)
def test_a_canonical_plate_is_its_own_normal_form(text: str) -> None:
    assert parse_plate(text).text == text == normalise_plate(text)


@given(ANY_PLATE, st.sampled_from(["·", "-", " ", "\u3000", "・", "."]))
def test_separators_and_width_and_case_do_not_matter(text: str, separator: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text[2:])
    assert parse_plate(text[:2].lower() + separator + wide).text == text


@given(ANY_PLATE)
def test_misread_o_and_i_in_the_serial_are_zero_and_one(text: str) -> None:
    misread = text[:2] + text[2:].replace("0", "O").replace("1", "I")
    assert parse_plate(misread).text == text


@given(SMALL)
def test_small_new_energy_plates_tell_battery_from_hybrid(text: str) -> None:
    plate = parse_plate(text)
    assert plate.is_new_energy
    assert plate.is_battery_electric == (text[2] in "DABCE")


@given(ANY_PLATE)
def test_a_masked_plate_shows_only_office_first_and_last(text: str) -> None:
    masked = parse_plate(text).masked()
    assert masked == f"{text[:2]}·{text[2]}{'*' * (len(text) - 4)}{text[-1]}"


def test_the_masked_form_is_the_one_residents_know() -> None:
    assert parse_plate("沪A12345").masked() == "沪A·1***5"


@given(st.text(max_size=40))
def test_no_text_does_anything_but_parse_or_be_refused(raw: str) -> None:
    try:
        plate = parse_plate(raw)
    except PlateError:
        return
    assert parse_plate(plate.text) == plate
