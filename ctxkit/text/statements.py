"""Markdown cut into statements: sentences of paragraphs and list items, each with what it stands under.

Fences, comments, tables, headings and frontmatter hold no statements.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.blocks import parts
from ctxkit.text.markdown import outline
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.text.blocks import Part
    from ctxkit.text.markdown import Outline

LONGEST = 400
"""Characters of a statement; a longer sentence explains, it does not rule."""

_ITEM = on_demand(r"([ \t]*)(?:[-+*]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_QUOTE = on_demand(r"[ \t]*>")
_SENTENCE = on_demand(r"(?<=[.!?;])[\"'*_`)\]]{0,3}\s+(?=[\"'*_`(\[]{0,3}[A-Z0-9])")
_ABBREVIATED = on_demand(r"(?:\be\.g|\bi\.e|\betc|\bvs|\bcf|\bapprox|\bno|\bv|\bSt|\bMr|\bDr)\.$")
_LINK = on_demand(r"!?\[([^\]\[]{0,200})\]\([^)\s]{0,500}\)")
_ADDRESS = on_demand(r"https?://\S+")
_MARKS = on_demand(r"\*+|`+|(?<![^\W_])_{1,2}(?=\w)|(?<=\w)_{1,2}(?![^\W_])")
_SPACE = on_demand(r"\s+")


class Statement(NamedTuple):
    """A sentence, or a list item without its children, in characters of the document.

    ``text``: in small letters, without marks of emphasis and code, addresses left out. ``under``: the titles of the
    headings above it, outermost first. ``lead``: what a list it belongs to is announced by: the paragraph before the
    list, or the item around it. ``whole``: the paragraph or item (with its line end) if it says nothing else.
    """

    start: int
    end: int
    text: str
    under: tuple[str, ...]
    lead: str
    whole: tuple[int, int] | None


class _Unit(NamedTuple):
    """A paragraph, or an item without its children."""

    start: int
    end: int
    indent: int
    nested: bool


@lru_cache(maxsize=512)
def statements(text: str) -> tuple[Statement, ...]:
    """The statements of ``text``, in order; remembered, as several questions are asked of one rule file."""
    return tuple(_statements(text, parts(text), outline(text)))


def plain(text: str) -> str:
    """``text`` in small letters and on one line, without marks of emphasis and code, links as their words."""
    if "](" in text:
        text = _LINK().sub(r"\1", text)
    if "://" in text:
        text = _ADDRESS().sub(" ", text)
    text = _MARKS().sub("", text.replace("\u2019", "'").replace("\u2018", "'"))
    return _SPACE().sub(" ", text).strip().lower()


def _statements(text: str, cut: Sequence[Part], outlined: Outline) -> Iterator[Statement]:
    titles: list[tuple[int, str]] = []
    headings = iter(outlined.headings)
    heading = next(headings, None)
    holes = [(region.start, region.end) for region in outlined.of("code-fence", "html-comment", "indented-code")]
    at = 0
    announced = ""
    for part in cut:
        while heading is not None and heading.start <= part.start:
            while titles and titles[-1][0] >= heading.level:
                titles.pop()
            titles.append((heading.level, plain(heading.title[:LONGEST])))
            heading = next(headings, None)
        while at < len(holes) and holes[at][1] <= part.start:
            at += 1
        if part.kind not in ("paragraph", "item"):
            announced = "" if part.kind == "heading" else announced
            continue
        under = tuple(title for _, title in titles)
        leads: list[tuple[int, str]] = []
        units = list(_units(text, part, holes, at))
        for number, unit in enumerate(units):
            while leads and leads[-1][0] >= unit.indent:
                leads.pop()
            lead = leads[-1][1] if leads else announced if part.kind == "item" else ""
            alone = number + 1 == len(units) or not units[number + 1].nested or units[number + 1].indent <= unit.indent
            yield from _sentences(text, unit, under, lead, _whole(part, units, unit, alone))
            leads.append((unit.indent, plain(text[unit.start : min(unit.end, unit.start + LONGEST)])))
        if part.kind == "paragraph":
            announced = plain(text[max(part.start, part.end - LONGEST) : part.end])
            announced = announced if announced.endswith(":") else ""


def _whole(part: Part, units: list[_Unit], unit: _Unit, alone: bool) -> tuple[int, int] | None:
    """The stretch that goes with ``unit`` if it is removed; None where something else hangs on it."""
    if len(units) == 1:
        return part.start, part.end
    return (unit.start, unit.end) if alone and unit.nested else None


def _units(text: str, part: Part, holes: list[tuple[int, int]], at: int) -> Iterator[_Unit]:
    """The paragraphs and items within ``part``, fences and comments left out."""
    start = end = -1
    indent = 0
    nested = False
    position = part.start
    while position < part.end:
        following = text.find("\n", position, part.end) + 1 or part.end
        while at < len(holes) and holes[at][1] <= position:
            at += 1
        in_hole = at < len(holes) and holes[at][0] <= position
        line = text[position:following] if following - position < 4 * LONGEST else text[position : position + LONGEST]
        item = None if in_hole or part.kind != "item" else _ITEM().match(line)
        if in_hole or not line.strip() or item is not None:
            if start >= 0:
                yield _Unit(start, end, indent, nested)
            start = -1
        if not in_hole and line.strip() and not _QUOTE().match(line):
            if item is not None:
                indent, nested = len(item[1].expandtabs(4)), position > part.start
            if start < 0:
                start = position
            end = following
        position = following
    if start >= 0:
        yield _Unit(start, end, indent, nested)


def _sentences(
    text: str, unit: _Unit, under: tuple[str, ...], lead: str, whole: tuple[int, int] | None
) -> Iterator[Statement]:
    marker = _ITEM().match(text, unit.start, min(unit.end, unit.start + LONGEST))
    first = marker.end() if marker is not None else unit.start
    cuts = [first]
    cuts += [
        found.end()
        for found in _SENTENCE().finditer(text, first, min(unit.end, first + 20 * LONGEST))
        if not _ABBREVIATED().search(text, max(first, found.start() - 8), found.start())
    ]
    cuts.append(unit.end)
    for start, end in pairwise(cuts):
        words = text[start:end].strip()
        if words and len(words) <= LONGEST:
            yield Statement(start, end, plain(words), under, lead, whole if len(cuts) == 2 else None)
