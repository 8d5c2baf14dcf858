"""What the database says of a round, read once everything is over."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from servers import Postgres

LIVE = ("pending", "dispatched", "running")


@dataclass
class Run:
    """A row of run_live or run_history."""

    id: str
    task: str
    status: str
    trigger: str
    scheduled_at: float
    completed_at: float | None
    attempt: int
    failures: int
    interruptions: int
    crashes: int
    workflow: str
    error: str

    def __str__(self) -> str:
        return f"run {self.id} of {self.task}"

    @property
    def is_quarantined(self) -> bool:
        """Whether it ended because it took three workers down."""
        return self.status == "failed" and self.error.startswith("QUARANTINED")


@dataclass
class Ending:
    """A row of run_attempts: an attempt that did not complete."""

    run: str
    attempt: int
    ending: str
    worker: str
    ended_at: float
    error: str


@dataclass
class Fire:
    """A line of the ledger, which may stand for a series."""

    task: str
    first: float
    last: float
    run: str
    skipped: str


class History:
    """All rows that the checks need."""

    def __init__(self, postgres: Postgres) -> None:
        self.runs: dict[str, Run] = {}
        self.doubled_rows: list[str] = []
        for row in postgres.rows("""
                SELECT run.id, task.name, run.status, run.trigger_type, run.attempt, run.failures, run.interruptions,
                       run.crashes, run.workflow_id, extract(epoch FROM run.scheduled_at) AS scheduled,
                       extract(epoch FROM run.completed_at) AS completed, left(run.error_message, 200) AS error
                FROM task_runs AS run LEFT JOIN tasks AS task ON task.id = run.task_id"""):
            if row["id"] in self.runs:
                self.doubled_rows.append(row["id"])
            self.runs[row["id"]] = Run(
                row["id"], row["name"], row["status"], row["trigger_type"], float(row["scheduled"]),
                float(row["completed"]) if row["completed"] else None, int(row["attempt"]), int(row["failures"]),
                int(row["interruptions"]), int(row["crashes"]), row["workflow_id"], row["error"])
        self.endings: dict[str, list[Ending]] = defaultdict(list)
        for row in postgres.rows("""
                SELECT ending.run_id, ending.attempt, ending.ending, worker.name,
                       extract(epoch FROM ending.ended_at) AS ended, left(ending.error_message, 200) AS error
                FROM run_attempts AS ending LEFT JOIN workers AS worker ON worker.id = ending.worker_id
                ORDER BY ending.run_id, ending.attempt, ending.ended_at"""):
            self.endings[row["run_id"]].append(Ending(
                row["run_id"], int(row["attempt"]), row["ending"], row["name"], float(row["ended"]), row["error"]))
        self.fires = [
            Fire(row["name"], float(row["first"]), float(row["last"]), row["run_id"], row["skipped"])
            for row in postgres.rows("""
                SELECT task.name, extract(epoch FROM fire.scheduled_at) AS first, fire.run_id, fire.skipped,
                       extract(epoch FROM coalesce(fire.last_scheduled_at, fire.scheduled_at)) AS last
                FROM task_fires AS fire JOIN tasks AS task ON task.id = fire.task_id ORDER BY 1, 2""")]
        self.terms = postgres.rows("SELECT * FROM witness.terms ORDER BY at")
        self.changes = postgres.rows("SELECT * FROM witness.changes ORDER BY at")
        self.workers = postgres.rows("SELECT id, name, status FROM workers ORDER BY registered_at")
        self.dead_letters = postgres.rows("SELECT id, run_id, queue, reason, body::text AS body FROM dead_letters")

    def write(self, file: Path) -> None:
        """Writes all of it for whoever looks for a cause, since the database ends with the round."""
        file.write_text(json.dumps(vars(self), default=vars, indent=1))

    def worker_of(self, run: str, attempt: int) -> str:
        """The worker whose loss ended an attempt, or an empty name."""
        return next((ending.worker for ending in self.endings[run] if ending.attempt == attempt), "")
