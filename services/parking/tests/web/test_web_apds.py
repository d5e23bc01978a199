"""The APDS façade against the specification's own schemas."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import grpc
import jsonschema_rs
import pytest
from parking_samples import ID, LOT, ME
from xianban_sdk.web import CallError

SPEC = Path(__file__).parents[5] / "shared/data/parking/apds-4.0-openapi.json"
ROOT = "/apds/v4"
ID_OF_LOT = LOT.removeprefix("lots/")


class Spec:
    """The OpenAPI file; its references run through other references, so they are walked by hand."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._found: dict[str, Any] = {}

    def validator(self, pointer: str) -> Any:
        schema = {"allOf": [{"$ref": pointer}]}
        root = self._plain(schema)
        return jsonschema_rs.Draft4Validator(root | {"definitions": self._found})

    def _plain(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._plain(one) for one in node]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str):
            return {"$ref": "#/definitions/" + self._defined(node["$ref"])}
        if node.get("title") == "HolderCredential":
            # Its three branches are the same schema: `oneOf` of them can never hold.
            node = {"anyOf": node["oneOf"]}
        left_out = {"example"}
        if node.get("maxProperties", 9) < len(node.get("required", [])):
            left_out.add("maxProperties")  # Reference: two are required, one is allowed.
        return {key: self._plain(one) for key, one in node.items() if key not in left_out}

    def _defined(self, pointer: str) -> str:
        key = base64.urlsafe_b64encode(pointer.encode()).decode().rstrip("=")
        if key not in self._found:
            self._found[key] = {}
            self._found[key].update(self._plain(self._at(pointer)))
        return key

    def _at(self, pointer: str) -> Any:
        here = self._document
        for part in pointer[2:].split("/"):
            while isinstance(here, dict) and "$ref" in here:
                here = self._at(here["$ref"])
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            here = here[int(name)] if isinstance(here, list) else here[name]
        return here


@pytest.fixture(scope="module")
def spec() -> Spec:
    if not SPEC.exists():
        pytest.skip(f"NO SCHEMA CHECK of the APDS façade: {SPEC} is not here")
    return Spec(json.loads(SPEC.read_text("utf-8")))


def _pointer(path: str) -> str:
    escaped = path.replace("/", "~1")
    return f"#/paths/{escaped}/get/responses/200/content/application~1json/schema"


def _token() -> dict[str, str]:
    body = base64.urlsafe_b64encode(json.dumps({"sub": ME.split("/")[1]}).encode()).decode()
    return {"authorization": f"Bearer e30.{body.rstrip('=')}.c2ln"}


META = "#/paths/~1rates/get/responses/200/content/application~1json/schema/allOf/0"
PLACES = _pointer("/places") + "/allOf/1/properties/data/items/oneOf"
LISTS = [
    ("/rates", _pointer("/rates")),
    ("/observations", _pointer("/observations")),
    ("/rights/specs", _pointer("/rights/specs")),
    ("/rights/assigned", _pointer("/rights/assigned")),
    ("/sessions", _pointer("/sessions")),
    ("/places", META),
]


@pytest.mark.parametrize(("path", "pointer"), LISTS)
def test_lists_are_what_the_specification_says(
    web: Any, spec: Spec, path: str, pointer: str
) -> None:
    answer = web.get(ROOT + path, **_token())
    assert answer.status_code == 200
    assert answer.json()["data"]
    spec.validator(pointer).validate(answer.json())


def test_a_car_park_is_a_place_and_its_area_an_identified_area(web: Any, spec: Spec) -> None:
    # The branches of the specification's oneOf overlap, so each is checked by its own schema.
    area, *lots = web.get(f"{ROOT}/places").json()["data"]
    spec.validator(f"{PLACES}/3").validate(area)
    for lot in lots:
        spec.validator(f"{PLACES}/1").validate(lot)
        assert lot["parentId"]["id"] == area["id"]


def test_single_resources_are_what_the_specification_says(web: Any, spec: Spec) -> None:
    for path, name in (("rates", ID_OF_LOT), ("observations", ID_OF_LOT), ("sessions", ID)):
        answer = web.get(f"{ROOT}/{path}/{name}", **_token())
        spec.validator(_pointer(f"/{path}/{{id}}")).validate(answer.json())


def test_a_quote_answers_the_question_and_its_lines_sum(web: Any, spec: Spec) -> None:
    right = {"rightSpecification": {"id": f"{ID_OF_LOT}.stay", "version": 1}}
    asked = {
        "id": "q1",
        "version": 1,
        "requestTime": "2026-11-23T00:00:00Z",
        "periodStart": "2026-11-23T08:00:00+08:00",
        "periodEnd": "2026-11-23T10:00:00+08:00",
        "referencedRightSpecifications": [right],
    }
    answer = web.client.post(f"{ROOT}/quotes", json=asked).json()
    told = answer["data"][0]["xianban"]
    assert round(sum(line["amount"] for line in told["lines"]), 2) == told["total"] == 6.0
    items = _pointer("/quotes") + "/allOf/1/properties/data/items/anyOf/0"
    spec.validator(items).validate(answer["data"][0])


def test_a_malformed_quote_is_told_so(web: Any) -> None:
    for body in (b"", b"[]", b'{"periodStart": 1}', b"\xff"):
        answer = web.client.post(f"{ROOT}/quotes", content=body)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_count_that_cannot_be_trusted_is_no_observation_and_no_demand(web: Any) -> None:
    known = {one["id"] for one in web.get(f"{ROOT}/observations").json()["data"]}
    assert known == {"fengpu-metro-pr", "nanqiao-bailian", "nanqiao-central-hospital"}
    for lot in web.get(f"{ROOT}/places?layer=1").json()["data"]:
        assert ("demandTable" in lot["hierarchyElementReference"]) == (lot["id"] in known)
        assert lot["xianban"]["occupancy"]["verdict"]
    assert web.get(f"{ROOT}/observations/fengpu-sports").status_code == 404


def test_what_a_rate_table_cannot_say_is_named(web: Any) -> None:
    told = web.get(f"{ROOT}/rates/{ID_OF_LOT}").json()["xianban"]
    assert "cap_day_fen" in told["notExpressed"]
    assert told["sentences"]


def test_lists_page_and_known_answers_are_not_sent_again(web: Any) -> None:
    first = web.get(f"{ROOT}/places?pageSize=2&offset=1")
    assert len(first.json()["data"]) == 2
    assert first.json()["meta"]["total"] == 7
    again = web.get(f"{ROOT}/rates?pageSize=2", **{"if-none-match": "*nothing*"})
    known = {"if-none-match": again.headers["etag"]}
    assert web.get(f"{ROOT}/rates?pageSize=2", **known).status_code == 304


@pytest.mark.parametrize("path", ["/rights/assigned", "/sessions", f"/sessions/{ID}"])
def test_what_a_person_has_needs_their_token(web: Any, path: str) -> None:
    answer = web.get(ROOT + path)
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["www-authenticate"]
    assert web.get(ROOT + path, authorization="Bearer nonsense").status_code == 401


def test_the_token_goes_inward_as_it_came(web: Any) -> None:
    web.get(f"{ROOT}/sessions", **_token())
    assert web.caller.bearers[-1] == _token()["authorization"].removeprefix("Bearer ")
    assert web.caller.last("ListSessions").parent == ME


def test_refusals_are_problem_documents(web: Any) -> None:
    gone = CallError(grpc.StatusCode.NOT_FOUND, "LOT_NOT_FOUND", "no such lot", "parking")
    web.caller.replies["GetLot"] = gone
    answer = web.get(f"{ROOT}/places/nowhere")
    assert answer.status_code == 404
    assert answer.json()["title"] == "LOT_NOT_FOUND"
    assert web.get(f"{ROOT}/webhooks").status_code == 404
    assert web.client.delete(f"{ROOT}/places/x").status_code == 405
