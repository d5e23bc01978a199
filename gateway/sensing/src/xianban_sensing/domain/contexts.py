"""JSON-LD @context as NGSI-LD uses it: short names of types and attributes, and their full names.

Nothing is ever fetched: a context is known here, stands in the document itself, or is refused.
Of a document's own context these are read: terms that are IRIs, prefixed names or objects with
`@id`, and `@vocab`. The core context comes last and can't be overridden (ETSI GS CIM 009, 5.5.7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeGuard, cast
from urllib.parse import urlsplit

from xianban_sensing.domain.refusals import RefusedError

__all__ = ["DEFAULT_VOCAB", "HOME_PATH", "Context", "Contexts", "Terms", "read_terms"]

Terms = Mapping[str, str]

DEFAULT_VOCAB: Final = "https://uri.etsi.org/ngsi-ld/default-context/"
# Where the district's own context is published, below its address.
HOME_PATH: Final = "/ngsi-ld/v1/jsonldContexts/district"
_NGSI: Final = "https://uri.etsi.org/ngsi-ld/"
_CORE_URLS: Final = tuple(
    f"{scheme}://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context" for scheme in ("https", "http")
)
_NO_URL: Final = frozenset(' <>"')
# Core terms that types and attributes can be called by; the others name parts of the protocol.
_CORE_NAMES: Final = (
    "location",
    "observationSpace",
    "operationSpace",
    "createdAt",
    "modifiedAt",
    "deletedAt",
    "observedAt",
    "unitCode",
    "datasetId",
    "instanceId",
    "status",
    "scope",
)
_CORE: Final[Terms] = {name: _NGSI + name for name in _CORE_NAMES} | {
    "title": "http://purl.org/dc/terms/title",
    "description": "http://purl.org/dc/terms/description",
    "ngsi-ld": _NGSI,
    "geojson": "https://purl.org/geojson/vocab#",
}
_SMART_HOSTS: Final = frozenset(
    {"smartdatamodels.org", "smart-data-models.github.io", "raw.githubusercontent.com"}
)
_MOST_PARTS: Final = 20
_MOST_TERMS: Final = 2000
_LONGEST: Final = 500


@dataclass(frozen=True)
class Context:
    """One @context: `source` is what was given, and what answers repeat; None: the district's."""

    source: Any
    terms: Terms = field(repr=False)
    vocab: str = DEFAULT_VOCAB

    def expand(self, name: str) -> str:
        """The full name; what is one already stays."""
        known = self.terms.get(name)
        if known is not None:
            return known
        prefix, colon, rest = name.partition(":")
        if colon:
            space = self.terms.get(prefix)
            return space + rest if space and not rest.startswith("//") else name
        return self.vocab + name

    def compact(self, iri: str) -> str:
        """The short name that `expand` reads back; else the full one."""
        known = self._names.get(iri)
        if known is not None:
            return known
        rest = iri.removeprefix(self.vocab)
        return rest if rest and self.expand(rest) == iri else iri

    @cached_property
    def _names(self) -> Terms:
        """Full name → the shortest term for it."""
        ordered = sorted(self.terms.items(), key=lambda item: (-len(item[0]), item[0]))
        return {iri: name for name, iri in ordered if iri[-1:] not in ("/", "#")}


class Contexts:
    """The contexts that are known here, by URL.

    `models` are the terms of Smart Data Models by subject, e.g. "Parking"; the first that has a
    term gives its meaning where all are meant: that is the district's own context, with which a
    request that names none is read.
    """

    def __init__(self, models: Mapping[str, Terms]) -> None:
        self._models = models
        self._all: Terms = {
            name: iri for model in reversed(list(models.values())) for name, iri in model.items()
        }
        self.default = Context(None, {**self._all, **_CORE})

    def of(self, source: Any) -> Context:
        """Reads an @context, a URL, an object or a list of those; None: the default."""
        if source is None:
            return self.default
        parts = cast("list[Any]", source) if isinstance(source, list) else [source]
        if len(parts) > _MOST_PARTS:
            raise RefusedError("CONTEXT_MALFORMED", "@context")
        terms: dict[str, str] = {}
        for part in parts:
            terms.update(self._terms(part))
        if len(terms) > _MOST_TERMS:
            raise RefusedError("CONTEXT_MALFORMED", "@context")
        vocab = terms.pop("@vocab", DEFAULT_VOCAB)
        return Context(source, {**_whole(terms), **_CORE}, vocab)

    def document(self) -> dict[str, Any]:
        """The default context as a JSON-LD document."""
        return {"@context": {**self.default.terms, "@vocab": DEFAULT_VOCAB}}

    def _terms(self, part: Any) -> Terms:
        if isinstance(part, str):
            return self._known(part)
        if isinstance(part, dict):
            return read_terms(cast("dict[str, Any]", part))
        raise RefusedError("CONTEXT_MALFORMED", "@context")

    def _known(self, url: str) -> Terms:
        if not url.isascii() or not url.isprintable() or _NO_URL & set(url):
            # It could not stand in the Link header of an answer or a notification.
            raise RefusedError("CONTEXT_NOT_AVAILABLE", "@context")
        if url.startswith(_CORE_URLS):
            return {}
        if url.endswith(HOME_PATH):
            return self._all
        subject = _smart_subject(url)
        if subject == "":
            return self._all
        if subject is None or subject not in self._models:
            raise RefusedError("CONTEXT_NOT_AVAILABLE", "@context")
        return self._models[subject]


def read_terms(given: Mapping[str, Any]) -> Terms:
    """The terms of a context object; keywords, and terms without meaning, are left out."""
    found: dict[str, str] = {}
    for name, meaning in given.items():
        iri = cast("dict[str, Any]", meaning).get("@id") if isinstance(meaning, dict) else meaning
        if name == "@vocab" or not name.startswith("@"):
            if iri is not None and not _is_short(name, iri):
                raise RefusedError("CONTEXT_MALFORMED", "@context")
            if iri is not None and not iri.startswith("@"):
                found[name] = iri
    return found


def _is_short(name: str, iri: Any) -> TypeGuard[str]:
    if not isinstance(iri, str) or not iri.isprintable():
        return False
    return 0 < len(iri) <= _LONGEST and len(name) <= _LONGEST


def _whole(terms: Mapping[str, str]) -> Terms:
    """Prefixed meanings ("schema:name") in full."""
    return {name: _unprefixed(iri, terms) for name, iri in terms.items()}


def _unprefixed(iri: str, terms: Mapping[str, str]) -> str:
    prefix, colon, rest = iri.partition(":")
    if not colon or rest.startswith("//"):
        return iri if colon else terms.get("@vocab", DEFAULT_VOCAB) + iri
    space = _CORE.get(prefix) or terms.get(prefix)
    return space + rest if space else iri


def _smart_subject(url: str) -> str | None:
    """ "Parking" of the places where Smart Data Models publishes it; "": all subjects; None: no
    context of theirs."""
    try:
        where = urlsplit(url[:_LONGEST])
    except ValueError:
        return None
    if where.hostname not in _SMART_HOSTS or not where.path.endswith("/context.jsonld"):
        return None
    subjects = [part for part in where.path.split("/") if part.startswith("dataModel.")]
    return subjects[0].removeprefix("dataModel.") if subjects else ""
