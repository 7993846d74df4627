"""Is a schema one of JSON Schema's draft 2020-12? Agents that check leave a tool out whose schema is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ctxkit.text.pattern import on_demand

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}
_ID = on_demand(r"[^#]*#?")
_ANCHOR = on_demand(r"[A-Za-z_][-A-Za-z0-9._]*")


def fault(schema: object) -> str:
    """The first keyword of ``schema``, or of a schema in it, that draft 2020-12 does not allow so; empty for none."""
    if isinstance(schema, bool):
        return ""
    if not isinstance(schema, Mapping):
        return "a schema that is no map"
    for key, value in schema.items():
        check = _CHECKS.get(key)
        found = check(value) if check is not None else ""
        if found:
            return key if found == _HERE else found
    return ""


# What a check answers where the value of the keyword itself is wrong.
_HERE = "?"


def _is(test: Callable[[object], bool]) -> Callable[[object], str]:
    return lambda value: "" if test(value) else _HERE


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _size(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value == int(value)


def _names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value) and len(set(value)) == len(value)


def _type(value: object) -> bool:
    names = value if isinstance(value, list) else [value]
    return _names(names) and bool(names) and _TYPES.issuperset(names)


def _schemas(value: object) -> str:
    if not isinstance(value, list) or not value:
        return _HERE
    return next((found for item in value if (found := fault(item))), "")


def _schema_map(value: object) -> str:
    if not isinstance(value, Mapping):
        return _HERE
    return next((found for item in value.values() if (found := fault(item))), "")


def _dependencies(value: object) -> str:
    if not isinstance(value, Mapping):
        return _HERE
    return next((found for item in value.values() if not _names(item) and (found := fault(item))), "")


def _name_map(value: object) -> bool:
    return isinstance(value, Mapping) and all(_names(item) for item in value.values())


def _text(value: object) -> bool:
    return isinstance(value, str)


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _list(value: object) -> bool:
    return isinstance(value, list)


_CHECKS: dict[str, Callable[[object], str]] = {
    "type": _is(_type),
    "required": _is(_names),
    "dependentRequired": _is(_name_map),
    "dependencies": _dependencies,
    "multipleOf": _is(lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value > 0),
    "$id": _is(lambda value: isinstance(value, str) and _ID().fullmatch(value) is not None),
    "$anchor": _is(lambda value: isinstance(value, str) and _ANCHOR().fullmatch(value) is not None),
    **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"), _schema_map),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _schemas),
    **dict.fromkeys(
        (
            "items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames",
            "unevaluatedItems", "unevaluatedProperties", "contentSchema",
        ),
        fault,
    ),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is(_number)),
    **dict.fromkeys(
        (
            "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains",
            "maxContains",
        ),
        _is(_size),
    ),
    **dict.fromkeys(
        (
            "pattern", "format", "title", "description", "$comment", "$ref", "$schema", "contentEncoding",
            "contentMediaType",
        ),
        _is(_text),
    ),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _is(_flag)),
    **dict.fromkeys(("enum", "examples"), _is(_list)),
}  # fmt: skip
