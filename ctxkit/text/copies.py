"""Stretches of passages that stand in two texts, or twice in one. Linear in the passages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.passages import bare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ctxkit.text.passages import Passage

    Rank = Callable[[int, int], int | None]
    """(text, text) → how much their copies matter, the least most; None where they do not."""

_CANDIDATES = 48
"""Earlier places of a passage that are looked at."""
_HEADINGS = 4
"""Headings in a row that a stretch runs over."""
_GAPS = ((1, 1), (0, 1), (1, 0), (2, 2), (1, 2), (2, 1), (0, 2), (2, 0))
"""How many passages (here, there) may differ between passages that are the same."""
_RESUMES = 4
"""Words of the passage that a stretch goes on with behind a gap."""


class Copy(NamedTuple):
    """Passages of the text ``here`` that stand in ``there`` too, by number; ``there`` is the earlier of the two."""

    here: int
    there: int
    pairs: tuple[tuple[int, int], ...]


def meanings(texts: Sequence[Sequence[Passage]]) -> list[list[int]]:
    """For each passage a number; those of the same words, filler apart, have the same."""
    numbers: dict[tuple[str, ...], int] = {}
    return [[numbers.setdefault(bare(passage), len(numbers)) for passage in text] for text in texts]


def copies(texts: Sequence[Sequence[Passage]], rank: Rank, least: Callable[[int, int], float]) -> Iterator[Copy]:
    """The copies in ``texts``, each passage in the largest that matters most.

    ``least``: the words that a copy between two texts must have, headings not counted.
    """
    search = _Search(texts, rank)
    for here, text in enumerate(texts):
        at = 0
        while at < len(text):
            found = search.best(here, at) if text[at].kind != "heading" else None
            if found is not None and size(text, found.pairs) >= least(here, found.there):
                yield found
                at = found.pairs[-1][0]
            search.add(here, at)
            at += 1


def size(text: Sequence[Passage], pairs: Sequence[tuple[int, int]]) -> int:
    """The words in the first of each pair, headings left out; two signs of a script without blanks are a word."""
    chosen = [text[one].words for one, _ in pairs if text[one].kind != "heading"]
    signs = sum(len(word) == 1 and not word.isascii() for words in chosen for word in words)
    return sum(map(len, chosen)) - signs // 2


class _Search:
    def __init__(self, texts: Sequence[Sequence[Passage]], rank: Rank) -> None:
        self._texts = texts
        self._rank = rank
        self._meanings = meanings(texts)
        self._places: dict[int, list[tuple[int, int]]] = {}
        self._added = (0, -1)

    def add(self, here: int, up_to: int) -> None:
        """Makes the passages of ``here`` as far as ``up_to`` ones that later passages may be copies of."""
        first = self._added[1] + 1 if self._added[0] == here else 0
        for at in range(first, up_to + 1):
            places = self._places.setdefault(self._meanings[here][at], [])
            if len(places) < _CANDIDATES:
                places.append((here, at))
        self._added = here, up_to

    def best(self, here: int, at: int) -> Copy | None:
        """The largest of the copies that matter most and begin at passage ``at`` of ``here``."""
        ranked = [
            (rank, there, place)
            for there, place in self._places.get(self._meanings[here][at], ())
            if (rank := self._rank(there, here)) is not None
        ]
        if not ranked:
            return None
        first = min(rank for rank, _, _ in ranked)
        best: Copy | None = None
        largest = -1
        for rank, there, place in ranked:
            room = min(len(self._texts[here]) - at, (at if here == there else len(self._texts[there])) - place)
            if rank == first and (best is None or room > best.pairs[-1][0] + 1 - at):
                copy = Copy(here, there, self._pairs(here, at, there, place))
                words = size(self._texts[here], copy.pairs)
                if words > largest:
                    best, largest = copy, words
        return best

    def _pairs(self, here: int, at: int, there: int, place: int) -> tuple[tuple[int, int], ...]:
        ours, theirs = self._meanings[here], self._meanings[there]
        texts = self._texts
        pairs = [(at, place)]
        stop = at if here == there else len(theirs)
        headings = 0
        while at + 1 < len(ours) and place + 1 < stop and headings < _HEADINGS:
            if ours[at + 1] == theirs[place + 1]:
                at, place = at + 1, place + 1
            else:
                gap = None if here == there else _gap(texts[here], ours, at + 1, theirs, place + 1)
                if gap is None:
                    break
                at, place = at + 1 + gap[0], place + 1 + gap[1]
            pairs.append((at, place))
            headings = headings + 1 if texts[here][at].kind == "heading" else 0
        while texts[here][pairs[-1][0]].kind == "heading":
            pairs.pop()
        return (*self._headings_above(here, pairs[0], there), *pairs)

    def _headings_above(self, here: int, first: tuple[int, int], there: int) -> list[tuple[int, int]]:
        """The headings right above both sides of a copy that are the same."""
        found: list[tuple[int, int]] = []
        at, place = first
        while at and place and len(found) < _HEADINGS:
            at, place = at - 1, place - 1
            same = self._meanings[here][at] == self._meanings[there][place]
            if not same or self._texts[here][at].kind != "heading":
                break
            found.insert(0, (at, place))
        return found


def _gap(
    text: Sequence[Passage], ours: Sequence[int], at: int, theirs: Sequence[int], place: int
) -> tuple[int, int] | None:
    """The smallest gap behind which both texts go on alike."""
    for gap in _GAPS:
        one, other = at + gap[0], place + gap[1]
        if one < len(ours) and other < len(theirs) and ours[one] == theirs[other] and len(text[one].words) >= _RESUMES:
            return gap
    return None
