"""A server as a program of ours: one JSON-RPC message a line, bounded, and nothing left running afterwards.

The official SDK's transport reads lines of any length, gives the server its own choice of environment and shows its
errors as they come. Servers here come from configuration files that nobody has checked.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.sources.masking import masked, printable
from ctxkit.sources.mcp_live.failure import Limits, ServerFailureError
from ctxkit.sources.mcp_live.processes import MARK, end, end_group, family, kill_tree, new_mark

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

    from ctxkit.sources.mcp_live.launch import Launch
    from ctxkit.sources.mcp_live.session import Message

_CHUNK = 64 * 1024
_ERRORS_KEPT = 8 * 1024
_LONGEST_SAID = 300
_POLL = 0.02
_WINDOWS = sys.platform == "win32"


class Running(NamedTuple):
    """A started server and its pipes."""

    process: Process
    stdin: StreamWriter
    stdout: StreamReader
    stderr: StreamReader


class StdioChannel:
    """Messages over the pipes of a running server. ``junk`` counts lines on stdout that are no messages."""

    def __init__(self, server: Running, limits: Limits) -> None:
        self._server, self._limits = server, limits
        self._lines: list[bytes] = []
        self._rest = bytearray()
        self._read = 0
        self._errors = bytearray()
        self.junk = 0
        self._first_junk = ""

    async def send(self, message: Message) -> None:
        """Write one line. Raises ServerFailureError where the server is gone."""
        try:
            self._server.stdin.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
            await self._server.stdin.drain()
        except (ConnectionError, OSError):
            raise await self._gone() from None

    async def receive(self) -> Message:
        """The next line that is a message. Raises ServerFailureError at the end, and where the bounds are passed."""
        while True:
            while self._lines:
                message = self._message(self._lines.pop())
                if message is not None:
                    return message
            if not await self._fill():
                raise await self._gone()

    def agreed(self, protocol: str) -> None:
        """Nothing depends on it here."""

    async def drain_errors(self) -> None:
        """Read stderr to its end, keeping the last of it."""
        while chunk := await self._server.stderr.read(_CHUNK):
            self._errors += chunk
            del self._errors[:-_ERRORS_KEPT]

    def said(self) -> str:
        """The last line that the server wrote to stderr, or its first that is no message; empty without any."""
        lines = [line for line in self._errors.decode("utf-8", "replace").splitlines() if line.strip()]
        return _shown(lines[-1]) if lines else self._first_junk

    async def _fill(self) -> bool:
        """Read on until there are whole lines; False at the end."""
        while not self._lines:
            chunk = await self._server.stdout.read(_CHUNK)
            if not chunk:
                last, self._rest = bytes(self._rest), bytearray()
                if last.strip():
                    self._lines.append(last)
                return bool(self._lines)
            self._read += len(chunk)
            if self._read > self._limits.total:
                raise ServerFailureError(f"it wrote more than {self._limits.total:,} bytes to stdout", _FLOODS)
            *whole, rest = chunk.split(b"\n")
            if whole:
                whole[0] = bytes(self._rest) + whole[0]
                self._rest = bytearray()
            self._rest += rest
            if len(self._rest) > self._limits.line:
                raise ServerFailureError(f"it wrote a line of more than {self._limits.line:,} bytes to stdout", _FLOODS)
            self._lines = [line for line in reversed(whole) if line.strip()]
        return True

    def _message(self, line: bytes) -> Message | None:
        try:
            value = json.loads(line.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) and ("id" in value or "method" in value or "error" in value):
            return value
        self.junk += 1
        self._first_junk = self._first_junk or _shown(line.decode("utf-8", "replace"))
        return None

    async def _gone(self) -> ServerFailureError:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.stop):
                await ended(self._server.process)
        await asyncio.sleep(_POLL)  # what it wrote last is on its way
        code = self._server.process.returncode
        how = "closes its stdout" if code is None else _ended(code)
        said = self.said()
        return ServerFailureError(f"it {how}" + (f": {said}" if said else ""), "Run its command by hand to see why.")


_FLOODS = "Nothing but messages belongs there; report it to the server's authors."


def _ended(code: int) -> str:
    if code < 0:
        with suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name} before it answered"
    return f"exits with code {code} before it answers"


def _shown(text: str) -> str:
    shown = printable(masked(text.strip()))
    return shown if len(shown) <= _LONGEST_SAID else shown[: _LONGEST_SAID - 1] + "…"


@asynccontextmanager
async def stdio_channel(launch: Launch, limits: Limits, running: dict[int, str]) -> AsyncIterator[StdioChannel]:
    """Start the server of ``launch`` and talk to it; at the end it is gone, with all that it started.

    ``running``: its process is entered there, with its mark, as long as something of it may be left. Raises
    ServerFailureError where the command does not run.
    """
    mark = new_mark()
    server = await _started(launch, mark)
    process = server.process
    running[process.pid] = mark
    channel = StdioChannel(server, limits)
    errors = asyncio.create_task(channel.drain_errors())
    try:
        yield channel
    finally:
        try:
            await _stop(server, mark, limits.stop)
        finally:
            kill_tree(process.pid, mark)
            del running[process.pid]
            errors.cancel()
            _close(process)


async def _started(launch: Launch, mark: str) -> Running:
    name = launch.arguments[0]
    if not os.path.isdir(launch.cwd):
        raise ServerFailureError(f"its working directory {launch.cwd} does not exist", "Correct cwd in its entry.")
    path = shutil.which(name, path=launch.env.get("PATH")) if os.sep not in name else os.path.join(launch.cwd, name)
    if path is None:
        raise ServerFailureError(f"the command {printable(name)} is not found", "Install it, or correct the entry.")
    try:
        process = await asyncio.create_subprocess_exec(
            path if _WINDOWS else name,
            *launch.arguments[1:],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=launch.cwd,
            env={**launch.env, MARK: mark},
            start_new_session=True,
        )
    except FileNotFoundError:
        raise ServerFailureError(
            f"the command {printable(name)} is not found", "Install it, or correct the entry."
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ServerFailureError(
            f"the command {printable(name)} does not run: {reason}",
            "Make it a program that runs, or correct the entry.",
        ) from None
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise RuntimeError("asyncio gives a pipe for each that is asked for")
    return Running(process, process.stdin, process.stdout, process.stderr)


async def ended(process: Process) -> None:
    """Wait until the process itself has ended; its pipes may still be held by others."""
    while process.returncode is None:
        await asyncio.sleep(_POLL)


async def _stop(server: Running, mark: str, patience: float) -> None:
    """As the protocol asks: close stdin, wait; ask the whole tree to end, wait. The caller kills what is left."""
    process = server.process
    with suppress(OSError, RuntimeError):
        server.stdin.close()
    drained = asyncio.create_task(_discard(server.stdout))
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await ended(process)
        if _WINDOWS:
            return
        others = family(process.pid, mark) - {process.pid}
        if process.returncode is None or others:
            end_group(process.pid, signal.SIGTERM)
            end(others, signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    while process.returncode is None or family(process.pid, mark) - {process.pid}:
                        await asyncio.sleep(_POLL * 5)
    finally:
        drained.cancel()


async def _discard(stdout: StreamReader) -> None:
    """Read on, so that a server which is writing can come to the end of it."""
    with suppress(OSError, ValueError):
        while await stdout.read(_CHUNK):
            pass


def _close(process: Process) -> None:
    """Close the pipes; whoever else holds them keeps the event loop waiting otherwise."""
    transport = getattr(process, "_transport", None)
    if transport is not None:
        with suppress(OSError, ProcessLookupError):
            transport.close()
