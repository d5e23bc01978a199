"""A process that nobody tells looks by itself whether a plugin came or went."""

import threading
import time

import pytest
from xianban_sdk.plugins import keeping_up
from xianban_sdk.plugins.hooks import Hooks
from xianban_sdk.plugins.registry import following
from xianban_sdk.settings import Settings


@pytest.fixture
def followed(tmp_path, monkeypatch):
    """Each time that store and switches were followed; the first time fails."""
    times = []

    def follow(hooks, hookspecs, settings):
        times.append(hooks.domain)
        if len(times) == 1:
            raise OSError("half written")

    monkeypatch.setattr(following, "follow", follow)
    monkeypatch.setattr(keeping_up, "_LOOK_SECONDS", 0.02)
    stop, settings = threading.Event(), Settings(data=tmp_path)
    (tmp_path / "plugins").mkdir()
    keeping = keeping_up.KeepingUp(Hooks("sensing", {}), keeping_up, settings)
    thread = threading.Thread(target=keeping.run, args=(stop,))
    thread.start()
    yield times
    stop.set()
    thread.join()


def test_a_change_is_followed_once_and_again_when_that_failed(followed, tmp_path):
    time.sleep(0.3)
    assert followed == []
    (tmp_path / "plugins/off.json").write_text("{}")
    end = time.monotonic() + 20
    while len(followed) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    time.sleep(0.3)
    assert followed == ["sensing", "sensing"]


def test_a_service_that_cannot_read_what_is_off_does_not_begin_to_answer(tmp_path):
    class Away:
        def bring(self):
            raise OSError("the database is away")

    hooks, settings = Hooks("sensing", {}), Settings(data=tmp_path)
    with pytest.raises(OSError, match="away"):
        keeping_up.KeepingUp(hooks, keeping_up, settings, Away()).look()
