"""`google.api.http` path templates, read for Envoy's matchers and for OpenAPI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# A literal's special characters in RE2.
_SPECIAL = frozenset(".+*?()|[]{}^$\\")


@dataclass(frozen=True)
class Segment:
    """One path segment. `literal` is empty for a wildcard, whose field is then named."""

    literal: str = ""
    field: str = ""
    # Where the wildcard stands within its field's own pattern: 1 in {name=residents/*}.
    position: int = 0
    deep: bool = False


@dataclass(frozen=True)
class Template:
    """A parsed template."""

    segments: tuple[Segment, ...]
    verb: str
    fields: tuple[str, ...]

    def regex(self) -> str:
        """Matches exactly the paths the transcoder would bind."""
        last = len(self.segments) - 1
        parts = [_regex(one, index == last) for index, one in enumerate(self.segments)]
        return "/" + "/".join(parts) + (f":{_escape(self.verb)}" if self.verb else "")


def parse(template: str) -> Template:
    body, verb = _split_verb(template)
    segments: list[Segment] = []
    fields: list[str] = []
    for part in _parts(body.removeprefix("/")):
        if part.startswith("{"):
            field, _, pattern = part[1:-1].partition("=")
            fields.append(field)
            segments += _bound(field, pattern or "*")
        else:
            segments.append(Segment(literal=part))
    return Template(tuple(segments), verb, tuple(fields))


def _split_verb(template: str) -> tuple[str, str]:
    head, colon, tail = template.rpartition(":")
    if colon and "/" not in tail and "}" not in tail:
        return head, tail
    return template, ""


def _parts(body: str) -> Iterator[str]:
    """Splits at slashes outside braces."""
    depth, start = 0, 0
    for index, character in enumerate(body):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "/" and depth == 0:
            yield body[start:index]
            start = index + 1
    yield body[start:]


def _bound(field: str, pattern: str) -> Iterator[Segment]:
    for position, part in enumerate(pattern.split("/")):
        if part in ("*", "**"):
            yield Segment(field=field, position=position, deep=part == "**")
        else:
            yield Segment(literal=part, field=field, position=position)


def _regex(segment: Segment, last: bool) -> str:
    if segment.literal:
        return _escape(segment.literal)
    if segment.deep:
        return ".+"
    # Without the colon a custom verb on the same resource would match too.
    return "[^/:]+" if last else "[^/]+"


def _escape(text: str) -> str:
    return "".join(f"\\{one}" if one in _SPECIAL else one for one in text)
