"""Copies of a rule that no longer say the same.

What it finds: passages that are word for word the same but for a few words (a number, a negation, a command, a path, a
name), in files that one agent has in its window together, or in the files by which different agents are told the same
things.

Why it costs: one agent is told two things and follows either, or two agents follow different rules; and where one agent
has both, it pays for both.

What to do: decide which one holds, and say it in one place.

When to ignore it: where the difference is meant, such as the stricter rule of one package or one agent's own command.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.detect.together import Company, Together
from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text.difference import About, about
from ctxkit.text.passages import passages, split
from ctxkit.text.pattern import on_demand
from ctxkit.text.resemblance import Terms, likenesses

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.text.difference import Change
    from ctxkit.text.passages import Passage
    from ctxkit.text.resemblance import Likeness

ID = "drifted-copy"

_LETTERS = on_demand(r"[a-z]+")
_ANY_AGENT = frozenset(("agent", "agents", "ai", "assistant", "assistants", "coding", "md", "the", "an", "this"))
_STAMPS = frozenset(("updated", "generated", "revised", "revision", "synced", "modified"))


class _Drift(NamedTuple):
    """That the passage of ``document`` is almost that of the earlier document ``other``, except for ``changes``."""

    document: Document
    passage: Passage
    other: Document
    counterpart: Passage
    changes: tuple[Change, ...]
    worst: About
    sure: bool
    company: Company | None


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each passage that drifted; one for two files in which many did."""
    together = Together(evidence)
    documents: list[Document] = []
    same: dict[bytes, list[str]] = defaultdict(list)
    for path in together.paths:
        document = evidence.documents[path]
        if document.data not in same:
            documents.append(document)
        same[document.data].append(path)
    relation = _Relation(together, [same[document.data] for document in documents])
    texts = [passages(document.text, document.parts, document.outline) for document in documents]
    terms = Terms(int(limits["words"]), limits["changed"], int(limits["most-changed"]))
    found: dict[tuple[str, str], list[_Drift]] = defaultdict(list)
    known: set[frozenset[tuple[str, ...]]] = set()
    for likeness in likenesses(texts, relation.compared, terms):
        drift = _drift(likeness, documents, texts, relation, limits)
        if drift is not None and (pair := frozenset((drift.passage.words, drift.counterpart.words))) not in known:
            known.add(pair)
            found[drift.document.path, drift.other.path].append(drift)
    for drifts in found.values():
        regular = [drift for drift in drifts if _persona(drift) is Persona.REGULAR]
        if len(regular) > limits["each"]:
            yield _many(regular, together)
            drifts = [drift for drift in drifts if drift not in regular]
        for drift in drifts:
            yield _finding([drift], together)


class _Relation:
    """How documents, by number, are told to agents; each stands for all files of the same bytes."""

    def __init__(self, together: Together, paths: Sequence[Sequence[str]]) -> None:
        self._together = together
        self._paths = paths

    def compared(self, one: int, other: int) -> bool:
        """Does it matter that they differ?"""
        company = self.company(one, other)
        return (company is not None and company is not Company.RARE) or self.parallel(one, other)

    def company(self, one: int, other: int) -> Company | None:
        """How surely an agent has both in a window."""
        met = [self._together.meeting(a, b) for a in self._paths[one][:8] for b in self._paths[other][:8]]
        return min((meeting.company for meeting in met if meeting is not None), default=None)

    def parallel(self, one: int, other: int) -> bool:
        """Do they tell different agents the same things?"""
        return any(self._together.parallel(a, b) for a in self._paths[one][:8] for b in self._paths[other][:8])

    def own_words(self, number: int) -> frozenset[str]:
        """The words that a document may use for itself and its readers: of its paths, of the names of its agents."""
        names = [*self._paths[number], *(name for path in self._paths[number] for name in self._together.agents(path))]
        return _ANY_AGENT.union(*(_LETTERS().findall(name.lower()) for name in names))


def _drift(
    likeness: Likeness,
    documents: Sequence[Document],
    texts: Sequence[Sequence[Passage]],
    relation: _Relation,
    limits: Limits,
) -> _Drift | None:
    (here, at), (there, place) = likeness.here, likeness.there
    passage, counterpart = texts[here][at], texts[there][place]
    related = likeness.in_line or passage.section == counterpart.section
    words = min(len(passage.words), len(counterpart.words))
    if not related and (likeness.rivals or words < limits["words-clear"]):
        return None
    if likeness.rivals and not likeness.in_line:
        return None
    if _STAMPS & set(passage.words) & set(counterpart.words):
        return None
    ours, theirs = relation.own_words(here), relation.own_words(there)
    kept = tuple(
        change
        for change in likeness.changes
        if not _names_itself(
            passage.words[change.start : change.end],
            counterpart.words[change.other_start : change.other_end],
            ours,
            theirs,
        )
    )
    if not kept:
        return None
    worst = max(
        about(passage.words[change.start : change.end], counterpart.words[change.other_start : change.other_end])
        for change in kept
    )
    company = relation.company(here, there)
    company = None if company is not None and company > Company.SURE and relation.parallel(here, there) else company
    sure = related and words >= limits["words-clear"]
    return _Drift(documents[here], passage, documents[there], counterpart, kept, worst, sure, company)


def _names_itself(one: Sequence[str], other: Sequence[str], ours: frozenset[str], theirs: frozenset[str]) -> bool:
    """Do the files only call themselves and their agents by their own names?"""
    return _are_among(one, ours) and _are_among(other, theirs)


def _are_among(words: Sequence[str], names: frozenset[str]) -> bool:
    return all(letters and names.issuperset(letters) for letters in (_LETTERS().findall(word) for word in words))


def _persona(drift: _Drift) -> Persona:
    reworded = drift.worst is About.WORDING or (drift.worst in (About.WORD, About.NEGATION) and len(drift.changes) > 1)
    if drift.company is Company.LIKELY or reworded:
        return Persona.PEDANTIC
    return Persona.REGULAR


def _many(drifts: Sequence[_Drift], together: Together) -> Finding:
    """All that drifted between two files, as one finding."""
    worst = max(drifts, key=lambda drift: drift.worst)
    return _finding([worst, *(drift for drift in drifts if drift is not worst)], together)


def _finding(drifts: Sequence[_Drift], together: Together) -> Finding:
    first = drifts[0]
    path, other = first.document.path, first.other.path
    line = first.other.line(first.counterpart.start)
    if len(drifts) == 1:
        message = f"Almost a copy of {other}, line {line}, but {_told(first, first.changes[0])}."
    else:
        message = f"{len(drifts)} passages are almost those of {other}; in the first, {_told(first, first.changes[0])}."
    both = first.company is not None
    return Finding(
        rule=ID,
        severity=Severity.WARNING if first.worst >= About.PLACE else Severity.NOTE,
        confidence=Confidence.HIGH if first.sure else Confidence.MEDIUM,
        message=message,
        tip="Decide which one holds, and say it once."
        if both
        else "Decide which one holds, and let both files say it.",
        at=tuple(_places(drifts)),
        key=" ".join((*first.passage.words, "/", *first.counterpart.words))[:400],
        persona=_persona(first),
        evidence=tuple(_evidence(drifts, together)),
        covers=tuple(
            Location(path, drift.document.span(drift.passage.start, drift.passage.end))
            for drift in drifts
            if both and together.stands_in_for(other, path)
        ),
    )


def _places(drifts: Sequence[_Drift]) -> Iterator[Location]:
    for drift in drifts:
        yield Location(drift.document.path, drift.document.span(drift.passage.start, drift.passage.end))
        span = drift.other.span(drift.counterpart.start, drift.counterpart.end)
        yield Location(drift.other.path, span, note="what it is almost a copy of")


def _evidence(drifts: Sequence[_Drift], together: Together) -> Iterator[str]:
    first = drifts[0]
    meeting = together.meeting(first.document.path, first.other.path)
    for drift in drifts[:12]:
        for change in drift.changes:
            yield _told(drift, change)
    for document, passage in ((first.document, first.passage), (first.other, first.counterpart)):
        text = " ".join(document.text[passage.start : passage.end].split())
        yield f"{document.path}: {text[:240]}{'…' if len(text) > 240 else ''}"
    if first.company is not None and meeting is not None:
        yield f"Both are loaded by {', '.join(meeting.agents)}."
    else:
        for path in (first.document.path, first.other.path):
            yield f"{path} is loaded by {', '.join(together.agents(path))}."


def _told(drift: _Drift, change: Change) -> str:
    """The words that differ, as they are written."""
    here = _words(drift.document, drift.passage, change.start, change.end)
    there = _words(drift.other, drift.counterpart, change.other_start, change.other_end)
    return f"{here} here, {there} there"


def _words(document: Document, passage: Passage, start: int, end: int) -> str:
    shown = split(document.text[passage.start : passage.end], passage.kind == "fence")[start:end]
    text = " ".join(word for _, word in shown)
    return f'"{text[:80]}{"…" if len(text) > 80 else ""}"' if shown else "nothing"
