"""Recorded sessions as JSON (``ctxkit/sessions/1``); the Structs are the truth of ``rules/schema/sessions.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from ctxkit.report.history_json import AdviceOut, advice_out, usd, written
from ctxkit.report.json_values import SkippedOut, skipped_out, utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.sources.session.listing import History, Listed


class SessionOut(Struct, frozen=True, kw_only=True):
    """One session of a list; figures are null where it was not read whole (``--top``). Times in seconds since 1970."""

    advice: AdviceOut | None
    agent: str
    began: float
    cost: float | None
    cwd: str
    dead: int | None
    ended: float
    format: str
    id: str
    key: str
    model: str
    now: int | None
    parent: str
    path: str
    problem: str
    requests: int | None
    size: int
    title: str
    turns: int | None
    version: str
    window: int | None


class SessionsOut(Struct, frozen=True, kw_only=True):
    """What ``ctxkit history PATH --format json`` writes, newest first."""

    root: str
    schema: Literal["ctxkit/sessions/1"] = "ctxkit/sessions/1"
    sessions: tuple[SessionOut, ...]
    skipped: tuple[SkippedOut, ...]


def sessions_json(history: History) -> Iterator[bytes]:
    """The list of sessions."""
    yield from written(
        SessionsOut(
            root=utf8(history.root),
            sessions=tuple(map(_session, history.sessions)),
            skipped=skipped_out(history.skipped),
        )
    )


def _session(listed: Listed) -> SessionOut:
    peek, found = listed.peek, listed.overview
    bill = found.bill if found is not None else None
    return SessionOut(
        advice=advice_out(found) if found is not None else None,
        agent=listed.agent,
        began=peek.began,
        cost=usd(bill.total) if bill is not None else None,
        cwd=utf8(peek.cwd),
        dead=found.dead_tokens if found is not None else None,
        ended=peek.ended,
        format=listed.format,
        id=utf8(peek.id),
        key=utf8(peek.key),
        model=utf8(peek.model or (found.scale.name if found is not None else "")),
        now=found.now if found is not None else None,
        parent=utf8(peek.parent),
        path=utf8(peek.path),
        problem=utf8(listed.problem),
        requests=len(found.session.steps) if found is not None else None,
        size=peek.size,
        title=utf8(peek.title),
        turns=found.session.turns if found is not None else None,
        version=utf8(peek.version),
        window=found.scale.window if found is not None else None,
    )
