"""Sizes, tokens and kinds of many files as parallel columns: no Python object per file."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Sequence

UNKNOWN = 0xFF
"""The info byte of a file that could not be read. Otherwise the low half is its kind, with these on top:"""
INFO_BINARY, INFO_ESTIMATED, INFO_KIND = 0x40, 0x80, 0x0F

_MAX_TOKENS = 0xFFFF_FFFF


class Columns(Struct):
    """Parallel columns over files: bytes, tokens, and kind with marks (``UNKNOWN`` where nothing is known)."""

    sizes: array[int] = field(default_factory=lambda: array("Q"))
    tokens: array[int] = field(default_factory=lambda: array("I"))
    info: bytearray = field(default_factory=bytearray)

    @classmethod
    def unknown(cls, count: int) -> Columns:
        """``count`` files of which nothing is known."""
        return cls(array("Q", bytes(8 * count)), array("I", bytes(4 * count)), bytearray(b"\xff") * count)

    def without(self, rows: Sequence[int]) -> Columns:
        """The same columns, with nothing known of ``rows``."""
        if not rows:
            return self
        info = bytearray(self.info)
        for row in rows:
            info[row] = UNKNOWN
        return Columns(self.sizes, self.tokens, info)

    def set(self, row: int, size: int, tokens: int, info: int) -> None:
        """Fill in one file."""
        self.sizes[row] = size
        self.tokens[row] = min(tokens, _MAX_TOKENS)
        self.info[row] = info
