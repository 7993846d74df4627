"""Markdown that GitHub renders as it is meant, whatever other people wrote into the files it tells of.

All text from elsewhere goes through :func:`prose` or :func:`code`: characters that mean something in Markdown or HTML
become numeric references, so that nothing opens a tag, ends a table cell, mentions a person or closes an issue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.report.json_values import utf8
from ctxkit.report.layout import clean, cut_end
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COMMENT_CHARACTERS = 65_536
"""Characters GitHub takes in a comment; a step summary may have 1 MiB."""

_APART = "\u200b"
_MEANS_SOMETHING = {ord(char): f"&#{ord(char)};" for char in "&<>\\`*_[]|~$\"'{}!"}
_REFERS = {ord(char): f"&#{ord(char)};{_APART}" for char in "@#"}
_IN_PROSE = {**_MEANS_SOMETHING, **_REFERS}
_IN_CODE = {**_MEANS_SOMETHING, **{ord(char): f"&#{ord(char)};" for char in "@#:"}}

_LEADS = on_demand(r"(?i)(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\bgh)(?=-\d)")
"""Where an address or the name of an issue would begin."""
_BLOCK = on_demand(r"^(\d*)([-+=.)])")
"""What may begin a list or underline a heading at the start of a line."""

_PROSE = 500
_CODE = 200


def prose(text: str, most: int = _PROSE) -> str:
    """``text`` as running text of at most ``most`` columns, in one line."""
    shown = _LEADS().sub(_APART, cut_end(utf8(clean(text)).strip(), most)).translate(_IN_PROSE)
    return _BLOCK().sub(lambda found: f"{found[1]}&#{ord(found[2])};", shown)


def code(text: str, most: int = _CODE) -> str:
    """``text`` in the typeface of code, in one line of at most ``most`` columns."""
    return f"<code>{cut_end(utf8(clean(text)), most).translate(_IN_CODE)}</code>" if text else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table of finished cells; the columns ``right`` (from 0) are aligned to the right."""
    marks = ["---:" if at in right else "---" for at in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, marks, *rows))


def details(summary: str, body: str) -> str:
    """``body`` behind a line that opens it; ``summary`` is finished HTML."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def fitted(blocks: Sequence[str], most: int = COMMENT_CHARACTERS) -> str:
    """``blocks`` with empty lines between them; those at the end that would make it longer than ``most`` go whole."""
    sizes = [_characters(block) + 2 for block in blocks]
    if sum(sizes) <= most:
        return "\n\n".join(blocks) + "\n"
    room, kept = most - _characters(_left_out(len(blocks))) - 2, 0
    while kept < len(blocks) and sizes[kept] <= room:
        room -= sizes[kept]
        kept += 1
    return "\n\n".join([*blocks[:kept], _left_out(len(blocks) - kept)]) + "\n"


def _characters(text: str) -> int:
    """How long GitHub takes a comment to be: in UTF-16 units, which is never less than characters."""
    return len(text.encode("utf-16-le")) // 2


def _left_out(blocks: int) -> str:
    return f"_{blocks:,} more did not fit here; the text report has them._"
