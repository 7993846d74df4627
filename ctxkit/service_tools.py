"""The use case of ``ctxkit tools``: what MCP servers cost each agent, asked of the servers themselves where wanted."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ctxkit.model import ConfigError, CtxkitError, NothingToAuditError
from ctxkit.model.tools import LockResult, ToolsReport
from ctxkit.service import chosen, is_set_up, located

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places
    from ctxkit.service import Progress
    from ctxkit.sources.definitions import ServerDefinition
    from ctxkit.sources.mcp_live.failure import ServerFailureError
    from ctxkit.sources.mcp_live.plan import Plan
    from ctxkit.sources.mcp_live.session import Answer
    from ctxkit.sources.tool_listing import Configured

    Consent = Callable[[Plan], None]
    """Told what is about to be started; raises CtxkitError where the user does not want it."""

DEFAULT_TIMEOUT = 60.0
"""Seconds for a server to start, and again to list its tools: a package runner may download it first."""


@dataclass(frozen=True, slots=True)
class ToolsRequest:
    """What to look at; the first six fields as in :class:`ctxkit.service.AuditRequest`.

    Without ``agents``, all agents whose files name a server. ``live``: start the servers and ask them, at most
    ``timeout`` seconds each; ``servers``: only those so called, among them such as wait for approval. ``lock``: work
    out what the lock file becomes.
    """

    path: str = "."
    agents: tuple[str, ...] = ()
    cwd: str | None = None
    home: str | None = None
    model: str | None = None
    tools: tuple[str, ...] = ()
    live: bool = False
    servers: tuple[str, ...] = ()
    timeout: float = DEFAULT_TIMEOUT
    lock: bool = False


@dataclass(frozen=True, slots=True)
class ToolsResult:
    """``unanswered``: servers that were to be asked and gave no answer.

    ``lock`` stands where it was asked for, with ``lock_file``, its absolute path, and ``lock_text``, what goes there.
    """

    report: ToolsReport
    unanswered: int = 0
    lock: LockResult | None = None
    lock_file: str = ""
    lock_text: str = ""


def tools(request: ToolsRequest, consent: Consent, progress: Progress | None = None) -> ToolsResult:
    """The MCP servers of each agent, what they cost, and what the lock file becomes.

    ``consent`` is called before anything is started, which happens only where ``request.live`` says so. Raises
    CtxkitError for what the user can mend, NothingToAuditError where no file names a server.
    """
    where = located(request.path, request.cwd, request.home)
    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places, git_top
    from ctxkit.sources.counting import PieceCounter
    from ctxkit.sources.tool_listing import agent_tools
    from ctxkit.sources.tools import given_definitions, read_definitions
    from ctxkit.tokens.cache import CountCache

    top = git_top(where.cwd)
    disk = Disk(where.root, where.home, top)
    places = Places(where.root, where.cwd, where.home, top, (), where.env)
    agents, without = _agents(request, places, disk)
    files = given_definitions(disk, request.tools)
    known = {**read_definitions(disk), **files}
    asked = _Asked({}, {}, {})
    if request.live:
        asked = _ask(request, agents, set(files), places, consent, progress)
    with CountCache.open() as cache:
        counter = PieceCounter(cache)
        rows = tuple(
            agent_tools(
                agent,
                request.model,
                places,
                disk,
                {**known, **asked.definitions.get(agent.spec.id, {})},
                asked.trouble.get(agent.spec.id, {}),
                counter.whole,
            )
            for agent in agents
        )
        report = ToolsReport(where.root, rows, without, disk.skipped)
        result = ToolsResult(report, asked.unanswered)
        if request.lock:
            result = _locked(request, result, agents, files, asked, places, disk, counter.whole)
        counter.flush()
    return result


def _agents(request: ToolsRequest, places: Places, disk: Disk) -> tuple[list[Configured], tuple[str, ...]]:
    """The agents to show, and the names of those that have nothing to show."""
    from ctxkit.agents.load import all_agents
    from ctxkit.agents.settings import load_settings
    from ctxkit.sources.tool_listing import configured

    named = bool(request.agents) and "all" not in request.agents
    specs = chosen(request.agents, disk) if named else [(spec, spec.latest) for spec in all_agents().values()]
    found, without = [], []
    for spec, version in specs:
        if spec.mcp is not None:
            settings = load_settings(spec, places.names(spec), disk, version)
            agent = configured(spec, version, settings, places, disk)
            if agent.servers:
                found.append(agent)
                continue
        if named or is_set_up(spec.detect.files, disk):
            without.append(spec.name)
    if not found and not request.lock:
        whose = f" of {', '.join(without)}" if named else ""
        raise NothingToAuditError(
            f"No configuration file{whose} names an MCP server.",
            "See where an agent looks for them: ctxkit agents claude-code",
        )
    return found, tuple(without)


@dataclass(frozen=True, slots=True)
class _Asked:
    """By agent id and server name: what was told, and sentences about trouble. ``secrets``: see ``Plan.secrets``."""

    definitions: Mapping[str, dict[str, ServerDefinition]]
    trouble: Mapping[str, dict[str, tuple[str, ...]]]
    secrets: Mapping[str, str]
    unanswered: int = 0


def _ask(
    request: ToolsRequest,
    agents: list[Configured],
    known: set[str],
    places: Places,
    consent: Consent,
    progress: Progress | None,
) -> _Asked:
    from ctxkit.sources.mcp_live.failure import Limits, ServerFailureError
    from ctxkit.sources.mcp_live.plan import make_plan

    plan = make_plan(agents, request.servers, known, places, os.environ)
    answers: Mapping[str, Answer | ServerFailureError] = {}
    if plan.launches:
        consent(plan)
        from ctxkit.sources.mcp_live.asking import ask_all

        answers = ask_all(plan.launches, Limits(start=request.timeout, list=request.timeout), progress)
    definitions: dict[str, dict[str, ServerDefinition]] = {}
    trouble: dict[str, dict[str, tuple[str, ...]]] = {}
    for agent in agents:
        identity = agent.spec.id
        for server in agent.servers:
            mine = (identity, server.name)
            failure = plan.refused.get(mine)
            if failure is None and mine not in plan.keys:
                continue
            said: tuple[str, ...] = ()
            answer = failure or answers[plan.keys[mine]]
            if failure is None:
                said = _unset(plan.launches[plan.keys[mine]].unset)
            if isinstance(answer, ServerFailureError):
                said = (f"gave no answer: {answer.reason}. {answer.hint}".strip(), *said)
            else:
                said = (*answer.notes, *said)
                definitions.setdefault(identity, {})[server.name] = _definition(agent, server.name, answer)
            if said:
                trouble.setdefault(identity, {})[server.name] = said
    failed = [answer for answer in answers.values() if isinstance(answer, ServerFailureError)]
    return _Asked(definitions, trouble, plan.secrets(), len(failed) + len(plan.refused))


def _unset(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"its entry names the variable {name}, which is not set" for name in names)


def _definition(agent: Configured, name: str, answer: Answer) -> ServerDefinition:
    from ctxkit.sources.definitions import ServerDefinition
    from ctxkit.sources.mcp_live.launch import client_of
    from ctxkit.sources.tool_files import LIVE

    return ServerDefinition(
        name=name,
        tools=answer.tools,
        version=answer.version,
        instructions=answer.instructions,
        client=agent.spec.id,
        capabilities=tuple(sorted(client_of(agent.spec, agent.version).capabilities)),
        origin=LIVE,
        resources=answer.resources,
    )


def _locked(
    request: ToolsRequest,
    result: ToolsResult,
    agents: list[Configured],
    given: Mapping[str, ServerDefinition],
    asked: _Asked,
    places: Places,
    disk: Disk,
    count: Callable[[str], int],
) -> ToolsResult:
    from ctxkit.sources.lockfile import parse_lock, render_lock
    from ctxkit.sources.locking import changes, renewed, repeated_secret
    from ctxkit.sources.tool_files import LOCK_NAME, READ_LIMIT

    path = os.path.join(places.git_root or places.root, LOCK_NAME)
    if os.path.islink(path):
        raise ConfigError(f"{disk.show(path)} is a link.", "Replace it with a file: writing goes where the link leads.")
    notes: list[str] = []
    before: dict[str, ServerDefinition] = {}
    data = disk.read(path, READ_LIMIT)
    if data is None and os.path.lexists(path):
        raise ConfigError(f"{disk.show(path)} cannot be read.", "Make it a file that you can read, or remove it.")
    if data is not None:
        try:
            before = {server.name: server for server in parse_lock(data, disk.show(path))}
        except ConfigError as error:
            notes.append(f"the old one could not be read, so nothing of it is kept: {error.message}")
    told = dict(given)
    fresh, left_out = _to_lock(request, agents, asked, places)
    notes += left_out
    for name, server in fresh.items():
        repeated = repeated_secret(server, asked.secrets)
        if repeated is None:
            told[name] = server
        else:
            notes.append(f"{name} is not locked: what it tells repeats the value of {repeated}")
    after = renewed(before, told, _configured_anywhere(places, disk))
    text = render_lock(after.values(), count)
    if len(text) > READ_LIMIT:
        raise CtxkitError(f"The lock file would take {len(text):,} bytes.", "Leave servers out with --server.")
    lock = LockResult(
        path=disk.show(path),
        written=data is None or data != text.encode(),
        servers=len(after),
        tools=sum(len(server.tools) for server in after.values()),
        tokens=sum(count(tool.reference_text) for server in after.values() for tool in server.tools),
        changes=changes(before, after, count),
        notes=tuple(notes),
    )
    return replace(result, lock=lock, lock_file=path, lock_text=text)


def _to_lock(
    request: ToolsRequest, agents: list[Configured], asked: _Asked, places: Places
) -> tuple[dict[str, ServerDefinition], list[str]]:
    """The answers that belong into a repository's lock file, and sentences about those that do not."""
    from ctxkit.sources.locking import merged
    from ctxkit.sources.mcp_live.plan import is_inside

    found: dict[str, dict[str, ServerDefinition]] = {}
    private: set[str] = set()
    for agent in agents:
        for server in agent.servers:
            answer = asked.definitions.get(agent.spec.id, {}).get(server.name)
            if answer is None:
                continue
            if is_inside(server.file, places) or server.name in request.servers:
                found.setdefault(server.name, {})[agent.spec.id] = answer
            else:
                private.add(server.name)
    notes: list[str] = []
    if private := private - found.keys():
        names = ", ".join(sorted(private))
        notes.append(f"not locked, because no file of the repository names them: {names} (--server NAME locks one)")
    return {name: merged(answers) for name, answers in found.items()}, notes


def _configured_anywhere(places: Places, disk: Disk) -> set[str]:
    """Names of the servers in the configuration files of every agent."""
    from ctxkit.agents.load import all_agents
    from ctxkit.agents.settings import load_settings
    from ctxkit.sources.mcp_entries import mcp_entries

    return {
        entry.name
        for spec in all_agents().values()
        if spec.mcp is not None
        for entry in mcp_entries(
            spec, spec.latest, load_settings(spec, places.names(spec), disk, spec.latest), places, disk
        )
    }
