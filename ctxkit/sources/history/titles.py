"""The line that a session is listed by."""

from __future__ import annotations

from ctxkit.sources.masking import printable

_LONGEST = 120
_LOOKED_AT = 2_000


def title_of(text: str) -> str:
    """The first words of ``text``: one line, at most 120 characters, nothing in it that a terminal would obey."""
    return printable(" ".join(text[:_LOOKED_AT].split()))[:_LONGEST]
