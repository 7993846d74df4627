"""``ctxkit tools`` as JSON (``ctxkit/tools/1``): sorted keys, no clock, always valid UTF-8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import UNSET, Struct, UnsetType
from msgspec import json as msgspec_json

from ctxkit.model import Activation  # noqa: TC001 - msgspec reads the annotations
from ctxkit.report.cost import Priced, cost_of
from ctxkit.report.json_values import SkippedOut, TokensOut, utf8
from ctxkit.report.tools_summary import reach, shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ctxkit.model import Tokens
    from ctxkit.model.tools import AgentTools, LockResult, OwnTool, ServerChange, ServerTools, ToolCost, ToolsReport


class ToolOut(Struct, frozen=True, kw_only=True):
    """One tool as one agent sends it. ``name`` is the server's, ``sent_as`` the one the model sees.

    ``tokens``: what the first request is charged; ``tokens_if_used``: the whole definition, of which ``described`` and
    ``schema`` tokens are its description and the schema of its arguments.
    """

    activation: Activation
    described: int
    name: str
    schema: int
    sent_as: str
    tokens: TokensOut
    tokens_if_used: TokensOut
    why: str


class ServerOut(Struct, frozen=True, kw_only=True):
    """One server that a configuration file names; largest tools first.

    ``known``: its definitions are; ``origin`` says from where. ``pending``: it starts once the user approves it.
    ``trouble``: sentences about why it gave no answer, or what is odd about it.
    """

    activation: Activation
    command: str
    instructions: TokensOut
    known: bool
    name: str
    origin: str
    path: str
    pending: bool
    scope: str
    starts: bool
    tokens: TokensOut
    tokens_if_used: TokensOut
    tools: tuple[ToolOut, ...]
    transport: str
    trouble: tuple[str, ...]
    version: str
    why: str


class OwnToolOut(Struct, frozen=True, kw_only=True):
    """A tool of the agent itself that it adds because of its servers, once for all; ``why`` says because of which."""

    activation: Activation
    name: str
    tokens: TokensOut
    tokens_if_used: TokensOut
    why: str


class AgentToolsOut(Struct, frozen=True, kw_only=True):
    """The servers of one agent. ``total``: what they put into the first request; ``total_if_used``: with all in.

    Both hold ``own_tools``. ``per_100_turns_cached``: US dollars for ``total`` over 100 turns, null where no price of
    the model is known.
    """

    agent: str
    model: str
    name: str
    own_tools: tuple[OwnToolOut, ...]
    per_100_turns_cached: float | None
    servers: tuple[ServerOut, ...]
    total: TokensOut
    total_if_used: TokensOut
    version: str
    window: int


class SharedOut(Struct, frozen=True, kw_only=True):
    """One server in several agents: agent → tokens with every definition in."""

    agents: dict[str, int]
    server: str


class ToolChangeOut(Struct, frozen=True, kw_only=True):
    """One tool against the lock file: o200k tokens, null where it is not there."""

    after: int | None
    before: int | None
    name: str


class ServerChangeOut(Struct, frozen=True, kw_only=True):
    """One server against the lock file: versions and o200k tokens, null where it is not there."""

    after: int | None
    before: int | None
    instructions_changed: bool
    name: str
    tools: tuple[ToolChangeOut, ...]
    version_after: str | None
    version_before: str | None


class LockOut(Struct, frozen=True, kw_only=True):
    """The lock file and what is new in it. ``changed``: its bytes are others than before."""

    changed: bool
    changes: tuple[ServerChangeOut, ...]
    notes: tuple[str, ...]
    path: str
    servers: int
    tokens: int
    tools: int


class ToolsOut(Struct, frozen=True, kw_only=True):
    """What ``ctxkit tools --format json`` writes. ``without``: agents whose files name no server."""

    agents: tuple[AgentToolsOut, ...]
    lock: LockOut | None
    schema: Literal["ctxkit/tools/1"] = "ctxkit/tools/1"
    shared: tuple[SharedOut, ...]
    skipped: tuple[SkippedOut, ...]
    without: tuple[str, ...]


_encode = msgspec_json.Encoder(order="deterministic").encode


def tools_json(report: ToolsReport, lock: LockResult | None, models: Mapping[str, Priced]) -> Iterator[bytes]:
    """The report in one piece; ``models`` (for prices) by id."""
    out = ToolsOut(
        agents=tuple(_agent(agent, models.get(agent.model)) for agent in report.agents),
        lock=None if lock is None else _lock(lock),
        shared=tuple(
            SharedOut(agents={agent.agent: tokens.n for agent, tokens in one.costs}, server=utf8(one.server))
            for one in shared(report.agents)
        ),
        skipped=tuple(SkippedOut(hint=utf8(s.hint), path=utf8(s.path), reason=utf8(s.reason)) for s in report.skipped),
        without=report.without,
    )
    yield msgspec_json.format(_encode(out), indent=1)
    yield b"\n"


def _agent(agent: AgentTools, model: Priced | None) -> AgentToolsOut:
    sums = reach(agent)
    cost = cost_of(sums.start.n, model)
    return AgentToolsOut(
        agent=agent.agent,
        model=agent.model,
        name=agent.name,
        own_tools=tuple(map(_own, agent.own)),
        per_100_turns_cached=round(cost.cached_100, 6) if cost is not None else None,
        servers=tuple(_server(server) for server in agent.servers),
        total=_tokens(sums.start, bool(sums.unknown)),
        total_if_used=_tokens(sums.whole, bool(sums.unknown)),
        version=agent.version,
        window=agent.window,
    )


def _server(server: ServerTools) -> ServerOut:
    unknown = not server.known
    return ServerOut(
        activation=server.activation,
        command=utf8(server.command),
        instructions=_tokens(server.instructions),
        known=server.known,
        name=utf8(server.name),
        origin=utf8(server.origin),
        path=utf8(server.path),
        pending=server.pending,
        scope=server.scope,
        starts=server.starts,
        tokens=_tokens(server.tokens, unknown),
        tokens_if_used=_tokens(server.tokens_if_used, unknown),
        tools=tuple(map(_tool, server.tools)),
        transport=server.transport,
        trouble=tuple(map(utf8, server.trouble)),
        version=utf8(server.version),
        why=utf8(server.why),
    )


def _tool(tool: ToolCost) -> ToolOut:
    return ToolOut(
        activation=tool.activation,
        described=tool.described,
        name=utf8(tool.name),
        schema=tool.schema,
        sent_as=utf8(tool.sent_as),
        tokens=_tokens(tool.tokens),
        tokens_if_used=_tokens(tool.tokens_if_used),
        why=utf8(tool.why),
    )


def _own(tool: OwnTool) -> OwnToolOut:
    return OwnToolOut(
        activation=tool.activation,
        name=utf8(tool.name),
        tokens=_tokens(tool.tokens),
        tokens_if_used=_tokens(tool.tokens_if_used),
        why=utf8(tool.why),
    )


def _tokens(tokens: Tokens, at_least: bool = False) -> TokensOut:
    more: bool | UnsetType = True if at_least else UNSET
    if tokens.exact and not at_least:
        return TokensOut(by=tokens.by, exact=True, n=tokens.n)
    return TokensOut(at_least=more, by=tokens.by, error=tokens.error, exact=False, n=tokens.n)


def _lock(lock: LockResult) -> LockOut:
    return LockOut(
        changed=lock.written,
        changes=tuple(map(_change, lock.changes)),
        notes=tuple(map(utf8, lock.notes)),
        path=utf8(lock.path),
        servers=lock.servers,
        tokens=lock.tokens,
        tools=lock.tools,
    )


def _change(change: ServerChange) -> ServerChangeOut:
    return ServerChangeOut(
        after=change.after,
        before=change.before,
        instructions_changed=change.told,
        name=utf8(change.name),
        tools=tuple(ToolChangeOut(after=tool.after, before=tool.before, name=utf8(tool.name)) for tool in change.tools),
        version_after=change.version_after and utf8(change.version_after),
        version_before=change.version_before and utf8(change.version_before),
    )
