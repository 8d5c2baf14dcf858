"""The distributed form on servers of its own: every process reaches every server through a proxy of its own."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import guard
from load import API, Refused, Unknown
from processes import Processes
from proxy import Proxies, Proxy
from role import Role
from servers import Postgres, RabbitMQ

BEAT, LEASE, TERM, GRACE = 1.0, 6.0, 3.0, 20.0
DISPATCHERS, WORKERS = 3, 3

# Who changes what must never change is noted by the database itself.
WITNESSES = """
CREATE SCHEMA witness;
CREATE TABLE witness.terms (at timestamptz DEFAULT clock_timestamp(), lock_key text, token bigint, before bigint);
CREATE TABLE witness.changes (at timestamptz DEFAULT clock_timestamp(), run_id uuid, before text, after text);
CREATE FUNCTION witness.note_term() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    IF NEW.token <> OLD.token THEN
        INSERT INTO witness.terms (lock_key, token, before) VALUES (NEW.lock_key, NEW.token, OLD.token);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION witness.note_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO witness.changes (run_id, before, after) VALUES (OLD.id, OLD.status, NEW.status);
    RETURN NULL;
END $$;
CREATE TRIGGER witness AFTER UPDATE ON scheduler_locks FOR EACH ROW EXECUTE FUNCTION witness.note_term();
CREATE TRIGGER witness AFTER UPDATE ON run_history FOR EACH ROW EXECUTE FUNCTION witness.note_change();
"""


class System:
    """Servers, proxies and processes of one round."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.folder = folder
        self.effects = folder / "effects.log"
        self.began = time.time()
        self.event_lock = threading.Lock()
        self.poison: dict[str, float] = {}  # the markers of poison messages, and when they were published
        self.emptied: list[float] = []       # when queues were purged or deleted
        self.is_closed = False
        for name in ("logs", "roles", "postgres", "rabbitmq"):
            (folder / name).mkdir(parents=True)
        # Tasks may run as another user than we are.
        self.effects.touch()
        self.effects.chmod(0o666)
        self._guard()
        self.postgres = Postgres(folder / "postgres")
        self.rabbitmq = RabbitMQ(folder / "rabbitmq")
        self.proxies = Proxies()
        self.processes = Processes(program, folder, GRACE)

    def start(self) -> None:
        """Starts it and returns once it serves."""
        self.note("servers", "starting")
        brokers = threading.Thread(target=self.rabbitmq.start)
        brokers.start()
        self.postgres.start()
        self.postgres.prepare()
        brokers.join()
        self.processes.environment = self._environment()
        self.processes.urls = self._urls
        self.processes.run_once("migrate", "up", variables=self._urls(self.postgres.port, self.rabbitmq.port))
        self.postgres.sql(WITNESSES)
        self.note("processes", "starting")
        for kind, count in (("api", 1), ("dispatcher", DISPATCHERS), ("worker", WORKERS)):
            for number in range(1, count + 1):
                database, broker = self.proxies.add(self.postgres.port), self.proxies.add(self.rabbitmq.port)
                self.processes.add(Role(f"{kind}-{number}", kind, database, broker))
        self.wait_until_whole()

    def wait_until_whole(self, seconds: float = 90) -> None:
        """Returns once every process serves; whatever was injected has been healed before."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if self._is_whole():
                    return
            except (Unknown, Refused, RuntimeError):
                pass
            if time.monotonic() > deadline:
                raise RuntimeError(f"the system is not whole {seconds:.0f} s after everything was healed")
            time.sleep(0.5)

    def _is_whole(self) -> bool:
        status, answer = self.api.call("GET", "/api/workers?limit=500")
        if status != 200:
            return False
        online = {worker["name"] for worker in answer["data"] if worker["status"] in ("online", "busy")}
        names = {role.name for role in self.processes.of("worker")}
        return names <= online and all(role.is_running for role in self.processes.roles)

    def _environment(self) -> dict[str, str]:
        ours = ("SCHEDULER_", "DATABASE_", "RABBITMQ_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        self.api = API(self._free_port())
        return kept | {
            "SCHEDULER_API_PORT": str(self.api.port),
            "SCHEDULER_WORKER_HEARTBEAT_SECONDS": str(BEAT), "SCHEDULER_WORKER_LEASE_SECONDS": str(LEASE),
            "SCHEDULER_WORKER_SHUTDOWN_GRACE_SECONDS": str(GRACE), "SCHEDULER_WORKER_MAX_CONCURRENT_TASKS": "32",
            "SCHEDULER_DISPATCHER_LEADER_TERM_SECONDS": str(TERM),
            "SCHEDULER_WORKER_ALLOW_ROOT_TASKS": "true" if os.getuid() == 0 else "false",
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "info"),
        }

    def _urls(self, database: int, broker: int) -> dict[str, str]:
        return {"DATABASE_URL": self.postgres.service_url(database), "RABBITMQ_URL": self.rabbitmq.service_url(broker)}

    def _free_port(self) -> int:
        script = Path(__file__).resolve().parent.parent / "lib"
        done = subprocess.run(["bash", "-c", f'source "{script}/common.sh"; source "{script}/ports.sh"; free_port'],
                              capture_output=True, text=True, check=True)
        return int(done.stdout)

    def ways(self, server: str) -> list[Proxy]:
        """Returns the proxies that lead to a server."""
        return [getattr(role, server) for role in self.processes.roles]

    def note(self, what: str, detail: str) -> None:
        """Adds a line to the list of what happened."""
        now = time.time()
        with self.event_lock, open(self.folder / "events.log", "a") as file:
            clock = time.strftime("%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}"
            file.write(f"{clock} {now - self.began:7.1f} {what}: {detail}\n")

    def leftovers(self) -> dict[int, str]:
        """Returns the processes that roles left behind; a keeper notices a moment later that its worker has ended."""
        deadline = time.monotonic() + 3
        while (left := guard.inhabitants(self.folder / "roles")) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left

    def close(self, keep: bool) -> None:
        """Ends all that is left, and removes the folder unless it is to be kept."""
        if self.is_closed:
            return
        self.is_closed = True
        self.processes.is_supervising = False
        os.close(self.pipe)
        try:
            self.guard.wait(30)
        finally:
            if not keep:
                shutil.rmtree(self.folder, ignore_errors=True)
            else:
                for name in ("postgres", "rabbitmq"):
                    shutil.rmtree(self.folder / name / "data", ignore_errors=True)

    def _guard(self) -> None:
        reader, self.pipe = os.pipe()
        self.guard = subprocess.Popen([sys.executable, str(Path(guard.__file__)), str(self.folder)], stdin=reader,
                                      cwd="/", start_new_session=True)
        os.close(reader)
