"""Markdown cut into passages: headings, sentences, list items, fences and tables, each with its words.

Passages are what copies are found by. Two of them say the same where their words are the same; white space, emphasis,
code marks, list markers, letter case and the punctuation around words make no difference. Frontmatter, comments and
lines across the page are none.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.text.blocks import Part
    from ctxkit.text.markdown import Outline

LONGEST = 4_000
"""Characters of a sentence that are looked at one by one for its end; what is longer is one sentence."""

_ITEM = on_demand(r"([ \t]*)(?:[-+*•]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_BLANK = on_demand(r"\n[ \t\r]*\n")
_QUOTE = on_demand(r"[ \t]*>[ \t]?")
_SENTENCE = on_demand(
    r"(?<=[.!?])(?<!\.\.)[\"'*_`)\]]{0,3}[ \t\r]*\n?[ \t]*(?<=\s)(?=[\"'*_`(\[]{0,3}[^\W_])"
    r"|\n[ \t]*(?=[\"'*_`(\[]{0,3}[A-Z\u2600-\u27bf\U0001f300-\U0001faff])"
    r"|(?<=[\u3002\uff01\uff1f])"
)
_UNBROKEN = on_demand(r"\s*((?:`[^`\n]*`|\[[^\]\n]*\]\([^)\n]*\)|\S)\S*)")
_ABBREVIATED = on_demand(r"(?:\be\.g|\bi\.e|\betc|\bvs|\bcf|\bapprox|\bNo|\bSt|\bMr|\bDr|(?:^|\n)[ \t]*\d+)\.$")
_CHUNKS = on_demand(
    "[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]|[^\\s\u2014\u2013\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]+"
)
_SIGNS = on_demand("[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]|[^\\s\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]+")
_LOOSE = ".,;:!?…\"'“”‘’«»()[]{}<>|~。、！？："  # noqa: RUF001
_AROUND = _LOOSE + "*`"
_MARKS = str.maketrans({"*": None, "`": None, "\u2011": "-", "\u2019": "'"})


class Passage(NamedTuple):
    """A passage, in characters of its text.

    ``kind``: ``heading``, ``sentence``, ``fence`` or ``table``. ``start`` to ``end`` is the passage alone, without list
    marker and blank lines. ``block``: the number of the paragraph, item, fence … that it is in, ``first`` to ``last``
    that block with its marker and the blank lines behind it. ``depth``: columns that the block is indented by; -1 for
    what is no list item. ``words``: in small letters, bare. ``section``: the words of the heading above.
    """

    kind: str
    start: int
    end: int
    block: int
    first: int
    last: int
    depth: int
    words: tuple[str, ...]
    section: str


class Word(NamedTuple):
    """A word: without the signs around it and in small letters, and where it stands, in characters."""

    bare: str
    start: int
    end: int


class _Block(NamedTuple):
    kind: str
    start: int
    end: int
    first: int
    depth: int


def passages(text: str, parts: Sequence[Part], outline: Outline) -> list[Passage]:
    """The passages of ``text``, in order; those without a word are left out."""
    found: list[Passage] = []
    section = ""
    blocks = list(_blocks(text, parts, outline))
    for number, block in enumerate(blocks):
        last = blocks[number + 1].first if number + 1 < len(blocks) else len(text)
        if block.kind == "hidden":
            continue
        for start, end in _sentences(text, block.start, block.end) if block.kind == "text" else [block[1:3]]:
            words = tuple(word.bare for word in split(text[start:end], block.kind == "fence"))
            if not words:
                continue
            if block.kind == "heading":
                section = " ".join(words)
            kind = "sentence" if block.kind == "text" else block.kind
            found.append(Passage(kind, start, end, number, block.first, last, block.depth, words, section))
    return found


def split(text: str, fence: bool = False) -> list[Word]:
    """The words of ``text``; of a ``fence`` signs alone count too, its first and last line do not."""
    start, end = (text.find("\n") + 1 or len(text), len(text)) if fence else (0, len(text))
    if fence:
        stripped = start + len(text[start:].rstrip())
        last = text.rfind("\n", 0, stripped) + 1
        if last >= start and not text[last:stripped].strip(" \t`~>"):
            end = last
    found = []
    for chunk in (_SIGNS if fence else _CHUNKS)().finditer(text, start, end):
        if chunk[0].isalnum():
            found.append(Word(chunk[0].lower(), chunk.start(), chunk.end()))
            continue
        left = chunk[0].lstrip(_AROUND)
        shown = left.rstrip(_AROUND)
        word = (shown if fence else shown.translate(_MARKS)).strip("_").lower()
        if word and (fence or any(map(str.isalnum, word))):
            first = chunk.end() - len(left)
            found.append(Word(word, first, first + len(shown)))
    return found


def _blocks(text: str, parts: Sequence[Part], outline: Outline) -> Iterator[_Block]:
    """Paragraphs, items without their children, fences …, one after the other; ``hidden`` is what says nothing."""
    fences = [(region.start, region.end) for region in outline.of("code-fence")]
    at = 0
    for part in parts:
        while at < len(fences) and fences[at][1] <= part.start:
            at += 1
        if part.kind == "fence" and _is_open(text, part):
            yield from _lines(text, part._replace(kind="item"), (), 0)
        elif part.kind in ("heading", "fence", "table"):
            yield _Block(part.kind, part.start, part.start + len(text[part.start : part.end].rstrip()), part.start, -1)
        elif part.kind in ("paragraph", "item", "html"):
            yield from _lines(text, part, fences, at)
        else:
            yield _Block("hidden", part.start, part.end, part.start, -1)


def _is_open(text: str, fence: Part) -> bool:
    """Does it run to the end of the text over several paragraphs, because nothing closes it? Then it is no code."""
    if fence.end < len(text):
        return False
    last = text.rfind("\n", fence.start, fence.start + len(text[fence.start :].rstrip()))
    return text[last + 1 :].strip(" \t>`~\n") != "" and _BLANK().search(text, fence.start, last + 1) is not None


def _lines(text: str, part: Part, fences: Sequence[tuple[int, int]], at: int) -> Iterator[_Block]:
    """The blocks within a paragraph or an item."""
    start = end = -1
    first = part.start
    depth = around = -1
    position = part.start
    while position < part.end:
        following = text.find("\n", position, part.end) + 1 or part.end
        while at < len(fences) and fences[at][1] <= position:
            at += 1
        item = _ITEM().match(text, position, following) if part.kind == "item" else None
        in_fence = at < len(fences) and following > fences[at][0]
        blank = not text[position:following].strip()
        if start >= 0 and (in_fence or blank or item is not None):
            yield _Block("text", start, end, first, depth)
            start, depth = -1, around + 1 if around >= 0 else -1
        if in_fence:
            following = max(following, min(fences[at][1], part.end))
            yield _Block("fence", position, following, position, around + 1)
        elif not blank:
            if item is not None:
                depth = around = len(item[1].expandtabs(4))
            if start < 0:
                first, start = position, item.end() if item is not None else position
            end = following
        position = following
    if start >= 0:
        yield _Block("text", start, end, first, depth)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the sentences between ``start`` and ``end`` are, without white space around them."""
    cuts = [start]
    behind = min(end, start + LONGEST)
    width = max(map(len, text[start:behind].split("\n")))
    for found in _SENTENCE().finditer(text, start, behind):
        here = found.start()
        ended = here and text[here - 1] in ".!?\u3002\uff01\uff1f"
        if not ended and text[here : here + 1] == "\n" and _is_full(text, start, here, width):
            continue
        if not _ABBREVIATED().search(text, max(start, here - 8), here):
            cuts.append(found.end())
    cuts.append(end)
    for one, other in pairwise(cuts):
        piece = text[one:other]
        if piece.strip():
            mark = _QUOTE().match(piece)
            first = one + (mark.end() if mark is not None else len(piece) - len(piece.lstrip()))
            yield first, one + len(piece.rstrip())


def _is_full(text: str, start: int, end: int, width: int) -> bool:
    """Would the first word behind the line that ends at ``end`` not fit on it? Then it was wrapped, not ended."""
    word = _UNBROKEN().match(text, end, end + width + 1)
    return end - max(text.rfind("\n", start, end) + 1, start) + 1 + (len(word[1]) if word is not None else 0) > width


_FILLER = frozenset(
    [
        "a", "an", "and", "are", "be", "been", "being", "is", "it", "its", "that", "the", "these", "this", "those",
        "was", "were", "will", "please", "also", "then",
    ]
)  # fmt: skip


def bare(passage: Passage) -> tuple[str, ...]:
    """The words of ``passage`` that carry its meaning; all of them in code, and where it has no others."""
    if passage.kind == "fence":
        return passage.words
    return tuple(word for word in passage.words if word not in _FILLER) or passage.words
