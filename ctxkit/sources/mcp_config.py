"""Which MCP servers an agent would start, as its configuration files say. Nothing is ever started here."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ctxkit.agents.settings import key_holds
from ctxkit.sources.masking import command_line, masked, printable
from ctxkit.sources.tool_filter import ToolFilter, tool_filter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ctxkit.agents.disk import Disk
    from ctxkit.agents.settings import Settings
    from ctxkit.agents.spec import AgentSpec, Mcp
    from ctxkit.sources.mcp_entries import McpEntry

_TRANSPORTS = {
    "stdio": "stdio", "local": "stdio", "sse": "sse", "http": "http", "remote": "http", "streamable-http": "http",
    "streamable_http": "http", "streamablehttp": "http", "http-stream": "http", "ws": "ws", "websocket": "ws",
}  # fmt: skip
_COMMAND_KEYS = ("command", "cmd")
_URL_KEYS = {"httpUrl": "http", "url": "http", "serverUrl": "http", "uri": "http", "endpoint": "http"}
_ENV_KEYS = ("env", "environment", "envs", "env_vars", "env_keys", "env_http_headers", "bearer_token_env_var")
_HEADER_KEYS = ("headers", "http_headers")


@dataclass(frozen=True, slots=True)
class McpServer:
    """One entry of a configuration file.

    ``path`` is the file as reports show it. ``transport``: ``stdio``, ``http``, ``sse``, ``ws``, or what the entry
    calls it. ``command``: its command line or address, secrets masked, references unexpanded. ``env`` and ``headers``
    hold names only. ``starts``: it would start with the session; ``pending``: it would once the user approves. ``why``
    says what decided that. ``always_load``: its tools are never deferred. ``entry`` is what the files say of it,
    secrets included, and ``file`` the absolute path of its file: they are for starting it, never for reports.
    """

    name: str
    scope: str
    path: str
    transport: str
    command: str
    env: tuple[str, ...]
    headers: tuple[str, ...]
    starts: bool
    pending: bool
    why: str
    tools: ToolFilter
    always_load: bool
    confidence: str
    entry: Mapping[str, object] = field(default_factory=dict, repr=False)
    file: str = ""


def servers(spec: AgentSpec, entries: Sequence[McpEntry], settings: Settings, disk: Disk) -> tuple[McpServer, ...]:
    """The servers that ``entries`` are about, in their order, those that do not start included."""
    if spec.mcp is None:
        return ()
    strongest: dict[str, list[McpEntry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.rank, -entry.order)):
        strongest.setdefault(entry.name, []).append(entry)
    return tuple(_server(spec.mcp, entry, strongest[entry.name], settings, disk) for entry in entries)


def _server(mcp: Mcp, entry: McpEntry, same_name: Sequence[McpEntry], settings: Settings, disk: Disk) -> McpServer:
    data = entry.data
    arguments, url = arguments_of(data), address_of(data)
    if entry is same_name[0] and not arguments and not url:
        # Agents that merge their files let a stronger one change a few keys of a server and keep the rest.
        data = {**_weaker(same_name), **data}
        arguments, url = arguments_of(data), address_of(data)
    starts, pending, why = _decision(mcp, entry, data, same_name[0], settings, disk)
    if starts and not arguments and not url and _transport(data) in ("stdio", "http", "sse", "ws"):
        starts, why = False, "its entry names neither a command nor an address"
    return McpServer(
        name=entry.name,
        scope=entry.file.scope,
        path=disk.show(entry.path),
        transport=_transport(data),
        command=command_line(arguments) if arguments else printable(masked(url)) if url else "",
        env=_names(data, _ENV_KEYS),
        headers=_names(data, _HEADER_KEYS),
        starts=starts,
        pending=pending,
        why=why,
        tools=tool_filter(mcp, data, settings),
        always_load=data.get("alwaysLoad") is True,
        confidence=entry.file.confidence.value,
        entry=data,
        file=entry.path,
    )


def _weaker(same_name: Sequence[McpEntry]) -> Mapping[str, object]:
    return next((other.data for other in same_name[1:] if arguments_of(other.data) or address_of(other.data)), {})


def _decision(
    mcp: Mcp, entry: McpEntry, data: Mapping[str, object], strongest: McpEntry, settings: Settings, disk: Disk
) -> tuple[bool, bool, str]:
    """Would it start; would it once approved; and why."""
    if entry is not strongest:
        return False, False, f"hidden by the entry of the same name in {disk.show(strongest.path)}"
    if any(key_holds(test, data) for test in mcp.disabled_if):
        return False, False, "switched off in its entry"
    for key in mcp.refused:
        if any(_matches(rule, entry.name, data) for rule in _rules(settings.get(key))):
            return False, False, f"refused by {_key(key)} in {settings.origin(key)}"
    for key in mcp.allowed_only:
        value = settings.get(key)
        if value is not None and not any(_matches(rule, entry.name, data) for rule in _rules(value)):
            return False, False, f"not among those that {_key(key)} in {settings.origin(key)} allows"
    if not entry.file.approval:
        return True, False, "starts with the session"
    if mcp.approve_all is not None and settings.get(mcp.approve_all) in (True, "true", "trusted"):
        return True, False, f"approved by {_key(mcp.approve_all)} in {settings.origin(mcp.approve_all)}"
    for key in mcp.approved:
        if any(_matches(rule, entry.name, data) for rule in _rules(settings.get(key))):
            return True, False, f"approved by {_key(key)} in {settings.origin(key)}"
    return False, True, "not approved yet: the agent asks before it starts a server that a repository brings"


def _key(key: str) -> str:
    return key.replace("{cwd}", "<directory>").replace("{git_root}", "<repository>").replace("{root}", "<repository>")


def _rules(value: object) -> list[object]:
    """The rules of a setting that names servers: names, or maps that describe one; a map to true names its keys."""
    if isinstance(value, dict):
        return [name for name, on in value.items() if on is True]
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def _matches(rule: object, name: str, data: Mapping[str, object]) -> bool:
    if isinstance(rule, str):
        return rule == name or fnmatchcase(name, rule)
    if not isinstance(rule, dict):
        return False
    wanted = rule.get("serverName", rule.get("name"))
    if isinstance(wanted, str):
        return wanted == name
    if isinstance(rule.get("serverCommand"), list):
        return bool(rule["serverCommand"] == arguments_of(data))
    url = rule.get("serverUrl")
    return isinstance(url, str) and fnmatchcase(address_of(data) or "", url)


def arguments_of(data: Mapping[str, object]) -> list[str]:
    """The command line of a server's entry, as a list; empty where it has none."""
    for key in _COMMAND_KEYS:
        command = data.get(key)
        if isinstance(command, dict):
            return _texts([command.get("path"), *_list(command.get("args"))])
        if isinstance(command, str | list) and command:
            return _texts([*_list(command), *_list(data.get("args"))])
    return []


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _texts(values: Sequence[object]) -> list[str]:
    return [str(value) for value in values if isinstance(value, str | int | float)]


def address_of(data: Mapping[str, object]) -> str | None:
    """The address in a server's entry; None where it has none."""
    return _first(data, tuple(_URL_KEYS))


def _first(data: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    return next((value for key in keys if isinstance(value := data.get(key), str) and value), None)


def _transport(data: Mapping[str, object]) -> str:
    named = _first(data, ("type", "transport"))
    if named is not None:
        return _TRANSPORTS.get(named.lower(), printable(named[:40]))
    if arguments_of(data):
        return "stdio"
    return next((kind for key, kind in _URL_KEYS.items() if data.get(key)), "stdio")


def _names(data: Mapping[str, object], keys: tuple[str, ...]) -> tuple[str, ...]:
    found: list[str] = []
    for key in keys:
        value = data.get(key)
        texts = list(value) if isinstance(value, dict) else _texts(_list(value))
        found.extend(printable(masked(str(text).split("=", 1)[0])) for text in texts)
    return tuple(dict.fromkeys(found))
