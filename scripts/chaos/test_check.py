"""Each check finds what it is there for, and nothing in a history where all went well."""

import sys
import tempfile
import unittest
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from check import check  # noqa: E402
from effects import Effects  # noqa: E402
from evidence import Evidence, Verdict  # noqa: E402
from history import Ending, Fire, History, Run  # noqa: E402
from load import Answers  # noqa: E402
from role import Loss, Records  # noqa: E402
from tasks import Plan  # noqa: E402

GOOD = ["a 1 start 100.0", "a 1 alive 101.0", "a 2 start 110.0", "a 2 end-0 111.0",
        "f 1 start 100.5", "f 1 end-0 100.6"]


def run(id: str, **changes: object) -> Run:
    """A completed run of its first attempt."""
    values = dict(task="by-hand", status="completed", trigger="manual", scheduled_at=100.0, completed_at=200.0,
                  attempt=1, failures=0, interruptions=0, crashes=0, workflow="", error="")
    return Run(id, **(values | changes))  # type: ignore[arg-type]


class Checks(unittest.TestCase):
    def evidence(self, lines: list[str] = GOOD) -> Evidence:
        """Run a lost its worker once and was accepted by hand; run f was fired."""
        history = History.__new__(History)
        history.runs = {"a": run("a", attempt=2, crashes=1),
                        "f": run("f", task="tick", trigger="scheduled", scheduled_at=101.0)}
        history.doubled_rows, history.terms, history.changes, history.dead_letters = [], [], [], []
        history.endings = defaultdict(list, a=[Ending("a", 1, "crash", "worker-1.1", 108.0, "")])
        history.fires = [Fire("tick", 101.0, 101.0, "f", ""), Fire("tick", 102.0, 104.0, "", "misfire")]
        history.workers = [{"id": "w", "name": "worker-1.1", "status": "offline"}]
        with tempfile.NamedTemporaryFile("w", suffix=".log") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            effects = Effects(Path(file.name))
        return Evidence(
            plans=[Plan("tick", 0, "* * * * * *", 1)], answers=Answers(accepted={"a": "by-hand"}),
            spans={"tick": (100.2, 104.5)}, effects=effects, history=history,
            processes=Records(losses=[Loss("worker-1.1", 101.5, "kill -9")]),
            poison={"poison-1": 100.0}, emptied=[], outages=[Loss("postgres: gone", 105.0, "injected", 107.0)],
            queues={"task.shell": 0, "dead": 1},
            dead=[b"headers poison-1 body"], leftovers={}, current_workers={"worker-1.2"}, drained_after=1)

    def assert_found(self, kind: str, text: str, evidence: Evidence) -> None:
        """One violation, and the one that was meant."""
        verdict: Verdict = check(evidence)
        found = [of_kind for of_kind, texts in verdict.violations.items() for _ in texts]
        self.assertEqual(found, [kind], verdict.violations)
        self.assertIn(text, verdict.violations[kind][0])

    def test_nothing_is_wrong_where_all_went_well(self) -> None:
        verdict = check(self.evidence())
        self.assertTrue(verdict.is_good, verdict.violations)
        self.assertEqual([(round(took, 1), away) for took, away, _ in verdict.recoveries], [(8.5, 2.0)])

    def test_an_accepted_run_that_is_not_there_is_lost(self) -> None:
        evidence = self.evidence()
        evidence.answers.accepted["gone"] = "by-hand"
        self.assert_found("lost", "run gone", evidence)

    def test_a_run_that_has_not_ended_is_stuck(self) -> None:
        evidence = self.evidence(GOOD[:3] + GOOD[4:])
        evidence.history.runs["a"] = run("a", status="running", completed_at=None, attempt=2)
        self.assert_found("stuck", "still running", evidence)

    def test_an_attempt_that_started_twice_is_doubled(self) -> None:
        self.assert_found("doubled", "started 2 times", self.evidence([*GOOD, "a 2 start 110.1"]))

    def test_an_attempt_that_the_run_does_not_know_is_doubled(self) -> None:
        self.assert_found("doubled", "the run knows 2", self.evidence([*GOOD, "a 3 start 120.0"]))

    def test_traces_without_a_run_are_found(self) -> None:
        self.assert_found("doubled", "not in the database", self.evidence([*GOOD, "x 1 start 100.0"]))

    def test_a_lost_attempt_that_works_on_overlaps(self) -> None:
        self.assert_found("overlap", "worked on for 2.0 s", self.evidence([*GOOD, "a 1 alive 112.0"]))

    def test_a_frozen_machine_is_told_apart(self) -> None:
        evidence = self.evidence([*GOOD, "a 1 alive 112.0"])
        evidence.processes.losses = [Loss("worker-1.1", 101.5, "SIGSTOP of the machine", 111.9)]
        verdict = check(evidence)
        self.assertTrue(verdict.is_good)
        self.assertEqual(len(verdict.frozen_overlaps), 1)

    def test_a_machine_that_works_on_long_after_it_was_frozen_overlaps(self) -> None:
        evidence = self.evidence([*GOOD, "a 1 alive 112.0"])
        evidence.processes.losses = [Loss("worker-1.1", 101.5, "SIGSTOP of the machine", 105.0)]
        self.assert_found("overlap", "worked on for 2.0 s", evidence)

    def test_a_completion_without_a_good_end_is_found(self) -> None:
        self.assert_found("other", "wrote no good end", self.evidence(GOOD[:3] + GOOD[4:]))

    def test_a_failure_without_reason_is_found(self) -> None:
        evidence = self.evidence()
        evidence.history.endings["a"][0].ending = "failure"
        self.assert_found("other", "failed without reason", evidence)

    def test_a_fire_time_without_a_line_is_found(self) -> None:
        evidence = self.evidence()
        evidence.history.fires[1].last = 103.0
        self.assert_found("fires", "at 104 is not in the ledger", evidence)

    def test_a_fire_time_that_stands_twice_is_found(self) -> None:
        evidence = self.evidence()
        evidence.history.fires.append(Fire("tick", 103.0, 103.0, "", "overlap"))
        self.assert_found("fires", "at 103 is in the ledger 2 times", evidence)

    def test_a_wave_without_its_followers_is_lost(self) -> None:
        evidence = self.evidence()
        evidence.history.runs["a"].task = "wave-root"
        verdict = check(evidence)
        self.assertEqual(verdict.count("lost"), 3)

    def test_a_token_that_falls_is_found(self) -> None:
        evidence = self.evidence()
        evidence.history.terms = [{"lock_key": "leader", "token": "3", "before": "4"}]
        self.assert_found("other", "went from 4 to 3", evidence)

    def test_a_poison_message_that_is_nowhere_is_found(self) -> None:
        evidence = self.evidence()
        evidence.dead.clear()
        self.assert_found("other", "poison-1 is among the dead letters 0 times", evidence)

    def test_a_message_left_on_a_queue_is_found(self) -> None:
        evidence = self.evidence()
        evidence.queues["status"] = 2
        self.assert_found("other", "status still holds 2", evidence)

    def test_a_lost_worker_that_is_still_online_is_found(self) -> None:
        evidence = self.evidence()
        evidence.history.workers[0]["status"] = "online"
        self.assert_found("processes", "gone and still online", evidence)

    def test_a_process_left_behind_is_found(self) -> None:
        evidence = self.evidence()
        evidence.leftovers = {77: "sleep 1"}
        self.assert_found("processes", "77 was left behind", evidence)


if __name__ == "__main__":
    unittest.main()
