"""The delivery worker runs on eventlet: plugins in processes of their own answer there, too."""

import os
import subprocess
import sys

WORKER = """
import eventlet
eventlet.monkey_patch()
from xianban_notify import hookspecs
from xianban_sdk.plugins import build
hooks = build("notify", hookspecs)
for result in hooks.registered("register_channel"):
    print(result.plugin, hooks.plugins[result.plugin].tier, result.value.id)
hooks.close()
"""


def test_a_host_on_eventlet_is_answered(tmp_path):
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WORKER],
        env={
            **os.environ,
            "XIANBAN_DATA": str(tmp_path),
            "XIANBAN_PLUGIN_TIERS": "*=1,notify-webpush=0",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 0, told.stderr
    assert "notify-sms 1 sms" in told.stdout.splitlines()
