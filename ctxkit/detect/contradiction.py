"""Two rules of one window that cannot both be followed.

What it finds: statements of files that one agent loads together, or of one file, that make different choices where
only one can hold (tabs and two spaces, pnpm and npm, lines of 80 and of 100 characters), rules of which one asks for
what the other forbids, different bounds for the same, and rules that say something else than the settings of the
repository's formatters and linters.

Why it costs: the agent follows one of them, now this one, now that one; the other is paid for in every request and
leads to corrections by hand.

What to do: keep the rule that holds and remove the other, or say for which files each of them is meant.

When to ignore it: each rule is for another part of the repository and the reader can tell. Rules that name different
languages, directories or kinds of files, nested rule files, examples, conditions and questions are not compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ctxkit.detect.against_settings import held
from ctxkit.evidence import is_listed
from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity
from ctxkit.text.amounts import differing
from ctxkit.text.choices import choice_rules, conflicting, demands, group_of, language_words, scope_of, words_of
from ctxkit.text.polarity import opposed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.detect.against_settings import Held
    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.model import Segment
    from ctxkit.text.choices import Choice, Scope
    from ctxkit.text.polarity import Told
    from ctxkit.text.statements import Statement

ID = "contradiction"

_CLEAR = 0.75
"""Share of their words from which on two statements exclude one another though each stands under a title of its own."""

_LONG = 160
"""Characters of a statement that says one thing; a longer one qualifies what it says."""


_NUMBERS = "Two rules say the same with different numbers"
_OPPOSED = "One rule asks for what another forbids"


class _Said(NamedTuple):
    """A choice, where it is made, and for what."""

    document: Document
    statement: Statement
    choice: Choice
    scope: Scope


class _Pair(NamedTuple):
    """Two statements that exclude one another: ``fact`` says how, as the beginning of a sentence.

    ``topic``: words of titles that speak of no part of the repository here. ``share``: as in Opposed.
    """

    first: Document
    one: Statement
    second: Document
    other: Statement
    fact: str
    sure: Confidence
    topic: frozenset[str] = frozenset()
    share: float = 0


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each pair of rules that exclude one another."""
    places = frozenset(_place_names(evidence))
    lazy = {path for path, loads in evidence.loads.items() if all(is_listed(load.segment) for load in loads)}
    reported: set[frozenset[str]] = set()
    for documents in _windows(evidence):
        for pair in _pairs(documents, places, limits):
            both = frozenset((pair.one.text, pair.other.text))
            if both in reported:
                continue
            persona = _persona(pair, lazy)
            if persona is Persona.AUDITOR and (
                pair.fact == _OPPOSED or _explains(pair) or pair.first.path in lazy or pair.second.path in lazy
            ):
                continue
            reported.add(both)
            yield _finding(pair, persona)
    for rule in held(evidence):
        if not rule.agrees:
            yield _against(rule, evidence, rule.document.path in lazy)


def _against(rule: Held, evidence: Evidence, lazy: bool) -> Finding:
    """A rule that says something else than a tool of the repository is set to."""
    document, statement, setting = rule.document, rule.demand.statement, rule.settings[0]
    asked = next(choice for choice in rule.demand.choices if choice.group == setting.choice.group and choice.demanded)
    about = group_of(setting.choice.group).about
    file = evidence.extra[setting.path]
    span = file.span(setting.start, setting.end) if setting.end else None
    line = f":{file.line(setting.start)}" if setting.end else ""
    sure = setting.explicit and not lazy and _is_general(statement) and len(statement.text) <= _LONG
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        confidence=Confidence.HIGH if setting.explicit else Confidence.MEDIUM,
        message=f"A rule about {about} says {asked}, {setting.path} says {setting.choice}.",
        tip="Change the one that does not hold; the tool goes by its settings.",
        at=(
            Location(document.path, document.span(statement.start, statement.end), note=_shown(document, statement)),
            Location(setting.path, span, note=f"{setting.key}: {setting.value}"),
        ),
        key=f"{statement.text} / {setting.path} {setting.key}",
        persona=Persona.REGULAR if sure else Persona.PEDANTIC,
        evidence=(
            f"{document.path}:{document.line(statement.start)}: {_shown(document, statement)}",
            f"{setting.path}{line}: {setting.key}: {setting.value}{'' if setting.explicit else ' by default'}",
        ),
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
    """The directory that the file rules: where it lies, less agents' folders; an imported one rules as its importer."""
    path = segment.via[0] if segment.via else segment.path or ""
    parts = path.split("/")[:-1]
    if path.startswith("~/"):
        return "~"
    return "/".join(parts[: next((at for at, part in enumerate(parts) if part.startswith(".")), len(parts))])


def _place_names(evidence: Evidence) -> Iterator[str]:
    """The names of directories, two levels down, in small letters."""
    for path in evidence.tree.files():
        yield from (part.lower() for part in path.split("/", 2)[:-1][:2])


def _pairs(documents: Sequence[Document], places: frozenset[str], limits: Limits) -> Iterator[_Pair]:
    """The pairs of a window, surest kind first."""
    yield from _of_choices(documents, places, int(limits["choices"]))
    texts = [document.text for document in documents]
    for one, other, share in opposed(texts, limits["overlap"], int(limits["pairs"])):
        if _scope(one, places).meets(_scope(other, places)):
            first, second = documents[one.text], documents[other.text]
            numbers = [
                sorted(filter(str.isdigit, words)) for words in (one.words - other.words, other.words - one.words)
            ]
            fact = f"{_NUMBERS}: {numbers[0][0]} and {numbers[1][0]}" if all(numbers) else _OPPOSED
            yield _Pair(first, one.statement, second, other.statement, fact, Confidence.MEDIUM, share=share)
    for mine, theirs in differing(texts, limits["bounds"]):
        same = len(mine.content & theirs.content) > 1
        if same and _scope(mine.told, places).meets(_scope(theirs.told, places)):
            fact = f"Two rules set different bounds: {mine.number:,} and {theirs.number:,} {mine.unit}"
            first, second = documents[mine.told.text], documents[theirs.told.text]
            yield _Pair(first, mine.told.statement, second, theirs.told.statement, fact, Confidence.MEDIUM)


def _scope(told: Told, places: frozenset[str]) -> Scope:
    """What it is about by its titles and the languages it names: its other words have been compared already."""
    return scope_of(told.statement, told.words & language_words(), places)


def _of_choices(documents: Sequence[Document], places: frozenset[str], most: int) -> Iterator[_Pair]:
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
        listed = list(told.values())
        for number, later in enumerate(listed):
            for earlier in listed[:number]:
                if _collide(earlier, later):
                    yield _choice_pair(earlier, later)


def _collide(one: _Said, other: _Said) -> bool:
    """In one document a rule for some files is an exception to the one for all."""
    if one.statement.text == other.statement.text or not conflicting(one.choice, other.choice):
        return False
    if one.document is other.document and bool(one.scope.languages) != bool(other.scope.languages):
        return False
    return one.scope.meets(other.scope)


def _choice_pair(earlier: _Said, later: _Said) -> _Pair:
    about = group_of(later.choice.group).about
    firm = earlier.choice.firm and later.choice.firm
    fact = f"Two rules about {about} exclude one another: {earlier.choice} and {later.choice}"
    sure = Confidence.HIGH if firm else Confidence.MEDIUM
    topic = frozenset(group_of(later.choice.group).words.split()) | words_of(about)
    told = (earlier.document, earlier.statement, later.document, later.statement)
    return _Pair(*told, fact, sure, topic)


def _persona(pair: _Pair, lazy: set[str]) -> Persona:
    """Who is told: everybody only where neither says of what it holds, in the files that stand in every request."""
    qualified = max(len(pair.one.text), len(pair.other.text)) > _LONG
    steps = pair.first.path in lazy or pair.second.path in lazy
    apart = pair.one.under != pair.other.under and (
        not _same_subject(pair)
        if pair.fact != _OPPOSED
        else pair.first is pair.second
        and pair.share < _CLEAR
        and not (_is_general(pair.one) or _is_general(pair.other))
    )
    explained = pair.fact == _OPPOSED and _explains(pair)
    if qualified or steps or apart or explained:
        return Persona.AUDITOR
    from_home = pair.first.path.startswith("~/") != pair.second.path.startswith("~/")
    return Persona.PEDANTIC if from_home else Persona.REGULAR


def _explains(pair: _Pair) -> bool:
    """Do the two stand under one title, where the later one says more about the earlier?"""
    return pair.first is pair.second and pair.one.under == pair.other.under


def _same_subject(pair: _Pair) -> bool:
    """Do the titles above the two, those of the documents apart, speak of no part of the repository?

    One of them may name what the rule is about.
    """
    if not (_is_general(pair.one) or _is_general(pair.other)):
        return False
    known = pair.topic | frozenset(choice_rules().general.split())
    return all(
        not words_of(title) or words_of(title) & known for told in (pair.one, pair.other) for title in told.under[1:]
    )


def _is_general(statement: Statement) -> bool:
    """Do the titles above it, that of the document apart, speak of no part of the repository?"""
    general = choice_rules().general.split()
    return all(words_of(title) <= frozenset(general) for title in statement.under[1:])


def _finding(pair: _Pair, persona: Persona) -> Finding:
    first, one, second, other, fact, confidence = pair[:6]
    return Finding(
        rule=ID,
        severity=Severity.WARNING,
        confidence=confidence,
        message=f"{fact}.",
        tip="Remove the one that does not hold, or say for which files each of them is meant.",
        at=(
            Location(second.path, second.span(other.start, other.end), note=_shown(second, other)),
            Location(first.path, first.span(one.start, one.end), note=_shown(first, one)),
        ),
        key=f"{one.text} / {other.text}",
        persona=persona,
        evidence=tuple(
            f"{document.path}:{document.line(statement.start)}: {_shown(document, statement)}"
            for document, statement in ((first, one), (second, other))
        ),
    )


def _shown(document: Document, statement: Statement) -> str:
    text = " ".join(document.text[statement.start : statement.end].split())
    return text if len(text) <= 160 else f"{text[:159]}…"
