"""Cline: Chat Completions without the schema's ``$schema``; it checks nothing of what a server lists."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ctxkit.sources.tool_forms.form import Cut, ToolForm, Wired, Written, by_template
from ctxkit.sources.tool_forms.json_text import JAVASCRIPT_SPACE, javascript
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from ctxkit.sources.definitions import ToolDefinition

_ODD = on_demand(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME = 64
_HASH = 8
# A tool without a description gets a sentence with its name and its server's.
_OWN_WORDS = 5


def _name(name: str) -> str:
    """A name that had to be changed ends in a hash of what it was."""
    cleaned = _ODD().sub("_", name)
    if cleaned == name and len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha1(name.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:_HASH]
    return f"{cleaned[: _LONGEST_NAME - _HASH - 1]}_{digest}"


def _text(one: Wired, _: Cut) -> Written:
    description = one.tool.description.strip(JAVASCRIPT_SPACE)
    words = 0 if description else _OWN_WORDS
    schema = {key: value for key, value in one.tool.schema.items() if key != "$schema"}
    parameters = schema if "type" in schema else {"type": "object", **schema}
    function = {
        "name": one.name,
        "description": description or f'"{one.tool.name}" "{one.server}"',
        "parameters": parameters,
    }
    return Written(javascript({"type": "function", "function": function}), words)


def _refuses(tool: ToolDefinition) -> str:
    description = tool.listed.get("description")
    if description is not None and not isinstance(description, str):
        return f"the agent refuses the server's whole list: the description of {tool.name!r} is no text"
    return ""


def _leaves_out(one: Wired) -> str:
    return "" if isinstance(one.tool.listed.get("inputSchema"), Mapping) else "it has no schema for its input"


FORMS = (
    ToolForm(
        text=_text,
        names=by_template(str, _name),
        refuses=_refuses,
        leaves_out=_leaves_out,
        twice="last",
        how="recorded requests of Cline 3.0.65",
    ),
)
