"""The reads of one file that no later read has covered, found by their lines without a look at each."""

from __future__ import annotations

from bisect import bisect_right, insort
from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.model.history import Action, Entry

_LONGEST_BLOCK = 128
_MOST_SETS = 200
"""Sets of files that one file is read among. What is read in one more is taken to be of use: nobody reads so, and each
read would have to be held against every set."""


class OpenReads:
    """The open reads of one file, by the files that each has read: a later read has to have read all of them."""

    def __init__(self) -> None:
        self._by_files: dict[frozenset[str], _Lines] = {}

    def add(self, entry: Entry, action: Action, files: frozenset[str]) -> None:
        """``entry`` has read ``files`` as ``action`` tells."""
        if files in self._by_files or len(self._by_files) < _MOST_SETS:
            self._by_files.setdefault(files, _Lines()).add(
                _Read(action.start or 1, entry.index, action.end or inf, entry)
            )

    def covered_by(self, action: Action, files: frozenset[str]) -> Iterator[Entry]:
        """Take out the reads whose lines, of all their files, ``action`` reads again."""
        end = inf if action.end is None else action.end
        for read_files, lines in self._by_files.items():
            if read_files <= files:
                yield from lines.take(action.start or 1, end)

    def all(self) -> Iterator[Entry]:
        """All of them."""
        for lines in self._by_files.values():
            yield from lines.all()


class _Read(NamedTuple):
    """``end``: the last line that has to be read again; infinite where nobody knows it."""

    start: int
    number: int
    end: float
    entry: Entry


class _Block:
    """Some reads that follow each other by ``start``, and the lowest of their ``end``."""

    __slots__ = ("lowest", "reads")

    def __init__(self, reads: list[_Read]) -> None:
        self.reads = reads
        self.lowest = min(read.end for read in reads)


class _Lines:
    """Reads sorted by their first line, in blocks: what starts late enough and ends early enough is in few of them."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []

    def add(self, read: _Read) -> None:
        """Put ``read`` in its place."""
        if not self._blocks:
            self._blocks.append(_Block([read]))
            return
        at = max(0, bisect_right(self._blocks, read.start, key=lambda block: block.reads[0].start) - 1)
        reads = self._blocks[at].reads
        insort(reads, read)
        half = len(reads) // 2 if len(reads) > _LONGEST_BLOCK else 0
        self._blocks[at : at + 1] = [_Block(part) for part in (reads[:half], reads[half:]) if part]

    def take(self, start: int, end: float) -> list[Entry]:
        """Take out what starts at ``start`` or behind it and ends at ``end`` or before."""
        taken: list[Entry] = []
        for block in self._blocks:
            if block.lowest <= end and block.reads[-1].start >= start:
                covered = [read.start >= start and read.end <= end for read in block.reads]
                taken += [read.entry for read, gone in zip(block.reads, covered, strict=True) if gone]
                block.reads = [read for read, gone in zip(block.reads, covered, strict=True) if not gone]
                block.lowest = min((read.end for read in block.reads), default=inf)
        if taken:
            self._blocks = [block for block in self._blocks if block.reads]
        return taken

    def all(self) -> Iterator[Entry]:
        """All of them."""
        for block in self._blocks:
            yield from (read.entry for read in block.reads)
