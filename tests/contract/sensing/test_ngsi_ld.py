"""The NGSI-LD façade over the real service: what goes in comes out, and errors in its own form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
import pytest
from sensing_things import LOT, PARKING, entity
from xianban_sdk import errors
from xianban_sdk.testing.pages import Browser, browsing
from xianban_sdk.web import CallError, LogInRequiredError, Pages, Viewer
from xianban_sensing.web import site

EXAMPLES = Path(__file__).parents[4] / "shared/data/parking/ngsi-ld-offstreetparking-examples"
ROOT = "/ngsi-ld/v1"
LD = {"content-type": "application/ld+json"}
PLAIN = {"content-type": "application/json"}
ERRORS = "https://uri.etsi.org/ngsi-ld/errors/"


class ThroughCaller:
    """What the portal does, without identity: the bearer is the name of a demo person."""

    def __init__(self, sensing: Any) -> None:
        self._service = sensing.service

    async def unary(self, request: Any, method: Any, message: Any, timeout: float) -> Any:
        person = request.state.bearer
        writes = not method.rpc.startswith(("GetE", "ListE", "GetT", "ListT", "GetD"))
        if writes and not person:
            raise LogInRequiredError
        pairs = [("accept-language", "en")]
        if person:
            pairs.append(("authorization", f"Bearer {self._service.token(person)}"))
        with self._service.channel() as channel:
            rpc = channel.unary_unary(method.path, method.encode, method.decode)
            try:
                return rpc(message, timeout=timeout, metadata=pairs)
            except grpc.RpcError as error:
                found = errors.from_rpc_error(error)
                fields = {one.field: one.description for one in found.violations}
                raise CallError(
                    error.code(), found.reason, found.message, "sensing", fields
                ) from error


@pytest.fixture
def web(sensing: Any) -> Any:
    with browsing(site, Pages([site], strict=True), {}, Viewer(locale="en")) as made:
        made.client.app.state.caller = ThroughCaller(sensing)
        yield Facade(made)


class Facade:
    """Requests with a token, and without."""

    def __init__(self, browser: Browser) -> None:
        self._client: Any = browser.client

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        headers = {"authorization": f"Bearer {more.pop('person', 'vendor')}"}
        headers |= more.pop("headers", PLAIN if body is not None else {})
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = None if body is None else content
        return self._client.request(method, ROOT + path, content=sent, headers=headers, **more)


def told(answer: Any, status: int, kind: str) -> str:
    """An error in the standard's form; its detail."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (answer.status_code, body["status"], body["type"]) == (status, status, ERRORS + kind)
    return body["title"] and body["detail"]


def example(name: str) -> dict[str, Any]:
    file = EXAMPLES / name
    if not file.exists():
        pytest.skip(f"NO ROUND TRIP of the Smart Data Model's examples: {file} is not here")
    return json.loads(file.read_text("utf-8"))


class TestARoundTrip:
    @pytest.mark.parametrize(
        ("name", "options"), [("example-normalized.jsonld", ""), ("example.jsonld", "keyValues")]
    )
    def test_of_the_model_s_examples_is_equal_with_its_context(self, web, name, options):
        document = example(name)
        made = web("POST", "/entities", document, headers=LD)
        assert (made.status_code, made.content) == (201, b"")
        got = web(
            "GET",
            made.headers["location"].removeprefix(ROOT),
            params={"options": options} if options else {},
            headers={"accept": "application/ld+json"},
        )
        assert got.headers["content-type"] == "application/ld+json"
        assert got.json() == document

    def test_of_plain_json_under_a_linked_context_is_equal(self, web):
        document = example("example.json")
        link = f'<{PARKING}>; rel="http://www.w3.org/ns/json-ld#context"'
        assert "id" in told(web("POST", "/entities", document), 400, "BadRequestData")
        document |= {"id": "urn:ngsi-ld:OffStreetParking:porto"}
        headers = PLAIN | {"link": link}
        assert web("POST", "/entities", document, headers=headers).status_code == 201
        got = web("GET", f"/entities/{document['id']}?format=simplified", headers={"link": link})
        assert got.json() == document
        assert PARKING in got.headers["link"]

    def test_what_is_written_for_ngsi_v2_is_refused_and_not_half_read(self, web):
        document = example("example-normalized.json") | {"id": "urn:a:1"}
        told(web("POST", "/entities", document), 400, "BadRequestData")

    def test_of_our_own_example_is_equal_in_every_form(self, web):
        concise = {
            "id": LOT,
            "type": "OffStreetParking",
            "name": "南桥",
            "status": ["open"],
            "availableSpotNumber": {"value": 1, "observedAt": "2026-11-29T07:00:00Z"},
            "refDevice": {"object": "urn:ngsi-ld:Device:1"},
            "location": {"type": "Point", "coordinates": [121.47, 30.92]},
            "description": {"languageMap": {"zh": "停车场", "en": "car park"}},
        }
        assert web("POST", "/entities", concise).status_code == 201
        assert web("GET", f"/entities/{LOT}?options=concise").json()["name"] == "南桥"
        normalized = web("GET", f"/entities/{LOT}").json()
        assert normalized["refDevice"]["type"] == "Relationship"
        assert web("DELETE", f"/entities/{LOT}").status_code == 204
        assert web("POST", "/entities", normalized).status_code == 201
        assert web("GET", f"/entities/{LOT}?options=concise").json() == concise


class TestErrors:
    def test_have_the_standard_s_types(self, web):
        web("POST", "/entities", entity())
        told(web("POST", "/entities", entity()), 409, "AlreadyExists")
        told(web("GET", "/entities/urn:a:none"), 404, "ResourceNotFound")
        told(web("POST", "/entities", b"{"), 400, "InvalidRequest")
        told(web("GET", "/entities"), 400, "BadRequestData")
        told(web("GET", "/entities?q=a~=b"), 422, "OperationNotSupported")
        told(web("GET", "/entities?type=T&scopeQ=x"), 422, "OperationNotSupported")
        told(web("POST", "/csourceRegistrations", {}), 422, "OperationNotSupported")
        told(web("GET", "/entities?q=" + ";".join("a" * 30)), 403, "TooComplexQuery")
        away = entity("urn:a:2") | {"@context": "https://example.org/context.jsonld"}
        told(web("POST", "/entities", away, headers=LD), 503, "LdContextNotAvailable")
        tenant = {"ngsild-tenant": "other"}
        told(web("GET", "/types", headers=tenant), 501, "NoMultiTenantSupport")

    def test_of_http_alone_are_plain_problems(self, web):
        for answer, status in (
            (web("POST", "/entities", entity(), headers={"content-type": "text/xml"}), 415),
            (web("GET", "/types", headers={"accept": "text/html"}), 406),
            (web("PUT", f"/entities/{LOT}", entity()), 405),
            (web("GET", "/nothing"), 404),
            (web("POST", "/entities", entity(), person=""), 401),
            (web("POST", "/entities", entity(), person="resident"), 403),
            (web("POST", "/entities", b" " * 1_000_001), 413),
        ):
            assert (answer.status_code, answer.json()["type"]) == (status, "about:blank")
            assert answer.headers["content-type"] == "application/problem+json"

    def test_the_context_stands_where_the_media_type_says(self, web):
        with_context = entity() | {"@context": PARKING}
        told(web("POST", "/entities", with_context), 400, "BadRequestData")
        told(web("POST", "/entities", entity(), headers=LD), 400, "BadRequestData")
        link = f'<{PARKING}>; rel="http://www.w3.org/ns/json-ld#context"'
        both = LD | {"link": link}
        told(web("POST", "/entities", with_context, headers=both), 400, "BadRequestData")


class TestLists:
    def test_pages_are_linked_and_counted(self, web):
        items = [entity(f"urn:a:{n}") for n in range(5)]
        assert web("POST", "/entityOperations/upsert", items).status_code == 201
        path, found = "/entities?type=OffStreetParking&limit=2&count=true", []
        while path:
            answer = web("GET", path)
            assert answer.headers["ngsild-results-count"] == "5"
            found += [one["id"] for one in answer.json()]
            links = [one for one in answer.headers["link"].split(", ") if 'rel="next"' in one]
            path = links[0].partition(">")[0].removeprefix(f"<{ROOT}") if links else ""
        assert found == [f"urn:a:{n}" for n in range(5)]

    def test_the_number_alone(self, web):
        web("POST", "/entities", entity())
        answer = web("GET", "/entities?type=OffStreetParking&limit=0&count=true")
        assert (answer.json(), answer.headers["ngsild-results-count"]) == ([], "1")
        told(web("GET", "/entities?type=OffStreetParking&limit=0"), 400, "BadRequestData")

    def test_an_empty_parameter_is_as_none(self, web):
        web("POST", "/entities", entity())
        answer = web("GET", "/entities?type=OffStreetParking&limit=&offset=&count=true")
        assert (answer.status_code, len(answer.json())) == (200, 1)
        answer = web("GET", "/entities?type=OffStreetParking&limit=00&count=true")
        assert answer.json() == []

    def test_near_a_point(self, web):
        web("POST", "/entities", entity())
        near = "/entities?georel=near;maxDistance=={}&geometry=Point&coordinates=[121.47,30.93]"
        assert web("GET", near.format(2000)).json()
        assert not web("GET", near.format(500)).json()

    def test_the_types_that_there_are(self, web):
        web("POST", "/entities/", entity())
        assert web("GET", "/types").json()["typeList"] == ["OffStreetParking"]


class TestWriting:
    def test_attributes_are_added_changed_and_deleted(self, web):
        web("POST", "/entities", entity())
        attrs = f"/entities/{LOT}/attrs"
        assert web("POST", attrs, {"name": "a"}).status_code == 204
        assert web("POST", f"{attrs}?options=noOverwrite", {"name": "b"}).status_code == 207
        assert web("PATCH", attrs, {"name": "c"}).status_code == 204
        partly = web("PATCH", attrs, {"name": "d", "owner": ["x"]})
        assert partly.status_code == 207
        assert partly.json()["updated"] == ["name"]
        assert partly.json()["notUpdated"][0]["attributeName"] == "owner"
        assert web("PATCH", f"{attrs}/name", {"value": "e"}).status_code == 204
        assert web("GET", f"/entities/{LOT}?options=keyValues").json()["name"] == "e"
        assert web("DELETE", f"{attrs}/name").status_code == 204
        told(web("DELETE", f"{attrs}/name"), 404, "ResourceNotFound")
        told(web("GET", f"/entities/{LOT}?attrs=name"), 404, "ResourceNotFound")

    def test_a_batch_tells_of_each(self, web):
        items = [entity("urn:a:1"), {"id": "x"}]
        answer = web("POST", "/entityOperations/upsert", items)
        assert (answer.status_code, answer.json()["success"]) == (207, ["urn:a:1"])
        [wrong] = answer.json()["errors"]
        assert wrong["error"]["type"] == f"{ERRORS}BadRequestData"
        assert web("POST", "/entityOperations/upsert", items[:1]).status_code == 204


class TestThePast:
    def test_values_with_their_times(self, web):
        web("POST", "/entities", entity())
        answer = web("GET", f"/temporal/entities/{LOT}?options=temporalValues")
        spots = answer.json()["availableSpotNumber"]
        assert spots == {"type": "Property", "values": [[10, "2026-11-29T07:00:00.000Z"]]}
        many = "/temporal/entities?type=OffStreetParking&timerel=before&timeAt="
        assert web("GET", f"{many}2026-11-29T08:00:00Z").json()[0]["availableSpotNumber"]
        told(web("GET", f"{many}never"), 400, "BadRequestData")


class TestSubscriptions:
    def test_are_made_read_changed_and_ended(self, web, monkeypatch):
        from xianban_sensing.settings import SensingSettings

        chosen = SensingSettings.load({"XIANBAN_SENSING_NOTIFY_HOSTS": "hooks.example.org"})
        monkeypatch.setattr("xianban_sensing.servicer.subscriptions.rules", lambda: chosen)
        endpoint = {"uri": "https://hooks.example.org/"}
        asked = {
            "type": "Subscription",
            "entities": [{"type": "OffStreetParking"}],
            "notification": {"endpoint": endpoint},
        }
        where = web("POST", "/subscriptions", asked).headers["location"].removeprefix(ROOT)
        assert web("GET", where).json()["status"] == "active"
        assert web("PATCH", where, {"isActive": False}).status_code == 204
        [found] = web("GET", "/subscriptions").json()
        assert (found["status"], found["notification"]["endpoint"]) == ("paused", endpoint)
        assert web("DELETE", where).status_code == 204
        told(web("GET", where), 404, "ResourceNotFound")
        assert web("GET", "/subscriptions", person="").status_code == 401
