"""Two tools that do the same.

What it finds: MCP tools that one agent has twice: with the same description and the same arguments, or with the same
name, nearly the same description and nearly the same arguments. Where two servers share several, that is said once.

Why it costs: both definitions are paid for, and the agent chooses between them at random, with results that differ.

What to do: switch one of the two servers off, or deny the tools of one in the agent's own list.

When to ignore it: the two reach different systems, such as a staging and a production database.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.detect.known_tools import KnownTool, known_tools, sent_by, switch
from ctxkit.model.finding import Confidence, Finding, Persona, Severity
from ctxkit.text.json_schema import compact, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ctxkit.evidence import Evidence, Limits

ID = "duplicate-tool"

_SHOWN = 6


class _Shape(NamedTuple):
    """What two tools are compared by."""

    name: frozenset[str]
    words: frozenset[str]
    arguments: frozenset[str]
    exact: str


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each pair of servers that share tools, and for each pair of tools within a server."""
    tools = known_tools(evidence)
    shapes = [_shape(tool) for tool in tools]
    pairs = [
        (tools[first], tools[second])
        for first, second in _candidates(shapes)
        if set(tools[first].agents) & set(tools[second].agents)
        and _alike(tools[first], tools[second], shapes[first], shapes[second], limits)
    ]
    sizes = Counter(tool.server for tool in tools)
    by_servers: dict[tuple[str, str], list[tuple[KnownTool, KnownTool]]] = defaultdict(list)
    for one, other in pairs:
        by_servers[one.server, other.server].append((one, other))
    for (here, there), twins in by_servers.items():
        if here != there and len(twins) > 1:
            yield _of_servers(twins, sizes)
        else:
            yield from (_of_tools(*pair) for pair in twins)


def _shape(tool: KnownTool) -> _Shape:
    server = set(words_of(tool.server))
    name = [word for word in words_of(tool.name) if word not in server] or list(words_of(tool.name))
    properties = tool.schema.get("properties")
    arguments = properties if isinstance(properties, Mapping) else {}
    words = frozenset(words_of(tool.description))
    exact = compact([" ".join(tool.description.split()).lower(), sorted(arguments)]) if len(words) >= 5 else ""
    return _Shape(frozenset(name), words, frozenset(" ".join(words_of(argument)) for argument in arguments), exact)


def _candidates(shapes: list[_Shape]) -> Iterator[tuple[int, int]]:
    """Pairs that share a name or an exact description; of many with one, each with the first only."""
    seen: set[tuple[int, int]] = set()
    for keys in ([" ".join(sorted(shape.name)) for shape in shapes], [shape.exact for shape in shapes]):
        first: dict[str, int] = {}
        for at, key in enumerate(keys):
            if key and first.setdefault(key, at) != at and (first[key], at) not in seen:
                seen.add((first[key], at))
                yield first[key], at


def _alike(one: KnownTool, other: KnownTool, a: _Shape, b: _Shape, limits: Limits) -> bool:
    if a.exact and a.exact == b.exact:
        return compact(one.schema.get("properties")) == compact(other.schema.get("properties"))
    if a.name != b.name or one.server == other.server or not a.arguments:
        return False  # without arguments, a name such as get_version is about the server itself
    return _overlap(a.words, b.words) >= limits["words"] and _overlap(a.arguments, b.arguments) >= limits["arguments"]


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 1.0


def _of_tools(one: KnownTool, other: KnownTool) -> Finding:
    key = f"{one.server} {one.name} {other.server} {other.name}"
    if one.server == other.server:
        return Finding(
            rule=ID,
            severity=Severity.NOTE,
            confidence=Confidence.MEDIUM,
            persona=Persona.PEDANTIC,
            message=f"{one.name} and {other.name} of {one.server} have the same description and the same arguments, so"
            " an agent can tell them apart by their names alone.",
            tip="Ask the server's maintainer to say in the descriptions how they differ, or to list one of them.",
            at=(*other.places, *one.places),
            key=key,
            evidence=_told((one, other)),
        )
    same = one.description == other.description and one.schema == other.schema
    names = one.name if one.name == other.name else f"{one.name} and {other.name}"
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        confidence=Confidence.HIGH if same else Confidence.MEDIUM,
        message=f"{one.server} and {other.server} have one tool twice: {names}; the second takes {other.tokens:,}"
        f" tokens {sent_by(other)}.",
        tip=f"Keep one of them: {switch(other.server, other.name, other.agents)}.",
        at=(*other.places, *one.places),
        key=key,
        evidence=_told((one, other)),
        covers=other.places,
    )


def _of_servers(twins: list[tuple[KnownTool, KnownTool]], sizes: Mapping[str, int]) -> Finding:
    one, other = twins[0]
    kept, spare = (0, 1) if sizes[other.server] <= sizes[one.server] else (1, 0)
    left, gone = (one, other)[kept].server, (one, other)[spare].server
    tokens = sum(pair[spare].tokens for pair in twins)
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        message=f"{len(twins)} of the {sizes[gone]} tools of {gone} are also tools of {left}: {tokens:,} tokens twice"
        f" {sent_by(twins[0][spare])}.",
        tip=f"Keep one of the two servers: {switch(gone, '*', twins[0][spare].agents)}.",
        at=(*twins[0][spare].parents, *twins[0][kept].parents),
        key=f"{left} {gone}",
        evidence=_told(pair[spare] for pair in twins[:_SHOWN]),
        covers=tuple(place for pair in twins for place in pair[spare].places),
    )


def _told(tools: Iterable[KnownTool]) -> tuple[str, ...]:
    return tuple(f"{tool.server}, {tool.name}: {' '.join(tool.description.split())[:120]}" for tool in tools)
