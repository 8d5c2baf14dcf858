"""Faults on the way between one process and a server."""

from random import Random
from typing import Callable

from proxy import Mode, Proxy
from role import Role
from system import System

Injected = tuple[str, Callable[[], None] | None]
Inject = Callable[[System, Random], Injected]


def swallow(*servers: str) -> Inject:
    """Bytes vanish and nobody is told; the connections of that time never live again."""
    return _changing(Mode.SWALLOW, servers)


def hold(*servers: str) -> Inject:
    """Bytes arrive when it is over, however late."""
    return _changing(Mode.HOLD, servers)


def refuse(*servers: str) -> Inject:
    """Connections are reset, and so is each attempt at another."""
    return _changing(Mode.REFUSE, servers)


def cut(server: str, in_frame: bool = False) -> Inject:
    """Resets all connections once."""
    def inject(system: System, random: Random) -> Injected:
        role = random.choice(_connected(system, [server]))
        system.proxies.cut(_proxies(role, [server]), in_frame)
        return role.name, None
    return inject


def _changing(mode: Mode, servers: tuple[str, ...]) -> Inject:
    def inject(system: System, random: Random) -> Injected:
        role = random.choice(_connected(system, list(servers)))
        proxies = _proxies(role, list(servers))
        system.proxies.change(proxies, mode)
        return role.name, lambda: system.proxies.change(proxies, Mode.PASS)
    return inject


def _connected(system: System, servers: list[str]) -> list[Role]:
    # The api does not talk to the broker.
    return [role for role in system.processes.roles if role.kind != "api" or "broker" not in servers]


def _proxies(role: Role, servers: list[str]) -> list[Proxy]:
    return [getattr(role, server) for server in servers]
