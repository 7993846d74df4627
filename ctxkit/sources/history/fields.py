"""Values of untyped JSON, taken out by the type they should have; anything else counts as absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

_NOTHING: Mapping[str, object] = {}
_LONGEST_ID = 300
_MOST_PAID = 1e12
"""USD; what is more is no sum of money."""
_MILLISECONDS = 1e11
"""Numbers above are milliseconds: as seconds they would lie beyond the year 5000."""


def text(record: Mapping[str, object], *keys: str) -> str:
    """The first of ``keys`` that holds a string; empty if none does."""
    for key in keys:
        value = record.get(key)
        if isinstance(value, str):
            return value
    return ""


def short(record: Mapping[str, object], *keys: str) -> str:
    """As :func:`text`, for ids and names: a longer one is cut, so that a hostile one costs nothing."""
    return text(record, *keys)[:_LONGEST_ID]


def number(record: Mapping[str, object], *keys: str) -> int:
    """The first of ``keys`` that holds a number, as a whole one that is not negative; 0 if none does."""
    return maybe_number(record, *keys) or 0


def maybe_number(record: Mapping[str, object], *keys: str) -> int | None:
    """As :func:`number`, None if there is none."""
    for key in keys:
        value = record.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53:
            return int(value)
    return None


def mapping(record: Mapping[str, object], *keys: str) -> Mapping[str, object]:
    """The map at the path ``keys``; an empty one if there is none."""
    value: object = record
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else _NOTHING


def items(record: Mapping[str, object], *keys: str) -> Sequence[object]:
    """The list at the path ``keys``; an empty one if there is none."""
    value: object = record
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, list) else ()


def maps(record: Mapping[str, object], *keys: str) -> list[Mapping[str, object]]:
    """The maps in the list at the path ``keys``."""
    return [item for item in items(record, *keys) if isinstance(item, dict)]


def time_of(record: Mapping[str, object], *keys: str) -> float:
    """The first of ``keys`` that holds a time (ISO 8601, seconds or milliseconds), in seconds; 0.0 if none does."""
    for key in keys:
        value = record.get(key)
        if isinstance(value, str) and value:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                continue
            try:
                return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
            except (OverflowError, OSError):
                continue
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e15:
            return value / 1000 if value > _MILLISECONDS else float(value)
    return 0.0


def amount(record: Mapping[str, object], *keys: str) -> float | None:
    """The first of ``keys`` that holds a sum of money, in USD; None if none does."""
    for key in keys:
        value = record.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MOST_PAID:
            return float(value)
    return None


def json_text(value: object) -> str:
    """``value`` as JSON without blanks, as clients send it; a string as it is."""
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return ""


def arguments_of(value: object) -> Mapping[str, object]:
    """The arguments of a call: a map, or one written as JSON; an empty map if they are neither."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, str) and value[:64].lstrip().startswith("{"):
        try:
            parsed = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError, ValueError):
            return _NOTHING
        return parsed if isinstance(parsed, Mapping) else _NOTHING
    return _NOTHING
