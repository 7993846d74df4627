"""Files of recorded exchanges, in whatever record: one JSON document, a list in it, or one record a line.

The readers of such files differ in how they find the exchange in a record; they share how the file is read, which
exchanges are of one session, and what is told of the sessions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ctxkit.model import CtxkitError, Skipped
from ctxkit.sources.history.exchanges import Exchange, events_of, has_tools, key_of, start_of
from ctxkit.sources.history.glance import size_and_time, stem
from ctxkit.sources.history.losses import Losses
from ctxkit.sources.history.reader import Peek
from ctxkit.sources.history.reading import LARGEST_DOCUMENT, LONGEST_LINE, document, json_lines, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ctxkit.model.session import Event
    from ctxkit.sources.history.reader import Head

    Finder = Callable[[object], Exchange | None]
    """The exchange in a record; None if there is none."""

_BOM = b"\xef\xbb\xbf"
_LISTS = ("requests", "exchanges", "interactions", "entries", "data", "logs")
_TOLD_APART_BY = 8
"""Hexadecimal digits."""
_NO_REQUESTS = "Give requests as JSON, one document or one a line."


def first_record(head: Head) -> object:
    """The first record of the file that begins with ``head``; None if it is no JSON."""
    if head.is_lines:
        return head.records[0]
    found = head.document if head.document is not None else next(iter(head.records), None)
    return next(iter(listed(found)), None)


def listed(found: object) -> list[object]:
    """The records of a document: those of a list, also of one under a name, or the document itself."""
    if isinstance(found, list):
        return found
    if not isinstance(found, dict):
        return []
    lists = (found[name] for name in _LISTS if isinstance(found.get(name), list))
    return next((inner for inner in lists if inner and isinstance(inner[0], dict)), [found])


def peek(head: Head, form: str, find: Finder) -> Iterator[Peek]:
    """One for each session. A file of lines is read to its end for that, one over 64 MiB in its first lines alone."""
    size, _ = size_and_time(head.path)
    if head.is_lines and size > LARGEST_DOCUMENT:
        records: Iterable[object] = head.records
    elif head.is_lines:
        records = (line.record for line in json_lines(head.path, lambda _: None))
    else:
        records = listed(head.document if head.document is not None else next(iter(head.records), None))
    found = (exchange for record in records if (exchange := find(record)) is not None)
    yield from glances(found, head.path, form)


def glances(exchanges: Iterable[Exchange], path: str, form: str) -> Iterator[Peek]:
    """What is told of the sessions of ``exchanges``; of each no more than the first and the latest are kept."""
    size, ended = size_and_time(path)
    sessions: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        ends = sessions.setdefault(key_of(exchange), [exchange])
        if has_tools(exchange.body) and not has_tools(ends[0].body):
            ends[0] = replace(exchange, at=ends[0].at)
        ends[1:] = [exchange]
    for key, ends in sessions.items():
        start = start_of(ends[0], form, _name(path, key, alone=len(sessions) == 1))
        yield Peek(
            path=path,
            key=key if len(sessions) > 1 else "",
            id=start.id,
            cwd=start.cwd,
            title=start.title,
            model=start.model,
            version=start.version,
            began=start.at,
            ended=ends[-1].at or ended,
            size=size,
            parent=start.parent,
        )


def read(path: str, key: str, skip: Callable[[Skipped], None], form: str, find: Finder) -> Iterator[Event]:
    """The events of the sessions in ``path``. A file of lines is read twice: the first time for where sessions are.

    Raises CtxkitError where no record holds a request to a model.
    """
    whole = _whole(path)
    if whole is not None:
        exchanges = [exchange for record in listed(whole) if (exchange := find(record)) is not None]
        yield from sessions(exchanges, key, path, form)
        return
    places = _places(path, skip, find)
    if not places:
        raise CtxkitError(f"{path} holds no request to a model.", _NO_REQUESTS)
    for session, ends in places.items():
        if not key or session == key:
            name = _name(path, session, alone=len(places) == 1)
            yield from events_of(_at_places(path, ends, find), form, name)


def sessions(exchanges: Iterable[Exchange], key: str, path: str, form: str) -> Iterator[Event]:
    """The events of ``exchanges``, session by session; only those of the session ``key`` unless it is empty.

    Raises CtxkitError where there are none.
    """
    found: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        found.setdefault(key_of(exchange), []).append(exchange)
    if not found:
        raise CtxkitError(f"{path} holds no request to a model.", _NO_REQUESTS)
    for session, members in found.items():
        if not key or session == key:
            yield from events_of(members, form, _name(path, session, alone=len(found) == 1))


def _name(path: str, key: str, *, alone: bool) -> str:
    """What a session without an id is called: the file, and if there are others in it, what tells it from them."""
    return stem(path) if alone else f"{stem(path)}-{key[-_TOLD_APART_BY:]}"


def _whole(path: str) -> object:
    """The value of a file that is one JSON document; None if it is one of lines."""
    with opened(path) as file:
        first = file.readline(LONGEST_LINE)
        more = bool(file.read(64 * 1024).strip())
    try:
        lines = more and isinstance(msgspec.json.decode(first.removeprefix(_BOM)), dict)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        lines = False
    if lines:
        return None
    try:
        return document(path)
    except CtxkitError:
        if more:
            return None
        raise


class _Place(NamedTuple):
    """Where a line is: the offset of its first byte, and of the byte behind it."""

    start: int
    end: int


def _places(path: str, skip: Callable[[Skipped], None], find: Finder) -> dict[str, list[_Place]]:
    """Where the requests of each session are, in the order in which the sessions begin."""
    places: dict[str, list[_Place]] = {}
    others = 0
    before = 0
    losses = Losses(path, skip)
    for line in json_lines(path, lambda skipped: losses.add(skipped.path.removeprefix(f"{path}:"), skipped.reason)):
        exchange = find(line.record)
        if exchange is None:
            others += 1
        else:
            places.setdefault(key_of(exchange), []).append(_Place(before, line.end))
        before = line.end
    losses.close()
    if others:
        skip(Skipped(path, f"{others:,} lines hold no request to a model", "The rest is read."))
    return places


def _at_places(path: str, places: list[_Place], find: Finder) -> Iterator[Exchange]:
    decode = msgspec.json.Decoder().decode
    with opened(path) as file:
        for place in places:
            file.seek(place.start)
            for line in reversed(file.read(place.end - place.start).split(b"\n")):
                try:
                    exchange = find(decode(line.removeprefix(b"\xef\xbb\xbf")))
                except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                    continue
                if exchange is not None:
                    yield exchange
                    break
