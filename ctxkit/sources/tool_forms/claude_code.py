"""Claude Code: Anthropic's Messages, behind a filter for characters that show nothing.

Compared tool by tool with requests of 2.1.197 and 2.1.329. In between, combinations at the top of a schema stopped
costing a tool its place: they are flattened now. Which version changed that is not known.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.sources.tool_forms.form import Cut, Schema, ToolForm, Wired, Written, by_template, known_first, name_line
from ctxkit.sources.tool_forms.json_schema import DRAFT, fault
from ctxkit.sources.tool_forms.json_text import javascript
from ctxkit.sources.tool_forms.mcp_sdk import refusal, refusal_v2
from ctxkit.sources.tool_names import clean_name
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from ctxkit.sources.definitions import ToolDefinition

_PROPERTY = on_demand(r"[A-Za-z0-9_.-]{1,64}")
_LONGEST_NAME = 128
# Categories of characters that are taken out: format, private use, unassigned.
_HIDDEN = ("Cf", "Co", "Cn")
_COMBINERS = ("anyOf", "oneOf", "allOf")
# What is left of a schema beside its properties where combinations at its top are flattened.
_KEPT_BESIDE = ("$defs", "definitions", "$schema", "additionalProperties", "description", "title")
# Tokens and characters of the sentence that says what combinations at the top of a schema ask for.
_AROUND_GROUPS = {"oneOf": (10, 58), "anyOf": (11, 59)}
_WITHOUT_GROUPS = {"oneOf": (25, 125), "anyOf": (26, 126), "allOf": (20, 92)}


def visible(value: object) -> object:
    """``value`` as the agent takes it in: texts and keys in the form NFKC, without characters that show nothing."""
    if isinstance(value, str):
        return _visible_text(value)
    if isinstance(value, Mapping):
        return {_visible_text(key): visible(item) for key, item in value.items()}
    if isinstance(value, list):
        return [visible(item) for item in value]
    return value


def _visible_text(text: str) -> str:
    if text.isascii():
        return text
    normal = unicodedata.normalize("NFKC", text)
    return "".join(character for character in normal if unicodedata.category(character) not in _HIDDEN)


def _clean(name: str) -> str:
    return clean_name(_visible_text(name))


def _text(one: Wired, cut: Cut) -> Written:
    description = _visible_text(one.tool.description)
    schema, note = _sent_schema(one.tool)
    if note is None:
        return Written(_message(one.name, cut(description), schema))
    # The agent's sentence counts towards the size of the description; here a filler stands for it.
    filler = "\0" * note.chars
    whole = cut(filler + note.groups + ("\n\n" if description else "") + description)[note.chars :]
    return Written(_message(one.name, whole if note.groups else whole.removeprefix("\n\n"), schema), note.words)


class _Note(NamedTuple):
    """A sentence of the agent's: the groups of parameters it names, tokens and characters of its other words."""

    groups: str
    words: int
    chars: int


def _sent_schema(tool: ToolDefinition) -> tuple[object, _Note | None]:
    schema = visible(known_first(tool.schema))
    if not isinstance(schema, dict) or not any(key in schema for key in _COMBINERS):
        return schema, None
    return _flat(schema)


def _text_before(one: Wired, cut: Cut) -> Written:
    schema = visible(known_first(one.tool.schema))
    return Written(_message(one.name, cut(_visible_text(one.tool.description)), schema))


def _message(name: str, description: str, schema: object) -> str:
    return javascript({"name": name, "description": description, "input_schema": schema})


def _flat(schema: dict[str, object]) -> tuple[dict[str, object], _Note]:
    """The schema without combinations at its top, and what is said of them instead."""
    own = _map(schema.get("properties"))
    properties = dict(own)
    required = _names(schema.get("required"))
    shared: list[str] = []
    groups, combiner = "", "allOf"
    for key in (key for key in _COMBINERS if isinstance(schema.get(key), list)):
        variants = [_resolved(variant, schema) for variant in _list(schema[key])]
        asked = [_names(variant.get("required")) for variant in variants]
        for variant in variants:
            more = {name: item for name, item in _map(variant.get("properties")).items() if name not in own}
            _merge(properties, more, widen=key != "allOf")
        if key == "allOf":
            required += [name for names in asked for name in names]
        else:
            shared += [name for name in (asked[0] if asked else ()) if all(name in names for names in asked)]
            groups, combiner = _groups(variants), key
    flat = {
        "type": "object",
        "properties": properties,
        "required": [name for name in dict.fromkeys(required + shared) if name in properties],
        **{key: schema[key] for key in _KEPT_BESIDE if key in schema},
    }
    flat.setdefault("additionalProperties", True)
    words, chars = (_AROUND_GROUPS if groups else _WITHOUT_GROUPS)[combiner]
    return flat, _Note(groups, words, chars)


def _groups(variants: list[Schema]) -> str:
    """``(a, b) or (c)``: for each variant what it requires, or else its properties."""
    groups = [_names(variant.get("required")) or list(_map(variant.get("properties"))) for variant in variants]
    return " or ".join(dict.fromkeys(f"({', '.join(names)})" for names in groups if names))


def _merge(properties: dict[str, object], more: Mapping[str, object], widen: bool) -> None:
    """Adds properties; of one that is there already in another form, ``widen`` allows both."""
    for name, item in more.items():
        if name not in properties:
            properties[name] = item
        elif widen:
            there = properties[name]
            several = there.get("anyOf") if isinstance(there, dict) and list(there) == ["anyOf"] else None
            forms = several if isinstance(several, list) else [there]
            if javascript(item) not in map(javascript, forms):
                properties[name] = {"anyOf": [*forms, item]}


def _resolved(variant: object, root: Schema) -> Schema:
    """A variant, or what it refers to among the schema's own definitions."""
    if not isinstance(variant, Mapping):
        return {}
    reference = variant.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        found: object = root
        for step in reference[2:].split("/"):
            found = found.get(step) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else variant
    return variant


def _map(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _names(value: object) -> list[str]:
    return [item for item in _list(value) if isinstance(item, str)]


def _leaves_out(one: Wired) -> str:
    schema = _map(_sent_schema(one.tool)[0])
    properties = _map(schema.get("properties"))
    odd = next((key for key in properties if _PROPERTY().fullmatch(key) is None), None)
    if odd is not None:
        return f"the agent leaves it out: the name of the property {odd!r} is not one that providers take"
    if schema.get("$schema", DRAFT) == DRAFT and (key := fault(schema)):
        return f"the agent leaves it out: its schema is not valid JSON Schema 2020-12 ({key})"
    if len(one.name) > _LONGEST_NAME:
        return f"the agent leaves it out: its name is longer than {_LONGEST_NAME} characters"
    return ""


def _leaves_out_before(one: Wired) -> str:
    combiner = next((key for key in _COMBINERS if key in one.tool.schema), None)
    return f"the agent leaves it out: {combiner} at the top of its schema" if combiner else ""


def _instructions(server: str, text: str, cut: Cut) -> Written:
    return Written(f"## {server}\n{cut(_visible_text(text))}\n\n" if text else "")


FORMS = (
    ToolForm(
        before="2.1.329",
        text=_text_before,
        names=by_template(_clean),
        refuses=refusal,
        leaves_out=_leaves_out_before,
        twice="first",
        instructions=_instructions,
        listing=name_line,
        instructions_words=31,
        how="recorded requests of Claude Code 2.1.197",
    ),
    ToolForm(
        text=_text,
        names=by_template(_clean),
        refuses=refusal_v2,
        leaves_out=_leaves_out,
        twice="first",
        instructions=_instructions,
        listing=name_line,
        instructions_words=31,
        how="recorded requests of Claude Code 2.1.329",
    ),
)
