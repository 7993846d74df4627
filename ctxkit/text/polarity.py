"""Statements of which one asks for what another forbids, told by the words they share."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.choices import choice_rules, compiled, words_of
from ctxkit.text.clauses import Mood, clauses, light_verbs, opposites, stems
from ctxkit.text.pattern import on_demand
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


class Opposed(NamedTuple):
    """``earlier`` and ``later``, in the order of the texts, exclude one another.

    ``share`` (0 to 1): of their words of content, those that both have; marked ones count twice.
    """

    earlier: Told
    later: Told
    share: float


class _Line(NamedTuple):
    """A statement before it is cut: ``gist``: its words as stems; ``turns``: it may forbid, or turn another round."""

    statement: Statement
    words: frozenset[str]
    source: str
    banned: bool
    gist: frozenset[str]
    turns: bool


class _Rule(NamedTuple):
    told: Told
    clause: Clause


_ORDER = on_demand(r"(?:always|you must|make sure|ensure)\b")
"""What a sentence begins with that asks for something under whatever title: *Don't: submit half of it. Always …*"""

_ASKS = (Mood.DEMAND, Mood.PERMIT)
_MOST_WORDS = 25
_FIRM = 4
_FEW = 3
_SURELY = 0.75
"""Share from which on it does not matter whether what is to be done is named alike."""


def opposed(texts: Sequence[str], overlap: float, most: int) -> Iterator[Opposed]:
    """Pairs in which one statement asks for what the other forbids, those with most in common first; each pair once.

    ``overlap``: the share (0 to 1) of all their words of content that both have, at least. ``most``: statements that
    one is compared with; a word that more of them have finds none.
    """
    rules = list(_candidates(texts, most))
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
        kin = {other for word in rule.clause.content for other in (word.lstrip("!"), *turning.get(word, ()))}
        for word in kin:
            holders = by_word.get(word, ())
            if len(holders) <= most:
                shared.update(other for other in holders if other < at)
        for other, count in shared.items():
            earlier = rules[other]
            if earlier.told.statement.text == rule.told.statement.text:
                continue
            pair = (earlier.told.text, earlier.told.statement.start, rule.told.text, rule.told.statement.start)
            share = None
            if count > 1 or rule.clause.marked & earlier.clause.marked:
                share = _share(earlier.clause, rule.clause, turns, overlap)
            if share is None and _rejects(earlier.clause, rule.clause):
                sides = mirrored.setdefault(pair, set())
                sides.add((other, at))
                if len({one for one, _ in sides}) > 1 and len({two for _, two in sides}) > 1:
                    share = 1.0
            if share is not None and (pair not in found or share > found[pair].share):
                found[pair] = Opposed(earlier.told, rule.told, share)
    yield from sorted(found.values(), key=lambda pair: -pair.share)


def _candidates(texts: Sequence[str], most: int) -> Iterator[_Rule]:
    """The clauses of the statements that share words with one that may forbid: to cut all of them would be slow."""
    lines = [(number, line) for number, text in enumerate(texts) for line in _lines(text)]
    by_word: dict[str, list[int]] = {}
    for at, (_, line) in enumerate(lines):
        if line.turns:
            for word in line.gist:
                by_word.setdefault(word, []).append(at)
    kept: set[int] = set()
    for at, (_, line) in enumerate(lines):
        shared: Counter[int] = Counter()
        for word in line.gist:
            holders = by_word.get(word, ())
            if len(holders) <= most:
                shared.update(holders)
        few = len(line.gist) < _FEW
        near = [
            other
            for other, count in shared.items()
            if other != at and (count > 1 or few or len(lines[other][1].gist) < _FEW)
        ]
        if near:
            kept.update(near)
            kept.add(at)
    for at in sorted(kept):
        number, line = lines[at]
        for clause in _clauses(line):
            yield _Rule(Told(number, line.statement, line.words), clause)


@lru_cache(maxsize=16384)
def _clauses(line: _Line) -> tuple[Clause, ...]:
    """The clauses of a statement; remembered, as a file is in the windows of several agents."""
    cut = clauses(line.statement, line.source, line.banned)
    return tuple(clause for clause in cut if len(clause.content) <= _MOST_WORDS)


def _rejects(one: Clause, other: Clause) -> bool:
    """Does the one, an alternative, ask for nothing but what the other refuses?"""
    free = not (one.narrow or other.narrow or one.when or other.when)
    if not free or not (one.firm and other.firm) or not _contrary(one.mood, other.mood):
        return False
    banned, shared = (one if one.mood is Mood.FORBID else other).content, one.content & other.content
    return bool(shared) and len(banned - shared) <= (len(shared) > 1)


@lru_cache(maxsize=512)
def _lines(text: str) -> tuple[_Line, ...]:
    """The statements of ``text`` that may ask for something."""
    data = choice_rules()
    unsure, aside, banned, ban = map(compiled, (data.unsure, data.quoted, data.banned, data.ban))
    turning = frozenset(data.turning.split())
    asides: dict[str, bool] = {}
    found = []
    for statement in statements(text):
        if unsure.search(statement.text):
            continue
        titles = (*statement.under, statement.lead)
        for title in titles:
            if title not in asides:
                asides[title] = aside.search(title) is not None
        if any(asides[title] for title in titles) and not ban.match(statement.text):
            continue
        words = words_of(statement.text)
        near = statement.lead or (statement.under[-1] if statement.under else "")
        listed = banned.search(near) is not None and _ORDER().match(statement.text) is None
        source = text[statement.start : statement.end]
        turns = listed or not words.isdisjoint(turning) or any(map(str.isdigit, words))
        found.append(_Line(statement, words, source, listed, frozenset(stems(statement.text)), turns))
    return tuple(found)


def _share(one: Clause, other: Clause, turns: frozenset[tuple[str, str]], overlap: float) -> float | None:
    """The share that the two have in common where they exclude one another; None: they do not."""
    both = one.content & other.content
    shared = both | (one.when & (other.content | other.when)) | (other.when & one.content)
    mine, theirs = one.content - shared, other.content - shared
    turned = [(a, b) for a in mine for b in theirs if a == f"!{b}" or b == f"!{a}" or (a, b) in turns]
    if not turned and one.mood is other.mood is Mood.DEMAND:
        return _exchanged(one, other, overlap)
    if not both or len(turned) > 1 or _contrary(one.mood, other.mood) == bool(turned):
        return None
    for a, b in turned:
        mine, theirs = mine - {a}, theirs - {b}
    known = shared | light_verbs() | {word for pair in turned for word in pair}
    aligned = one.verb in known and other.verb in known
    mine, theirs = mine - light_verbs(), theirs - light_verbs()
    marked = one.marked & other.marked
    weight = _weight(shared, marked) + len(turned)
    share = weight / (weight + _weight(mine, one.marked) + _weight(theirs, other.marked))
    banned = mine if one.mood is Mood.FORBID else theirs
    if weight < 2 or not _ordered(one, other, bool(turned)) or _conditional(one, other) or _conditional(other, one):
        return None
    ban, wish = (one, other) if one.mood is Mood.FORBID else (other, one)
    whole = not banned and not turned
    named = whole and one.verb == other.verb and one.verb in marked
    case = whole and weight > 2 and aligned and share >= overlap * _SURELY
    listed = ban.listed and wish.content <= ban.content and len(wish.content) > 1
    wide = weight > 2 or bool(marked) or share == 1 or not banned
    weak = any("!" not in a + b for a, b in turned) and weight < _FIRM
    alike = share >= overlap and wide and (aligned or share >= _SURELY) and not weak
    return share if named or case or alike or (listed and not turned) else None


def _ordered(one: Clause, other: Clause, turned: bool) -> bool:
    """Are both of them orders that hold in general, or in the same case?"""
    if (one.narrow or other.narrow) and not (one.when and one.when == other.when):
        return False
    told = one.told or other.told
    same = one.head == other.head and one.verb not in one.marked and told
    return ((one.firm and other.firm) or same) and (told or not turned)


def _conditional(one: Clause, other: Clause) -> bool:
    """Does the one hold on a condition of which the other says nothing?"""
    return bool(one.when) and len(one.when & (other.content | other.when)) * 2 < len(one.when)


def _exchanged(one: Clause, other: Clause, overlap: float) -> float | None:
    """Two orders that differ in a number and in little else."""
    shared = one.content & other.content
    mine, theirs = one.content - shared, other.content - shared
    share = len(shared) / max(1, len(shared) + min(len(mine), len(theirs)) - 1)
    same = one.firm and other.firm and one.verb == other.verb and one.verb in shared and len(shared) > 1
    if (
        not same
        or one.narrow
        or other.narrow
        or one.when
        or other.when
        or one.label != other.label
        or len(mine) > 2
        or len(theirs) > 2
    ):
        return None
    numbers = [[word for word in side if word.isdigit()] for side in (mine, theirs)]
    alike = share >= overlap and len(shared) > 2 and all(map(_is_one, numbers))
    return share if alike else None


def _is_one(words: Sized) -> bool:
    return len(words) == 1


def _contrary(one: Mood, other: Mood) -> bool:
    """Does one of the two ask for what the other forbids, or spares what the other demands?"""
    moods = {one, other}
    return (Mood.FORBID in moods and bool(moods & set(_ASKS))) or moods == {Mood.EXEMPT, Mood.DEMAND}


def _weight(words: frozenset[str], marked: frozenset[str]) -> int:
    return len(words) + len(words & marked)
