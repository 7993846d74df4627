"""Markdown as regions and sections: which characters are code, comment or frontmatter, and where headings stand.

A line scanner, not a parser: it knows CommonMark's fences, indented code, comment blocks, code spans and both kinds
of headings, which is all that loading rules and per-section counts depend on. Offsets are characters of the text.
"""

from __future__ import annotations

import functools
import re

from msgspec import Struct

from ctxkit.text.pattern import on_demand

_FENCE = on_demand(r"([ \t>]*)(`{3,}|~{3,})(.*)")
_ATX = on_demand(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = on_demand(r" {0,3}(=+|-+)[ \t]*$")
_LIST_ITEM = on_demand(r" {0,3}(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$)")
_HTML = on_demand(
    r" {0,3}</?(?:address|article|aside|blockquote|body|center|col|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption"
    r"|figure|footer|form|frame|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|nav|ol|optgroup|option|p|param|section"
    r"|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul|pre|script|style)(?=[\s/>]|$)",
    re.IGNORECASE,
)
_HTML_ALONE = on_demand(r" {0,3}(?:<[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>|</[A-Za-z][A-Za-z0-9-]*\s*>)[ \t]*$")
_COMMENT = on_demand(r" {0,3}<!--")


class Region(Struct, frozen=True):
    """A stretch that is not plain text.

    ``kind`` is one of ``frontmatter code-fence indented-code code-span html-comment inline-comment html-block``.

    ``html-comment`` is a comment block: the lines from one that starts with a comment to the one that closes it.
    ``inline-comment`` stands behind other text.
    """

    kind: str
    start: int
    end: int


class Heading(Struct, frozen=True):
    """A heading: its level (1 to 6), its text, and where its line starts."""

    level: int
    title: str
    start: int


class Outline(Struct, frozen=True):
    """The regions and headings of one text, in order."""

    regions: tuple[Region, ...]
    headings: tuple[Heading, ...]

    def of(self, *kinds: str) -> tuple[Region, ...]:
        """The regions of these kinds."""
        return tuple(region for region in self.regions if region.kind in kinds)


def frontmatter_end(text: str) -> int:
    """The offset just behind the closing ``---`` line of a frontmatter; 0 where there is none."""
    start = 1 if text.startswith("\ufeff") else 0
    first = _line_end(text, start)
    if text[start:first].rstrip() != "---":
        return 0
    position = first
    while position < len(text):
        end = _line_end(text, position)
        if text[position:end].rstrip() in ("---", "..."):
            return end
        position = end
    return 0


@functools.lru_cache(maxsize=1024)
def outline(text: str) -> Outline:
    """The regions and headings of ``text``; remembered, because several questions are asked of one rule file."""
    regions: list[Region] = []
    headings: list[Heading] = []
    position = frontmatter_end(text)
    if position:
        regions.append(Region("frontmatter", 0, position))
    paragraph = -1
    plain = position
    in_list = False
    last_comment_end = text.rfind("-->")
    while position < len(text):
        end = _line_end(text, position)
        line = text[position:end].rstrip("\r\n")
        blank = not line.strip()
        fence = _FENCE().match(line)
        if fence and _opens(fence, in_list):
            regions.extend(_spans(text, plain, position))
            stop = _fence_end(text, end, fence[2])
            regions.append(Region("code-fence", position, stop))
            position = plain = stop
            paragraph = -1
            continue
        if position <= last_comment_end and _COMMENT().match(line) and (stop := _comment_end(text, position)):
            regions.extend(_spans(text, plain, position))
            regions.append(Region("html-comment", position, stop))
            position = plain = stop
            continue
        if _HTML().match(line) or (paragraph < 0 and _HTML_ALONE().match(line)):
            stop = _blank_line(text, position)
            regions.extend(_spans(text, plain, position))
            regions.append(Region("html-block", position, stop))
            position = plain = stop
            paragraph = -1
            continue
        if not blank and paragraph < 0 and not in_list and line.startswith(("    ", "\t")):
            regions.extend(_spans(text, plain, position))
            regions.append(Region("indented-code", position, end))
            position = plain = end
            continue
        atx = _ATX().match(line)
        setext = _SETEXT().match(line) if paragraph >= 0 else None
        if atx:
            headings.append(Heading(len(atx[1]), (atx[2] or "").strip(), position))
            paragraph = -1
        elif setext and not _LIST_ITEM().match(text[paragraph:position]):
            headings.append(Heading(1 if setext[1][0] == "=" else 2, text[paragraph:position].strip(), paragraph))
            paragraph = -1
        elif blank:
            paragraph = -1
        elif paragraph < 0:
            paragraph = position
        if not blank:
            in_list = bool(_LIST_ITEM().match(line)) or (in_list and (line[0] in " \t" or paragraph != position))
        position = end
    regions.extend(_spans(text, plain, len(text)))
    regions.sort(key=lambda region: region.start)
    return Outline(tuple(regions), tuple(headings))


def _opens(fence: re.Match[str], in_list: bool) -> bool:
    """Does this line open a fence? Deeper than three blanks only inside a list, or behind a quote's ``>``."""
    if fence[2][0] == "`" and "`" in fence[3]:
        return False
    return in_list or ">" in fence[1] or (len(fence[1]) <= 3 and "\t" not in fence[1])


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end + 1


def _fence_end(text: str, position: int, opening: str) -> int:
    while position < len(text):
        end = _line_end(text, position)
        line = text[position:end].strip().lstrip("> ")
        if len(line) >= len(opening) and set(line) == {opening[0]}:
            return end
        position = end
    return len(text)


def _comment_end(text: str, start: int) -> int:
    """Where the comment block that starts here ends: behind the line that closes it; 0 if nothing closes it."""
    close = text.find("-->", start)
    return 0 if close < 0 else _line_end(text, close)


def _blank_line(text: str, position: int) -> int:
    while position < len(text):
        end = _line_end(text, position)
        if not text[position:end].strip():
            return position
        position = end
    return len(text)


def _spans(text: str, start: int, end: int) -> list[Region]:
    """Code spans and inline comments of plain text. A code span does not cross a blank line. Linear in the text."""
    found: list[Region] = []
    if "`" not in text[start:end] and "<!--" not in text[start:end]:
        return found
    closings = _closings(text, start, end)
    position = start
    last_comment_end = text.rfind("-->", start, end)
    for token in re.compile(r"`+|<!--").finditer(text, start, end):
        if token.start() < position:
            continue
        if token[0] != "<!--":
            close = closings.get(token.start(), 0)
            kind = "code-span"
        else:
            close = text.find("-->", token.end(), end) + 3 if token.end() <= last_comment_end else 0
            kind = "inline-comment"
        if close:
            found.append(Region(kind, token.start(), close))
            position = close
    return found


def _closings(text: str, start: int, end: int) -> dict[int, int]:
    """Start of a run of backticks → end of the next run of the same length in its paragraph."""
    closings: dict[int, int] = {}
    opened: dict[int, int] = {}
    for token in re.compile(r"`+|\n[ \t\r]*\n").finditer(text, start, end):
        if token[0][0] != "`":
            opened.clear()
            continue
        length = len(token[0])
        if length in opened:
            closings[opened[length]] = token.end()
        opened[length] = token.start()
    return closings


def sections(text: str, found: Outline) -> list[tuple[int, int, str, int]]:
    """Consecutive pieces ``(start, end, title, level)`` that cover ``text``: a heading up to the next heading.

    What stands before the first heading has level 0 and an empty title.
    """
    starts = [(0, "", 0)] if not found.headings or found.headings[0].start > 0 else []
    starts += [(h.start, h.title, h.level) for h in found.headings]
    ends = [start for start, _, _ in starts[1:]] + [len(text)]
    return [(start, end, title, level) for (start, title, level), end in zip(starts, ends, strict=True)]
