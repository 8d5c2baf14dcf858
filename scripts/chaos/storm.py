"""Injects faults at random for a time: two lanes, in each one fault after the other."""

import subprocess
import threading
import time
from collections import Counter
from random import Random

from faults import Fault
from process_faults import NotNow
from role import Loss
from system import System


class Storm:
    """The faults of one round; what happens is told to the list of events."""

    def __init__(self, system: System, faults: list[Fault], seed: int, pause: tuple[float, float] = (2, 7)) -> None:
        self.system = system
        self.faults = faults
        self.seed = seed
        self.pause = pause
        self.injected: Counter[str] = Counter()
        self.outages: list[Loss] = []
        self.problems: list[str] = []
        self.is_over = threading.Event()

    def run(self, seconds: float) -> None:
        """Injects faults for so long, and returns once all are healed."""
        lanes = sorted({fault.lane for fault in self.faults})
        threads = [threading.Thread(target=self._lane, args=(lane,), name=lane, daemon=True) for lane in lanes]
        for thread in threads:
            thread.start()
        try:
            self.is_over.wait(seconds)
        finally:
            self.is_over.set()
            for thread in threads:
                thread.join(120)

    def once(self, fault: Fault) -> None:
        """Injects one fault for its whole time, and heals it."""
        self._inject(fault, Random(f"{self.seed} {fault.name}"))

    def _lane(self, lane: str) -> None:
        random = Random(f"{self.seed} {lane}")
        deck: list[Fault] = []
        while not self.is_over.wait(random.uniform(*self.pause)):
            # A deck instead of dice, so that no kind is left out for long.
            if not deck:
                deck = [fault for fault in self.faults if fault.lane == lane for _ in range(fault.weight)]
                random.shuffle(deck)
            self._inject(deck.pop(), Random(random.getrandbits(64)))

    def _inject(self, fault: Fault, random: Random) -> None:
        seconds = random.uniform(*fault.seconds)
        self.system.note(fault.name, "begins")
        begin = time.monotonic()
        try:
            detail, heal = fault.inject(self.system, random)
        except NotNow as reason:
            return self.system.note(fault.name, f"left out: {reason}")
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            # Such as a poison message while the other lane has stopped the broker.
            return self.system.note(fault.name, f"could not be injected: {error}")
        self.injected[fault.name] += 1
        outage = Loss(fault.name, time.time() - (time.monotonic() - begin), "injected")
        self.outages.append(outage)
        self.system.note(fault.name, f"{detail}; took {time.monotonic() - begin:.1f} s, stays {seconds:.1f} s")
        self.is_over.wait(seconds)
        if heal is None:
            outage.until = time.time()
            return
        for _ in range(5):
            try:
                heal()
                outage.until = time.time()
                return self.system.note(fault.name, f"healed after {time.monotonic() - begin:.1f} s")
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                self.system.note(fault.name, f"healing failed: {error}")
                time.sleep(1)
        self.problems.append(f"{fault.name} could not be healed")
