"""The calls of a session that failed, and those that failed again and again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ctxkit.model.session import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.model.history import Entry, Session
    from ctxkit.sources.session.scale import Scale

_CIRCLE = 3
"""So many equal calls that fail are a circle."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A call that failed ``times`` in the same words. ``tokens``: of what it was answered."""

    call: Entry
    times: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Loop:
    """A call that failed again and again in the same words.

    ``last``: index of its last entry. ``over``: it has succeeded since.
    """

    name: str
    excerpt: str
    times: int
    tokens: int
    last: int
    over: bool = False


def failures(session: Session, scale: Scale) -> tuple[Failed, ...]:
    """The calls that failed, equal ones together; those that failed most often first."""
    found: dict[tuple[str, int], Failed] = {}
    for call, result in _answered(session):
        if result.error:
            known = found.get((call.name, call.digest), Failed(call, 0, 0))
            tokens = known.tokens + scale.tokens(result)
            found[call.name, call.digest] = Failed(known.call, known.times + 1, tokens)
    return tuple(sorted(found.values(), key=lambda item: (-item.times, -item.tokens, item.call.index)))


def loops(session: Session) -> tuple[Loop, ...]:
    """Calls that failed three times and more in the same words, without a success between; the latest last."""
    tries: dict[tuple[str, int], list[Entry]] = {}
    found: dict[tuple[str, int], Loop] = {}
    for call, entry in _answered(session):
        key = call.name, call.digest
        if not entry.error:
            tries.pop(key, None)
            if key in found:
                found[key] = replace(found[key], over=True)
            continue
        mine = tries.setdefault(key, [])
        mine.append(entry)
        if len(mine) >= _CIRCLE:
            tokens = sum(item.total for item in mine)
            found[key] = Loop(call.name, call.excerpt, len(mine), tokens, entry.index)
    return tuple(sorted(found.values(), key=lambda loop: loop.last))


def _answered(session: Session) -> Iterator[tuple[Entry, Entry]]:
    """Calls with their results."""
    for entry in session.entries:
        call = session.entry(entry.call) if entry.kind is Kind.RESULT and entry.call >= 0 else None
        if call is not None:
            yield call, entry
