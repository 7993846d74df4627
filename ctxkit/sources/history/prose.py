"""Transcripts that are text for people, such as Markdown: read line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.sources.history.reading import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_BLOCK = 32 * 1024 * 1024
"""Characters after which one block is given up as such: what follows is a block of its own."""
_LONGEST_LINE = 8 * 1024 * 1024
_CHUNK = 256 * 1024


def text_lines(path: str) -> Iterator[str]:
    """The lines of ``path`` without their ends; one of more than 8 MiB comes as several.

    Bytes that are no UTF-8 are replaced. Raises CtxkitError where the file cannot be opened.
    """
    with opened(path) as file:
        rest = b""
        first = True
        while chunk := file.read(_CHUNK):
            data = rest + chunk
            if first:
                data, first = data.removeprefix(b"\xef\xbb\xbf"), False
            end = data.rfind(b"\n") + 1
            if not end and len(data) > _LONGEST_LINE:
                end = len(data)
            rest = data[end:]
            if end:
                yield from _split(data[:end])
        yield from _split(rest)


def _split(data: bytes) -> list[str]:
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


class Gathering:
    """Lines that together are one block."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0

    def add(self, line: str) -> None:
        """Take ``line`` in."""
        self._lines.append(line)
        self._size += len(line) + 1

    @property
    def full(self) -> bool:
        """Is this as much as one block may be?"""
        return self._size > LONGEST_BLOCK

    def taken(self) -> list[str]:
        """The lines so far; from here on there are none."""
        lines, self._lines, self._size = self._lines, [], 0
        return lines
