"""The invariants: compares the database, the ledger and what the tasks wrote with what was asked for."""

from check_fires import check_fires, check_waves
from check_processes import check_leaders, check_messages, check_processes
from check_runs import check_accepted, check_ends, check_failures, check_overlaps, check_starts
from evidence import Evidence, Verdict

CHECKS = [check_accepted, check_ends, check_starts, check_overlaps, check_failures, check_fires, check_waves,
          check_leaders, check_messages, check_processes]


def check(evidence: Evidence) -> Verdict:
    """Runs every check."""
    verdict = Verdict()
    for one in CHECKS:
        one(evidence, verdict)
    return verdict
