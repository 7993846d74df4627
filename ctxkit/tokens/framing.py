"""What a Chat Completions request costs besides its texts, by OpenAI's published rule.

The rule is the one of OpenAI's cookbook (3 tokens a message, 1 a name, 3 to prime the reply) with tools rendered as a
TypeScript namespace, which is how OpenAI's models were found to see them; OpenAI documents neither for its newest
models. The figures stand in ``rules/tokenizers.yaml`` under ``framing``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ctxkit.tokens import engine
from ctxkit.tokens.families import Framing, framing

__all__ = ["Framing", "chat_request_tokens", "framing", "render_tools"]

_CHAT = "gpt-4o"  # the rule is published for this generation, whatever model a request names
_TOOL_CHOICE_NONE = 1
_TOOL_CHOICE_NAMED = 7


def chat_request_tokens(body: Mapping[str, Any], encoding: str = "o200k_base") -> int:
    """Input tokens of a Chat Completions request body, as OpenAI's rule counts them.

    Counts roles, names, string contents, text parts, call arguments and tools; images and audio count nothing.
    Parts of an unknown form are left out.
    """
    frame = framing(_CHAT)

    def count(text: object) -> int:
        return engine.count(text, encoding) if isinstance(text, str) else 0

    messages = [message for message in _list(body.get("messages")) if isinstance(message, Mapping)]
    total = frame.reply
    for message in messages:
        total += frame.per_message + _message_tokens(message, frame, count)
    tools = _list(body.get("tools"))
    if tools:
        total += count(render_tools(tools)) + frame.tools_base
        if any(message.get("role") == "system" for message in messages):
            total += frame.system_with_tools
    choice = body.get("tool_choice")
    if choice == "none":
        total += _TOOL_CHOICE_NONE
    elif isinstance(choice, Mapping):
        total += _TOOL_CHOICE_NAMED + count(_mapping(choice.get("function")).get("name"))
    return total


def render_tools(tools: Sequence[Any]) -> str:
    """The definitions of ``tools`` (Chat Completions form) as the TypeScript text that the model reads."""
    lines = ["namespace functions {", ""]
    for tool in tools:
        function = _mapping(_mapping(tool).get("function"))
        name = function.get("name")
        if not name:
            continue
        if function.get("description"):
            lines.append(f"// {function['description']}")
        parameters = _mapping(function.get("parameters"))
        if _mapping(parameters.get("properties")):
            lines += [f"type {name} = (_: {{", _properties(parameters, 0), "}) => any;", ""]
        else:
            lines += [f"type {name} = () => any;", ""]
    return "\n".join([*lines, "} // namespace functions"])


def _message_tokens(message: Mapping[str, Any], frame: Framing, count: Any) -> int:
    total = 0
    for key, value in message.items():
        if key == "tool_calls":
            total += sum(count(_mapping(_mapping(call).get("function")).get("arguments")) for call in _list(value))
        elif key == "function_call":
            total += count(_mapping(value).get("arguments"))
        elif key == "content" and isinstance(value, list):
            total += sum(count(part if isinstance(part, str) else _mapping(part).get("text")) for part in value)
        else:
            total += count(value)
            if key == "name" and isinstance(value, str):
                total += frame.per_name
    return total


def _properties(schema: Mapping[str, Any], indent: int) -> str:
    required = _list(schema.get("required"))
    lines = []
    for name, value in _mapping(schema.get("properties")).items():
        shape = _mapping(value)
        if shape.get("description"):
            lines.append(f"// {shape['description']}")
        lines.append(f"{name}{'' if name in required else '?'}: {_type(shape, indent)},")
    return "\n".join(" " * indent + line for line in lines)


def _type(shape: Mapping[str, Any], indent: int) -> str:
    kind = shape.get("type")
    choices = _list(shape.get("enum"))
    if kind in ("string", "integer", "number"):
        return " | ".join(f'"{choice}"' for choice in choices) or ("string" if kind == "string" else "number")
    if kind == "array":
        return f"{_type(_mapping(shape.get('items')), indent)}[]" if shape.get("items") else "any[]"
    if kind == "object":
        return f"{{\n{_properties(shape, indent + 2)}\n}}"
    return kind if kind in ("boolean", "null") else "any"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
