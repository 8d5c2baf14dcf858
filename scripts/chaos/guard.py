"""Ends everything that lives in a folder once the harness has ended, in whatever way that happened.

Started by `system.py` with the read end of a pipe as its input, which closes when the harness ends. Each process of a
round, be it a server, a role or a task, has its working directory in the round's folder, and nothing else has.
"""

import os
import signal
import sys
import time
from pathlib import Path


def inhabitants(folder: Path) -> dict[int, str]:
    """Returns the processes whose working directory is in the folder, with their command lines."""
    found: dict[int, str] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = Path(os.readlink(process / "cwd"))
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if place == folder or folder in place.parents:
            found[int(process.name)] = command
    return found


def end_all(folder: Path) -> None:
    """Kills them until none is left; one may start others meanwhile."""
    deadline = time.monotonic() + 20
    while (pids := inhabitants(folder).keys() - {os.getpid()}) and time.monotonic() < deadline:
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.1)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end_all(Path(sys.argv[1]))
