"""What to take out of a text so that given passages are gone and what is left is whole."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ctxkit.text.passages import Passage


def removal(text: str, passages: Sequence[Passage], gone: Collection[int]) -> tuple[list[tuple[int, int]], bool]:
    """The stretches (characters) to remove, and whether they hold nothing but the passages ``gone`` (by number).

    A paragraph, item or fence of which everything goes, goes with its marker and the blank lines behind it; an item
    stays where something under it stays. A heading goes too when all that it stands above goes.
    """
    going = set(gone)
    blocks = [(block, list(of)) for block, of in groupby(range(len(passages)), key=lambda at: passages[at].block)]
    whole = {block for block, of in blocks if all(at in going for at in of)}
    _keep_parents(passages, blocks, whole, going)
    emptied = _emptied(text, passages, going)
    stretches: list[tuple[int, int]] = []
    for at in sorted(going | emptied):
        passage = passages[at]
        if passage.block in whole or at in emptied:
            start, end = passage.first, passage.last
        elif at and passages[at - 1].block == passage.block:
            start, end = passages[at - 1].end, passage.end
        else:
            start, end = passage.start, passages[at + 1].start
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = stretches[-1][0], max(end, stretches[-1][1])
        else:
            stretches.append((start, end))
    return stretches, not emptied


def _keep_parents(
    passages: Sequence[Passage], blocks: Sequence[tuple[int, list[int]]], whole: set[int], going: set[int]
) -> None:
    """Takes items that something which stays hangs on out of ``whole`` and ``going``."""
    shallowest_kept = -1
    for block, of in reversed(blocks):
        depth = passages[of[0]].depth
        if block in whole and 0 <= depth < shallowest_kept:
            whole.discard(block)
            going.difference_update(of)
        if depth < 0:
            shallowest_kept = -1
        elif block not in whole:
            shallowest_kept = depth if shallowest_kept < 0 else min(depth, shallowest_kept)
        elif depth <= shallowest_kept:
            shallowest_kept = -1


def _emptied(text: str, passages: Sequence[Passage], going: set[int]) -> set[int]:
    """The headings, titles of a text apart, under which nothing is left and that end where the next one begins."""
    found = set()
    following = 1
    left = 0
    for at in range(len(passages) - 1, -1, -1):
        passage = passages[at]
        if passage.kind == "heading":
            level = _level(text, passage)
            if at not in going and left > 0 and level > 1 and level >= following:
                found.add(at)
            following, left = level, 0
        elif at not in going:
            left = -1
        elif left >= 0:
            left += 1
    return found


def _level(text: str, heading: Passage) -> int:
    """Its number of ``#``; 1 for one that is underlined."""
    line = text[heading.start : heading.start + 10].lstrip()
    return len(line) - len(line.lstrip("#")) or 1
