"""JSON as the runtimes of agents write it: without blanks, each with its own order of keys and spelling of numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from math import isfinite

from ctxkit.text.pattern import on_demand

_LONE = on_demand("[\ud800-\udfff]")
# The largest index of an array in JavaScript; keys that look like one come first, in numeric order.
_LAST_INDEX = 2**32 - 2
JAVASCRIPT_SPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000\ufeff"
)
"""What ``trim`` takes off in JavaScript."""

# Up to here every integer is a number of its own in JavaScript.
_EXACT = 2**53
# Powers of ten between which JavaScript writes a number without an exponent.
_PLAIN_FROM, _PLAIN_TO = -6, 21
# And the smallest for Rust.
_RUST_PLAIN_FROM = -5


def javascript(value: object) -> str:
    """``value`` as ``JSON.stringify`` writes it."""
    return _write(value, _javascript_number, _javascript_keys)


def rust(value: object) -> str:
    """``value`` as serde_json writes it."""
    return _write(value, _rust_number, list)


def python(value: object) -> str:
    """``value`` as Python's json writes it, compact and without escaping other alphabets."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _write(
    value: object, number: Callable[[int | float], str], keys: Callable[[Mapping[str, object]], list[str]]
) -> str:
    parts: list[str] = []

    def add(item: object) -> None:
        if isinstance(item, str):
            parts.append(_string(item))
        elif isinstance(item, Mapping):
            parts.append("{")
            for index, key in enumerate(keys(item)):
                parts.append(("," if index else "") + _string(key) + ":")
                add(item[key])
            parts.append("}")
        elif isinstance(item, list | tuple):
            parts.append("[")
            for index, inner in enumerate(item):
                if index:
                    parts.append(",")
                add(inner)
            parts.append("]")
        elif isinstance(item, bool) or item is None:
            parts.append("null" if item is None else "true" if item else "false")
        elif isinstance(item, int | float):
            parts.append(number(item))
        else:
            raise TypeError(f"{type(item).__name__} is no JSON")

    add(value)
    return "".join(parts)


def _string(text: str) -> str:
    """A string of JSON; half a surrogate pair, which UTF-8 cannot hold, is escaped."""
    return _LONE().sub(lambda found: f"\\u{ord(found[0]):04x}", encode_basestring(text))


def _javascript_keys(value: Mapping[str, object]) -> list[str]:
    indices = [key for key in value if key.isdecimal() and key.isascii() and _is_index(key)]
    if not indices:
        return list(value)
    return sorted(indices, key=int) + [key for key in value if key not in indices]


def _is_index(key: str) -> bool:
    return len(key) <= 10 and str(int(key)) == key and int(key) <= _LAST_INDEX


def _javascript_number(value: int | float) -> str:
    if isinstance(value, int) and abs(value) <= _EXACT:
        return str(value)
    try:
        number = float(value)
    except OverflowError:
        return "null"
    if not isfinite(number):
        return "null"
    if number == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    text = "".join(map(str, digits))
    return ("-" if sign else "") + _javascript_digits(text, len(text) + int(exponent))


def _javascript_digits(digits: str, point: int) -> str:
    """Decimal ``digits`` with the point before the one at ``point``."""
    if len(digits) <= point <= _PLAIN_TO:
        return digits + "0" * (point - len(digits))
    if 0 < point <= _PLAIN_TO:
        return f"{digits[:point]}.{digits[point:]}"
    if _PLAIN_FROM < point <= 0:
        return f"0.{'0' * -point}{digits}"
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def _rust_number(value: int | float) -> str:
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return str(value)
    try:
        number = float(value)
    except OverflowError:
        return "null"
    if not isfinite(number):
        return "null"
    mantissa, e, exponent = repr(number).partition("e")
    if not e:
        return mantissa
    power = int(exponent)
    if power < _RUST_PLAIN_FROM or power > 0:
        return f"{mantissa}e{power:+d}"
    sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    return f"{sign}0.{'0' * (-power - 1)}{digits.replace('.', '')}"
