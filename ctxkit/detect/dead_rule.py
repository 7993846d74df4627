"""Rules of which recorded sessions show no sign.

What it finds: sections of rule files, and paragraphs, items and fences of other sections, that name commands, paths or
tools in code of which not one was met in the calls of the sessions that were read. It needs recorded sessions:
``ctxkit audit --recent N`` reads them. A rule in prose alone leaves no sign; nothing is said of it.

Why it costs: it was carried through every request of these sessions, and paid for, without being acted on.

What to do: remove it, or move it to where it is loaded only when it is needed.

When to ignore it: it is about rare work, such as a release, or about how code is written: what is kept to without a
command, path or name in a call leaves no sign. So it is told only to whoever tidies up.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.evidence import is_listed, rule_segments
from ctxkit.model.finding import Confidence, Cut, Finding, Location, Persona, Severity
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.model import Segment, Span
    from ctxkit.model.use import AgentUse, Use

ID = "dead-rule"

_FORBIDS = on_demand(r"(?i)\b(?:never|do not|don't|must not|mustn't|avoid|forbidden|prohibited|instead of)\b")


class _Told(NamedTuple):
    """What the sessions of one agent say of one piece."""

    agent: str
    segment: Segment
    use: Use
    sessions: AgentUse


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each piece that every agent with sessions of its own carried in vain."""
    pieces: dict[tuple[str, int, int], list[_Told]] = defaultdict(list)
    agents: dict[str, int] = defaultdict(int)
    for agent in evidence.agents:
        use = agent.use
        if use is None or use.sessions < limits["sessions"]:
            continue
        for segment in rule_segments(agent):
            if segment.loaded and not is_listed(segment) and segment.path in evidence.documents:
                agents[segment.path or ""] += 1
                for piece in _dead(segment, use):
                    if piece.span is not None and piece.tokens.n >= limits["tokens"]:
                        told = _Told(agent.context.name, piece, use.by_id[piece.id], use)
                        pieces[segment.path or "", piece.span.start, piece.span.end].append(told)
    for (path, _, _), holders in pieces.items():
        if len(holders) == agents[path]:
            yield from _findings(evidence.documents[path], holders, limits)


def _dead(segment: Segment, use: AgentUse) -> Iterator[Segment]:
    """Sections without any sign; of those with one, the parts without."""
    for piece in segment.children or (segment,):
        if piece.id in use.by_id and use.by_id[piece.id].unused:
            yield piece
            continue
        for part in use.parts.get(piece.id, ()):
            if part.id in use.by_id and use.by_id[part.id].unused:
                yield part


def _findings(document: Document, told: list[_Told], limits: Limits) -> Iterator[Finding]:
    first = max(told, key=lambda one: one.use.carried)
    span = first.segment.span
    if span is None or _FORBIDS().search(document.words(span)):
        return
    sessions = sum(one.sessions.sessions for one in told)
    sure = sessions >= limits["many_sessions"] and first.use.looked_for >= limits["signs"]
    section = first.segment.kind == "section"
    name = (
        f"The section {first.segment.title.lstrip('# ')}" if section else f"The {first.segment.kind} “{_short(first)}”"
    )
    prices = [one.use.paid for one in told if one.use.paid is not None]
    paid = f", ${sum(prices):,.2f} at the sessions' own prices" if prices else ""
    carried = sum(one.use.carried for one in told)
    requests = sum(one.sessions.requests for one in told)
    large = sure and first.segment.tokens.n >= limits["large"]
    yield Finding(
        rule=ID,
        severity=Severity.NOTE,
        confidence=Confidence.MEDIUM if sure else Confidence.LOW,
        persona=Persona.PEDANTIC if large else Persona.AUDITOR,  # many rules are kept to without a trace
        message=f"{name} takes {first.segment.tokens.n:,} tokens in every request, and {sessions:,} sessions show no"
        " sign of its use.",
        tip="Remove it, or move it to where it is loaded only when it is needed.",
        at=(Location(document.path, span),),
        key=first.segment.title,
        evidence=(
            f"{carried:,} tokens carried through {requests:,} requests{paid}",
            f"Looked for in vain in the calls of these sessions: {first.use.looked_for} commands, paths and names",
            "Whether it was kept to in ways that leave no such sign cannot be seen",
        ),
        covers=(Location(document.path, span),),
        cuts=_cuts(document, span, first.segment) if large else (),
    )


def _cuts(document: Document, span: Span, piece: Segment) -> tuple[Cut, ...]:
    """The whole of it, unless it is a heading with others below, which would stand without it."""
    level = len(piece.title) - len(piece.title.lstrip("#"))
    following = document.words(type(span)(span.end, min(len(document.data), span.end + 12)))
    below = len(following) - len(following.lstrip("#"))
    if piece.kind == "section" and level and below > level:
        return ()
    return (Cut(document.path, span, ID, "no sign of use in recorded sessions"),)


def _short(told: _Told) -> str:
    words = told.segment.title.lstrip("-*+# ")
    return words if len(words) <= 50 else f"{words[:49]}…"
