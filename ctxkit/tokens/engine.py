"""Count tokens exactly, with the fastest engine at hand.

Two engines give the same counts: tiktoken, always there, and splintr (the ``fast`` extra). The environment variable
``CTXKIT_ENGINE`` picks one by name (``tiktoken``, ``fast``); ``auto`` or nothing takes splintr when it is installed
and counts a probe text correctly. Neither is imported before something is counted.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Protocol

from ctxkit.model import ConfigError, CtxkitError
from ctxkit.tokens.ranks import ENCODINGS, path_of
from ctxkit.tokens.split import chunks

PATTERN_VERSION = 1
"""Part of every cache key: rises when the same text may get another count."""

CHUNK = 1_000_000
"""Characters counted at once where a text can be cut safely: engines list every token, at some 40 bytes each."""

CHOICES = ("auto", "fast", "tiktoken")


class Counter(Protocol):
    """One engine for one encoding."""

    name: str

    def count(self, text: str) -> int:
        """Tokens of ``text``, which holds no lone surrogate."""


def count(text: str, encoding: str = "o200k_base") -> int:
    """Exact number of tokens of ``text`` in ``encoding``, whatever the text holds.

    Special tokens (``<|endoftext|>``) count as the ordinary text they are in a file. A lone surrogate counts as
    U+FFFD, which is what reaches a model in its place. Raises UnknownNameError for an encoding without shipped
    ranks, CtxkitError when the ranks are damaged, ConfigError for a bad ``CTXKIT_ENGINE``.
    """
    counter = _counter(encoding, _wanted())
    if len(text) > 2 * CHUNK:
        return sum(_count(counter, part) for part in chunks(text, CHUNK))
    return _count(counter, text)


def _count(counter: Counter, text: str) -> int:
    try:
        return counter.count(text)
    except UnicodeEncodeError:
        return counter.count(sendable(text))


def engine_name() -> str:
    """The engine that ``count`` uses here: ``splintr`` or ``tiktoken``."""
    return _counter(ENCODINGS[0], _wanted()).name


def space(encoding: str = "o200k_base") -> str:
    """The name under which counts of ``encoding`` are cached; engines share it because their counts are equal."""
    return f"{encoding}/{PATTERN_VERSION}"


def sendable(text: str) -> str:
    """``text`` with every lone surrogate replaced by U+FFFD, and surrogate pairs joined."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _wanted() -> str:
    choice = os.environ.get("CTXKIT_ENGINE", "auto") or "auto"
    if choice not in CHOICES:
        raise ConfigError(f"CTXKIT_ENGINE is {choice!r}.", f"Set it to one of {', '.join(CHOICES)}.")
    return choice


@cache
def _counter(encoding: str, choice: str) -> Counter:
    path_of(encoding)
    if choice != "tiktoken":
        from ctxkit.tokens.splintr_engine import open_splintr

        fast = open_splintr(encoding)
        if fast is not None:
            return fast
        if choice == "fast":
            raise CtxkitError(
                "CTXKIT_ENGINE asks for the fast engine, which is missing or miscounts here.",
                "Install it with: pip install 'agent-ctxkit[fast]', or unset CTXKIT_ENGINE.",
            )
    from ctxkit.tokens.tiktoken_engine import TiktokenCounter

    return TiktokenCounter(encoding)
