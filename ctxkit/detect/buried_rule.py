"""Strong rules deep in a long file.

What it finds: statements that their authors stressed, with MUST, NEVER, CRITICAL and the like in capitals or with a
word such as Important in bold, where they stand in the middle of a very long file whose whole text is in every request.
One finding for each file.

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
    r"\b(?:MUST(?: NOT)?|NEVER|ALWAYS|IMPORTANT|CRITICAL|MANDATORY|FORBIDDEN|DON'T|SHALL NOT|DO NOT(?! EDIT))\b"
    r"|(?:\*\*|__)(?:Important|Critical|Mandatory|Never|Must)\b(?! \()"
)
_POINTER = on_demand(r"(?i)\bmust[ -]read\b")
_SHOUTED = on_demand(r"(?:\b[A-Z]{2,}\b\W*){6,}")
_LABEL = 3
"""Words of what is only the name of a list that follows."""
_SHOWN = 8


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each file that holds such rules."""
    sizes: dict[str, int] = {}
    for agent in evidence.agents:
        for _, document in evidence.at_start(agent):
            if document.path not in sizes and document.text.count("\n") >= limits["lines"]:
                sizes[document.path] = evidence.count(document.text, (0,))[0]
    seen: set[bytes] = set()
    for path, tokens in sizes.items():
        document = evidence.documents[path]
        if tokens >= limits["tokens"] and document.data not in seen:
            seen.add(document.data)
            yield from _of_file(document, tokens, limits)


def _of_file(document: Document, tokens: int, limits: Limits) -> Iterator[Finding]:
    first, last = limits["from"] * len(document.text), limits["to"] * len(document.text)
    between = (one for one in statements(document.text) if first <= one.start <= last)
    buried = [one for one in between if _is_hard(document, one)]
    if not buried:
        return
    rules = "strong rule stands" if len(buried) == 1 else "strong rules stand"
    yield Finding(
        rule=ID,
        severity=Severity.NOTE,
        confidence=Confidence.MEDIUM,
        persona=Persona.PEDANTIC,
        message=f"{len(buried)} {rules} in the middle of a file of {tokens:,} tokens that is in every request.",
        tip="Move the most important ones to the beginning of the file, or shorten what stands before them.",
        at=tuple(Location(document.path, document.span(one.start, one.end)) for one in buried[:_SHOWN]),
        key="strong rules",
        evidence=tuple(
            f"line {document.line(one.start):,}, {one.start / len(document.text):.0%} into the file: {one.text[:120]}"
            for one in buried[:_SHOWN]
        ),
    )


def _is_hard(document: Document, one: Statement) -> bool:
    words = document.text[one.start : one.end]
    return all(
        (
            _HARD().search(words) is not None,
            _SHOUTED().search(words) is None,  # a whole sentence in capitals stresses no word
            len(words.split()) > _LABEL,
            _POINTER().search(words) is None,  # it sends to another file, and belongs where it stands
        )
    )
