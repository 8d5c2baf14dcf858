"""The table at the end, and the list of what is wrong."""

from collections import Counter
from statistics import median

from evidence import Evidence, Verdict

SHOWN = 25  # violations of one kind that are printed; all of them are in the folder


def table(injected: Counter[str], evidence: Evidence, verdict: Verdict) -> str:
    """Returns the table of a round."""
    runs = evidence.history.runs.values()
    attempts = sum(len(of_run) for of_run in evidence.effects.attempts.values())
    recoveries = verdict.recoveries or [(0.0, 0.0, "no worker was lost")]
    took, away, which = max(recoveries)
    middle = median([one[0] for one in recoveries])
    undisturbed = max((one[0] for one in recoveries if not one[1]), default=0.0)
    rows = [
        ("faults injected", f"{sum(injected.values())}"),
        ("runs", f"{len(runs)} ({len(evidence.answers.accepted)} accepted by hand, {attempts} attempts started)"),
        ("lost", f"{verdict.count('lost')}"),
        ("doubled", f"{verdict.count('doubled')}"),
        ("stuck", f"{verdict.count('stuck')}"),
        ("overlapping", f"{verdict.count('overlap')} (and {len(verdict.frozen_overlaps)} around a frozen machine)"),
        ("fire times", f"{verdict.fire_times}, {verdict.count('fires')} missing, doubled or wrong"),
        ("fire times skipped", ", ".join(f"{count} {name}" for name, count in sorted(verdict.skipped.items())) or "0"),
        ("longest recovery", f"{took:.1f} s, {away:.1f} s of it under a fault of PostgreSQL ({which})"),
        ("longest undisturbed", f"{undisturbed:.1f} s, PostgreSQL being well"),
        ("median recovery", f"{middle:.1f} s of {len(verdict.recoveries)} runs of lost workers"),
        ("last run ended", f"{evidence.drained_after:.1f} s after the load"),
        ("quarantined", f"{len(verdict.quarantined)}"),
        ("crashes, interruptions", f"{sum(run.crashes for run in runs)}, {sum(run.interruptions for run in runs)}"),
        ("answers unknown, refused", f"{evidence.answers.unknown.total()}, {evidence.answers.refused}"),
        ("terms of leaders", f"{verdict.terms}"),
        ("longest drain", f"{evidence.processes.longest_drain:.1f} s after SIGTERM"),
        ("starts refused", f"{evidence.processes.refused_starts}, a server being away"),
        ("processes", f"{verdict.count('processes')} findings"),
        ("other violations", f"{verdict.count('other')}"),
    ]
    lines = [f"  {name:<26}{value}" for name, value in rows]
    faults = [f"  {count:>4}  {name}" for name, count in sorted(injected.items())]
    return "\n".join([*lines, "", "  Faults", *faults])


def violations(verdict: Verdict, limit: int | None = SHOWN) -> str:
    """Returns the list of what is wrong, empty if nothing is."""
    lines: list[str] = []
    for kind, texts in sorted(verdict.violations.items()):
        if texts:
            lines.append(f"{kind}: {len(texts)}")
            lines += [f"  {text}" for text in texts[:limit]]
            if limit is not None and len(texts) > limit:
                lines.append(f"  … and {len(texts) - limit} more")
    return "\n".join(lines)
