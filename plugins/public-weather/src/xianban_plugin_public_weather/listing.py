"""What a source lists: an Atom or RSS index of CAP messages, or one message alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

from xianban_plugin_public_weather.cap import is_cap
from xianban_plugin_public_weather.xml_safely import Unreadable, opened, text_of

__all__ = ["MOST_ENTRIES", "Entry", "entries", "same_host"]

ATOM: Final = "http://www.w3.org/2005/Atom"
MOST_ENTRIES: Final = 200
_CAP: Final = "application/cap+xml"


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of the list. While its stamp is the same it need not be fetched again."""

    url: str
    stamp: str


def entries(body: bytes, base: str) -> list[Entry] | None:
    """The messages listed; None: the document is a message itself. Unreadable."""
    root = opened(body)
    if is_cap(root):
        return None
    if root.tag == f"{{{ATOM}}}feed":
        found = list(_atom(root, base))
    elif root.tag == "rss":
        found = list(_rss(root, base))
    else:
        raise Unreadable("NOT_A_LIST", root.tag)
    if len(found) > MOST_ENTRIES:
        # To leave some out silently would be to say that they do not stand.
        raise Unreadable("TOO_MANY_ENTRIES", str(len(found)))
    return list({one.url: one for one in found}.values())


def same_host(url: str, other: str) -> bool:
    """The manifest names the hosts: a list must not name others."""
    one, two = urlsplit(url), urlsplit(other)
    return (one.scheme, one.netloc) == (two.scheme, two.netloc)


def _atom(root: Element, base: str) -> Iterator[Entry]:
    for entry in root.iterfind(f"{{{ATOM}}}entry"):
        links = entry.findall(f"{{{ATOM}}}link")
        typed = [one for one in links if one.get("type") == _CAP]
        plain = [one for one in links if one.get("rel", "alternate") == "alternate"]
        link = next(iter([*typed, *plain, *links]), None)
        if link is not None and link.get("href"):
            yield Entry(urljoin(base, link.get("href", "")), text_of(entry, "updated", ATOM))


def _rss(root: Element, base: str) -> Iterator[Entry]:
    for item in root.iterfind("channel/item"):
        link = (item.findtext("link") or "").strip()
        if link:
            yield Entry(urljoin(base, link), (item.findtext("pubDate") or "").strip()[:100])
