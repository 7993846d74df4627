"""Chats of Qwen Code: ``~/.qwen/projects/<slug>/chats/<session>.jsonl``, one record a line.

Messages are in Gemini's shape whatever the provider. Records form a tree by ``parentUuid``: going back in a
conversation makes the next record answer an earlier one. A compaction is a record of the system with the history that
replaces what came before it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model.session import MAIN, Block, Departure, Event, Kind, Request, Usage, Why
from ctxkit.sources.history.branches import Branches, Span, again
from ctxkit.sources.history.fields import items, mapping, maybe_number, number, short, text, time_of
from ctxkit.sources.history.formats import head_of
from ctxkit.sources.history.gemini_parts import MODEL, USER, blocks
from ctxkit.sources.history.glance import size_and_end, start_of, stem
from ctxkit.sources.history.reader import Head, Peek
from ctxkit.sources.history.reading import json_lines
from ctxkit.sources.history.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped

ID = "qwen-code"
AGENTS = ("qwen-code",)

_TYPES = frozenset({"user", "assistant", "tool_result", "system"})
_NEVER_SENT = frozenset({"realtime_message", "code_mode_tool_result"})
_SPOKEN = frozenset({"", "mid_turn_user_message", "cron", "agent_launch_prompt"})
"""Subtypes of records of the user that hold words of a person; the others are notices of the client."""


def recognise(head: Head) -> bool:
    """Records with ``uuid``, ``parentUuid`` and ``sessionId``, and a message that has ``parts`` or none."""
    for record in head.records[:20]:
        if short(record, "type") not in _TYPES or not {"uuid", "parentUuid", "sessionId"} <= record.keys():
            return False
        if "provenance" in record or "systemPayload" in record or "parts" in mapping(record, "message"):
            return True
    return False


def peek(head: Head) -> Iterator[Peek]:
    """The session of the file."""
    first = head.records[0] if head.records else {}
    title = model = named = ""
    for record in head.records:
        model = model or short(record, "model")
        named = named or text(mapping(record, "systemPayload"), "customTitle")
        if not title and record.get("type") == "user":
            title = next((block.text for block in _said(record, MAIN) if block.kind is Kind.PROMPT), "")
    agent = short(first, "agentId")
    size, ended = size_and_end(head.path)
    yield Peek(
        path=head.path,
        id=agent or short(first, "sessionId") or stem(head.path),
        cwd=text(first, "cwd"),
        title=title_of(named or title),
        model=model,
        version=short(first, "version"),
        began=time_of(first, "timestamp"),
        ended=ended,
        size=size,
        parent=short(first, "sessionId") if agent else short(mapping(first, "forkedFrom"), "sessionId"),
    )


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the session in ``path``; a file holds one, so ``key`` does not matter."""
    head = head_of(path)
    first = head.records[0] if head.records else {}
    yield start_of(next(peek(head)), ID, "qwen-code", short(first, "gitBranch"))
    own = short(first, "agentId")
    threads: dict[str, _Thread] = {}
    for line in json_lines(path, skip):
        name = short(line.record, "agentId")
        name = MAIN if name == own else name
        thread = threads.setdefault(name, _Thread(path, name))
        yield from thread.feed(line.record, Span(line.start, line.end))


class _Thread:
    """The records of one conversation become its events."""

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self._name = name
        self._branches = Branches()

    def feed(self, record: Mapping[str, object], span: Span) -> Iterator[Event]:
        """The events that one more record brings."""
        if short(record, "type") not in _TYPES:
            return
        identity, parent, at = short(record, "uuid"), short(record, "parentUuid"), time_of(record, "timestamp")
        if "parentUuid" in record:
            turn = self._branches.follow(parent)
            if turn.gone:
                yield Departure(Why.REWIND, turn.gone, thread=self._name, at=at)
            for old in again(self._path, turn.back):
                yield from _blocks(old, self._name)
        found = _blocks(record, self._name)
        marks = dict.fromkeys(block.mark for block in found)
        if record.get("subtype") == "chat_compression":
            self._branches.sum_up(identity, parent, span, marks, "")
            yield self._compaction(record)
        else:
            if record.get("type") == "assistant":
                yield Request(identity, short(record, "model"), _usage(record), self._name, at)
            self._branches.add(identity, parent, span, marks)
        yield from found

    def _compaction(self, record: Mapping[str, object]) -> Departure:
        info = mapping(record, "systemPayload", "info")
        return Departure(
            Why.COMPACTION,
            spared=frozenset(),
            trigger=short(info, "trigger"),
            before=maybe_number(info, "originalTokenCount"),
            later=maybe_number(info, "newTokenCount"),
            thread=self._name,
            at=time_of(record, "timestamp"),
        )


def _blocks(record: Mapping[str, object], thread: str) -> list[Block]:
    if short(record, "subtype") in _NEVER_SENT:
        return []
    match record.get("type"):
        case "user":
            return _said(record, thread)
        case "assistant":
            return _content(record, MODEL, thread)
        case "tool_result":
            failed = mapping(record, "toolCallResult").get("status") == "error"
            found = _content(record, USER, thread)
            return [
                replace(block, error=block.error or failed) if block.kind is Kind.RESULT else block for block in found
            ]
        case "system" if record.get("subtype") == "chat_compression":
            return list(_compressed(record, thread))
    return []


def _said(record: Mapping[str, object], thread: str) -> list[Block]:
    found = _content(record, USER, thread)
    subtype = short(record, "subtype")
    if subtype in _SPOKEN:
        return found
    return [replace(b, kind=Kind.REMINDER, name=subtype) if b.kind is Kind.PROMPT else b for b in found]


def _content(record: Mapping[str, object], role: str, thread: str) -> list[Block]:
    parts = mapping(record, "message").get("parts")
    return blocks(parts, role, short(record, "uuid"), thread, time_of(record, "timestamp"))


def _compressed(record: Mapping[str, object], thread: str) -> Iterator[Block]:
    """What replaces the history: its first words of the user are the summary, and an answer to these belongs to it."""
    history = items(record, "systemPayload", "compressedHistory")
    at, identity = time_of(record, "timestamp"), short(record, "uuid")
    summed = 0
    for number_, content in enumerate(each for each in history if isinstance(each, dict)):
        by_model = content.get("role") == "model"
        found = blocks(content.get("parts"), MODEL if by_model else USER, f"{identity}:{number_}", thread, at)
        plain = bool(found) and all(block.kind in (Kind.PROMPT, Kind.SUMMARY, Kind.TEXT) for block in found)
        if plain and summed == int(by_model):
            summed += 1
            found = [replace(block, kind=Kind.SUMMARY) for block in found]
        yield from found


def _usage(record: Mapping[str, object]) -> Usage | None:
    """``promptTokenCount`` holds what was read from a cache. Whether the answer holds its thoughts, the total tells."""
    counts = mapping(record, "usageMetadata")
    if not counts:
        return None
    whole, answer = number(counts, "promptTokenCount"), number(counts, "candidatesTokenCount")
    thoughts = number(counts, "thoughtsTokenCount")
    apart = number(counts, "totalTokenCount") >= whole + answer + thoughts
    return Usage(
        input=whole,
        cached=number(counts, "cachedContentTokenCount"),
        output=answer + thoughts if apart else answer,
        reasoning=thoughts,
    )
