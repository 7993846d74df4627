"""Passages that are almost, but not quite, those of another text. Linear in the words."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.copies import meanings
from ctxkit.text.difference import changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ctxkit.text.difference import Change
    from ctxkit.text.passages import Passage

    Place = tuple[int, int]
    """(text, passage)."""

_LONGEST = 600
"""Words of a passage that is compared."""
_SHORT = 10
"""Words up to which a passage is looked up by pairs of words too."""
_POSTINGS = 64
"""Passages that a run of words leads to; where it stands in more it is a phrase of the trade."""
_VERIFIED = 6
"""Passages that are compared word by word with one passage of another text."""


class Terms(NamedTuple):
    """What counts as almost the same.

    ``words``: of the shorter passage at least. ``share`` and ``most`` of the words of the longer may differ.
    """

    words: int
    share: float
    most: int

    def allowed(self, words: int) -> int:
        """The words that may differ of so many."""
        return min(self.most, max(1, int(words * self.share)))


class Likeness(NamedTuple):
    """That the passage ``here`` is almost the earlier passage ``there``.

    ``in_line``: the passages beside them are copies. ``rivals``: other passages of the two texts that are like either
    as well, as the entries of one list are like each other.
    """

    here: Place
    there: Place
    changes: tuple[Change, ...]
    in_line: bool
    rivals: int


def joined(passages: Sequence[Passage], least: int) -> list[Passage]:
    """``passages`` with sentences of fewer than ``least`` words joined to their neighbours in the same block."""
    found: list[Passage] = []
    for passage in passages:
        before = found[-1] if found else None
        if (
            before is not None
            and before.block == passage.block
            and before.kind == passage.kind == "sentence"
            and min(len(before.words), len(passage.words)) < least
        ):
            found[-1] = before._replace(end=passage.end, words=before.words + passage.words)
        else:
            found.append(passage)
    return found


def likenesses(
    texts: Sequence[Sequence[Passage]], compared: Callable[[int, int], bool], terms: Terms
) -> Iterator[Likeness]:
    """The passages that are almost the same in two texts that are ``compared``, best partner only."""
    search = _Search(texts, compared, terms)
    for here in range(len(texts)):
        best = search.partners(here)
        chosen: dict[Place, tuple[int, int]] = {}
        for at, there in sorted(best):
            place, found = best[at, there]
            cost = sum(change.size for change in found)
            if (there, place) not in chosen or cost < chosen[there, place][0]:
                chosen[there, place] = cost, at
        for (there, place), (_, at) in sorted(chosen.items(), key=lambda item: (item[1][1], item[0])):
            found = best[at, there][1]
            in_line = search.in_line(here, at, there, place)
            yield Likeness((here, at), (there, place), tuple(found), in_line, search.rivals(here, at, there, place))


class _Search:
    def __init__(self, texts: Sequence[Sequence[Passage]], compared: Callable[[int, int], bool], terms: Terms) -> None:
        self._texts = texts
        self._compared = compared
        self._terms = terms
        self._meanings = meanings(texts)
        self._have = [frozenset(numbers) for numbers in self._meanings]
        self._leads: dict[tuple[str, ...], list[Place]] = defaultdict(list)
        self._like: dict[tuple[Place, Place], list[Change] | None] = {}

    def partners(self, here: int) -> dict[tuple[int, int], tuple[int, list[Change]]]:
        """(passage of ``here``, earlier text) → the passage there that it is most like, and how they differ."""
        found: dict[tuple[int, int], tuple[int, list[Change]]] = {}
        for at, passage in enumerate(self._texts[here]):
            if self._is_compared(passage):
                for (there, place), difference in self._like_earlier(here, at):
                    cost = sum(change.size for change in difference)
                    known = found.get((at, there))
                    if known is None or cost < sum(change.size for change in known[1]):
                        found[at, there] = place, difference
        for at, passage in enumerate(self._texts[here]):
            if self._is_compared(passage):
                for run in _runs(passage.words):
                    if len(self._leads[run]) <= _POSTINGS:
                        self._leads[run].append((here, at))
        return found

    def in_line(self, here: int, at: int, there: int, place: int) -> bool:
        """Is what stands before both, or behind both, the same?"""
        ours, theirs = self._meanings[here], self._meanings[there]
        return any(
            0 <= at + step < len(ours) and 0 <= place + step < len(theirs) and ours[at + step] == theirs[place + step]
            for step in (-1, 1)
        )

    def rivals(self, here: int, at: int, there: int, place: int) -> int:
        """How many other passages near one of the two are as like it as the two are like each other."""
        number = 0
        for text, own in ((here, at), (there, place)):
            for near in range(max(0, own - 6), min(len(self._texts[text]), own + 7)):
                if near != own and self._difference((text, own), (text, near)) is not None:
                    number += 1
        return number

    def _is_compared(self, passage: Passage) -> bool:
        return passage.kind != "heading" and self._terms.words <= len(passage.words) <= _LONGEST

    def _like_earlier(self, here: int, at: int) -> Iterator[tuple[Place, list[Change]]]:
        """The earlier passages that passage ``at`` of ``here`` is like, neither being a copy of one over there."""
        meaning = self._meanings[here][at]
        votes: Counter[Place] = Counter()
        for run in _runs(self._texts[here][at].words):
            places = self._leads.get(run, ())
            if len(places) <= _POSTINGS:
                votes.update(places)
        by_text: dict[int, list[Place]] = defaultdict(list)
        for place, _ in votes.most_common():
            if len(by_text[place[0]]) < _VERIFIED:
                by_text[place[0]].append(place)
        for there, places in by_text.items():
            if meaning in self._have[there] or not self._compared(there, here):
                continue
            for place in places:
                if self._meanings[there][place[1]] not in self._have[here]:
                    difference = self._difference((here, at), place)
                    if difference:
                        yield place, difference

    def _difference(self, one: Place, other: Place) -> list[Change] | None:
        key = (one, other)
        if key not in self._like:
            left, right = (self._texts[place[0]][place[1]] for place in key)
            found = None
            if left.kind == right.kind and self._is_compared(left) and self._is_compared(right):
                allowed = self._terms.allowed(max(len(left.words), len(right.words)))
                found = changes(left.words, right.words, allowed)
            self._like[key] = found
        return self._like[key]


def _runs(words: Sequence[str]) -> dict[tuple[str, ...], None]:
    """The runs of three words in ``words``, of a short passage also those of two, each once and in order."""
    found: dict[tuple[str, ...], None] = dict.fromkeys(zip(words, words[1:], words[2:], strict=False))
    if len(words) <= _SHORT:
        found |= dict.fromkeys(pairwise(words))
    return found
