"""Renders the configuration and writes it so that a running Envoy takes it over."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xianban_edge.descriptors import Catalogue, edge_descriptors
from xianban_edge.envoy.bootstrap import bootstrap, inside_secrets, tls_secret
from xianban_edge.envoy.clusters import clusters
from xianban_edge.envoy.json import Json
from xianban_edge.envoy.listener import listener
from xianban_edge.envoy.routes import route_configuration
from xianban_edge.settings import EdgeService, EdgeSettings


@dataclass(frozen=True)
class Rendered:
    """File name → content, in the order in which a running Envoy must see them change."""

    files: Mapping[str, bytes]


def render(settings: EdgeSettings, services: Sequence[EdgeService], found: Catalogue) -> Rendered:
    """Everything for Envoy; the same input gives the same bytes."""
    names = {service.name for service in services}
    routed = sorted(name for name, one in found.services.items() if one.domain in names)
    descriptors = edge_descriptors(found, routed)
    # Named by content: the listener changes, and drains, exactly when the descriptors do.
    descriptor_name = f"descriptors-{hashlib.sha256(descriptors).hexdigest()[:12]}.binpb"
    path = str(settings.folder / descriptor_name)
    files: dict[str, bytes] = {descriptor_name: descriptors}
    if settings.tls_certificate:
        files["sds.json"] = _resources([tls_secret(settings)])
    if settings.inside_tls:
        files |= {name: _resources([one]) for name, one in inside_secrets(settings).items()}
    # A route may name a cluster, and a listener needs its routes: so clusters, routes, listener.
    files["cds.json"] = _resources(clusters(settings, services))
    files["rds.json"] = _resources([route_configuration(settings, services, found)])
    files["lds.json"] = _resources([listener(settings, services, routed, path)])
    files["bootstrap.json"] = _bytes(bootstrap(settings))
    return Rendered(files)


def write(settings: EdgeSettings, rendered: Rendered) -> list[str]:
    """Replaces what differs, by rename; returns the names that changed."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    changed = [name for name, data in rendered.files.items() if _differs(settings, name, data)]
    for name in changed:
        _replace(settings.folder / name, rendered.files[name])
    for old in settings.folder.glob("descriptors-*.binpb"):
        if old.name not in rendered.files:
            old.unlink()
    return changed


def _differs(settings: EdgeSettings, name: str, data: bytes) -> bool:
    path = settings.folder / name
    return not path.is_file() or path.read_bytes() != data


def _replace(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)


def _resources(resources: Sequence[Json]) -> bytes:
    return _bytes({"resources": list(resources)})


def _bytes(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def inlined(rendered: Rendered) -> bytes:
    """One static bootstrap of the same parts: what `envoy --mode validate` can see whole."""
    parts = {
        name: json.loads(rendered.files[f"{name}.json"])["resources"]
        for name in ("cds", "rds", "lds")
    }
    start = json.loads(rendered.files["bootstrap.json"])
    del start["dynamic_resources"]
    for one in (*parts["lds"], *parts["cds"], *parts["rds"]):
        del one["@type"]
    manager = parts["lds"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    del manager["rds"]
    manager["route_config"] = parts["rds"][0]
    static = start.setdefault("static_resources", {"listeners": [], "clusters": []})
    static["listeners"] += parts["lds"]
    static["clusters"] += parts["cds"]
    return _bytes(start)
