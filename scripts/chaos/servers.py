"""The two private servers, started and ended through scripts/services."""

import csv
import io
import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

from amqp import Connection

SERVICES = Path(__file__).resolve().parent.parent / "services"


def descendants(pid: int) -> list[int]:
    """Returns all processes below a process, parents first."""
    found: list[int] = []
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return found
    for thread in threads:
        try:
            children = (thread / "children").read_text().split()
        except OSError:
            continue
        for child in map(int, children):
            found += [child, *descendants(child)]
    return found


def send(number: int, pids: list[int]) -> None:
    """Sends a signal to processes, some of which may have ended."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


class Server:
    """One private server in a folder of its own."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder

    def call(self, command: str, *arguments: str, timeout: float = 90) -> str:
        """Runs scripts/services and returns what it printed."""
        line = [str(SERVICES), command, self.kind, str(self.folder), *arguments]
        # In the round's folder, so that the guard ends it too.
        done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
                              cwd=self.folder.parent, start_new_session=True)
        if done.returncode != 0:
            raise RuntimeError(f"services {command} {self.kind} failed: {done.stderr.strip()[-800:]}")
        return done.stdout.strip()

    def start(self) -> None:
        """Starts it, or waits until it is ready."""
        self.call("start")

    def stop(self) -> None:
        """Ends it in order."""
        self.call("stop")

    def kill(self) -> None:
        """Ends it with SIGKILL."""
        self.call("kill")

    @property
    def pid(self) -> int:
        """The process that stands for the server."""
        return int((self.folder / "pid").read_text())

    @property
    def url(self) -> str:
        """Where it is, with the administrator's password."""
        return (self.folder / "url").read_text().strip()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return urlsplit(self.url).port or 0

    def processes(self) -> list[int]:
        """Returns all its processes."""
        return [self.pid, *descendants(self.pid)]

    def freeze(self) -> None:
        """Stops all its processes with SIGSTOP; twice, since one may have forked meanwhile."""
        send(signal.SIGSTOP, self.processes())
        send(signal.SIGSTOP, self.processes())

    def thaw(self) -> None:
        """Continues them."""
        send(signal.SIGCONT, self.processes())


class Postgres(Server):
    """PostgreSQL, with a role and a database for the system that are not the administrator's."""

    ROLE = "chaos_service"
    DATABASE = "chaos"

    def __init__(self, folder: Path) -> None:
        super().__init__("postgres", folder)

    def prepare(self) -> None:
        """Makes the role and the database."""
        self.sql(f"CREATE ROLE {self.ROLE} LOGIN PASSWORD 'chaos'", database="postgres")
        self.sql(f"CREATE DATABASE {self.DATABASE} OWNER {self.ROLE}", database="postgres")

    def service_url(self, port: int) -> str:
        """Where the system finds it, through a proxy's port."""
        return f"postgres://{self.ROLE}:chaos@127.0.0.1:{port}/{self.DATABASE}"

    def sql(self, statement: str, database: str = DATABASE) -> None:
        """Runs a statement as administrator."""
        self.call("ctl", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement)

    def rows(self, query: str) -> list[dict[str, str]]:
        """Runs a query as administrator; every value is text, null is empty."""
        answer = self.call("ctl", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.DATABASE, "--csv", "-c", query)
        return list(csv.DictReader(io.StringIO(answer)))

    def end_sessions(self) -> None:
        """Ends every session of the system."""
        self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{self.ROLE}'")

    def crash(self, number: int) -> None:
        """Ends it by a signal to its first process: SIGINT is fast, SIGQUIT immediate."""
        send(number, [self.pid])
        deadline = time.monotonic() + 15
        while Path(f"/proc/{self.pid}/cwd").exists() and time.monotonic() < deadline:
            time.sleep(0.05)


class RabbitMQ(Server):
    """RabbitMQ."""

    def __init__(self, folder: Path) -> None:
        super().__init__("rabbitmq", folder)

    def service_url(self, port: int) -> str:
        """Where the system finds it, through a proxy's port."""
        return f"amqp://guest:guest@127.0.0.1:{port}"

    def connect(self) -> Connection:
        """Opens a connection of our own, past every proxy."""
        return Connection(self.port)

    def control(self, *arguments: str) -> str:
        """Runs rabbitmqctl."""
        return self.call("ctl", *arguments)

    def queues(self) -> dict[str, int]:
        """Returns how many messages each queue holds."""
        answer = self.control("-q", "--no-table-headers", "list_queues", "name", "messages")
        pairs = (line.split("\t") for line in answer.splitlines() if "\t" in line)
        return {name: int(count) for name, count in pairs}
