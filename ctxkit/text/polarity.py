"""Statements that demand what another forbids, told by the words they share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.choices import choice_rules, words_of
from ctxkit.text.pattern import on_demand
from ctxkit.text.statements import statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.text.statements import Statement

_FORBIDS = on_demand(
    r"^(?:[\w ]{1,30}: )?(?:please |you )?(?:must |should |shall )?"
    r"(never|don't|do not|avoid|must not|should not|mustn't|shouldn't|not|under no circumstances|refrain from)\b[ :]"
)
_NEGATION = on_demand(
    r"\b(?:never|not|don't|doesn't|avoid|no|without|instead|rather|than|nothing|neither|nor|cannot|can't|isn't|aren't"
    r"|stop|forbid\w*|only|just|but|until|when|where|while|before|after|because|since|so that|in case)\b"
)
_BOUND = on_demand(
    r"\b(?:with|in|for|on|under|during|inside|via|using|as|of|at|per|from|into) (?:the |a |an |your )?([^\s,.;:]+)"
)
_LABEL = on_demand(r"^[\w ]{1,30}: ")
_ENDING = on_demand(r"(?<=\w\w\w)(?:ing|ed|es|s)$")
_EMPTY = frozenset(
    ["a", "an", "the", "to", "of", "in", "on", "at", "by", "for", "from", "with", "and", "or", "as", "is", "are", "be", "it", "its", "this", "that", "these", "those", "any", "all", "your", "you", "we", "our", "always", "must", "should", "shall", "please", "never", "not", "don't", "do", "does", "avoid", "no", "make", "sure", "ever", "directly", "manually", "simply", "really", "also", "into", "onto", "there", "their", "them", "when", "if", "using", "use", "used", "under", "circumstances", "refrain", "explicitly", "code"]
)


class Told(NamedTuple):
    """A statement of the text number ``text``, with its words."""

    text: int
    statement: Statement
    words: frozenset[str]


class _Rule(NamedTuple):
    told: Told
    forbids: bool
    verb: str
    content: frozenset[str]
    bounds: frozenset[str]


def opposed(texts: Sequence[str], overlap: float, most: int) -> Iterator[tuple[Told, Told]]:
    """Pairs in which one statement demands what the other forbids, in the order of the texts.

    ``overlap``: the share (0 to 1) of all their words of content that both have, at least. ``most``: statements that
    one is compared with.
    """
    rules = [rule for number, text in enumerate(texts) for rule in _rules(number, text)]
    demanding: dict[str, list[int]] = {}
    for at, rule in enumerate(rules):
        if not rule.forbids:
            for word in rule.content:
                demanding.setdefault(word, []).append(at)
    for at, rule in enumerate(rules):
        if not rule.forbids:
            continue
        known = sorted((len(demanding[word]), word) for word in rule.content if word in demanding)
        near = sorted({other for count, word in known[:3] if count <= most for other in demanding[word]})
        for other in near[:most]:
            if _alike(rule, rules[other], overlap):
                first, second = sorted((at, other))
                yield rules[first].told, rules[second].told


def _rules(number: int, text: str) -> Iterator[_Rule]:
    data = choice_rules()
    doubt, aside = re.compile(data.doubt), re.compile(data.aside)
    asides: dict[str, bool] = {}
    for statement in statements(text):
        said = statement.text
        forbids = _FORBIDS().match(said)
        rest = said[forbids.end() :] if forbids else said
        if _NEGATION().search(rest) or doubt.search(said):
            continue
        titles = (*statement.under, statement.lead)
        for title in titles:
            if title not in asides:
                asides[title] = aside.search(title) is not None
        if any(asides[title] for title in titles):
            continue
        order = [_stem(word) for word in _LABEL().sub("", rest).split()]
        content = frozenset(_stem(word) for word in words_of(rest)) - _EMPTY
        verb = next((word for word in order if word in content), "")
        bounds = frozenset(_stem(match[1]) for match in _BOUND().finditer(rest))
        if 2 <= len(content) <= 25 and verb:
            yield _Rule(Told(number, statement, words_of(said)), forbids is not None, verb, content, bounds)


def _stem(word: str) -> str:
    return _ENDING().sub("", word.strip(".,;:!?()\"'"))


def _alike(one: _Rule, other: _Rule, overlap: float) -> bool:
    """Do they say the same of the same? A word that only one has must not say where, when or with what."""
    shared = one.content & other.content
    apart = one.content ^ other.content
    if len(shared) < 2 or len(shared) < overlap * len(shared | apart) or one.verb != other.verb:
        return False
    return not apart & (one.bounds | other.bounds)
