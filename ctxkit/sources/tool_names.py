"""Names of tools as agents written in JavaScript see them: in units of UTF-16, with what providers refuse replaced."""

from __future__ import annotations

from ctxkit.text.pattern import on_demand

_ODD = on_demand(r"[^A-Za-z0-9_-]")


def units(text: str) -> str:
    """``text`` with one character for every unit of UTF-16, as JavaScript sees it."""
    if text.isascii():
        return text
    encoded = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(encoded[at] + 256 * encoded[at + 1]) for at in range(0, len(encoded), 2))


def characters(text: str) -> str:
    """:func:`units` undone; half a character at the end is left out."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def clean_name(name: str) -> str:
    """``name`` with ``_`` for every unit of UTF-16 that providers refuse in a tool's name."""
    return _ODD().sub("_", units(name))
