"""What the tasks themselves wrote: the side effects of every attempt."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Traces:
    """The lines of one attempt."""

    starts: list[float] = field(default_factory=list)
    alive: list[float] = field(default_factory=list)
    ends: list[tuple[float, int]] = field(default_factory=list)

    @property
    def last(self) -> float:
        """The last moment at which it is known to have worked."""
        return max([*self.starts, *self.alive, *(at for at, _ in self.ends)])

    @property
    def first(self) -> float:
        """The first moment."""
        return min([*self.starts, *self.alive, *(at for at, _ in self.ends)])

    def ended_with(self, code: int) -> bool:
        """Whether it came to its end with this exit code."""
        return any(ended == code for _, ended in self.ends)


class Effects:
    """The lines of all attempts by run and attempt."""

    def __init__(self, file: Path) -> None:
        self.attempts: dict[str, dict[int, Traces]] = defaultdict(dict)
        self.unreadable: list[str] = []
        for line in file.read_text(errors="replace").splitlines():
            words = line.split()
            try:
                run, attempt, what, at = words[0], int(words[1]), words[2], float(words[3])
            except (IndexError, ValueError):
                self.unreadable.append(line)
                continue
            traces = self.attempts[run].setdefault(attempt, Traces())
            if what == "start":
                traces.starts.append(at)
            elif what == "alive":
                traces.alive.append(at)
            else:
                traces.ends.append((at, int(what.removeprefix("end-"))))
