"""Requests that follow one another: what of a request is new in the window, and what of the one before has left it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.model.session import HEAD, Block, Departure, Kind, Why
from ctxkit.sources.history.fields import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ctxkit.model.session import Event


_BILLING = "x-anthropic-billing-header:"
"""The first part of Claude Code's system prompt: for the provider's books, and another one with every prompt."""


class _Held(NamedTuple):
    """A block in the window: what it is known by again, its mark, its kind; of a call its id."""

    key: int
    mark: str
    kind: Kind
    call: str = ""


class Succession:
    """The window of one thread as a client that sends everything anew shows it, request by request.

    Of each block a digest is kept, no text.
    """

    def __init__(self, thread: str = "") -> None:
        self.thread = thread
        self._held: list[_Held] = []
        self._entered = 0

    def shared(self, conversation: Sequence[int]) -> int:
        """How many blocks of ``conversation`` (as :func:`conversation_of` gives it) the window's own begins with."""
        old = (held.key for held in self._held if held.kind not in HEAD)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, conversation, strict=False)))

    def same_head(self, blocks: Sequence[Block]) -> bool:
        """Has the window the same system prompt and tools as ``blocks``, and some at all?"""
        old = {held.key for held in self._held if held.kind in HEAD}
        return bool(old) and old == {_key(block) for block in blocks if block.kind in HEAD}

    def advance(self, blocks: Iterable[Block], at: float) -> Iterator[Event]:
        """The departures and the new blocks that lead from the window to one of exactly ``blocks``.

        Blocks that are found again, in their order, stay. ``at``: seconds since the epoch.
        """
        before, stayed, new = self._step_to(blocks, frozenset(), at)
        summarised = any(block.kind is Kind.SUMMARY for block in new)
        yield from self._departures(before, stayed, summarised, at)
        yield from new

    def replaced(self, blocks: Iterable[Block], departure: Departure, staying: frozenset[str]) -> Iterator[Event]:
        """As :meth:`advance` for a client that says why: one ``departure``, whose marks are filled in, for all.

        The blocks marked ``staying`` stay in front of the others.
        """
        before, stayed, new = self._step_to(blocks, staying, departure.at)
        gone = tuple(held.mark for place, held in enumerate(before) if place not in stayed)
        yield replace(departure, marks=gone) if gone else replace(departure, after=self._last_mark())
        yield from new

    def undo(self, turns: int, at: float) -> Iterator[Departure]:
        """The last ``turns`` prompts leave, with all that came after them."""
        prompts = [
            place
            for place, held in enumerate(self._held)
            if held.kind is Kind.PROMPT and (not place or self._held[place - 1].kind is not Kind.PROMPT)
        ]
        if turns and prompts:
            place = prompts[-min(turns, len(prompts))]
            gone = tuple(held.mark for held in self._held[place:])
            del self._held[place:]
            yield Departure(Why.REWIND, gone, thread=self.thread, at=at)

    def _step_to(
        self, blocks: Iterable[Block], staying: frozenset[str], at: float
    ) -> tuple[list[_Held], set[int], list[Block]]:
        """Make the window one of ``blocks``: (what it was, the places of it that stayed, the blocks that are new)."""
        before = self._held
        stayed = {place for place, held in enumerate(before) if held.mark in staying}
        places: defaultdict[int, list[int]] = defaultdict(list)
        for place in range(len(before) - 1, -1, -1):
            if place not in stayed:
                places[before[place].key].append(place)
        # Clients fill in arguments that the model left out, or name another tool: then a call is known by its id.
        calls = {held.call: place for place, held in enumerate(before) if held.call}
        window = [before[place] for place in sorted(stayed)]
        new: list[Block] = []
        next_place = 0
        for block in blocks:
            key = _key(block)
            candidates = places[key]
            while candidates and candidates[-1] < next_place:
                candidates.pop()
            place = candidates.pop() if candidates else calls.get(_call_of(block), -1)
            if place >= next_place and place not in stayed:
                next_place = place + 1
                stayed.add(place)
                window.append(before[place])
            else:
                held = self._mark(block, key)
                window.append(held)
                new.append(self._entering(block, held.mark, at))
        self._held = window
        return before, stayed, new

    def extend(self, blocks: Iterable[Block], at: float) -> Iterator[Block]:
        """``blocks`` enter behind all others: what the model answers."""
        for block in blocks:
            held = self._mark(block, _key(block))
            self._held.append(held)
            yield self._entering(block, held.mark, at)

    def _mark(self, block: Block, key: int) -> _Held:
        self._entered += 1
        return _Held(key, f"{self.thread}#{self._entered}", block.kind, _call_of(block))

    def _entering(self, block: Block, mark: str, at: float) -> Block:
        return block.placed(self.thread, mark, at)

    def _last_mark(self) -> str:
        return self._held[-1].mark if self._held else ""

    def _departures(self, before: list[_Held], stayed: set[int], summarised: bool, at: float) -> Iterator[Departure]:
        """What leaves, by reason: the beginning in a compaction, the end in a rewind, else parts by themselves."""
        conversation = [place for place, held in enumerate(before) if held.kind not in HEAD]
        last = max((place for place in conversation if place in stayed), default=-1)
        compacted = summarised or (len(conversation) > 1 and conversation[0] not in stayed)
        reasons: defaultdict[Why, list[str]] = defaultdict(list)
        for place, held in enumerate(before):
            if place in stayed:
                continue
            if held.kind in HEAD:
                why = Why.REPLACED
            elif compacted:
                why = Why.COMPACTION
            else:
                why = Why.REWIND if place > last else Why.CLEARED
            reasons[why].append(held.mark)
        for why, marks in reasons.items():
            yield Departure(why, tuple(marks), thread=self.thread, at=at)


def conversation_of(blocks: Iterable[Block]) -> list[int]:
    """What the blocks behind the system prompt, the tools and the rules are known by again."""
    return [_key(block) for block in blocks if block.kind not in HEAD]


def _call_of(block: Block) -> str:
    return block.call if block.kind is Kind.CALL else ""


def _key(block: Block) -> int:
    """What ``block`` is known by again. Clients give calls other ids and spellings when they send them back."""
    words = json_text(block.arguments) if block.arguments else block.text
    if words.startswith(_BILLING):
        words = _BILLING
    name = block.name if block.kind in HEAD or block.kind is Kind.CALL else ""
    return hash((block.kind, words, name, block.media, 0 if words else block.opaque))
