"""The recorded sessions of a repository as a table, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ctxkit.report.figures import cents, count, percent, short_number
from ctxkit.report.layout import Cell, Column, Row, Screen, Style, heading, paragraph, table
from ctxkit.sources.session.afresh import Verdict
from ctxkit.sources.session.listing import short_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.sources.session.listing import History, Listed

_WIDE = 100
"""Columns of a screen that has room for the time of day and the tokens of the window."""
_STYLES = {Verdict.GO_ON: Style.GOOD, Verdict.COMPACT: Style.WARN, Verdict.START_AFRESH: Style.BAD}


def sessions_text(history: History, screen: Screen, top: int) -> Iterator[str]:
    """The table line by line; ``top`` sessions."""
    own = [item for item in history.sessions if not item.peek.parent]
    subagents = len(history.sessions) - len(own)
    more = f" and {count(subagents, 'subagent')}" if subagents else ""
    yield heading(f"{count(len(own), 'session')}{more}", screen, history.root)
    if not own:
        yield from paragraph("No agent has recorded a session here.", screen)
    wide = screen.width >= _WIDE
    titles = ("", "when", "agent", "requests", *(["window"] if wide else []), "full", "dead", "cost", "")
    head: Row = [Cell(title, Style.QUIET) for title in titles]
    names = short_ids([item.peek.id for item in history.sessions if item.peek.id])
    rows = [_row(item, names.get(item.peek.id, ""), wide) for item in own[:top]]
    figures = [Column("right") for _ in titles[4:]]
    columns = (Column(), Column(), Column(cut="end", least=8), *figures, Column(cut="end", least=8))
    if rows:
        yield from table([head, *rows], columns, screen)
    if len(own) > top:
        yield screen.paint(f"  {screen.glyphs.cut} and {count(len(own) - top, 'older session')} (--top)", Style.QUIET)
    for item in own[:top]:
        if item.problem:
            yield from paragraph(item.problem, screen, style=Style.WARN)
    for skipped in history.skipped[:5]:
        yield from paragraph(f"Not read: {skipped.path}: {skipped.reason}. {skipped.hint}", screen, hang=2)
    afresh = [item for item in own if item.overview and item.overview.advice.verdict is not Verdict.GO_ON]
    for item in (afresh or own)[:1]:
        yield ""
        name = _asked(item, names.get(item.peek.id, item.peek.key), history)
        yield from paragraph(f"One in full: ctxkit history {name}", screen)


def _asked(item: Listed, name: str, history: History) -> str:
    """What names a session on the command line; an id is what a transcript says, and may hold anything."""
    import shlex

    if item.peek.path == history.root:
        return f"{shlex.quote(history.root)} --session {shlex.quote(name)}"
    return shlex.quote(name if history.here and item.peek.id else item.peek.path)


def _when(seconds: float, wide: bool) -> str:
    try:
        return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M" if wide else "%Y-%m-%d") if seconds else ""
    except (ValueError, OverflowError, OSError):  # a time that no calendar has
        return ""


def _row(item: Listed, name: str, wide: bool) -> Row:
    peek, found = item.peek, item.overview
    cells = [Cell(name, Style.STRONG), Cell(_when(peek.ended, wide), Style.QUIET), Cell(item.agent or item.format)]
    if found is None:
        cells += [Cell() for _ in range(4 if wide else 3)] + [Cell(f"{short_number(peek.size)}B", Style.QUIET)]
    else:
        size = found.scale.window
        cells += [
            Cell(f"{len(found.session.steps):,}"),
            *([Cell(short_number(found.now))] if wide else []),
            Cell(percent(found.now / size) if size else "?", _STYLES[found.advice.verdict]),
            Cell(percent(found.dead_tokens / found.now) if found.now and found.dead else "-"),
            Cell(cents(found.bill.total) if found.bill else "?"),
        ]
    return [*cells, Cell(peek.title or (found.session.start.title if found else ""))]
