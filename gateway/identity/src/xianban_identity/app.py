"""Identity, composed."""

from __future__ import annotations

from xianban_sdk.app import Service

from xianban_identity import hookspecs
from xianban_identity.consumers import on_plugin_terms_declared
from xianban_identity.http import wsgi
from xianban_identity.importer import import_staff
from xianban_identity.own import heartbeat, own_facts, own_keys
from xianban_identity.personal import PERSONAL
from xianban_identity.plugins import CAPABILITIES
from xianban_identity.repository import metadata
from xianban_identity.seed import seed
from xianban_identity.servicer import IdentityServicer, RelationServicer
from xianban_identity.timers import timers

__all__ = ["app"]

app = Service(
    name="identity",
    package="xianban_identity",
    servicers={
        "xianban.identity.v1.IdentityService": IdentityServicer,
        "xianban.common.v1.RelationService": RelationServicer,
    },
    hookspecs=hookspecs,
    capabilities=CAPABILITIES,
    metadata=metadata,
    migrations="xianban_identity.migrations",
    consumers=[on_plugin_terms_declared],
    timers=timers,
    loops=[heartbeat],
    http=wsgi,
    importers={"staff": import_staff},
    seed=seed,
    relations=own_facts,
    keys=own_keys,
    personal_data=PERSONAL,
)
