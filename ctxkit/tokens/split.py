"""Places where a text may be cut so that the counts of the parts add up to the count of the whole.

Both encodings first cut a text into matches of a pattern and then merge bytes inside each match, so counts add up over
any place where a match surely ends. Such a place is after a line feed when what follows is

* neither white space nor a slash, after any number of blanks and tabs, or
* a slash, after at least one blank or tab.

Why: words and numbers hold no line feed. Punctuation may take line ends and slashes along, so it goes on after a line
feed only with CR, LF or, in o200k, a slash. White space up to the last line end of a run is one match, so the
indentation that follows starts the next one; and neither pattern looks back.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_AFTER = r"(?:[ \t]*+[^\s/]|[ \t]++/)"
_CUT = re.compile(rf"\n(?={_AFTER})")
_GOES_ON = re.compile(_AFTER)
_REACH = 16_384  # characters counted again for each unsafe boundary, so that many of them stay linear


def safe_cuts(text: str) -> list[int]:
    """Offsets into ``text`` (in characters, ascending, neither 0 nor its length) where it may be cut."""
    return [match.end() for match in _CUT.finditer(text)]


def is_safe(text: str, offset: int) -> bool:
    """Whether counts add up when ``text`` is cut at ``offset``; its two ends always qualify."""
    if offset <= 0 or offset >= len(text):
        return True
    return text[offset - 1] == "\n" and _GOES_ON.match(text, offset) is not None


def chunks(text: str, size: int) -> Iterator[str]:
    """``text`` cut at safe places into parts of at least ``size`` characters (the last may be shorter), in order."""
    start = 0
    while len(text) - start > size:
        cut = _CUT.search(text, start + size)
        if cut is None:
            break
        yield text[start : cut.end()]
        start = cut.end()
    yield text[start:] if start else text


def count_spans(text: str, offsets: Sequence[int], count: Callable[[str], int]) -> list[int]:
    """Tokens of the consecutive pieces of ``text`` that start at ``offsets``; their sum is exactly ``count(text)``.

    ``offsets`` are in characters, ascend (equal ones make an empty piece of 0 tokens) and begin with 0; anything else
    raises ValueError. A boundary that is not safe may cut a token: there the stretch between the safe cuts around
    it is counted whole, the pieces in front of the boundary get what they count on their own, and the rest goes to
    the pieces behind it.
    """
    bounds = [*offsets, len(text)]
    if not offsets:
        if text:
            raise ValueError("a text that is not empty needs at least the offset 0")
        return []
    if bounds[0] != 0 or any(left > right for left, right in pairwise(bounds)):
        raise ValueError("offsets must begin with 0, ascend and stay inside the text")
    marks = [0] * len(bounds)
    first = 0
    total = 0
    while first < len(offsets):
        last = first + 1
        while not is_safe(text, bounds[last]):
            last += 1
        _count_group(text, bounds, marks, first, last, total, count)
        total = marks[last]
        first = last
    return [right - left for left, right in pairwise(marks)]


def _count_group(
    text: str, bounds: list[int], marks: list[int], first: int, last: int, before: int, count: Callable[[str], int]
) -> None:
    """Set ``marks``, the tokens in front of each bound, after ``first`` up to ``last``, both of them safe."""
    whole = before + count(text[bounds[first] : bounds[last]])
    start, settled = bounds[first], before
    for i in range(first + 1, last):
        near = _safe_before(text, bounds[i], start)
        if near > start:
            settled += count(text[start:near])
            start = near
        elif bounds[i] - start > _REACH:
            start, settled = bounds[i - 1], marks[i - 1]
        marks[i] = max(marks[i - 1], min(whole, settled + count(text[start : bounds[i]])))
    marks[last] = whole


def _safe_before(text: str, offset: int, floor: int) -> int:
    """The last safe cut in ``text`` at or before ``offset``, not before ``floor``, itself safe."""
    at = offset
    while at > floor:
        if is_safe(text, at):
            return at
        at = text.rfind("\n", floor, at - 1) + 1
    return floor
