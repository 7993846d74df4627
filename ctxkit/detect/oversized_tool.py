"""Tool definitions that are far larger than those of real servers.

What it finds: MCP tools whose definition takes more tokens than 99 of 100 tools of real servers, and servers whose
tools together take more than those of 95 of 100 servers. It names the fields that weigh most.

Why it costs: a definition is sent with every request, or whenever the agent loads it, whether the tool is called or
not. Long ones also blur the choice between tools.

What to do: leave tools that nobody calls out with the agent's own deny or allow list; ask the maintainer of the server
to shorten the fields named in the evidence. The definition is the server's, so nothing here can be cut in a file.

When to ignore it: the tool is used all the time and its description is what makes it work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ctxkit.detect.known_tools import KnownTool, by_server, known_tools, sent_by, switch
from ctxkit.model.finding import Confidence, Finding, Persona, Severity
from ctxkit.text.json_schema import compact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.evidence import Evidence, Limits

ID = "oversized-tool"

_SHOWN = 5


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each large tool, and one for each server whose tools are large together."""
    tools = known_tools(evidence)
    for server, held in by_server(tools).items():
        large = sorted((tool for tool in held if tool.tokens > limits["large"]), key=lambda tool: -tool.tokens)
        whole = sum(tool.tokens for tool in held)
        heavy = whole > limits["server"] and len(held) > 1
        if heavy:
            yield _of_server(server, held, whole)
        for rank, tool in enumerate(large):
            # A heavy server is told with its heaviest tools; each of them again would be the same news.
            loud = not heavy and rank < limits["told"] and tool.tokens > limits["huge"] and bool(tool.always)
            yield _of_tool(tool, Persona.REGULAR if loud else Persona.PEDANTIC, evidence, limits)


def _of_tool(tool: KnownTool, persona: Persona, evidence: Evidence, limits: Limits) -> Finding:
    huge = tool.tokens > limits["huge"]
    share = 99 if huge else 95
    fields = _fields(tool, evidence)
    return Finding(
        rule=ID,
        severity=Severity.WARNING if huge and tool.always else Severity.NOTE,
        confidence=Confidence.HIGH,
        persona=persona,
        message=f"The tool {tool.name} of {tool.server} takes {tool.tokens:,} tokens (o200k_base) {sent_by(tool)}: more"
        f" than {share} of 100 tools of real servers.",
        tip=f"If nobody calls it, {switch(tool.server, tool.name, tool.agents)}; else ask the server's maintainer to"
        f" shorten {fields[0][1]}.",
        at=tool.places,
        key=f"{tool.server} {tool.name}",
        evidence=tuple(f"{tokens:,} tokens: {name}" for tokens, name in fields[:_SHOWN]),
    )


def _fields(tool: KnownTool, evidence: Evidence) -> list[tuple[int, str]]:
    """The fields of a definition with their tokens, heaviest first."""
    found = [("its description", tool.description)]
    for key, value in tool.schema.items():
        if key in ("properties", "$defs", "definitions") and isinstance(value, Mapping):
            kind = "the property" if key == "properties" else "the definition"
            found += [(f"{kind} {name}", compact(item)) for name, item in value.items()]
        else:
            found.append((f"{key} of the schema", compact(value)))
    counted = [(evidence.count(text, (0,))[0], name) for name, text in found]
    return sorted(counted, key=lambda field: -field[0])


def _of_server(server: str, tools: list[KnownTool], whole: int) -> Finding:
    heaviest = sorted(tools, key=lambda tool: -tool.tokens)[:_SHOWN]
    always = next((tool for tool in tools if tool.always), tools[0])
    agents = tuple(dict.fromkeys(agent for tool in tools for agent in tool.agents))
    return Finding(
        rule=ID,
        severity=Severity.WARNING if always.always else Severity.NOTE,
        confidence=Confidence.HIGH,
        persona=Persona.REGULAR if always.always else Persona.PEDANTIC,
        message=f"The {len(tools)} tools of {server} take {whole:,} tokens (o200k_base) {sent_by(always)}: more than"
        " those of 95 of 100 real servers.",
        tip=f"Leave out those that nobody calls: {switch(server, heaviest[0].name, agents)}.",
        at=always.parents,
        key=server,
        evidence=tuple(f"{tool.tokens:,} tokens: {tool.name}" for tool in heaviest),
    )
