"""The entries that an agent's configuration files hold about MCP servers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from ctxkit.agents.settings import expand_key, files_at, read_config
from ctxkit.agents.version import applies
from ctxkit.sources.masking import printable
from ctxkit.text.config import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places
    from ctxkit.agents.settings import Settings
    from ctxkit.agents.spec import AgentSpec, Mcp, McpFile

_MEND = "Correct it; the agent does not start such a server either."


class McpEntry(Struct, frozen=True):
    """``file`` names the server ``name``. Of several entries the lowest ``rank`` counts, then the highest ``order``."""

    file: McpFile
    path: str
    name: str
    data: Mapping[str, object]
    rank: int
    order: int


def mcp_entries(spec: AgentSpec, version: str, settings: Settings, places: Places, disk: Disk) -> list[McpEntry]:
    """Every entry about a server, in the order of the agent's files, and as the files have them.

    Broken files and entries are recorded with ``disk.skip``.
    """
    return list(_entries(spec.mcp, version, settings, places, disk)) if spec.mcp is not None else []


def _entries(mcp: Mcp, version: str, settings: Settings, places: Places, disk: Disk) -> Iterator[McpEntry]:
    ranks = {scope: rank for rank, scope in enumerate(mcp.precedence)}
    seen = set()
    order = 0
    for file in mcp.files:
        if not applies(file, version):
            continue
        for path in _paths(file.path, settings.names, places, disk):
            keys = tuple(expand_key(key, settings.names) for key in file.servers)
            if (path, keys) in seen:
                continue
            seen.add((path, keys))
            data = settings.document(path) or read_config(disk, path, file.format)
            for name, entry in _named(file, keys, data or {}, path, disk):
                order += 1
                yield McpEntry(file, path, name, entry, ranks.get(file.scope, len(ranks)), order)


def _paths(template: str, names: Mapping[str, str], places: Places, disk: Disk) -> list[str]:
    """The files that a path of the data files stands for.

    ``{ancestor}`` is the cwd and every directory above it, outermost first.
    """
    if "{ancestor}" not in template:
        return files_at(template, names, disk)
    chain = reversed(places.ancestors(places.cwd, "fs-root"))
    return [path for up in chain for path in files_at(template, {**names, "ancestor": up}, disk)]


def _named(
    file: McpFile, keys: Sequence[str], data: Mapping[str, object], path: str, disk: Disk
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The server entries of one file by name."""
    value: object = data
    for key in keys:
        if not isinstance(value, Mapping):
            disk.skip(path, f"{' / '.join(keys)} leads to {kind_of(value)} where a map is expected", _MEND)
            return
        value = value.get(key, value.get(key.replace("\\", "/")))
        if value is None:
            return
    pairs: list[tuple[object, object]]
    if file.shape == "map" and isinstance(value, Mapping):
        pairs = list(value.items())
    elif file.shape == "list" and isinstance(value, list):
        pairs = [(item.get("name") if isinstance(item, dict) else None, item) for item in value]
    else:
        disk.skip(path, f"{keys[-1]} is {kind_of(value)} where a {file.shape} of servers is expected", _MEND)
        return
    for name, entry in pairs:
        if not isinstance(name, str) or not name:
            disk.skip(path, f"a server in {keys[-1]} has no name", _MEND)
        elif not isinstance(entry, dict):
            disk.skip(path, f"the server {printable(name)} is {kind_of(entry)} where a map is expected", _MEND)
        else:
            yield name, entry
