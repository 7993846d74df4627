"""What a tool definition costs in one agent's requests: the JSON that the agent makes of it.

Every agent sends the same definition in a form of its own, and the sizes differ by a factor of two. The forms below
were compared with recorded requests of the agents, tool by tool, with the reference server of the MCP project
(server-everything 2026.8.31): where a form's ``error`` is 0, the text that is counted is the text sent, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctxkit.sources.definitions import ServerDefinition, ToolDefinition, compact
from ctxkit.sources.tool_filter import clean_name

if TYPE_CHECKING:
    from ctxkit.agents.spec import AgentSpec, Limit

Schema = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class WireForm:
    """How one agent writes a tool: ``wrap`` makes the JSON of (name, description, schema).

    ``extra``: o200k tokens the agent adds to each tool in words of its own. ``error``: how far the count may be from
    the recorded one, relative. ``how`` says what it was compared with.
    """

    wrap: Callable[[str, str, Schema], object]
    extra: int = 0
    error: float = 0.0
    how: str = ""
    namespaced: bool = False


def messages(name: str, description: str, schema: Schema) -> object:
    """Anthropic Messages, through the MCP SDK for JavaScript."""
    return {"name": name, "description": description, "input_schema": _known_first(schema)}


def chat(name: str, description: str, schema: Schema) -> object:
    """OpenAI Chat Completions."""
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


def chat_closed(name: str, description: str, schema: Schema) -> object:
    """Chat Completions; the schema is closed to further properties (opencode, Kilo)."""
    return chat(name, description, {**_known_first(schema), "additionalProperties": False})


def chat_bare(name: str, description: str, schema: Schema) -> object:
    """Chat Completions without the schema's ``$schema`` (Cline)."""
    return chat(name, description, _known_first(_bare(schema)))


def chat_sorted(name: str, description: str, schema: Schema) -> object:
    """Chat Completions with sorted keys (Copilot CLI)."""
    return chat(name, description, {key: _sorted(schema[key]) for key in sorted(schema)})


def responses_bare(name: str, description: str, schema: Schema) -> object:
    """OpenAI Responses without the schema's ``$schema`` (Continue)."""
    parameters = _bare(schema)
    order = {key: parameters[key] for key in ("type", "required", "properties") if key in parameters}
    return {
        "type": "function",
        "name": name,
        "description": description,
        "parameters": {**order, **parameters},
        "strict": None,
    }


def responses_subset(name: str, description: str, schema: Schema) -> object:
    """OpenAI Responses with the schema cut down to the keywords that Codex knows."""
    return {
        "type": "function", "name": name, "description": description, "strict": False, "parameters": _subset(schema),
    }  # fmt: skip


def declaration(name: str, description: str, schema: Schema) -> object:
    """Gemini's function declaration with a JSON Schema."""
    return {"name": name, "description": description, "parametersJsonSchema": _known_first(schema)}


_EVERYTHING = "recorded request with server-everything"
_FORMS = {
    "claude-code": WireForm(messages, 0, 0.0, f"{_EVERYTHING}, Claude Code 2.1.197"),
    "cline": WireForm(chat_bare, 0, 0.0, f"{_EVERYTHING}, Cline 3.0.65"),
    "codex": WireForm(responses_subset, 0, 0.05, f"{_EVERYTHING}, Codex 0.169.0 (sum of the namespace)", True),
    "continue": WireForm(responses_bare, 0, 0.02, f"{_EVERYTHING}, Continue's command line 1.5.47"),
    "continue-cli": WireForm(responses_bare, 0, 0.0, f"{_EVERYTHING}, Continue 1.5.47"),
    "copilot-cli": WireForm(chat_sorted, 0, 0.01, f"{_EVERYTHING}, Copilot CLI 1.0.102"),
    # Gemini CLI gives every tool one more parameter, with which the model orders its calls.
    "gemini-cli": WireForm(declaration, 54, 0.02, f"{_EVERYTHING}, Gemini CLI 0.61.0"),
    "kilo": WireForm(chat_closed, 0, 0.0, f"{_EVERYTHING}, Kilo 7.7.7"),
    "opencode": WireForm(chat_closed, 0, 0.0, f"{_EVERYTHING}, opencode 1.18.33"),
}
_BY_WIRE = {
    "messages": WireForm(messages, 0, 0.1, "the provider's own form; not compared with this agent's requests"),
    "chat": WireForm(chat, 0, 0.1, "the provider's own form; not compared with this agent's requests"),
    "responses": WireForm(responses_bare, 0, 0.1, "the provider's own form; not compared with this agent's requests"),
    "responses-lite": WireForm(
        responses_bare, 0, 0.3, "taken for the plain Responses form; the agent writes TypeScript"
    ),
    "generate-content": WireForm(
        declaration, 0, 0.1, "the provider's own form; not compared with this agent's requests"
    ),
}


def wire_form(spec: AgentSpec) -> WireForm:
    """How the agent writes a tool: its own form where that is known, else that of the first wire format it speaks."""
    wire = spec.gateway.wire[0] if spec.gateway.wire else "chat"
    return _FORMS.get(spec.id) or _BY_WIRE[wire]


def tool_name(spec: AgentSpec, server: str, tool: str) -> str:
    """The name under which the model sees a tool; in a namespace the tool's own."""
    template = spec.mcp.tool_name if spec.mcp is not None else "{tool}"
    return template.replace("{server}", clean_name(server)).replace("{tool}", clean_name(tool))


def tool_text(spec: AgentSpec, server: str, tool: ToolDefinition) -> str:
    """The JSON of one tool as the agent sends it, without blanks."""
    form = wire_form(spec)
    name = clean_name(tool.name) if form.namespaced else tool_name(spec, server, tool.name)
    limit = spec.mcp.description_limit if spec.mcp is not None else None
    return compact(form.wrap(name, limited(tool.description, limit), tool.schema))


def namespace_text(spec: AgentSpec, server: str, instructions: str) -> str:
    """What stands around the tools of one server; empty where the agent lists tools one by one.

    Codex describes the namespace with the server's instructions.
    """
    if not wire_form(spec).namespaced:
        return ""
    name = tool_name(spec, server, "").rstrip("_")
    return compact({"type": "namespace", "name": name, "description": instructions or f"Tools of {name}.", "tools": []})


def listing_text(spec: AgentSpec, server: str, tool: ToolDefinition, listed: str, chars: int | None) -> str:
    """What stands in the window of a tool whose definition is deferred: its name, with or without a description."""
    name = tool_name(spec, server, tool.name)
    if listed == "names+description":
        return f"{name}: {' '.join(tool.description.split())[: chars or None]}\n"
    return f"{name}\n" if listed == "names" else ""


def limited(text: str, limit: Limit | None) -> str:
    """``text`` as far as ``limit`` (in bytes or characters) lets it through; other units do not cut."""
    if limit is None or limit.overflow != "truncate":
        return text
    if limit.unit == "bytes":
        return text.encode("utf-8", "replace")[: int(limit.n)].decode("utf-8", "ignore")
    return text[: int(limit.n)] if limit.unit == "chars" else text


def instructions_text(spec: AgentSpec, definition: ServerDefinition) -> str:
    """The server's instructions as far as the agent puts them into the window by themselves."""
    if spec.mcp is None or not spec.mcp.instructions or wire_form(spec).namespaced:
        return ""
    return limited(definition.instructions, spec.mcp.description_limit)


def _known_first(schema: Schema) -> dict[str, object]:
    """The schema as the MCP SDK for JavaScript hands it on: the keys it checks come first."""
    first = {key: schema[key] for key in ("type", "properties", "required") if key in schema}
    return {**first, **schema}


def _bare(schema: Schema) -> dict[str, object]:
    return {key: value for key, value in schema.items() if key != "$schema"}


def _sorted(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_sorted(item) for item in value]
    return value


_SUBSET = ("type", "description", "enum", "items", "properties", "required", "additionalProperties", "anyOf")


def _subset(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    kept: dict[str, object] = {}
    for key in _SUBSET:
        if key not in value:
            continue
        item = value[key]
        if key == "properties" and isinstance(item, Mapping):
            item = {name: _subset(inner) for name, inner in item.items()}
        elif key == "anyOf" and isinstance(item, list):
            item = [_subset(inner) for inner in item]
        elif key in ("items", "additionalProperties"):
            item = _subset(item)
        kept[key] = item
    return kept
