"""Two tools that do the same.

What it finds: MCP tools that one agent has twice from two servers: with the same description and the same arguments, or
with the same name, nearly the same description and nearly the same arguments. Where two servers share several, that is
said once. Tools of one server that only their names tell apart are told to whoever tidies up.

Why it costs: both definitions are paid for, and the agent has nothing to choose by, so it takes one or the other.

What to do: switch one of the two servers off, or deny the tools of one in the agent's own list.

When to ignore it: the two reach different systems, such as a staging and a production database.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.detect.known_tools import KnownTool, known_tools, sent_by, switch
from ctxkit.model.finding import Confidence, Finding, Persona, Severity
from ctxkit.text.json_schema import compact, letters, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ctxkit.evidence import Evidence, Limits
    from ctxkit.model.finding import Location

ID = "duplicate-tool"

_SHOWN = 6
_TELLING = 5
"""Different words from which on a description says what a tool does."""


class _Shape(NamedTuple):
    """What two tools are compared by. ``exact``: description and arguments; empty where they say too little."""

    name: str
    words: frozenset[str]
    arguments: frozenset[str]
    exact: str


class _Twins(NamedTuple):
    """A tool that stays, one that is not needed beside it, and whether that can be said of these two alone."""

    kept: KnownTool
    spare: KnownTool
    sure: bool


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each pair of servers that share tools, and for each pair of tools within a server."""
    tools = known_tools(evidence)
    sizes = Counter(tool.server for tool in tools)
    by_servers: dict[tuple[str, str], list[_Twins]] = defaultdict(list)
    for one, other, sure in _pairs(tools, limits):
        if one.server != other.server and sizes[one.server] < sizes[other.server]:
            one, other = other, one
        by_servers[one.server, other.server].append(_Twins(one, other, sure))
    for (left, gone), found in by_servers.items():
        twins = found if len(found) >= limits["several"] else [pair for pair in found if pair.sure]
        if left == gone:
            yield from (_within(pair) for pair in twins)
        elif len(twins) > 1:
            yield _of_servers(left, gone, twins, sizes[gone], limits)
        elif twins and twins[0].kept.schema.get("properties"):
            yield _of_tools(twins[0])


def _pairs(tools: list[KnownTool], limits: Limits) -> Iterator[tuple[KnownTool, KnownTool, bool]]:
    """Each tool with the first of those before it that is like it, and whether this pair alone is enough to say so.

    Tools are compared with those of the same name or description, and of these with so many of one kind as ``compared``
    says, so that thousands of tools of one name take no longer than as many of different names.
    """
    met: dict[str, list[int]] = defaultdict(list)
    shapes = [_shape(tool) for tool in tools]
    for at, (tool, shape) in enumerate(zip(tools, shapes, strict=True)):
        keys = [f"name {shape.name}", f"text {shape.exact}"] if shape.exact else [f"name {shape.name}"]
        near = dict.fromkeys(before for key in keys for before in met[key][: int(limits["compared"])])
        met_by_one = [before for before in near if set(tools[before].agents) & set(tool.agents)]
        sure = next((one for one in met_by_one if _alike(tools[one], tool, shapes[one], shape, limits)), None)
        like = next((one for one in met_by_one if _similar(tools[one], tool, shapes[one], shape, limits)), None)
        if sure is not None:
            yield tools[sure], tool, True
        elif like is not None:
            yield tools[like], tool, False
        for key in keys:
            met[key].append(at)


def _shape(tool: KnownTool) -> _Shape:
    properties = tool.schema.get("properties")
    arguments = properties if isinstance(properties, Mapping) else {}
    words = frozenset(words_of(tool.description))
    exact = compact([" ".join(tool.description.split()).lower(), sorted(arguments)]) if len(words) >= _TELLING else ""
    names = frozenset(map(letters, arguments))
    return _Shape(letters(tool.name), words, names, exact)


def _alike(one: KnownTool, other: KnownTool, a: _Shape, b: _Shape, limits: Limits) -> bool:
    """Is it plain that the two do the same?"""
    if a.exact and a.exact == b.exact:
        if one.server != other.server:
            return True
        return compact(one.schema.get("properties")) == compact(other.schema.get("properties"))
    if a.name != b.name or one.server == other.server:
        return False
    return _overlap(a.words, b.words) >= limits["words"] and _overlap(a.arguments, b.arguments) >= limits["arguments"]


def _similar(one: KnownTool, other: KnownTool, a: _Shape, b: _Shape, limits: Limits) -> bool:
    """Have they one name and the same arguments, and does one description say what the other says?"""
    if one.server == other.server or a.name != b.name or a.arguments != b.arguments or not a.arguments:
        return False
    fewer = min(len(a.words), len(b.words))
    return fewer > 1 and len(a.words & b.words) >= limits["words"] * fewer


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 1.0


def _within(pair: _Twins) -> Finding:
    one, other, _ = pair
    return Finding(
        rule=ID,
        severity=Severity.NOTE,
        confidence=Confidence.MEDIUM,
        persona=Persona.PEDANTIC,
        message=f"{one.name} and {other.name} of {one.server} have the same description and the same arguments, so an"
        " agent can tell them apart by their names alone.",
        tip="Ask the server's maintainer to say in the descriptions how they differ, or to list one of them.",
        at=(*other.places, *one.places),
        key=f"{one.server} {one.name} {other.name}",
        evidence=_told(pair[:2]),
    )


def _of_tools(pair: _Twins) -> Finding:
    kept, spare, _ = pair
    same = kept.description == spare.description and kept.schema == spare.schema
    names = kept.name if kept.name == spare.name else f"{kept.name} and {spare.name}"
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        confidence=Confidence.HIGH if same else Confidence.MEDIUM,
        persona=Persona.REGULAR if spare.always else Persona.PEDANTIC,
        message=f"{kept.server} and {spare.server} have one tool twice: {names}; the second takes {spare.tokens:,}"
        f" tokens {sent_by(spare)}.",
        tip=f"Keep one of them: {switch(spare.server, spare.name, spare.agents)}.",
        at=(*spare.places, *kept.places),
        key=f"{kept.server} {kept.name} {spare.server} {spare.name}",
        evidence=_told(pair[:2]),
        covers=_spared([pair]),
    )


def _of_servers(left: str, gone: str, twins: list[_Twins], size: int, limits: Limits) -> Finding:
    tokens = sum(pair.spare.tokens for pair in twins)
    spare = next((pair.spare for pair in twins if pair.spare.always), twins[0].spare)
    whole = len(twins) >= limits["whole"] * size
    advice = (
        f"Keep one of the two servers: {switch(gone, '*', spare.agents)}"
        if whole
        else f"Leave them out of one of the two: {switch(gone, spare.name, spare.agents)}, and so on"
    )
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        confidence=Confidence.HIGH if whole else Confidence.MEDIUM,
        persona=Persona.REGULAR if spare.always or whole else Persona.PEDANTIC,
        message=f"{len(twins)} of the {size} tools of {gone} are also tools of {left}: {tokens:,} tokens twice"
        f" {sent_by(spare)}.",
        tip=f"{advice}.",
        at=(*spare.parents, *twins[0].kept.parents),
        key=f"{left} {gone}",
        evidence=_told(pair.spare for pair in twins[:_SHOWN]),
        covers=_spared(twins),
    )


def _spared(twins: Iterable[_Twins]) -> tuple[Location, ...]:
    """The tools not needed, for the agents that have both of a pair."""
    return tuple(
        replace(place, agent=agent)
        for kept, spare, _ in twins
        for place in spare.places
        for agent in spare.agents
        if agent in kept.agents
    )


def _told(tools: Iterable[KnownTool]) -> tuple[str, ...]:
    return tuple(f"{tool.server}, {tool.name}: {' '.join(tool.description.split())[:120]}" for tool in tools)
