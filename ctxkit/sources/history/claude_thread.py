"""One conversation of a Claude Code transcript, line by line: what enters its window, what is sent, what leaves."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Departure, Event, Kind, Request, Usage, Why
from ctxkit.sources.history.claude_lines import assistant_blocks, attachment_blocks, user_blocks
from ctxkit.sources.history.claude_requests import Exact, Requests
from ctxkit.sources.history.fields import items, json_text, mapping, maps, maybe_number, number, short, text, time_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LINES = frozenset({"user", "assistant", "attachment", "system"})
"""The types of lines that are part of a conversation."""
_IN_PROMPT = frozenset({Kind.SYSTEM, Kind.TOOLS})
_REMEMBERED = 50_000
"""Lines whose place is remembered, for going back to them."""
_WAITING = 2_000
"""Events that wait for the request they go out with; more than one turn ever had."""


class Thread:
    """The lines of one conversation become its events."""

    def __init__(self, name: str, lost: Callable[[str], None]) -> None:
        self._name = name
        self._lost = lost
        self._waiting: list[Event] = []
        self._message = ""
        self._messages = 0
        self._mark = ""
        self._places: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._requests = Requests()
        self._exact = False
        self._requested = False
        self._boundary: Departure | None = None
        self._window: list[str] = []
        self._head: dict[str, str] = {}

    def feed(self, record: Mapping[str, object]) -> Iterator[Event]:
        """The events that one more line brings."""
        kind = short(record, "type")
        if kind in LINES and short(record, "uuid") in self._places:
            return  # written twice
        if kind == "assistant":
            yield from self._assistant(record)
        elif kind == "user":
            yield from self._user(record)
        elif kind == "attachment":
            self._wait(attachment_blocks(record, self._name))
            self._place(record)
        elif kind == "system":
            yield from self._system(record)
        elif kind == "api-request-shape":
            self._requests.shape(record)
        elif kind == "api-request-blob":
            self._requests.blob(record)
        elif kind == "api-request":
            yield from self._request(self._requests.request(record), time_of(record, "timestamp"))
        elif kind == "progress":
            self._place(record)
        if len(self._waiting) > _WAITING:
            yield from self._end()

    def close(self) -> Iterator[Event]:
        """What was still waiting for a request when the file ended."""
        if self._boundary is not None:
            yield self._boundary
        yield from self._end()

    def _end(self) -> Iterator[Event]:
        yield from self._waiting
        self._waiting.clear()

    def _wait(self, blocks: Iterator[Block]) -> None:
        for block in blocks:
            self._mark = block.mark or self._mark
            self._waiting.append(block)

    def _place(self, record: Mapping[str, object]) -> None:
        identity = short(record, "uuid")
        if not identity:
            return
        self._places[identity] = self._mark, self._messages
        if len(self._places) > _REMEMBERED:
            self._places.popitem(last=False)

    def _user(self, record: Mapping[str, object]) -> Iterator[Event]:
        message = mapping(record, "message")
        if self._exact or not self._messages:
            self._requests.user(short(record, "uuid"), message)
        blocks = list(user_blocks(record, self._name))
        if any(block.kind is Kind.PROMPT for block in blocks):
            yield from self._gone_back(record)
        self._wait(iter(blocks))
        self._place(record)

    def _gone_back(self, record: Mapping[str, object]) -> Iterator[Event]:
        """A prompt that answers an earlier line than the last, or none: what came between is no longer sent."""
        parent = record.get("parentUuid", "")
        if self._exact or (parent is not None and short(record, "parentUuid") not in self._places):
            return
        mark, messages = ("", 0) if parent is None else self._places[short(record, "parentUuid")]
        if messages < self._messages:
            self._waiting.clear()
            at = time_of(record, "timestamp")
            yield Departure(Why.REWIND, after=mark, spared=_IN_PROMPT, thread=self._name, at=at)
            self._mark = mark

    def _assistant(self, record: Mapping[str, object]) -> Iterator[Event]:
        message = mapping(record, "message")
        if record.get("isApiErrorMessage") is True or message.get("model") == "<synthetic>":
            self._place(record)
            return
        identity = short(message, "id") or short(record, "requestId", "uuid")
        at = time_of(record, "timestamp")
        if identity != self._message:
            self._message = identity
            self._messages += 1
            if self._exact and not self._requested:
                # No longer recorded exactly: the lines stand in again.
                self._exact = False
                self._window.clear()
            if not self._exact:
                yield from self._end()
            self._requested = False
        yield Request(identity, short(message, "model"), _usage(message), self._name, at)
        if self._exact or self._messages == 1:
            self._requests.answer(identity, list(items(message, "content")))
        for block in assistant_blocks(message, identity, self._name, at):
            self._mark = block.mark
            yield block
        self._place(record)

    def _system(self, record: Mapping[str, object]) -> Iterator[Event]:
        subtype = record.get("subtype")
        if subtype == "compact_boundary":
            self._boundary = self._compaction(record)
            if self._exact:
                self._waiting.clear()
            else:
                yield from self._end()
                yield self._boundary
                self._boundary = None
            self._places.clear()
        elif subtype == "microcompact_boundary":
            data = mapping(record, "microcompactMetadata")
            marks = [item for key in ("compactedToolIds", "clearedAttachmentUUIDs") for item in items(data, key)]
            cleared = tuple(item for item in marks if isinstance(item, str))
            if cleared and not self._exact:
                yield from self._end()
                yield Departure(Why.CLEARED, cleared, thread=self._name, at=time_of(record, "timestamp"))
        self._place(record)

    def _compaction(self, record: Mapping[str, object]) -> Departure:
        data = mapping(record, "compactMetadata")
        kept: list[str] = []
        segment = mapping(data, "preservedSegment")
        if segment:
            order = list(self._places)
            ends = [short(segment, "headUuid"), short(segment, "tailUuid")]
            if all(end in self._places for end in ends):
                kept = order[order.index(ends[0]) : order.index(ends[1]) + 1]
                kept += [self._places[line][0] for line in kept]
        for line in (*items(data, "preservedMessages", "uuids"), *items(data, "preservedMessages", "allUuids")):
            if isinstance(line, str) and line in self._places:
                kept += [line, self._places[line][0]]
        return Departure(
            why=Why.COMPACTION,
            kept=frozenset(filter(None, kept)),
            trigger=short(data, "trigger"),
            before=maybe_number(data, "preTokens"),
            later=maybe_number(data, "postTokens"),
            thread=self._name,
            at=time_of(record, "timestamp"),
        )

    def _request(self, exact: Exact, at: float) -> Iterator[Event]:
        """The window becomes what the client sent."""
        if exact.lost:
            self._lost(f"{exact.lost:,} messages of the request {exact.id} are not in the transcript")
        tail, kept, answered = exact.tail, exact.kept, self._message
        if not self._exact:
            # What stood in for exact requests so far goes.
            if self._messages:
                yield from self._end()
                yield Departure(Why.REPLACED, spared=frozenset(), thread=self._name, at=at)
                self._head.clear()
            self._exact = True
            tail, kept, answered = self._requests.window(), 0, ""
        self._requested = True
        self._waiting.clear()
        yield from self._prompt(exact, at)
        forgotten = bool(answered) and all(mark != answered for mark, _ in tail)
        if kept < len(self._window) or self._boundary is not None or forgotten:
            gone = self._boundary or Departure(Why.REWIND, thread=self._name, at=at)
            after = self._window[kept - 1] if kept else ""
            yield replace(gone, after=after, spared=_IN_PROMPT, kept=frozenset())
            answered = ""
        self._boundary = None
        del self._window[kept:]
        held = set(self._window)
        for mark, message in tail:
            # The user may say the same again; each time has a mark of its own.
            place = f"{mark}#{len(self._window)}" if mark in held else mark
            held.add(place)
            self._window.append(place)
            if message.get("role") != "assistant":
                yield from user_blocks({"message": message, "uuid": place, "timestamp": None}, self._name, at)
            elif mark != answered:
                yield from assistant_blocks(message, mark, self._name, at)
        self._mark = self._window[-1] if self._window else ""

    def _prompt(self, exact: Exact, at: float) -> Iterator[Event]:
        """System prompt and tools, as far as they differ from those of the request before."""
        parts: dict[str, Block] = {}
        for part in maps({"parts": exact.system}, "parts"):
            words = text(part, "text")
            mark = f"system:{_mark(words)}"
            parts[mark] = Block(Kind.SYSTEM, words, thread=self._name, mark=mark, at=at)
        for tool in maps({"parts": exact.tools}, "parts"):
            words = json_text({key: value for key, value in tool.items() if key != "cache_control"})
            mark = f"tool:{_mark(words)}"
            parts[mark] = Block(Kind.TOOLS, words, short(tool, "name"), thread=self._name, mark=mark, at=at)
        if not parts:
            return
        gone = tuple(mark for mark in self._head if mark not in parts)
        if gone:
            yield Departure(Why.REPLACED, gone, thread=self._name, at=at)
        for mark, block in parts.items():
            if mark not in self._head:
                yield block
        self._head = dict.fromkeys(parts, "")


def _mark(words: str) -> str:
    return blake2b(words.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _usage(message: Mapping[str, object]) -> Usage | None:
    usage = mapping(message, "usage")
    if not usage:
        return None
    fresh, written, cached = (
        number(usage, key) for key in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    )
    return Usage(
        input=fresh + written + cached,
        cached=cached,
        written=written,
        written_1h=maybe_number(mapping(usage, "cache_creation"), "ephemeral_1h_input_tokens"),
        output=number(usage, "output_tokens"),
        reasoning=maybe_number(mapping(usage, "output_tokens_details"), "thinking_tokens"),
    )
