r"""tiktoken's byte-pair encoder with our ranks, a faster form of its patterns, and no way to panic.

The patterns are OpenAI's, regrouped: all alternatives without a look-ahead stand in one group, which the regex engine
then runs in one go (a quarter faster). Alternatives keep their order, so every match is the same. Possessive
quantifiers of the published cl100k pattern are plain here: none of them can change a match, because what follows
each is empty or cannot start with what it gave back.

The one thing left that backtracks, ``\s+(?!\S)``, fails on about a million blanks in a row (tiktoken then raises a
PanicException, which is no Exception). Such runs never reach it: see ``_long_blanks``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ctxkit.tokens.ranks import load

if TYPE_CHECKING:
    from collections.abc import Iterator

PATTERNS = {
    "o200k_base": (
        r"(?:[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+)|\s+(?!\S)|\s"
    ),
    "cl100k_base": (
        r"(?:'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+$|\s*[\r\n])"
        r"|\s+(?!\S)|\s"
    ),
}

LONG = 100_000
"""Blanks in a row, in characters, from which a run is counted without the pattern (tiktoken fails at 999,999)."""

# White space in Unicode's sense without the line ends of the pattern; Python's \s holds four control characters more.
_BLANK = "\t\v\f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_BLANKS = re.compile(f"[{_BLANK}]+")


class TiktokenCounter:
    """Counts with tiktoken in one encoding."""

    name = "tiktoken"

    def __init__(self, encoding: str) -> None:
        from tiktoken._tiktoken import CoreBPE  # type: ignore[import-not-found]

        self._long_at_end = encoding != "cl100k_base"
        self._core = CoreBPE(load(encoding), {}, PATTERNS[encoding])

    def count(self, text: str) -> int:
        """Tokens of ``text``; UnicodeEncodeError when it holds a lone surrogate."""
        total = at = 0
        for start, end in _long_blanks(text, self._long_at_end):
            total += len(self._core.encode_ordinary(text[at:start]))
            total += len(self._core.encode_single_piece(text[start:end].encode()))
            at = end
        return total + len(self._core.encode_ordinary(text[at:] if at else text))


def _long_blanks(text: str, at_end: bool) -> Iterator[tuple[int, int]]:
    r"""Pieces of at least ``LONG`` blanks that the pattern would cut at exactly these places, in order.

    A run of blanks (no CR, no LF) that something visible follows is cut by the pattern into all but its last
    blank, and that last one, which may join what follows. No match reaches from before the run into it: a match
    holds white space only as its first character or as line ends after punctuation. Text after a piece is matched
    as if it stood alone, because the pattern looks at nothing behind it. A run before a line end never reaches the
    look-ahead: ``\s*[\r\n]`` takes it. A run at the end of the text is one piece in o200k (``at_end``); in cl100k
    ``\s+$`` takes it, with any line ends before it.
    """
    length = len(text)
    at = probe = 0
    while probe < length:
        run = _BLANKS.match(text, probe)
        if run is None:
            probe += LONG // 2
            continue
        end = run.end()
        start = _run_start(text, at, probe)
        if end - start >= LONG and (at_end if end == length else text[end] not in "\r\n"):
            at = end if end == length else end - 1
            yield start, at
        probe = max(end, probe + LONG // 2)


def _run_start(text: str, floor: int, inside: int) -> int:
    """Where the run of blanks around ``inside`` starts, not before ``floor``."""
    start = inside
    while start > floor:
        block = text[max(floor, start - 4096) : start]
        kept = len(block.rstrip(_BLANK))
        start -= len(block) - kept
        if kept:
            return start
    return start
