"""All that is wrong with a value that should have the form of a Struct, each fault with the path to its place."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import inspect

from ctxkit.text.config import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Path = tuple[str | int, ...]
"""Keys and indices from the outermost value to a place in it."""


class Fault(NamedTuple):
    """What is wrong at a place, and what may be meant instead (empty: nothing is near)."""

    path: Path
    problem: str
    hint: str = ""


def faults(value: object, type_: Any) -> list[Fault]:
    """Everything in which ``value`` (maps, lists and plain values) is not of ``type_``, in the order of the value."""
    return list(_faults(value, inspect.type_info(type_), ()))


def nearest(word: str, choices: Iterable[str]) -> str:
    """A hint that names the choice most like ``word``, or all of them where none is like it."""
    from difflib import get_close_matches

    known = sorted(choices)
    near = get_close_matches(word.lower(), known, 1, 0.5)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}" if known else ""


def _faults(value: object, shape: Any, path: Path) -> Iterator[Fault]:
    if isinstance(shape, inspect.Metadata):
        hint = str((shape.extra_json_schema or {}).get("description", ""))
        yield from (fault._replace(hint=fault.hint or hint) for fault in _faults(value, shape.type, path))
    elif isinstance(shape, inspect.UnionType):
        kinds = [kind for kind in shape.types if not isinstance(kind, inspect.NoneType)]
        if len(kinds) == 1:  # of several, whoever asks checks the value himself
            yield from _faults(value, kinds[0], path)
    elif isinstance(shape, inspect.StructType):
        yield from _struct(value, shape, path)
    elif isinstance(shape, inspect.DictType):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from _faults(inner, shape.value_type, (*path, str(key)))
        else:
            yield _unlike(value, "a map", path)
    elif isinstance(shape, inspect.VarTupleType):
        if isinstance(value, list):
            for place, inner in enumerate(value):
                yield from _faults(inner, shape.item_type, (*path, place))
        else:
            yield _unlike(value, "a list", path)
    else:
        yield from _plain(value, shape, path)


def _struct(value: object, shape: inspect.StructType, path: Path) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield _unlike(value, "a map", path)
        return
    known = {field.encode_name: field for field in shape.fields}
    for key, inner in value.items():
        field = known.get(key)
        if field is None:
            yield Fault((*path, key), f"unknown key {key!r}", nearest(key, known))
        else:
            yield from _faults(inner, field.type, (*path, key))
    for name, field in known.items():
        if field.required and name not in value:
            yield Fault(path, f"the key {name!r} is missing")


def _plain(value: object, shape: Any, path: Path) -> Iterator[Fault]:
    if isinstance(shape, inspect.EnumType | inspect.LiteralType):
        values = [e.value for e in shape.cls] if isinstance(shape, inspect.EnumType) else shape.values
        if value not in values:
            choices = (str(choice) for choice in values if choice)
            yield Fault(path, f"{_shown(value)} is none of its values", nearest(str(value), choices))
    elif isinstance(shape, inspect.StrType):
        if not isinstance(value, str):
            yield _unlike(value, "a text", path)
        elif shape.min_length and not value.strip():
            yield Fault(path, "the text is empty")
        elif shape.pattern and not re.search(shape.pattern, value):
            yield Fault(path, f"{_shown(value)} is not of the form it must have")
    elif isinstance(shape, inspect.FloatType | inspect.IntType):
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield _unlike(value, "a number", path)
        elif value != value:
            yield Fault(path, f"{_shown(value)} is no number")
        elif not ((shape.gt is None or value > shape.gt) and (shape.le is None or value <= shape.le)):
            yield Fault(path, f"{_shown(value)} is out of range", f"above {shape.gt:g}, at most {shape.le:g}")
    elif isinstance(shape, inspect.DateType) and not _is_date(value):
        yield Fault(path, f"{_shown(value)} is no date", "write it as 2027-01-31")


def _is_date(value: object) -> bool:
    if isinstance(value, datetime.date):
        return not isinstance(value, datetime.datetime)
    try:
        return isinstance(value, str) and len(value) == 10 and bool(datetime.date.fromisoformat(value))
    except ValueError:
        return False


def _unlike(value: object, wanted: str, path: Path) -> Fault:
    return Fault(path, f"{wanted} is expected here, not {kind_of(value)}")


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str | int | float) else kind_of(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
