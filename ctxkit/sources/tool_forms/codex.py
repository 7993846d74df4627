"""Codex: OpenAI's Responses, one namespace for each server; for newer models only the namespaces' names."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ctxkit.sources.tool_forms.codex_schema import UnfitError, parameters
from ctxkit.sources.tool_forms.form import Cut, Listed, ToolForm, Wired, Written
from ctxkit.sources.tool_forms.json_text import rust
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from ctxkit.sources.definitions import ToolDefinition

_ODD = on_demand(r"[^A-Za-z0-9_]")
_SERVER = on_demand(r"[A-Za-z0-9_@./:-]+")
_PREFIX = "mcp__"
_HASH = 12
# Namespace and tool together, and two characters kept free between them.
_LONGEST_NAME = 128 - 2
# A server without instructions gets a sentence with the namespace's name.
_OWN_WORDS = 4


def _clean(name: str) -> str:
    return _ODD().sub("_", name) or "_"


def _hashed(identity: str) -> str:
    return "_" + hashlib.sha1(identity.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:_HASH]


def namespaces(servers: list[str]) -> dict[str, str]:
    """The namespace of each server; those that would be one get a hash of the server's own name."""
    names = {server: _prefixed(_clean(server)) for server in servers}
    times = Counter(names.values())
    return {
        server: name + (_hashed(_identity(server)) if times[name] > 1 else "") for server, name in names.items()
    }  # fmt: skip


def _identity(server: str) -> str:
    return f"{server}\0{server}\0"


def _prefixed(name: str) -> str:
    return name if name.startswith(_PREFIX) else _PREFIX + name


def _names(_: str, servers: Listed) -> list[list[str]]:
    spaces = namespaces([server for server, _ in servers])
    return [_tool_names(server, spaces[server], list(tools)) for server, tools in servers]


def _tool_names(server: str, namespace: str, tools: list[str]) -> list[str]:
    """``namespace.tool`` for each tool; names that would be one, or are too long, get a hash."""
    times = Counter(_clean(tool) for tool in dict.fromkeys(tools))
    longest = _LONGEST_NAME - len(namespace)
    names = []
    for tool in tools:
        name, end = _clean(tool), _hashed(f"{_identity(server)}\0{tool}\0{tool}")
        name += end if times[name] > 1 else ""
        if len(name) > longest:
            name = name[: max(0, longest - len(end))] + end
        names.append(f"{namespace}.{name}")
    return names


def _text(one: Wired, _: Cut) -> Written:
    try:
        schema = parameters(one.tool.schema)
    except UnfitError:
        schema = {}
    function = {
        "type": "function",
        "name": one.name.partition(".")[2],
        "description": one.tool.description,
        "strict": False,
        "parameters": schema,
    }
    return Written(rust(function))


def _refuses(tool: ToolDefinition) -> str:
    listed = tool.listed
    for key, kind, name in (("description", str, "text"), ("annotations", Mapping, "map"), ("_meta", Mapping, "map")):
        if listed.get(key) is not None and not isinstance(listed[key], kind):
            return f"the agent refuses the server's whole list: in {tool.name!r} {key} is no {name}"
    if not isinstance(listed.get("inputSchema"), Mapping):
        return f"the agent refuses the server's whole list: in {tool.name!r} inputSchema is no map"
    return ""


def _refuses_name(server: str) -> str:
    return "" if _SERVER().fullmatch(server) else "the agent does not start a server with such a name"


def _leaves_out(one: Wired) -> str:
    try:
        parameters(one.tool.schema)
    except UnfitError as error:
        return f"the agent leaves it out: it cannot read {error} in its schema"
    return ""


def _around(namespace: str, instructions: str) -> Written:
    own = instructions.strip()
    return Written(
        rust({"type": "namespace", "name": namespace, "description": own or namespace, "tools": []}),
        0 if own else _OWN_WORDS,
    )


def _around_listed(namespace: str, instructions: str, longest: int | None) -> Written:
    first = next(iter(instructions.strip().splitlines()), "").rstrip()
    line = first if longest is None or len(first) <= longest else f"{first[: longest - 3]}..."
    return Written(f"- {namespace}: {line}\n" if line else f"- {namespace}\n")


FORMS = (
    ToolForm(
        text=_text,
        names=_names,
        refuses=_refuses,
        refuses_name=_refuses_name,
        leaves_out=_leaves_out,
        twice="first",
        around=_around,
        around_listed=_around_listed,
        listing_words=10,
        how="recorded requests of Codex 0.169.0",
    ),
)
