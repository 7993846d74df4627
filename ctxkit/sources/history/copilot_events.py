"""The events of one Copilot CLI session as blocks, requests and departures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model.session import MAIN, Block, Departure, Kind, Media, Request, Usage, Why
from ctxkit.sources.history import wire_blocks
from ctxkit.sources.history.fields import mapping, maps, maybe_number, number, short, text, time_of
from ctxkit.sources.history.media import media_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ctxkit.model.session import Event

_MOST_ASSETS = 10_000


class Events:
    """What has been read of one session. The mark of a block is the id of the event it came with."""

    def __init__(self) -> None:
        self._model = ""
        self._prompts: dict[str, int] = {}
        # A first message that stands before the system prompt which it is sent behind.
        self._waiting: list[Block] = []
        # Of the main thread: the marks of each message, in order, the head left out.
        self._messages: list[str] = []
        self._requests: dict[str, str] = {}
        self._last_request: Request | None = None
        self._count = 0
        self._assets: dict[str, Media] = {}
        self._events = 0

    def take(self, record: Mapping[str, object]) -> Iterator[Event]:
        """The events that ``record`` gives, or lets go."""
        self._events += 1
        data = mapping(record, "data")
        at = time_of(record, "timestamp")
        thread = short(record, "agentId") or short(data, "parentToolCallId")
        mark = short(record, "id") or f"event-{self._events}"
        match record.get("type"):
            case "system.message":
                yield from self._system(data, thread, mark, at)
            case "user.message":
                self._wait(wire_blocks.together(self._user(data)), thread, mark, at)
            case "system.notification" if text(data, "content").startswith("<"):
                self._wait([Block(Kind.REMINDER, text(data, "content"), "system_notification")], thread, mark, at)
            case "assistant.turn_start" | "assistant.turn_end":
                yield from self._release()
            case "session.usage_record":
                yield from self._usage(mapping(data, "usage"), thread, at)
            case "assistant.usage":
                yield from self._usage(data, thread, at)
            case "assistant.message":
                yield from self._assistant(data, thread, mark, at)
            case "tool.execution_complete":
                self._wait(self._result(data), thread, mark, at)
            case "session.binary_asset":
                if len(self._assets) < _MOST_ASSETS:
                    self._assets[short(data, "assetId")] = media_of(short(data, "mimeType"), text(data, "data"))
            case "session.start" | "session.resume":
                self._model = short(data, "selectedModel") or self._model
            case "session.model_change":
                self._model = short(data, "newModel") or self._model
            case "session.shutdown":
                yield from self._shutdown(data)
            case _:
                yield from self._departures(record, data, thread, mark, at)

    def close(self) -> Iterator[Event]:
        """What the end of the file lets go."""
        yield from self._release()

    def _departures(
        self, record: Mapping[str, object], data: Mapping[str, object], thread: str, mark: str, at: float
    ) -> Iterator[Event]:
        kind = record.get("type")
        if kind == "session.compaction_complete" and data.get("success") is not False:
            yield from self._release()
            if thread == MAIN:
                self._messages = []
            yield Departure(
                Why.COMPACTION,
                trigger=short(data, "trigger") or ("manual" if text(data, "customInstructions") else ""),
                before=maybe_number(data, "preCompactionTokens"),
                later=maybe_number(data, "postCompactionTokens"),
                thread=thread,
                at=at,
            )
            yield from self._entering([Block(Kind.SUMMARY, text(data, "summaryContent"))], thread, mark, at)
        elif kind == "session.truncation":
            yield from self._release()
            gone = self._messages[: number(data, "messagesRemovedDuringTruncation")]
            yield from self._leave(gone, Why.CLEARED, at)
        elif kind == "session.snapshot_rewind":
            yield from self._release()
            until = short(data, "upToEventId")
            if until in self._messages:
                yield from self._leave(self._messages[self._messages.index(until) :], Why.REWIND, at)
        elif kind == "session.context_cleared":
            yield from self._release()
            yield from self._leave(self._messages, Why.REWIND, at)
            yield from self._entering(wire_blocks.user_text(text(data, "initialMessage")), thread, mark, at)

    def _leave(self, marks: list[str], why: Why, at: float) -> Iterator[Departure]:
        if marks:
            gone = frozenset(marks)
            yield Departure(why, tuple(marks), at=at)
            self._messages = [mark for mark in self._messages if mark not in gone]

    def _system(self, data: Mapping[str, object], thread: str, mark: str, at: float) -> Iterator[Event]:
        """A system prompt; each turn may record it again, and only another one replaces it."""
        words = text(data, "content")
        known = self._prompts.get(thread)
        self._prompts[thread] = hash(words)
        if known == hash(words):
            return
        if known is not None:
            yield from self._release()
            yield Departure(Why.REPLACED, (f"{thread}:system",), thread=thread, at=at)
        yield from self._entering(wire_blocks.client_text(words), thread, f"{thread}:system", at)

    def _wait(self, blocks: Iterable[Block], thread: str, mark: str, at: float) -> None:
        """Keep ``blocks`` until the next request, so that a system prompt recorded after them comes before."""
        self._waiting += [block.placed(thread, mark, at) for block in blocks]

    def _release(self) -> Iterator[Event]:
        waiting, self._waiting = self._waiting, []
        for block in waiting:
            yield from self._entering([block], block.thread, block.mark, block.at)

    def _entering(self, blocks: Iterable[Block], thread: str, mark: str, at: float) -> Iterator[Block]:
        for block in blocks:
            if thread == MAIN and not mark.endswith(":system") and mark not in self._messages[-1:]:
                self._messages.append(mark)
            yield block.placed(thread, mark, at)

    def _user(self, data: Mapping[str, object]) -> Iterator[Block]:
        source = short(data, "source")
        if data.get("isAutopilotContinuation") is True:
            source = source or "autopilot"
        words = text(data, "transformedContent") or text(data, "content")
        if source not in ("", "user"):
            yield Block(Kind.REMINDER, words, source)
        else:
            yield from wire_blocks.user_text(words)
        yield from wire_blocks.attached(list(self._attachments(maps(data, "attachments"))))

    def _attachments(self, given: Iterable[Mapping[str, object]]) -> Iterator[Media]:
        for each in given:
            known = self._assets.get(short(each, "assetId"))
            if isinstance(each.get("data"), str):
                yield media_of(short(each, "mimeType"), text(each, "data"))
            elif known is not None:
                yield known
            elif "assetId" in each or "byteLength" in each:
                yield Media(short(each, "mimeType"), number(each, "byteLength"))

    def _usage(self, counts: Mapping[str, object], thread: str, at: float) -> Iterator[Event]:
        """A request: it is recorded before its answer, or once more behind it under the same id."""
        usage = _usage_of(counts)
        if usage is None:
            return
        yield from self._release()
        self._count += 1
        identity = short(counts, "apiCallId") or f"usage-{self._count}"
        self._model = short(counts, "model") or self._model
        self._requests[thread] = identity
        yield self._asked(Request(identity, short(counts, "model"), usage, thread, at))

    def _asked(self, request: Request) -> Request:
        self._last_request = request
        return request

    def _assistant(self, data: Mapping[str, object], thread: str, mark: str, at: float) -> Iterator[Event]:
        yield from self._release()
        identity = short(data, "apiCallId")
        model = short(data, "model") or self._model
        last = self._requests.get(thread)
        if identity and last is not None and last.startswith("usage-"):
            identity = last
        if not identity:
            self._count += 1
            identity = last or f"message-{self._count}"
        if identity != last:
            yield self._asked(Request(identity, model, None, thread, at))
        # A usage without an id belongs to one message only.
        self._requests[thread] = identity if short(data, "apiCallId") else ""
        yield from self._entering(_answer(data), thread, mark, at)

    def _result(self, data: Mapping[str, object]) -> Iterator[Block]:
        result = mapping(data, "result")
        failed = data.get("success") is False
        words = text(result, "content") or (text(mapping(data, "error"), "message") if failed else "")
        media = list(self._attachments(maps(result, "binaryResultsForLlm")))
        yield from wire_blocks.result(words, short(data, "toolCallId"), error=failed, media=media)

    def _shutdown(self, data: Mapping[str, object]) -> Iterator[Event]:
        """The sums of a session with one request are that request's usage, where none was recorded for it."""
        yield from self._release()
        metrics = [value for value in mapping(data, "modelMetrics").values() if isinstance(value, dict)]
        last = self._last_request
        if last is None or last.usage is not None or len(metrics) != 1:
            return
        if number(mapping(metrics[0], "requests"), "count") == 1:
            usage = _usage_of(mapping(metrics[0], "usage"))
            if usage is not None:
                yield self._asked(replace(last, usage=usage))


def _answer(data: Mapping[str, object]) -> Iterator[Block]:
    opaque = len(text(data, "reasoningOpaque")) + len(text(data, "encryptedContent"))
    if text(data, "reasoningText") or opaque:
        yield Block(Kind.THINKING, text(data, "reasoningText"), opaque=opaque)
    if text(data, "content"):
        yield Block(Kind.TEXT, text(data, "content"))
    for request in maps(data, "toolRequests"):
        yield wire_blocks.call(short(request, "name"), short(request, "toolCallId"), request.get("arguments", {}))


def _usage_of(counts: Mapping[str, object]) -> Usage | None:
    """The usage in ``counts``. Providers that count cached input apart are told by more of it than of all input."""
    given = maybe_number(counts, "inputTokens")
    if given is None:
        return None
    cached, written = number(counts, "cacheReadTokens"), number(counts, "cacheWriteTokens")
    return Usage(
        input=given if given >= cached + written else given + cached + written,
        cached=cached,
        written=maybe_number(counts, "cacheWriteTokens"),
        output=number(counts, "outputTokens"),
        reasoning=maybe_number(counts, "reasoningTokens"),
    )
