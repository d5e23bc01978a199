"""schemathesis over every HTTP operation of /openapi.json, through Envoy, for several callers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from suite import ROOT, Suite
from xianban_sdk.demo import person_id

SCHEMATHESIS = ROOT / ".venv/bin/schemathesis"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
ABSENT = "01KDVHX800ZZZZZZ0000000000"
SECONDS = 900

# Who calls which service; None is anybody without a token.
CALLERS = [
    (None, "parking"),
    ("resident", "parking"),
    ("operator", "parking"),
    ("resident", "identity"),
    ("admin", "identity"),
    ("resident", "notify"),
    ("elder", "eldercare"),
    ("dispatcher", "eldercare"),
    ("station-manager", "sensing"),
]


def document(suite: Suite) -> dict[str, Any]:
    return httpx.get(f"{suite.url}/openapi.json", timeout=10).json()


def is_stream(operation: dict[str, Any]) -> bool:
    content = operation["responses"]["200"].get("content", {})
    return "text/event-stream" in content


def operations(found: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, verb, operation)
        for path, verbs in found["paths"].items()
        for verb, operation in verbs.items()
        if isinstance(operation, dict) and "responses" in operation
    ]


def about_things_that_exist(found: dict[str, Any], suite: Suite) -> dict[str, Any]:
    """The same document, with path parameters that name real people and lots beside absent ones."""
    with suite.api(None, "parking") as api:
        lots = [lot["name"].split("/")[1] for lot in api.get("/lots").json()["lots"]]
    known = {
        "resident": [person_id("resident"), person_id("elder"), ABSENT],
        "lot": [*lots[:3], "no-such-lot"],
    }
    for _, _, operation in operations(found):
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path" and parameter["name"] in known:
                parameter["schema"] = {"type": "string", "enum": known[parameter["name"]]}
    return found


def without_streams(found: dict[str, Any]) -> dict[str, Any]:
    """An accepted stream never ends: those have their own test below."""
    for path, verb, operation in operations(found):
        if is_stream(operation):
            del found["paths"][path][verb]
    return found


@pytest.mark.docker
@pytest.mark.system
@pytest.mark.timeout(SECONDS + 60)
@pytest.mark.parametrize(("person", "service"), CALLERS)
def test_no_operation_breaks_or_answers_what_its_document_does_not_say(
    suite: Suite, tmp_path: Path, person: str | None, service: str
) -> None:
    found = about_things_that_exist(without_streams(document(suite)), suite)
    schema = tmp_path / "openapi.json"
    schema.write_text(json.dumps(found))
    command = [SCHEMATHESIS, "run", str(schema), "--url", suite.url, "--checks", ",".join(CHECKS)]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "8", "--seed", "1"]
    command += ["--request-timeout", "15", "--no-shrink", "--continue-on-failure"]
    if person is not None:
        command += ["--header", f"Authorization: Bearer {suite.token(person, service)}"]
        command += ["--include-path-regex", f"^/api/{service}/"]
    done = subprocess.run(
        [*command, "--no-color", "--warnings", "off"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


@pytest.mark.docker
@pytest.mark.system
def test_a_stream_is_sse_at_once_or_a_plain_refusal(suite: Suite) -> None:
    streams = [(path, op) for path, _, op in operations(document(suite)) if is_stream(op)]
    assert streams
    for path, operation in streams:
        service = path.split("/")[2]
        url = suite.url + path.replace("{resident}", person_id("resident"))
        token = suite.token("resident", service)
        with httpx.stream("GET", url, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status_code == 200, path
            assert answer.headers["content-type"].startswith("text/event-stream")
        if {} not in operation["security"]:
            assert httpx.get(url).status_code == 401
