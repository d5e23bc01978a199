"""Every key that can be changed live, changed under load: nobody's call fails."""

from __future__ import annotations

import time
from typing import Any

from upgrade import Upgrade
from xianban_identity.oidc.keys import jwks
from xianban_sdk.clock import SystemClock
from xianban_sdk.settings import Settings
from xianban_sdk.storage import Database, install_keys
from xianban_sdk.storage.masters import installed_keyring

# Verifiers look for keys every ten seconds; certificates are looked at every five.
_SEEN = 12.0


class Rotation(Upgrade):
    """The same release all the time."""

    def change(self) -> dict[str, Any]:
        before = self._published()
        # A key signs only when everybody has had a minute to hear of it.
        time.sleep(max(0.0, 60 - self.calm))
        self.fleet.command("signing-keys", "rotate")
        self.fleet.command("keys", str(self.fleet.proven), "--renew")
        time.sleep(_SEEN)
        self.fleet.command("master", "begin")
        # New workload keys: made at the next start of each.
        for name in self.fleet.services:
            (self.fleet.data / "keys" / f"{name}.pem").unlink()
        self.roll()
        self.fleet.command("master", "promote")
        self.roll()
        resealed = self.fleet.command("master", "reseal")
        return {"signing_keys_new": len(self._published() - before), "resealed": resealed}

    def afterwards(self) -> dict[str, Any]:
        return {}

    def _published(self) -> set[str]:
        settings = Settings.load({"data": self.fleet.data}, environ={})
        install_keys(installed_keyring(settings))
        db = Database.open(self.fleet.database, owner="identity")
        try:
            with db.read() as conn:
                return {key["kid"] for key in jwks(conn, SystemClock().now())["keys"]}
        finally:
            db.close()
