"""The form of ``rules/secrets.yaml``: what the keys of each issuer look like."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from ctxkit.data import data_file
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping


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
    before: tuple[int, ...] = (0,)
    """The characters of a match that stand before its mark: so many, or so many, …"""
    checksum: bool = False
    """The last six characters are the CRC-32 of the thirty before them, in Base62."""


class Issuers(Struct, frozen=True, forbid_unknown_fields=True):
    """All of them, the narrower before the wider. ``public``: digests of keys that are printed in documentation."""

    date: str
    issuers: tuple[Issuer, ...]
    public: tuple[str, ...]


_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WITHIN = frozenset(_BASE62)
"""What no key begins behind. Other letters may stand there: not all scripts write blanks."""


@cache
def issuers() -> Issuers:
    """The shipped shapes. Raises ConfigError when the file does not have this form."""
    from ctxkit.text.datafile import load_yaml_cached

    return load_yaml_cached(data_file("secrets.yaml"), Issuers)


@cache
def _by_mark() -> Mapping[str, tuple[Issuer, ...]]:
    """Mark → the issuers whose keys hold it, the narrower before the wider."""
    found: dict[str, tuple[Issuer, ...]] = {}
    for issuer in issuers().issuers:
        for mark in issuer.marks:
            found[mark] = (*found.get(mark, ()), issuer)
    return found


@cache
def _leading() -> frozenset[str]:
    """The marks that keys begin with."""
    return frozenset(m for m, found in _by_mark().items() if all(issuer.before == (0,) for issuer in found))


@cache
def _any_mark() -> Any:
    # Python's own engine tries a hundred marks at every character; this one needs a fiftieth of that time.
    import re2  # type: ignore[import-untyped]

    leading = "|".join(map(re2.escape, sorted(_leading())))
    others = "|".join(map(re2.escape, sorted(_by_mark().keys() - _leading())))
    return re2.compile(rf"(?:\A|[^a-z0-9])({leading})|({others})".encode())


def _marks_in(small: str) -> set[str]:
    """The marks that ``small`` holds; one that stands only within others may be missing."""
    found = _any_mark().finditer(small.encode("utf-8", "replace"))
    return {(match[1] or match[2]).decode() for match in found}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return on_demand(pattern)()


def keys(text: str, small: str, wide: bool) -> list[tuple[Issuer, re.Match[str]]]:
    """What in ``text`` has the shape of a key, in order, the longest of those that begin together first.

    ``small``: the text in small letters. ``wide``: also keys that were cut off. Only the places of marks are looked at,
    so a text costs little more than looking for these.
    """
    if len(small) != len(text):
        small = "".join(char.lower() if char.isascii() else " " for char in text)
    found: list[tuple[Issuer, re.Match[str]]] = []
    for mark in sorted(_marks_in(small)):
        leading = mark in _leading()
        at = small.find(mark)
        while at >= 0:
            end = at + 1
            for issuer in () if leading and at and small[at - 1] in _WITHIN else _by_mark()[mark]:
                match = _at(issuer, text, at, wide)
                if match is not None:
                    found.append((issuer, match))
                    end = max(end, match.end())
                    break
            at = small.find(mark, end)
    found.sort(key=lambda one: (one[1].start(), -one[1].end()))
    return found


def _at(issuer: Issuer, text: str, at: int, wide: bool) -> re.Match[str] | None:
    """The key of ``issuer`` whose mark stands at ``at``."""
    pattern = _compiled((issuer.masked if wide else "") or issuer.pattern)
    for before in issuer.before:
        start = at - before
        if start >= 0 and not (start and text[start - 1] in _WITHIN):
            match = pattern.match(text, start)
            if match is not None:
                return match
    return None


def has_checksum(key: str) -> bool:
    """Do the last six characters of ``key`` fit the thirty before them? GitHub and npm make their keys so."""
    import zlib

    body = key.rpartition("_")[2]
    value = zlib.crc32(body[:-6].encode("utf-8", "replace"))
    digits = []
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits.append(_BASE62[digit])
    return len(body) == 36 and body[-6:] == "".join(reversed(digits))
