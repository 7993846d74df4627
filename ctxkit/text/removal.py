"""What to take out of a text so that given passages are gone and what is left is whole."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ctxkit.text.passages import Passage


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
            and text[passage.end - 4 : passage.end].rstrip("*_").endswith((":", "\uff1a"))
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
