"""Tools of the agent itself that it adds once MCP servers are there, to list and read what servers offer beside tools.

They stand in the window once, however many servers call for them.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ctxkit.agents.version import applies
from ctxkit.model import NO_TOKENS, Activation, Category, Segment, shared_out
from ctxkit.sources.masking import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ctxkit.agents.spec import AgentSpec, Deferral, OwnTools
    from ctxkit.model import Tokens
    from ctxkit.sources.definitions import ServerDefinition
    from ctxkit.sources.mcp_config import McpServer

    Estimate = Callable[[int, str, str], Tokens]
    Told = Sequence[tuple[McpServer, ServerDefinition | None]]

KIND = "mcp-own"
"""The kind of a segment for tools of the agent's own that come with servers; its children are the tools."""

# A list that nobody asked for is taken to hold something.
_OFFERS = {"resources": ("declared", "empty", "listed"), "listed-resources": ("declared", "listed")}


def own_segments(
    spec: AgentSpec, version: str, model: str, told: Told, deferral: Deferral | None, estimate: Estimate
) -> Iterator[Segment]:
    """A segment for each set of tools that one of the servers calls for, or would once the user approves it.

    ``told``: the servers of the agent's files with what is known of them; ``deferral``: the rule by which their tools
    are kept back; ``estimate`` turns o200k counts into the model's.
    """
    for own in spec.mcp.own_tools if spec.mcp is not None else ():
        if not applies(own, version) or any(fnmatchcase(model, pattern) for pattern in own.not_for):
            continue
        callers = [server for server, known in told if _calls(own, known)]
        starting = _names(server for server in callers if server.starts)
        waiting = _names(server for server in callers if server.pending)
        if starting or waiting:
            yield _segment(own, starting, waiting, deferral, estimate)


def depends_on_resources(spec: AgentSpec) -> bool:
    """Does it matter to the agent's own tools whether a server offers resources?"""
    return spec.mcp is not None and any(own.when in _OFFERS for own in spec.mcp.own_tools)


def _calls(own: OwnTools, known: ServerDefinition | None) -> bool:
    return own.when == "server" or (known is not None and known.resources in _OFFERS[own.when])


def _names(servers: Iterable[McpServer]) -> str:
    return ", ".join(dict.fromkeys(printable(server.name) for server in servers))


def _segment(own: OwnTools, starting: str, waiting: str, deferral: Deferral | None, estimate: Estimate) -> Segment:
    if not starting:
        why = f"sent once {waiting} is approved"
    else:
        why = f"measured: {own.evidence}; sent because of {starting}"
    late = Activation.DESCRIBED if deferral is not None and deferral.listed == "names+description" else Activation.NAMED
    kept = [deferral is not None and tool.listed is not None for tool in own.tools]
    whole = [tool.tokens for tool in own.tools]
    sent = [tool.listed or 0 if held else tool.tokens for tool, held in zip(own.tools, kept, strict=True)]
    used = estimate(sum(whole), "tool.json", "")
    tokens = estimate(sum(sent), "listing.md" if all(kept) else "tool.json", "") if starting else NO_TOKENS
    shares = zip(own.tools, kept, shared_out(tokens, sent), shared_out(used, whole), strict=True)
    children = tuple(
        Segment(
            category=Category.TOOLS,
            kind="part",
            title=tool.name,
            activation=Activation.MANUAL if not starting else late if held else Activation.ALWAYS,
            loaded=part.n > 0,
            tokens=part,
            tokens_if_used=all_of_it,
            confidence=own.confidence.value,
            id=f"tools:{KIND}:{own.id}#{tool.name}",
        )
        for tool, held, part, all_of_it in shares
    )
    return Segment(
        category=Category.TOOLS,
        kind=KIND,
        title="own tools for MCP resources",
        activation=Activation.ALWAYS if starting and not all(kept) else children[0].activation,
        loaded=tokens.n > 0,
        tokens=tokens,
        tokens_if_used=used,
        children=children,
        why=why,
        confidence=own.confidence.value,
        id=f"tools:{KIND}:{own.id}",
    )
