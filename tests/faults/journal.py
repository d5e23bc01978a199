"""What the clients know: the truth that the databases are held against afterwards."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path


@dataclass
class Journal:
    """Answers that clients were given. A promise made here must be kept by every store."""

    # Reservation name → plate; each was answered with 200.
    reservations: dict[str, str] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    # Plates of reservations that were refused with 4xx.
    refused: set[str] = field(default_factory=set)
    # Payment name → fen; each was answered with 200.
    payments: dict[str, int] = field(default_factory=dict)
    # Payments that the provider's page accepted.
    paid: set[str] = field(default_factory=set)
    vehicles: set[str] = field(default_factory=set)
    # Gate event id → plate; each was answered with 200.
    passages: dict[str, str] = field(default_factory=dict)
    # Ids of the button's presses.
    presses: set[str] = field(default_factory=set)
    # Alert name → press, or the rule; each was seen by the daughter.
    alarms: dict[str, str] = field(default_factory=dict)
    # Every plate that a client made up.
    drawn: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def draws(self, plate: str) -> bool:
        """Takes a plate for one vehicle; False when it is another's already."""
        with self.lock:
            fresh = plate not in self.drawn
            self.drawn.add(plate)
        return fresh

    def count(self, what: str) -> None:
        with self.lock:
            self.counts[what] += 1

    def problem(self, text: str) -> None:
        with self.lock:
            self.problems.append(text)

    def write(self, path: Path) -> None:
        """As JSON, for whoever looks into a finding."""
        kept = {item.name: getattr(self, item.name) for item in fields(self)}
        del kept["lock"]
        path.write_text(json.dumps(kept, default=sorted, ensure_ascii=False, indent=1))
