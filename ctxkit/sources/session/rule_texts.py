"""The text of a rule segment, read again from its file, and the paragraphs and list items in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model import Span, shared_out
from ctxkit.sources.evidence_of import absolute
from ctxkit.sources.masking import printable
from ctxkit.text.blocks import parts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ctxkit.agents.disk import Disk
    from ctxkit.model import Segment

    CountPieces = Callable[[str, Sequence[int]], list[int]]
    """(text, offsets in characters) → o200k tokens of the pieces that start there."""

_SPOKEN = frozenset({"paragraph", "item", "fence", "table"})
_TITLE = 80


def rule_texts(disk: Disk) -> Callable[[Segment], str]:
    """A function from a segment to its text: of its file, what its span covers; empty where that cannot be read."""
    kept: dict[str, bytes] = {}

    def text_of(segment: Segment) -> str:
        if segment.path is None:
            return ""
        if segment.path not in kept:
            kept[segment.path] = disk.read(absolute(segment.path, disk)) or b""
        data = kept[segment.path]
        if segment.span is not None:
            data = data[segment.span.start : segment.span.end]
        return data.decode("utf-8", "replace")

    return text_of


def rule_parts(section: Segment, text: str, count: CountPieces) -> list[tuple[Segment, str]]:
    """The paragraphs, list items, fences and tables of ``section`` as segments, each with its text.

    A section of one such part is that part: it has none. Headings count with the section alone.
    """
    found = parts(text)
    if sum(part.kind in _SPOKEN for part in found) < 2:
        return []
    counts = count(text, [part.start for part in found])
    shares = shared_out(section.tokens, counts)
    made: list[tuple[Segment, str]] = []
    offset = section.span.start if section.span is not None else 0
    for number, (part, share) in enumerate(zip(found, shares, strict=True)):
        words = text[part.start : part.end]
        size = len(words.encode("utf-8", "replace"))
        if part.kind in _SPOKEN:
            segment = replace(
                section,
                kind=part.kind,
                title=printable(" ".join(words[: 4 * _TITLE].split())[:_TITLE]),
                tokens=share,
                tokens_if_used=share,
                span=Span(offset, offset + size),
                children=(),
                id=f"{section.id}/{number}",
            )
            made.append((segment, words))
        offset += size
    return made
