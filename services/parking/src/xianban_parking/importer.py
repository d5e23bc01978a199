"""`xianban import parking PATH`: cities' files and occupancy history, again and again.

What a file is, its content tells (`register_file_format`). Each chunk is one transaction; loading
a file again changes nothing. Counts of lots that nobody has described are kept as history.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from xianban_sdk.app import Resources
from xianban_sdk.errors import InvalidArgument, NotFound
from xianban_sdk.importing import ImportReport, Rejection
from xianban_sdk.storage import UnitOfWork, open_unit_of_work

from xianban_parking.domain.occupancy import Observation
from xianban_parking.handlers.counts import (
    LOT_ID,
    FeedFacts,
    Outcome,
    observation_values,
    register,
    take_in,
)
from xianban_parking.handlers.views import feed_of
from xianban_parking.hookspecs import FileFormat, LotFacts, LotObservation, Rejected
from xianban_parking.repository import MACHINE, Feeds, Lots
from xianban_parking.repository.observations import Fate, History
from xianban_parking.settings import rules

__all__ = ["import_parking"]

# Small: the suite is running, and people reserve between two chunks.
CHUNK: Final = 200
HEAD: Final = 64 * 1024
MOST_FILES: Final = 1000
# Shown while the import runs; the file holds them all.
MOST_TOLD: Final = 1000

Item = LotFacts | LotObservation | Rejected
Progress = Callable[[ImportReport], None]


def import_parking(
    path: Path, resources: Resources, progress: Progress, options: Mapping[str, str]
) -> ImportReport:
    """Loads a file or a folder of files; option `feed` names the feed they count as."""
    unknown = sorted(options.keys() - {"feed"})
    if unknown:
        raise InvalidArgument("IMPORT_OPTION_UNKNOWN", field="options", option=unknown[0])
    chosen = [(file, _format_of(file, resources)) for file in _files(path)]
    report = ImportReport(total=sum(_length(kind, file) for file, kind in chosen))
    for file, kind in chosen:
        _Import(file, kind, options.get("feed", kind.id), resources, report, progress).run()
    return report


def _files(path: Path) -> list[Path]:
    inside = path.iterdir() if path.is_dir() else [path]
    files = sorted(islice((one for one in inside if one.is_file()), MOST_FILES + 1))
    if not files or len(files) > MOST_FILES:
        raise InvalidArgument("IMPORT_FILES_COUNT", field="path", most=MOST_FILES)
    return files


def _format_of(file: Path, resources: Resources) -> FileFormat:
    try:
        with file.open("rb") as opened:
            head = opened.read(HEAD)
    except OSError as error:
        raise InvalidArgument("IMPORT_FILE_UNREADABLE", field="path", file=file.name) from error
    for result in resources.hooks.registered("register_file_format"):
        for kind in result.value:
            if kind.recognises(head):
                return kind
    raise InvalidArgument("IMPORT_FORMAT_UNKNOWN", field="path", file=file.name)


def _length(kind: FileFormat, file: Path) -> int:
    """Read once only to count: a progress bar that tells the truth is worth the pass."""
    return sum(1 for _ in kind.read(file))


@dataclass
class _Import:
    """One file on its way in."""

    file: Path
    kind: FileFormat
    feed: str
    resources: Resources
    report: ImportReport
    progress: Progress

    def run(self) -> None:
        if not LOT_ID.fullmatch(self.feed):
            raise InvalidArgument("IMPORT_FEED_INVALID", field="options", feed=self.feed[:100])
        self._health(0, 0)
        aside = self._aside()
        aside.parent.mkdir(parents=True, exist_ok=True)
        done_before, refused_before = self.report.done, self.report.rejected
        with aside.open("w", encoding="utf-8", newline="") as out:
            writer = _Aside(out)
            for chunk in _chunks(self.kind.read(self.file)):
                self._chunk(chunk, writer)
        refused = self.report.rejected - refused_before
        self._health(self.report.done - done_before, refused)
        if refused:
            # Of several files the folder is named.
            several = self.report.kept_aside
            self.report.kept_aside = str(aside.parent if several else aside)
        else:
            aside.unlink()

    def _health(self, items: int, refused: int) -> None:
        """The feed shows the whole file's figures, not its last chunk's."""
        resources = self.resources
        with open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids) as uow:
            _register(uow, self.feed)
            Feeds(uow.conn, MACHINE).succeeded(self.feed, items, refused, uow.clock.now())

    def _aside(self) -> Path:
        """The same file again writes the same name: what was repaired is then gone from it."""
        mark = hashlib.sha256(str(self.file.absolute()).encode()).hexdigest()[:8]
        folder = self.resources.settings.data / "rejected" / "parking"
        return folder / f"{self.file.stem[:80]}-{mark}.csv"

    def _chunk(self, items: Sequence[Item], aside: _Aside) -> None:
        resources = self.resources
        with open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids) as uow:
            facts = FeedFacts(self.feed, rules().default_cadence_seconds)
            outcomes = _taken(uow, facts, items)
        for item, outcome in zip(items, outcomes, strict=True):
            if not outcome.accepted:
                aside.keep(item, outcome)
        self._told(outcomes)

    def _told(self, outcomes: Sequence[Outcome]) -> None:
        report = self.report
        refused = [one for one in outcomes if not one.accepted]
        known = sum(one.duplicate for one in outcomes)
        report.done += len(outcomes)
        report.duplicates += known
        report.rejected += len(refused)
        report.accepted += len(outcomes) - known - len(refused)
        room = max(0, MOST_TOLD - report.rejected + len(refused))
        report.rejections += [Rejection(one.item, one.field, one.reason) for one in refused[:room]]
        self.progress(report)


class _Aside:
    """Refused items as a table: where, what, why, and the item as it came."""

    def __init__(self, out: TextIO) -> None:
        self._writer = csv.writer(out)
        self._writer.writerow(["item", "field", "reason", "raw"])

    def keep(self, item: Item, outcome: Outcome) -> None:
        raw = item.raw if isinstance(item, Rejected) else repr(item)
        self._writer.writerow([outcome.item, outcome.field, outcome.reason, raw])


def _chunks(items: Iterator[Item]) -> Iterator[list[Item]]:
    while chunk := list(islice(items, CHUNK)):
        yield chunk


def _register(uow: UnitOfWork, feed: str) -> None:
    """A feed of its own for what was imported, unless a plugin's feed is meant."""
    try:
        Feeds(uow.conn, MACHINE).get(feed)
    except NotFound:
        names = {"zh-CN": f"导入：{feed}", "en": f"Import: {feed}"}
        seconds = rules().default_cadence_seconds
        row = {"id": feed, "names": names, "plugin": "", "mode": "import"}
        register(uow, {**row, "cadence_seconds": seconds})


def _taken(uow: UnitOfWork, feed: FeedFacts, items: Sequence[Item]) -> list[Outcome]:
    """Facts and counts of described lots as a feed would bring them, other counts as history."""
    described = Lots(uow.conn, MACHINE).ids()
    described |= {one.lot for one in items if isinstance(one, LotFacts)}
    counts = [one for one in items if isinstance(one, LotObservation)]
    strangers = [one for one in counts if one.lot not in described]
    apart = set(map(id, strangers))
    history = iter(_history(uow, feed, strangers))
    rest = [one for one in items if id(one) not in apart]
    # Taking in looks at every lot: not for nothing.
    others = iter(take_in(uow, feed, rest) if rest else [])
    return [next(history if id(one) in apart else others) for one in items]


def _history(
    uow: UnitOfWork, feed: FeedFacts, counts: Sequence[LotObservation]
) -> Iterable[Outcome]:
    now, bounds = uow.clock.now(), feed_of(feed.cadence_seconds)
    # Judged as if each had come when it was counted: of history only its plausibility matters.
    judged = [observation_values(_observed(one, feed.id), bounds) for one in counts]
    rows = [row | {"received_at": now} for row in judged]
    fates = History(uow.conn, MACHINE).add(feed.id, rows) if rows else []
    for one, fate in zip(counts, fates, strict=True):
        yield _outcome(one.lot, fate)


def _observed(told: LotObservation, feed: str) -> Observation:
    at, capacity = told.observed_at, told.capacity or 0
    return Observation(told.lot, feed, capacity, at, at, told.free, told.occupied)


def _outcome(lot: str, fate: Fate) -> Outcome:
    if fate == "conflict":
        return Outcome(lot, accepted=False, field="occupied", reason="OTHER_COUNT_AT_THIS_TIME")
    return Outcome(lot, duplicate=fate == "known")
