"""When to start afresh: one recommendation, with its reasons.

Three things make a long session worse than a new one: the window fills up, what fills it is no longer of use, and the
agent goes in circles. A new session costs what the agent has to find out again, so a single weak sign is not enough.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ctxkit.model.history import Doing
from ctxkit.model.session import HEAD, MAIN, Kind
from ctxkit.sources.session.dead import spelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.model.history import Entry, Session
    from ctxkit.sources.session.dead import Dead
    from ctxkit.sources.session.failures import Loop
    from ctxkit.sources.session.scale import Scale
    from ctxkit.sources.session.timeline import Fill

# Where the lines are drawn is this project's own judgement; the facts beside them are what it leans on.
HIGH_FILL = 0.8
"""Agents compact by themselves between a half (Gemini CLI) and nine tenths (Codex, Cline) of the window."""
SOME_FILL = 0.6
HIGH_DEAD = 0.4
"""Of the window. In a quarter of 266 real sessions 40 % and more of the *results* are superseded or outdated."""
SOME_DEAD = 0.25
_OLD_TASK = 0.3
"""Share of the window that the task before must still hold to be worth leaving behind."""
_FEW_FILES = 3
_SHARED = 0.1
_RECENT = 30
"""A circle counts while it is among the last so many entries."""
_PACE = 10


class Verdict(StrEnum):
    """What to do next."""

    GO_ON = "go on"
    COMPACT = "compact"
    START_AFRESH = "start afresh"


@dataclass(frozen=True, slots=True)
class Advice:
    """The recommendation. ``reasons``: whole sentences, the weightiest first."""

    verdict: Verdict
    reasons: tuple[str, ...]


def advise(
    session: Session, scale: Scale, fills: Sequence[Fill], now: int, dead: Sequence[Dead], circles: Sequence[Loop]
) -> Advice:
    """What to do with ``session``, of whose window ``now`` tokens are taken."""
    if not fills:
        return Advice(Verdict.GO_ON, ("Nothing was sent to a model yet.",))
    strong: list[str] = []
    weak: list[str] = []
    window = scale.window
    if window:
        share = now / window
        text = f"The window is {share * 100:.0f} % full ({now:,} of {window:,} tokens){_pace(fills, window)}."
        if share >= SOME_FILL:
            (strong if share >= HIGH_FILL else weak).append(text)
    lost = sum(scale.tokens(item.entry) for item in dead)
    share = lost / now if now else 0.0
    if share >= SOME_DEAD:
        text = f"{share * 100:.0f} % of the window ({lost:,} tokens) is superseded, outdated or repeated."
        (strong if share >= HIGH_DEAD else weak).append(text)
    circling = _circling(session, circles)
    if circling is not None:
        strong.append(f"It goes in circles: {circling.name} failed {circling.times} times in the same words.")
    changed = _changed_task(session, scale, now)
    if changed is not None:
        strong.append(changed)
    compactions = sum(item.thread == MAIN for item in session.compactions)
    if compactions >= 2:
        weak.append(f"It has been compacted {compactions} times; each time details are lost.")
    return _verdict(strong, weak, bool(changed), bool(circling), now, window)


def _verdict(strong: list[str], weak: list[str], changed: bool, circling: bool, now: int, window: int | None) -> Advice:
    reasons = (*strong, *weak)
    full = bool(window) and now / (window or 1) >= SOME_FILL
    if changed or len(strong) >= 2 or (circling and (full or weak)):
        return Advice(Verdict.START_AFRESH, reasons)
    if strong or len(weak) >= 2:
        return Advice(Verdict.COMPACT, reasons)
    if weak:
        return Advice(Verdict.GO_ON, reasons)
    return Advice(Verdict.GO_ON, (f"{now:,} tokens are in the window, and most of them are of use.",))


def _pace(fills: Sequence[Fill], window: int) -> str:
    """How many requests are left at the pace of the last ones."""
    recent = list(fills[-_PACE - 1 :])
    if len(recent) <= _PACE or any(fill.compacted for fill in recent[1:]):
        return ""
    growth = (recent[-1].tokens - recent[0].tokens) / _PACE
    left = window - recent[-1].tokens
    if growth <= 0 or left <= 0:
        return ""
    return f"; at the pace of the last {_PACE} requests it is full in {max(1, round(left / growth)):,}"


def _circling(session: Session, circles: Sequence[Loop]) -> Loop | None:
    last = next((loop for loop in reversed(circles) if not loop.over), None)
    return last if last is not None and session.entries[-1].index - last.last <= _RECENT else None


def _changed_task(session: Session, scale: Scale, now: int) -> str | None:
    """The latest turn from which on other files are worked on than before, if the window still holds the old ones."""
    files: dict[int, set[str]] = {}
    weight: dict[int, int] = {}
    for entry in session.window():
        if entry.kind in HEAD or entry.kind is Kind.SUMMARY:
            continue
        weight[entry.turn] = weight.get(entry.turn, 0) + scale.tokens(entry)
        for path in _worked_on(entry, session.start.cwd):
            files.setdefault(entry.turn, set()).add(path)
    before = Counter(path for paths in files.values() for path in paths)
    since: set[str] = set()
    both: set[str] = set()
    old = sum(weight.values())
    for turn in sorted(weight, reverse=True)[:-1]:
        old -= weight[turn]
        for path in files.get(turn, ()):
            since.add(path)
            before[path] -= 1
            if before[path]:
                both.add(path)
            else:
                del before[path]
                both.discard(path)
        fewer = min(len(before), len(since))
        if fewer >= _FEW_FILES and now and old / now >= _OLD_TASK and len(both) <= _SHARED * fewer:
            return (
                f"The task has changed: since prompt {turn} it works on {len(since)} files, {len(both) or 'none'} of"
                f" them among the {len(before)} before; {old:,} tokens of the old task are still sent."
            )
    return None


def _worked_on(entry: Entry, cwd: str) -> list[str]:
    action = entry.action
    if entry.kind is not Kind.CALL or action is None or action.doing not in (Doing.READ, Doing.WRITE, Doing.EDIT):
        return []
    return [spelled(path, cwd) for path in action.paths]
