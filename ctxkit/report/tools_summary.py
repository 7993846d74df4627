"""Sums over the servers and tools of agents, as the text and the JSON of ``ctxkit tools`` both need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from ctxkit.model import Activation, Tokens, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.model.tools import AgentTools, ServerTools, ToolCost


class Reach(Struct, frozen=True):
    """What the servers of one agent put into its window.

    ``start``: into the first request. ``whole``: with every definition in it that the model may search for. ``running``
    servers start with the session; of ``unknown`` ones among them nobody has counted the tools. ``tools``: how many
    these offer; those that the agent adds of its own are in the tokens only.
    """

    start: Tokens
    whole: Tokens
    running: tuple[ServerTools, ...]
    unknown: tuple[ServerTools, ...]
    tools: int


def reach(agent: AgentTools) -> Reach:
    """Add up ``agent``."""
    running = tuple(server for server in agent.servers if server.starts)
    own = [tool for tool in agent.own if tool.tokens.n]
    return Reach(
        start=total([*(server.tokens for server in running if server.known), *(tool.tokens for tool in own)]),
        whole=total(
            [*(server.tokens_if_used for server in running if server.known), *(tool.tokens_if_used for tool in own)]
        ),
        running=running,
        unknown=tuple(server for server in running if not server.known),
        tools=sum(len(offered(server)) for server in running),
    )


def offered(server: ServerTools) -> tuple[ToolCost, ...]:
    """The tools of ``server`` that the agent does not leave out."""
    return tuple(tool for tool in server.tools if tool.activation is not Activation.NEVER)


def is_deferred(server: ServerTools) -> bool:
    """Are its definitions kept out of the request until the model searches for them?"""
    return server.starts and server.activation in (Activation.NAMED, Activation.DESCRIBED)


class Shared(Struct, frozen=True):
    """A server that several agents start, with what all of it costs each of them, least first: (agent, tokens)."""

    server: str
    costs: tuple[tuple[AgentTools, Tokens], ...]


def shared(agents: Sequence[AgentTools]) -> tuple[Shared, ...]:
    """The servers, by name, that several of ``agents`` start and of which the tools are known; dearest first."""
    found: dict[str, list[tuple[AgentTools, Tokens]]] = {}
    for agent in agents:
        for server in agent.servers:
            if server.starts and server.known:
                found.setdefault(server.name, []).append((agent, server.tokens_if_used))
    several = [
        Shared(name, tuple(sorted(costs, key=lambda cost: (cost[1].n, cost[0].agent))))
        for name, costs in found.items()
        if len(costs) > 1
    ]
    return tuple(sorted(several, key=lambda one: (-one.costs[-1][1].n, one.server)))
