"""Chats of Gemini CLI: ``~/.gemini/tmp/<project>/chats/session-*.jsonl``, before 0.40 one JSON document with the same.

A record is a message; the same ``id`` comes again when tokens or tool calls are added to it. ``$set`` with ``messages``
replaces the whole list (a compaction, masked results, an attempt taken back), ``$rewindTo`` takes back a message and
all after it. Another header says that the chat was opened again; the client then writes all of it down anew. What the
lists repeat is not given again: each block is known by its mark and by what it holds.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Departure, Event, Kind, Request, Usage, Why
from ctxkit.sources.history.fields import maps, short, time_of
from ctxkit.sources.history.formats import head_of
from ctxkit.sources.history.gemini_messages import RESULT, by_mark, is_answer, listed, said, sent, thoughts, usage
from ctxkit.sources.history.gemini_places import directory_of
from ctxkit.sources.history.glance import beginning, size_and_end, start_of, stem
from ctxkit.sources.history.reader import Head, Peek
from ctxkit.sources.history.reading import document, json_lines
from ctxkit.sources.history.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ctxkit.model import Skipped
    from ctxkit.sources.history.gemini_messages import Grouped

ID = "gemini-cli"
AGENTS = ("gemini-cli",)

_SIGNS = (b'"sessionId"', b'"projectHash"')
_SIGNS_WITHIN = 1_000
_SURROUNDINGS = frozenset({Kind.REMINDER, Kind.RULES})
_AT_MODEL = frozenset({Kind.THINKING, Kind.TEXT, Kind.CALL})


def recognise(head: Head) -> bool:
    """The first thing in the file is an object with ``sessionId`` and ``projectHash``."""
    if head.records:
        return all(isinstance(head.records[0].get(key), str) for key in ("sessionId", "projectHash"))
    return head.is_json and all(sign in head.data[:_SIGNS_WITHIN] for sign in _SIGNS)


def peek(head: Head) -> Iterator[Peek]:
    """The session of the file."""
    first: Mapping[str, object] = {}
    title = model = context = ""
    for record in _records(head):
        if isinstance(record.get("sessionId"), str) and not first:
            first = record
        for message in [record, *maps(record, "messages"), *maps(record, "$set", "messages")]:
            model = model or short(message, "model")
            for block in said(message) if not title and message.get("type") == "user" else ():
                context = context or (block.text if block.kind is Kind.REMINDER else "")
                title = title or (block.text if block.kind is Kind.PROMPT else "")
    size, ended = size_and_end(head.path)
    yield Peek(
        path=head.path,
        id=short(first, "sessionId") or stem(head.path),
        cwd=directory_of(head.path, short(first, "projectHash"), context),
        title=title_of(title),
        model=model,
        began=time_of(first, "startTime"),
        ended=(time_of(first, "lastUpdated") if head.is_json else 0.0) or ended,
        size=size,
        parent=_parent(head.path, first),
    )


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the session in ``path``; a file holds one, so ``key`` does not matter."""
    head = head_of(path)
    yield start_of(next(peek(head)), ID, "gemini-cli")
    chat = _Chat()
    if head.is_json:
        whole = document(path)
        yield from chat.feed(whole) if isinstance(whole, dict) else ()
        return
    for line in json_lines(path, skip):
        yield from chat.feed(line.record)
    yield from chat.settle()


def _records(head: Head) -> Iterable[Mapping[str, object]]:
    if head.records:
        return head.records
    value = beginning(head.data)
    return (value,) if isinstance(value, dict) else ()


def _parent(path: str, record: Mapping[str, object]) -> str:
    """A subagent's chat lies in a folder called by the id of the session it works for."""
    folder = os.path.dirname(os.path.abspath(path))
    inside = os.path.basename(os.path.dirname(folder)) == "chats"
    return os.path.basename(folder) if inside and record.get("kind") == "subagent" else ""


class _Chat:
    """What of the chat is in the window: the marks of each message, and what each mark stands for."""

    def __init__(self) -> None:
        self._messages: dict[tuple[str, str], dict[str, None]] = {}
        self._held: dict[str, int] = {}
        self._owner: dict[str, tuple[str, str]] = {}
        self._asked: dict[str, Usage | None] = {}
        self._thought: set[str] = set()
        self._around: set[str] = set()
        self._answered = True
        self._opened = 0
        self._resumed: dict[tuple[str, str], Mapping[str, object]] | None = None

    def feed(self, record: Mapping[str, object]) -> Iterator[Event]:
        """The events that one more record brings."""
        rewind = record.get("$rewindTo")
        update = record.get("$set")
        if isinstance(rewind, str):
            yield from self.settle()
            yield from self._rewound(rewind)
        elif isinstance(record.get("id"), str):
            if self._resumed is not None and not is_answer(record):
                self._resumed[_key(record)] = record
                return
            yield from self.settle()
            yield from self._message(record)
        elif isinstance(update, dict) and isinstance(update.get("messages"), list):
            messages = maps(update, "messages")
            if self._opened > 1:
                self._resumed = {_key(message): message for message in messages}
            else:
                yield from self._listed(messages, time_of(update, "lastUpdated"))
        elif isinstance(record.get("messages"), list):
            for message in maps(record, "messages"):
                yield from self._message(message)
        else:
            self._opened += isinstance(record.get("sessionId"), str)

    def settle(self) -> Iterator[Event]:
        """The chat goes on with the list that the client has put together since it was opened again.

        On the way there the client lists all of it in parts and several times over, of which nothing is sent.
        """
        self._opened = min(self._opened, 1)
        if self._resumed is not None:
            messages, self._resumed = list(self._resumed.values()), None
            at = max((time_of(message, "timestamp") for message in messages), default=0.0)
            yield from self._listed(messages, at, resumed=True)

    def _message(self, record: Mapping[str, object]) -> Iterator[Event]:
        """A message that is new, or comes again with more in it."""
        key = _key(record)
        yield from self._request(record)
        fresh = by_mark(sent(record))
        old = self._messages.setdefault(key, {})
        changed = [mark for mark in old if mark not in fresh or _print(fresh[mark]) != self._held.get(mark)]
        if changed:
            yield Departure(_why(changed), tuple(changed), at=time_of(record, "timestamp"))
            self._forget(changed)
        for mark, found in fresh.items():
            if self._held.get(mark) != _print(found):
                if mark in self._held:
                    yield Departure(_why([mark]), (mark,), at=time_of(record, "timestamp"))
                yield from self._enter(found)
            self._own(key, mark, found)

    def _request(self, record: Mapping[str, object]) -> Iterator[Event]:
        """The request that the message answers, and what the model thought; no later request holds that."""
        if not is_answer(record):
            return
        identity = short(record, "id")
        used = usage(record)
        known = identity in self._asked and self._asked[identity] == used
        if not known and (used is not None or not (identity in self._asked or self._answered)):
            self._asked[identity] = used
            self._answered = True
            yield Request(identity, short(record, "model"), used, at=time_of(record, "timestamp"))
        for thinking in thoughts(record) if identity not in self._thought else ():
            self._thought.add(identity)
            yield thinking
            yield Departure(Why.DROPPED, (thinking.mark,), at=thinking.at)

    def _enter(self, found: Iterable[Block]) -> Iterator[Event]:
        for block in found:
            self._answered = self._answered and block.kind in _AT_MODEL
            yield block

    def _own(self, key: tuple[str, str], mark: str, found: list[Block]) -> None:
        if all(block.kind in _SURROUNDINGS for block in found):
            self._around.add(mark)
        before = self._owner.get(mark)
        if before == key:
            self._held[mark] = _print(found)
            return
        if before is not None:
            self._messages.get(before, {}).pop(mark, None)
        self._messages.setdefault(key, {})[mark] = None
        self._owner[mark] = key
        self._held[mark] = _print(found)

    def _forget(self, marks: Iterable[str]) -> None:
        for mark in marks:
            self._held.pop(mark, None)
            self._messages.get(self._owner.pop(mark, ("", "")), {}).pop(mark, None)

    def _rewound(self, identity: str) -> Iterator[Event]:
        """The message ``identity`` and all after it leave; all of them if it is not known, as the client has it."""
        gone: list[str] = []
        while self._messages:
            (last, _), marks = self._messages.popitem()
            gone += marks
            if last == identity:
                break
        self._forget(gone)
        if gone:
            yield Departure(Why.REWIND, tuple(gone))

    def _listed(self, messages: list[Mapping[str, object]], at: float, *, resumed: bool = False) -> Iterator[Event]:
        """The list of messages is this one now. ``resumed``: a chat goes on with it that was closed before."""
        fresh = listed(messages)
        kept = self._matched(fresh)
        gone = [mark for mark in self._held if mark not in kept]
        new = {mark for of in fresh.values() for mark in of if mark not in kept}
        compacted = bool(gone) and self._begins_anew(fresh)
        if compacted and not new.issuperset(gone):
            yield Departure(Why.COMPACTION, tuple(gone), at=at)
        else:
            again, lost = [mark for mark in gone if mark in new], tuple(mark for mark in gone if mark not in new)
            if again:
                yield Departure(_why(again), tuple(again), at=at)
            if lost:
                yield Departure(Why.REPLACED if resumed else Why.REWIND, lost, at=at)
        seen = set(self._messages)
        self._messages, self._held, self._owner = {}, {}, {}
        behind = _anchors(fresh, new)
        summing_up = compacted
        for message in messages:
            key = _key(message)
            yield from self._request(message) if key not in seen and usage(message) else ()
            summing_up = summing_up and not any(
                block.kind not in _SURROUNDINGS
                for mark in kept.keys() & fresh[key].keys()
                for block in fresh[key][mark]
            )
            for mark, found in fresh[key].items():
                if mark in new and mark not in self._held:
                    placed = [replace(block, before=behind[mark]) for block in found] if behind[mark] else found
                    yield from (_summed(block) for block in placed) if summing_up else self._enter(placed)
                self._own(key, mark, found)

    def _begins_anew(self, fresh: dict[tuple[str, str], Grouped]) -> bool:
        """Does the list begin with other words of the user's role than the window: those of a summary?"""
        before = next((mark for mark in self._held if mark not in self._around), "")
        for of in fresh.values():
            for mark, found in of.items():
                kind = next((block.kind for block in found if block.kind not in _SURROUNDINGS), None)
                if kind is not None:
                    return mark != before and kind in (Kind.PROMPT, Kind.SUMMARY)
        return False

    def _matched(self, fresh: dict[tuple[str, str], Grouped]) -> dict[str, int]:
        """The marks that stay, with what they hold. What only got another id keeps its place under the old mark."""
        kept: dict[str, int] = {}
        others: dict[int, list[str]] = defaultdict(list)
        wanted = {mark: _print(found) for of in fresh.values() for mark, found in of.items()}
        for mark, print_ in self._held.items():
            if wanted.get(mark) == print_:
                kept[mark] = print_
            else:
                others[print_].append(mark)
        for key, of in fresh.items():
            named: Grouped = {}
            for mark, found in of.items():
                known = others.get(wanted[mark]) if mark not in kept else None
                own = known.pop(0) if known and known[0] not in of else mark
                if own != mark:
                    kept[own] = wanted[mark]
                named[own] = found
            fresh[key] = named
        return kept


def _key(message: Mapping[str, object]) -> tuple[str, str]:
    """What is written down again of a call and of its result may have the same id."""
    return short(message, "id"), short(message, "type")


def _anchors(fresh: dict[tuple[str, str], Grouped], new: set[str]) -> dict[str, str]:
    """For each new mark, the next mark in the list that is in the window already; empty if there is none."""
    behind: dict[str, str] = {}
    anchor = ""
    for mark in reversed([mark for of in fresh.values() for mark in of]):
        if mark in new:
            behind[mark] = anchor
        else:
            anchor = mark
    return behind


def _print(found: list[Block]) -> int:
    """What tells apart what two marks hold, whatever it was taken for."""
    return hash(tuple((block.text, block.call, block.media) for block in found))


def _why(marks: list[str]) -> Why:
    return Why.CLEARED if all(mark.startswith(RESULT) for mark in marks) else Why.REPLACED


def _summed(block: Block) -> Block:
    return replace(block, kind=Kind.SUMMARY) if block.kind in (Kind.PROMPT, Kind.TEXT) else block
