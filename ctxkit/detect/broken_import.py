"""Imports that lead nowhere.

What it finds: imports in the rule files of an agent that follows them (``@path``, ``#[[file:path]]``, ``{file:path}``)
whose file is not in the repository, or that lie deeper than the agent follows.

Why it costs: the agent works without the rules that the import was to bring, and nobody is told.

What to do: name the file that is there now, or remove the import.

When to ignore it: names of people and packages behind an ``@``, files that git ignores and files outside of the
repository are not reported.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.agents.imports import references
from ctxkit.agents.load import load_agent
from ctxkit.agents.version import applies
from ctxkit.model import Activation
from ctxkit.model.finding import Confidence, Cut, Finding, Location, Persona, Severity
from ctxkit.text.hypothetical import in_samples, is_placeholder
from ctxkit.text.references import has_extension
from ctxkit.text.resolution import meant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.agents.imports import Reference
    from ctxkit.agents.spec import Imports
    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.model import Segment
    from ctxkit.model.audit import AgentAudit

ID = "broken-import"

_TEXTS = ("md", "mdc", "mdx", "txt", "markdown")


class _Broken(NamedTuple):
    start: int
    end: int
    target: str
    what: str


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each import of a file that some agent does not get."""
    found: dict[tuple[str, _Broken], list[str]] = defaultdict(list)
    for agent in evidence.agents:
        for path, broken in _of_agent(agent, evidence):
            names = found[path, broken]
            if agent.context.name not in names:
                names.append(agent.context.name)
    for (path, broken), names in sorted(found.items()):
        yield _finding(evidence.documents[path], broken, names, evidence)


def _of_agent(agent: AgentAudit, evidence: Evidence) -> Iterator[tuple[str, _Broken]]:
    """The imports that fail in the rule files of one agent."""
    spec = load_agent(agent.context.agent)
    ways = [
        source.imports for source in spec.rules if source.imports is not None and applies(source, agent.context.version)
    ]
    if not ways:
        return
    rules = next((way for way in ways if way.inside is not None), ways[0])
    segments = [
        segment
        for segment in agent.context.segments
        if segment.kind in ("rule", "import") and segment.path in evidence.documents
    ]
    loaded = {segment.path for segment in segments if segment.activation is not Activation.NEVER}
    for segment in segments:
        if segment.activation in (Activation.NEVER, Activation.MANUAL) or _is_outside(segment.path or ""):
            continue
        document = evidence.documents[segment.path or ""]
        for token in references(document.text, rules):
            what = _failure(token, segment, document, rules, loaded, evidence)
            if what:
                yield document.path, _Broken(token.start, token.end, token.target, what)


def _is_outside(path: str) -> bool:
    return path.startswith(("~", "/", "../"))


def _failure(
    token: Reference, segment: Segment, document: Document, rules: Imports, loaded: set[str | None], evidence: Evidence
) -> str:
    """Why the import ``token`` brings nothing; empty: it brings something, or was never meant as one."""
    target = token.target.rstrip(".,;:)!?'\"")
    if not target or _is_outside(target) or "\0" in target or len(target) > 300 or any(c in target for c in "*<>{}$`|"):
        return ""
    base = posixpath.dirname(document.path) if rules.base is None else ""
    path = posixpath.normpath(posixpath.join(base, target))
    if path.startswith(".."):
        return ""
    if path in evidence.tree:
        deep = len(segment.via) >= rules.depth and path not in loaded and _is_text(path)
        return f"deeper than the {rules.depth} imports that are followed" if deep else ""
    if evidence.tree.is_dir(path) or evidence.tree.ignored(path) or is_placeholder(target) or not _is_named(target):
        return ""
    return "not in the repository"


def _is_text(path: str) -> bool:
    return path.rpartition(".")[2].lower() in _TEXTS


def _is_named(target: str) -> bool:
    """Is it written as a file: with an extension, or from here (``./``)? A scope of npm or somebody's name is not."""
    if target.startswith(("./", "../")):
        return True
    return has_extension(target) and (_is_text(target) or "/" in target) and "(" not in target and "@" not in target


def _finding(document: Document, broken: _Broken, names: list[str], evidence: Evidence) -> Finding:
    place = Location(document.path, document.span(broken.start, broken.end))
    directory = posixpath.dirname(document.path)
    target = broken.target.rstrip(".,;:)!?'\"")
    near = meant(target, directory, evidence.tree)
    same = [found for found in evidence.tree.ending(posixpath.basename(target)) if not found.endswith("/")]
    start, end = _line(document.text, broken)
    alone = document.text[start:end].strip() == document.text[broken.start : broken.end]
    deep = "deeper" in broken.what
    facts = [f"the nearest is {near}"] if near else []
    if same and not deep and len(same) <= 3:
        facts.append(f"of that name: {', '.join(same)}")
    sure = alone or _is_text(target) or bool(near or same)
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
        message=f"{' and '.join(names)} {'do' if len(names) > 1 else 'does'} not get @{target}: it is {broken.what}.",
        tip="Import it from a file further up." if deep else "Name the file that is there now, or remove the import.",
        at=(place,),
        key=f"{broken.what} {target}",
        persona=Persona.REGULAR if sure and not in_samples(document.path) else Persona.AUDITOR,
        evidence=tuple(facts),
        cuts=(Cut(document.path, document.span(start, end), ID, "an import of nothing"),) if alone and not deep else (),
    )


def _line(text: str, broken: _Broken) -> tuple[int, int]:
    """The line that the import stands in, with its end."""
    end = text.find("\n", broken.end)
    return text.rfind("\n", 0, broken.start) + 1, len(text) if end < 0 else end + 1
