"""The invariants of runs and attempts."""

from collections import Counter

from evidence import Evidence, Verdict
from history import LIVE
from role import Loss

KEEPER_SECONDS = 20.0   # so long after a keeper was killed its attempts may be reported as failed
THAW_SECONDS = 3.0      # so long a machine that was frozen may take to end what it has lost meanwhile
SETTLED_SECONDS = 0.05  # the clocks of the database and of tasks are one; their readings come a moment apart


def check_accepted(evidence: Evidence, verdict: Verdict) -> None:
    """Every accepted run is there; what nobody accepted may only be there where an answer was unknown."""
    answers, runs = evidence.answers, evidence.history.runs
    for run, task in answers.accepted.items():
        if run not in runs:
            verdict.add("lost", f"run {run} of {task} was accepted and is not in the database")
    extra = Counter(run.task for run in runs.values() if run.trigger == "manual" and run.id not in answers.accepted)
    for task, count in extra.items():
        if count > (unknown := answers.unknown[task]):
            verdict.add("other", f"{task} has {count} runs that nobody accepted, but {unknown} unknown answers")
    for run in evidence.history.doubled_rows:
        verdict.add("doubled", f"run {run} is in the database twice")
    for finding in answers.findings:
        verdict.add("other", finding)


def check_ends(evidence: Evidence, verdict: Verdict) -> None:
    """Every run has ended, rightly: completed exactly where its last attempt came to its good end."""
    for run in evidence.history.runs.values():
        traces = evidence.effects.attempts.get(run.id, {})
        if run.status in LIVE:
            verdict.add("stuck", f"{run} is still {run.status}, attempt {run.attempt}")
        elif run.status == "completed":
            if run.attempt not in traces or not traces[run.attempt].ended_with(0):
                verdict.add("other", f"{run} is completed, but attempt {run.attempt} wrote no good end")
        elif run.is_quarantined:
            verdict.quarantined.append(run.id)
        elif not (run.status == "skipped" and run.task.startswith("wave-")):
            verdict.add("other", f"{run} is {run.status} on attempt {run.attempt}: {run.error}")
    for change in evidence.history.changes:
        verdict.add("other", f"run {change['run_id']} had ended and went from {change['before']} to {change['after']}")


def check_starts(evidence: Evidence, verdict: Verdict) -> None:
    """No attempt started twice, none without a run, none that the run knows nothing of."""
    for id, attempts in evidence.effects.attempts.items():
        run = evidence.history.runs.get(id)
        if run is None:
            verdict.add("doubled", f"run {id} left traces and is not in the database")
            continue
        for number, traces in attempts.items():
            if len(traces.starts) > 1 or len(traces.ends) > 1:
                verdict.add("doubled", f"attempt {number} of {run} started {len(traces.starts)} times "
                                       f"and ended {len(traces.ends)} times")
            if number > run.attempt:
                verdict.add("doubled", f"attempt {number} of {run} left traces; the run knows {run.attempt}")
    for line in evidence.effects.unreadable:
        verdict.add("other", f"a line of the tasks' traces cannot be read: {line[:80]}")


def check_overlaps(evidence: Evidence, verdict: Verdict) -> None:
    """No attempt works on after the next one has started, nor after its run has ended; a frozen machine is excepted."""
    for id, attempts in evidence.effects.attempts.items():
        run = evidence.history.runs.get(id)
        for number, traces in attempts.items() if run else []:
            until = [later.first for other, later in attempts.items() if other > number]
            if run.completed_at:
                until.append(run.completed_at + SETTLED_SECONDS)
            limit = min(until, default=float("inf"))
            beyond = traces.last - limit
            if beyond <= 0:
                continue
            worker = evidence.history.worker_of(id, number)
            text = f"attempt {number} of {run} on {worker or 'a worker unknown'} worked on for {beyond:.1f} s"
            if any(_froze(loss, worker) and loss.at < limit and traces.last < (loss.until or 0) + THAW_SECONDS
                   for loss in evidence.processes.losses):
                verdict.frozen_overlaps.append(text)
            else:
                verdict.add("overlap", text)


def _froze(loss: Loss, worker: str) -> bool:
    return loss.name == worker and loss.how == "SIGSTOP of the machine"


def check_failures(evidence: Evidence, verdict: Verdict) -> None:
    """A failed attempt has a reason: it wrote a bad end, or its keeper was killed."""
    for endings in evidence.history.endings.values():
        for ending in endings:
            run = evidence.history.runs.get(ending.run)
            if ending.ending != "failure" or run is None or run.is_quarantined:
                continue
            traces = evidence.effects.attempts.get(ending.run, {}).get(ending.attempt)
            wrote = traces is not None and traces.ended_with(1)
            keeper = any(loss.name == ending.worker and -1 < ending.ended_at - loss.at < KEEPER_SECONDS
                         for loss in evidence.processes.keepers_killed)
            if not wrote and not keeper:
                verdict.add("other", f"attempt {ending.attempt} of {run} on {ending.worker} failed without reason: "
                                     f"{ending.error}")
