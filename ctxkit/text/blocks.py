"""Markdown cut into its smallest parts that can stand or go alone: paragraphs, list items, fences, tables, headings.

The parts follow one another without a gap, so they cover the text; blank lines belong to the part before them. A list
item holds everything that is indented under it, lists and fences included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.markdown import frontmatter_end, outline
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator

_ITEM = on_demand(r"([ \t]{0,3})(?:[-+*]|\d{1,9}[.)])([ \t]+|$)")
_TABLE = on_demand(r"[ \t]{0,3}\|.*\||[ \t]{0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?[ \t]*$")
_BREAK = on_demand(r"[ \t]{0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_WHOLE = ("code-fence", "html-comment", "html-block", "indented-code")


class Part(NamedTuple):
    """A part of a text, in characters.

    ``kind``: ``frontmatter``, ``heading``, ``paragraph``, ``item``, ``table``, ``fence``, ``comment``, ``html``,
    ``break`` (a line across the page) or ``blank`` (blank lines in front of everything else).
    """

    kind: str
    start: int
    end: int


def parts(text: str) -> list[Part]:
    """The parts of ``text`` in order."""
    found: list[Part] = []
    for kind, start, end in _parts(text):
        if found and (kind == "blank" or (kind == "table" == found[-1].kind)):
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(Part(kind, start, end))
    return found


def _parts(text: str) -> Iterator[tuple[str, int, int]]:
    outlined = outline(text)
    wholes = {region.start: region for region in outlined.of(*_WHOLE)}
    headings = {heading.start for heading in outlined.headings}
    starts = wholes.keys() | headings
    position = frontmatter_end(text)
    if position:
        yield "frontmatter", 0, position
    while position < len(text):
        end = _line_end(text, position)
        line = text[position:end]
        item = _ITEM().match(line)
        region = wholes.get(position)
        if not line.strip():
            yield "blank", position, end
        elif region is not None:
            end = max(end, region.end)
            kind = {"html-comment": "comment", "html-block": "html"}.get(region.kind, "fence")
            yield kind, position, end
        elif position in headings:
            end = _heading_end(text, position, end)
            yield "heading", position, end
        elif _BREAK().match(line.rstrip()):
            yield "break", position, end
        elif item is not None:
            end = _item_end(text, end, len(item[1]), headings)
            yield "item", position, end
        elif _TABLE().match(line.rstrip()):
            yield "table", position, end
        else:
            end = _paragraph_end(text, end, starts)
            yield "paragraph", position, end
        position = end


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end + 1


def _heading_end(text: str, start: int, end: int) -> int:
    """A heading is one line, or the lines down to the one that underlines it."""
    if text[start:end].lstrip().startswith("#"):
        return end
    while end < len(text):
        following = _line_end(text, end)
        line = text[end:following].strip()
        end = following
        if not line or set(line) <= {"="} or set(line) <= {"-"}:
            break
    return end


def _item_end(text: str, position: int, indent: int, headings: set[int]) -> int:
    """Where the item ends whose first line ends at ``position``: before what is not indented under it."""
    end = position
    blank = False
    while position < len(text):
        following = _line_end(text, position)
        line = text[position:following]
        if not line.strip():
            blank = True
            position = following
            continue
        deeper = len(line) - len(line.lstrip(" \t")) > indent or line[0] == "\t"
        begins = _ITEM().match(line) is not None or _BREAK().match(line.rstrip()) is not None
        if position in headings or (not deeper and (blank or begins)):
            break
        blank = False
        position = end = following
    return end


def _paragraph_end(text: str, position: int, starts: set[int]) -> int:
    while position < len(text) and position not in starts:
        following = _line_end(text, position)
        line = text[position:following]
        if not line.strip() or _ITEM().match(line) is not None or _BREAK().match(line.rstrip()) is not None:
            break
        position = following
    return position
