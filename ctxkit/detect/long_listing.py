"""Descriptions of skills, subagents and commands that are too long to be listed.

What it finds: listings over the budget of their agent, which then leaves out descriptions, cuts them off or drops
entries; and single descriptions that are longer than any of hundreds of real ones.

Why it costs: names and descriptions are sent with every request. What is cut off is never seen, and what is not listed
is not found by the agent, so the work on it is lost.

What to do: say in one or two sentences when to use it, and move examples and details to the body, which is loaded on
demand; remove entries that nobody uses.

When to ignore it: a long description is what makes the agent pick the right one, and the listing is within its budget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.agents.load import agent_ids, load_agent
from ctxkit.evidence import rule_segments
from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text import frontmatter
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.model import Segment, Span
    from ctxkit.model.audit import AgentAudit

ID = "long-listing"

_LISTED = ("skill", "subagent", "command")
_OVER = "over the listing budget"
_DESCRIPTION = on_demand(r"(?m)^description[ \t]*:.*(?:\n(?:[ \t]+.*|[ \t]*(?=\n[ \t])))*")
_SHOWN = 5


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each agent whose listing is over its budget, and for each long description."""
    entries: dict[str, list[tuple[AgentAudit, Segment]]] = {}
    for agent in evidence.agents:
        listed = [segment for segment in rule_segments(agent) if segment.kind in _LISTED]
        over = [segment for segment in listed if _OVER in segment.why]
        if over:
            yield _over_budget(agent, over, listed, evidence)
        for segment in listed:
            if segment.loaded:
                entries.setdefault(segment.path or "", []).append((agent, segment))
    for path, holders in entries.items():
        document = evidence.documents.get(path)
        if document is not None:
            yield from _long(document, holders, evidence, limits)


def _over_budget(agent: AgentAudit, over: Sequence[Segment], listed: Sequence[Segment], evidence: Evidence) -> Finding:
    kinds = sorted({segment.kind for segment in over})
    members = [segment for segment in listed if segment.kind in kinds]
    longest = sorted(members, key=lambda segment: (-len(_description(segment, evidence)), segment.path or ""))[:_SHOWN]
    dropped = sum(not segment.loaded for segment in over)
    verb = "is" if len(over) == 1 else "are"
    fate = "not listed at all" if dropped == len(over) else "listed without their whole description"
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        # Commands are typed by people, who know them.
        persona=Persona.PEDANTIC if kinds == ["command"] else Persona.REGULAR,
        message=f"{len(over)} of {len(members)} {' and '.join(f'{kind}s' for kind in kinds)} {verb} {fate}: over"
        f" the listing budget of {agent.context.name}, at a window of {agent.context.window:,} tokens.",
        tip=f"Shorten the longest descriptions, remove entries that nobody uses{_raised(agent, kinds)}.",
        at=(_longest_at(longest[0], evidence), *(Location(segment.path, note="left out") for segment in over[:_SHOWN])),
        key=agent.context.agent,
        evidence=(
            *(f"{segment.title}: {segment.why.rpartition('; ')[2]}" for segment in over[:1]),
            *(f"{len(_description(segment, evidence)):,} characters describe {segment.title}" for segment in longest),
            *(f"{segment.title}: {segment.why.rpartition('; ')[2]}" for segment in over[1:_SHOWN]),
        ),
    )


def _longest_at(segment: Segment, evidence: Evidence) -> Location:
    document = evidence.documents.get(segment.path or "")
    return Location(segment.path, _place(document) if document is not None else None)


def _raised(agent: AgentAudit, kinds: Sequence[str]) -> str:
    """The setting that gives the listing more room, as the end of a sentence; empty where there is none."""
    if agent.context.agent not in agent_ids():
        return ""
    limits = (one.total_limit for one in load_agent(agent.context.agent).catalogs if one.kind in kinds)
    setting = next((limit.setting for limit in limits if limit is not None and limit.setting), None)
    return f", or give the listing more room with {setting}" if setting else ""


def _description(segment: Segment, evidence: Evidence) -> str:
    document = evidence.documents.get(segment.path or "")
    return frontmatter.parse(document.text).text("description") if document is not None else ""


def _long(
    document: Document, holders: Sequence[tuple[AgentAudit, Segment]], evidence: Evidence, limits: Limits
) -> Iterator[Finding]:
    segment = holders[0][1]
    description = _description(segment, evidence)
    tokens = evidence.count(f"{segment.title}: {description}", (0,))[0] if description else 0
    if tokens <= limits["notable"]:
        return
    long = tokens > limits["long"]
    names = list(dict.fromkeys(agent.context.name for agent, _ in holders))
    lost = [line for agent, _ in holders for line in _lost(agent, segment.kind, description)]
    others = f" and {len(names) - 1} more" if len(names) > 1 else ""
    yield Finding(
        rule=ID,
        severity=Severity.WARNING if lost else Severity.NOTE,
        confidence=Confidence.HIGH,
        persona=Persona.REGULAR if long else Persona.PEDANTIC,
        message=f"The description of the {segment.kind} {segment.title} takes {tokens:,} tokens in every request of"
        f" {names[0]}{others}; 90 of 100 real ones take at most 101.",
        tip="Say in one or two sentences when to use it, and move the rest to the body, which is loaded on demand.",
        at=(Location(document.path, _place(document)),),
        key=f"{segment.kind} {segment.title}",
        evidence=(*dict.fromkeys(lost), f"It begins: {' '.join(description.split())[:120]}"),
    )


def _lost(agent: AgentAudit, kind: str, description: str) -> Iterator[str]:
    """What the agent cuts off the description, as a sentence."""
    if agent.context.agent not in agent_ids():
        return
    for catalog in load_agent(agent.context.agent).catalogs:
        limit = catalog.description_limit
        if catalog.kind == kind and limit is not None and limit.unit == "chars" and limit.n < len(description):
            lost = len(description) - int(limit.n)
            yield f"{agent.context.name} cuts it off after {int(limit.n):,} characters: {lost:,} are never seen"
            return


def _place(document: Document) -> Span | None:
    match = _DESCRIPTION().search(document.text, 0, frontmatter.parse(document.text).end)
    return document.span(*match.span()) if match is not None else None
