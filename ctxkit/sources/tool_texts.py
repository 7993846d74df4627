"""The texts of MCP tools as each agent sends them: the words of its requests, not those of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.evidence import ToolText
from ctxkit.model import Activation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ctxkit.agents.disk import Disk
    from ctxkit.agents.spec import AgentSpec
    from ctxkit.model import Segment
    from ctxkit.model.audit import AgentAudit
    from ctxkit.sources.definitions import ServerDefinition
    from ctxkit.sources.tool_forms.form import WireTool
    from ctxkit.sources.window import Question

_SCHEMA_KEYS = ("input_schema", "parameters", "parametersJsonSchema")


def tool_texts(
    agents: Sequence[AgentAudit], specs: Sequence[tuple[AgentSpec, str]], question: Question, disk: Disk
) -> Iterator[ToolText]:
    """Every tool that an agent sends, or would once its server is approved or the agent searches for it.

    ``agents``: the windows that :func:`ctxkit.sources.window.window_of` made of ``specs`` (each with its version) for
    ``question``. A tool that the agent leaves out is left out here. Nothing is started.
    """
    definitions: Mapping[str, ServerDefinition] | None = None
    for agent, (spec, version) in zip(agents, specs, strict=True):
        held = [segment for segment in agent.context.segments if segment.kind == "mcp-server"]
        if any(segment.children for segment in held):
            if definitions is None:
                from ctxkit.sources.tools import read_definitions

                definitions = read_definitions(disk, question.tools)
            yield from _of_agent(spec, version, held, definitions, question, disk)


def _of_agent(
    spec: AgentSpec,
    version: str,
    held: Sequence[Segment],
    definitions: Mapping[str, ServerDefinition],
    question: Question,
    disk: Disk,
) -> Iterator[ToolText]:
    # Most repositories name no server, so none of this is imported before one is there.
    from ctxkit.agents.settings import load_settings
    from ctxkit.sources.masking import printable
    from ctxkit.sources.mcp_config import servers
    from ctxkit.sources.mcp_entries import mcp_entries
    from ctxkit.sources.tool_segments import wire_servers

    settings = load_settings(spec, question.places.names(spec), disk, version)
    found = servers(spec, mcp_entries(spec, version, settings, question.places, disk), settings, disk)
    told = [
        (server, known.told_to(spec.id) if (known := definitions.get(server.name)) is not None else None)
        for server in found
    ]
    for segment, (server, known), wire in zip(held, told, wire_servers(spec, version, told, None), strict=True):
        if known is None or wire is None:
            continue
        tools = [child for child in segment.children if child.kind == "mcp-tool"]
        for child, tool, sent in zip(tools, known.tools, wire.tools, strict=True):
            if child.activation is not Activation.NEVER:
                description, schema = _parts(sent)
                yield ToolText(
                    agent=spec.id,
                    segment=child.id,
                    server=printable(server.name),
                    name=printable(tool.name),
                    description=description,
                    schema=schema,
                )


def _parts(sent: WireTool) -> tuple[str, str]:
    """Description and schema in the JSON that every form is; the schema in the order of its keys."""
    import json

    value = json.loads(sent.whole.text)
    function = value.get("function", value)
    schema: object = next((function[key] for key in _SCHEMA_KEYS if key in function), {})
    return str(function.get("description") or ""), json.dumps(schema, separators=(",", ":"), ensure_ascii=False)
