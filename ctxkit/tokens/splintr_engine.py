"""splintr (the ``fast`` extra): the same counts as tiktoken at three times its speed, vocabularies compiled in.

splintr is young, so nothing is taken on trust: a version outside the range that the tests cover is not used, and each
vocabulary must count a probe text correctly before it counts anything else.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from splintr import AnyTokenizer

VERSIONS = ("0.22.",)
"""Version prefixes whose counts the tests prove."""

PROBE = "It's DON'T we'll 1234567 x=0x1F//\r\n\r\n \t  /* a */\n\n   camelCaseHTTPServer <|endoftext|> \x00 \t\n  "
"""Contractions, numbers, line ends, a special token spelt out, trailing white space. ASCII only, because splintr
builds its tables for other scripts at their first use (0.1 s), which most runs never need."""

PROBE_COUNTS = {"o200k_base": 35, "cl100k_base": 36}


class SplintrCounter:
    """Counts with splintr in one of its vocabularies, special tokens spelt out in a text as ordinary text."""

    name = "splintr"

    def __init__(self, tokenizer: AnyTokenizer) -> None:
        self._ordinary = tokenizer.encode_ordinary
        self._flat = tokenizer.encode_flat
        self._framing = len(tokenizer.encode_ordinary(""))
        self._plain_specials = all(special.startswith("<|") for special in tokenizer.special_tokens())

    def count(self, text: str) -> int:
        """Tokens of ``text`` without the vocabulary's own start and end tokens.

        Raises UnicodeEncodeError when it holds a lone surrogate.
        """
        # encode_flat makes no Python list (1.6 times faster) but knows special tokens, so no text that may hold one.
        if self._plain_specials and "<|" not in text:
            return len(self._flat(text)) // 4 - self._framing
        return len(self._ordinary(text)) - self._framing


@cache
def open_vocabulary(name: str) -> SplintrCounter | None:
    """A counter for any vocabulary that splintr bundles; None when splintr is missing or untested."""
    try:
        import splintr
    except ImportError:
        return None
    if not splintr.__version__.startswith(VERSIONS):
        return None
    return SplintrCounter(splintr.Tokenizer.from_pretrained(name))


def open_splintr(encoding: str) -> SplintrCounter | None:
    """A counter for one of OpenAI's encodings; None when splintr is missing, untested or miscounts."""
    counter = open_vocabulary(encoding)
    if counter is None or counter.count(PROBE) != PROBE_COUNTS[encoding]:
        return None
    return counter
