"""Tools, skills, subagents and commands that no recorded session used.

What it finds: MCP servers none of whose tools was called in the sessions that were read, tools of other servers that
were not, and skills, subagents and commands that were never loaded. It needs recorded sessions: ``ctxkit audit
--recent N`` reads them.

Why it costs: definitions and listings are sent with every request; what was paid for them is named where the sessions
say what a token cost.

What to do: switch the server off, deny the tools in the agent's own list, or remove the skill.

When to ignore it: it is there for a rare moment, such as a release or an incident, and those sessions were not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.detect.known_tools import switch
from ctxkit.model import Activation, Category
from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.evidence import Evidence, Limits
    from ctxkit.model import Segment
    from ctxkit.model.audit import AgentAudit
    from ctxkit.model.use import AgentUse

ID = "unused-tool"

_LISTED = ("skill", "subagent", "command")
_SHOWN = 8


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each server, for the unused tools of each server, and for each entry of a listing."""
    for agent in evidence.agents:
        use = agent.use
        if use is None or use.sessions < limits["sessions"]:
            continue
        for segment in agent.context.segments:
            if not segment.loaded or segment.tokens.n < limits["tokens"]:
                continue
            if segment.kind == "mcp-server":
                yield from _of_server(segment, agent, use, limits)
            elif segment.kind == "built-in" and segment.category is Category.TOOLS:
                yield from _built_in(segment, agent, use, limits)
            elif segment.kind in _LISTED and _unused([segment], use):
                yield _listed(segment, agent, use, limits)


def _of_server(server: Segment, agent: AgentAudit, use: AgentUse, limits: Limits) -> Iterator[Finding]:
    tools = [
        child for child in server.children if child.kind == "mcp-tool" and child.activation is not Activation.NEVER
    ]
    spare = _unused(tools, use)
    if not tools or not spare:
        return
    whole = len(spare) == len(tools)
    tokens = server.tokens.n if whole else sum(tool.tokens.n for tool in spare)
    if tokens < limits["tokens"]:
        return
    what = f"None of the {len(tools)} tools" if whole else f"{len(spare)} of the {len(tools)} tools"
    verb = "was called" if whole else "was not called" if len(spare) == 1 else "were not called"
    names = _own_names(spare, server)
    example = switch(server.title, "*" if whole else names[0], (agent.context.agent,))
    yield Finding(
        rule=ID,
        severity=Severity.WARNING if whole else Severity.NOTE,
        confidence=_confidence(use, limits),
        persona=_persona(use, limits),
        message=f"{what} of {server.title} {verb} in {_sessions(use)}; {'they take' if whole else 'that takes'}"
        f" {tokens:,} tokens in every request of {agent.context.name}.",
        tip=f"Switch the server off where it is not needed, or {example}." if whole else f"Leave them out: {example}.",
        at=(Location(server.path, segment=server.id, agent=agent.context.agent),),
        key=f"{agent.context.agent} {server.title}" if whole else f"{agent.context.agent} tools of {server.title}",
        evidence=(*_paid([server] if whole else spare, use), f"Never called: {_some(names)}"),
        covers=tuple(Location(segment=one.id, agent=agent.context.agent) for one in ([server] if whole else spare)),
    )


def _built_in(group: Segment, agent: AgentAudit, use: AgentUse, limits: Limits) -> Iterator[Finding]:
    """The agent's own tools, of which only some can be left out: for whoever looks for everything."""
    spare = [tool for tool in _unused(group.children, use) if tool.tokens.n >= limits["tokens"]]
    if not spare:
        return
    yield Finding(
        rule=ID,
        severity=Severity.NOTE,
        confidence=Confidence.LOW,
        persona=Persona.AUDITOR,
        message=f"{len(spare)} of the agent's own tools were not called in {_sessions(use)}; these take"
        f" {sum(tool.tokens.n for tool in spare):,} tokens in every request of {agent.context.name}.",
        tip="Deny those that the agent allows you to switch off.",
        at=(Location(segment=group.id),),
        key=f"{agent.context.agent} {group.title}",
        evidence=(*_paid(spare, use), f"Never called: {_some([tool.title for tool in spare])}"),
    )


def _listed(entry: Segment, agent: AgentAudit, use: AgentUse, limits: Limits) -> Finding:
    return Finding(
        rule=ID,
        severity=Severity.NOTE,
        confidence=_confidence(use, limits),
        persona=_persona(use, limits),
        message=f"The {entry.kind} {entry.title} was not used in {_sessions(use)}; its listing takes {entry.tokens.n:,}"
        f" tokens in every request of {agent.context.name}.",
        tip=f"Remove the {entry.kind}, or keep it out of the listing, if nobody needs it.",
        at=(Location(entry.path),),
        key=f"{agent.context.agent} {entry.kind} {entry.title}",
        evidence=_paid([entry], use),
        covers=(Location(segment=entry.id, agent=agent.context.agent),),
    )


def _unused(pieces: Sequence[Segment], use: AgentUse) -> list[Segment]:
    return [piece for piece in pieces if piece.id in use.by_id and use.by_id[piece.id].unused]


def _own_names(tools: Sequence[Segment], server: Segment) -> list[str]:
    """The names that the server gave them, heaviest first."""
    return [tool.id.removeprefix(f"{server.id}/") for tool in sorted(tools, key=lambda tool: -tool.tokens.n)]


def _paid(pieces: Sequence[Segment], use: AgentUse) -> tuple[str, ...]:
    told = [use.by_id[piece.id] for piece in pieces if piece.id in use.by_id]
    carried = sum(one.carried for one in told)
    prices = [one.paid for one in told if one.paid is not None]
    paid = f", ${sum(prices):,.2f} at the sessions' own prices" if prices else ""
    return (f"{carried:,} tokens carried through {use.requests:,} requests{paid}",)


def _sessions(use: AgentUse) -> str:
    return f"the {use.sessions:,} sessions read"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _confidence(use: AgentUse, limits: Limits) -> Confidence:
    return Confidence.HIGH if use.sessions >= limits["many_sessions"] else Confidence.MEDIUM


def _persona(use: AgentUse, limits: Limits) -> Persona:
    return Persona.REGULAR if use.sessions >= limits["many_sessions"] else Persona.PEDANTIC
