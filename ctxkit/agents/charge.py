"""Which characters of a rule file an agent really sends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ctxkit.text import markdown
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.agents.spec import Limit, Strip
    from ctxkit.text.frontmatter import Frontmatter

Range = tuple[int, int]

_COMMENTS = on_demand(r"[ \t]*<!--.*?-->", re.DOTALL)
_ANY_COMMENT = on_demand(r"<!--.*?-->", re.DOTALL)
_BLANK_LINE = on_demand(r"[ \t\r]*\n")


def kept(text: str, front: Frontmatter, strip: Sequence[Strip]) -> tuple[Range, ...]:
    """The ranges (characters) of ``text`` that remain once the agent has taken out what it strips."""
    cuts: list[Range] = []
    if text.startswith("\ufeff"):
        cuts.append((0, 1))
    if "frontmatter" in strip and front.end:
        cuts.append((0, front.end))
    if "all-comments" in strip:
        cuts.extend(match.span() for match in _ANY_COMMENT().finditer(text))
    if "html-comments" in strip:
        comments = markdown.outline(text).of("html-comment")
        cuts.extend(_comment_cut(text, region.start, region.end) for region in comments)
    ranges = _without(len(text), cuts)
    return _trimmed(text, ranges) if "outer-space" in strip else ranges


def _comment_cut(text: str, start: int, end: int) -> Range:
    """A comment block without the text behind it; one that fills its lines takes a following blank line along."""
    stop = start
    while (match := _COMMENTS().match(text, stop, end)) is not None:
        stop = match.end()
    if text[stop:end].strip():
        return start, stop
    blank = _BLANK_LINE().match(text, end)
    return start, blank.end() if blank else end


def _without(length: int, cuts: list[Range]) -> tuple[Range, ...]:
    ranges, position = [], 0
    for start, end in sorted(cuts):
        if start > position:
            ranges.append((position, start))
        position = max(position, end)
    if position < length:
        ranges.append((position, length))
    return tuple(ranges)


def _trimmed(text: str, ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    """``ranges`` without the white space at both ends of what they make up."""
    result = list(ranges)
    while result:
        start, end = result[0]
        first = start + len(text[start:end]) - len(text[start:end].lstrip())
        if first < end:
            result[0] = (first, end)
            break
        result.pop(0)
    while result:
        start, end = result[-1]
        last = start + len(text[start:end].rstrip())
        if last > start:
            result[-1] = (start, last)
            break
        result.pop()
    return tuple(result)


def join(text: str, ranges: Sequence[Range]) -> str:
    """The text of the ranges, one after the other."""
    if len(ranges) == 1 and ranges[0] == (0, len(text)):
        return text
    return "".join(text[start:end] for start, end in ranges)


def size(text: str, unit: str) -> int:
    """The size of ``text`` in ``bytes``, ``chars`` or ``lines``."""
    if unit == "bytes":
        return len(text.encode("utf-8", "replace"))
    if unit == "lines":
        return text.count("\n") + (not text.endswith("\n") and bool(text))
    return len(text)


def limited(text: str, ranges: tuple[Range, ...], limit: Limit, allowed: float) -> tuple[Range, ...]:
    """``ranges`` cut off where they pass ``allowed`` of the limit's unit; none at all if the file is skipped whole."""
    whole = join(text, ranges)
    if size(whole, limit.unit) <= allowed or limit.overflow == "none":
        return ranges
    if limit.overflow != "truncate" or allowed <= 0:
        return ()
    return _first(ranges, _prefix(whole, limit.unit, int(allowed)))


def _prefix(text: str, unit: str, allowed: int) -> int:
    if unit == "bytes":
        return len(text.encode("utf-8", "replace")[:allowed].decode("utf-8", "ignore"))
    if unit == "lines":
        position = 0
        for _ in range(allowed):
            position = text.find("\n", position) + 1
            if position == 0:
                return len(text)
        return position
    return allowed


def _first(ranges: tuple[Range, ...], characters: int) -> tuple[Range, ...]:
    result = []
    for start, end in ranges:
        if characters <= 0:
            break
        result.append((start, min(end, start + characters)))
        characters -= end - start
    return tuple(result)
