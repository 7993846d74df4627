"""How two lists of words differ, and what the difference is about."""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 600
"""Words between the first and the last difference that are still compared."""


class Change(NamedTuple):
    """The words ``start`` to ``end`` of the one list stand for ``other_start`` to ``other_end`` of the other."""

    start: int
    end: int
    other_start: int
    other_end: int

    @property
    def size(self) -> int:
        """The words of the longer side."""
        return max(self.end - self.start, self.other_end - self.other_start)


class About(IntEnum):
    """What differing words are about; the greater, the worse for whoever follows both."""

    WORDING = 0
    WORD = 1
    PLACE = 2
    NUMBER = 3
    NEGATION = 4


def changes(one: Sequence[str], other: Sequence[str], most: int) -> list[Change] | None:
    """The changes from ``one`` to ``other``, in order; None where more than ``most`` words differ."""
    start = 0
    shorter = min(len(one), len(other))
    while start < shorter and one[start] == other[start]:
        start += 1
    back = 0
    while back < shorter - start and one[-1 - back] == other[-1 - back]:
        back += 1
    left, right = one[start : len(one) - back], other[start : len(other) - back]
    if abs(len(left) - len(right)) > most or max(len(left), len(right)) > _LONGEST:
        return None
    if max(len(left), len(right)) <= most and (min(len(left), len(right)) <= 1):
        return [Change(start, start + len(left), start, start + len(right))] if left or right else []
    from difflib import SequenceMatcher

    found = [
        Change(start + a, start + b, start + c, start + d)
        for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    return found if sum(change.size for change in found) <= most else None


_NEGATIONS = frozenset(
    [
        "not", "no", "never", "without", "don't", "dont", "doesn't", "isn't", "aren't", "can't", "cannot", "mustn't",
        "shouldn't", "won't", "avoid", "except", "unless", "forbidden", "prohibited", "neither", "nor", "none",
        "disallow", "disallowed", "disabled", "disable",
    ]
)  # fmt: skip
_MODALS = _NEGATIONS | {"do", "does", "must", "shall", "should", "may", "can", "will"}
_OPPOSITES = tuple(
    frozenset(pair.split("/"))
    for pair in [
        "always/never", "before/after", "must/may", "enable/disable", "enabled/disabled", "allow/deny",
        "allowed/forbidden", "with/without", "do/avoid", "include/exclude", "true/false", "on/off", "yes/no",
        "required/optional", "minimum/maximum", "least/most", "above/below", "over/under", "prefer/avoid", "use/avoid",
        "add/remove", "more/less", "required/forbidden", "all/no", "all/none", "only/never",
    ]
)  # fmt: skip
_WORDING = frozenset(
    [
        "a", "an", "and", "are", "as", "at", "be", "been", "being", "by", "for", "from", "has", "have", "if", "in",
        "into", "is", "it", "its", "itself", "of", "on", "onto", "or", "please", "so", "such", "than", "that", "the",
        "their", "them", "then", "there", "these", "they", "this", "those", "to", "too", "via", "was", "were", "which",
        "will", "with", "would", "you", "your", "our", "we", "us", "can", "could", "should", "also", "just", "very",
        "really", "simply", "always", "each", "every", "any", "all", "some", "own", "e.g", "i.e", "etc", "same", "here",
        "when", "where", "while", "whenever", "once", "use", "using", "used", "uses",
    ]
)  # fmt: skip
_NEGATED = 2
"""Words of a change up to which a negation in it turns the meaning round; in more it is said in another way."""
_EXCHANGED = 2
"""Words up to which one thing is named for another; more is another way to say it."""
_SYNONYMS = (
    "gone/removed/deleted/dropped/eliminated", "buffer/track/collect/record", "create/make/add/build/generate/produce",
    "change/modify/update/edit/alter", "check/verify/validate/ensure/confirm", "show/display/print/present",
    "run/execute/invoke/call", "get/fetch/retrieve/obtain/read/load", "store/save/keep/hold/persist",
    "handle/manage/process", "contain/include/hold", "need/require/want", "big/large/huge", "small/little/tiny",
    "fast/quick/rapid", "method/function/procedure", "directory/folder", "repository/repo/codebase", "begin/start",
    "end/finish/stop", "help/assist/support", "provide/offer/give/supply", "implement/realize/realise",
    "pick/choose/select", "correct/right/proper", "mistake/error/bug", "complete/whole/full/entire",
    "describe/document/explain/detail", "find/locate/discover", "several/multiple/many", "option/setting",
    "argument/parameter", "type/kind", "important/critical/crucial/essential/key", "follow/obey/respect/observe",
    "see/consult",
)  # fmt: skip
_NUMBER = on_demand(r"\d")
_PLACE = on_demand(r"^-|[/\\=$@_]|::|\w\.\w|\(\)|^\.\w")


def about(one: Sequence[str], other: Sequence[str]) -> About:
    """What a change of the words ``one`` into ``other`` is about. Words that only one side adds are its wording."""
    ours, theirs = set(one) - set(other), set(other) - set(one)
    if max(len(one), len(other)) <= _NEGATED and (
        bool(ours & _NEGATIONS) != bool(theirs & _NEGATIONS)
        or any(pair & ours and pair & theirs for pair in _OPPOSITES)
    ):
        return About.NEGATION
    if any(map(_NUMBER().search, ours)) and any(map(_NUMBER().search, theirs)):
        return About.NUMBER
    if any(word[0] == "-" for word in ours | theirs) or (
        ours and theirs and any(map(_PLACE().search, ours)) and any(map(_PLACE().search, theirs))
    ):
        return About.PLACE
    if ours & _NEGATIONS and theirs & _NEGATIONS:
        one, other = ([word for word in side if word not in _MODALS] for side in (one, other))
    left, right = _stems(one), _stems(other)
    if not left or not right or "".join(left) == "".join(right) or max(len(left), len(right)) > _EXCHANGED:
        return About.WORDING
    if len(left) == len(right) and all(map(_mean_the_same, left, right)):
        return About.WORDING
    if len(one) == len(other) == 1 and (one[0].endswith(f"-{other[0]}") or other[0].endswith(f"-{one[0]}")):
        return About.WORDING
    return About.WORD


def is_fitted(one: Sequence[str], other: Sequence[str]) -> bool:
    """Is one side the other with a qualifier before it, or one of the parts of an ``a/b`` pair of plain words?"""
    if len(one) != 1 or len(other) != 1:
        return False
    shorter, longer = sorted((one[0], other[0]), key=len)
    if longer.endswith(f".{shorter}"):
        return True
    parts = longer.split("/")
    return len(parts) > 1 and shorter in parts and all(part.isalpha() for part in parts)


def _mean_the_same(one: str, other: str) -> bool:
    """Are these stems the same, or of words that are used for one another?"""
    return one == other or any(one in group and other in group for group in _synonyms())


@cache
def _synonyms() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(map(_stem, group.split("/"))) for group in _SYNONYMS)


def _stems(words: Sequence[str]) -> list[str]:
    """``words`` without filler, endings and the signs between their parts."""
    stems = ["".join(filter(str.isalnum, _stem(word))) for word in words if word not in _WORDING]
    return [stem for stem in stems if stem]


def _stem(word: str) -> str:
    for ending in ("ings", "ing", "ies", "es", "ed", "s", "ly", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
