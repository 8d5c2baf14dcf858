"""A place for a process, and what happened to the processes that held it."""

import subprocess
from dataclasses import dataclass, field

from proxy import Proxy


@dataclass
class Loss:
    """A moment in which an incarnation of a role was lost, for good or until `until`."""

    name: str
    at: float
    how: str
    until: float | None = None


@dataclass
class Role:
    """One place for a process, which holds one incarnation after the other."""

    slot: str
    kind: str
    database: Proxy
    broker: Proxy
    incarnation: int = 0
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    restart_at: float = 0
    is_busy: bool = False
    is_stopping: bool = False

    @property
    def name(self) -> str:
        """The name of the present incarnation."""
        return f"{self.slot}.{self.incarnation}"

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None


@dataclass
class Records:
    """What happened to processes."""

    losses: list[Loss] = field(default_factory=list)
    keepers_killed: list[Loss] = field(default_factory=list)
    refused_starts: int = 0
    findings: list[str] = field(default_factory=list)
    longest_drain: float = 0
