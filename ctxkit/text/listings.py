"""Directory trees drawn in text: their rows as paths, each with what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROW = on_demand(r"((?:[ \t]|│|┃|\||├|└|┣|┗|─|━|-(?=[- ])|`(?=-)|\+(?=-))*)([^\s│├└─#][^\n]*)?$")
_NAME = on_demand(
    r"\"?([\w.@+\[\]()*-][\w .@+\[\]()*-]*?(?:/[\w.@+\[\]()*-]+)*/?)\"?"
    r"(?:\s*(?:->|#|//|—|\u2013|←|<-|\()|\s+-\s|\s{2,}|:\s|\s*$)(.*)$"
)
_DRAWN = ("├", "└", "┣", "┗", "|--", "`--", "+--")
_LONGEST = 300


class Row(NamedTuple):
    """An entry: its path from the root of the drawing, and the words said of it.

    A directory ends in ``/`` where it is drawn so.
    """

    path: str
    about: str


def is_drawn(text: str) -> bool:
    """Does ``text`` look like a drawn directory tree?"""
    return any(mark in text for mark in _DRAWN)


def rows(text: str) -> Iterator[Row]:
    """The entries of a drawn tree, in order; lines that name nothing are passed over."""
    above: list[tuple[int, str]] = []
    for line in text.split("\n"):
        if len(line) > _LONGEST:
            continue
        match = _ROW().match(line)
        if match is None or not match[2]:
            continue
        named = _NAME().match(match[2])
        if named is None:
            continue
        depth = len(match[1].expandtabs(4))
        while above and above[-1][0] >= depth:
            above.pop()
        name = named[1].strip()
        parent = above[-1][1] if above else ""
        path = f"{parent.rstrip('/')}/{name}" if parent else name
        above.append((depth, path))
        yield Row(path, named[2].strip(" #/-—\u2013←()"))
