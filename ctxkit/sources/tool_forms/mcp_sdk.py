"""What the MCP SDK for JavaScript takes of a server's list of tools; most agents are built on it.

One definition that it does not take costs the server all of them. Seen in runs of nine agents with one broken
definition each (November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctxkit.sources.definitions import ToolDefinition


def refusal(tool: ToolDefinition, output: bool = True) -> str:
    """Why version 1 of the SDK takes no tool of a server that lists this one; empty where it takes them.

    ``output``: the schema of its output is looked at too.
    """
    return _refusal(tool, _strict(tool, output))


def refusal_v2(tool: ToolDefinition) -> str:
    """Why version 2 takes none: it looks neither into the single properties nor into the output's schema."""
    return _refusal(tool, _loose(tool))


def _refusal(tool: ToolDefinition, fault: str) -> str:
    listed = tool.listed
    if not fault and "description" in listed and not isinstance(listed["description"], str):
        fault = "the description is no text"
    for key in ("annotations", "_meta"):
        if not fault and not isinstance(listed.get(key, {}), Mapping):
            fault = f"{key} is no map"
    return f"the agent refuses the server's whole list: in {tool.name!r} {fault}" if fault else ""


def _strict(tool: ToolDefinition, output: bool) -> str:
    fault = _loose(tool) or _open_fault("inputSchema", tool.listed["inputSchema"])
    if not fault and output and "outputSchema" in tool.listed:
        schema = tool.listed["outputSchema"]
        fault = _schema_fault("outputSchema", schema) or _open_fault("outputSchema", schema)
    return fault


def _loose(tool: ToolDefinition) -> str:
    return _schema_fault("inputSchema", tool.listed.get("inputSchema"))


def _schema_fault(key: str, schema: object) -> str:
    if not isinstance(schema, Mapping):
        return f"{key} is no map"
    if schema.get("type") != "object":
        return f"the type of {key} is not 'object'"
    if not isinstance(schema.get("properties", {}), Mapping):
        return f"the properties of {key} are no map"
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(item, str) for item in required):
        return f"what {key} requires is no list of names"
    return ""


def _open_fault(key: str, schema: object) -> str:
    properties = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
    for name, value in properties.items() if isinstance(properties, Mapping) else ():
        if not isinstance(value, Mapping | list):
            return f"the property {name!r} of {key} has no map as its schema"
    return ""
