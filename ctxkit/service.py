"""Use cases. Command line, terminal interface and gateway are thin faces of what is here."""

from __future__ import annotations

import os
import re
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ctxkit.model import Category, CtxkitError, NothingToAuditError, UnknownNameError
from ctxkit.model.finding import NO_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places
    from ctxkit.agents.spec import AgentSpec
    from ctxkit.detect.filter import Policy
    from ctxkit.model import Skipped
    from ctxkit.model.audit import AgentAudit, Audit, Inventory
    from ctxkit.model.finding import Finding, Findings
    from ctxkit.model.score import Score
    from ctxkit.sources.configured import Configured
    from ctxkit.sources.counting import PieceCounter
    from ctxkit.sources.known_findings import KnownFindings
    from ctxkit.sources.reading import Reading
    from ctxkit.sources.revision import RevisionReading
    from ctxkit.sources.window import Question
    from ctxkit.sources.worktree import Worktree
    from ctxkit.tokens.cache import CountCache

    Progress = Callable[[int, int, str], None]
    """(done, total, what): called while files are read and counted."""


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What to audit. Paths may be relative: ``path`` to the working directory, the others to ``path`` first.

    ``agents``: ids, each with an optional ``@version``; ``all`` for every known one; empty for those the repository is
    set up for. ``home``: the home directory to look in (default: the user's own). ``touch``: files the agent is
    taken to have read. ``model``: instead of each agent's usual one. ``tools``: JSON files with tool definitions.
    ``session``: a transcript, whose history is in the window of its agent too. ``recent``: how many of each agent's
    recorded sessions, the newest first, to look through for signs of use. ``findings``: whether detectors run.
    ``persona``: for whom (``regular``, ``pedantic`` or ``auditor``; empty: as the configuration says).

    The configuration of the repository counts for what is left open here.
    """

    path: str = "."
    agents: tuple[str, ...] = ()
    cwd: str | None = None
    home: str | None = None
    touch: tuple[str, ...] = ()
    model: str | None = None
    tools: tuple[str, ...] = ()
    session: str | None = None
    recent: int = 0
    findings: bool = True
    persona: str = ""


def audit(request: AuditRequest, progress: Progress | None = None) -> Audit:
    """Everything each agent would load for ``request``, counted.

    Raises CtxkitError for a path that does not exist and for unknown agents and models, NothingToAuditError where the
    repository is set up for no agent and none is named.
    """
    where = located(request.path, request.cwd, request.home)
    from ctxkit.sources.reading import Reading

    reading = Reading(where.root)
    try:
        if not request.findings:
            return audit_at(request, where, reading, progress=progress)
        from ctxkit.sources.known_findings import KnownFindings

        with closing(KnownFindings(where.root, reading)) as known:
            return audit_at(request, where, reading, progress=progress, known=known)
    finally:
        reading.close()


def file_reader(request: AuditRequest) -> Callable[[str], bytes | None]:
    """Reads files of ``request`` by their paths as a report shows them; None for what cannot be read."""
    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import git_top
    from ctxkit.sources.evidence_of import absolute

    where = located(request.path, request.cwd, request.home)
    disk = Disk(where.root, where.home, git_top(where.cwd))
    return lambda path: disk.read(absolute(path, disk))


class Read(Protocol):
    """A work tree that can be had, read already or not."""

    def finish(self, *, cache: CountCache, progress: Progress | None = None) -> Worktree:
        """The work tree."""
        ...


class Where(NamedTuple):
    """Absolute directories of a question, and the environment that counts for it."""

    root: str
    cwd: str
    home: str
    env: Mapping[str, str]


def located(path: str, cwd: str | None, home: str | None) -> Where:
    """The directories that PATH, ``--cwd`` and ``--home`` name. Raises CtxkitError for one that does not exist."""
    root = _directory(path, "PATH")
    return Where(
        root,
        _inside(cwd, root) if cwd else root,
        _directory(home, "--home") if home else os.path.expanduser("~"),
        {} if home else os.environ,
    )


def audit_at(
    request: AuditRequest,
    where: Where,
    reading: Reading | RevisionReading | Read,
    disk: Disk | None = None,
    progress: Progress | None = None,
    setup: Configured | None = None,
    known: KnownFindings | None = None,
) -> Audit:
    """The audit of what ``reading`` finds and ``disk`` holds (None: what lies there now), as ``setup`` says it.

    ``setup`` None: as the configuration says that lies there now. ``known``: what is known of the same work tree.
    Raises as ``audit`` does, and ConfigError.
    """
    # git is at work while these are imported, which takes as long as git does on a small repository.
    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places, git_top
    from ctxkit.model.audit import Audit
    from ctxkit.policy import policy_of, setup_of
    from ctxkit.sources.counting import PieceCounter
    from ctxkit.sources.files import inventory
    from ctxkit.sources.window import Question, window_of
    from ctxkit.tokens.cache import CountCache

    top = git_top(where.cwd)
    disk = disk or Disk(where.root, where.home, top)
    setup = setup or setup_of(where.root)
    touched = tuple(_touched(path, disk) for path in request.touch)
    places = Places(where.root, where.cwd, where.home, top, touched, where.env)
    question = Question(places, request.model or setup.config.model or None, request.tools)
    specs = chosen(request.agents or setup.config.agents, disk)
    with CountCache.open() as cache:
        worktree = reading.finish(cache=cache, progress=progress)
        files = inventory(worktree, cache, progress=progress)
        counter = PieceCounter(cache)
        agents = tuple(window_of(spec, version, question, disk, worktree, counter, cache) for spec, version in specs)
        if request.session:
            agents = _with_history(agents, request.session, request.model, cache)
        if request.recent:
            agents = tuple(
                _with_use(agent, spec, request.recent, places, disk, counter, progress)
                for agent, (spec, _) in zip(agents, specs, strict=True)
            )
        findings, score = NO_FINDINGS, None
        if request.findings:
            policy = policy_of(request.persona, setup)
            findings, score = _found(agents, specs, question, worktree, files, disk, counter, policy, known)
        counter.flush()
    skipped = _merged(worktree.skipped, disk.skipped, files.skipped)
    return Audit(where.root, agents, files, skipped, _also(agents), findings, score, setup.notes)


def _found(
    agents: tuple[AgentAudit, ...],
    specs: Sequence[tuple[AgentSpec, str]],
    question: Question,
    worktree: Worktree,
    files: Inventory,
    disk: Disk,
    counter: PieceCounter,
    policy: Policy,
    known: KnownFindings | None,
) -> tuple[Findings, Score | None]:
    """What the detectors say of ``agents`` and their repository, as ``policy`` shows it, and the score that makes.

    The score measures what is there, whatever anybody asked not to see.
    """
    from ctxkit.detect.charge import summed
    from ctxkit.detect.filter import filtered
    from ctxkit.detect.run import run_detectors
    from ctxkit.score import score_of
    from ctxkit.sources.evidence_of import evidence_of
    from ctxkit.sources.tool_texts import tool_texts

    tools = tool_texts(agents, specs, question, disk)
    evidence = evidence_of(agents, worktree, files, disk, counter.pieces, tools)
    limits = {name: one.limits for name, one in policy.detectors.items()}

    def run() -> tuple[Finding, ...]:
        return run_detectors(evidence, changed=limits)

    found = run() if known is None else known.findings(evidence, limits, disk, run)
    return summed(filtered(found, evidence.documents, policy), evidence), score_of(found, evidence)


def _with_history(
    agents: tuple[AgentAudit, ...], path: str, model: str | None, cache: CountCache
) -> tuple[AgentAudit, ...]:
    """``agents``, the one that held the session ``path`` (all, if nobody knows) with its history in the window."""
    from dataclasses import replace

    from ctxkit.sources.history.load import load_sessions
    from ctxkit.sources.session.scale import Scale
    from ctxkit.sources.session.tree import context_of

    session = next(load_sessions(path, "", cache), None)
    if session is None:
        raise CtxkitError(f"--session: {path} holds no session.", "Name another transcript.")
    agent = session.start.agent
    if agent and agent not in {audited.context.agent for audited in agents}:
        raise CtxkitError(
            f"--session: {path} is a session of {agent}, which is not audited here.", f"Add --agent {agent}."
        )

    def with_history(audited: AgentAudit) -> AgentAudit:
        if agent not in ("", audited.context.agent):
            return audited
        context = audited.context
        segments = context_of(session, Scale(session, model or context.model)).segments
        history = (segment for segment in segments if segment.category is Category.HISTORY)
        return replace(audited, context=replace(context, segments=(*context.segments, *history)))

    return tuple(map(with_history, agents))


def _with_use(
    agent: AgentAudit,
    spec: AgentSpec,
    most: int,
    places: Places,
    disk: Disk,
    counter: PieceCounter,
    progress: Progress | None,
) -> AgentAudit:
    """``agent`` with what its newest sessions in the repository, ``most`` of them, say about its segments."""
    from dataclasses import replace

    from ctxkit.sources.history.find import find_sessions
    from ctxkit.sources.session.recent import recent_use
    from ctxkit.sources.session.rule_texts import rule_texts

    found = [item for item in find_sessions([spec], places, disk, progress) if not item.peek.parent][:most]
    use = recent_use(agent.context, found, rule_texts(disk), counter.pieces, counter.store, progress)
    return replace(agent, use=use)


def _directory(path: str, name: str) -> str:
    absolute = os.path.abspath(os.path.expanduser(path))
    if os.path.isdir(absolute):
        return absolute
    if os.path.exists(absolute):
        raise CtxkitError(
            f"{name}: {path} is not a directory.", f"Name the directory it lies in: {os.path.dirname(path) or '.'}"
        )
    raise CtxkitError(
        f"{name}: {path} does not exist.", "Check the spelling, or leave it out to take the current directory."
    )


def _inside(path: str, root: str) -> str:
    """``path`` (``--cwd``) as an absolute directory, spelled from ``root``."""
    below = os.path.join(root, os.path.expanduser(path))
    absolute = os.path.normpath(below) if os.path.isdir(below) else _directory(path, "--cwd")
    relative = os.path.relpath(absolute, root)
    if relative.split(os.sep)[0] == os.pardir:
        real = os.path.relpath(os.path.realpath(absolute), os.path.realpath(root))
        if real.split(os.sep)[0] == os.pardir:
            raise CtxkitError(
                f"--cwd: {path} does not lie in {root}.",
                "Name a directory inside PATH, or give the repository that holds it as PATH.",
            )
        relative = real
    return os.path.normpath(os.path.join(root, relative))


def _touched(path: str, disk: Disk) -> str:
    inside = os.path.normpath(os.path.join(disk.root, os.path.expanduser(path)))
    outside = os.path.abspath(path)
    found = outside if not os.path.exists(inside) and os.path.exists(outside) else inside
    if not os.path.exists(found):
        disk.skip(found, "named by --touch, but does not exist", "check its spelling; rules were matched by its name")
    return found


def chosen(names: tuple[str, ...], disk: Disk) -> list[tuple[AgentSpec, str]]:
    """The agents that ``--agent`` names, each with the version asked for; without names those set up here.

    Raises UnknownNameError for a name or version that there is not, NothingToAuditError where no agent is set up.
    """
    from ctxkit.agents.load import all_agents, index, load_agent

    if not names:
        found = [load_agent(entry.id) for entry in index() if is_set_up(entry.traces, disk)]
        if not found:
            raise NothingToAuditError(
                "No coding agent is set up here (no CLAUDE.md, AGENTS.md, .cursor/ or the like).",
                "Name an agent to see what it would load all the same: ctxkit audit --agent claude-code",
            )
        return [(spec, spec.latest) for spec in found]
    if "all" in names:
        return [(spec, spec.latest) for spec in all_agents().values()]
    chosen = []
    for name in dict.fromkeys(names):
        identity, _, version = name.partition("@")
        spec = load_agent(identity)
        if version and not re.fullmatch(r"\d+(\.\d+)*([-+.][0-9A-Za-z.-]+)?", version):
            raise UnknownNameError(
                f"--agent: {version!r} is not a version.", f"Write for example {identity}@{spec.latest}."
            )
        chosen.append((spec, version or spec.latest))
    return chosen


def is_set_up(traces: Sequence[str], disk: Disk) -> bool:
    """Does the repository hold one of the ``traces`` (globs) that an agent leaves?"""
    for pattern in traces:
        head = pattern.split("/**", 1)[0]
        path = os.path.join(disk.root, *head.split("/"))
        if "*" not in head and (disk.is_file(path) or (pattern != head and disk.is_dir(path))):
            return True
        if "*" in head and disk.glob(disk.root, pattern):
            return True
    return False


def _merged(*groups: tuple[Skipped, ...]) -> tuple[Skipped, ...]:
    """All of ``groups`` by path; what several say of one path only as the last of them says it."""
    merged: list[Skipped] = []
    told: set[str] = set()
    for group in reversed(groups):
        merged += [item for item in group if item.path not in told]
        told.update(item.path for item in group)
    return tuple(sorted(merged, key=lambda item: item.path))


def _also(agents: tuple[AgentAudit, ...]) -> tuple[str, ...]:
    """Agents not audited that would load a rule file of this audit at the root all the same."""
    from ctxkit.agents.load import index

    shown = {agent.context.agent for agent in agents}
    loaded = {
        segment.path
        for agent in agents
        for segment in agent.context.segments
        if segment.category is Category.RULES and segment.kind == "rule" and segment.loaded
    }
    return tuple(entry.name for entry in index() if entry.id not in shown and loaded & set(entry.root_rules))
