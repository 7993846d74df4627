"""The form of ``rules/secrets.yaml``: what the keys of each issuer look like."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from ctxkit.data import data_file
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Mapping

    Compiled = Callable[[], re.Pattern[str]]


class Issuer(Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of key. ``id``: its name; ``issuer``: who makes it; ``source``: who says that it looks so."""

    id: str
    issuer: str
    marks: tuple[str, ...]
    """What every match holds, in small letters: at least one of these."""
    shape: str
    """How one looks, in words."""
    source: str
    pattern: str
    """A regular expression of the whole key, without groups."""
    masked: str = ""
    """A wider one, also of keys that were cut off; empty: the same."""
    confidence: Literal["high", "medium"] = "high"
    """``medium``: it may be public by design, or something else."""


class Issuers(Struct, frozen=True, forbid_unknown_fields=True):
    """All of them, the narrower before the wider. ``public``: digests of keys that are printed in documentation."""

    date: str
    issuers: tuple[Issuer, ...]
    public: tuple[str, ...]


@cache
def issuers() -> Issuers:
    """The shipped shapes. Raises ConfigError when the file does not have this form."""
    from ctxkit.text.datafile import load_yaml_cached

    return load_yaml_cached(data_file("secrets.yaml"), Issuers)


@cache
def patterns() -> Mapping[str, Compiled]:
    """Id → the pattern of the whole key."""
    return {issuer.id: on_demand(issuer.pattern) for issuer in issuers().issuers}


@cache
def masks() -> tuple[tuple[str, tuple[tuple[str, Compiled], ...]], ...]:
    """What to look for, in the order of cost: a character, and the marks that hold it with the patterns behind them.

    To look for the character first saves most of the marks in most texts; it is empty for marks without any.
    """
    by_mark: dict[str, list[str]] = {}
    for issuer in issuers().issuers:
        for mark in issuer.marks:
            by_mark.setdefault(mark, []).append(issuer.masked or issuer.pattern)
    by_sign: dict[str, list[tuple[str, Compiled]]] = {}
    for mark, found in by_mark.items():
        sign = next((char for char in mark if not char.isalnum()), "")
        by_sign.setdefault(sign, []).append((mark, on_demand(rf"(?<![A-Za-z0-9])(?:{'|'.join(found)})")))
    return tuple((sign, tuple(marks)) for sign, marks in by_sign.items())


def marked(small: str, marks: Iterable[str]) -> bool:
    """Does ``small``, a text in small letters, hold one of ``marks``?"""
    return any(mark in small for mark in marks)
