"""From finding a car park to the receipt, as a resident on a phone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from backing import empty_queues, fresh_database
from browser import FORMS, view
from story import Story
from suite import Suite

pytestmark = [pytest.mark.system, pytest.mark.browser]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where the pictures go; XIANBAN_PICTURES keeps them."""
    return Path(os.environ.get("XIANBAN_PICTURES", tmp_path))


def test_a_resident_finds_reserves_drives_in_and_out_pays_and_looks_back(
    suite: Suite, chromium, pictures
):
    walk(suite, chromium, pictures)


@pytest.mark.backends
def test_the_same_story_with_a_process_per_service_postgresql_and_rabbitmq(
    backends, chromium, pictures, tmp_path: Path
):
    database, broker = backends
    empty_queues(broker)
    shape = ("--split", "--database", fresh_database(database), "--broker", broker)
    running = Suite(tmp_path / "split", shape)
    try:
        walk(running.start(), chromium, pictures / "split")
    finally:
        running.stop()


def walk(suite: Suite, chromium, pictures: Path) -> None:
    context = view(chromium, FORMS[0], suite.url)
    story = Story(context.new_page(), suite, pictures)
    story.log_in("resident")
    story.find()
    token = story.reserve()
    assert story.drive("in", token) == "open"
    assert story.drive("out") == "pay"
    story.pay()
    assert story.drive("out") == "open"
    story.look_back()
    context.close()
