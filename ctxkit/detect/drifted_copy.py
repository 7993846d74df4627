"""Copies of a rule that no longer say the same.

What it finds: passages that are word for word the same but for a few words (a number, a negation, a command, a path, a
name), in files that one agent has in its window together, or in the files by which different agents are told the same
things.

Why it costs: one agent is told two things and follows either, or two agents follow different rules; and where one agent
has both, it pays for both.

What to do: decide which one holds, and say it in one place.

When to ignore it: where the difference is meant, such as the stricter rule of one package or one agent's own command.
Names of the files, their directories and their agents are not taken for a difference, nor is what several files say
each in its own way.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.detect.as_written import as_written, is_there, path_in
from ctxkit.detect.together import Company, Together, is_nested
from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text.difference import About, Change, about, is_fitted
from ctxkit.text.passages import split
from ctxkit.text.pattern import on_demand
from ctxkit.text.resemblance import Terms, joined, likenesses

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.text.passages import Passage
    from ctxkit.text.resemblance import Likeness

ID = "drifted-copy"

_LETTERS = on_demand(r"[a-z]+")
_ANY_AGENT = frozenset(("agent", "agents", "ai", "assistant", "assistants", "coding", "md", "the", "an", "this"))
_STAMPS = frozenset(("updated", "generated", "revised", "revision", "synced", "modified"))


class _Drift(NamedTuple):
    """That the passage of ``document`` is almost that of the earlier document ``other``, except for ``changes``.

    ``related``: what is beside both is a copy too, or both stand under the same heading. ``company``: how surely an
    agent has both; None where different agents have them. ``is_nested``: one stands below the directory that the other
    is for. ``missing``: the path that ``document`` names and that is not there, while that of the other is.
    """

    document: Document
    passage: Passage
    other: Document
    counterpart: Passage
    changes: tuple[Change, ...]
    worst: About
    in_line: bool
    related: bool
    company: Company | None
    is_nested: bool
    missing: str

    @property
    def words(self) -> int:
        """Of the shorter of the two."""
        return min(len(self.passage.words), len(self.counterpart.words))


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
    least = int(limits["words"])
    texts = [joined(document.passages, least) for document in documents]
    terms = Terms(least, limits["changed"], int(limits["most-changed"]))
    all_drifts: dict[frozenset[tuple[str, ...]], _Drift] = {}
    variants: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    for likeness in likenesses(texts, relation.compared, terms):
        drift = _drift(likeness, documents, texts, relation, limits)
        if drift is not None:
            drift = _with_missing(drift, evidence)
            one, other = drift.passage.words, drift.counterpart.words
            all_drifts.setdefault(frozenset((one, other)), drift)
            variants[one].add(other)
            variants[other].add(one)
    found: dict[tuple[str, str], list[_Drift]] = defaultdict(list)
    for pair, drift in all_drifts.items():
        if max(len(variants[words]) for words in pair) < limits["variants"]:
            found[drift.document.path, drift.other.path].append(drift)
    for drifts in found.values():
        for persona in Persona:
            told = [drift for drift in drifts if _persona(drift, limits) is persona]
            if len(told) > limits["each"]:
                worst = max(told, key=lambda drift: drift.worst)
                yield _finding([worst, *(drift for drift in told if drift is not worst)], persona, together, limits)
            else:
                for drift in told:
                    yield _finding([drift], persona, together, limits)


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

    def places(self, number: int) -> frozenset[str]:
        """The words of the directories that a document stands in."""
        steps = {step for path in self._paths[number] for step in path.split("/")[:-1] if not step.startswith(".")}
        return frozenset(word for step in steps for word in _LETTERS().findall(step.lower()))

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
    if not likeness.in_line and (likeness.rivals or words < limits["words-beside"]):
        return None
    if not related and words < limits["words-clear"]:
        return None
    ours, theirs = relation.own_words(here), relation.own_words(there)
    places = relation.places(here), relation.places(there)
    kept = []
    for change in likeness.changes:
        one = passage.words[change.start : change.end]
        other = counterpart.words[change.other_start : change.other_end]
        if not _names_itself(one, other, ours, theirs) and not _names_its_place(one, other, places):
            alone = len(likeness.changes) == 1
            sides = (documents[here], passage), (documents[there], counterpart)
            kept.append((_about(one, other, change, *sides) if alone else about(one, other), change))
    if not kept:
        return None
    nested = is_nested(documents[here].path, documents[there].path)
    worst = max(kind for kind, _ in kept)
    if _STAMPS & set(passage.words) & set(counterpart.words) and all(kind is About.NUMBER for kind, _ in kept):
        return None
    company = relation.company(here, there)
    company = None if company is not None and company > Company.SURE and relation.parallel(here, there) else company
    if company is Company.APART and worst < About.NUMBER:
        return None
    changes = tuple(change for _, change in kept)
    return _Drift(
        documents[here],
        passage,
        documents[there],
        counterpart,
        changes,
        worst,
        likeness.in_line,
        related,
        company,
        nested,
        "",
    )


def _about(
    one: Sequence[str],
    other: Sequence[str],
    change: Change,
    here: tuple[Document, Passage],
    there: tuple[Document, Passage],
) -> About:
    """What the change is about; a name in code is no mere word, and code on one side only is the wording."""
    kind = about(one, other)
    if kind is not About.WORD:
        return kind
    ours = _in_code(*here, change.start, change.end)
    theirs = _in_code(*there, change.other_start, change.other_end)
    if ours != theirs:
        return About.WORDING
    return About.PLACE if ours else kind


def _in_code(document: Document, passage: Passage, first: int, behind: int) -> bool:
    """Do these words stand in code?"""
    if passage.kind == "fence":
        return True
    text = document.text[passage.start : passage.end]
    return first < behind and text.count("`", 0, split(text)[first].start) % 2 == 1


def _is_fitted(drift: _Drift) -> bool:
    """Does the nested file only say less of a name, because it is about that place?"""
    return all(
        is_fitted(
            drift.passage.words[change.start : change.end],
            drift.counterpart.words[change.other_start : change.other_end],
        )
        for change in drift.changes
    )


def _with_missing(drift: _Drift, evidence: Evidence) -> _Drift:
    """``drift`` from the side that names a path which is not there, where the other side names one that is."""
    for change in drift.changes:
        here = path_in(drift.document, drift.passage, change.start, change.end)
        there = path_in(drift.other, drift.counterpart, change.other_start, change.other_end)
        if not here or not there:
            continue
        exists = is_there(evidence, drift.document.path, here), is_there(evidence, drift.other.path, there)
        if exists == (False, True):
            return drift._replace(missing=here)
        if exists == (True, False):
            turned = tuple(Change(each.other_start, each.other_end, each.start, each.end) for each in drift.changes)
            return drift._replace(
                document=drift.other,
                passage=drift.counterpart,
                other=drift.document,
                counterpart=drift.passage,
                changes=turned,
                missing=there,
            )
    return drift


def _names_itself(one: Sequence[str], other: Sequence[str], ours: frozenset[str], theirs: frozenset[str]) -> bool:
    """Do the files only call themselves, their directories and their agents by their own names?"""
    left, right = ({part for word in words for part in _LETTERS().findall(word)} for words in (one, other))
    if any("/" in word or "_" in word for word in (*one, *other)):
        ours, theirs = ours - _ANY_AGENT, theirs - _ANY_AGENT
    return (
        left != right
        and left - right <= ours
        and right - left <= theirs
        and all(map(_LETTERS().search, (*one, *other)))
        and _digits(one) == _digits(other)
    )


def _names_its_place(one: Sequence[str], other: Sequence[str], places: tuple[frozenset[str], frozenset[str]]) -> bool:
    """Does a file for one directory name that directory where the other, which is not for it, says something else?"""
    return any(
        mine.intersection(part for word in words for part in _LETTERS().findall(word))
        for words, mine in ((one, places[0] - places[1]), (other, places[1] - places[0]))
    )


def _digits(words: Sequence[str]) -> list[str]:
    return [char for word in words for char in word if char.isdigit()]


def _persona(drift: _Drift, limits: Limits) -> Persona:
    """Whom it is told: rewording is left alone, and so is what a file for another place says a little differently."""
    reworded = drift.worst is About.WORDING or (drift.worst in (About.WORD, About.NEGATION) and len(drift.changes) > 1)
    if reworded or drift.company in (Company.LIKELY, Company.APART):
        return Persona.PEDANTIC
    if drift.missing:
        return Persona.REGULAR
    if drift.is_nested and (drift.worst is About.WORD or _is_fitted(drift)):
        return Persona.PEDANTIC
    if drift.in_line:
        return Persona.REGULAR
    if drift.company is None and drift.worst is About.WORD:
        return Persona.PEDANTIC
    if drift.company is Company.SURE and drift.words < limits["words-nested"]:
        return Persona.PEDANTIC
    return Persona.REGULAR


def _finding(drifts: Sequence[_Drift], persona: Persona, together: Together, limits: Limits) -> Finding:
    first = drifts[0]
    other = first.other.path
    line = first.other.line(first.counterpart.start)
    key = " ".join((*first.passage.words, "/", *first.counterpart.words))[:400]
    message = f"Almost a copy of {other}, line {line}, but {_told(first, first.changes[0])}."
    if first.missing and len(drifts) == 1:
        message = f"{message[:-1]}; `{first.missing}` is not in the repository."
    if len(drifts) > 1:
        message = f"{len(drifts)} passages are almost those of {other}; in one, {_told(first, first.changes[0])}."
        key = f"many of {other}"
    sure = first.related and first.words >= limits["words-clear"] and len(first.changes) == 1
    return Finding(
        rule=ID,
        severity=Severity.WARNING if persona is Persona.REGULAR else Severity.NOTE,
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
        message=message,
        tip=_tip(first),
        at=tuple(_places(drifts)),
        key=key,
        persona=persona,
        evidence=tuple(_evidence(drifts, together)),
        covers=tuple(_covers(drifts, together)),
    )


def _tip(drift: _Drift) -> str:
    if drift.missing:
        return f"Name the path as {drift.other.path} does, or remove this copy."
    if drift.company is None:
        return "Decide which one holds, and let both files say it."
    return "Decide which one holds, and say it once."


def _places(drifts: Sequence[_Drift]) -> Iterator[Location]:
    for drift in drifts:
        yield Location(drift.document.path, drift.document.span(drift.passage.start, drift.passage.end))
        span = drift.other.span(drift.counterpart.start, drift.counterpart.end)
        yield Location(drift.other.path, span, note="what it is almost a copy of")


def _covers(drifts: Sequence[_Drift], together: Together) -> Iterator[Location]:
    """What the agents that have both are told twice."""
    path, other = drifts[0].document.path, drifts[0].other.path
    meeting = together.meeting(path, other)
    if drifts[0].company is None or meeting is None:
        return
    agents = ("",) if together.stands_in_for(other, path) else meeting.ids
    for drift in drifts:
        for agent in agents:
            yield Location(path, drift.document.span(drift.passage.start, drift.passage.end), agent=agent)


def _evidence(drifts: Sequence[_Drift], together: Together) -> Iterator[str]:
    first = drifts[0]
    meeting = together.meeting(first.document.path, first.other.path)
    for drift in drifts[:12]:
        for change in drift.changes:
            yield f"Line {drift.document.line(drift.passage.start)}: {_told(drift, change)}."
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
    here = as_written(drift.document, drift.passage, change.start, change.end)
    there = as_written(drift.other, drift.counterpart, change.other_start, change.other_end)
    return f"{here} here, {there} there"
