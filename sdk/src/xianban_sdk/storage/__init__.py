"""A service's database: engine, unit of work, migrations, instants, encryption, paging."""

from xianban_sdk.storage.encryption import Cipher, Encrypted, installed_cipher, keyed_hash
from xianban_sdk.storage.engine import Database, DatabaseInUse
from xianban_sdk.storage.failures import is_transient
from xianban_sdk.storage.instant import Instant
from xianban_sdk.storage.keys import Keyring, install_keys
from xianban_sdk.storage.migrate import drift, migrate, needs_migration
from xianban_sdk.storage.paging import decode_page, encode_page
from xianban_sdk.storage.retention import Kept, prune
from xianban_sdk.storage.tables import sdk_metadata
from xianban_sdk.storage.timer_rows import Timer
from xianban_sdk.storage.unit_of_work import CallInfo, UnitOfWork, open_unit_of_work
from xianban_sdk.storage.upsert import insert_new, upsert

__all__ = [
    "CallInfo",
    "Cipher",
    "Database",
    "DatabaseInUse",
    "Encrypted",
    "Instant",
    "Kept",
    "Keyring",
    "Timer",
    "UnitOfWork",
    "decode_page",
    "drift",
    "encode_page",
    "insert_new",
    "install_keys",
    "installed_cipher",
    "is_transient",
    "keyed_hash",
    "migrate",
    "needs_migration",
    "open_unit_of_work",
    "prune",
    "sdk_metadata",
    "upsert",
]
