"""Large files that no agent should read, and that nothing keeps from it.

What it finds: minified bundles, source maps, trees of installed packages, lock files, generated and vendored files,
large data and drawings that are among the files an agent may read, because no ignore file or setting covers them.

Why it costs: nothing at the start. One read of such a file takes as much of the window as the agent's tool lets through
(Claude Code: 25,000 tokens), and one hit of a search in a file of very long lines brings a whole line.

What to do: put the lines that are named into the agent's own ignore file or settings. Installed packages belong into
.gitignore.

When to ignore it: the agent's work is in those files, or it has to look into them often.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.agents.load import load_agent
from ctxkit.agents.protection import means
from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ctxkit.agents.protection import Means
    from ctxkit.evidence import Evidence, Limits
    from ctxkit.model.audit import AgentAudit, FileEntry

ID = "exposed-files"

_PACKAGES = on_demand(
    r"(?:^|/)(?:node_modules|bower_components|jspm_packages|site-packages|\.venv|Pods|\.yarn/(?:cache|unplugged))/"
)
_LONG_LINES = on_demand(r"\.map$")
_LOCK = on_demand(r"[.-]lock(?:\.[a-z]+)?$|(?:^|/)go\.sum$")
"""A repository may declare its lock files to be generated; they are lock files all the same."""
_PATTERN = on_demand(r"(?:\.min\.[a-z]+|\.[a-z]+\.map|\.snap)$")
_GROUPS = {
    "minified": "minified",
    "lock": "lock",
    "generated": "generated",
    "vendored": "vendored",
    "data": "data",
    "media": "image",
}
_WORST = 8
_LINES = 6


class _Way(NamedTuple):
    """How files are kept from agents: ``names`` of those that can read them, and by what; None: by nothing."""

    names: tuple[str, ...]
    means: Means | None


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each kind of file, and one for installed packages."""
    large = list(_large(evidence, int(limits["file"])))
    packages = _packages(evidence, limits)
    if packages:
        yield _finding("packages", packages, evidence)
    groups: dict[str, list[FileEntry]] = {}
    for entry in large:
        kind = "minified" if _LONG_LINES().search(entry.path) else "lock" if _LOCK().search(entry.path) else entry.kind
        if kind in _GROUPS and entry.path not in evidence.documents and not _PACKAGES().search(entry.path):
            groups.setdefault(kind, []).append(entry)
    for kind in _GROUPS:
        reachable = [
            entry
            for entry in groups.get(kind, ())
            # What was committed in spite of an ignore line is passed over by searches all the same.
            if _readers(kind, entry.path, evidence.agents) and not evidence.tree.ignored(entry.path)
        ]
        if sum(entry.tokens for entry in reachable) >= limits["kind"]:
            yield _finding(kind, reachable, evidence)


def _large(evidence: Evidence, least: int) -> Iterator[FileEntry]:
    """The text files of ``least`` tokens or more, biggest first. The heap looks at as few as there are of them."""
    count, found = 64, evidence.inventory.largest(64)
    while len(found) == count and found[-1].tokens >= least:
        count *= 8
        found = evidence.inventory.largest(count)
    for entry in found:
        if entry.tokens < least:
            return
        if not entry.binary:
            yield entry


def _packages(evidence: Evidence, limits: Limits) -> list[FileEntry]:
    """Files of installed packages that some agent can read, biggest first; none where they are few."""
    vendored = evidence.inventory.by_kind().get("vendored", (0, 0))[1]
    if vendored < limits["packages"]:
        return []
    installed = (entry for entry in evidence.inventory.entries() if entry.kind == "vendored")
    found = [
        entry
        for entry in installed
        if _PACKAGES().search(entry.path) and _readers("packages", entry.path, evidence.agents)
    ]
    found.sort(key=lambda entry: (-entry.tokens, entry.path))
    return found if sum(entry.tokens for entry in found) >= limits["packages"] else []


def _readers(kind: str, path: str, agents: Iterable[AgentAudit]) -> list[AgentAudit]:
    """The agents that can read ``path``."""
    return [
        agent
        for agent in agents
        if path not in agent.hidden and kind not in load_agent(agent.context.agent).ignore.built_in
    ]


def _finding(kind: str, files: Sequence[FileEntry], evidence: Evidence) -> Finding:
    total = sum(entry.tokens for entry in files)
    ways = list(_ways(kind, files, evidence.agents))
    lines = list(_lines(kind, files, evidence))
    read = _names([name for way in ways for name in way.names])
    return Finding(
        rule=ID,
        severity=Severity.WARNING if kind in ("packages", "minified") else Severity.NOTE,
        confidence=Confidence.HIGH,
        persona=_persona(kind, ways),
        message=f"{_told(kind, files)}, {total:,} tokens, can be read by {read}: {_worst(files)}.",
        tip=_tip(kind, lines, ways),
        at=tuple(Location(entry.path) for entry in files[:_WORST]),
        key=kind,
        evidence=(
            *(f"{entry.path}: {entry.tokens:,} tokens if read" for entry in files[:_WORST]),
            *([f"{len(files) - _WORST:,} more"] if len(files) > _WORST else []),
            *([f"lines: {' '.join(lines)}"] if len(lines) > _LINES else []),
        ),
    )


def _persona(kind: str, ways: Sequence[_Way]) -> Persona:
    """What spills without anybody asking for it concerns everybody; the rest whoever tidies up, where anything helps.

    Lines of minified files and source maps come whole with a hit of a search, and installed packages answer every
    search. Lock files, data and generated code have short lines, are read on purpose, and most repositories have some.
    """
    helped = any(way.means is not None for way in ways)
    if kind == "packages" or (kind == "minified" and helped):
        return Persona.REGULAR
    return Persona.PEDANTIC if helped else Persona.AUDITOR


def _ways(kind: str, files: Sequence[FileEntry], agents: Sequence[AgentAudit]) -> Iterator[_Way]:
    """By what each agent that can read any of ``files`` is kept from files, those of one way together."""
    found: dict[Means | None, list[str]] = {}
    for agent in agents:
        if any(_readers(kind, entry.path, [agent]) for entry in files):
            spec = load_agent(agent.context.agent)
            found.setdefault(means(spec, agent.context.version), []).append(spec.name)
    for way, names in found.items():
        yield _Way(tuple(names), way)


def _lines(kind: str, files: Sequence[FileEntry], evidence: Evidence) -> Iterator[str]:
    """Lines in ``.gitignore`` syntax that cover ``files``, and nothing but files of their kind."""
    paths = [entry.path for entry in files]
    if kind == "packages":
        found = (match.group() for path in paths if (match := _PACKAGES().search(path)) is not None)
        lines: Iterable[str] = (name.lstrip("/") for name in found)
    elif kind == "lock":
        lines = (path.rpartition("/")[2] for path in paths)
    else:
        lines = _covering(paths, evidence.tree.files())
    yield from dict.fromkeys(lines)


def _covering(paths: Sequence[str], everything: Sequence[str]) -> Iterator[str]:
    inside: dict[str, int] = {}
    for path in paths:
        directory = path.rpartition("/")[0]
        inside[directory] = inside.get(directory, 0) + 1
    for path in paths:
        pattern = _PATTERN().search(path)
        directory = path.rpartition("/")[0]
        if pattern is not None:
            yield f"*{pattern.group()}"
        elif directory and inside[directory] > 1 and _below(directory, everything) == inside[directory]:
            yield f"/{directory}/"
        else:
            yield f"/{path}"


def _below(directory: str, everything: Sequence[str]) -> int:
    """How many of ``everything`` (sorted) lie in ``directory`` or further down."""
    low = bisect_left(everything, f"{directory}/")
    return bisect_left(everything, f"{directory}0", low) - low


def _told(kind: str, files: Sequence[FileEntry]) -> str:
    n = len(files)
    if kind == "packages":
        return f"{n:,} file{'s' if n > 1 else ''} of installed packages"
    return f"{n:,} large {_GROUPS[kind]} file{'s' if n > 1 else ''}"


def _worst(files: Sequence[FileEntry]) -> str:
    told = ", ".join(f"{entry.path} ({entry.tokens:,})" for entry in files[:2])
    return f"{told} and {len(files) - 2:,} more" if len(files) > 2 else told


def _tip(kind: str, lines: Sequence[str], ways: Sequence[_Way]) -> str:
    said = [f"Put {_joined(lines)} into .gitignore"] if kind == "packages" else []
    for way in ways:
        names = _names(way.names)
        if way.means is None:
            said.append(f"{names} {'has' if len(way.names) == 1 else 'have'} no file for this")
        elif way.means.setting:
            entries = _joined([way.means.entry(line) for line in lines])
            said.append(f"for {names} put {entries} into {way.means.setting} of {way.means.file}")
        else:
            said.append(f"for {names} put {_joined(lines)} into {way.means.file}")
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def _joined(lines: Sequence[str]) -> str:
    told = ", ".join(lines[:_LINES])
    return f"{told} and {len(lines) - _LINES:,} more" if len(lines) > _LINES else told


def _names(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
