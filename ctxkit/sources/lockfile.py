"""``ctxkit-tools.lock``: the tool definitions of a repository's MCP servers, kept so that audits need no server.

The file is JSON, one value a line, servers and tools sorted by name, so that two branches merge and a pull request
shows which tool grew by how many tokens. Definitions stand in it as the servers list them, because clients send
different parts of them. Keys that a reader does not know are left alone: later versions of the format add to it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ctxkit.model import ConfigError
from ctxkit.sources.definitions import ServerDefinition, ToolDefinition, resources_of, tool_definitions
from ctxkit.text import jsonc
from ctxkit.text.config import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SCHEMA = "ctxkit/tools-lock/1"

_AGAIN = "Write it anew with: ctxkit tools --lock."


def render_lock(servers: Iterable[ServerDefinition], count: Callable[[str], int]) -> str:
    """The text of the lock file for ``servers``; of two with one name the later counts, and so of tools.

    ``count`` gives o200k tokens. A tool's ``tokens`` are those of its name, description and schema as compact JSON:
    no client's, but the same on every machine. Raises ConfigError for a definition nested too deep to write.
    """
    locked = {server.name: _server_record(server, count) for server in servers}
    document = {"schema": SCHEMA, "servers": dict(sorted(locked.items()))}
    try:
        return json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
    except RecursionError:
        raise ConfigError("a tool's schema is nested deeper than can be written", "Leave that server out.") from None


def parse_lock(data: bytes, name: str) -> tuple[ServerDefinition, ...]:
    """The servers of a lock file, sorted by name; ``name`` is the file as messages call it.

    Raises ConfigError for anything but a lock file of this version in which every hash is right.
    """
    text = data.decode("utf-8", errors="replace")
    try:
        document = jsonc.parse(text)
    except jsonc.JsoncError as error:
        conflict = "\n<<<<<<< " in f"\n{text}"
        hint = f"Resolve the merge conflict in it, or take either side. {_AGAIN}" if conflict else _AGAIN
        raise ConfigError(f"{name} is not valid JSON: {error.message}", hint) from None
    root = _map(document, f"{name} holds")
    schema = root.get("schema")
    if schema != SCHEMA:
        newer = isinstance(schema, str) and schema.startswith(SCHEMA.rsplit("/", 1)[0])
        hint = "Update ctxkit: a newer version wrote it." if newer else _AGAIN
        raise ConfigError(f"{name} has the schema {schema!r} where {SCHEMA!r} is expected", hint)
    servers = _map(root.get("servers"), f"{name}: servers is")
    try:
        return tuple(_server(key, _map(servers[key], f"{name}: {key} is"), name) for key in sorted(servers))
    except RecursionError:
        raise ConfigError(f"{name}: values are nested deeper than can be read", _AGAIN) from None


def _server_record(server: ServerDefinition, count: Callable[[str], int]) -> dict[str, object]:
    record: dict[str, object] = {}
    if server.client or server.capabilities:
        record["fetched_with"] = {"capabilities": sorted(server.capabilities), "client": server.client}
    if server.instructions:
        record["instructions"] = server.instructions
    if server.resources != "unknown":
        record["resources"] = server.resources
    tools = {tool.name: tool for tool in server.tools}
    record["tools"] = {
        name: {"tokens": count(tool.reference_text), "hash": tool.hash, "definition": tool.listed}
        for name, tool in sorted(tools.items())
    }
    if server.untold:
        record["untold"] = {agent: sorted(names) for agent, names in sorted(server.untold.items()) if names}
    record["version"] = server.version
    return record


def _server(key: str, record: Mapping[str, object], name: str) -> ServerDefinition:
    fetched = record.get("fetched_with")
    fetched = fetched if isinstance(fetched, dict) else {}
    capabilities = fetched.get("capabilities")
    tools = _map(record.get("tools"), f"{name}: the tools of {key} are")
    return ServerDefinition(
        name=key,
        tools=tuple(
            _tool(tool, _map(tools[tool], f"{name}: {key} / {tool} is"), f"{name}: {key}") for tool in sorted(tools)
        ),
        version=_text(record.get("version")),
        instructions=_text(record.get("instructions")),
        client=_text(fetched.get("client")),
        capabilities=tuple(c for c in capabilities if isinstance(c, str)) if isinstance(capabilities, list) else (),
        origin=name,
        untold=_untold(record.get("untold")),
        resources=resources_of(record.get("resources")),
    )


def _untold(value: object) -> dict[str, tuple[str, ...]]:
    pairs = value.items() if isinstance(value, dict) else ()
    return {agent: tuple(n for n in names if isinstance(n, str)) for agent, names in pairs if isinstance(names, list)}


def _tool(key: str, record: Mapping[str, object], where: str) -> ToolDefinition:
    tool = tool_definitions([record.get("definition")], where)[0]
    if tool.name != key:
        raise ConfigError(f"{where} / {key} defines a tool called {tool.name!r}", _AGAIN)
    if record.get("hash") != tool.hash:
        raise ConfigError(
            f"{where} / {key} does not have the hash that stands beside it", f"Somebody edited it. {_AGAIN}"
        )
    return tool


def _map(value: object, subject: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ConfigError(f"{subject} {kind_of(value)} where a map is expected", _AGAIN)
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
