"""The part of JSON Schema that Codex sends: what it keeps, what it fills in, and what it gives up when that is long.

From openai/codex (codex-rs/tools/src/json_schema.rs, spring to autumn 2026), and compared with requests of 0.169.0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ctxkit.sources.tool_forms.json_text import rust

if TYPE_CHECKING:
    from ctxkit.sources.tool_forms.form import Schema

# Longer schemas lose their descriptions, then more; bytes of their JSON.
_LONGEST = 5000
_DEEPEST = 3
_TYPES = ("string", "number", "boolean", "integer", "object", "array", "null")
_TABLES = ("$defs", "definitions")
_COMBINERS = ("anyOf", "oneOf", "allOf")
_CHILDREN = ("items", *_COMBINERS)
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_LARGEST_SIZE = 2**64


class UnfitError(Exception):
    """A keyword has a value of a kind that the agent does not take: the tool is left out."""


def parameters(schema: Schema) -> dict[str, object]:
    """The schema as it stands in the request. Raises UnfitError where the agent sends no such tool."""
    whole = dict(schema)
    if whole.get("properties") is None:
        whole["properties"] = {}
    made = _pruned(_sanitized(whole))
    for shrink in (_without_descriptions, _without_definitions, _collapsed, _without_combinations):
        if _size(made) <= _LONGEST:
            break
        made = shrink(made)
    sent = _schema(made)
    if sent.get("type") == "null":
        raise UnfitError("type")
    return sent


def _size(value: object) -> int:
    """Bytes of the JSON; none where the schema cannot be sent, which then is not shortened."""
    try:
        return len(rust(_schema(value)).encode("utf-8", "replace"))
    except UnfitError:
        return 0


def _sanitized(value: object) -> object:
    """``value`` with types where they can be told, and empty where nothing is known of a schema."""
    if isinstance(value, bool):
        return {"type": "string"}
    if isinstance(value, list):
        return [_sanitized(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    made = _with_children(value, _sanitized, (*_CHILDREN, "prefixItems"))
    for table in _TABLES:
        if table in made and not isinstance(made[table], Mapping):
            del made[table]
    if "const" in made:
        made["enum"] = [made.pop("const")]
    types = _types(made.get("type"))
    if not types:
        if any(key in made for key in ("$ref", *_COMBINERS)):
            return made
        told = _told_type(made)
        if told is None:
            return {}
        types = [told]
    made["type"] = types if len(types) > 1 else types[0]
    if "object" in types:
        made.setdefault("properties", {})
    if "array" in types:
        made.setdefault("items", {"type": "string"})
    return made


def _types(value: object) -> list[str]:
    named = value if isinstance(value, list) else [value]
    return [item for item in named if isinstance(item, str) and item in _TYPES]


def _told_type(schema: Schema) -> str | None:
    """The type that other keywords tell."""
    for type_, keys in (
        ("object", ("properties", "required", "additionalProperties")),
        ("array", ("items", "prefixItems")),
        ("string", ("enum", "format")),
        ("number", _BOUNDS),
    ):
        if any(key in schema for key in keys):
            return type_
    return None


def _with_children(
    schema: Schema, change: Callable[[object], object], keys: tuple[str, ...] = _CHILDREN, tables: bool = True
) -> dict[str, object]:
    """``schema`` with ``change`` made to the schemas in it, with ``tables`` to its definitions too."""
    made = dict(schema)
    for key in ("properties", *(_TABLES if tables else ())):
        inner = made.get(key)
        if isinstance(inner, Mapping):
            made[key] = {name: change(item) for name, item in inner.items()}
    for key in keys:
        if key in made:
            made[key] = change(made[key])
    if not isinstance(made.get("additionalProperties", True), bool):
        made["additionalProperties"] = change(made["additionalProperties"])
    return made


def _pruned(schema: object) -> object:
    """The schema without definitions that nothing in it refers to."""
    if not isinstance(schema, Mapping):
        return schema
    reached: set[tuple[str, str]] = set()
    pending = _references({key: item for key, item in schema.items() if key not in _TABLES}, inside=False)
    while pending:
        pointer = pending.pop()
        if pointer not in reached:
            reached.add(pointer)
            table = schema.get(pointer[0])
            pending += _references(table.get(pointer[1]) if isinstance(table, Mapping) else None, inside=True)
    made = dict(schema)
    for key in _TABLES:
        table = made.get(key)
        if isinstance(table, Mapping):
            kept = {name: item for name, item in table.items() if (key, name) in reached}
            if kept:
                made[key] = kept
            else:
                del made[key]
    return made


def _references(value: object, inside: bool) -> list[tuple[str, str]]:
    """The definitions that ``value`` refers to; ``inside`` a definition, every key is looked at."""
    if isinstance(value, list):
        return [found for item in value for found in _references(item, inside)]
    if not isinstance(value, Mapping):
        return []
    own = _pointer(value.get("$ref"))
    found = [own] if own is not None else []
    if inside:
        children = list(value.values())
    else:
        properties = value.get("properties")
        children = [*properties.values()] if isinstance(properties, Mapping) else []
        children += [value[key] for key in (*_CHILDREN, "additionalProperties") if key in value]
    return found + [pointer for child in children for pointer in _references(child, inside)]


def _pointer(reference: object) -> tuple[str, str] | None:
    """``#/$defs/Name/…`` → the table and the name in it."""
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    steps = [step.replace("~1", "/").replace("~0", "~") for step in unquote(reference[2:]).split("/")]
    return (steps[0], steps[1]) if len(steps) > 1 and steps[0] in _TABLES else None


def _without_descriptions(value: object) -> object:
    if isinstance(value, list):
        return [_without_descriptions(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    bare = {key: item for key, item in value.items() if key != "description"}
    return _with_children(bare, _without_descriptions)


def _without_definitions(value: object) -> object:
    made = _without_references(value)
    return {key: item for key, item in made.items() if key not in _TABLES} if isinstance(made, Mapping) else made


def _without_references(value: object) -> object:
    if isinstance(value, list):
        return [_without_references(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if _pointer(value.get("$ref")) is not None:
        return {}
    return _with_children(value, _without_references, tables=False)


def _collapsed(value: object, depth: int = 0) -> object:
    """Nothing of schemas that lie deep and hold others."""
    if isinstance(value, list):
        return [_collapsed(item, depth) for item in value]
    if not isinstance(value, Mapping):
        return value
    if depth >= _DEEPEST and any(key in value for key in (*_CHILDREN, "properties", "additionalProperties", "$ref")):
        return {}
    return _with_children(value, lambda item: _collapsed(item, depth + 1), tables=False)


def _without_combinations(value: object) -> object:
    if isinstance(value, list):
        return [_without_combinations(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if any(key in value for key in _COMBINERS):
        return {}
    return _with_children(value, _without_combinations, tables=False)


def _schema(value: object) -> dict[str, object]:
    """The keywords that are sent, in their order."""
    if not isinstance(value, Mapping):
        raise UnfitError("a schema that is no map")
    made = {}
    for key, take in _KEPT.items():
        item = value.get(key)
        if item is not None:
            made[key] = take(item, key)
    return made


def _text(value: object, key: str) -> str:
    if not isinstance(value, str):
        raise UnfitError(key)
    return value


def _type(value: object, key: str) -> object:
    if _types(value) != (value if isinstance(value, list) else [value]):
        raise UnfitError(key)
    return value


def _list(value: object, key: str) -> list[object]:
    if not isinstance(value, list):
        raise UnfitError(key)
    return value


def _count(value: object, key: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _LARGEST_SIZE:
        raise UnfitError(key)
    return value


def _one(value: object, _: str) -> object:
    return _schema(value)


def _one_or_flag(value: object, _: str) -> object:
    return value if isinstance(value, bool) else _schema(value)


def _several(value: object, key: str) -> object:
    return [_schema(item) for item in _list(value, key)]


def _by_name(value: object, key: str) -> object:
    if not isinstance(value, Mapping):
        raise UnfitError(key)
    return {name: _schema(value[name]) for name in sorted(value)}


def _names(value: object, key: str) -> object:
    return [_text(item, key) for item in _list(value, key)]


_KEPT: dict[str, Callable[[object, str], object]] = {
    "$ref": _text,
    "type": _type,
    "description": _text,
    "enum": _list,
    "items": _one,
    "minItems": _count,
    "properties": _by_name,
    "required": _names,
    "additionalProperties": _one_or_flag,
    "anyOf": _several,
    "oneOf": _several,
    "allOf": _several,
    "$defs": _by_name,
    "definitions": _by_name,
}
