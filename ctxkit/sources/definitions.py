"""Tool definitions as MCP servers list them, and the JSON files in which people keep them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

from ctxkit.model import ConfigError
from ctxkit.sources.tool_files import READ_LIMIT
from ctxkit.text import jsonc
from ctxkit.text.config import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

Resources = Literal["unknown", "none", "empty", "declared", "listed"]
"""Whether a server offers resources: ``declared`` as a capability, and of those ``empty`` or ``listed`` where its list
was asked for."""

# No tool nests its schema deeper; what walks through schemas relies on it.
_DEPTH = 100


@dataclass(frozen=True)
class ToolDefinition:
    """One tool as its server lists it; ``listed`` is the whole object, its keys in their order."""

    name: str
    listed: Mapping[str, object]

    @property
    def description(self) -> str:
        """The description for the model; empty where there is none."""
        text = self.listed.get("description")
        return text if isinstance(text, str) else ""

    @property
    def schema(self) -> Mapping[str, object]:
        """The JSON Schema of the arguments; an object without properties where there is none."""
        found = self.listed.get("inputSchema", self.listed.get("input_schema"))
        return found if isinstance(found, Mapping) else {"type": "object", "properties": {}}

    @property
    def always_load(self) -> bool:
        """The server asks Claude Code to keep this tool in the window (``_meta``)."""
        meta = self.listed.get("_meta")
        return isinstance(meta, Mapping) and meta.get("anthropic/alwaysLoad") is True

    @cached_property
    def hash(self) -> str:
        """``sha256:`` and the digest of the definition as JSON with sorted keys, so their order does not count."""
        text = json.dumps(self.listed, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"

    @cached_property
    def reference_text(self) -> str:
        """What tokens are counted of where no client is meant: name, description and schema, as compact JSON."""
        return compact({"name": self.name, "description": self.description, "input_schema": self.schema})


@dataclass(frozen=True, slots=True)
class ServerDefinition:
    """What one server told: ``tools`` in its order, ``instructions`` for the model (empty where it has none).

    ``origin`` is the file it was read from, as reports show it. ``client`` and ``capabilities`` say who asked: what a
    server lists depends on them. ``untold``: by agent id, the names of tools that it does not list to that agent.
    ``resources``: what it said of them; some agents add tools of their own for these.
    """

    name: str
    tools: tuple[ToolDefinition, ...]
    version: str = ""
    instructions: str = ""
    client: str = ""
    capabilities: tuple[str, ...] = ()
    origin: str = ""
    untold: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resources: Resources = "unknown"

    def told_to(self, agent: str) -> ServerDefinition:
        """What the server tells the agent of this id."""
        hidden = self.untold.get(agent)
        if not hidden:
            return self
        return replace(self, tools=tuple(tool for tool in self.tools if tool.name not in hidden))


def declared_resources(capabilities: object) -> Resources:
    """What the capabilities in a server's answer to ``initialize`` say of resources."""
    if not isinstance(capabilities, Mapping):
        return "unknown"
    return "declared" if isinstance(capabilities.get("resources"), Mapping) else "none"


def resources_of(value: object) -> Resources:
    """The value of that name, ``unknown`` for anything else."""
    return next((known for known in get_args(Resources) if known == value), "unknown")


def compact(value: object) -> str:
    """``value`` as JSON without blanks, as clients send it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def parse_tools_json(data: bytes, name: str, server: str | None = None) -> tuple[ServerDefinition, ...]:
    """The servers whose definitions ``data`` holds.

    Taken are: the answer to ``tools/list`` (``{"tools": […]}``, also inside ``{"result": …}``), a bare list of tools,
    such an answer with the server's name, version and capabilities beside it, and maps of these by server. ``name`` is
    the file as messages call it; ``server`` names the server where the JSON does not (default: the file's stem).
    Raises ConfigError, which says what was found instead.
    """
    try:
        value = jsonc.parse(data.decode("utf-8", errors="replace"))
    except ConfigError as error:
        raise ConfigError(f"{name} is not valid JSON: {error.message}", _HINT) from None
    try:
        return tuple(_servers(value, name, server or _stem(name), server is not None))
    except RecursionError:
        raise ConfigError(f"{name}: values are nested deeper than can be read", _HINT) from None


_HINT = 'Give the answer of the server to tools/list: {"tools": [{"name": …, "description": …, "inputSchema": …}]}.'


def read_tools_json(path: str, server: str | None = None) -> tuple[ServerDefinition, ...]:
    """The servers whose definitions the JSON file ``path`` holds; see :func:`parse_tools_json`."""
    try:
        if not os.path.isfile(path):
            raise ConfigError(f"{path} is not a file", "Name a JSON file with tool definitions.")
        if os.path.getsize(path) > READ_LIMIT:
            raise ConfigError(f"{path} is larger than {READ_LIMIT:,} bytes", "Split it by server.")
        with open(path, "rb") as file:
            data = file.read(READ_LIMIT + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", "Make it readable.") from None
    return parse_tools_json(data, path, server)


def tool_definitions(items: Iterable[object], where: str) -> tuple[ToolDefinition, ...]:
    """The tools of one list.

    Raises ConfigError where one is no map, has no name, or holds a number that JSON has no word for.
    """
    tools = []
    for index, item in enumerate(items, 1):
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(name, str) or not name:
            found = "has no name" if isinstance(item, dict) else f"is {kind_of(item)}"
            raise ConfigError(f"{where}: tool {index} {found}", _HINT)
        tool = ToolDefinition(name, item)
        try:
            _ = tool.hash
        except ValueError:
            raise ConfigError(f"{where}: tool {name!r} holds a number out of range", _HINT) from None
        if _depth(item) > _DEPTH:
            raise ConfigError(f"{where}: tool {name!r} is nested more than {_DEPTH} deep", _HINT)
        tools.append(tool)
    return tuple(tools)


def _depth(value: object) -> int:
    """How deep maps and lists are nested, counted level by level, at most one more than is allowed."""
    depth, level = 0, [value]
    while depth <= _DEPTH:
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            break
        depth += 1
    return depth


def _servers(value: object, name: str, server: str, named: bool) -> list[ServerDefinition]:
    if isinstance(value, list):
        return [ServerDefinition(server, tool_definitions(value, name), origin=name)]
    if not isinstance(value, dict):
        raise ConfigError(f"{name} holds {kind_of(value)}", _HINT)
    answer = value.get("result") if isinstance(value.get("result"), dict) else value
    if isinstance(answer, dict) and isinstance(answer.get("tools"), list):
        return [_server({**value, **answer}, name, server, named)]
    found = []
    for key, item in value.items():
        if isinstance(item, dict) and isinstance(item.get("result"), dict):
            item = {**item, **item["result"]}
        if isinstance(item, list):
            item = {"tools": item}
        if not isinstance(item, dict) or not isinstance(item.get("tools"), list):
            raise ConfigError(f"{name}: there is no list of tools in it (at {key!r} is {kind_of(item)})", _HINT)
        found.append(_server({**item, "server": key}, name, key, False))
    if not found:
        raise ConfigError(f"{name}: there is no list of tools in it", _HINT)
    return found


def _server(value: dict[str, object], name: str, server: str, named: bool) -> ServerDefinition:
    info = value.get("serverInfo")
    version = (
        value.get("package_version") or value.get("version") or (info.get("version") if isinstance(info, dict) else "")
    )
    own = value.get("server")
    instructions = value.get("instructions")
    tools = value["tools"]
    return ServerDefinition(
        name=own if isinstance(own, str) and own and not named else server,
        tools=tool_definitions(tools if isinstance(tools, list) else [], f"{name}, server {own or server}"),
        version=version if isinstance(version, str) else "",
        instructions=instructions if isinstance(instructions, str) else "",
        origin=name,
        resources=declared_resources(value.get("capabilities")),
    )


def _stem(name: str) -> str:
    return os.path.splitext(os.path.basename(name))[0] or name
