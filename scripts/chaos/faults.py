"""What a fault is, and the table of all of them."""

from dataclasses import dataclass
from random import Random
from typing import Callable

import network_faults as network
import process_faults as processes
import server_faults as servers
from system import System

# Injects and returns what was hit, and how it is healed (nothing where it heals by itself).
Inject = Callable[[System, Random], tuple[str, Callable[[], None] | None]]


@dataclass(frozen=True)
class Fault:
    """One kind of fault; of each lane one at a time is under way."""

    name: str
    lane: str
    weight: int
    seconds: tuple[float, float]
    inject: Inject


FAULTS = [
    Fault("postgres: restarted, fast", "servers", 1, (0, 0), servers.postgres_fast),
    Fault("postgres: restarted, immediate", "servers", 1, (0, 0), servers.postgres_immediate),
    Fault("postgres: kill -9", "servers", 1, (0, 0), servers.postgres_kill),
    Fault("postgres: SIGSTOP", "servers", 1, (2, 15), servers.postgres_freeze),
    Fault("postgres: read-only", "servers", 1, (3, 15), servers.postgres_read_only),
    Fault("postgres: out of connections", "servers", 1, (3, 15), servers.postgres_full),
    Fault("postgres: slow, 2 s", "servers", 1, (6, 15), servers.postgres_slow),
    Fault("postgres: gone", "servers", 1, (3, 14), servers.postgres_gone),
    Fault("rabbitmq: restarted", "servers", 1, (0, 0), servers.rabbitmq_restart),
    Fault("rabbitmq: kill -9", "servers", 1, (0, 0), servers.rabbitmq_kill),
    Fault("rabbitmq: SIGSTOP", "servers", 1, (2, 15), servers.rabbitmq_freeze),
    Fault("rabbitmq: queues purged", "servers", 1, (0, 0), servers.rabbitmq_purge),
    Fault("rabbitmq: queues deleted", "servers", 1, (0, 0), servers.rabbitmq_delete),
    Fault("rabbitmq: memory alarm", "servers", 1, (3, 12), servers.rabbitmq_memory),
    Fault("rabbitmq: disk alarm", "servers", 1, (3, 12), servers.rabbitmq_disk),
    Fault("rabbitmq: gone", "servers", 1, (1, 4), servers.rabbitmq_gone),
    Fault("worker: kill -9", "processes", 3, (1, 4), processes.kill("worker")),
    Fault("dispatcher: kill -9", "processes", 2, (1, 4), processes.kill("dispatcher")),
    Fault("api: kill -9", "processes", 1, (1, 4), processes.kill("api")),
    Fault("all dispatchers: kill -9", "processes", 1, (2, 6), processes.kill("dispatcher", everyone=True)),
    Fault("all workers: kill -9", "processes", 1, (2, 6), processes.kill("worker", everyone=True)),
    Fault("worker: SIGSTOP", "processes", 2, (8, 14), processes.freeze("worker")),
    Fault("worker's machine: SIGSTOP", "processes", 1, (8, 14), processes.freeze("worker", with_tasks=True)),
    Fault("dispatcher: SIGSTOP", "processes", 2, (4, 12), processes.freeze("dispatcher")),
    Fault("api: SIGSTOP", "processes", 1, (3, 8), processes.freeze("api")),
    Fault("worker: SIGTERM", "processes", 1, (0, 0), processes.terminate("worker")),
    Fault("dispatcher: SIGTERM", "processes", 1, (0, 0), processes.terminate("dispatcher")),
    Fault("api: SIGTERM", "processes", 1, (0, 0), processes.terminate("api")),
    Fault("every process: rolling restart", "processes", 1, (0, 0), processes.rolling_restart),
    Fault("worker: keeper killed", "processes", 2, (0, 0), processes.kill_keeper),
    Fault("queue: poison message", "processes", 2, (0, 0), processes.poison),
    Fault("link to postgres: half-open", "processes", 2, (4, 15), network.swallow("database")),
    Fault("link to rabbitmq: half-open", "processes", 2, (4, 15), network.swallow("broker")),
    Fault("link to postgres: packets lost", "processes", 1, (4, 15), network.hold("database")),
    Fault("link to rabbitmq: packets lost", "processes", 1, (4, 15), network.hold("broker")),
    Fault("link to both: packets lost", "processes", 1, (4, 15), network.hold("database", "broker")),
    Fault("link to postgres: cut", "processes", 1, (0, 0), network.cut("database")),
    Fault("link to rabbitmq: cut", "processes", 1, (0, 0), network.cut("broker")),
    Fault("link to postgres: cut in a frame", "processes", 1, (0, 0), network.cut("database", in_frame=True)),
    Fault("link to rabbitmq: cut in a frame", "processes", 1, (0, 0), network.cut("broker", in_frame=True)),
    Fault("link to postgres: refused", "processes", 1, (4, 15), network.refuse("database")),
    Fault("link to rabbitmq: refused", "processes", 1, (4, 15), network.refuse("broker")),
]

LONG_OUTAGES = [
    Fault("postgres: gone for five minutes", "servers", 1, (300, 300), servers.postgres_gone),
    Fault("rabbitmq: gone for five minutes", "servers", 1, (300, 300), servers.rabbitmq_gone),
    Fault("worker: SIGSTOP for a minute", "processes", 1, (60, 60), processes.freeze("worker")),
    Fault("dispatcher: SIGSTOP for a minute", "processes", 1, (60, 60), processes.freeze("dispatcher")),
]
