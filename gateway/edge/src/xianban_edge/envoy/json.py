"""The shapes Envoy's JSON configuration is built from."""

from __future__ import annotations

from typing import Any

# Envoy's configuration is protobuf JSON of some hundred message types, checked by Envoy itself.
Json = dict[str, Any]

TYPE = "@type"


def typed(type_name: str, **fields: Any) -> Json:
    """A `google.protobuf.Any` in JSON."""
    return {TYPE: f"type.googleapis.com/{type_name}", **fields}


def extension(name: str, type_name: str, **fields: Any) -> Json:
    return {"name": name, "typed_config": typed(type_name, **fields)}


def file_source(path: object) -> Json:
    """An xDS source that Envoy reloads when the file is replaced by rename."""
    return {"path_config_source": {"path": str(path)}, "resource_api_version": "V3"}
