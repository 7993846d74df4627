"""JSON Schema as a tree: which values in it are schemas again, and what a model has no use for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

Schema = Mapping[str, object]
Rewrite = Callable[[dict[str, object], str], dict[str, object]]
"""(a schema, the name it has) → what is left of it."""

_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_ONE = ("items", "additionalProperties", "unevaluatedProperties", "not", "if", "then", "else", "contains")
_SEVERAL = ("anyOf", "oneOf", "allOf", "prefixItems", "items")


def rewritten(schema: Schema, name: str, rewrite: Rewrite) -> dict[str, object]:
    """``schema`` with every schema in it, itself first, put through ``rewrite``; nothing else changes.

    A property may be called ``title`` or ``default``: only keywords are seen, never names. Nesting is bounded by the
    reader of definitions.
    """
    done = rewrite(dict(schema), name)
    for key, value in done.items():
        if key in _NAMED and isinstance(value, Mapping):
            done[key] = {
                inner: rewritten(item, inner, rewrite) if isinstance(item, Mapping) else item
                for inner, item in value.items()
            }
        elif key in _ONE and isinstance(value, Mapping):
            done[key] = rewritten(value, "", rewrite)
        elif key in _SEVERAL and isinstance(value, list):
            done[key] = [rewritten(item, "", rewrite) if isinstance(item, Mapping) else item for item in value]
    return done


def compact(value: object) -> str:
    """``value`` as JSON without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, lower case: ``pageSize``, ``page_size`` and ``Page Size`` are one."""
    spaced = "".join(f" {char}" if char.isupper() and not before.isupper() else char for before, char in _pairs(name))
    return tuple("".join(char if char.isalnum() else " " for char in spaced).lower().split())


def letters(name: str) -> str:
    """The letters and digits of a name, lower case: what is left of ``pageSize``, ``page_size`` and ``Page Size``."""
    return "".join(filter(str.isalnum, name)).lower()


def _pairs(text: str) -> list[tuple[str, str]]:
    return list(zip(f" {text}", text, strict=False))
