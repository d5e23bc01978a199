"""Plugins as files: built, signed, published in an index, installed, revoked."""

from xianban_sdk.plugins.registry.archive import Archive, build, open_archive
from xianban_sdk.plugins.registry.index import Index, Standing, publish, revoke
from xianban_sdk.plugins.registry.refusals import RegistryRefused
from xianban_sdk.plugins.registry.signing import (
    Signature,
    make_key,
    public_text,
    read_key,
    read_signature,
    sign,
    verify,
)
from xianban_sdk.plugins.registry.store import Installed, Store

__all__ = [
    "Archive",
    "Index",
    "Installed",
    "RegistryRefused",
    "Signature",
    "Standing",
    "Store",
    "build",
    "make_key",
    "open_archive",
    "public_text",
    "publish",
    "read_key",
    "read_signature",
    "revoke",
    "sign",
    "verify",
]
