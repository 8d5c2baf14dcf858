"""The tasks of the load, and the script by which each leaves its traces."""

from dataclasses import dataclass, field
from typing import Any

# One line, written at once to a file that is only appended to, so that lines never mix.
SCRIPT = r"""
say() { printf '%s %s %s %s\n' "$SCHEDULER_RUN_ID" "$SCHEDULER_ATTEMPT" "$1" "$(date +%s.%N)" >> "$EFFECTS"; }
say start
second=0
while [ $second -lt $SECONDS_LONG ]; do sleep 1; say alive; second=$((second + 1)); done
if [ -n "$FAILS_FIRST" ] && [ $((SCHEDULER_ATTEMPT % 2)) = 1 ]; then say end-1; exit 1; fi
say end-0
"""


@dataclass
class Plan:
    """A task of the load."""

    name: str
    seconds: int
    schedule: str | None = None
    every: int = 0                      # the seconds between two fire times
    misfire: str = "fire_once"
    triggers_per_second: float = 0
    fails_first: bool = False           # each odd attempt fails
    after: list[str] = field(default_factory=list)
    id: int = 0

    def body(self, effects: str, ids: dict[str, int]) -> dict[str, Any]:
        """The body of the call that creates it."""
        body: dict[str, Any] = {
            "name": self.name, "executor": "shell", "command": SCRIPT, "max_concurrent": 0, "timeout_seconds": 60,
            "environment": {
                "EFFECTS": effects, "SECONDS_LONG": str(self.seconds), "FAILS_FIRST": "yes" if self.fails_first else "",
            },
            # Many, so that a lost keeper never uses them up; check.py asks each failure for its reason.
            "retry_policy": {"max_retries": 10, "delay_ms": 500, "exponential_backoff": False, "max_delay_ms": 1000},
        }
        if self.schedule:
            body |= {"schedule": self.schedule, "misfire_policy": self.misfire}
            if self.misfire == "fire_all":
                body["misfire_limit"] = 1000
        if self.after:
            body["dependencies"] = [{"task_id": ids[name], "condition": "on_success"} for name in self.after]
        return body


def plans(factor: float) -> list[Plan]:
    """Returns the tasks, in an order in which they can be created: ten runs a second at factor 1."""
    return [
        Plan("every-second", 0, "* * * * * *", 1),
        Plan("every-second-all", 2, "* * * * * *", 1, misfire="fire_all"),
        Plan("every-two-all", 8, "*/2 * * * * *", 2, misfire="fire_all"),
        Plan("every-three", 4, "*/3 * * * * *", 3),
        Plan("by-hand", 0, triggers_per_second=3 * factor),
        Plan("by-hand-longer", 3, triggers_per_second=1 * factor),
        Plan("by-hand-long", 10, triggers_per_second=0.5 * factor),
        Plan("fails-first", 1, triggers_per_second=0.7 * factor, fails_first=True),
        Plan("wave-root", 0, triggers_per_second=0.4 * factor),
        Plan("wave-left", 1, after=["wave-root"]),
        Plan("wave-right", 2, after=["wave-root"]),
        Plan("wave-join", 0, after=["wave-left", "wave-right"]),
    ]
