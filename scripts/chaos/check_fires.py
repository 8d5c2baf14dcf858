"""The invariants of what follows from a schedule and from other runs."""

from collections import Counter, defaultdict

from evidence import Evidence, Verdict
from history import Fire, Run
from tasks import Plan


def check_fires(evidence: Evidence, verdict: Verdict) -> None:
    """Every fire time between a task's creation and its pause is in the ledger exactly once, and has its run."""
    scheduled: dict[tuple[str, float], list[Run]] = defaultdict(list)
    for run in evidence.history.runs.values():
        if run.trigger == "scheduled":
            scheduled[run.task, run.scheduled_at].append(run)
    for plan in (plan for plan in evidence.plans if plan.schedule):
        fires = [fire for fire in evidence.history.fires if fire.task == plan.name and fire.skipped != "paused"]
        _compare_times(plan, fires, evidence, verdict)
        for fire in fires:
            runs = scheduled.pop((plan.name, fire.first), [])
            if [run.id for run in runs] != ([] if fire.skipped else [fire.run]):
                verdict.add("fires", f"{plan.name} at {fire.first:.0f} has {len(runs)} runs; "
                                     f"the ledger says {fire.skipped or fire.run}")
    for (task, second), runs in scheduled.items():
        verdict.add("fires", f"{runs[0]} at {second:.0f} has no line in the ledger")


def check_waves(evidence: Evidence, verdict: Verdict) -> None:
    """Each run of the root brings about exactly one run of each task that follows."""
    waves: dict[str, Counter[str]] = defaultdict(Counter)
    for run in evidence.history.runs.values():
        if run.task.startswith("wave-"):
            waves[run.workflow or run.id][run.task] += 1
    for root in evidence.history.runs.values():
        if root.task != "wave-root" or root.status != "completed":
            continue
        for task in ("wave-left", "wave-right", "wave-join"):
            if (count := waves[root.id][task]) != 1:
                kind = "doubled" if count else "lost"
                verdict.add(kind, f"the wave of run {root.id} has {count} runs of {task}")


def _compare_times(plan: Plan, fires: list[Fire], evidence: Evidence, verdict: Verdict) -> None:
    created, paused = evidence.spans[plan.name]
    expected = _times(int(created) + 1, int(paused), plan.every)
    seen: Counter[int] = Counter()
    for fire in fires:
        times = _times(int(fire.first), int(fire.last), plan.every)
        seen.update(times)
        if fire.skipped:
            verdict.skipped[f"{plan.name}: {fire.skipped}"] += len(times)
            if plan.misfire == "fire_all" and fire.skipped == "misfire":
                verdict.add("fires", f"{plan.name} makes up for all it missed, but skipped {len(times)} fire times "
                                     f"from {fire.first:.0f}")
    for second in sorted(set(expected) - seen.keys()):
        verdict.add("fires", f"{plan.name} at {second} is not in the ledger")
    for second, count in sorted(seen.items()):
        if count > 1:
            verdict.add("fires", f"{plan.name} at {second} is in the ledger {count} times")
        if second not in expected:
            verdict.add("fires", f"{plan.name} at {second} is in the ledger and none of its fire times")
    verdict.fire_times += len(expected)


def _times(first: int, last: int, every: int) -> list[int]:
    return [second for second in range(first, last + 1) if second % every == 0]
