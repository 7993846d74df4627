"""The MCP tools of one agent: what is known of them, and which segments of its window they make.

Most repositories and users have no MCP server. So what works one out is imported where a file names one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ctxkit.model import ConfigError
from ctxkit.sources.mcp_entries import mcp_entries
from ctxkit.sources.tool_files import LOCK_NAME, READ_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places
    from ctxkit.agents.settings import Settings
    from ctxkit.agents.spec import AgentSpec
    from ctxkit.model import Segment
    from ctxkit.sources.definitions import ServerDefinition
    from ctxkit.sources.tool_segments import Definitions, Estimate


def read_definitions(disk: Disk, files: Sequence[str] = ()) -> dict[str, ServerDefinition]:
    """Definitions by server: from the lock file at the root (or the git work tree's top), then from ``files``.

    Of these later ones win; see :func:`given_definitions`. A broken lock file is recorded as skipped.
    """
    found: dict[str, ServerDefinition] = {}
    for directory in dict.fromkeys((disk.git_root or disk.root, disk.root)):
        path = os.path.join(directory, LOCK_NAME)
        data = disk.read(path, READ_LIMIT)
        if data is None:
            continue
        from ctxkit.sources.lockfile import parse_lock

        try:
            found.update({server.name: server for server in parse_lock(data, disk.show(path))})
        except ConfigError as error:
            disk.skip(path, error.message.removeprefix(disk.show(path)).lstrip(": "), error.hint)
    return {**found, **given_definitions(disk, files)}


def given_definitions(disk: Disk, files: Sequence[str]) -> dict[str, ServerDefinition]:
    """Definitions by server that the user gives: an entry is a path, or ``NAME=PATH`` to say which server it is about.

    Later ones win. Raises ConfigError for a broken file.
    """
    found: dict[str, ServerDefinition] = {}
    for file in files:
        name, _, path = file.rpartition("=")
        if not name or os.path.exists(file):
            name, path = "", file
        found.update({server.name: server for server in _given(path, name or None, disk)})
    return found


def _given(path: str, server: str | None, disk: Disk) -> list[ServerDefinition]:
    from dataclasses import replace

    from ctxkit.sources.definitions import read_tools_json

    origin = disk.show(os.path.abspath(path))
    return [replace(found, origin=origin) for found in read_tools_json(path, server)]


def collect_tools(
    spec: AgentSpec,
    version: str,
    model: str,
    settings: Settings,
    places: Places,
    disk: Disk,
    definitions: Definitions,
    estimate: Estimate,
    count: Callable[[str], int] | None = None,
    window: int | None = None,
) -> tuple[Segment, ...]:
    """One segment of kind ``mcp-server`` for each server that the agent's files name, its tools as children.

    After them those of kind ``mcp-own``: tools of the agent itself that come with servers.

    ``definitions``: what is known of the tools, by server; without them a server counts nothing and says what to do.
    ``estimate`` turns o200k counts into the model's, ``count`` makes them (default: exact, uncached). ``window`` is the
    model's, in tokens, for agents that defer above a share of it. Nothing is started.
    """
    entries = mcp_entries(spec, version, settings, places, disk)
    if not entries:
        return ()
    from ctxkit.sources.tool_segments import server_segments

    told = {name: definition.told_to(spec.id) for name, definition in definitions.items()}
    return server_segments(
        spec, version, model, entries, settings, places, disk, told, estimate, count, window
    )  # fmt: skip
