"""Chaos: the distributed form with real servers and processes, under load, while everything fails at random.

Starts PostgreSQL, RabbitMQ, one api, three dispatchers and three workers, each process behind proxies of its own, and a
load of some ten runs a second: tasks of every second, triggers by hand, tasks that fail first, tasks that follow
others. For the given time it injects faults in two lanes (`faults.py` is the table of them), heals them all, waits for
the runs to end, stops the processes, and compares the database, the ledger and what the tasks wrote (`check.py`).

It prints a table, and exits with 1 and a list where an invariant is broken; the folder with all logs is kept then, and
named. `events.log` there says what was injected when. One seed, printed, decides everything that is left to chance.

    python3 scripts/chaos --minutes 10 [--seed N] [--only TEXT] [--keep]
    python3 scripts/chaos --long          outages of five minutes, and processes stopped for one
"""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from check import check
from effects import Effects
from evidence import Evidence
from faults import FAULTS, LONG_OUTAGES, Fault
from history import History
from load import Load
from report import table, violations
from storm import Storm
from system import LEASE, System
from tasks import plans

DRAIN_SECONDS = 120.0  # lease, recovery, unclaimed messages, retries, the longest task, and what has queued up


def main() -> int:
    """Runs one round, or those of the long outages."""
    options = arguments()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    if not os.access(options.program, os.X_OK):
        print(f"error: there is no {options.program}; build it: swift build --product scheduler", file=sys.stderr)
        return 66
    print(f"seed {options.seed}", flush=True)
    faults = [fault for fault in FAULTS if options.only.lower() in fault.name.lower()]
    if options.long:
        outages = [fault for fault in LONG_OUTAGES if options.only.lower() in fault.name.lower()]
        return max(play(options, [fault], fault) for fault in outages)
    return play(options, faults, None)


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    build = Path(__file__).resolve().parent.parent.parent / ".build"
    parser = argparse.ArgumentParser(prog="scripts/chaos", description="Faults at random, then a check of everything.")
    parser.add_argument("--minutes", type=float, default=10, help="how long faults are injected (default 10)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="repeats the choices of a round")
    parser.add_argument("--only", default="", help="only faults whose names contain this")
    parser.add_argument("--load", type=float, default=1.5, help="how much is triggered by hand: a factor (default 1.5)")
    parser.add_argument("--long", action="store_true", help="outages of five minutes instead")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a good round too")
    parser.add_argument("--program", type=Path, help="the scheduler (default: $SCHEDULER, else the debug build)",
                        default=Path(os.environ.get("SCHEDULER") or build / "debug" / "scheduler"))
    return parser.parse_args()


def play(options: argparse.Namespace, faults: list[Fault], outage: Fault | None) -> int:
    """Runs one round on a system of its own and returns the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="scheduler-chaos."))
    folder.chmod(0o755)
    system = System(options.program.resolve(), folder)
    is_good = False
    print(f"Starting the system in {folder}", flush=True)
    try:
        system.start()
        load = Load(system.api, plans(options.load), str(system.effects))
        load.create()
        load.start()
        storm = Storm(system, faults, options.seed)
        if outage:
            print(f"{outage.name}, under load", flush=True)
            time.sleep(20)
            storm.once(outage)
            time.sleep(30)
        else:
            print(f"Injecting faults for {options.minutes:g} minutes", flush=True)
            storm.run(options.minutes * 60)
        evidence = collect(system, load, storm)
        verdict = check(evidence)
        for problem in storm.problems:
            verdict.add("other", problem)
        is_good = verdict.is_good
        print(f"\n{table(storm.injected, evidence, verdict)}\n", flush=True)
        (folder / "violations.txt").write_text(violations(verdict, limit=None) + "\n")
        print(violations(verdict) or "Nothing was lost, doubled or stuck.")
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted", file=sys.stderr)
        return 130
    finally:
        keep = options.keep or not is_good
        system.close(keep)
        if keep:
            print(f"Logs and traces are in {folder}")
    return 0 if is_good else 1


def collect(system: System, load: Load, storm: Storm) -> Evidence:
    """Waits for the runs to end, stops the processes, and reads all that is known."""
    print("All faults are healed; waiting for the runs to end", flush=True)
    system.wait_until_whole()
    load.stop()
    began = time.monotonic()
    system.note("load", "has ended")
    while time.monotonic() < began + DRAIN_SECONDS:
        if system.postgres.rows("SELECT count(*) AS live FROM run_live")[0]["live"] == "0":
            break
        time.sleep(0.5)
    drained_after = time.monotonic() - began
    # A worker that was lost last is noticed after its lease, and reports that the broker holds come within the beat.
    time.sleep(LEASE + 3)
    queues = system.rabbitmq.queues()
    dead: list[bytes] = []
    with system.rabbitmq.connect() as connection:
        while (message := connection.get("dead")) is not None:
            dead.append(message)
    current = {role.name for role in system.processes.of("worker")}
    states = {row["id"]: row["status"] for row in system.postgres.rows("SELECT id, status FROM workers")}
    system.note("processes", "stopping")
    system.processes.stop_all()
    leftovers = system.leftovers()
    history = History(system.postgres)
    history.write(system.folder / "history.json")
    for worker in history.workers:
        worker["status"] = states.get(worker["id"], worker["status"])
    return Evidence(
        plans=load.plans, answers=load.answers, spans=load.spans, effects=Effects(system.effects), history=history,
        processes=system.processes.records, poison=system.poison, emptied=system.emptied, outages=storm.outages,
        queues=queues, dead=dead, leftovers=leftovers, current_workers=current, drained_after=drained_after)


if __name__ == "__main__":
    sys.exit(main())
