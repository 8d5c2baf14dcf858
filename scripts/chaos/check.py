"""The invariants: compares the database, the ledger and what the tasks wrote with what was asked for."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from check_processes import check_messages, check_processes
from effects import Effects
from evidence import Evidence, Verdict
from history import LIVE, History, Run

KEEPER_SECONDS = 20.0   # so long after a keeper was killed its attempts may be reported as failed
SETTLED_SECONDS = 0.05  # the clocks of the database and of tasks are one; their readings come a moment apart


def check(evidence: Evidence) -> Verdict:
    """Runs every check."""
    verdict = Verdict()
    for one in (check_accepted, check_ends, check_starts, check_overlaps, check_failures, check_fires, check_waves,
                check_leaders, check_messages, check_processes):
        one(evidence, verdict)
    return verdict


def check_accepted(evidence: Evidence, verdict: Verdict) -> None:
    """Every accepted run is there; what nobody accepted may only be there where an answer was unknown."""
    answers, runs = evidence.answers, evidence.history.runs
    for run, task in answers.accepted.items():
        if run not in runs:
            verdict.add("lost", f"run {run} of {task} was accepted and is not in the database")
    extra = Counter(run.task for run in runs.values() if run.trigger == "manual" and run.id not in answers.accepted)
    for task, count in extra.items():
        if count > answers.unknown[task]:
            verdict.add("other", f"{task} has {count} runs that nobody accepted, and only {answers.unknown[task]} answers are unknown")
    for run in evidence.history.doubled_rows:
        verdict.add("doubled", f"run {run} is in the database twice")
    for finding in answers.findings:
        verdict.add("other", finding)


def check_ends(evidence: Evidence, verdict: Verdict) -> None:
    """Every run has ended, rightly: completed exactly where its last attempt came to its good end."""
    for run in evidence.history.runs.values():
        traces = evidence.effects.attempts.get(run.id, {})
        if run.status in LIVE:
            verdict.add("stuck", f"run {run.id} of {run.task} is still {run.status}, attempt {run.attempt}")
        elif run.status == "completed":
            if run.attempt not in traces or not traces[run.attempt].ended_with(0):
                verdict.add("other", f"run {run.id} of {run.task} is completed, but attempt {run.attempt} wrote no good end")
        elif run.is_quarantined:
            verdict.quarantined.append(run.id)
        elif not (run.status == "skipped" and run.task.startswith("wave-")):
            verdict.add("other", f"run {run.id} of {run.task} is {run.status} on attempt {run.attempt}: {run.error}")
    for change in evidence.history.changes:
        verdict.add("other", f"the finished run {change['run_id']} was changed: {change['before']} to {change['after']}")


def check_starts(evidence: Evidence, verdict: Verdict) -> None:
    """No attempt started twice, none without a run, none that the run knows nothing of."""
    for id, attempts in evidence.effects.attempts.items():
        run = evidence.history.runs.get(id)
        if run is None:
            verdict.add("doubled", f"run {id} left traces and is not in the database")
            continue
        for number, traces in attempts.items():
            if len(traces.starts) > 1 or len(traces.ends) > 1:
                verdict.add("doubled", f"attempt {number} of run {id} of {run.task} started {len(traces.starts)} times "
                                       f"and ended {len(traces.ends)} times")
            if number > run.attempt:
                verdict.add("doubled", f"attempt {number} of run {id} of {run.task} left traces; the run knows {run.attempt}")
    for line in evidence.effects.unreadable:
        verdict.add("other", f"a line of the tasks' traces cannot be read: {line[:80]}")


def check_overlaps(evidence: Evidence, verdict: Verdict) -> None:
    """No attempt works on after the next one has started, nor after its run has ended; a frozen machine is excepted."""
    for id, attempts in evidence.effects.attempts.items():
        run = evidence.history.runs.get(id)
        numbers = sorted(attempts)
        for number in numbers if run else []:
            later = [attempts[other].first for other in numbers if other > number]
            until = min([*later, run.completed_at + SETTLED_SECONDS if run.completed_at else float("inf")])
            beyond = attempts[number].last - until
            if beyond <= 0:
                continue
            worker = evidence.history.worker_of(id, number)
            text = f"attempt {number} of run {id} of {run.task} on {worker or 'a worker unknown'} worked on for {beyond:.1f} s"
            if any(loss.name == worker and loss.how == "SIGSTOP of the machine" for loss in evidence.processes.losses):
                verdict.frozen_overlaps.append(text)
            else:
                verdict.add("overlap", text)


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
                verdict.add("other", f"attempt {ending.attempt} of run {ending.run} of {run.task} on {ending.worker} failed "
                                     f"without reason: {ending.error}")


def check_fires(evidence: Evidence, verdict: Verdict) -> None:
    """Every fire time between a task's creation and its pause is in the ledger exactly once, and has its run."""
    scheduled: dict[tuple[str, float], list[Run]] = defaultdict(list)
    for run in evidence.history.runs.values():
        if run.trigger == "scheduled":
            scheduled[run.task, run.scheduled_at].append(run)
    for plan in (plan for plan in evidence.plans if plan.schedule):
        created, paused = evidence.history.spans[plan.name]
        expected = {float(second) for second in range(int(created) + 1, int(paused) + 1) if second % plan.every == 0}
        seen: Counter[float] = Counter()
        fires = [fire for fire in evidence.history.fires if fire.task == plan.name and fire.skipped != "paused"]
        for fire in fires:
            times = [float(second) for second in range(int(fire.first), int(fire.last) + 1) if second % plan.every == 0]
            seen.update(times)
            if fire.skipped:
                verdict.skipped[f"{plan.name}: {fire.skipped}"] += len(times)
                if plan.misfire == "fire_all" and fire.skipped == "misfire":
                    verdict.add("fires", f"{plan.name} skipped {len(times)} fire times from {fire.first:.0f} as missed, "
                                         "though it makes up for all")
            elif len(scheduled[plan.name, fire.first]) != 1 or scheduled[plan.name, fire.first][0].id != fire.run:
                verdict.add("fires", f"{plan.name} at {fire.first:.0f} has {len(scheduled[plan.name, fire.first])} runs; "
                                     f"the ledger names {fire.run}")
        for second in sorted(expected - seen.keys()):
            verdict.add("fires", f"{plan.name} at {second:.0f} is not in the ledger")
        for second, count in sorted(seen.items()):
            if second not in expected or count > 1:
                verdict.add("fires", f"{plan.name} at {second:.0f} is in the ledger {count} times"
                                     + ("" if second in expected else " and is none of its fire times"))
        in_ledger = {fire.first for fire in fires if not fire.skipped}
        for (task, second), runs in scheduled.items():
            if task == plan.name and second not in in_ledger and runs:
                verdict.add("fires", f"run {runs[0].id} of {task} at {second:.0f} has no line in the ledger")
        verdict.fire_times += len(expected)


def check_waves(evidence: Evidence, verdict: Verdict) -> None:
    """Each run of the root brings about exactly one run of each task that follows."""
    waves: dict[str, Counter[str]] = defaultdict(Counter)
    for run in evidence.history.runs.values():
        if run.task.startswith("wave-"):
            waves[run.workflow or run.id][run.task] += 1
    for root in (run for run in evidence.history.runs.values() if run.task == "wave-root" and run.status == "completed"):
        for task in ("wave-left", "wave-right", "wave-join"):
            if (count := waves[root.id][task]) != 1:
                verdict.add("lost" if count == 0 else "doubled", f"the wave of run {root.id} has {count} runs of {task}")


def check_leaders(evidence: Evidence, verdict: Verdict) -> None:
    """The fencing token of the leader only rises."""
    highest: dict[str, int] = {}
    for term in evidence.history.terms:
        token, before = int(term["token"]), int(term["before"])
        if token <= before or token <= highest.get(term["lock_key"], 0):
            verdict.add("other", f"the token of {term['lock_key']} went from {before} to {token}")
        highest[term["lock_key"]] = token
    verdict.terms = len(evidence.history.terms)
