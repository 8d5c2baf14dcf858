"""Faults of the two servers."""

import signal
import time
from contextlib import contextmanager
from random import Random
from typing import Callable, Iterator

from proxy import Mode
from servers import Postgres
from system import System

Injected = tuple[str, Callable[[], None] | None]


def postgres_fast(system: System, random: Random) -> Injected:
    """Restarts PostgreSQL; it ends the sessions and writes a checkpoint."""
    system.postgres.crash(signal.SIGINT)
    system.postgres.start()
    return "restarted", None


def postgres_immediate(system: System, random: Random) -> Injected:
    """Restarts PostgreSQL without a checkpoint."""
    system.postgres.crash(signal.SIGQUIT)
    system.postgres.start()
    return "restarted", None


def postgres_kill(system: System, random: Random) -> Injected:
    """Kills PostgreSQL and starts it again."""
    system.postgres.kill()
    system.postgres.start()
    return "restarted", None


def postgres_freeze(system: System, random: Random) -> Injected:
    """Stops every process of PostgreSQL."""
    system.postgres.freeze()
    return "stopped", system.postgres.thaw


def postgres_read_only(system: System, random: Random) -> Injected:
    """Makes every transaction read-only, as after a failover to a standby; the sessions stay so when it is over."""
    system.postgres.sql(f"ALTER ROLE {Postgres.ROLE} SET default_transaction_read_only = on")
    system.postgres.end_sessions()
    return "read-only", lambda: system.postgres.sql(f"ALTER ROLE {Postgres.ROLE} RESET default_transaction_read_only")


def postgres_full(system: System, random: Random) -> Injected:
    """Leaves one connection for all."""
    system.postgres.sql(f"ALTER ROLE {Postgres.ROLE} CONNECTION LIMIT 1")
    system.postgres.end_sessions()
    return "one connection", lambda: system.postgres.sql(f"ALTER ROLE {Postgres.ROLE} CONNECTION LIMIT -1")


def postgres_slow(system: System, random: Random) -> Injected:
    """Lets everything on the way to and from PostgreSQL take longer."""
    ways = system.ways("database")
    system.proxies.change(ways, Mode.DELAY)
    return "slow", lambda: system.proxies.change(ways, Mode.PASS)


def postgres_gone(system: System, random: Random) -> Injected:
    """Ends PostgreSQL for a while."""
    system.postgres.kill()
    return "gone", system.postgres.start


def rabbitmq_restart(system: System, random: Random) -> Injected:
    """Restarts RabbitMQ in order."""
    system.rabbitmq.stop()
    system.rabbitmq.start()
    return "restarted", None


def rabbitmq_kill(system: System, random: Random) -> Injected:
    """Kills RabbitMQ and starts it again."""
    system.rabbitmq.kill()
    system.rabbitmq.start()
    return "restarted", None


def rabbitmq_freeze(system: System, random: Random) -> Injected:
    """Stops every process of RabbitMQ."""
    system.rabbitmq.freeze()
    return "stopped", system.rabbitmq.thaw


def rabbitmq_purge(system: System, random: Random) -> Injected:
    """Empties every queue but the dead letters."""
    names = _queues(system)
    with _messages_waiting(system, random), system.rabbitmq.connect() as connection:
        system.emptied.append(time.time())
        count = sum(connection.purge(name) for name in names)
    return f"{count} messages of {len(names)} queues", None


def rabbitmq_delete(system: System, random: Random) -> Injected:
    """Deletes every queue but the dead letters."""
    names = _queues(system)
    with _messages_waiting(system, random), system.rabbitmq.connect() as connection:
        system.emptied.append(time.time())
        count = sum(connection.delete(name) for name in names)
    return f"{len(names)} queues with {count} messages", None


def rabbitmq_memory(system: System, random: Random) -> Injected:
    """Raises the memory alarm, which blocks all who publish."""
    system.rabbitmq.control("-q", "set_vm_memory_high_watermark", "absolute", "1MB")
    return "alarm", lambda: _control(system, "set_vm_memory_high_watermark", "0.4")


def rabbitmq_disk(system: System, random: Random) -> Injected:
    """Raises the disk alarm, which blocks all who publish."""
    system.rabbitmq.control("-q", "set_disk_free_limit", "900000GB")
    return "alarm", lambda: _control(system, "set_disk_free_limit", "50MB")


def rabbitmq_gone(system: System, random: Random) -> Injected:
    """Ends RabbitMQ for a while."""
    system.rabbitmq.kill()
    return "gone", system.rabbitmq.start


def _control(system: System, *arguments: str) -> None:
    system.rabbitmq.control("-q", *arguments)


@contextmanager
def _messages_waiting(system: System, random: Random) -> Iterator[None]:
    """Keeps messages from those who take them for a moment, else there would be none on the queues."""
    kind = random.choice(["worker", "dispatcher"])
    ways = [role.broker for role in system.processes.of(kind) if role.broker.mode is Mode.PASS]
    system.proxies.change(ways, Mode.HOLD)
    time.sleep(3)
    try:
        yield
    finally:
        system.proxies.change(ways, Mode.PASS)


def _queues(system: System) -> list[str]:
    return sorted(name for name in system.rabbitmq.queues() if name != "dead")
