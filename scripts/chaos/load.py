"""Creates the tasks, triggers runs by hand, and remembers what was accepted."""

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tasks import Plan


class Unknown(Exception):
    """Whether the call had an effect is not known."""


class Refused(Exception):
    """The call had no effect."""


class API:
    """The HTTP API, one connection for each call, as a client that survives its restarts."""

    def __init__(self, port: int, timeout: float = 6) -> None:
        self.port = port
        self.timeout = timeout

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Sends a request and returns status and answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            try:
                connection.connect()
            except OSError as error:
                raise Refused(str(error)) from error
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unknown(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def insist(self, method: str, path: str, body: Any = None, seconds: float = 60) -> Any:
        """Repeats a call that may be repeated until it succeeds, and returns its data."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                status, answer = self.call(method, path, body)
                if 200 <= status < 300:
                    return answer.get("data") if isinstance(answer, dict) else answer
                problem = f"{status} {answer}"
            except (Unknown, Refused) as error:
                problem = str(error)
            if time.monotonic() > deadline:
                raise RuntimeError(f"{method} {path} does not succeed: {problem}")
            time.sleep(0.5)


@dataclass
class Answers:
    """What the API said to the triggers."""

    accepted: dict[str, str] = field(default_factory=dict)        # the run and the name of its task
    unknown: Counter[str] = field(default_factory=Counter)        # by the name of the task
    refused: int = 0
    findings: list[str] = field(default_factory=list)


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()


class Load:
    """Triggers each task at its rate."""

    def __init__(self, api: API, plans: list[Plan], effects: str) -> None:
        self.api = api
        self.plans = plans
        self.effects = effects
        self.answers = Answers()
        self.is_over = threading.Event()
        self.lock = threading.Lock()
        self.threads: list[threading.Thread] = []
        self.spans: dict[str, tuple[float, float]] = {}  # from the creation of each schedule to its end

    def create(self) -> None:
        """Creates the tasks."""
        ids: dict[str, int] = {}
        for plan in self.plans:
            plan.id = self.api.insist("POST", "/api/tasks", plan.body(self.effects, ids))["id"]
            ids[plan.name] = plan.id

    def start(self) -> None:
        """Starts to trigger."""
        for plan in self.plans:
            # Two at least, so that one call that waits for its timeout does not stop the task's triggers.
            for _ in range(2 if plan.triggers_per_second else 0):
                thread = threading.Thread(target=self._trigger, args=(plan, 2 / plan.triggers_per_second), daemon=True)
                self.threads.append(thread)
                thread.start()

    def stop(self) -> None:
        """Triggers nothing more, and ends the schedules."""
        self.is_over.set()
        for thread in self.threads:
            thread.join(30)
        for plan in self.plans:
            if plan.schedule:
                self._end_schedule(plan)

    def _end_schedule(self, plan: Plan) -> None:
        # The pause decides what was due and says until when; but what waits of a paused task is held, so it is resumed
        # once its schedule is gone.
        task = self._bring_to(plan, "pause", "paused")
        self.spans[plan.name] = (_seconds(task["created_at"]), _seconds(task["paused_at"]))
        self.api.insist("PUT", f"/api/tasks/{plan.id}", {"schedule": None})
        self._bring_to(plan, "resume", "active")

    def _bring_to(self, plan: Plan, call: str, status: str) -> Any:
        deadline = time.monotonic() + 60
        while True:
            task = self.api.insist("GET", f"/api/tasks/{plan.id}")
            if task["status"] == status:
                return task
            if time.monotonic() > deadline:
                raise RuntimeError(f"task {plan.name} does not become {status}")
            try:
                self.api.call("POST", f"/api/tasks/{plan.id}/{call}")
            except (Unknown, Refused):
                time.sleep(0.5)

    def _trigger(self, plan: Plan, interval: float) -> None:
        due = time.monotonic()
        while not self.is_over.wait(max(0.0, due - time.monotonic())):
            due = max(due + interval, time.monotonic())
            try:
                status, answer = self.api.call("POST", f"/api/tasks/{plan.id}/trigger")
            except Refused:
                self.answers.refused += 1
                continue
            except Unknown:
                status, answer = 0, None
            with self.lock:
                if 200 <= status < 300:
                    self.answers.accepted[answer["data"]["id"]] = plan.name
                else:
                    self.answers.unknown[plan.name] += 1
                    if status and status != 503:
                        self.answers.findings.append(f"POST trigger of {plan.name} answered {status}: {answer}")
