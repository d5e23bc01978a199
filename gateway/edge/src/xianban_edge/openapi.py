"""The OpenAPI 3.1 document of everything the edge transcodes, from the same descriptors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from xianban_edge.descriptors import Catalogue, HttpRule, Method, Service, catalogue
from xianban_edge.schemas import Schema, Schemas, is_portable, is_required, is_well_known, rules_of
from xianban_edge.templates import Segment, Template, parse
from xianban_edge.texts import has, text

Json = dict[str, Any]
F = FieldDescriptorProto

_HTTP_BODY = "google.api.HttpBody"
# Deep enough for every request here, and a bound for messages that contain themselves.
_QUERY_DEPTH = 3
# How Envoy answers each gRPC code over JSON; what is not named here is 500.
STATUS_OF_CODE = {
    "OK": 200,
    "CANCELLED": 499,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_ERRORS = {
    400: "The request is malformed, breaks a rule, or the state does not allow it "
    "(INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE). 请求有误或状态不允许。",
    401: "The token is missing or not valid, or a stronger log-in is asked for "
    "(UNAUTHENTICATED). 未登录或凭证无效。",
    403: "The caller lacks the role (PERMISSION_DENIED). 无权限。",
    404: "Absent, or not the caller's to see (NOT_FOUND). 不存在或不可见。",
    405: "The path takes other verbs; see Allow. 不支持该方法。",
    408: "The request was sent too slowly. 请求发送太慢。",
    409: "It exists already, or the call lost a race (ALREADY_EXISTS, ABORTED). 已存在或冲突。",
    413: "The body is too large. 内容太大。",
    429: "Too many requests (RESOURCE_EXHAUSTED); see Retry-After. 请求太频繁。",
    431: "The headers are too large. 请求头太大。",
    499: "The caller went away (CANCELLED). 调用方已取消。",
    500: "An error of the service's own (INTERNAL, UNKNOWN, DATA_LOSS). 服务出错。",
    501: "Not offered in this installation (UNIMPLEMENTED). 未提供。",
    503: "The service is not available (UNAVAILABLE). 服务暂不可用。",
    504: "The service took too long (DEADLINE_EXCEEDED). 服务超时。",
}


def openapi_document(
    domains: Iterable[str] | None = None, titles: Mapping[str, str] | None = None
) -> bytes:
    """The document as JSON; `domains`: those installed (all by default), `titles`: their names."""
    found = catalogue()
    chosen = tuple(sorted(found.domains() if domains is None else set(domains)))
    return _document_bytes(chosen, tuple(sorted((titles or {}).items())))


@cache
def _document_bytes(domains: tuple[str, ...], titles: tuple[tuple[str, str], ...]) -> bytes:
    made = document(catalogue(), domains, dict(titles))
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()


def document(found: Catalogue, domains: Iterable[str], titles: Mapping[str, str]) -> Json:
    wanted = set(domains)
    services = [one for one in found.services.values() if one.domain in wanted]
    schemas = Schemas(found)
    paths = _paths(services, schemas)
    used = {service.domain for service in services}
    return {
        "openapi": "3.1.0",
        "info": _info(),
        "servers": [{"url": "/"}],
        "tags": [_tag(service, titles) for service in services],
        "paths": {path: paths[path] for path in sorted(paths)},
        "components": {
            "schemas": {**dict(sorted(schemas.components.items())), **_status_schema()},
            "responses": {_response_name(status): _error(status) for status in _ERRORS},
            "securitySchemes": {name: _token_scheme(name) for name in sorted(used)},
        },
    }


def _info() -> Json:
    return {
        "title": "贤办 Xianban API",
        "version": "v1",
        "summary": text("zh-CN", "api-summary"),
        "description": f"{text('zh-CN', 'api-description')}\n\n{text('en', 'api-description')}",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }


def _tag(service: Service, titles: Mapping[str, str]) -> Json:
    key = f"tag-{service.domain}"
    title = titles.get(service.domain) or (text("zh-CN", key) if has("zh-CN", key) else "")
    name = service.name.rpartition(".")[2]
    shown = f"{title} · {name}" if title else name
    return {
        "name": name,
        "x-displayName": shown,
        "description": f"{title} {service.comment}".strip(),
    }


def _token_scheme(domain: str) -> Json:
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": f"An access token (at+jwt, ES256) whose audience is `{domain}`, from the "
        "issuer at /.well-known/openid-configuration (authorization code with PKCE, "
        f"`resource={domain}`, or token exchange).",
    }


def _status_schema() -> Json:
    detail = {"type": "object", "properties": {"@type": {"type": "string"}}, "required": ["@type"]}
    return {
        "google.rpc.Status": {
            "type": "object",
            "description": "What went wrong. ErrorInfo's `reason` is stable; `message` is in the "
            "caller's language; BadRequest names the fields.",
            "properties": {
                "code": {"type": "integer", "format": "int32"},
                "message": {"type": "string"},
                "details": {"type": "array", "items": detail},
            },
            "required": ["code", "message"],
        }
    }


def _error(status: int) -> Json:
    schema = {"$ref": "#/components/schemas/google.rpc.Status"}
    return {"description": _ERRORS[status], "content": {"application/json": {"schema": schema}}}


def _response_name(status: int) -> str:
    return f"Error{status}"


def _paths(services: Iterable[Service], schemas: Schemas) -> dict[str, Json]:
    paths: dict[str, Json] = {}
    for service in services:
        for method in service.methods:
            for index, rule in enumerate(method.rules):
                template = parse(rule.template)
                operation = _operation(method, rule, template, schemas, index)
                paths.setdefault(path_of(template), {})[rule.verb.lower()] = operation
    return paths


def _operation(
    method: Method, rule: HttpRule, template: Template, schemas: Schemas, index: int
) -> Json:
    name = method.service.rpartition(".")[2]
    token: Json = {method.domain: []}
    made: Json = {
        "operationId": f"{name}_{method.name}" + (f"_{index + 1}" if index else ""),
        "tags": [name],
        "summary": method.comment.split("\n")[0].rstrip("."),
        "description": _description(method),
        "parameters": [
            *_path_parameters(method, template, schemas),
            *_query_parameters(method, rule, template, schemas),
        ],
        "security": [{}, token] if method.access.anonymous else [token],
        "x-grpc": method.path.removeprefix("/"),
    }
    if rule.body:
        made["requestBody"] = _body(method, rule, template, schemas)
    made["responses"] = _responses(method, rule, schemas)
    return made


def _description(method: Method) -> str:
    access = method.access
    said = [method.comment]
    if access.subject:
        who = f"the person themselves, or someone with scope `{access.scope}`"
        said.append(f"For: {who if access.scope else 'the person themselves only'}.")
    if access.purpose:
        said.append(f"Needs the live consent `{access.purpose}`.")
    if access.roles:
        said.append("Needs one of the roles " + ", ".join(f"`{one}`" for one in access.roles) + ".")
    if access.step_up:
        said.append("May ask for a stronger log-in (RFC 9470).")
    if method.server_streaming:
        said.append("Answers server-sent events; each `data` is one message.")
    return "\n\n".join(part for part in said if part)


# Paths and their parameters.


def path_of(template: Template) -> str:
    """`{parent=residents/*}` is spelled out: OpenAPI has no parameters with slashes."""
    names = iter(_names(template))
    parts = [one.literal or f"{{{next(names)}}}" for one in template.segments]
    return "/" + "/".join(parts) + (f":{template.verb}" if template.verb else "")


def _names(template: Template) -> list[str]:
    """Each wildcard is called after the collection before it."""
    names: list[str] = []
    for index, segment in enumerate(template.segments):
        if segment.literal:
            continue
        before = template.segments[index - 1].literal if index and segment.position else ""
        name = _singular(before) if before else _camel(segment.field.rpartition(".")[2])
        names.append(f"{name}{names.count(name) + 1}" if name in names else name)
    return names


def _singular(word: str) -> str:
    word = _camel(word.replace("-", "_"))
    for ending, replacement in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch")):
        if word.endswith(ending):
            return word.removesuffix(ending) + replacement
    return word.removesuffix("s")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _path_parameters(method: Method, template: Template, schemas: Schemas) -> Iterator[Json]:
    wild = [one for one in template.segments if not one.literal]
    for name, segment in zip(_names(template), wild, strict=True):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _segment_schema(method, segment, template, schemas),
        }


def _segment_schema(
    method: Method, segment: Segment, template: Template, schemas: Schemas
) -> Schema:
    """The part of the field's own pattern that speaks of this segment, where it splits so."""
    plain: Schema = {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
    one = _field(method.input, segment.field, schemas.found)
    rules = rules_of(one) if one else None
    if rules is None or not rules.string.pattern or not is_portable(rules.string.pattern):
        return plain
    parts = rules.string.pattern.removeprefix("^").removesuffix("$").split("/")
    count = sum(1 for other in template.segments if other.field == segment.field)
    if len(parts) != count:
        return plain
    return {"type": "string", "pattern": f"^{parts[segment.position]}$"}


def _field(message: str, path: str, found: Catalogue) -> F | None:
    head, _, rest = path.partition(".")
    one = next((f for f in found.messages[message].field if f.name == head), None)
    if one is None or not rest:
        return one
    return _field(one.type_name.removeprefix("."), rest, found)


# Query parameters and bodies.


def _query_parameters(
    method: Method, rule: HttpRule, template: Template, schemas: Schemas
) -> Iterator[Json]:
    if rule.body == "*":
        return
    bound = {rule.body, *template.fields}
    yield from _flattened(method.input, "", "", bound, schemas, _QUERY_DEPTH)


def _flattened(
    message: str, prefix: str, shown: str, bound: set[str], schemas: Schemas, depth: int
) -> Iterator[Json]:
    for one in schemas.found.messages[message].field:
        path = f"{prefix}{one.name}"
        if path in bound:
            continue
        if not _is_nested(one):
            yield _query_parameter(message, one, f"{shown}{one.json_name}", schemas, top=not prefix)
        elif depth > 1 and one.label != F.LABEL_REPEATED:
            inner = one.type_name.removeprefix(".")
            deeper = f"{shown}{one.json_name}."
            yield from _flattened(inner, f"{path}.", deeper, bound, schemas, depth - 1)


def _is_nested(one: F) -> bool:
    return one.type == F.TYPE_MESSAGE and not is_well_known(one.type_name.removeprefix("."))


def _query_parameter(message: str, one: F, name: str, schemas: Schemas, *, top: bool) -> Json:
    schema = schemas.of_field(message, one, request=True)
    made: Json = {"name": name, "in": "query", "schema": schema}
    if description := schema.pop("description", ""):
        made["description"] = description
    if top and is_required(one):
        made["required"] = True
    return made


def _body(method: Method, rule: HttpRule, template: Template, schemas: Schemas) -> Json:
    if rule.body == "*":
        if method.input == _HTTP_BODY:
            return _binary(required=True)
        schema = schemas.inline(method.input, request=True, without=template.fields)
        return {"required": True, "content": {"application/json": {"schema": schema}}}
    one = _field(method.input, rule.body, schemas.found)
    if one is None:
        raise LookupError(f"{method.path}: body field {rule.body!r} is not in {method.input}")
    if one.type_name == f".{_HTTP_BODY}":
        return _binary(required=True)
    inner = tuple(
        path.removeprefix(f"{rule.body}.")
        for path in template.fields
        if path.startswith(f"{rule.body}.")
    )
    if inner:  # the path says it already
        name = one.type_name.removeprefix(".")
        schema = schemas.inline(name, request=True, without=inner)
    else:
        schema = schemas.of_field(method.input, one, request=True)
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _binary(*, required: bool) -> Json:
    return {
        "required": required,
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    }


# Answers.


def _responses(method: Method, rule: HttpRule, schemas: Schemas) -> Json:
    made: Json = {"200": _success(method, schemas)}
    for status in _statuses(method, rule):
        made[str(status)] = {"$ref": f"#/components/responses/{_response_name(status)}"}
    return made


def _success(method: Method, schemas: Schemas) -> Json:
    if method.output == _HTTP_BODY:
        return {"description": "OK", "content": _binary(required=True)["content"]}
    schema = schemas.of_message(method.output, request=False)
    if not method.server_streaming:
        return {"description": "OK", "content": {"application/json": {"schema": schema}}}
    # OpenAPI 3.1 has no word for the items of a stream; 3.2's itemSchema says it to newer tools.
    events = {"schema": {"type": "string"}, "itemSchema": schema}
    return {"description": "OK", "content": {"text/event-stream": events}}


def _statuses(method: Method, rule: HttpRule) -> list[int]:
    known = {400, 401, 404, 408, 429, 431, 499, 500, 501, 503, 504}
    if not method.access.anonymous:
        known.add(403)
    if not method.reads:
        known.add(409)
    if rule.body:
        known.add(413)
    return sorted(known)
