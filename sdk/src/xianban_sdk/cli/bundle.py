"""A person's data as one zip: a file per service and category, and a README that explains them."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import orjson
from xianban.common.v1 import admin_pb2 as pb

from xianban_sdk import i18n

__all__ = ["Bundle", "bundle"]

_READMES: Final = {"zh-CN": "说明.txt", "en": "README.txt"}


@dataclass
class Bundle:
    """What was put in so far."""

    archive: zipfile.ZipFile
    person: str
    files: dict[str, int] = field(default_factory=dict[str, int])

    def add(
        self,
        held: pb.DescribePersonalDataResponse,
        pages: Iterable[pb.ExportPersonalDataResponse],
        progress: Callable[[int], None],
    ) -> None:
        """One service's files. Pages come category by category and are written as they come."""
        known = {holding.category: holding for holding in held.holdings}
        waiting = iter(pages)
        page = next(waiting, None)
        while page is not None:
            name = f"{held.service}/{page.category}.json"
            with self.archive.open(name, "w", force_zip64=True) as file:
                page = self._fill(file, name, known[page.category], page, waiting, progress)

    def _fill(
        self,
        file: IO[bytes],
        name: str,
        holding: pb.PersonalHolding,
        page: pb.ExportPersonalDataResponse | None,
        waiting: Iterator[pb.ExportPersonalDataResponse],
        progress: Callable[[int], None],
    ) -> pb.ExportPersonalDataResponse | None:
        """Returns the first page of the next category."""
        file.write(orjson.dumps(_head(holding))[:-1] + b',"records":[')
        self.files[name] = 0
        while page is not None and page.category == holding.category:
            comma = b"," if self.files[name] else b""
            file.write(comma + b"\n" + b",\n".join(page.records))
            self.files[name] += len(page.records)
            progress(len(page.records))
            page = next(waiting, None)
        file.write(b"\n]}\n")
        return page

    def explain(self, all_held: Sequence[pb.DescribePersonalDataResponse], now: datetime) -> None:
        """The README, in both languages."""
        for locale, name in _READMES.items():
            text = "\n".join(self._readme(all_held, locale, now))
            # A mark tells Windows' editors that this is UTF-8.
            self.archive.writestr(name, "\ufeff" + text + "\n")

    def _readme(
        self, all_held: Sequence[pb.DescribePersonalDataResponse], locale: str, now: datetime
    ) -> Iterator[str]:
        yield i18n.text("bundle-title", locale)
        made = now.isoformat(" ", "minutes")
        yield i18n.text("bundle-lead", locale, person=self.person, time=made)
        yield ""
        yield i18n.text("bundle-files", locale)
        for held in all_held:
            for holding in held.holdings:
                yield from self._file(held.service, holding, locale)
        yield ""
        yield i18n.text("bundle-left-out", locale)
        for held in all_held:
            for holding in held.holdings:
                yield from _left_out(held.service, holding, locale)
        yield f"- {i18n.text('bundle-portal', locale)}"
        yield f"- {i18n.text('bundle-others', locale)}"
        yield ""
        yield i18n.text("bundle-rights", locale)

    def _file(self, service: str, holding: pb.PersonalHolding, locale: str) -> Iterator[str]:
        name = f"{service}/{holding.category}.json"
        if name in self.files:
            facts = {
                "file": name,
                "title": _in(holding.title, locale),
                "purpose": _in(holding.purpose, locale),
                "count": self.files[name],
            }
            yield f"- {i18n.text('bundle-file', locale, **facts)}"
            yield f"  {i18n.text(f'bundle-fate-{holding.fate}', locale)} {_why(holding, locale)}"


@contextmanager
def bundle(path: Path, person: str) -> Iterator[Bundle]:
    """A zip that appears whole or not at all, for its owner alone (mode 0600)."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                yield Bundle(archive, person)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _head(holding: pb.PersonalHolding) -> Mapping[str, Any]:
    return {
        "title": _both(holding.title),
        "purpose": _both(holding.purpose),
        "fields": {one.name: _both(one.title) for one in holding.fields},
    }


def _both(words: pb.Words) -> dict[str, str]:
    return {locale: _in(words, locale) for locale in i18n.LOCALES}


def _in(words: pb.Words, locale: str) -> str:
    return words.en if locale == "en" else words.zh_cn


def _why(holding: pb.PersonalHolding, locale: str) -> str:
    return _in(holding.reason, locale) if holding.fate != "erased" else ""


def _left_out(service: str, holding: pb.PersonalHolding, locale: str) -> Iterator[str]:
    title = f"{service}: {_in(holding.title, locale)}"
    if holding.rows and not holding.exported:
        yield f"- {title} ({holding.rows}): {_in(holding.reason, locale)}"
    if holding.rows and holding.withheld:
        columns = ", ".join(holding.withheld)
        yield f"- {title} ({columns}): {i18n.text('bundle-withheld', locale)}"
