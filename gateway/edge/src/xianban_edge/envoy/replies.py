"""Envoy's own answers, in the caller's language and in the form the caller expects.

API calls get `google.rpc.Status`, façades their standard's form, browsers a small page and gRPC
clients the text as grpc-message.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass

from xianban_edge.envoy.json import Json
from xianban_edge.settings import EdgeSettings, Facade
from xianban_edge.texts import LOCALES, text


@dataclass(frozen=True)
class Refusal:
    """A local reply: HTTP status, gRPC code, reason."""

    status: int
    code: int
    reason: str
    # Answered instead of `status`.
    answered: int | None = None


REFUSALS = (
    Refusal(400, 3, "REQUEST_MALFORMED"),
    Refusal(401, 16, "TOKEN_REFUSED"),
    # Only the token filter says 403, to another service's audience: no valid token here (RFC 6750).
    Refusal(403, 16, "TOKEN_REFUSED", answered=401),
    Refusal(404, 5, "NO_SUCH_OPERATION"),
    Refusal(405, 12, "METHOD_NOT_ALLOWED"),
    Refusal(408, 4, "REQUEST_TOO_SLOW"),
    Refusal(413, 8, "BODY_TOO_LARGE"),
    Refusal(415, 3, "MEDIA_TYPE_NOT_SUPPORTED"),
    Refusal(429, 8, "TOO_MANY_REQUESTS"),
    Refusal(431, 8, "HEADERS_TOO_LARGE"),
    Refusal(500, 13, "INTERNAL"),
    Refusal(502, 14, "SERVICE_BROKEN"),
    Refusal(503, 14, "SERVICE_UNAVAILABLE"),
    Refusal(504, 4, "SERVICE_TOO_SLOW"),
)

# The same choice as the portal's: the first of zh and en that the caller names; none: Chinese.
_ENGLISH = r"(?i)\s*(?:(?:[^ze,]|z[^h,]|e[^n,])[^,]*,\s*)*en(?:[-;,\s].*)?"
_LANGUAGE_FILTERS: dict[str, list[Json]] = {
    "en": [
        {
            "header_filter": {
                "header": {
                    "name": "accept-language",
                    "string_match": {"safe_regex": {"regex": _ENGLISH}},
                }
            }
        }
    ],
    "zh-CN": [],
}


def local_replies(settings: EdgeSettings) -> Json:
    return {"mappers": list(_mappers(settings))}


def _mappers(settings: EdgeSettings) -> Iterator[Json]:
    """The first that matches counts: façades, then gRPC, then pages, then plain API calls."""
    for refusal in REFUSALS:
        for locale in ("en", "zh-CN"):
            where = [_status_filter(refusal.status), *_LANGUAGE_FILTERS[locale]]
            for facade in settings.facades:
                yield _mapper(
                    refusal, [*where, _path(facade.prefix)], _facade_body(facade, refusal, locale)
                )
            yield _mapper(refusal, [*where, *_GRPC], _grpc_body(refusal, locale))
            yield _mapper(refusal, [*where, *_PAGE], _page(refusal, locale))
            yield _mapper(refusal, where, _status_body(refusal, locale))


def _mapper(refusal: Refusal, filters: list[Json], body: Json) -> Json:
    one = filters[0] if len(filters) == 1 else {"and_filter": {"filters": filters}}
    made: Json = {"filter": one, "body_format_override": body}
    if refusal.answered:
        made["status_code"] = refusal.answered
    return made


def _status_filter(status: int) -> Json:
    value = {"default_value": status, "runtime_key": f"edge.reply.{status}"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _path(prefix: str) -> Json:
    return _header(":path", {"prefix": prefix})


def _header(name: str, match: Json) -> Json:
    return {"header_filter": {"header": {"name": name, "string_match": match}}}


def _not_api() -> Json:
    match = {"name": ":path", "string_match": {"prefix": "/api/"}, "invert_match": True}
    return {"header_filter": {"header": match}}


# A transcoded JSON call looks like gRPC by then; Envoy's note of its first path tells it apart.
_GRPC = (
    _header("content-type", {"prefix": "application/grpc"}),
    {"header_filter": {"header": {"name": "x-envoy-original-path", "present_match": False}}},
)
_PAGE = (_header("accept", {"contains": "text/html"}), _not_api())


def message(refusal: Refusal, locale: str) -> str:
    return text(locale, f"reply-{refusal.answered or refusal.status}")


def _status_body(refusal: Refusal, locale: str) -> Json:
    words = _literal(message(refusal, locale))
    info: Json = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": refusal.reason,
        "domain": "xianban",
    }
    if refusal.status == 400:
        # The transcoder's words name the field that is wrong.
        info["metadata"] = {"detail": "%LOCAL_REPLY_BODY%"}
    localised = {
        "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
        "locale": locale,
        "message": words,
    }
    return {
        "content_type": "application/json",
        "json_format": {"code": refusal.code, "message": words, "details": [info, localised]},
    }


def _facade_body(facade: Facade, refusal: Refusal, locale: str) -> Json:
    words = _literal(message(refusal, locale))
    filled = {
        key: value.replace("{status}", str(refusal.status)).replace("{message}", words)
        for key, value in facade.body.items()
    }
    return {"content_type": facade.content_type, "json_format": filled}


def _grpc_body(refusal: Refusal, locale: str) -> Json:
    return {"text_format_source": {"inline_string": _literal(message(refusal, locale))}}


def _page(refusal: Refusal, locale: str) -> Json:
    words = html.escape(message(refusal, locale))
    page = (
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{refusal.status}</title></head><body><main><h1>{words}</h1>"
        f'<p><a href="/">{html.escape(text(locale, "reply-home"))}</a></p></main></body></html>'
    )
    return {
        "content_type": "text/html; charset=utf-8",
        "text_format_source": {"inline_string": _literal(page)},
    }


def _literal(words: str) -> str:
    """Envoy reads % as the start of a command."""
    return words.replace("%", "%%")


assert set(_LANGUAGE_FILTERS) == set(LOCALES)
