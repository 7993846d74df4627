"""gptme with the tool format ``tool``: of each parameter its type and description, and nothing below it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ctxkit.sources.tool_forms.form import Cut, Listed, ToolForm, Wired, Written
from ctxkit.sources.tool_forms.json_text import python
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from ctxkit.sources.definitions import ToolDefinition

_ODD = on_demand(r"[^a-zA-Z0-9_-]")
_STEM = 48
_HASH = 12


def _name(name: str) -> str:
    """Every name has a point in it, which providers refuse: all end in a hash."""
    digest = hashlib.sha256(f"{name}:0".encode("utf-8", "replace")).hexdigest()[:_HASH]
    return f"{_ODD().sub('_', name)[:_STEM]}_{digest}"


def _names(template: str, servers: Listed) -> list[list[str]]:
    return [
        [_name(template.replace("{server}", server).replace("{tool}", tool)) for tool in tools]
        for server, tools in servers
    ]


def _text(one: Wired, cut: Cut) -> Written:
    schema = one.tool.schema
    properties = schema.get("properties")
    required = schema.get("required", [])
    names = required if isinstance(required, list | str) else []
    taken = properties if isinstance(properties, Mapping) else {}
    asked = [name for name in taken if name in names]
    parameters = {
        "type": "object",
        "properties": {name: _parameter(value) for name, value in taken.items()},
        "required": asked,
        "additionalProperties": False,
    }
    description = one.tool.listed.get("description")
    function: dict[str, object] = {
        "name": one.name,
        "description": cut(f"[{one.server}] {description}"),
        "parameters": parameters,
    }
    if len(asked) == len(taken):
        function["strict"] = True
    return Written(python({"type": "function", "function": function}))


def _parameter(schema: object) -> dict[str, object]:
    told = schema if isinstance(schema, Mapping) else {}
    return {"type": told.get("type", "string"), "description": told.get("description", "")}


def _refuses(tool: ToolDefinition) -> str:
    listed, schema = tool.listed, tool.listed.get("inputSchema")
    fault = ""
    if not isinstance(schema, Mapping):
        fault = "inputSchema is no map"
    elif "properties" in schema and not isinstance(schema["properties"], Mapping):
        fault = "the properties are no map"
    elif "properties" in schema and not isinstance(schema.get("required", []), list | str):
        fault = "what is required is no list"
    elif not isinstance(listed.get("description") or "", str):
        fault = "the description is no text"
    elif not isinstance(listed.get("annotations") or {}, Mapping):
        fault = "annotations is no map"
    return f"the agent refuses the server's whole list: in {tool.name!r} {fault}" if fault else ""


FORMS = (
    ToolForm(
        text=_text,
        names=_names,
        refuses=_refuses,
        twice="first",
        error=0.02,
        how="recorded requests of gptme 0.35.1 with --tool-format tool and gpt-4o",
    ),
)
