"""Asking several servers at once, each within its time, and leaving nothing of them behind."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ctxkit.sources.definitions import declared_resources
from ctxkit.sources.masking import MASK
from ctxkit.sources.mcp_live.failure import Limits, ServerFailureError
from ctxkit.sources.mcp_live.processes import kill_tree
from ctxkit.sources.mcp_live.session import Answer, Session, answer_of
from ctxkit.sources.mcp_live.stdio import stdio_channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from ctxkit.sources.mcp_live.http import HttpChannel
    from ctxkit.sources.mcp_live.launch import Launch
    from ctxkit.sources.mcp_live.stdio import StdioChannel

    Progress = Callable[[int, int, str], None]

AT_ONCE = 4
"""Servers that run at the same time: each is a program that may start others."""

_TICK = 0.2
"""Seconds between two signs of life while servers are slow."""

_RESOURCES = 10.0
"""Seconds for the list of resources, at most: only a few agents look at it, and nothing else is lost without it."""

_INSTALL = "Install the extra: pip install 'agent-ctxkit[mcp]'"


def ask_all(
    launches: Mapping[str, Launch], limits: Limits, progress: Progress | None = None
) -> dict[str, Answer | ServerFailureError]:
    """What each server of ``launches`` (by any key) answers, or why it does not.

    Starts each of them; whatever happens, none of their processes is left when this returns or raises.
    """
    running: dict[int, str] = {}
    try:
        with _ended_by_signal() as task_of:
            return asyncio.run(_ask_all(launches, limits, progress, running, task_of))
    finally:
        # Where a second interrupt broke off what ends them one by one.
        for pid, mark in running.items():
            kill_tree(pid, mark)


async def _ask_all(
    launches: Mapping[str, Launch],
    limits: Limits,
    progress: Progress | None,
    running: dict[int, str],
    task_of: Callable[[asyncio.AbstractEventLoop, asyncio.Task[object] | None], None],
) -> dict[str, Answer | ServerFailureError]:
    task_of(asyncio.get_running_loop(), asyncio.current_task())
    room = asyncio.Semaphore(AT_ONCE)
    found: dict[str, Answer | ServerFailureError] = {}

    def tell() -> None:
        if progress is not None:
            progress(len(found), len(launches), "asking MCP servers")

    async def one(key: str, launch: Launch) -> None:
        async with room:
            found[key] = await _ask(launch, limits, running)
        tell()

    async def tick() -> None:
        while len(found) < len(launches):
            await asyncio.sleep(_TICK)
            tell()

    async with asyncio.TaskGroup() as group:
        for key, launch in launches.items():
            group.create_task(one(key, launch))
        ticking = asyncio.create_task(tick())
    ticking.cancel()
    return {key: found[key] for key in launches}


async def _ask(launch: Launch, limits: Limits, running: dict[int, str]) -> Answer | ServerFailureError:
    try:
        async with _channel(launch, limits, running) as channel:
            return await _talk(channel, launch, limits)
    except ServerFailureError as failure:
        reason = failure.reason
        for value in launch.secrets.values():
            reason = reason.replace(value, MASK)
        return ServerFailureError(reason, failure.hint)


def _channel(
    launch: Launch, limits: Limits, running: dict[int, str]
) -> AbstractAsyncContextManager[StdioChannel | HttpChannel]:
    if launch.transport == "stdio":
        return stdio_channel(launch, limits, running)
    try:
        from ctxkit.sources.mcp_live.http import http_channel
    except ImportError:
        raise ServerFailureError(
            "servers at an address are asked through the MCP SDK, which is not installed", _INSTALL
        ) from None
    return http_channel(launch, limits)


async def _talk(channel: StdioChannel | HttpChannel, launch: Launch, limits: Limits) -> Answer:
    session = Session(channel, launch.client, launch.root, limits)
    try:
        async with asyncio.timeout(limits.start):
            introduced = await session.initialize()
    except TimeoutError:
        raise _too_slow("initialize", limits.start, channel) from None
    try:
        async with asyncio.timeout(limits.list):
            entries, notes = await session.list_tools()
    except TimeoutError:
        raise _too_slow("tools/list", limits.list, channel) from None
    listed = None
    if declared_resources(introduced.get("capabilities")) == "declared":
        with suppress(TimeoutError):
            async with asyncio.timeout(min(limits.list, _RESOURCES)):
                listed = await session.lists_resources()
    if channel.junk:
        lines = "1 line" if channel.junk == 1 else f"{channel.junk:,} lines"
        notes.append(f"it writes {lines} to stdout that are no messages; agents differ in whether they bear that")
    return answer_of(introduced, entries, notes, listed)


def _too_slow(method: str, seconds: float, channel: StdioChannel | HttpChannel) -> ServerFailureError:
    said = channel.said()
    return ServerFailureError(
        f"it does not answer {method} within {seconds:g} s" + (f": {said}" if said else ""),
        "Give it more time with --timeout SECONDS.",
    )


@contextmanager
def _ended_by_signal() -> Iterator[Callable[[asyncio.AbstractEventLoop, asyncio.Task[object] | None], None]]:
    """Lets a signal that would end this process end the servers first, and the process after them.

    Ctrl-C needs nothing: asyncio breaks off its main task for it.
    """
    caught: list[int] = []

    def task_of(loop: asyncio.AbstractEventLoop, task: asyncio.Task[object] | None) -> None:
        def stop(number: int) -> None:
            caught.append(number)
            if task is not None:
                task.cancel()

        if os.name == "posix" and threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) is signal.SIG_DFL:
                    loop.add_signal_handler(number, stop, number)

    try:
        yield task_of
    except asyncio.CancelledError:
        if not caught:
            raise
    finally:
        if caught:
            os.kill(os.getpid(), caught[0])
