"""Characters that an agent reads and nobody sees.

What it finds: zero-width characters, bidirectional controls, tag characters, and other invisible code points in files
that an agent loads.

Why it costs: they can carry instructions that no reviewer sees, make text look as if it said something else, and break
words into more tokens.

What to do: remove them; if one is there on purpose, write it as an escape.

When to ignore it: a byte order mark at the beginning, joiners inside emoji or scripts that need them, flags of regions
and direction marks in right-to-left text are not reported.
"""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING

from ctxkit.model.finding import Confidence, Cut, Finding, Location, Severity
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.evidence import Document, Evidence, Limits

ID = "invisible-text"

_INVISIBLE = on_demand(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_JOINERS = frozenset("\u200c\u200d\ufe0f")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_TAGS = ("\U000e0000", "\U000e0fff")
_BLACK_FLAG = "\U0001f3f4"
_REGION = on_demand("[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
"""The rest of the flag of a region (England's is a black flag and ``gbeng``), by Unicode Technical Standard 51."""
_MARKS = frozenset("\u061c\u200e\u200f")
"""Direction marks, which writers of right-to-left scripts need around numbers and punctuation."""


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each run of invisible characters."""
    for path in sorted(evidence.documents):
        document = evidence.documents[path]
        if document.text.isascii():
            continue
        for match in _INVISIBLE().finditer(document.text):
            start, end = match.span()
            if not _is_in_place(document.text, start, end):
                yield _finding(document, start, end)


def _is_in_place(text: str, start: int, end: int) -> bool:
    """A byte order mark in front, the flag of a region, a direction mark in right-to-left text, or needed joiners."""
    run = text[start:end]
    if start == 0 and run == "\ufeff":
        return True
    if text[start - 1 : start] == _BLACK_FLAG and _REGION().fullmatch(run) is not None:
        return True
    if len(run) == 1 and run in _MARKS:
        around = text[max(0, start - 2) : start] + text[end : end + 2]
        return any(unicodedata.bidirectional(char) in ("R", "AL") for char in around)
    if not set(run) <= _JOINERS or not 0 < start <= end < len(text):
        return False
    return not text[start - 1].isascii() and not text[end].isascii()


def _finding(document: Document, start: int, end: int) -> Finding:
    run = document.text[start:end]
    named = [f"{sum(1 for _ in same)} {_name(char)}" for char, same in groupby(run)]
    tags = (chr(ord(char) - 0xE0000) for char in run if _TAGS[0] < char < _TAGS[1])
    hidden = "".join(char for char in tags if char.isprintable())
    severe = bool(hidden) or bool(set(run) & _BIDI)
    span = document.span(start, end)
    evidence = (", ".join(named), *([f"They spell: {hidden[:200]}"] if hidden else []))
    return Finding(
        rule=ID,
        severity=Severity.ERROR if severe else Severity.WARNING,
        confidence=Confidence.HIGH,
        message=f"{len(run):,} invisible character{'s' if len(run) > 1 else ''} that an agent reads and nobody sees.",
        tip="Remove them.",
        at=(Location(document.path, span),),
        key=" ".join(f"{ord(char):x}" for char in run[:64]),
        evidence=evidence,
        cuts=(Cut(document.path, span, ID, "invisible characters", safe=not severe),),
    )


def _name(char: str) -> str:
    return f"U+{ord(char):04X} {unicodedata.name(char, 'unnamed').lower()}"
