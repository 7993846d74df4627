"""Statements of which one asks for what another forbids, told by the words they share."""

from __future__ import annotations

from collections import Counter
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.choices import choice_rules, compiled, words_of
from ctxkit.text.clauses import Mood, clauses, light_verbs, opposites
from ctxkit.text.statements import statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence, Sized

    from ctxkit.text.clauses import Clause
    from ctxkit.text.statements import Statement


class Told(NamedTuple):
    """A statement of the text number ``text``, with its words."""

    text: int
    statement: Statement
    words: frozenset[str]


class Likeness(IntEnum):
    """How sure it is that two statements speak of the same."""

    SAME = 0
    """They share nearly all their words, or the one forbids a thing of which the other demands a case."""
    NEAR = 1
    """They share nearly all their words, but not what is to be done, or not where or when."""
    ALIKE = 2
    """They share most of the words of one."""


class Opposed(NamedTuple):
    """``earlier`` and ``later``, in the order of the texts, exclude one another.

    ``share`` (0 to 1): of their words, those that both have.
    """

    earlier: Told
    later: Told
    likeness: Likeness
    share: float


class _Rule(NamedTuple):
    told: Told
    clause: Clause


_ASKS = (Mood.DEMAND, Mood.PERMIT)
_MOST_WORDS = 25


def opposed(texts: Sequence[str], overlap: float, alike: float, most: int) -> Iterator[Opposed]:
    """Pairs in which one statement asks for what the other forbids, the surest first; each pair once.

    ``overlap``: the share (0 to 1) of all their words of content that both have, at least; ``alike``: of the words of
    the one that has fewer, for what is only alike. ``most``: statements that one is compared with; a word that more of
    them have finds none.
    """
    rules = [
        _Rule(Told(number, statement, words), clause)
        for number, text in enumerate(texts)
        for statement, words, clause in _rules(text)
    ]
    by_word: dict[str, list[int]] = {}
    for at, rule in enumerate(rules):
        for word in rule.clause.content:
            by_word.setdefault(word.lstrip("!"), []).append(at)
    turns = opposites()
    turning: dict[str, list[str]] = {}
    for word, back in turns:
        turning.setdefault(word, []).append(back)
    mirrored: dict[tuple[int, int, int, int], set[tuple[int, int]]] = {}
    found: dict[tuple[int, int, int, int], Opposed] = {}
    for at, rule in enumerate(rules):
        shared: Counter[int] = Counter()
        near = {other for word in rule.clause.content for other in (word.lstrip("!"), *turning.get(word, ()))}
        for word in near:
            holders = by_word.get(word, ())
            if len(holders) <= most:
                shared.update(other for other in holders if other < at)
        for other, count in shared.items():
            earlier = rules[other]
            if earlier.told.statement.text == rule.told.statement.text:
                continue
            pair = (earlier.told.text, earlier.told.statement.start, rule.told.text, rule.told.statement.start)
            likeness = None
            if count > 1 or rule.clause.marked & earlier.clause.marked:
                likeness = _likeness(earlier.clause, rule.clause, turns, overlap, alike)
            if likeness is None and _rejects(earlier.clause, rule.clause):
                sides = mirrored.setdefault(pair, set())
                sides.add((other, at))
                if len({one for one, _ in sides}) > 1 and len({two for _, two in sides}) > 1:
                    likeness = Likeness.SAME, 1.0
            if likeness is not None and (pair not in found or likeness[0] < found[pair].likeness):
                found[pair] = Opposed(earlier.told, rule.told, *likeness)
    yield from sorted(found.values(), key=lambda pair: (pair.likeness, -pair.share))


def _rejects(one: Clause, other: Clause) -> bool:
    """Does the one, an alternative, ask for nothing but what the other refuses?"""
    if one.narrow or other.narrow or not (one.firm and other.firm) or not _contrary(one.mood, other.mood):
        return False
    banned = one.content if one.mood is Mood.FORBID else other.content
    return banned <= (one.content & other.content)


@lru_cache(maxsize=512)
def _rules(text: str) -> tuple[tuple[Statement, frozenset[str], Clause], ...]:
    """The clauses of ``text`` that ask for something; remembered, as a file is in the windows of several agents."""
    data = choice_rules()
    unsure, aside = compiled(data.unsure), compiled(data.aside)
    asides: dict[str, bool] = {}
    found = []
    for statement in statements(text):
        if unsure.search(statement.text):
            continue
        titles = (*statement.under, statement.lead)
        for title in titles:
            if title not in asides:
                asides[title] = aside.search(title) is not None
        if any(asides[title] for title in titles):
            continue
        words = words_of(statement.text)
        cut = clauses(statement, text[statement.start : statement.end])
        found += [(statement, words, clause) for clause in cut if len(clause.content) <= _MOST_WORDS]
    return tuple(found)


def _likeness(
    one: Clause, other: Clause, turns: frozenset[tuple[str, str]], overlap: float, alike: float
) -> tuple[Likeness, float] | None:
    """How sure it is that the two exclude one another, and the share that they have in common; None: they do not."""
    shared = one.content & other.content
    mine, theirs = one.content - shared, other.content - shared
    turned = [(a, b) for a in mine for b in theirs if a == f"!{b}" or b == f"!{a}" or (a, b) in turns]
    if not turned and one.mood is other.mood is Mood.DEMAND:
        return _exchanged(one, other, overlap)
    if len(turned) > 1 or _contrary(one.mood, other.mood) == bool(turned):
        return None
    for a, b in turned:
        mine, theirs = mine - {a}, theirs - {b}
    marked = one.marked & other.marked
    weight = _weight(shared, marked) + len(turned)
    whole = weight + len(mine) + len(theirs)
    fewer = weight + min(len(mine), len(theirs))
    if not shared or weight < 2 or weight < alike * fewer or (len(shared) + len(turned) < 2 and not marked):
        return None
    light = frozenset(light_verbs()) & (mine | theirs) & {one.verb, other.verb}
    mine, theirs, whole = mine - light, theirs - light, whole - len(light)
    known = shared | light | {word for pair in turned for word in pair}
    aligned = one.verb in known and other.verb in known
    banned, asked = (mine, theirs) if one.mood is Mood.FORBID else (theirs, mine)
    firm = one.firm and other.firm
    case = aligned and firm and not turned and not banned
    share = weight / whole
    if not case and share * 3 < 1:
        return None
    narrow = one.narrow or other.narrow or (one.label and other.label and one.label != other.label)
    if narrow or not firm or any("!" not in pair[0] + pair[1] for pair in turned):
        return Likeness.ALIKE, share
    apart = (mine | theirs) & (one.bounds | other.bounds)
    wide = len(shared) > 2 or (len(shared) > 1 and bool(marked)) or marked == shared
    if (aligned and not apart and share >= overlap) or (case and asked and wide):
        return Likeness.SAME, share
    return (Likeness.NEAR if share >= overlap else Likeness.ALIKE), share


def _exchanged(one: Clause, other: Clause, overlap: float) -> tuple[Likeness, float] | None:
    """Two orders that differ in a number, or in one name, and in little else."""
    shared = one.content & other.content
    mine, theirs = one.content - shared, other.content - shared
    share = len(shared) / max(1, len(shared) + min(len(mine), len(theirs)) - 1)
    same = one.firm and other.firm and one.verb == other.verb and one.verb in shared and len(shared) > 1
    if not same or one.narrow or other.narrow or one.label != other.label or len(mine) > 2 or len(theirs) > 2:
        return None
    numbers = [[word for word in side if word.isdigit()] for side in (mine, theirs)]
    if share < overlap or not (
        all(map(_is_one, numbers)) or all(map(_is_one, (mine & one.marked, theirs & other.marked)))
    ):
        return None
    return (Likeness.NEAR if all(map(_is_one, numbers)) and len(shared) > 2 else Likeness.ALIKE), share


def _is_one(words: Sized) -> bool:
    return len(words) == 1


def _contrary(one: Mood, other: Mood) -> bool:
    """Does one of the two ask for what the other forbids, or spares what the other demands?"""
    moods = {one, other}
    return (Mood.FORBID in moods and bool(moods & set(_ASKS))) or moods == {Mood.EXEMPT, Mood.DEMAND}


def _weight(words: frozenset[str], marked: frozenset[str]) -> int:
    return len(words) + len(words & marked)
