"""How well the detector does on SisFall, and on which recordings its limits were chosen.

``python plugins/eldercare-fall/measure.py`` prints the table of the README; ``--write`` puts it
there. The recordings may not be passed on: they are read from ../shared/data beside the project.
"""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median_high
from typing import Final

from xianban_plugin_eldercare_fall.detector import LIMITS, Limits, Movement, falls, movements

HERE: Final = Path(__file__).parent
DATA: Final = HERE.parents[2] / "shared" / "data" / "eldercare" / "sisfall"
SUBJECTS: Final = ("SA03", "SE03")
RATE_HZ: Final = 200
# The first two trials of each activity of the young subject.
CHOSEN_ON: Final = ("R01", "R02")
TRIALS: Final = ("R01", "R02", "R03", "R04", "R05")
_NAME: Final = re.compile(r"[A-Z0-9]+/([DF]\d\d)_(S[AE]\d\d)_(R\d\d)\.txt")
_MOST_FILES, _MOST_BYTES = 200, 4_000_000
# ADXL345: 13 bits over ±16 g.
_G_PER_BIT: Final = 32 / 8192
_GRID: Final = tuple(
    Limits(peak=peak, turn=turn, unrest=unrest)
    for peak, turn, unrest in product(
        (1.6, 1.8, 2.0, 2.2, 2.4, 2.6, 2.8, 3.0), (35, 40, 45, 50, 55, 60), (0.05, 0.1, 0.15, 0.2)
    )
)
_MARKS: Final = ("<!-- measured -->", "<!-- /measured -->")


@dataclass(frozen=True)
class Recording:
    """One activity; `samples` in g at 200 Hz."""

    activity: str
    subject: str
    trial: str
    samples: tuple[tuple[float, float, float], ...]

    @property
    def is_fall(self) -> bool:
        return self.activity.startswith("F")


@dataclass(frozen=True)
class Found:
    """How many falls were found, and how many alerts came of everyday activities."""

    falls: int
    found: int
    twice: int
    daily: int
    alarms: int

    def row(self, name: str) -> str:
        rate = f"{self.found}/{self.falls} = {self.found / self.falls:.2f}" if self.falls else "–"
        alarms = f"{self.alarms}/{self.daily} = {self.alarms / self.daily:.2f}"
        return f"| {name} | {rate} | {self.twice} | {alarms} |"


def recordings(subject: str, data: Path = DATA) -> Iterator[Recording]:
    """Read in memory, each file bounded; a name that is no recording is passed over."""
    with zipfile.ZipFile(data / f"{subject}.zip") as archive:
        for entry in archive.infolist()[:_MOST_FILES]:
            named = _NAME.fullmatch(entry.filename)
            if named is None or entry.file_size > _MOST_BYTES:
                continue
            with archive.open(entry) as file:
                text = file.read(_MOST_BYTES).decode("latin-1")
            yield Recording(*named.groups(), tuple(_samples(text)))


def _samples(text: str) -> Iterator[tuple[float, float, float]]:
    """Rows end with a semicolon; the first three columns are the ADXL345."""
    for line in text.splitlines():
        columns = line.strip().rstrip(";").split(",")
        if len(columns) >= 3:
            x, y, z = (int(column) * _G_PER_BIT for column in columns[:3])
            yield x, y, z


def measured(recorded: Iterable[Recording]) -> Found:
    """Alerts as the pack would raise them."""
    counts = [(one.is_fall, len(falls(one.samples, RATE_HZ))) for one in recorded]
    hits = [count for fall, count in counts if fall]
    alarms = [count for fall, count in counts if not fall]
    return Found(
        len(hits), sum(map(bool, hits)), sum(n > 1 for n in hits), len(alarms), sum(alarms)
    )


def chosen(moves: Sequence[tuple[Recording, list[Movement]]]) -> Limits:
    """The limits with the greatest share of falls found less false alarms per daily recording.

    Of several that do alike, the median of each limit: away from where it becomes worse.
    """

    def worth(limits: Limits) -> float:
        found, alarms = _rates(moves, limits)
        return found - alarms

    values = [worth(limits) for limits in _GRID]
    best = [limits for limits, value in zip(_GRID, values, strict=True) if value == max(values)]
    return Limits(
        peak=median_high(each.peak for each in best),
        turn=median_high(each.turn for each in best),
        unrest=median_high(each.unrest for each in best),
    )


def _rates(
    moves: Sequence[tuple[Recording, list[Movement]]], limits: Limits
) -> tuple[float, float]:
    hits = [(one.is_fall, any(m.is_fall(limits) for m in found)) for one, found in moves]
    return _share(hit for fall, hit in hits if fall), _share(hit for fall, hit in hits if not fall)


def _share(hits: Iterable[bool]) -> float:
    known = list(hits)
    return sum(known) / len(known) if known else 0.0


def _crossed(moves: Sequence[tuple[Recording, list[Movement]]]) -> str:
    """Each trial judged by limits that were chosen on the others."""
    hits: list[tuple[bool, bool]] = []
    for trial in TRIALS:
        limits = chosen([each for each in moves if each[0].trial != trial])
        left_out = [each for each in moves if each[0].trial == trial]
        hits += [(one.is_fall, any(m.is_fall(limits) for m in found)) for one, found in left_out]
    found, daily = [h for fall, h in hits if fall], [h for fall, h in hits if not fall]
    return Found(len(found), sum(found), 0, len(daily), sum(daily)).row(
        "SA03, each trial by limits chosen on the other four"
    )


def table(data: Path = DATA) -> str:
    """Markdown, and what it rests on."""
    known = {subject: list(recordings(subject, data)) for subject in SUBJECTS}
    young = known["SA03"]
    moves = [(one, list(movements(one.samples, RATE_HZ))) for one in young]
    first = [one for one in young if one.trial in CHOSEN_ON]
    rest = [one for one in young if one.trial not in CHOSEN_ON]
    picked = chosen([each for each in moves if each[0].trial in CHOSEN_ON])
    rows = [
        "| recordings | falls found | alerted twice | false alarms per daily recording |",
        "|---|---|---|---|",
        measured(first).row("SA03 (19 years), trials 1-2: limits chosen on these"),
        measured(rest).row("SA03, trials 3-5: not used for the limits"),
        measured(known["SE03"]).row("SE03 (62 years), no falls: not used for the limits"),
        measured(young).row("SA03, all"),
        _crossed(moves),
        "",
        f"Limits in use: blow ≥ {LIMITS.peak:g} g, turn ≥ {LIMITS.turn:g}°, unrest ≤ "
        f"{LIMITS.unrest:g} g; the grid chooses on trials 1-2: {picked.peak:g} g, "
        f"{picked.turn:g}°, {picked.unrest:g} g.",
    ]
    return "\n".join(rows)


def main() -> None:
    made = table()
    sys.stdout.write(made + "\n")
    if "--write" in sys.argv[1:]:
        readme = HERE / "README.md"
        head, _, rest = readme.read_text("utf-8").partition(_MARKS[0])
        tail = rest.partition(_MARKS[1])[2]
        readme.write_text(f"{head}{_MARKS[0]}\n{made}\n{_MARKS[1]}{tail}", "utf-8")


if __name__ == "__main__":
    main()
