"""Counting the texts of one audit for one model family, remembering what was counted before."""

from __future__ import annotations

import hashlib
from array import array
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Store(Protocol):
    """Where counts live between runs (:class:`ctxkit.tokens.cache.CountCache`)."""

    def get_blob(self, name: str) -> bytes | None:
        """What was stored under ``name``; None if nothing, or if it is damaged."""

    def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        """Store each of ``blobs`` under its name."""


class PieceCounter:
    """Counts pieces of texts in o200k_base so that the pieces of a text add up to the whole."""

    def __init__(self, store: Store | None) -> None:
        self.store = store
        self._memory: dict[str, list[int]] = {}
        self._new: dict[str, bytes] = {}

    def pieces(self, text: str, offsets: Sequence[int]) -> list[int]:
        """Tokens of the consecutive pieces of ``text`` that start at ``offsets`` (characters; the first is 0)."""
        if not text:
            return [0] * len(offsets)
        key = hashlib.sha1(text.encode("utf-8", "replace") + array("q", offsets).tobytes()).hexdigest()  # noqa: S324
        name = f"pieces/o200k_base/{key}"
        if name not in self._memory:
            self._memory[name] = self._stored(name, len(offsets)) or self._count(name, text, offsets)
        return self._memory[name]

    def whole(self, text: str) -> int:
        """Tokens of ``text``."""
        return self.pieces(text, (0,))[0]

    def flush(self) -> None:
        """Give the store what was counted since the last time, at once: a transaction each costs more than counting."""
        if self.store is not None and self._new:
            self.store.put_blobs(self._new)
            self._new = {}

    def _stored(self, name: str, expected: int) -> list[int] | None:
        data = self.store.get_blob(name) if self.store is not None else None
        if data is None or len(data) != 8 * expected:
            return None
        counts = array("q")
        counts.frombytes(data)
        return counts.tolist()

    def _count(self, name: str, text: str, offsets: Sequence[int]) -> list[int]:
        from ctxkit.tokens.engine import count
        from ctxkit.tokens.split import count_spans

        counts = count_spans(text, offsets, count) if len(offsets) > 1 else [count(text)]
        if self.store is not None:
            self._new[name] = array("q", counts).tobytes()
        return counts
