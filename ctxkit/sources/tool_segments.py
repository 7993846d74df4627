"""MCP servers and their tools as segments of one agent's window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ctxkit.agents.version import applies
from ctxkit.model import NO_TOKENS, Activation, Category, Segment, Tokens, total
from ctxkit.sources.definitions import ServerDefinition, ToolDefinition
from ctxkit.sources.masking import printable
from ctxkit.sources.mcp_config import McpServer, servers
from ctxkit.sources.tool_cost import tool_form, written
from ctxkit.sources.tool_files import LOCK_NAME
from ctxkit.sources.tool_forms.form import NOTHING, ToolForm, WireServer, WireTool, Written
from ctxkit.sources.tool_own import depends_on_resources, own_segments

if TYPE_CHECKING:
    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places
    from ctxkit.agents.settings import Settings
    from ctxkit.agents.spec import AgentSpec, Deferral
    from ctxkit.sources.mcp_entries import McpEntry

Estimate = Callable[[int, str, str], Tokens]
"""(o200k count, path, text) → the model's own count."""

Definitions = Mapping[str, ServerDefinition]

# Relative error of what is said of deferred tools where an agent's own words for it were not compared.
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
    """The segments of the servers that ``entries`` are about, and of the agent's own tools that come with them.

    The rest as in :func:`.tools.collect_tools`.
    """
    costs = _Costs(spec, tool_form(spec, version), estimate, count or _count)
    found = servers(spec, entries, settings, disk)
    told = [(server, definitions.get(server.name)) for server in found]
    keeps = spec.mcp is not None and spec.mcp.always_load

    def share() -> float:
        wires = wire_servers(spec, version, told, None)
        whole = sum(
            _whole(costs, server, known, wire, keeps) for (server, known), wire in zip(told, wires, strict=True)
        )
        return whole / (window or spec.window or _USUAL_WINDOW)

    deferral = _deferral(spec, version, model, settings, places, share)
    wires = wire_servers(spec, version, told, deferral)
    once = _Once(costs.form.instructions_words, costs.form.listing_words)
    segments = (
        _server(costs, server, known, wire, deferral, keeps, once)
        for (server, known), wire in zip(told, wires, strict=True)
    )
    return (*segments, *own_segments(spec, version, model, told, deferral, estimate))


def wire_servers(
    spec: AgentSpec,
    version: str,
    told: Sequence[tuple[McpServer, ServerDefinition | None]],
    deferral: Deferral | None,
) -> list[WireServer | None]:
    """What goes onto the wire of each server, None where its tools are not known.

    Those that start are written together, for their tools share one set of names; others are taken alone.
    ``deferral`` as in :func:`.tool_cost.written`.
    """
    wires: list[WireServer | None] = [None] * len(told)
    starting = [at for at, (server, known) in enumerate(told) if server.starts and known is not None]
    alone = [[at] for at, (server, known) in enumerate(told) if not server.starts and known is not None]
    for group in (starting, *alone):
        pairs = [(server.name, known) for server, known in (told[at] for at in group) if known is not None]
        for at, wire in zip(group, written(spec, version, pairs, deferral), strict=True):
            wires[at] = wire
    return wires


@dataclass(slots=True)
class _Once:
    """Words of the agent that are counted with the first server that calls for them."""

    instructions: int
    listing: int

    def take_instructions(self) -> int:
        words, self.instructions = self.instructions, 0
        return words

    def take_listing(self) -> int:
        words, self.listing = self.listing, 0
        return words


@dataclass(frozen=True, slots=True)
class _Costs:
    """Counts texts of one agent for one model."""

    spec: AgentSpec
    form: ToolForm
    estimate: Estimate
    count: Callable[[str], int]

    def of(self, text: Written, error: float = 0.0, path: str = "tool.json", words: int = 0) -> Tokens:
        if not text.text:
            return NO_TOKENS
        tokens = self.estimate(self.count(text.text) + text.words + words, path, text.text)
        return Tokens(tokens.n, False, tokens.by, max(tokens.error, error)) if error else tokens

    def whole(self, tool: WireTool) -> Tokens:
        return NO_TOKENS if tool.missing else self.of(tool.whole, self.form.error)

    def listed(self, tool: WireTool) -> Tokens:
        return self.of(tool.listed, self.form.error if self.form.listing else _LISTING_ERROR, "listing.md")


def _count(text: str) -> int:
    from ctxkit.tokens.engine import count

    return count(text)


def _whole(
    costs: _Costs, server: McpServer, definition: ServerDefinition | None, wire: WireServer | None, keeps: bool
) -> int:
    """Tokens of all that a server would put into the window if nothing were deferred, but for what never is."""
    if definition is None or wire is None or not server.starts or (keeps and server.always_load):
        return 0
    pairs = zip(definition.tools, wire.tools, strict=True)
    return sum(costs.whole(sent).n for tool, sent in pairs if server.tools.denied(server.name, tool.name) is None)


def _deferral(
    spec: AgentSpec, version: str, model: str, settings: Settings, places: Places, share: Callable[[], float]
) -> Deferral | None:
    """The rule by which tools are deferred here, None if they are not. ``share``: of the window, taken by all tools."""
    for rule in spec.mcp.deferral if spec.mcp is not None else ():
        if not applies(rule, version):
            continue
        value = _variable(rule.env, settings, places) if rule.env else None
        if value is None and rule.setting is not None:
            value = _word(settings.get(rule.setting))
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
    return _word(places.env.get(name) or settings.get(f"env.{name}"))


def _word(value: object) -> str | None:
    """A plain value as a word in lower case; None for anything else."""
    return str(value).lower() if isinstance(value, str | bool | int) and value != "" else None


def _auto_share(value: str) -> float:
    percent = value.partition(":")[2]
    return int(percent) / 100 if percent.isdecimal() and len(percent) <= 3 else _AUTO_SHARE


def _server(
    costs: _Costs,
    server: McpServer,
    definition: ServerDefinition | None,
    wire: WireServer | None,
    deferral: Deferral | None,
    keeps: bool,
    once: _Once,
) -> Segment:
    deferral = None if keeps and server.always_load else deferral
    activation = _activation(server, deferral)
    tokens = used = Tokens(0, False, "unknown")
    children: tuple[Segment, ...] = ()
    if definition is not None and wire is not None:
        pairs = list(zip(definition.tools, wire.tools, strict=True))
        tools = [_tool(costs, server, tool, sent, deferral, keeps) for tool, sent in pairs]
        kept = [
            child
            for child, (tool, sent) in zip(tools, pairs, strict=True)
            if not sent.missing and server.tools.denied(server.name, tool.name) is None
        ]
        head = _head(costs, server, wire, deferral, activation, once, any_tool=bool(kept))
        children = (*head, *tools)
        tokens = total([child.tokens for child in children])
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


def _tool(
    costs: _Costs, server: McpServer, tool: ToolDefinition, sent: WireTool, deferral: Deferral | None, keeps: bool
) -> Segment:
    deferral = None if keeps and tool.always_load else deferral
    denied = server.tools.denied(server.name, tool.name) or sent.missing
    whole = costs.whole(sent)
    tokens, why = NO_TOKENS, denied or server.why
    if server.starts and not denied:
        tokens, why = whole, "its definition is sent with every request"
        if deferral is not None:
            tokens = costs.listed(sent)
            why = "deferred: its definition comes once the agent searches for it"
    return Segment(
        category=Category.TOOLS,
        kind="mcp-tool",
        title=printable(sent.name),
        activation=Activation.NEVER if denied else _activation(server, deferral),
        path=server.path,
        loaded=tokens.n > 0,
        tokens=tokens,
        tokens_if_used=whole,
        why=printable(why),
        confidence="lab" if costs.form.lab else "unverified",
        id=f"{_id(server)}/{printable(tool.name)}",
    )


def _head(
    costs: _Costs,
    server: McpServer,
    wire: WireServer,
    deferral: Deferral | None,
    activation: Activation,
    once: _Once,
    any_tool: bool,
) -> tuple[Segment, ...]:
    """What a server says to the model beside its tools, and what holds these together.

    Its instructions stay even where every tool is denied.
    """
    around = (wire.around if deferral is None else wire.around_listed) if any_tool else NOTHING
    listing = server.starts and deferral is not None and any_tool
    own = wire.instructions if costs.spec.mcp is not None and costs.spec.mcp.instructions else NOTHING
    parts = []
    if own.text:
        words = once.take_instructions() if server.starts else 0
        parts.append(costs.of(own, costs.form.error, "instructions.md", words))
    if around.text:
        path = "tool.json" if deferral is None else "listing.md"
        parts.append(costs.of(around, costs.form.error, path, once.take_listing() if listing else 0))
    if not parts:
        return ()
    whole = total(parts)
    return (
        Segment(
            category=Category.TOOLS,
            kind="mcp-instructions",
            title="instructions" if not around.text else "heading and instructions",
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
    if definition.resources == "unknown" and depends_on_resources(spec):
        parts.append("whether it offers resources is not known, so the agent's tools for these may be missing")
    limit = spec.mcp.tool_limit if spec.mcp is not None else None
    if limit is not None and len(definition.tools) > limit:
        parts.append(f"the agent takes at most {limit}")
    return "; ".join(parts)


def _id(server: McpServer) -> str:
    return f"tools:{server.path}#{printable(server.name)}"
