"""The events of a transcript become sessions: what was in which request, what it weighs, and what was paid.

Texts are counted and let go of one by one, so memory stays that of the entries, however long the transcript is. Of a
session with more entries than any real one has (:data:`MOST_ENTRIES`) the oldest, in the window or not, are kept as
sums alone.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from ctxkit.model.history import Action, Compaction, Entry, Folded, Left, Session, Step, in_order
from ctxkit.model.session import MAIN, Block, Departure, Kind, Media, Recorded, Request, Start, Usage, Why
from ctxkit.sources.history.actions import action_of, borne_out
from ctxkit.sources.history.reminder_names import reminder_name
from ctxkit.sources.history.titles import beginning_of
from ctxkit.sources.masking import printable
from ctxkit.tokens.content import Content, content_of
from ctxkit.tokens.families import keeps_thinking
from ctxkit.tokens.images import image_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event
    from ctxkit.sources.history.weigh import Weigher

MOST_ENTRIES = 20_000
"""The longest session seen anywhere has 2,000."""
_RECENT_REQUESTS = 2_000
"""So long a request is remembered by its id, for later accounts of its usage."""
_EXCERPT = 100
_SAMPLE = 4_000
_MOST_SKIPPED = 20

_UNNAMED = frozenset({"", "system-reminder", "system_reminder"})
_TOKENS_PER_BYTE = 0.03
_MOST_DOCUMENT = 234_700
"""An attachment that is no image is taken for a PDF: a page of some 75 kB costs Claude 2,347 tokens (counted by others,
2026-10), and a request takes 100 pages."""


def sessions(events: Iterable[Event], path: str, weigher: Weigher, skipped: list[Skipped]) -> Iterator[Session]:
    """The sessions in ``events``, each as soon as it is over.

    ``skipped`` is what the reader appends to; each session takes what has come up in it.
    """
    ledger: _Ledger | None = None
    for event in events:
        if isinstance(event, Start):
            if ledger is not None:
                yield ledger.close(skipped)
            ledger = _Ledger(event, path, weigher)
        elif ledger is not None:
            ledger.take(event)
    if ledger is not None:
        yield ledger.close(skipped)


class _Window:
    """What one thread holds at the moment."""

    def __init__(self) -> None:
        self.live: dict[int, Entry] = {}
        self.steps = 0
        self.thoughts = False
        self.inserted = False
        self.reasoning = 0


class _Ledger:
    """Keeps the books of one session."""

    def __init__(self, start: Start, path: str, weigher: Weigher) -> None:
        self._start = start
        self._path = path
        self._weigher = weigher
        self._model = start.model
        self._title = ""
        self._entries: list[Entry] = []
        self._first = 0
        self._steps: list[Step] = []
        self._places: dict[tuple[str, str], int] = {}
        self._left: dict[int, Left] = {}
        self._compactions: list[Compaction] = []
        self._windows: dict[str, _Window] = {}
        self._calls: dict[str, int] = {}
        self._marks: dict[int, tuple[str, ...]] = {}
        self._marked: dict[str, dict[int, None]] = {}
        self._prompts: dict[str, None] = {}
        self._unsized: dict[int, tuple[Media, ...]] = {}
        self._turn = 0
        self._asked = -1
        self._folded = Folded()
        self._cost: float | None = None

    def take(self, event: Event) -> None:
        """Enter one event."""
        if isinstance(event, Block):
            self._enter(event)
        elif isinstance(event, Request):
            self._request(event)
        elif isinstance(event, Departure):
            self._depart(event)
        elif isinstance(event, Recorded):
            self._cost = event.cost

    def close(self, skipped: list[Skipped]) -> Session:
        """The session, with what has been ``skipped`` since the last one."""
        mine, more = tuple(skipped[:_MOST_SKIPPED]), len(skipped) - _MOST_SKIPPED
        if more > 0:
            last = mine[-1]
            mine = (*mine[:-1], replace(last, reason=f"{last.reason}; and {more:,} more places like it"))
        skipped.clear()
        entries = tuple(self._entries)
        left = {index: left for index, left in self._left.items() if index >= self._first}
        start = self._titled()
        compactions = tuple(self._compactions)
        return Session(
            start, self._path, entries, tuple(self._steps), left, compactions, mine, self._folded, self._cost
        )

    def _titled(self) -> Start:
        if self._start.title and self._start.model:
            return self._start
        return replace(self._start, title=self._start.title or self._title, model=self._start.model or self._model)

    def _window(self, thread: str) -> _Window:
        return self._windows.setdefault(thread, _Window())

    def _enter(self, block: Block) -> None:
        if not (block.text or block.media or block.opaque or block.kind in (Kind.RESULT, Kind.CALL)):
            return
        window = self._window(block.thread)
        if block.kind is Kind.PROMPT:
            self._title = self._title or _excerpt(block)
        if block.kind is Kind.PROMPT and block.thread == MAIN:
            self._prompted(block, window)
        index = self._first + len(self._entries)
        entry = self._entry(block, index, window.steps + 1)
        self._entries.append(entry)
        window.live[entry.index] = entry
        window.thoughts = window.thoughts or entry.kind is Kind.THINKING
        window.inserted = window.inserted or entry.before >= 0
        if block.kind is Kind.CALL and block.call:
            self._calls[block.call] = index
        if block.media and not self._model:
            self._unsized[index] = block.media
        if block.mark or block.call:
            names = (block.mark, block.call if block.kind is Kind.RESULT else "")
            self._marks[index] = tuple(filter(None, names))
            for name in self._marks[index]:
                self._marked.setdefault(name, {})[index] = None
        if len(self._entries) > MOST_ENTRIES:
            self._fold()

    def _prompted(self, block: Block, window: _Window) -> None:
        """A prompt begins a turn, unless nothing was sent since the last one or it is the same one sent anew."""
        if block.mark in self._prompts:
            return
        if block.mark:
            self._prompts[block.mark] = None
            if len(self._prompts) > _RECENT_REQUESTS:
                del self._prompts[next(iter(self._prompts))]
        if self._asked != window.steps:
            self._asked = window.steps
            self._turn += 1
            self._forget_thinking(window)

    def _forget_thinking(self, window: _Window) -> None:
        """Most models are not sent the reasoning of the turns before."""
        if not window.thoughts or keeps_thinking(self._model):
            return
        window.thoughts = False
        for entry in [entry for entry in window.live.values() if entry.kind is Kind.THINKING]:
            del window.live[entry.index]
            self._left[entry.index] = Left(window.steps + 1, Why.DROPPED)

    def _entry(self, block: Block, index: int, step: int) -> Entry:
        name, action, call = block.name, None, -1
        if block.kind is Kind.CALL:
            action = action_of(block.name, block.arguments, block.text)
        elif block.kind is Kind.RESULT:
            call = self._calls.get(block.call, -1) if block.call else -1
            asked = self._entries[call - self._first] if call >= self._first else None
            if asked is not None:
                name = asked.name
                action = borne_out(asked.action, block.text) if asked.action is not None else None
        if block.kind is Kind.REMINDER and name in _UNNAMED:
            name = reminder_name(block.text)
        weighed = block.text if block.kind is not Kind.CALL else f"{block.name}{block.text}"
        content = _content(block, action).value
        tokens, estimated, digest = self._weigher.weigh(weighed, content)
        return Entry(
            index=index,
            kind=block.kind,
            name=printable(name[:300]),
            tokens=tokens,
            size=len(block.text.encode("utf-8", "replace")) if not block.text.isascii() else len(block.text),
            digest=digest,
            content=content,
            turn=self._turn,
            step=step,
            thread=block.thread,
            estimated=estimated,
            media=sum(_media_tokens(item, self._model) for item in block.media),
            reasoning=self._sealed(block),
            call=call,
            error=block.error,
            action=action,
            excerpt=_excerpt(block),
            at=block.at,
            before=self._anchor(block),
        )

    def _anchor(self, block: Block) -> int:
        """The index of the entry that ``block`` stands before; -1 for the end."""
        live = self._window(block.thread).live
        return (
            next((index for index in self._marked.get(block.before, ()) if index in live), -1) if block.before else -1
        )

    def _sealed(self, block: Block) -> int:
        """The reasoning of the request before, for its first block that is sent sealed: the provider counted it."""
        window = self._window(block.thread)
        if block.kind is not Kind.THINKING or block.text or not block.opaque:
            return 0
        tokens, window.reasoning = window.reasoning, 0
        return tokens

    def _request(self, request: Request) -> None:
        if request.model and (request.thread == MAIN or not self._model):
            self._model = request.model
            self._size_images()
        known = self._places.get((request.thread, request.id)) if request.id else None
        if known is not None:
            self._steps[known] = replace(self._steps[known], usage=_later(self._steps[known].usage, request.usage))
            return
        window = self._window(request.thread)
        window.steps += 1
        window.reasoning = (request.usage.reasoning or 0) if request.usage is not None else 0
        if request.id:
            self._places[request.thread, request.id] = len(self._steps)
            if len(self._places) > _RECENT_REQUESTS:
                del self._places[next(iter(self._places))]
        self._steps.append(
            Step(
                number=window.steps,
                turn=self._turn,
                model=request.model or self._model,
                usage=request.usage,
                until=self._first + len(self._entries),
                thread=request.thread,
                at=request.at,
            )
        )

    def _size_images(self) -> None:
        """Weigh again the images that came before the model was known."""
        for index, media in self._unsized.items():
            if index >= self._first:
                entry = self._entries[index - self._first]
                entry = replace(entry, media=sum(_media_tokens(item, self._model) for item in media))
                self._entries[index - self._first] = entry
                if index in self._window(entry.thread).live:
                    self._window(entry.thread).live[index] = entry
        self._unsized.clear()

    def _depart(self, event: Departure) -> None:
        window = self._window(event.thread)
        if event.why is Why.COMPACTION:
            self._compactions.append(
                Compaction(window.steps + 1, event.trigger, event.before, event.later, event.thread, event.at)
            )
        for entry in self._leaving(window, event):
            del window.live[entry.index]
            self._left[entry.index] = Left(window.steps + 1, event.why)
            for name in self._marks.pop(entry.index, ()):
                del self._marked[name][entry.index]

    def _leaving(self, window: _Window, event: Departure) -> list[Entry]:
        if event.marks:
            named = {index for mark in event.marks for index in self._marked.get(mark, ())}
            return [window.live[index] for index in sorted(named) if index in window.live]
        behind = -1
        if event.after:
            behind = next((at for at in reversed(self._marked.get(event.after, ())) if at in window.live), -1)
            if behind < 0:
                return []
        later = takewhile(lambda entry: entry.index != behind, self._backwards(window))
        return [
            entry
            for entry in later
            if entry.kind not in event.spared and not event.kept.intersection(self._marks.get(entry.index, ()))
        ]

    def _backwards(self, window: _Window) -> Iterator[Entry]:
        """What is in the window, the last first. What others stand before may have left: it still tells where."""
        if not window.inserted:
            return reversed(window.live.values())
        return (entry for entry in reversed(in_order(self._entries)) if entry.index in window.live)

    def _fold(self) -> None:
        """Keep the older half as sums; what of it is still sent is then no longer seen in the window."""
        half = self._entries[: MOST_ENTRIES // 2]
        self._folded = Folded(self._folded.entries + len(half), self._folded.tokens + sum(e.total for e in half))
        self._first += len(half)
        self._entries = self._entries[len(half) :]
        for window in self._windows.values():
            for index in [index for index in window.live if index < self._first]:
                del window.live[index]
        self._calls = {call: index for call, index in self._calls.items() if index >= self._first}
        self._marks = {index: marks for index, marks in self._marks.items() if index >= self._first}
        self._marked = {}
        for index, names in self._marks.items():
            for name in names:
                self._marked.setdefault(name, {})[index] = None
        self._left = {index: left for index, left in self._left.items() if index >= self._first}


def _media_tokens(media: Media, model: str) -> int:
    if media.mime.startswith("image/") or media.pixels is not None:
        return image_tokens(model, media.pixels)
    return min(round(media.size * _TOKENS_PER_BYTE), _MOST_DOCUMENT)


def _later(old: Usage | None, new: Usage | None) -> Usage | None:
    """Of two accounts of one request the one with more output, which the provider gave later."""
    if old is None or new is None:
        return new or old
    return old if old.output > new.output else new


def _content(block: Block, action: Action | None) -> Content:
    if block.kind in (Kind.TOOLS, Kind.CALL):
        return Content.JSON
    path = action.paths[0] if action is not None and action.paths else ""
    if block.kind is Kind.RULES:
        path = "rules.md"
    return content_of(path, block.text[:_SAMPLE])


def _excerpt(block: Block) -> str:
    return printable(beginning_of(block.text[: 2 * _EXCERPT])[:_EXCERPT])
