"""Chats of Gemini CLI: ``~/.gemini/tmp/<project>/chats/session-*.jsonl``, before 0.40 one JSON document with the same.

A record is a message; the same ``id`` comes again when tokens or tool calls are added to it. ``$set`` with ``messages``
replaces the whole list (a compaction, masked results, an attempt taken back), ``$rewindTo`` takes back a message and
all after it. What the lists repeat is not given again: each block is known by its mark and by what it holds.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Departure, Event, Kind, Request, Usage, Why
from ctxkit.sources.history.fields import mapping, maps, number, short, text, time_of
from ctxkit.sources.history.formats import head_of
from ctxkit.sources.history.gemini_parts import MODEL, USER, blocks
from ctxkit.sources.history.gemini_places import directory_of
from ctxkit.sources.history.glance import beginning, size_and_time, start_of, stem
from ctxkit.sources.history.reader import Head, Peek
from ctxkit.sources.history.reading import document, json_lines
from ctxkit.sources.history.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ctxkit.model import Skipped

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
            for block in _said(message) if not title and message.get("type") == "user" else ():
                context = context or (block.text if block.kind is Kind.REMINDER else "")
                title = title or (block.text if block.kind is Kind.PROMPT else "")
    size, written = size_and_time(head.path)
    yield Peek(
        path=head.path,
        id=short(first, "sessionId") or stem(head.path),
        cwd=directory_of(head.path, short(first, "projectHash"), context),
        title=title_of(title),
        model=model,
        began=time_of(first, "startTime"),
        ended=written,
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


def _said(message: Mapping[str, object]) -> list[Block]:
    return blocks(message.get("content"), USER, short(message, "id"))


class _Chat:
    """What of the chat is in the window: the marks of each message, and what each mark stands for."""

    def __init__(self) -> None:
        self._messages: dict[str, dict[str, None]] = {}
        self._held: dict[str, int] = {}
        self._owner: dict[str, str] = {}
        self._asked: dict[str, Usage | None] = {}
        self._answered = True

    def feed(self, record: Mapping[str, object]) -> Iterator[Event]:
        """The events that one more record brings."""
        rewind = record.get("$rewindTo")
        update = record.get("$set")
        if isinstance(rewind, str):
            yield from self._rewound(rewind)
        elif isinstance(record.get("id"), str):
            yield from self._message(record)
        elif isinstance(update, dict) and isinstance(update.get("messages"), list):
            yield from self._listed(maps(update, "messages"), time_of(update, "lastUpdated"))
        elif isinstance(record.get("messages"), list):
            for message in maps(record, "messages"):
                yield from self._message(message)

    def _message(self, record: Mapping[str, object]) -> Iterator[Event]:
        """A message that is new, or comes again with more in it."""
        identity = short(record, "id")
        yield from self._request(record)
        fresh = _by_mark(_blocks(record))
        old = self._messages.setdefault(identity, {})
        changed = [mark for mark in old if mark not in fresh or _print(fresh[mark]) != self._held.get(mark)]
        if changed:
            yield Departure(_why(changed), tuple(changed), at=time_of(record, "timestamp"))
            self._forget(changed)
        for mark, found in fresh.items():
            if self._held.get(mark) != _print(found):
                if mark in self._held:
                    yield Departure(_why([mark]), (mark,), at=time_of(record, "timestamp"))
                yield from self._enter(found)
            self._own(identity, mark, found)

    def _request(self, record: Mapping[str, object]) -> Iterator[Event]:
        if record.get("type") != "gemini":
            return
        identity = short(record, "id")
        usage = _usage(record)
        if usage is None and (identity in self._asked or self._answered):
            return
        if identity not in self._asked or self._asked[identity] != usage:
            self._asked[identity] = usage
            self._answered = True
            yield Request(identity, short(record, "model"), usage, at=time_of(record, "timestamp"))

    def _enter(self, found: Iterable[Block]) -> Iterator[Event]:
        for block in found:
            self._answered = self._answered and block.kind in _AT_MODEL
            yield block

    def _own(self, identity: str, mark: str, found: list[Block]) -> None:
        before = self._owner.get(mark)
        if before == identity:
            self._held[mark] = _print(found)
            return
        if before is not None:
            self._messages.get(before, {}).pop(mark, None)
        self._messages.setdefault(identity, {})[mark] = None
        self._owner[mark] = identity
        self._held[mark] = _print(found)

    def _forget(self, marks: Iterable[str]) -> None:
        for mark in marks:
            self._held.pop(mark, None)
            self._messages.get(self._owner.pop(mark, ""), {}).pop(mark, None)

    def _rewound(self, identity: str) -> Iterator[Event]:
        """The message ``identity`` and all after it leave; all of them if it is not known, as the client has it."""
        gone: list[str] = []
        while self._messages:
            last, marks = self._messages.popitem()
            gone += marks
            if last == identity:
                break
        self._forget(gone)
        if gone:
            yield Departure(Why.REWIND, tuple(gone))

    def _listed(self, messages: list[Mapping[str, object]], at: float) -> Iterator[Event]:
        """The list of messages is this one now."""
        fresh = {short(message, "id"): _by_mark(_blocks(message)) for message in messages}
        kept = self._matched(fresh)
        gone = [mark for mark in self._held if mark not in kept]
        new = {mark for of in fresh.values() for mark in of if mark not in kept}
        latest = next(reversed(self._held), "")
        compacted = bool(gone) and (latest in kept or any(identity not in self._messages for identity in fresh))
        if gone:
            why = _why(gone) if new.issuperset(gone) else Why.COMPACTION if compacted else Why.REWIND
            yield Departure(why, tuple(gone), at=at)
        seen = set(self._messages)
        self._messages, self._held, self._owner = {}, {}, {}
        summing_up = compacted
        for message in messages:
            identity = short(message, "id")
            yield from self._request(message) if identity not in seen and _usage(message) else ()
            summing_up = summing_up and not any(
                block.kind not in _SURROUNDINGS
                for mark in kept.keys() & fresh[identity].keys()
                for block in fresh[identity][mark]
            )
            for mark, found in fresh[identity].items():
                if mark in new and mark not in self._held:
                    yield from (_summed(block) for block in found) if summing_up else self._enter(found)
                self._own(identity, mark, found)

    def _matched(self, fresh: dict[str, dict[str, list[Block]]]) -> dict[str, int]:
        """The marks that stay, with what they hold. What only got another id keeps its place under the old mark."""
        kept: dict[str, int] = {}
        others: dict[int, list[str]] = defaultdict(list)
        wanted = {mark: _print(found) for of in fresh.values() for mark, found in of.items()}
        for mark, print_ in self._held.items():
            if wanted.get(mark) == print_:
                kept[mark] = print_
            else:
                others[print_].append(mark)
        for of in fresh.values():
            for mark in [mark for mark in of if mark not in kept and others.get(wanted[mark])]:
                old = others[wanted[mark]].pop(0)
                if old not in of:
                    of[old] = of.pop(mark)
                    kept[old] = wanted[mark]
        return kept


def _by_mark(found: Iterable[Block]) -> dict[str, list[Block]]:
    grouped: dict[str, list[Block]] = {}
    for block in found:
        grouped.setdefault(block.mark, []).append(block)
    return grouped


def _print(found: list[Block]) -> int:
    """What tells apart what two marks hold, whatever it was taken for."""
    return hash(tuple((block.text, block.call, block.media) for block in found))


def _why(marks: list[str]) -> Why:
    return Why.CLEARED if all(mark.startswith("result:") for mark in marks) else Why.REPLACED


def _summed(block: Block) -> Block:
    from dataclasses import replace

    return replace(block, kind=Kind.SUMMARY) if block.kind in (Kind.PROMPT, Kind.TEXT) else block


def _blocks(record: Mapping[str, object]) -> list[Block]:
    """The blocks of one message, in the order they are sent; notices to the user alone are none."""
    from dataclasses import replace

    identity, at = short(record, "id"), time_of(record, "timestamp")
    if record.get("type") == "user":
        return blocks(record.get("content"), USER, identity, at=at)
    if record.get("type") != "gemini":
        return []
    thoughts = _thoughts(record)
    calls = maps(record, "toolCalls")
    said = blocks(record.get("content"), MODEL, identity, at=at)
    found = [Block(Kind.THINKING, thoughts, mark=f"{identity}:thoughts", at=at)] if thoughts else []
    found += [block for block in said if block.kind is Kind.THINKING and not thoughts]
    words = "".join(block.text for block in said if block.kind is Kind.TEXT)
    if words:
        found.append(Block(Kind.TEXT, words, mark=f"{identity}:text", at=at))
    found += [block for block in said if block.kind is Kind.CALL and not calls]
    found += blocks([{"functionCall": each} for each in calls], MODEL, f"{identity}:calls", at=at)
    seen = {block.mark for block in found}
    for each in calls:
        answer = blocks(_answer(each), USER, f"{identity}:result:{short(each, 'id')}", at=at)
        failed = each.get("status") == "error"
        for block in answer:
            if block.mark not in seen:
                found.append(replace(block, error=True) if failed and block.kind is Kind.RESULT else block)
        seen |= {block.mark for block in answer}
    return found


def _thoughts(record: Mapping[str, object]) -> str:
    """The summaries of its thoughts that the model gave; the thoughts themselves are not kept."""
    said = []
    for thought in maps(record, "thoughts"):
        subject, rest = text(thought, "subject"), text(thought, "description")
        said.append(f"**{subject}** {rest}" if subject else rest)
    return "\n".join(said)


def _answer(tool_call: Mapping[str, object]) -> object:
    answer = tool_call.get("result")
    if not isinstance(answer, str):
        return answer
    response = {"id": short(tool_call, "id"), "name": short(tool_call, "name"), "response": {"output": answer}}
    return {"functionResponse": response}


def _usage(record: Mapping[str, object]) -> Usage | None:
    """``input`` holds what was read from the cache; ``output`` is without the thoughts; ``tool`` is more input."""
    tokens = mapping(record, "tokens")
    if not number(tokens, "input"):
        return None
    thoughts = number(tokens, "thoughts")
    return Usage(
        input=number(tokens, "input") + number(tokens, "tool"),
        cached=number(tokens, "cached"),
        output=number(tokens, "output") + thoughts,
        reasoning=thoughts,
    )
