"""Rule files that no agent loads.

What it finds: files that look like rules for an agent and that no known agent reads: names that are spelled otherwise
(``AGENT.md``, ``Claude.md``, ``copilot_instructions.md``), rules with an extension that does not count, and rules whose
frontmatter lets them match no file or never apply.

Why it costs: somebody wrote the rules and believes that they hold; every change to them is lost.

What to do: give the file the name and place that the agent looks for, mend its frontmatter, or remove it.

When to ignore it: files among examples, templates and fixtures, and texts that are meant for people, are not reported.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from ctxkit.agents.globs import expand_braces, matcher
from ctxkit.agents.spec import GlobDialect
from ctxkit.model import Activation
from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text import frontmatter
from ctxkit.text.hypothetical import in_samples
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.evidence import Document, Evidence, Limits

ID = "unloaded-rules"

_WILD = on_demand(r"[*?\[\]]+")
_NAMES = {
    "agent.md": "AGENTS.md", "agents.md": "AGENTS.md", "claude.md": "CLAUDE.md", "gemini.md": "GEMINI.md",
    "claude.local.md": "CLAUDE.local.md", "agents.txt": "AGENTS.md", "claude.txt": "CLAUDE.md",
    "agents.mdx": "AGENTS.md", "agent.mdx": "AGENTS.md",
}  # fmt: skip
_READ_TOO = frozenset(["AGENTS.md", "CLAUDE.md", "GEMINI.md", "CLAUDE.local.md", "AGENT.md", "agent.md", "agents.md"])
"""Names that some agent reads as they are."""

_DOT_FILES = {
    ".cursorrule": ".cursorrules", ".cursorrules.md": ".cursorrules", ".windsurfrule": ".windsurfrules",
    ".windsurfrules.md": ".windsurfrules", ".clinerule": ".clinerules", ".cursor_rules": ".cursorrules",
}  # fmt: skip
_COPILOT = frozenset(
    [
        "copilot-instruction.md",
        "copilot_instructions.md",
        "copilot-instructions.txt",
        "copilot.md",
        "copilot-instructions.mdx",
    ]
)


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each file that looks like rules and is none to any agent."""
    live = {
        path
        for path, loads in evidence.loads.items()
        if any(load.segment.activation is not Activation.NEVER for load in loads)
    }
    directories = {posixpath.dirname(path) for path in live}
    for path in evidence.tree.files():
        name = posixpath.basename(path)
        if path in live or in_samples(path):
            continue
        wanted, why = _misplaced(path, name, directories)
        if wanted and wanted not in evidence.tree:
            yield _finding(path, f"{path} is not loaded: {why}.", f"Rename it to {wanted}, or remove it.", wanted)
    yield from _never_matching(evidence)


def _misplaced(path: str, name: str, live: set[str]) -> tuple[str, str]:
    """(where agents would look for it, why they do not read it here); empty where it is no such file."""
    directory, lower = posixpath.dirname(path), name.lower()
    if lower in _NAMES and name not in _READ_TOO and (not directory or directory in live):
        return posixpath.join(directory, _NAMES[lower]), f"they look for {_NAMES[lower]}"
    if not directory and lower in _DOT_FILES:
        return _DOT_FILES[lower], f"they look for {_DOT_FILES[lower]}"
    if lower in _COPILOT and directory in ("", ".github"):
        return ".github/copilot-instructions.md", "it is looked for as .github/copilot-instructions.md"
    if lower == "copilot-instructions.md" and directory == "":
        return ".github/copilot-instructions.md", "it is looked for in .github"
    top, _, rest = path.partition("/.cursor/rules/") if "/.cursor/rules/" in path else ("", "", "")
    if path.startswith(".cursor/rules/"):
        rest = path.removeprefix(".cursor/rules/")
    if rest and not top and lower.endswith((".md", ".txt", ".markdown")) and lower not in ("readme.md", "agents.md"):
        return f"{posixpath.splitext(path)[0]}.mdc", "Cursor reads .mdc files there"
    told = lower.endswith(".instructions.md") or lower == "readme.md"
    if directory.startswith(".github/instructions") and lower.endswith(".md") and not told:
        return f"{posixpath.splitext(path)[0]}.instructions.md", "Copilot reads *.instructions.md there"
    if directory == ".claude/rules" and lower.endswith((".mdc", ".txt", ".markdown")):
        return f"{posixpath.splitext(path)[0]}.md", "Claude Code reads .md files there"
    return "", ""


def _never_matching(evidence: Evidence) -> Iterator[Finding]:
    """Rules with patterns that match no file of the repository, and Cursor rules that never apply."""
    for path in sorted(evidence.documents):
        loads = evidence.loads.get(path, ())
        kinds = {load.segment.activation for load in loads}
        if path.startswith(("~", "/", "../")) or in_samples(path) or not kinds:
            continue
        document = evidence.documents[path]
        front = frontmatter.parse(document.text)
        if Activation.GLOB in kinds and not kinds & {Activation.ALWAYS, Activation.DESCRIBED, Activation.LAZY_DIR}:
            key = next(
                (key for key in ("globs", "paths", "applyTo", "fileMatchPattern") if front.strings(key, ",")), ""
            )
            patterns = front.strings(key, ",") if key else ()
            if patterns and not _matches(patterns, evidence):
                yield _pattern_finding(document, patterns)


def _matches(patterns: tuple[str, ...], evidence: Evidence) -> bool:
    """Does one of ``patterns`` match a file, from the root, from any directory, or below a directory it matches?"""
    cleaned = [pattern.strip(" \"'[]").removeprefix("./") for pattern in patterns if not pattern.startswith("!")]
    alternatives = [each for pattern in cleaned if pattern for each in expand_braces(pattern)]
    return not alternatives or any(_matches_one(each, evidence) for each in alternatives)


def _matches_one(pattern: str, evidence: Evidence) -> bool:
    fixed = _WILD().split(pattern)
    if len(fixed) == 1 and evidence.tree.ending(pattern):
        return True
    head, tail = fixed[0].rpartition("/")[0].lower(), fixed[-1].lower()
    matches = [
        matcher([pattern], GlobDialect(any_depth=True, ignore_case=True)),
        matcher([pattern], GlobDialect(style="gitignore", ignore_case=True)),
    ]
    candidates = [file for file in evidence.tree.files() if head in file.lower() and file.lower().endswith(tail)]
    return any(test(file) for file in candidates or evidence.tree.files()[:1] for test in matches)


def _pattern_finding(document: Document, patterns: tuple[str, ...]) -> Finding:
    shown = ", ".join(patterns[:3]) + (" …" if len(patterns) > 3 else "")
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        message=f"{document.path} waits for files that match {shown}, and the repository has none.",
        tip="Mend the patterns, or remove the file.",
        at=(Location(document.path),),
        key=f"matches nothing: {' '.join(patterns)}",
        evidence=tuple(f"matches no file: {pattern}" for pattern in patterns[:10]),
    )


def _finding(path: str, message: str, tip: str, wanted: str) -> Finding:
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        message=message,
        tip=tip,
        at=(Location(path),),
        key=f"should be {wanted}",
        persona=Persona.REGULAR,
    )
