"""What to take out of a text so that given passages are gone and what is left is whole."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ctxkit.text.passages import Passage

_TAG = on_demand(r"(?m)^[ \t]*<(/?)([A-Za-z][\w-]*)\b[^<>\n]*(?<!/)>")
_FENCE = on_demand(r"(?m)^[ \t>]*(?:```|~~~)")
_NUMBERED = on_demand(r"[ \t]*\d{1,9}[.)][ \t]")
_SEVERAL = 3
"""Blocks of a section from which on one that is left over looks lost."""


def removal(text: str, passages: Sequence[Passage], gone: Collection[int]) -> list[tuple[int, int, bool]]:
    """The stretches (characters) to remove so that the passages ``gone`` (by number) are, and: are they whole blocks?

    A paragraph, item or fence of which everything goes, goes with its marker and the blank lines behind it; an item
    stays where something under it stays, and so does what leads to a list or to code that stays. A heading goes too
    when all that it stands above goes.
    """
    going = {at for at in gone if passages[at].kind != "heading"}
    _keep_leads(text, passages, going)
    blocks = [(block, list(of)) for block, of in groupby(range(len(passages)), key=lambda at: passages[at].block)]
    whole = {block for block, of in blocks if all(at in going for at in of)}
    _keep_parents(passages, blocks, whole, going)
    emptied = _emptied(text, passages, going)
    stretches: list[tuple[int, int, bool]] = []
    for at in sorted(going | emptied):
        passage = passages[at]
        is_whole = passage.block in whole or at in emptied
        if is_whole:
            start, end = passage.first, passage.last
        elif at and passages[at - 1].block == passage.block:
            start, end = passages[at - 1].end, passage.end
        else:
            start, end = passage.start, passages[at + 1].start
        if stretches and start <= stretches[-1][1] and stretches[-1][2] == is_whole:
            stretches[-1] = stretches[-1][0], max(end, stretches[-1][1]), is_whole
        else:
            stretches.append((max(start, stretches[-1][1]) if stretches else start, end, is_whole))
    return [(start, _end(text, start, end), is_whole) for start, end, is_whole in stretches if start < end]


def whole_removal(text: str, passages: Sequence[Passage], gone: Collection[int]) -> list[tuple[int, int]]:
    """Those stretches of ``removal`` that are whole blocks and leave nothing broken behind.

    Left out are: parts of lines, stretches that hold only one of the two ends of a tag or a fence, list items that a
    numbered list goes on behind, and what would leave a heading with one list item of several.
    """
    stretches = [(start, end) for start, end, is_whole in removal(text, passages, gone) if is_whole]
    starts = [passage.start for passage in passages]
    kept = [
        (start, end)
        for start, end in stretches
        if (start == 0 or text[start - 1] == "\n")
        and _is_balanced(text[start:end])
        and not (_goes_on(text, end) and _ends_numbered(text, passages, starts, start, end))
    ]
    lonely = _lonely(text, passages, kept)
    return [(start, end) for start, end in kept if not lonely & _of(starts, start, end)]


def _of(starts: Sequence[int], start: int, end: int) -> set[int]:
    """The numbers of the passages that begin between ``start`` and ``end``."""
    return set(range(bisect_left(starts, start), bisect_left(starts, end)))


def _is_balanced(piece: str) -> bool:
    """Does each tag that stands on a line of its own, and each fence, have both ends in ``piece``?"""
    tags = Counter[str]()
    for tag in _TAG().finditer(piece):
        tags[tag[2].lower()] += -1 if tag[1] else 1
    comments = piece.count("<!--") == piece.count("-->")
    return not any(tags.values()) and comments and len(_FENCE().findall(piece)) % 2 == 0


def _ends_numbered(text: str, passages: Sequence[Passage], starts: Sequence[int], start: int, end: int) -> bool:
    """Is the last block between ``start`` and ``end`` of a numbered list?"""
    at = bisect_left(starts, end) - 1
    while at > 0 and starts[at] > start and passages[at].depth < 0 and passages[at].kind != "heading":
        at -= 1
    return at >= 0 and starts[at] >= start and _NUMBERED().match(text, passages[at].first) is not None


def _goes_on(text: str, end: int) -> bool:
    """Does what follows begin with a numbered item?"""
    following = text[end : end + 400].lstrip("\n")
    return _NUMBERED().match(following) is not None


def _lonely(text: str, passages: Sequence[Passage], stretches: Sequence[tuple[int, int]]) -> set[int]:
    """The passages below headings that would stand above one list item, where there were several blocks."""
    starts = [passage.start for passage in passages]
    gone = {at for start, end in stretches for at in _of(starts, start, end)}
    found: set[int] = set()
    first = next((at for at, passage in enumerate(passages) if passage.kind == "heading"), len(passages))
    while first < len(passages):
        behind = first + 1
        while behind < len(passages) and passages[behind].kind != "heading":
            behind += 1
        section = range(first + 1, behind)
        blocks = {passages[at].block for at in section}
        left = {
            passages[at].block: passages[at].depth
            for at in section
            if at not in gone and not _leads(text, passages[at])
        }
        if first not in gone and len(blocks) >= _SEVERAL and len(left) == 1 and max(left.values()) >= 0:
            found.update(section)
        first = behind
    return found


def _leads(text: str, passage: Passage) -> bool:
    return text[max(passage.end - 4, 0) : passage.end].rstrip("*_").endswith((":", "\uff1a"))


def _end(text: str, start: int, end: int) -> int:
    """``end``, or before the blank lines there where they are all that parts what is left on both sides."""
    content = text.find("\n", start + len(text[start:end].rstrip()), end) + 1
    before = text.rfind("\n", 0, max(start - 1, 0)) + 1
    is_parted = start == 0 or text[start - 1] != "\n" or not text[before:start].strip()
    return end if is_parted or end == len(text) or not content else content


def _keep_leads(text: str, passages: Sequence[Passage], going: set[int]) -> None:
    """Takes what ends in a colon out of ``going`` where the block that it leads to stays."""
    for at in range(len(passages) - 2, -1, -1):
        passage, following = passages[at], passages[at + 1]
        if (
            at in going
            and at + 1 not in going
            and passage.kind == "sentence"
            and following.kind != "heading"
            and _leads(text, passage)
        ):
            going.discard(at)


def _keep_parents(
    passages: Sequence[Passage], blocks: Sequence[tuple[int, list[int]]], whole: set[int], going: set[int]
) -> None:
    """Takes items that something which stays hangs on out of ``whole`` and ``going``."""
    below: list[tuple[int, bool]] = []
    """Items further down that are not under one another: how deep, and whether anything of them stays."""
    for block, of in reversed(blocks):
        depth = passages[of[0]].depth
        if depth < 0:
            below.clear()
            continue
        stays = block not in whole
        while below and below[-1][0] > depth:
            stays = below.pop()[1] or stays
        if stays and block in whole:
            whole.discard(block)
            going.difference_update(of)
        below.append((depth, stays))


def _emptied(text: str, passages: Sequence[Passage], going: set[int]) -> set[int]:
    """The headings, titles of a text apart, of sections that have lost all that they said."""
    found = set()
    below: list[tuple[int, bool, bool]] = []
    """Sections that begin further down: level, whether something goes, whether something stays."""
    goes = stays = False
    for at in range(len(passages) - 1, -1, -1):
        passage = passages[at]
        if passage.kind != "heading":
            goes, stays = goes or at in going, stays or at not in going
            continue
        level = _level(text, passage)
        while below and below[-1][0] > level:
            _, below_goes, below_stays = below.pop()
            goes, stays = goes or below_goes, stays or below_stays
        if goes and not stays and level > 1:
            found.add(at)
        below.append((level, goes, stays))
        goes = stays = False
    return found


def _level(text: str, heading: Passage) -> int:
    """Its number of ``#``; 1 for one that is underlined."""
    line = text[heading.start : heading.start + 10].lstrip()
    return len(line) - len(line.lstrip("#")) or 1
