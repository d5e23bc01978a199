"""The document says what the edge does."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from xianban_edge.descriptors import catalogue
from xianban_edge.openapi import document, openapi_document
from xianban_edge.texts import LOCALES, has
from xianban_edge.web import site
from xianban_edge.web.reading import read_document
from xianban_sdk.web import Pages, Viewer

MESSAGES = "/api/notify/v1/residents/{resident}/messages"


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    return json.loads(openapi_document())


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(references(one) for one in value))
    return set()


def test_it_is_valid_openapi(api: dict[str, Any]) -> None:
    schema = schemathesis.openapi.from_dict(api)
    assert len(list(schema.get_all_operations())) > 50


def test_it_is_the_same_each_time() -> None:
    found = catalogue()
    first = document(found, found.domains(), {})
    assert json.dumps(first) == json.dumps(document(found, found.domains(), {}))


def test_every_reference_leads_somewhere(api: dict[str, Any]) -> None:
    for reference in references(api):
        _, kind, part, name = reference.split("/")
        assert name in api[kind][part]


def test_every_reachable_binding_is_in_it_and_no_internal_one(api: dict[str, Any]) -> None:
    said = {o["x-grpc"] for verbs in api["paths"].values() for o in verbs.values()}
    bound = {m.path.removeprefix("/") for m in catalogue().methods() if m.rules}
    assert said == bound
    assert not [name for name in said if ".common." in name]


def test_paths_are_whole_and_their_parameters_named(api: dict[str, Any]) -> None:
    for path, verbs in api["paths"].items():
        assert path.startswith("/api/")
        for operation in verbs.values():
            named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert all(f"{{{name}}}" in path for name in named)
            assert path.count("{") == len(named)


def test_path_parameters_carry_their_part_of_the_pattern(api: dict[str, Any]) -> None:
    parameter = api["paths"][MESSAGES]["get"]["parameters"][0]
    assert parameter["schema"]["pattern"] == "^[0-9A-HJKMNP-TV-Z]{26}$"


def test_rules_become_constraints_of_requests_only(api: dict[str, Any]) -> None:
    size = next(p for p in api["paths"][MESSAGES]["get"]["parameters"] if p["name"] == "pageSize")
    assert size["schema"]["maximum"] == 200
    body = api["paths"][MESSAGES + "/{message}:read"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    assert schema["required"] == ["requestId"]
    assert schema["properties"]["requestId"]["minLength"] == 8


def test_streams_are_server_sent_events(api: dict[str, Any]) -> None:
    content = api["paths"][MESSAGES + ":watch"]["get"]["responses"]["200"]["content"]
    assert list(content) == ["text/event-stream"]


def test_anonymous_operations_say_so_and_others_name_their_audience(api: dict[str, Any]) -> None:
    assert api["paths"]["/api/parking/v1/lots"]["get"]["security"] == [{}, {"parking": []}]
    assert api["paths"][MESSAGES]["get"]["security"] == [{"notify": []}]


def test_well_known_types_have_their_json_form(api: dict[str, Any]) -> None:
    fields = api["components"]["schemas"]["notify.v1.Message"]["properties"]
    assert fields["createTime"]["format"] == "date-time"
    assert fields["params"]["additionalProperties"] == {"type": "string"}


def test_every_text_is_there_in_both_languages() -> None:
    keys = {key for group in ("docs-title", "docs-token", "api-summary") for key in [group]}
    assert all(has(locale, key) for locale in LOCALES for key in keys)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_page_shows_every_operation(locale: str, api: dict[str, Any]) -> None:
    page = Pages([site], strict=True).render(
        "edge/docs.html", Viewer(locale=locale), api=read_document(openapi_document())
    )
    for path in api["paths"]:
        assert path in page
    assert '<script src="http' not in page
