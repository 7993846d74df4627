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

from ctxkit.detect.matching import matches_any
from ctxkit.model import Activation
from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text import frontmatter
from ctxkit.text.hypothetical import in_samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.evidence import Document, Evidence, Limits

ID = "unloaded-rules"

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
    if lower in _NAMES and name not in _READ_TOO and (not directory or (directory in live and not name.islower())):
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
    if all(file in evidence.documents or file.endswith((".md", ".mdc")) for file in evidence.tree.files()):
        return
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
        elif (
            kinds == {Activation.MANUAL} and path.endswith(".mdc") and front.values and not front.strings("globs", ",")
        ):
            yield _manual(document)


def _matches(patterns: tuple[str, ...], evidence: Evidence) -> bool:
    """Does one of ``patterns`` match a file?"""
    cleaned = [pattern.strip(" \"'[]").removeprefix("./") for pattern in patterns if not pattern.startswith("!")]
    return not any(cleaned) or any(matches_any(pattern, evidence.tree) for pattern in cleaned if pattern)


def _manual(document: Document) -> Finding:
    return Finding(
        rule=ID,
        severity=Severity.NOTE,
        confidence=Confidence.HIGH,
        message=f"{document.path} is read only when somebody names it: it has no description, no globs and no"
        " alwaysApply: true.",
        tip="Give it a description or globs if the agent is to take it by itself.",
        at=(Location(document.path),),
        key="only by name",
        persona=Persona.PEDANTIC,
    )


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
