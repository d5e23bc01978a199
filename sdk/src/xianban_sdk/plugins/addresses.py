"""Where a plugin of tier 2 listens, and how both sides prove there who they are.

A Unix socket is guarded by its directory. Over TCP both sides show certificates of one CA: the
plugin's names the plugin, the host's names the host, so that no plugin's key is of use for more
than to be that plugin. Without certificates only a demo on the machine's own loopback is served.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc

from xianban_sdk.plugins.manifest import PluginRefused
from xianban_sdk.sandbox.frames import MOST_REQUEST
from xianban_sdk.settings import Settings

__all__ = ["HOST_NAME", "Address", "admit", "dial", "listen_on", "plugin_name"]

_UNIX: Final = "unix:"
# What the certificates are made out to; .internal is nobody's on the Internet.
HOST_NAME: Final = "plugin-host.xianban.internal"
_PLUGINS: Final = "plugin.xianban.internal"
# As cert-manager and `kubectl create secret tls` name them.
_FILES: Final = ("ca.crt", "tls.key", "tls.crt")
_LOCALHOST: Final = "localhost"
_ENVELOPE: Final = 1024
_NAMES: Final = "x509_subject_alternative_name"


@dataclass(frozen=True, slots=True)
class Address:
    """``unix:PATH`` or ``HOST:PORT``."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """PluginRefused when it is neither."""
        if text.startswith(_UNIX):
            if not Path(text.removeprefix(_UNIX)).is_absolute():
                raise PluginRefused(f"{text}: the path of a socket begins with /")
            return cls(text)
        host, _, port = text.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise PluginRefused(f"{text!r} is neither unix:PATH nor HOST:PORT")
        return cls(text)

    @property
    def socket(self) -> Path | None:
        """The Unix socket's file."""
        found = self.text.startswith(_UNIX)
        return Path(self.text.removeprefix(_UNIX)) if found else None

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine hears what is said there."""
        host = self.text.rpartition(":")[0].strip("[]")
        try:
            return host == _LOCALHOST or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


def plugin_name(plugin: str) -> str:
    """The DNS name that the plugin's certificate carries."""
    return f"{plugin}.{_PLUGINS}"


def dial(address: Address, plugin: str, reply: int, settings: Settings) -> grpc.Channel:
    """The host's way to the plugin; PluginRefused where it would not be a safe one."""
    options: list[tuple[str, Any]] = [
        ("grpc.max_receive_message_length", reply + _ENVELOPE),
        ("grpc.max_send_message_length", MOST_REQUEST),
        # A machine that vanished answers nothing: heard of after this, not at the next call.
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        ("grpc.enable_retries", 0),
        # Its own connection: channels of the same address would share one otherwise.
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if _is_plain(address, settings):
        return grpc.insecure_channel(address.text, options)
    ca, key, certificate = _certificates(settings)
    options.append(("grpc.ssl_target_name_override", plugin_name(plugin)))
    credentials = grpc.ssl_channel_credentials(ca, key, certificate)
    return grpc.secure_channel(address.text, credentials, options)


def listen_on(server: grpc.Server, address: Address, settings: Settings) -> None:
    """Opens the plugin's port; PluginRefused where anybody could come through it."""
    try:
        if _is_plain(address, settings):
            opened = server.add_insecure_port(address.text)
        else:
            ca, key, certificate = _certificates(settings)
            credentials = grpc.ssl_server_credentials([(key, certificate)], ca, True)
            opened = server.add_secure_port(address.text, credentials)
    except RuntimeError as error:
        raise PluginRefused(f"{address.text} can't be listened on: {error}") from error
    if not opened:
        raise PluginRefused(f"{address.text} can't be listened on")


def admit(address: Address, settings: Settings) -> Callable[[grpc.ServicerContext], str]:
    """Says why a caller may not speak to the plugin; "" when it may."""
    plain = _is_plain(address, settings)

    def named(context: grpc.ServicerContext) -> str:
        if plain:
            return ""
        names = context.auth_context().get(_NAMES, ())
        return "" if HOST_NAME.encode() in names else f"no certificate of {HOST_NAME}"

    return named


def _is_plain(address: Address, settings: Settings) -> bool:
    if address.socket is not None:
        return True
    return not settings.plugin_tls and settings.demo and address.is_loopback


def _certificates(settings: Settings) -> tuple[bytes, bytes, bytes]:
    if not settings.plugin_tls:
        raise PluginRefused(
            "a plugin is spoken to over TCP with certificates only: "
            f"XIANBAN_PLUGIN_TLS is a directory with {', '.join(_FILES)}"
        )
    try:
        ca, key, certificate = (Path(settings.plugin_tls, name).read_bytes() for name in _FILES)
    except OSError as error:
        raise PluginRefused(f"plugin_tls: {error}") from error
    return ca, key, certificate
