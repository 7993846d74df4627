"""Ending a server with everything that it started.

A server runs in a process group of its own. What leaves that group is found by the variable that every process of the
server inherits (Linux), and by who started whom (ps on macOS, taskkill on Windows).
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = "CTXKIT_SERVER"
"""The variable by which the processes of one run are known; its value is another one each time."""

_PS_SECONDS = 5


def new_mark() -> str:
    """A value for ``MARK`` that no other process has."""
    return secrets.token_hex(12)


def family(pid: int, mark: str) -> set[int]:
    """The processes alive now that the server ``pid`` started, and what those started; ``pid`` itself included."""
    parents = _parents()
    found = {pid}
    while True:
        more = {child for child, (parent, group) in parents.items() if parent in found or group == pid} - found
        if not more:
            break
        found |= more
    return (found | _marked(mark)) & (parents.keys() | {pid}) - {os.getpid()}


def end(pids: Iterable[int], sign: int) -> None:
    """Send ``sign`` to each of ``pids`` that is still there."""
    for pid in pids:
        try:
            os.kill(pid, sign)
        except (ProcessLookupError, PermissionError):
            continue


def end_group(pid: int, sign: int) -> None:
    """Send ``sign`` to the process group that ``pid`` leads. POSIX only."""
    if sys.platform != "win32":
        try:
            os.killpg(pid, sign)
        except (ProcessLookupError, PermissionError):
            return


def kill_tree(pid: int, mark: str) -> None:
    """Kill the server ``pid`` with everything it started, at once and without waiting."""
    if sys.platform == "win32":
        import subprocess

        subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True, check=False)
        return
    # What forks while it is looked for is found the next time.
    for _ in range(3):
        others = family(pid, mark) - {pid}
        end_group(pid, signal.SIGKILL)
        end(others, signal.SIGKILL)
        if not others:
            return


def _marked(mark: str) -> set[int]:
    """Processes with the mark in their environment. Linux only."""
    wanted = f"{MARK}={mark}".encode()
    found = set()
    for pid in _numbers("/proc"):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if wanted in file.read().split(b"\0"):
                    found.add(pid)
        except OSError:
            continue
    return found


def _parents() -> dict[int, tuple[int, int]]:
    """Process → its parent and its group, for every process alive."""
    if os.path.isdir("/proc/self"):
        return {pid: status for pid in _numbers("/proc") if (status := _status(pid)) is not None}
    import subprocess

    try:
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,pgid="], capture_output=True, text=True, check=False, timeout=_PS_SECONDS
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return {}
    rows = [line.split() for line in listed.splitlines()]
    return {int(row[0]): (int(row[1]), int(row[2])) for row in rows if len(row) == 3 and all(map(str.isdigit, row))}


def _status(pid: int) -> tuple[int, int] | None:
    """Parent and group of a process that is alive; None for one that has ended and waits to be collected."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if not fields or fields[0] in (b"Z", b"X") else (int(fields[1]), int(fields[2]))


def _numbers(directory: str) -> list[int]:
    try:
        return [int(name) for name in os.listdir(directory) if name.isdecimal()]
    except OSError:
        return []
