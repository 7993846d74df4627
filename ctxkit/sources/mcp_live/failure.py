"""Why a server gave no answer, and what one run may take of it."""

from __future__ import annotations

from typing import NamedTuple


class ServerFailureError(Exception):
    """A server that could not be started or asked: one sentence why, and one that says what to do."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class Limits(NamedTuple):
    """What one server may take.

    ``start`` and ``list``: seconds for its answer to ``initialize``, and for all of ``tools/list``. ``line``: bytes of
    one message; ``total``: bytes of all it sends. ``pages``: answers to ``tools/list``; ``tools``: entries in them.
    ``stop``: seconds it is given to end by itself, and again once it was asked to.
    """

    start: float = 60.0
    list: float = 60.0
    line: int = 16 * 1024 * 1024
    total: int = 32 * 1024 * 1024
    pages: int = 1_000
    tools: int = 50_000
    stop: float = 2.0
