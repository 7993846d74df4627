"""MCP servers and their tools as segments of one agent's window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ctxkit.agents.version import applies
from ctxkit.model import NO_TOKENS, Activation, Category, Segment, Tokens, total
from ctxkit.sources import tool_cost
from ctxkit.sources.definitions import ServerDefinition, ToolDefinition
from ctxkit.sources.masking import printable
from ctxkit.sources.mcp_config import McpServer, servers
from ctxkit.sources.tool_files import LOCK_NAME

if TYPE_CHECKING:
    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places
    from ctxkit.agents.settings import Settings
    from ctxkit.agents.spec import AgentSpec, Deferral
    from ctxkit.sources.mcp_entries import McpEntry

Estimate = Callable[[int, str, str], Tokens]
"""(o200k count, path, text) → the model's own count."""

Definitions = Mapping[str, ServerDefinition]

# Relative error of what is said of deferred tools: the words around their names are not known.
_LISTING_ERROR = 0.1
# Claude Code's share of the window above which ENABLE_TOOL_SEARCH=auto defers.
_AUTO_SHARE = 0.1
_USUAL_WINDOW = 200_000


def server_segments(
    spec: AgentSpec,
    version: str,
    model: str,
    entries: Sequence[McpEntry],
    settings: Settings,
    places: Places,
    disk: Disk,
    definitions: Definitions,
    estimate: Estimate,
    count: Callable[[str], int] | None,
    window: int | None,
) -> tuple[Segment, ...]:
    """The segments of the servers that ``entries`` are about; the rest as in :func:`.tools.collect_tools`."""
    costs = _Costs(spec, estimate, count or _count)
    found = servers(spec, entries, settings, disk)

    def share() -> float:
        whole = sum(_whole(costs, server, definitions.get(server.name)) for server in found)
        return whole / (window or spec.window or _USUAL_WINDOW)

    deferral = _deferral(spec, version, model, settings, places, share)
    return tuple(_server(costs, server, definitions.get(server.name), deferral) for server in found)


@dataclass(frozen=True, slots=True)
class _Costs:
    """Counts texts of one agent for one model."""

    spec: AgentSpec
    estimate: Estimate
    count: Callable[[str], int]

    def of(self, text: str, extra: int = 0, error: float = 0.0, path: str = "tool.json") -> Tokens:
        if not text:
            return NO_TOKENS
        tokens = self.estimate(self.count(text) + extra, path, text)
        return Tokens(tokens.n, False, tokens.by, max(tokens.error, error)) if error else tokens

    def tool(self, server: str, tool: ToolDefinition) -> Tokens:
        form = tool_cost.wire_form(self.spec)
        return self.of(tool_cost.tool_text(self.spec, server, tool), form.extra, form.error)


def _count(text: str) -> int:
    from ctxkit.tokens.engine import count

    return count(text)


def _whole(costs: _Costs, server: McpServer, definition: ServerDefinition | None) -> int:
    """Tokens of all that a server would put into the window if nothing were deferred, but for what never is."""
    if definition is None or not server.starts or server.always_load:
        return 0
    tools = [tool for tool in definition.tools if server.tools.denied(server.name, tool.name) is None]
    return sum(costs.tool(server.name, tool).n for tool in tools)


def _deferral(
    spec: AgentSpec, version: str, model: str, settings: Settings, places: Places, share: Callable[[], float]
) -> Deferral | None:
    """The rule by which tools are deferred here, None if they are not. ``share``: of the window, taken by all tools."""
    for rule in spec.mcp.deferral if spec.mcp is not None else ():
        if not applies(rule, version):
            continue
        value = _variable(rule.env, settings, places) if rule.env else None
        if value is not None and value in rule.off_values:
            return None
        if value is not None and value.startswith("auto"):
            return rule if share() > _auto_share(value) else None
        if rule.mode == "never":
            return None
        if rule.mode == "by-model" and not any(fnmatchcase(model, pattern) for pattern in rule.models):
            continue
        if rule.mode == "threshold" and share() <= (rule.threshold or 0.0):
            return None
        return rule
    return None


def _variable(name: str, settings: Settings, places: Places) -> str | None:
    """An environment variable's value: from the environment, or the ``env`` map of the agent's settings."""
    value = places.env.get(name) or settings.get(f"env.{name}")
    return str(value).lower() if isinstance(value, str | bool | int) and value != "" else None


def _auto_share(value: str) -> float:
    percent = value.partition(":")[2]
    return int(percent) / 100 if percent.isdecimal() and len(percent) <= 3 else _AUTO_SHARE


def _server(
    costs: _Costs, server: McpServer, definition: ServerDefinition | None, deferral: Deferral | None
) -> Segment:
    deferral = None if server.always_load else deferral
    activation = _activation(server, deferral)
    tokens = used = Tokens(0, False, "unknown")
    children: tuple[Segment, ...] = ()
    if definition is not None:
        tools = [_tool(costs, server, tool, deferral) for tool in definition.tools]
        head = _instructions(costs, server, definition, activation)
        children = (*head, *tools)
        tokens = total([child.tokens for child in children])
        allowed = (server.tools.denied(server.name, tool.name) is None for tool in definition.tools)
        kept = [child for child, keep in zip(tools, allowed, strict=True) if keep]
        used = total([child.tokens_if_used for child in (*head, *kept)])
    return Segment(
        category=Category.TOOLS,
        kind="mcp-server",
        title=printable(server.name),
        activation=activation,
        path=server.path,
        loaded=server.starts and (definition is None or tokens.n > 0),
        tokens=tokens,
        tokens_if_used=used,
        children=children,
        why=_why(costs.spec, server, definition, deferral),
        confidence=server.confidence,
        id=_id(server),
    )


def _tool(costs: _Costs, server: McpServer, tool: ToolDefinition, deferral: Deferral | None) -> Segment:
    deferral = None if tool.always_load else deferral
    denied = server.tools.denied(server.name, tool.name)
    whole = costs.tool(server.name, tool)
    tokens, why = NO_TOKENS, denied or server.why
    if server.starts and denied is None:
        tokens, why = whole, "its definition is sent with every request"
        if deferral is not None:
            text = tool_cost.listing_text(costs.spec, server.name, tool, deferral.listed, deferral.description_chars)
            tokens = costs.of(text, error=_LISTING_ERROR, path="listing.md")
            why = "deferred: its definition comes once the agent searches for it"
    form = tool_cost.wire_form(costs.spec)
    return Segment(
        category=Category.TOOLS,
        kind="mcp-tool",
        title=printable(tool_cost.tool_name(costs.spec, server.name, tool.name)),
        activation=Activation.NEVER if denied is not None else _activation(server, deferral),
        path=server.path,
        loaded=tokens.n > 0,
        tokens=tokens,
        tokens_if_used=whole,
        why=why,
        confidence="lab" if form.how.startswith("recorded") else "unverified",
        id=f"{_id(server)}/{printable(tool.name)}",
    )


def _instructions(
    costs: _Costs, server: McpServer, definition: ServerDefinition, activation: Activation
) -> tuple[Segment, ...]:
    """What a server says to the model beside its tools; it stays even where every tool is denied."""
    text = tool_cost.instructions_text(costs.spec, definition)
    namespace = tool_cost.namespace_text(costs.spec, server.name, definition.instructions)
    if not text and not namespace:
        return ()
    whole = costs.of(text or namespace, path="instructions.md" if text else "tool.json")
    return (
        Segment(
            category=Category.TOOLS,
            kind="mcp-instructions",
            title="instructions" if text else "namespace and instructions",
            activation=Activation.ALWAYS if server.starts else activation,
            path=server.path,
            loaded=server.starts,
            tokens=whole if server.starts else NO_TOKENS,
            tokens_if_used=whole,
            why="the server's own words, sent with every request" if server.starts else server.why,
            confidence=server.confidence,
            id=f"{_id(server)}/instructions",
        ),
    )


def _activation(server: McpServer, deferral: Deferral | None) -> Activation:
    if server.pending:
        return Activation.MANUAL
    if not server.starts:
        return Activation.NEVER
    if deferral is None:
        return Activation.ALWAYS
    return Activation.DESCRIBED if deferral.listed == "names+description" else Activation.NAMED


def _why(spec: AgentSpec, server: McpServer, definition: ServerDefinition | None, deferral: Deferral | None) -> str:
    parts = [server.why, f"{server.transport}: {server.command}" if server.command else server.transport]
    if definition is None:
        parts.append(
            "definitions unknown, so its tokens are missing here: give the server's tools/list answer"
            f" with --tools {printable(server.name)}=FILE, or commit {LOCK_NAME}"
        )
        return "; ".join(parts)
    version = f" {printable(definition.version)}" if definition.version else ""
    number = len(definition.tools)
    parts.append(f"{number} tool{'' if number == 1 else 's'}{version} from {printable(definition.origin)}")
    if server.starts and deferral is not None:
        parts.append("deferred until the agent searches for them")
    limit = spec.mcp.tool_limit if spec.mcp is not None else None
    if limit is not None and len(definition.tools) > limit:
        parts.append(f"the agent takes at most {limit}")
    return "; ".join(parts)


def _id(server: McpServer) -> str:
    return f"tools:{server.path}#{printable(server.name)}"
