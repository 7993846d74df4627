"""Conversations kept as a tree in a file that only grows: each entry names the one it answers.

The window holds the way from the root to the newest entry. Where an entry answers another than the newest, what came
after that one leaves; where it answers one on a way that was left before, that way comes back.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ctxkit.model import CtxkitError
from ctxkit.sources.history.reading import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_REMEMBERED = 50_000
"""Entries that can be gone back to; older ones are taken for the beginning."""
_MOST_WORK = 300_000
"""Entries looked at in all for going back and forth, so that a hostile file cannot do so without end."""


class Span(NamedTuple):
    """Where an entry is in its file: offsets in bytes."""

    start: int
    end: int


class _Entry(NamedTuple):
    parent: str
    span: Span
    marks: tuple[str, ...]
    kept: str | None


class Turn(NamedTuple):
    """What going to another entry does. ``gone``: marks that leave; ``back``: where the entries are that come back."""

    gone: tuple[str, ...] = ()
    back: tuple[Span, ...] = ()


class Branches:
    """The entries of one conversation so far, and which of them are in the window."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._path: OrderedDict[str, None] = OrderedDict()
        self._window: OrderedDict[str, None] = OrderedDict()
        self._work = 0

    def follow(self, parent: str) -> Turn:
        """Make ``parent`` (empty: the beginning) the newest entry. An unknown one is taken for the newest."""
        newest = next(reversed(self._path), "")
        if parent == newest or (parent and parent not in self._entries):
            return Turn()
        if not parent or parent in self._path:
            left = self._cut(parent)
            summed = any(self._entries[identity].kept is not None for identity in left if identity in self._entries)
            if not summed or self._work > _MOST_WORK:
                return self._leave(left)
        elif self._work > _MOST_WORK:
            return Turn()
        else:
            way = self._way_to(parent)
            self._cut(next(iter(way)))
            self._path.update(way)
        self._work += len(self._path)
        return self._become(self._held())

    def add(self, identity: str, parent: str, span: Span, marks: Iterable[str]) -> None:
        """Put an entry behind the newest one; ``marks`` are those of its blocks."""
        self._put(identity, _Entry(parent, span, tuple(marks), None))

    def sum_up(self, identity: str, parent: str, span: Span, marks: Iterable[str], kept: str) -> frozenset[str]:
        """Put an entry behind the newest one that sums up what was sent before the entry ``kept`` (empty: all).

        Returns the marks that stay.
        """
        held: list[str] = []
        if kept in self._window and self._work <= _MOST_WORK:
            for each in reversed(self._window):
                held.append(each)
                if each == kept:
                    break
        self._work += len(held)
        self._window = OrderedDict.fromkeys(reversed(held))
        self._put(identity, _Entry(parent, span, tuple(marks), kept))
        return frozenset(mark for each in held if each in self._entries for mark in self._entries[each].marks)

    def _put(self, identity: str, entry: _Entry) -> None:
        self._entries[identity] = entry
        for order in (self._path, self._window):
            order[identity] = None
            order.move_to_end(identity)
        for memory in (self._entries, self._path, self._window):
            if len(memory) > _REMEMBERED:
                memory.popitem(last=False)

    def _cut(self, last: str) -> list[str]:
        """Take off the path what lies behind ``last``; all of it if ``last`` is not on it."""
        left = []
        while self._path and next(reversed(self._path)) != last:
            left.append(self._path.popitem()[0])
        return left[::-1]

    def _leave(self, left: list[str]) -> Turn:
        gone: list[str] = []
        for identity in left:
            if identity in self._window:
                del self._window[identity]
                gone += self._entries[identity].marks if identity in self._entries else ()
        return Turn(tuple(gone))

    def _way_to(self, identity: str) -> dict[str, None]:
        """The entries from the oldest known one to ``identity``, but none before the first that is on the path."""
        way: list[str] = []
        seen: set[str] = set()
        while identity in self._entries and identity not in seen:
            way.append(identity)
            seen.add(identity)
            if identity in self._path:
                break
            identity = self._entries[identity].parent
        return dict.fromkeys(reversed(way))

    def _held(self) -> list[str]:
        """The entries of the path that are sent: all since the last that sums up, and those that one kept."""
        path = list(self._path)
        for at in range(len(path) - 1, -1, -1):
            kept = self._entries[path[at]].kept if path[at] in self._entries else None
            if kept is not None:
                first = path.index(kept) if kept in self._path else at
                return [*path[min(first, at) : at], *path[at:]]
        return path

    def _become(self, held: list[str]) -> Turn:
        wanted = set(held)
        left = [identity for identity in self._window if identity not in wanted]
        back = [identity for identity in held if identity not in self._window]
        gone = [mark for identity in left if identity in self._entries for mark in self._entries[identity].marks]
        self._window = OrderedDict.fromkeys(held)
        return Turn(tuple(gone), tuple(self._entries[identity].span for identity in back if identity in self._entries))


def again(path: str, spans: Iterable[Span]) -> Iterator[dict[str, object]]:
    """The records at ``spans`` of the file ``path``; none where the file has changed so that they are gone."""
    wanted = list(spans)
    if not wanted:
        return
    try:
        file = opened(path)
    except CtxkitError:
        return
    with file:
        for span in wanted:
            file.seek(span.start)
            try:
                record = msgspec.json.decode(file.read(span.end - span.start))
            except (msgspec.DecodeError, RecursionError, ValueError):
                continue
            if isinstance(record, dict):
                yield record
