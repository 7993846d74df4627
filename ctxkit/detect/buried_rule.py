"""Hard rules deep in a long file.

What it finds: statements with MUST, NEVER, IMPORTANT, CRITICAL or the like that stand in the middle of a very long file
whose whole text is in every request.

Why it costs: models follow what stands in the middle of a long context worst. A rule that was worth capitals is the one
to be seen.

What to do: move such rules to the beginning of the file, or shorten what stands before them.

When to ignore it: the rule belongs to one task, and the section that holds it is read for that task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text.pattern import on_demand
from ctxkit.text.statements import Statement, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.evidence import Document, Evidence, Limits

ID = "buried-rule"

_HARD = on_demand(
    r"\b(?:MUST(?: NOT)?|NEVER|ALWAYS|IMPORTANT|CRITICAL|MANDATORY|FORBIDDEN|DO NOT|DON'T|SHALL NOT)\b"
    r"|^[\W_]*(?:[Dd]o not|[Nn]ever)\b"
)
_SHOUTED = on_demand(r"(?:\b[A-Z]{2,}\b\W*){6,}")
_SHOWN = 8


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each file that holds such rules."""
    sizes: dict[str, int] = {}
    for agent in evidence.agents:
        for _, document in evidence.at_start(agent):
            if document.path not in sizes and document.text.count("\n") >= limits["lines"]:
                sizes[document.path] = sum(evidence.count(document.text, (0,)))
    for path, tokens in sizes.items():
        if tokens >= limits["tokens"]:
            yield from _of_file(evidence.documents[path], tokens, limits)


def _of_file(document: Document, tokens: int, limits: Limits) -> Iterator[Finding]:
    first, last = limits["from"] * len(document.text), limits["to"] * len(document.text)
    said = statements(document.text)
    hard = [one for one in said if _is_hard(document, one)]
    buried = [one for one in hard if first <= one.start <= last]
    if not buried:
        return
    rules = "hard rule stands" if len(buried) == 1 else "hard rules stand"
    yield Finding(
        rule=ID,
        severity=Severity.NOTE,
        confidence=Confidence.MEDIUM,
        persona=Persona.PEDANTIC,
        message=f"{len(buried)} {rules} in the middle of a file of {tokens:,} tokens that is in every request.",
        tip="Move the most important ones to the beginning of the file, or shorten what stands before them.",
        at=tuple(Location(document.path, document.span(one.start, one.end)) for one in buried[:_SHOWN]),
        key="hard rules",
        evidence=tuple(
            f"line {document.line(one.start):,}, {one.start / len(document.text):.0%} into the file: {one.text[:120]}"
            for one in buried[:_SHOWN]
        ),
    )


def _is_hard(document: Document, one: Statement) -> bool:
    words = document.text[one.start : one.end]
    return _HARD().search(words) is not None and _SHOUTED().search(words) is None
