"""What people do here, from end to end, each in a browser of their own."""

from __future__ import annotations

from pathlib import Path

import deeds as told
import pytest
from backing import empty_queues, fresh_database
from deeds import Deeds
from people import People
from suite import Suite

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.docker]


def test_a_resident_finds_reserves_drives_in_and_out_pays_and_looks_back(deeds: Deeds):
    deeds.once(told.street)


def test_a_resident_sees_a_permits_price_explained_pays_and_sees_it_valid(deeds: Deeds):
    deeds.once(told.permit)


def test_a_contested_fee_is_waived_given_back_and_the_resident_is_told(deeds: Deeds):
    deeds.once(told.dispute)


def test_a_later_price_holds_for_stays_that_begin_later_only(deeds: Deeds):
    deeds.once(told.tariff)


def test_a_count_by_hand_is_shown_with_its_source_and_age(deeds: Deeds):
    deeds.once(told.override)


def test_a_payment_that_was_left_waits_for_the_resident(deeds: Deeds):
    deeds.once(told.unfinished)


def test_an_elder_calls_for_help_by_two_presses_and_takes_it_back(deeds: Deeds):
    deeds.once(told.call_off)


def test_a_camera_tells_of_a_blocked_fire_lane_and_the_operator_sees_to_it(deeds: Deeds):
    deeds.once(told.incident)


def test_the_same_story_with_a_process_per_service_postgresql_and_rabbitmq(
    backends, chromium, pictures: Path | None, tmp_path: Path
):
    database, broker = backends
    empty_queues(broker)
    shape = ("--split", "--database", fresh_database(database), "--broker", broker)
    running = Suite(tmp_path / "split", shape)
    try:
        told.street(People(running.start(), chromium, pictures and pictures / "split"))
    finally:
        running.stop()
