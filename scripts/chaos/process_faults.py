"""Faults of the processes, and messages that nobody can read."""

import time
from random import Random
from typing import Callable

from role import Role
from system import System

Injected = tuple[str, Callable[[], None] | None]
Inject = Callable[[System, Random], Injected]


class NotNow(Exception):
    """The fault finds nothing that it could hit; another is taken instead."""


def kill(kind: str, everyone: bool = False) -> Inject:
    """Kills one process of a kind, or all of them, which start again a little later."""
    def inject(system: System, random: Random) -> Injected:
        roles = system.processes.of(kind) if everyone else [_any(system, random, kind)]
        system.processes.kill(roles, delay=random.uniform(0.5, 5))
        return ", ".join(role.name for role in roles), None
    return inject


def freeze(kind: str, with_tasks: bool = False) -> Inject:
    """Stops a process, on request with its keeper and tasks, and continues it later."""
    def inject(system: System, random: Random) -> Injected:
        role = _any(system, random, kind)
        pids = system.processes.freeze(role, "SIGSTOP of the machine" if with_tasks else "SIGSTOP", with_tasks)
        return f"{role.name} ({len(pids)} processes)", lambda: system.processes.thaw(role, pids)
    return inject


def terminate(kind: str) -> Inject:
    """Ends a process with SIGTERM; it starts again when it has ended."""
    def inject(system: System, random: Random) -> Injected:
        role = _any(system, random, kind)
        name = role.name
        system.processes.terminate(role)
        return name, None
    return inject


def rolling_restart(system: System, random: Random) -> Injected:
    """Restarts one process after the other."""
    for role in system.processes.roles:
        if role.is_running:
            before = role.incarnation
            system.processes.terminate(role)
            deadline = time.monotonic() + 10
            while role.incarnation == before and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(0.5)
    return f"{len(system.processes.roles)} processes", None


def kill_keeper(system: System, random: Random) -> Injected:
    """Kills the parent of a worker's tasks."""
    role = _any(system, random, "worker")
    if not system.processes.kill_keeper(role):
        raise NotNow(f"{role.name} has no keeper yet")
    return role.name, None


def poison(system: System, random: Random) -> Injected:
    """Puts a message on a queue that nobody can read."""
    queue = random.choice(["task.shell", "status"])
    marker = f"poison-{random.getrandbits(64):016x}"
    shape, body = random.choice([
        ("no JSON", f"{marker} is not JSON".encode()),
        ("an unknown type", f'{{"version":1,"id":"{marker}","message_type":"Nonsense","payload":{{}}}}'.encode()),
        ("no UTF-8", b'{"version":1,"id":"\xff\xfe","x":"' + marker.encode() + b'"}'),
        ("a deep one", b'{"version":1,"x":"' + marker.encode() + b'","payload":' + b"[" * 20000 + b"]" * 20000 + b"}"),
        ("a large one", b'{"version":1,"x":"' + marker.encode() + b'","payload":"' + b"a" * 1_000_000 + b'"}'),
    ])
    with system.rabbitmq.connect() as connection:
        connection.publish(queue, body)
    system.poison[marker] = time.time()
    return f"{marker} on {queue}: {shape}", None


def _any(system: System, random: Random, kind: str) -> Role:
    # The dice fall the same way whoever runs at the moment.
    roles = system.processes.of(kind)
    role = random.choice(roles)
    if role.is_running and time.monotonic() - role.started > 2:
        return role
    others = [other for other in roles if other.is_running and time.monotonic() - other.started > 2]
    if not others:
        raise NotNow(f"no {kind} runs")
    return others[0]
