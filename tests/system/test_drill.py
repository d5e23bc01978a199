"""A district that is lost comes back from its backup, and says what it lost."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

from drill import Drill, on_backends

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.timeout(900),
]


def practise(drill: Drill) -> None:
    try:
        figures = drill.run()
    finally:
        gc.collect()
    sys.stdout.write(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    assert figures["findings"] == [], figures
    made = figures["promised"]["reservations"]
    assert made["kept"] == made["before"] > 0
    assert made["lost"] == made["after"] > 0
    assert figures["restore_said"].get("orphans") == {}


def test_what_was_promised_before_the_backup_is_there_again_on_sqlite(tmp_path):
    practise(Drill(tmp_path, before=6, after=4))


def test_what_was_promised_before_the_backup_is_there_again_on_postgresql_and_rabbitmq(
    tmp_path, backends
):
    practise(on_backends(tmp_path, *backends, before=6, after=4))
