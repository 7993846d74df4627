"""The MCP servers of one agent with all that is known of them: the rows of ``ctxkit tools``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from ctxkit.model import total
from ctxkit.model.tools import AgentTools, OwnTool, ServerTools, ToolCost
from ctxkit.sources.definitions import ServerDefinition, ToolDefinition, compact
from ctxkit.sources.masking import printable
from ctxkit.sources.mcp_config import McpServer, servers
from ctxkit.sources.mcp_entries import mcp_entries
from ctxkit.sources.tools import collect_tools
from ctxkit.sources.window import estimate_for
from ctxkit.tokens.models import find_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places
    from ctxkit.agents.settings import Settings
    from ctxkit.agents.spec import AgentSpec
    from ctxkit.model import Segment
    from ctxkit.sources.tool_segments import Definitions, Estimate


class Configured(Struct, frozen=True):
    """One agent, in one version, with the servers that its files name."""

    spec: AgentSpec
    version: str
    settings: Settings
    servers: tuple[McpServer, ...]


def configured(spec: AgentSpec, version: str, settings: Settings, places: Places, disk: Disk) -> Configured:
    """The servers of ``spec``; broken files are recorded with ``disk.skip``."""
    entries = mcp_entries(spec, version, settings, places, disk)
    return Configured(spec, version, settings, servers(spec, entries, settings, disk) if entries else ())


def agent_tools(
    agent: Configured,
    model: str | None,
    places: Places,
    disk: Disk,
    definitions: Definitions,
    trouble: Mapping[str, tuple[str, ...]],
    count: Callable[[str], int],
) -> AgentTools:
    """What the servers of ``agent`` cost it on ``model`` (None: its usual one).

    ``definitions`` and ``trouble`` are by server name; ``count`` gives o200k tokens. Raises UnknownNameError for a
    model that is not known.
    """
    spec = agent.spec
    known = find_model(model or spec.model)
    window = spec.window if spec.window and not model else known.window
    estimate = estimate_for(known)
    segments = collect_tools(
        spec, agent.version, known.id, agent.settings, places, disk, definitions, estimate, count, window
    )
    about, own = segments[: len(agent.servers)], segments[len(agent.servers) :]
    rows = tuple(
        _server(
            server, segment, _told(definitions.get(server.name), spec), trouble.get(server.name, ()), estimate, count
        )
        for server, segment in zip(agent.servers, about, strict=True)
    )
    return AgentTools(spec.id, spec.name, agent.version, known.id, window, rows, tuple(_own(own)))


def _own(segments: Sequence[Segment]) -> Iterator[OwnTool]:
    for segment in segments:
        for tool in segment.children:
            yield OwnTool(tool.title, tool.activation, tool.tokens, tool.tokens_if_used, segment.why)


def _told(definition: ServerDefinition | None, spec: AgentSpec) -> ServerDefinition | None:
    return None if definition is None else definition.told_to(spec.id)


def _server(
    server: McpServer,
    segment: Segment,
    definition: ServerDefinition | None,
    trouble: tuple[str, ...],
    estimate: Estimate,
    count: Callable[[str], int],
) -> ServerTools:
    tools: list[ToolCost] = []
    if definition is not None:
        costs = {child.id: child for child in segment.children if child.kind == "mcp-tool"}
        for tool in definition.tools:
            cost = costs.get(f"{segment.id}/{printable(tool.name)}")
            if cost is not None:
                tools.append(_tool(tool, cost, estimate, count))
    return ServerTools(
        name=printable(server.name),
        path=server.path,
        scope=server.scope,
        transport=server.transport,
        command=server.command,
        starts=server.starts,
        pending=server.pending,
        why=server.why,
        known=definition is not None,
        activation=segment.activation,
        tokens=segment.tokens,
        tokens_if_used=segment.tokens_if_used,
        instructions=total([c.tokens for c in segment.children if c.kind == "mcp-instructions"]),
        tools=tuple(sorted(tools, key=lambda tool: (-tool.tokens.n, -tool.tokens_if_used.n, tool.name))),
        version=printable(definition.version) if definition is not None else "",
        origin=printable(definition.origin) if definition is not None else "",
        trouble=tuple(map(printable, trouble)),
    )


def _tool(tool: ToolDefinition, cost: Segment, estimate: Estimate, count: Callable[[str], int]) -> ToolCost:
    described, schema = (_part(text, estimate, count) for text in (tool.description, compact(tool.schema)))
    whole = cost.tokens_if_used.n
    over = max(0, described + schema - whole)  # an agent that cuts descriptions or schemas sends less of them
    cut = min(described, over) if described > schema else 0
    return ToolCost(
        name=printable(tool.name),
        sent_as=cost.title,
        activation=cost.activation,
        tokens=cost.tokens,
        tokens_if_used=cost.tokens_if_used,
        described=described - cut,
        schema=max(0, schema - (over - cut)),
        why=cost.why,
    )


def _part(text: str, estimate: Estimate, count: Callable[[str], int]) -> int:
    return estimate(count(text), "tool.json", text).n if text else 0
