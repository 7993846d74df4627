"""Dead weight of a window: what is in it and of no use any more, each entry under its surest reason.

The reasons, surest first:

* **repeat**: the same text (200 bytes or more) stands in a later entry of the window;
* **superseded**: a file was read, and later the same lines of it, or the whole, were read again;
* **stale**: a file was read, and written or edited afterwards, so the lines may no longer be what the file holds (an
  agent reads before it edits: this is an upper bound);
* **failed**: a call that failed, and the same call, or one of the same tool on the same file, succeeded later.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ctxkit.model.history import Doing
from ctxkit.model.session import MAIN, Kind
from ctxkit.sources.session.open_reads import OpenReads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ctxkit.model.history import Entry, Session

_LEAST = 200
"""Bytes of a repeat: shorter texts (``ok``, an exit code) are alike by chance."""


class Reason(StrEnum):
    """Why an entry is dead weight; the order of the members is that of how sure it is."""

    REPEAT = "repeat"
    SUPERSEDED = "superseded"
    STALE = "stale"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Dead:
    """``entry`` is of no use since ``by`` (the index of the entry that made it so)."""

    entry: Entry
    reason: Reason
    by: int


def dead_weight(session: Session, number: int | None = None, thread: str = MAIN) -> tuple[Dead, ...]:
    """What of the window of request ``number`` (None: the one to come) is dead weight, in order; each entry once."""
    window = list(session.window(number, thread))
    found: dict[int, Dead] = {}
    for dead in (*_repeats(window), *_reads(window, session), *_failures(window, session)):
        found.setdefault(dead.entry.index, dead)
    return tuple(found[index] for index in sorted(found))


def spelled(path: str, cwd: str) -> str:
    """``path`` relative to ``cwd`` where it lies below it, so that two spellings of one file are one."""
    plain = cwd.replace("\\", "/").rstrip("/")
    return path[len(plain) + 1 :] if plain and path.startswith(f"{plain}/") else path


def _repeats(window: Iterable[Entry]) -> list[Dead]:
    last: dict[int, Entry] = {}
    found = []
    for entry in window:
        if entry.kind is not Kind.RESULT or entry.size < _LEAST:
            continue
        before = last.get(entry.digest)
        if before is not None:
            found.append(Dead(before, Reason.REPEAT, entry.index))
        last[entry.digest] = entry
    return found


def _reads(window: Iterable[Entry], session: Session) -> list[Dead]:
    """Reads that a later read covers, or after which the file was changed."""
    open_reads: dict[str, OpenReads] = {}
    superseded: list[Dead] = []
    stale: list[Dead] = []
    cwd = session.start.cwd
    for entry in window:
        action = entry.action
        if action is None or entry.kind is not Kind.RESULT or entry.error:
            continue
        paths = frozenset(spelled(path, cwd) for path in action.paths)
        for path in sorted(paths):
            if action.doing is Doing.READ:
                reads = open_reads.setdefault(path, OpenReads())
                superseded += [Dead(read, Reason.SUPERSEDED, entry.index) for read in reads.covered_by(action, paths)]
                reads.add(entry, action, paths)
            elif action.doing in (Doing.WRITE, Doing.EDIT) and path in open_reads:
                stale += [Dead(read, Reason.STALE, entry.index) for read in open_reads.pop(path).all()]
    return superseded + stale


def _failures(window: list[Entry], session: Session) -> list[Dead]:
    """Failed calls that succeeded later: the results, and the calls themselves."""
    by_index: Mapping[int, Entry] = {entry.index: entry for entry in window}
    pending: dict[tuple[str, object], list[Entry]] = {}
    found = []
    for entry in window:
        if entry.kind is not Kind.RESULT:
            continue
        call = by_index.get(entry.call)
        keys = _same(entry, call, session.start.cwd)
        if entry.error:
            for key in keys:
                pending.setdefault(key, []).append(entry)
            continue
        for key in keys:
            for failed in pending.pop(key, ()):
                found.append(Dead(failed, Reason.FAILED, entry.index))
                asked = by_index.get(failed.call)
                if asked is not None:
                    found.append(Dead(asked, Reason.FAILED, entry.index))
    return found


def _same(entry: Entry, call: Entry | None, cwd: str) -> list[tuple[str, object]]:
    """What makes two calls attempts at one thing: equal arguments, or the same tool on the same file."""
    keys: list[tuple[str, object]] = []
    if call is not None:
        keys.append((entry.name, call.digest))
    action = entry.action
    if action is not None and action.doing in (Doing.READ, Doing.WRITE, Doing.EDIT) and len(action.paths) == 1:
        keys.append((entry.name, spelled(action.paths[0], cwd)))
    return keys
