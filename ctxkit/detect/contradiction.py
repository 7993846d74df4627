"""Two rules of one window that cannot both be followed.

What it finds: statements of files that one agent loads together, or of one file, that make different choices where
only one can hold (tabs and two spaces, pnpm and npm, lines of 80 and of 100 characters), and rules of which one says
"always" and another "never" about the same thing.

Why it costs: the agent follows one of them, now this one, now that one; the other is paid for in every request and
leads to corrections by hand.

What to do: keep the rule that holds and remove the other, or say for which files each of them is meant.

When to ignore it: each rule is for another part of the repository and the reader can tell. Rules that name different
languages, directories or kinds of files, nested rule files, examples, conditions and questions are not compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text.choices import conflicting, demands, group_of, scope_of
from ctxkit.text.polarity import opposed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.model import Segment
    from ctxkit.text.choices import Choice, Scope
    from ctxkit.text.statements import Statement

ID = "contradiction"


class _Said(NamedTuple):
    """A choice, where it is made, and for what."""

    document: Document
    statement: Statement
    choice: Choice
    scope: Scope


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each pair of rules that exclude one another."""
    places = frozenset(_place_names(evidence))
    for documents in _windows(evidence):
        yield from _of_choices(documents, places, int(limits["choices"]))
        texts = [document.text for document in documents]
        for one, other in opposed(texts, limits["overlap"], int(limits["pairs"])):
            first, second = documents[one.text], documents[other.text]
            if scope_of(one.statement, one.words, places) == scope_of(other.statement, other.words, places):
                yield _finding(
                    first,
                    one.statement,
                    second,
                    other.statement,
                    "One rule demands what another forbids",
                    Confidence.MEDIUM,
                )


def _windows(evidence: Evidence) -> list[list[Document]]:
    """The documents that stand together: those of each agent's first request by directory, and every other alone."""
    found: dict[tuple[str, ...], list[Document]] = {}
    together: set[str] = set()
    for agent in evidence.agents:
        by_directory: dict[str, dict[bytes, Document]] = {}
        for segment, document in evidence.at_start(agent):
            by_directory.setdefault(_directory(segment), {}).setdefault(document.data, document)
            together.add(document.path)
        for same in by_directory.values():
            found[tuple(document.path for document in same.values())] = list(same.values())
    for path in sorted(evidence.documents.keys() - together):
        found[(path,)] = [evidence.documents[path]]
    return list(found.values())


def _directory(segment: Segment) -> str:
    """The directory that the file rules: where it lies, less the folders of agents; an imported one rules as its importer."""
    path = segment.via[0] if segment.via else segment.path or ""
    parts = path.split("/")[:-1]
    if path.startswith("~/"):
        return "~"
    return "/".join(parts[: next((at for at, part in enumerate(parts) if part.startswith(".")), len(parts))])


def _place_names(evidence: Evidence) -> Iterator[str]:
    """The names of directories, two levels down, in small letters."""
    for path in evidence.tree.files():
        yield from (part.lower() for part in path.split("/")[:-1][:2])


def _of_choices(documents: Sequence[Document], places: frozenset[str], most: int) -> Iterator[Finding]:
    said: dict[str, dict[tuple[object, ...], _Said]] = {}
    for document in documents:
        for demand in demands(document.text):
            scope = scope_of(demand.statement, demand.words, places)
            for choice in demand.choices:
                if group_of(choice.group).contrary:
                    same = said.setdefault(choice.group, {})
                    if len(same) < most:
                        same.setdefault((choice, scope), _Said(document, demand.statement, choice, scope))
    for told in said.values():
        reported: set[tuple[str, str]] = set()
        listed = list(told.values())
        for number, later in enumerate(listed):
            for earlier in listed[:number]:
                pair = (earlier.statement.text, later.statement.text)
                if pair not in reported and _collide(earlier, later):
                    reported.add(pair)
                    yield _choice_finding(earlier, later)


def _collide(one: _Said, other: _Said) -> bool:
    if one.statement.text == other.statement.text or not conflicting(one.choice, other.choice):
        return False
    return one.scope.meets(other.scope)


def _choice_finding(earlier: _Said, later: _Said) -> Finding:
    about = group_of(later.choice.group).about
    firm = earlier.choice.firm and later.choice.firm
    return _finding(
        earlier.document,
        earlier.statement,
        later.document,
        later.statement,
        f"Two rules about {about} exclude one another: {earlier.choice} and {later.choice}",
        Confidence.HIGH if firm else Confidence.MEDIUM,
    )


def _finding(
    first: Document, one: Statement, second: Document, other: Statement, fact: str, confidence: Confidence
) -> Finding:
    places = (
        Location(second.path, second.span(other.start, other.end), note=_shown(other)),
        Location(first.path, first.span(one.start, one.end), note=_shown(one)),
    )
    from_home = first.path.startswith("~/") != second.path.startswith("~/")
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        confidence=confidence,
        message=f"{fact}.",
        tip="Remove the one that does not hold, or say for which files each of them is meant.",
        at=places,
        key=f"{one.text} / {other.text}",
        persona=Persona.PEDANTIC if from_home else Persona.REGULAR,
        evidence=tuple(
            f"{document.path}:{document.line(statement.start)}: {_shown(statement)}"
            for document, statement in ((first, one), (second, other))
        ),
    )


def _shown(statement: Statement) -> str:
    text = statement.text
    return text if len(text) <= 160 else f"{text[:159]}…"
