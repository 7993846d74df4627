"""What opencode sends of the messages and parts it keeps: one session's, as events.

A message of the model holds steps; each is one request, whose parts come first and whose usage comes last. Facts: the
functions that turn stored messages into requests in packages/opencode/src/session (message-v2, compaction, revert) of
opencode 1.x; checked against recorded requests of 1.18.33 and Kilo 7.7.7.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ctxkit.model.session import MAIN, Block, Departure, Kind, Media, Request, Usage, Why
from ctxkit.sources.history import wire_blocks
from ctxkit.sources.history.fields import (
    amount,
    arguments_of,
    json_text,
    mapping,
    maps,
    maybe_number,
    number,
    short,
    text,
    time_of,
)
from ctxkit.sources.history.media import media_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ctxkit.model.session import Event

CLEARED = "[Old tool result content cleared]"
"""What stands in place of a result that opencode took out of the window by itself."""
_INTERRUPTED = "[Tool execution was interrupted]"
_REFUSED = "invalid"
"""The tool that a call goes to whose own tool is unknown or does not take its arguments."""
_ASKS_FOR_SUMMARY = "What did we do so far?"
_RAN_BY_USER = "The following tool was executed by the user"
_COMPACTION = "compaction"
"""The thread of the requests for a summary. They go out with a prompt of their own, without tools, and hold the
conversation retold as one text that the transcript does not keep, so nothing is known to be in their window."""
_NOT_SENT = frozenset({"text/plain", "application/x-directory"})
"""Types of files whose content comes as text of its own."""
_SEALED = frozenset({"signature", "thoughtSignature", "reasoningEncryptedContent", "redactedData"})
"""What a part's metadata holds for the provider alone."""


@dataclass(slots=True)
class Message:
    """A stored message: its own record, its id, and its parts in order, each with its id in ``id``."""

    id: str
    info: Mapping[str, object]
    parts: Sequence[Mapping[str, object]]


class Clearings:
    """Results that opencode took out of the window by itself, some time after they had come."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, str, str, str]] = []

    def add(self, at: float, mark: str, call: str, tool: str) -> None:
        """The result marked ``mark`` goes at ``at`` (seconds)."""
        heapq.heappush(self._waiting, (at, mark, call, tool))

    def keep(self, marks: frozenset[str]) -> None:
        """Only those with one of ``marks`` are still in the window."""
        self._waiting = [item for item in self._waiting if item[1] in marks]
        heapq.heapify(self._waiting)

    def due(self, now: float) -> Iterator[Event]:
        """What went before ``now``; what the client sends instead comes behind it."""
        gone = []
        while self._waiting and self._waiting[0][0] <= now:
            gone.append(heapq.heappop(self._waiting))
        if gone:
            yield Departure(Why.CLEARED, marks=tuple(mark for _, mark, _, _ in gone), at=gone[-1][0])
            for at, mark, call, tool in gone:
                yield Block(Kind.RESULT, CLEARED, name=tool, call=call, mark=mark, at=at)


@dataclass(slots=True)
class _Window:
    """What has to be remembered of the messages so far, as ids."""

    marks: list[tuple[str, list[str]]] = field(default_factory=list)
    """Per message since the last compaction, in the order of a request: the marks of its blocks."""
    cleared: Clearings = field(default_factory=lambda: Clearings())
    compaction: Mapping[str, object] | None = None
    """The compaction that the last message of the user asks for."""
    asked: str = ""
    """The id of that message."""
    system: str = ""
    undone: str | None = None
    """The mark before the place the user went back to, once that place was seen."""

    def since(self, message: str) -> frozenset[str]:
        """The marks of everything from ``message`` on; none if it is not there."""
        ids = [identity for identity, _ in self.marks]
        first = ids.index(message) if message in ids else len(ids)
        return frozenset(mark for _, marks in self.marks[first:] for mark in marks)

    def last(self) -> str:
        return next((marks[-1] for _, marks in reversed(self.marks) if marks), "")


def events(messages: Iterable[Message], revert: Mapping[str, object]) -> Iterator[Event]:
    """The events of one session. ``revert``: where the user went back to (messageID, partID), if they did."""
    window = _Window()
    to_message, to_part = text(revert, "messageID"), text(revert, "partID")
    for message in messages:
        created = time_of(mapping(message.info, "time"), "created")
        yield from window.cleared.due(created)
        if message.id == to_message and not to_part:
            window.undone = window.last()
        window.marks.append((message.id, []))
        sent = _answered(message, window) if text(message.info, "role") == "assistant" else _asked(message, window)
        for event in sent:
            if isinstance(event, Block) and event.thread == MAIN:
                if to_part and event.mark == to_part and window.undone is None:
                    window.undone = window.last()
                if event.before:
                    window.marks.insert(0, ("", [event.mark]))
                else:
                    window.marks[-1][1].append(event.mark)
            yield event
    yield from window.cleared.due(float("inf"))
    if window.undone is not None:
        yield Departure(Why.REWIND, after=window.undone)


def _asked(message: Message, window: _Window) -> Iterator[Event]:
    at = time_of(mapping(message.info, "time"), "created")
    system = text(message.info, "system")
    if system != window.system:
        if window.system:
            yield Departure(Why.REPLACED, marks=("system",), spared=frozenset(), at=at)
        if system:
            yield Block(Kind.SYSTEM, system, mark="system", at=at)
        window.system = system
    window.compaction = None
    for part in message.parts:
        mark = text(part, "id")
        match text(part, "type"):
            case "text" if part.get("ignored") is not True:
                kind = Kind.REMINDER if part.get("synthetic") is True else Kind.PROMPT
                if words := text(part, "text"):
                    yield Block(kind, words, mark=mark, at=at)
            case "file" if text(part, "mime") not in _NOT_SENT:
                yield Block(Kind.PROMPT, media=(_media(part),), mark=mark, at=at)
            case "subtask":
                yield Block(Kind.REMINDER, _RAN_BY_USER, mark=mark, at=at)
            case "compaction":
                window.compaction, window.asked = part, message.id


def _answered(message: Message, window: _Window) -> Iterator[Event]:
    info = message.info
    compaction = _compaction(message, window)
    steps = list(_steps(message, window))
    if not steps:
        return
    model, at = short(info, "modelID"), time_of(mapping(info, "time"), "created")
    thread = _COMPACTION if info.get("summary") is True else MAIN
    answered: list[Block] = []
    for number_of_step, (usage, blocks) in enumerate(steps):
        identity = message.id if not number_of_step else f"{message.id}:{number_of_step}"
        yield Request(identity, model, usage, thread, at)
        # The words of a summary enter as the summary.
        mine = [
            block.placed(thread, block.mark, block.at)
            for block in blocks
            if not (compaction is not None and block.kind is Kind.TEXT)
        ]
        answered += mine
        yield from mine
    if answered and (thread == _COMPACTION or _is_dropped(message)):
        yield Departure(Why.REWIND, tuple(block.mark for block in answered), thread=thread, at=at)
    if compaction is not None:
        yield from _compacted(compaction, steps, window, at)


def _compaction(message: Message, window: _Window) -> Mapping[str, object] | None:
    """The compaction that ``message`` is the summary of; None if it is none, or failed."""
    info = message.info
    if info.get("summary") is not True or info.get("error") or not text(info, "finish"):
        return None
    asked_here = window.compaction is not None and text(info, "parentID") in ("", window.asked)
    return window.compaction if asked_here else {}


def _compacted(
    part: Mapping[str, object], steps: list[tuple[Usage | None, list[Block]]], window: _Window, at: float
) -> Iterator[Event]:
    trigger = "" if not part else "auto" if part.get("auto") is True else "manual"
    tail = text(part, "tail_start_id")
    kept = window.since(tail) if tail else frozenset()
    window.marks = [(identity, [m for m in marks if m in kept]) for identity, marks in window.marks]
    first = next((mark for _, marks in window.marks for mark in marks), "")
    window.cleared.keep(kept)
    yield Departure(Why.COMPACTION, kept=kept, trigger=trigger, at=at)
    asked = text(part, "id")
    yield Block(Kind.REMINDER, _ASKS_FOR_SUMMARY, mark=asked or "compaction", at=at, before=first)
    for _, blocks in steps:
        for block in blocks:
            if block.kind is Kind.TEXT:
                yield Block(Kind.SUMMARY, block.text, mark=block.mark, at=at, before=first)
    window.compaction = None


def _is_dropped(message: Message) -> bool:
    """A failed answer is not sent again, unless the user stopped it after something had come."""
    error = mapping(message.info, "error")
    if not error:
        return False
    came = any(text(part, "type") not in ("step-start", "reasoning") for part in message.parts)
    return not (text(error, "name") == "MessageAbortedError" and came)


def _steps(message: Message, window: _Window) -> Iterator[tuple[Usage | None, list[Block]]]:
    """(usage, blocks) of each request in a message; the results come behind the calls, as they are sent."""
    at = time_of(mapping(message.info, "time"), "created")
    finished = "completed" in mapping(message.info, "time")
    said: list[Block] = []
    results: list[Block] = []
    ended = 0
    for part in message.parts:
        match text(part, "type"):
            case "step-finish":
                yield usage_of(part), said + results
                said, results = [], []
                ended += 1
            case "text" if words := text(part, "text"):
                said.append(Block(Kind.TEXT, words, mark=text(part, "id"), at=at))
            case "reasoning":
                words, sealed = text(part, "text"), _sealed(mapping(part, "metadata"))
                if words or sealed:
                    said.append(Block(Kind.THINKING, words, opaque=sealed, mark=text(part, "id"), at=at))
            case "tool":
                said.append(_call(part, at))
                results.extend(_result(part, finished, window))
    if said or results or not ended:
        usage = None if ended else usage_of(message.info)
        if said or results or usage:
            yield usage, said + results


def _call(part: Mapping[str, object], at: float) -> Block:
    state = mapping(part, "state")
    given = state.get("input")
    words = json_text(given) if given else text(state, "raw") or "{}"
    return Block(
        Kind.CALL,
        words,
        name=short(part, "tool"),
        call=short(part, "callID"),
        arguments=arguments_of(given or words),
        opaque=_sealed(mapping(part, "metadata")),
        mark=f"{text(part, 'id')}:call",
        at=time_of(mapping(state, "time"), "start") or at,
    )


def _result(part: Mapping[str, object], finished: bool, window: _Window) -> Iterator[Block]:
    state = mapping(part, "state")
    status = text(state, "status")
    call, tool, mark = short(part, "callID"), short(part, "tool"), text(part, "id")
    times = mapping(state, "time")
    at = time_of(times, "end", "start")
    media: tuple[Media, ...] = ()
    failed = status != "completed"
    match status:
        case "completed":
            words = text(state, "output")
            failed = tool == _REFUSED or number(mapping(state, "metadata"), "exit") != 0
            media = tuple(_media(item) for item in maps(state, "attachments"))
            if (cleared := time_of(times, "compacted")) > 0:
                window.cleared.add(cleared, mark, call, tool)
        case "error":
            metadata = mapping(state, "metadata")
            words = text(metadata, "output") if metadata.get("interrupted") is True else ""
            failed = not words
            words = words or text(state, "error")
        case _ if finished:
            words = _INTERRUPTED
        case _:
            return
    for block in wire_blocks.result(words, call, name=tool, error=failed, media=media):
        yield replace(block, mark=mark, at=at)


def usage_of(record: Mapping[str, object]) -> Usage | None:
    """The usage in a step's end or a message.

    opencode keeps the uncached input, and in newer versions the output without reasoning; ``total`` tells which it is.
    """
    tokens = mapping(record, "tokens")
    cache = mapping(tokens, "cache")
    read, written = number(cache, "read"), maybe_number(cache, "write")
    whole = number(tokens, "input") + read + (written or 0)
    output, reasoning = number(tokens, "output"), maybe_number(tokens, "reasoning")
    if not (whole or output):
        return None
    if (total := number(tokens, "total")) - whole >= output:
        output = total - whole
    paid = amount(record, "cost") or None
    return Usage(whole, read, written, output=output, reasoning=reasoning, cost=paid)


def _sealed(metadata: Mapping[str, object]) -> int:
    """Bytes of what is kept for a provider: one map per provider, with strings that nobody else can read."""
    size = 0
    for provider in metadata.values():
        if isinstance(provider, dict):
            size += sum(len(value) for key, value in provider.items() if key in _SEALED and isinstance(value, str))
    return size


def _media(part: Mapping[str, object]) -> Media:
    return media_at(text(part, "url"), short(part, "mime"))
