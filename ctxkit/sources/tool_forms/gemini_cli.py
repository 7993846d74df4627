"""Gemini CLI: function declarations with a JSON Schema, and a parameter of the agent's own in each."""

from __future__ import annotations

from collections.abc import Mapping

from ctxkit.sources.tool_forms.form import NOTHING, Cut, Listed, ToolForm, Wired, Written, known_first
from ctxkit.sources.tool_forms.json_text import javascript
from ctxkit.sources.tool_forms.mcp_sdk import refusal
from ctxkit.sources.tool_names import units
from ctxkit.text.pattern import on_demand

_ODD = on_demand(r"[^A-Za-z0-9_.:-]")
_LONGEST_NAME = 63
_ENDS = 30
# With it the model orders its calls; the sentence that describes it has as many tokens.
_OWN_PARAMETER = {"wait_for_previous": {"type": "boolean", "description": ""}}
_OWN_WORDS = 42
# Lines before and after a server's instructions.
_INSTRUCTIONS_WORDS = 26


def _name(template: str, server: str, tool: str) -> str:
    """The template's prefix is left out where the server's name begins with it."""
    prefix, _, rest = template.partition("{server}")
    name = _ODD().sub("_", units(server + rest.replace("{tool}", tool)))
    name = name if name.startswith(prefix) else prefix + name
    return name if len(name) <= _LONGEST_NAME else f"{name[:_ENDS]}...{name[-_ENDS:]}"


def _names(template: str, servers: Listed) -> list[list[str]]:
    return [[_name(template, server, tool) for tool in tools] for server, tools in servers]


def _nullable(value: object) -> object:
    """``value`` with ``nullable`` wherever a type and null are allowed."""
    if isinstance(value, list):
        return [_nullable(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: _nullable(item) for key, item in value.items()}
    types = found.get("type")
    if isinstance(types, list) and len(types) == 2 and types.count("null") == 1:
        return {**found, "type": next(item for item in types if item != "null"), "nullable": True}
    return found


def _text(one: Wired, _: Cut) -> Written:
    schema = known_first(one.tool.schema)
    properties = schema.get("properties")
    more = {**properties, **_OWN_PARAMETER} if isinstance(properties, Mapping) else _OWN_PARAMETER
    return Written(
        javascript(
            {
                "name": one.name,
                "description": one.tool.description,
                "parametersJsonSchema": _nullable({**schema, "properties": more}),
            }
        ),
        _OWN_WORDS,
    )


def _leaves_out(one: Wired) -> str:
    return "" if one.tool.name else "it has no name"


def _instructions(server: str, text: str, _: Cut) -> Written:
    return Written(f"'{server}'\n{text}\n", _INSTRUCTIONS_WORDS) if text else NOTHING


FORMS = (
    ToolForm(
        text=_text,
        names=_names,
        refuses=refusal,
        leaves_out=_leaves_out,
        twice="last",
        instructions=_instructions,
        error=0.005,
        how="recorded requests of Gemini CLI 0.61.0, but for one sentence of its own",
    ),
)
