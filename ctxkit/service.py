"""Use cases. Command line, terminal interface and gateway are thin faces of what is here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctxkit.agents.catalog import catalogs
from ctxkit.agents.disk import Disk
from ctxkit.agents.load import all_agents, index, load_agent
from ctxkit.agents.places import Places, git_top
from ctxkit.agents.resolve import Resolver
from ctxkit.agents.settings import load_settings
from ctxkit.agents.version import applies
from ctxkit.model import Activation, Category, Context, CtxkitError, NothingToAuditError, Segment, Skipped, Tokens
from ctxkit.model.audit import AgentAudit, Audit
from ctxkit.sources.counting import PieceCounter
from ctxkit.sources.files import inventory
from ctxkit.sources.rules import Estimate, RuleSegments
from ctxkit.sources.tools import collect_tools, read_definitions
from ctxkit.sources.visibility import hidden_files, listed_files
from ctxkit.sources.worktree import Worktree, read_worktree
from ctxkit.tokens.cache import CountCache
from ctxkit.tokens.content import content_of
from ctxkit.tokens.families import family_of
from ctxkit.tokens.models import Model, find_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.agents.spec import AgentSpec

Progress = Callable[[int, int, str], None]
"""(done, total, what) — called while files are read and counted."""


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What to audit. Paths may be relative: ``path`` to the working directory, the others to ``path`` first.

    ``agents``: ids, each with an optional ``@version``; ``all`` for every known one; empty for those the repository is
    set up for. ``home``: the home directory to look in (default: the user's own). ``touch``: files the agent is
    taken to have read. ``model``: instead of each agent's usual one. ``tools``: JSON files with tool definitions.
    """

    path: str = "."
    agents: tuple[str, ...] = ()
    cwd: str | None = None
    home: str | None = None
    touch: tuple[str, ...] = ()
    model: str | None = None
    tools: tuple[str, ...] = ()


def audit(request: AuditRequest, progress: Progress | None = None) -> Audit:
    """Everything each agent would load for ``request``, counted.

    Raises CtxkitError for a path that does not exist and for unknown agents and models, NothingToAuditError where the
    repository is set up for no agent and none is named.
    """
    root = _directory(request.path, "PATH")
    cwd = _under(request.cwd, root, "--cwd") if request.cwd else root
    home = _directory(request.home, "--home") if request.home else os.path.expanduser("~")
    env: Mapping[str, str] = {} if request.home else os.environ
    worktree = read_worktree(root, progress=progress)
    disk = Disk(root, home, git_top(cwd))
    places = Places(root, cwd, home, git_top(cwd), tuple(_touched(path, root) for path in request.touch), env)
    specs = _chosen(request.agents, disk)
    cache = CountCache.open()
    try:
        files = inventory(worktree, cache, progress=progress)
        counter = PieceCounter(cache)
        agents = tuple(
            _agent(spec, version, request, places, disk, worktree, counter, cache) for spec, version in specs
        )
    finally:
        cache.close()
    skipped = _merged(worktree.skipped, disk.skipped, files.skipped)
    return Audit(root, agents, files, skipped, _also(agents))


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


def _under(path: str, root: str, name: str) -> str:
    inside = os.path.join(root, os.path.expanduser(path))
    return os.path.normpath(inside) if os.path.isdir(inside) else _directory(path, name)


def _touched(path: str, root: str) -> str:
    inside = os.path.normpath(os.path.join(root, os.path.expanduser(path)))
    outside = os.path.abspath(path)
    return outside if not os.path.exists(inside) and os.path.exists(outside) else inside


def _chosen(names: tuple[str, ...], disk: Disk) -> list[tuple[AgentSpec, str]]:
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
    for name in names:
        identity, _, version = name.partition("@")
        spec = load_agent(identity)
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


def _agent(
    spec: AgentSpec,
    version: str,
    request: AuditRequest,
    places: Places,
    disk: Disk,
    worktree: Worktree,
    counter: PieceCounter,
    cache: CountCache,
) -> AgentAudit:
    model = find_model(request.model or spec.model)
    window = spec.window if spec.window and not request.model else model.window
    names = places.names(spec)
    settings = load_settings(spec, names, disk, version)
    resolver = Resolver(spec, version, places, disk, settings, worktree.paths)
    estimate = _estimate(model)
    builder = RuleSegments(disk, counter, estimate)
    rules = resolver.rules()
    listed = catalogs(resolver, window)
    framing = builder.framing(rules, listed, places.cwd, model.id)
    hidden = hidden_files(resolver, worktree, cache)
    named = listed_files(resolver, worktree, hidden)
    definitions = read_definitions(disk, request.tools)
    segments = [
        *_fixed(spec, version, estimate, Category.SYSTEM),
        *([builder.names("\n".join(sorted(named)), len(named), spec.listings[0].id)] if named else []),
        *(builder.rule(entry) for entry in rules),
        *(builder.listed(entry) for entry in listed),
        *([framing] if framing is not None else []),
        *_fixed(spec, version, estimate, Category.TOOLS),
        *collect_tools(spec, version, model.id, settings, places, disk, definitions, estimate, counter.whole, window),
    ]
    context = Context(spec.id, spec.name, version, model.id, window, tuple(segments), (), _notes(spec, version))
    return AgentAudit(context, hidden, named, frozenset(disk.show(path) for path in places.touched))


def _estimate(model: Model) -> Estimate:
    family = family_of(model.id)

    def estimate(n: int, path: str, text: str) -> Tokens:
        return family.tokens(n, content_of(path, text[:4096]))

    return estimate


def _fixed(spec: AgentSpec, version: str, estimate: Estimate, category: Category) -> list[Segment]:
    segments = []
    for part in spec.fixed:
        if part.category != category.value or not applies(part, version):
            continue
        children = tuple(
            Segment(
                category=category, kind="tool", title=name, activation=Activation.ALWAYS, loaded=True,
                tokens=estimate(n, "tool.json", ""), tokens_if_used=estimate(n, "tool.json", ""),
                confidence=part.confidence.value, id=f"{category}:{part.id}#{name}",
            )
            for name, n in sorted(part.parts.items(), key=lambda item: (-item[1], item[0]))
        )  # fmt: skip
        tokens = estimate(part.tokens, "tool.json" if category is Category.TOOLS else "prompt.md", "")
        segments.append(
            Segment(
                category=category, kind="built-in", title=part.title, activation=Activation.ALWAYS, loaded=True,
                tokens=tokens, tokens_if_used=tokens, children=children,
                why=f"measured: {part.source}, {part.date}", confidence=part.confidence.value,
                id=f"{category}:{part.id}",
            )
        )  # fmt: skip
    return segments


def _notes(spec: AgentSpec, version: str) -> tuple[str, ...]:
    invisible = [
        f"{source.id.replace('-', ' ')}: {source.note or 'kept in the account, no file shows them'}"
        for source in spec.rules
        if source.invisible and applies(source, version)
    ]
    return (*spec.notes, *invisible)


def _merged(*groups: tuple[Skipped, ...]) -> tuple[Skipped, ...]:
    merged = {item.path: item for group in groups for item in group}
    return tuple(merged[path] for path in sorted(merged))


def _also(agents: tuple[AgentAudit, ...]) -> tuple[str, ...]:
    """Agents not audited that would load a rule file of this audit at the root all the same."""
    shown = {agent.context.agent for agent in agents}
    loaded = {
        segment.path
        for agent in agents
        for segment in agent.context.segments
        if segment.category is Category.RULES and segment.kind == "rule" and segment.loaded
    }
    return tuple(entry.name for entry in index() if entry.id not in shown and loaded & set(entry.root_rules))
