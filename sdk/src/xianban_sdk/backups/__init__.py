"""A district's backup: all services of one instant, what was uploaded, and back again."""

from xianban_sdk.backups.making import back_up
from xianban_sdk.backups.manifest import BackupRefused, Manifest
from xianban_sdk.backups.missed import Missed, find_missed, send_again
from xianban_sdk.backups.restoring import Restored, restore

__all__ = [
    "BackupRefused",
    "Manifest",
    "Missed",
    "Restored",
    "back_up",
    "find_missed",
    "restore",
    "send_again",
]
