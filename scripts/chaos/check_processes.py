"""The invariants of processes, leaders and messages."""

from evidence import Evidence, Verdict

EMPTIED_SECONDS = 5.0  # a poison message may still have been on its queue when that was emptied


def check_processes(evidence: Evidence, verdict: Verdict) -> None:
    """Nobody ended by itself or badly, nobody left anything behind, and lost workers are known to be."""
    for finding in evidence.processes.findings:
        verdict.add("processes", finding)
    for pid, command in evidence.leftovers.items():
        verdict.add("processes", f"process {pid} was left behind: {command[:120]}")
    for worker in evidence.history.workers:
        if worker["name"] not in evidence.current_workers and worker["status"] != "offline":
            verdict.add("processes", f"worker {worker['id']} ({worker['name']}) is gone and still {worker['status']}")
    measure_recoveries(evidence, verdict)


def measure_recoveries(evidence: Evidence, verdict: Verdict) -> None:
    """Notes how long each run of a lost worker waited for its next start."""
    for run, endings in evidence.history.endings.items():
        starts = evidence.effects.attempts.get(run, {})
        for ending in endings:
            following = [traces.first for number, traces in starts.items() if number > ending.attempt]
            if ending.ending != "crash" or not following:
                continue
            losses = [loss for loss in evidence.processes.losses if loss.name == ending.worker]
            if before := [loss for loss in losses if loss.at < min(following)]:
                loss = max(before, key=lambda one: one.at)
                took, away = min(following) - loss.at, _without_postgres(evidence, loss.at, min(following))
                verdict.recoveries.append((took, away, f"run {run} on {loss.name}, {loss.how}"))


def _without_postgres(evidence: Evidence, begin: float, end: float) -> float:
    # Silence is counted in time in which the leader can read, so an outage prolongs each recovery.
    outages = [outage for outage in evidence.outages if outage.name.startswith("postgres")]
    return sum(max(0.0, min(end, outage.until or end) - max(begin, outage.at)) for outage in outages)


def check_messages(evidence: Evidence, verdict: Verdict) -> None:
    """The queues are empty, and each poison message is among the dead letters exactly once."""
    gone = {f"worker.{worker['id']}" for worker in evidence.history.workers
            if worker["name"] not in evidence.current_workers or worker["status"] == "offline"}
    for name, count in evidence.queues.items():
        # What waits for a worker that is gone is only a hint; its queue goes five minutes after it.
        if count and name != "dead" and name not in gone:
            verdict.add("other", f"the queue {name} still holds {count} messages")
    rows = [f"{row['reason']} {row['body']}" for row in evidence.history.dead_letters]
    for marker, published in evidence.poison.items():
        found = sum(marker.encode() in message for message in evidence.dead) + sum(marker in row for row in rows)
        was_emptied = any(-1 < at - published < EMPTIED_SECONDS for at in evidence.emptied)
        if found != 1 and not (found == 0 and was_emptied):
            verdict.add("other", f"the message {marker} is among the dead letters {found} times")
    others = [message for message in evidence.dead if not any(marker.encode() in message for marker in evidence.poison)]
    for message in others:
        verdict.add("other", f"a message that we did not poison is among the dead letters: {message[:300]!r}")


def check_leaders(evidence: Evidence, verdict: Verdict) -> None:
    """The fencing token of the leader only rises."""
    highest: dict[str, int] = {}
    for term in evidence.history.terms:
        token, before = int(term["token"]), int(term["before"])
        if token <= max(before, highest.get(term["lock_key"], 0)):
            verdict.add("other", f"the token of {term['lock_key']} went from {before} to {token}")
        highest[term["lock_key"]] = token
    verdict.terms = len(evidence.history.terms)
