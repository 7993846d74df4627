"""The window of a recorded request as the same tree of segments that an audit shows."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from ctxkit.model import Activation, Category, Context, Segment, Tokens, total
from ctxkit.model.session import MAIN, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.model.history import Entry, Session
    from ctxkit.sources.session.scale import Scale

_CATEGORIES = {
    Kind.SYSTEM: Category.SYSTEM,
    Kind.REMINDER: Category.SYSTEM,
    Kind.TOOLS: Category.TOOLS,
    Kind.RULES: Category.RULES,
}
_ACTIVATION = Activation.ALWAYS


def context_of(session: Session, scale: Scale, number: int | None = None, thread: str = MAIN) -> Context:
    """The window of request ``number`` (None: the one to come) of ``thread``.

    System prompt, tools and rules come first, then one segment for each turn, its blocks as children. The ids of rule
    files and tools are those that an audit gives them, so that both can be joined.
    """
    entries = list(session.window(number, thread))
    head = [entry for entry in entries if entry.kind in _CATEGORIES]
    rest = [entry for entry in entries if entry.kind not in _CATEGORIES]
    segments = [_segment(entry, session, scale) for entry in head]
    for turn, blocks in groupby(rest, key=lambda entry: entry.turn):
        segments.append(_turn(turn, list(blocks), session, scale))
    start = session.start
    return Context(
        agent=start.agent or start.format,
        name=start.agent or start.format,
        version=start.version,
        model=scale.name,
        window=scale.window or 0,
        segments=tuple(segments),
        skipped=session.skipped,
    )


def segment_id(entry: Entry, session: Session) -> str:
    """What a segment is called everywhere: ``rules:PATH`` and ``tools:NAME`` as in an audit, else by its place."""
    if entry.kind is Kind.RULES and entry.name:
        return f"rules:{rule_path(entry.name, session.start.cwd)}"
    if entry.kind is Kind.TOOLS and entry.name:
        return f"tools:{entry.name}"
    return f"history:{session.start.id}#{entry.index}"


def rule_path(path: str, cwd: str) -> str:
    """The path of a rule file as an audit of ``cwd`` spells it."""
    plain, root = path.replace("\\", "/"), cwd.replace("\\", "/").rstrip("/")
    return plain[len(root) + 1 :] if root and plain.startswith(f"{root}/") else plain


def _turn(turn: int, entries: Sequence[Entry], session: Session, scale: Scale) -> Segment:
    children = tuple(_segment(entry, session, scale) for entry in entries)
    prompt = next((entry.excerpt for entry in entries if entry.kind is Kind.PROMPT), "")
    tokens = total([child.tokens for child in children])
    return Segment(
        category=Category.HISTORY,
        kind="turn",
        title=f"turn {turn}{f': {prompt}' if prompt else ''}",
        activation=_ACTIVATION,
        loaded=True,
        tokens=tokens,
        tokens_if_used=tokens,
        children=children,
        confidence="lab",
        id=f"history:{session.start.id}/turn-{turn}",
    )


def _segment(entry: Entry, session: Session, scale: Scale) -> Segment:
    tokens = Tokens(
        scale.tokens(entry),
        scale.exact and not (entry.estimated or entry.media or entry.reasoning),
        "o200k_base" if scale.exact else f"{scale.name} estimate",
        scale.error(entry),
    )
    action = entry.action
    path = action.paths[0] if action is not None and len(action.paths) == 1 else None
    if entry.kind is Kind.RULES:
        path = rule_path(entry.name, session.start.cwd)
    return Segment(
        category=_CATEGORIES.get(entry.kind, Category.HISTORY),
        kind=entry.kind.value,
        title=entry.name if entry.name and entry.kind is not Kind.PROMPT else entry.excerpt,
        activation=_ACTIVATION,
        path=path,
        loaded=True,
        tokens=tokens,
        tokens_if_used=tokens,
        why=f"in the window since request {entry.step}",
        confidence="lab",
        id=segment_id(entry, session),
    )
