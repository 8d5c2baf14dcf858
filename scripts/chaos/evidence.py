"""What the checks look at, and what they find."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from effects import Effects
from history import History
from load import Answers
from role import Loss, Records
from tasks import Plan


@dataclass
class Evidence:
    """Everything that is known after a round."""

    plans: list[Plan]
    answers: Answers
    spans: dict[str, tuple[float, float]]
    effects: Effects
    history: History
    processes: Records
    poison: dict[str, float]
    emptied: list[float]
    outages: list[Loss]
    queues: dict[str, int]
    dead: list[bytes]
    leftovers: dict[int, str]
    current_workers: set[str]
    drained_after: float


@dataclass
class Verdict:
    """What is wrong, by kind, and what is only told."""

    violations: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    quarantined: list[str] = field(default_factory=list)
    frozen_overlaps: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    fire_times: int = 0
    terms: int = 0
    # How long each run of a lost worker waited, how much of that PostgreSQL was hit, and which run it was.
    recoveries: list[tuple[float, float, str]] = field(default_factory=list)

    def add(self, kind: str, text: str) -> None:
        """Notes a violation."""
        self.violations[kind].append(text)

    def count(self, kind: str) -> int:
        """How many violations of a kind there are."""
        return len(self.violations.get(kind, []))

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.violations.values())
