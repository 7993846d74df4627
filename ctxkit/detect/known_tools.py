"""The MCP tools of all agents, each once, for the detectors that look at tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctxkit.agents.load import agent_ids, load_agent
from ctxkit.model.finding import Location
from ctxkit.text.json_schema import compact

if TYPE_CHECKING:
    from ctxkit.evidence import Evidence, ToolText
    from ctxkit.model import Segment

    Held = Mapping[tuple[str, str], tuple[str, Segment, Segment]]
    """(agent, segment of a tool) → the agent's name, the server's segment, the tool's."""


@dataclass(frozen=True, slots=True)
class KnownTool:
    """One tool of a server, in the words of the agent that spends most tokens on it, one that always sends it first.

    ``schema`` is parsed. ``tokens``: o200k_base of name, description and schema as compact JSON, which is how real
    tools were measured. ``places``: its segments, that of this agent first; ``parents``: those of its server.
    ``agents``: ids of those that send it, in that order; ``always``: names of those that send the whole of it with
    every request.
    """

    server: str
    name: str
    description: str
    schema: Mapping[str, object]
    tokens: int
    places: tuple[Location, ...]
    parents: tuple[Location, ...]
    agents: tuple[str, ...]
    always: tuple[str, ...]


def known_tools(evidence: Evidence) -> list[KnownTool]:
    """Every tool, by its server and name, in the order of the windows."""
    groups: dict[tuple[str, str], list[ToolText]] = {}
    for text in evidence.tools:
        groups.setdefault((text.server, text.name), []).append(text)
    held = {
        (agent.context.agent, child.id): (agent.context.name, parent, child)
        for agent in evidence.agents
        for parent in agent.context.segments
        for child in parent.children
    }
    return [_known(group, held, evidence) for group in groups.values()]


def by_server(tools: list[KnownTool]) -> dict[str, list[KnownTool]]:
    """``tools`` by the name of their server."""
    servers: dict[str, list[KnownTool]] = {}
    for tool in tools:
        servers.setdefault(tool.server, []).append(tool)
    return servers


def compact_tool(name: str, description: str, schema: Mapping[str, object]) -> str:
    """A tool as the JSON whose tokens are counted."""
    return compact({"name": name, "description": description, "input_schema": schema})


def sent_by(tool: KnownTool) -> str:
    """When it is paid for, as the end of a sentence."""
    if tool.always:
        return f"in every request of {_listed(tool.always)}"
    return "whenever an agent loads it"


def switch(server: str, tool: str, agents: tuple[str, ...]) -> str:
    """How the first of ``agents`` that can be told leaves a tool out, as a clause; ``*`` stands for all of a server."""
    for agent in agents:
        if agent not in agent_ids():
            continue
        spec = load_agent(agent)
        if spec.mcp is not None and spec.mcp.deny_patterns is not None:
            form = next(iter(spec.mcp.deny_form), spec.mcp.tool_name)
            name = form.replace("{server}", server).replace("{tool}", tool)
            return f"deny {name} in {spec.mcp.deny_patterns} of {spec.name}"
        if spec.mcp is not None and (key := spec.mcp.deny or spec.mcp.allow):
            verb = "name it in" if spec.mcp.deny else "leave it out of"
            return f"{verb} {key} of the server's entry for {spec.name}"
    return "switch it off in the agent's settings"


def _known(group: list[ToolText], held: Held, evidence: Evidence) -> KnownTool:
    texts = [compact_tool(text.name, text.description, _parsed(text.schema)) for text in group]
    counts = [evidence.count(text, (0,))[0] for text in texts]
    sent = [_is_sent(text, held) for text in group]
    order = sorted(range(len(group)), key=lambda at: (not sent[at], -counts[at]))
    first = group[order[0]]
    places: dict[str, Location] = {}
    parents: dict[str, Location] = {}
    always = []
    for at in order:
        text = group[at]
        if (text.agent, text.segment) not in held:
            continue
        name, parent, child = held[text.agent, text.segment]
        places.setdefault(child.id, Location(child.path, segment=child.id, note=text.name))
        parents.setdefault(parent.id, Location(parent.path, segment=parent.id, note=text.server))
        if sent[at]:
            always.append(name)
    return KnownTool(
        server=first.server,
        name=first.name,
        description=first.description,
        schema=_parsed(first.schema),
        tokens=counts[order[0]],
        places=tuple(places.values()),
        parents=tuple(parents.values()),
        agents=tuple(dict.fromkeys(group[at].agent for at in order)),
        always=tuple(dict.fromkeys(always)),
    )


def _is_sent(text: ToolText, held: Held) -> bool:
    """Does the agent send the whole of it with every request?"""
    found = held.get((text.agent, text.segment))
    return found is not None and 0 < found[2].tokens_if_used.n <= found[2].tokens.n


def _parsed(schema: str) -> Mapping[str, object]:
    value = json.loads(schema)
    return value if isinstance(value, Mapping) else {}


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
