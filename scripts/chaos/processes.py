"""The roles as processes: started, killed, stopped, and started again when they have ended."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Callable

from role import Loss, Records, Role
from servers import descendants, send

UNAVAILABLE = 69  # what a role ends with where a server is away while it starts


class Processes:
    """All roles, and the thread that starts again what has ended."""

    def __init__(self, program: Path, folder: Path, grace: float) -> None:
        self.program = program
        self.folder = folder
        self.grace = grace
        self.environment: dict[str, str] = {}
        self.urls: Callable[[int, int], dict[str, str]] = lambda database, broker: {}
        self.roles: list[Role] = []
        self.records = Records()
        self.lock = threading.RLock()
        self.is_supervising = True
        threading.Thread(target=self._supervise, name="supervisor", daemon=True).start()

    def add(self, role: Role) -> None:
        """Adds a role and starts it."""
        with self.lock:
            self.roles.append(role)
            self._start(role)

    def of(self, kind: str) -> list[Role]:
        """Returns the roles of a kind."""
        return [role for role in self.roles if role.kind == kind]

    def run_once(self, *arguments: str, variables: dict[str, str]) -> None:
        """Runs the program to its end, which must be good."""
        with open(self.folder / "logs" / f"{arguments[0]}.log", "ab") as log:
            subprocess.run([str(self.program), *arguments], env=self.environment | variables, stdin=subprocess.DEVNULL,
                           stdout=log, stderr=log, cwd=self.folder / "roles", check=True, timeout=60)

    def kill(self, roles: list[Role], delay: float) -> None:
        """Kills processes with SIGKILL; they start again after the delay."""
        with self.lock:
            for role in roles:
                if role.process is None or not role.is_running:
                    continue
                role.is_stopping = True
                self.records.losses.append(Loss(role.name, time.time(), "kill -9"))
                role.process.kill()
            for role in roles:
                if role.process is not None and role.is_stopping:
                    role.process.wait()
                    role.process, role.is_stopping, role.restart_at = None, False, time.monotonic() + delay

    def terminate(self, role: Role, starts_again: bool = True) -> None:
        """Ends a process with SIGTERM, and notes it where that takes too long or ends badly."""
        process = role.process
        if process is None or not role.is_running:
            return
        role.is_stopping = True
        begin = time.monotonic()
        process.terminate()
        try:
            code = process.wait(self.grace + 10)
        except subprocess.TimeoutExpired:
            self.records.findings.append(f"{role.name} did not end {self.grace + 10:.0f} s after SIGTERM")
            process.kill()
            process.wait()
        else:
            took = time.monotonic() - begin
            self.records.longest_drain = max(self.records.longest_drain, took)
            if code != 0:
                self.records.findings.append(f"{role.name} ended with {code} {took:.1f} s after SIGTERM")
            elif took > self.grace + 2:
                self.records.findings.append(f"{role.name} took {took:.1f} s to end after SIGTERM")
        with self.lock:
            role.process, role.is_stopping = None, False
            role.restart_at = time.monotonic() if starts_again else float("inf")

    def freeze(self, role: Role, how: str, with_tasks: bool = False) -> list[int]:
        """Stops a process with SIGSTOP, with its keeper and tasks if the whole machine is to stand still."""
        if role.process is None or not role.is_running:
            return []
        pids = [role.process.pid]
        send(signal.SIGSTOP, pids)
        if with_tasks:
            for _ in range(2):
                pids = [pids[0], *descendants(pids[0])]
                send(signal.SIGSTOP, pids)
        self.records.losses.append(Loss(role.name, time.time(), how, until=float("inf")))
        return pids

    def thaw(self, role: Role, pids: list[int]) -> None:
        """Continues what was stopped; tasks first, which is the worst order."""
        send(signal.SIGCONT, pids[::-1])
        for loss in self.records.losses:
            if loss.name == role.name and loss.until == float("inf"):
                loss.until = time.time()

    def kill_keeper(self, role: Role) -> bool:
        """Kills the keeper of a worker, where it has one."""
        for child in descendants(role.process.pid) if role.process else []:
            try:
                command = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"keeper" in command[1:2]:
                self.records.keepers_killed.append(Loss(role.name, time.time(), "keeper killed"))
                send(signal.SIGKILL, [child])
                return True
        return False

    def stop_all(self) -> None:
        """Ends every role in order: the api, dispatchers, workers."""
        self.is_supervising = False
        for role in self.roles:
            self.terminate(role, starts_again=False)

    def _start(self, role: Role) -> None:
        role.incarnation += 1
        variables = {"SCHEDULER_WORKER_NAME": role.name} | self.urls(role.database.port, role.broker.port)
        with open(self.folder / "logs" / f"{role.name}.log", "ab") as log:
            role.process = subprocess.Popen(
                [str(self.program), role.kind], env=self.environment | variables, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=self.folder / "roles", start_new_session=True)
        role.started = time.monotonic()

    def _supervise(self) -> None:
        while self.is_supervising:
            time.sleep(0.1)
            with self.lock:
                for role in self.roles:
                    if self.is_supervising:
                        self._look_after(role)

    def _look_after(self, role: Role) -> None:
        if role.is_stopping:
            return
        if role.process is None:
            if time.monotonic() >= role.restart_at:
                self._start(role)
        elif (code := role.process.poll()) is not None:
            if code == UNAVAILABLE and time.monotonic() - role.started < 30:
                self.records.refused_starts += 1
            else:
                self.records.findings.append(f"{role.name} ended by itself with {code}: {self._last_line(role)}")
                self.records.losses.append(Loss(role.name, time.time(), "ended by itself"))
            role.process, role.restart_at = None, time.monotonic() + 1

    def _last_line(self, role: Role) -> str:
        log = self.folder / "logs" / f"{role.name}.log"
        with open(log, "rb") as file:
            file.seek(max(0, os.path.getsize(log) - 600))
            lines = file.read().decode(errors="replace").strip().splitlines()
        return lines[-1][-400:] if lines else "its log is empty"
