"""Agents whose requests were not compared: the provider's own form of a tool, by wire format."""

from __future__ import annotations

from ctxkit.sources.tool_forms.form import Cut, ToolForm, Wired, Written, by_template, known_first
from ctxkit.sources.tool_forms.json_text import javascript
from ctxkit.sources.tool_names import clean_name

_HOW = "the provider's own form; not compared with this agent's requests"


def _messages(one: Wired, cut: Cut) -> Written:
    description, schema = cut(one.tool.description), known_first(one.tool.schema)
    return Written(javascript({"name": one.name, "description": description, "input_schema": schema}))


def _chat(one: Wired, cut: Cut) -> Written:
    function = {"name": one.name, "description": cut(one.tool.description), "parameters": one.tool.schema}
    return Written(javascript({"type": "function", "function": function}))


def _responses(one: Wired, cut: Cut) -> Written:
    function = {
        "type": "function",
        "name": one.name,
        "description": cut(one.tool.description),
        "parameters": one.tool.schema,
        "strict": False,
    }
    return Written(javascript(function))


def _declaration(one: Wired, cut: Cut) -> Written:
    description, schema = cut(one.tool.description), known_first(one.tool.schema)
    return Written(javascript({"name": one.name, "description": description, "parametersJsonSchema": schema}))


def _instructions(_: str, text: str, cut: Cut) -> Written:
    return Written(cut(text))


_NAMES = by_template(clean_name)
BY_WIRE = {
    "messages": ToolForm(_messages, _NAMES, instructions=_instructions, error=0.1, how=_HOW, lab=False),
    "chat": ToolForm(_chat, _NAMES, instructions=_instructions, error=0.1, how=_HOW, lab=False),
    "responses": ToolForm(_responses, _NAMES, instructions=_instructions, error=0.1, how=_HOW, lab=False),
    "responses-lite": ToolForm(_responses, _NAMES, instructions=_instructions, error=0.3, how=_HOW, lab=False),
    "generate-content": ToolForm(_declaration, _NAMES, instructions=_instructions, error=0.1, how=_HOW, lab=False),
}
