"""Qwen Code: Chat Completions with schemas relaxed for small models; deferred tools are listed by name and line.

From the agent's public source (0.24.4), and compared with its requests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from ctxkit.sources.tool_forms.form import Cut, Listed, ToolForm, Wired, Written, known_first
from ctxkit.sources.tool_forms.json_schema import DRAFT, fault
from ctxkit.sources.tool_forms.json_text import JAVASCRIPT_SPACE, javascript
from ctxkit.sources.tool_forms.mcp_sdk import refusal_v2
from ctxkit.sources.tool_names import characters, clean_name, units
from ctxkit.text.pattern import on_demand

_SAFE = on_demand(r"[A-Za-z][A-Za-z0-9_-]*")
_LONGEST_NAME = 63
_FNV_START, _FNV_PRIME = 2166136261, 16777619
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_HASH = 7
# Larger bounds of lengths are left out.
_LARGE = 1999
_SIZES = ("minLength", "maxLength", "minItems", "maxItems")
_LEFT_OUT = ("$schema", "$id", "uniqueItems")
_DATA = ("const", "default", "enum", "example", "examples")
_BY_NAME = (
    "properties", "patternProperties", "$defs", "definitions", "dependencies", "dependentSchemas", "dependentRequired",
)  # fmt: skip
# A schema of nothing else asks for no arguments.
_NO_ARGUMENTS = {
    "$comment", "$schema", "additionalProperties", "deprecated", "description", "examples", "properties", "readOnly",
    "title", "type", "writeOnly",
}  # fmt: skip
# What the agent's validator knows; it does not trust a schema with other keywords.
_KNOWN = _NO_ARGUMENTS | {
    "$ref", "$defs", "definitions", "$id", "$anchor", "enum", "const", "default", "format", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "contentEncoding",
    "contentMediaType", "items", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains", "required",
    "minProperties", "maxProperties", "patternProperties", "propertyNames", "dependencies", "not", "if", "then",
    "else", "anyOf", "oneOf", "allOf", "nullable",
}  # fmt: skip
_KNOWN_2020 = _KNOWN | {
    "prefixItems", "dependentRequired", "dependentSchemas", "minContains", "maxContains", "unevaluatedItems",
    "unevaluatedProperties", "$dynamicRef", "$dynamicAnchor",
}  # fmt: skip


def _name(name: str) -> str:
    """A name that providers would refuse ends in a hash of what it was."""
    if len(units(name)) <= _LONGEST_NAME and _SAFE().fullmatch(name):
        return name
    number = _FNV_START
    for unit in units(name):
        number = ((number ^ ord(unit)) * _FNV_PRIME) % 2**32
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    safe = clean_name(name)
    safe = safe if safe[:1].isalpha() else f"tool_{safe}"
    return f"{safe[: _LONGEST_NAME - _HASH - 1]}_{digits.rjust(_HASH, '0')}"


def _names(template: str, servers: Listed) -> list[list[str]]:
    return [
        [_name(template.replace("{server}", server).replace("{tool}", tool)) for tool in tools]
        for server, tools in servers
    ]


def _text(one: Wired, _: Cut) -> Written:
    schema = known_first(one.tool.schema)
    trusted = "$id" not in schema and not fault(schema) and _understood(schema)
    function: dict[str, object] = {"name": one.name, "description": one.tool.description}
    relaxed = _relaxed(schema, trusted)
    if not (trusted and _asks_nothing(schema) and isinstance(relaxed, dict) and _NO_ARGUMENTS.issuperset(relaxed)):
        function["parameters"] = relaxed
    return Written(javascript({"type": "function", "function": function}))


def _asks_nothing(schema: Mapping[str, object]) -> bool:
    closed = schema.get("additionalProperties")
    if "properties" in schema:
        empty = schema["properties"] == {} and (closed is False or "additionalProperties" not in schema)
    else:
        empty = closed is False
    return empty and _NO_ARGUMENTS.issuperset(schema)


def _relaxed(value: object, trusted: bool) -> object:
    """``value`` with fewer bounds; ``trusted`` schemas are checked by the agent itself and lose more."""
    if isinstance(value, list):
        return [_relaxed(item, trusted) for item in value]
    if not isinstance(value, Mapping):
        return value
    properties = value.get("properties")
    required = value.get("required")
    names = required if isinstance(required, list) else []
    optional = isinstance(properties, Mapping) and any(name not in names for name in properties)
    empty = isinstance(properties, Mapping) and not properties
    type_ = value.get("type")
    object_ = type_ in (None, "object") or (isinstance(type_, list) and "object" in type_)
    undeclared = empty or (object_ and "properties" not in value)
    made: dict[str, object] = {}
    for key, item in value.items():
        if key in _LEFT_OUT or (trusted and key == "properties" and empty):
            continue
        if trusted and key in _SIZES and isinstance(item, int | float) and item >= _LARGE:
            continue
        if key == "additionalProperties" and item is False and (optional or (trusted and undeclared)):
            continue
        if key in _DATA:
            made[key] = item
        elif key in _BY_NAME and isinstance(item, Mapping):
            made[key] = {name: _relaxed(inner, trusted) for name, inner in item.items()}
        else:
            made[key] = _relaxed(item, trusted)
    return made


def _understood(root: Mapping[str, object]) -> bool:
    """Does the agent's validator know every keyword, as far as it comes? Definitions only count once referred to."""
    known = _KNOWN_2020 if root.get("$schema") == DRAFT else _KNOWN
    seen: set[str] = set()
    pending: list[object] = [root]
    while pending:
        schema = pending.pop()
        if not isinstance(schema, Mapping):
            continue
        if not known.issuperset(schema) or ("nullable" in schema and "type" not in schema):
            return False
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            seen.add(reference)
            target = _target(root, reference)
            if target is None:
                return False
            pending.append(target)
        for key, item in schema.items():
            if key in ("properties", "patternProperties", "dependencies", "dependentSchemas"):
                pending += item.values() if isinstance(item, Mapping) else ()
            elif key not in (*_DATA, "$defs", "definitions"):
                pending += item if isinstance(item, list) else [item]
    return True


def _target(root: Mapping[str, object], reference: str) -> object:
    """What ``#/$defs/Name`` refers to; None for nothing."""
    if not reference.startswith("#"):
        return None
    found: object = root
    for step in reference[2:].split("/") if len(reference) > 1 else ():
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found


def _leaves_out(one: Wired) -> str:
    return "" if one.tool.name else "it has no name"


def _listing(one: Wired, longest: int | None) -> Written:
    line = one.tool.description.partition("\n")[0].strip(JAVASCRIPT_SPACE)
    if longest is not None and len(units(line)) > longest:
        line = characters(units(line)[: longest - 3]) + "..."
    return Written(f"- {json.dumps(one.name)}: {javascript(line)}\n")


def _around_listed(server: str, *_: object) -> Written:
    return Written(f"#### {server}\n")


def _instructions(server: str, text: str, _: Cut) -> Written:
    return Written(f"### {server}\n{text}\n\n" if text else "")


FORMS = (
    ToolForm(
        text=_text,
        names=_names,
        refuses=refusal_v2,
        leaves_out=_leaves_out,
        twice="refused",
        around_listed=_around_listed,
        instructions=_instructions,
        listing=_listing,
        instructions_words=32,
        listing_words=84,
        error=0.001,
        how="recorded requests of Qwen Code 0.24.4: equal but for schemas that its validator refuses for rare reasons",
    ),
)
