"""The result of ``ctxkit tools``: the MCP servers of each agent, their tools, and what they cost there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctxkit.model.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from ctxkit.model.context import Activation, Skipped


@dataclass(frozen=True, slots=True)
class ToolCost:
    """One tool in one agent's requests.

    ``name`` is the server's, ``sent_as`` the one the model sees. ``tokens``: what the first request is charged for it;
    ``tokens_if_used``: its whole definition. ``described`` and ``schema``: the parts of that which its description and
    the schema of its arguments take, in tokens of the same kind; the rest is its name and what stands around them.
    """

    name: str
    sent_as: str
    activation: Activation
    tokens: Tokens
    tokens_if_used: Tokens
    described: int
    schema: int
    why: str


@dataclass(frozen=True, slots=True)
class ServerTools:
    """One server in one agent's configuration.

    ``path``: the file that names it, as reports show it. ``command``: its command line or address, secrets masked.
    ``known``: its definitions are; ``version`` and ``origin`` say of what and from where. ``tokens``: what the first
    request is charged for all of it, ``tokens_if_used`` what it would be with every definition in. ``instructions``:
    the part of ``tokens`` that its own words take. ``trouble``: why it gave no answer when asked, or what is odd.
    """

    name: str
    path: str
    scope: str
    transport: str
    command: str
    starts: bool
    pending: bool
    why: str
    known: bool
    activation: Activation
    tokens: Tokens = NO_TOKENS
    tokens_if_used: Tokens = NO_TOKENS
    instructions: Tokens = NO_TOKENS
    tools: tuple[ToolCost, ...] = ()
    version: str = ""
    origin: str = ""
    trouble: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnTool:
    """A tool of the agent itself that it adds because of its servers. The figures as in :class:`ToolCost`."""

    name: str
    activation: Activation
    tokens: Tokens
    tokens_if_used: Tokens
    why: str


@dataclass(frozen=True, slots=True)
class AgentTools:
    """The servers of one agent, in the order of its files. ``window`` is the model's, in tokens.

    ``own``: what it adds of its own because of them, once for all.
    """

    agent: str
    name: str
    version: str
    model: str
    window: int
    servers: tuple[ServerTools, ...]
    own: tuple[OwnTool, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolsReport:
    """What ``ctxkit tools`` found. ``root`` is absolute; ``without``: chosen agents whose files name no server."""

    root: str
    agents: tuple[AgentTools, ...]
    without: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolChange:
    """One tool against the lock file: o200k tokens before and after, None where it is not there."""

    name: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class ServerChange:
    """One server against the lock file: its versions and o200k tokens, None where it is not there.

    ``tools``: those that came, went or are others. ``told``: its instructions changed.
    """

    name: str
    version_before: str | None
    version_after: str | None
    before: int | None
    after: int | None
    tools: tuple[ToolChange, ...] = ()
    told: bool = False


@dataclass(frozen=True, slots=True)
class LockResult:
    """What writing the lock file changed. ``path`` as reports show it; ``notes``: what was not locked, and why."""

    path: str
    written: bool
    servers: int
    tools: int
    tokens: int
    changes: tuple[ServerChange, ...] = ()
    notes: tuple[str, ...] = ()
