"""Sessions of goose: its database (1.10 and later, several sessions) and the files with one message a line before it.

A message that left the window stays in the database with ``agentVisible`` false: a compaction marks all that came
before its summary, the summary of one tool call marks that call and its result alone. System prompt and tools are not
kept. goose writes parallel calls as if one followed the other; those of one second are taken for one answer. Usage
stands in a ledger beside the messages (newer versions, in the order of the requests) or, of the last request alone, in
the session's row. Facts: crates/goose/src/session and conversation of aaif-goose/goose; not checked against recorded
requests.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ctxkit.model import CtxkitError
from ctxkit.model.session import Block, Departure, Kind, Request, Start, Usage, Why
from ctxkit.sources.history.database import MAGIC, database, decoded, tables_of
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
from ctxkit.sources.history.losses import Losses
from ctxkit.sources.history.media import media_of
from ctxkit.sources.history.reader import Peek
from ctxkit.sources.history.reading import json_lines, opened
from ctxkit.sources.history.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event, Media
    from ctxkit.sources.history.database import Database
    from ctxkit.sources.history.reader import Head

ID = "goose"
AGENTS = ("goose",)

_TOOL_PARTS = frozenset({"toolRequest", "toolResponse", "frontendToolRequest"})


@dataclass(slots=True)
class _Message:
    """A row. ``at``: seconds. ``seen``: is it in the window now; ``shown``: to the user; both true for old rows."""

    mark: str
    role: str
    parts: list[Mapping[str, object]]
    at: float
    seen: bool = True
    shown: bool = True

    @property
    def of_tool(self) -> bool:
        return any(text(part, "type") in _TOOL_PARTS for part in self.parts)


@dataclass(slots=True)
class _Window:
    """What has to be remembered while a session is read."""

    hidden: dict[str, tuple[float, tuple[str, ...]]] = field(default_factory=dict)
    """Messages that leave before the end, by mark: when they were written, and the calls in them."""
    seen: bool = False
    """Is anything in the window that stays?"""
    request: str = ""
    last: _Message | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A request as goose accounts for it."""

    usage: Usage | None = None
    model: str = ""
    of_compaction: bool = False


class _Usage:
    """The usage of a session's requests: from the ledger one by one, else ``last`` for the last of them."""

    def __init__(self, ledger: list[_Entry], last: Usage | None, model: str) -> None:
        self._answers = deque(entry for entry in ledger if not entry.of_compaction)
        self._compactions = deque(entry for entry in ledger if entry.of_compaction)
        self.last = None if ledger else last
        self.model = model

    def next(self) -> _Entry:
        """Of the next answer."""
        return self._answers.popleft() if self._answers else _Entry(model=self.model)

    def compaction(self) -> _Entry | None:
        """Of the next compaction; None if the ledger holds no more."""
        return self._compactions.popleft() if self._compactions else None


def recognise(head: Head) -> bool:
    """Is it a database with goose's tables, or lines of messages behind a line with ``working_dir``?"""
    if head.data.startswith(MAGIC):
        tables = tables_of(head)
        return "working_dir" in tables.get("sessions", ()) and "content_json" in tables.get("messages", ())
    if not head.records:
        return False
    first = head.records[0]
    if "description" in first and "message_count" in first and "role" not in first:
        return True
    return "working_dir" in first and "description" in first and "role" not in first


def peek(head: Head) -> Iterator[Peek]:
    """Each session of the database by its row; the one of a file by its first lines."""
    size = os.stat(head.path).st_size
    if not head.data.startswith(MAGIC):
        start = _of_file(head.path, head.records[0])
        ended = os.stat(head.path).st_mtime
        yield Peek(head.path, "", start.id, start.cwd, start.title, began=start.at, ended=ended, size=size)
        return
    with database(head.path) as found:
        rows = list(found.rows("SELECT * FROM sessions ORDER BY created_at, id"))
    for row in rows:
        start = _of_row(row)
        ended = time_of(row, "updated_at") or os.stat(head.path).st_mtime
        size_of_one = size if len(rows) == 1 else 0
        yield Peek(
            head.path, str(row.get("id")), start.id, start.cwd, start.title, start.model, began=start.at, ended=ended,
            size=size_of_one, parent=start.parent,
        )  # fmt: skip


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the session ``key``, or of all. Raises CtxkitError where there is none of that id."""
    losses = Losses(path, skip)
    with opened(path) as file:
        is_database = file.read(len(MAGIC)) == MAGIC
    if is_database:
        yield from _from_database(path, key, losses)
    else:
        yield from _from_file(path, skip)
    losses.close()


def _from_database(path: str, key: str, losses: Losses) -> Iterator[Event]:
    with database(path) as found:
        known = False
        for row in list(found.rows("SELECT * FROM sessions ORDER BY created_at, id")):
            identity = str(row.get("id"))
            if key and identity != key:
                continue
            known = True
            start = _of_row(row)
            yield start
            usage = _Usage(_ledger(found, identity), _usage(row), start.model)
            yield from _events(_rows(found, identity, losses), _summaries(found, identity), usage)
    if key and not known:
        raise CtxkitError(f"{path} holds no session {key!r}.", "`ctxkit history` lists the sessions that it holds.")


def _from_file(path: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    def messages() -> Iterator[_Message]:
        for line in lines:
            yield _message(str(line.at), line.record, line.record.get("content"))

    lines = json_lines(path, skip)
    first = next(lines, None)
    if first is None:
        return
    start = _of_file(path, first.record)
    yield start
    yield from _events(messages(), -1, _Usage([], _usage(first.record), ""))


def _of_row(row: Mapping[str, object]) -> Start:
    config = decoded(row.get("model_config_json"))
    return Start(
        str(row.get("id"))[:300],
        ID,
        agent=ID,
        cwd=text(row, "working_dir"),
        model=short(config, "model_name") if isinstance(config, dict) else "",
        window=(maybe_number(config, "context_limit") or None) if isinstance(config, dict) else None,
        title=title_of(text(row, "name") or text(row, "description")),
        at=time_of(row, "created_at"),
        parent=short(row, "parent_session_id"),
    )


def _of_file(path: str, record: Mapping[str, object]) -> Start:
    name = os.path.basename(path).removesuffix(".jsonl")
    return Start(
        short(record, "id") or name,
        ID,
        agent=ID,
        cwd=text(record, "working_dir"),
        title=title_of(text(record, "description")),
        at=time_of(record, "created_at"),
    )


def _rows(found: Database, session: str, losses: Losses) -> Iterator[_Message]:
    has_metadata = "metadata_json" in found.columns["messages"]
    for row in found.rows("SELECT * FROM messages WHERE session_id = ? ORDER BY id", session):
        content = decoded(row.get("content_json"))
        if not isinstance(content, list):
            losses.add(f"message {row.get('id')}", "its content is no JSON list")
            continue
        metadata = decoded(row.get("metadata_json")) if has_metadata else None
        record = {
            "role": row.get("role"),
            "created": row.get("created_timestamp"),
            "metadata": metadata if isinstance(metadata, dict) else {},
        }
        yield _message(str(row.get("id")), record, content)


def _message(mark: str, record: Mapping[str, object], content: object) -> _Message:
    metadata = mapping(record, "metadata")
    return _Message(
        mark,
        text(record, "role"),
        maps({"content": content}, "content"),
        time_of(record, "created"),
        seen=metadata.get("agentVisible") is not False,
        shown=metadata.get("userVisible") is not False,
    )


def _summaries(found: Database, session: str) -> int:
    """The id of the last message that the client wrote for the model alone; -1 if there is none."""
    if "metadata_json" not in found.columns["messages"]:
        return -1
    last = -1
    for row in found.rows("SELECT id, metadata_json FROM messages WHERE session_id = ? ORDER BY id", session):
        metadata = decoded(row["metadata_json"])
        if isinstance(metadata, dict) and metadata.get("userVisible") is False and isinstance(row["id"], int):
            last = row["id"]
    return last


def _ledger(found: Database, session: str) -> list[_Entry]:
    """What the ledger holds of each request."""
    if "input_tokens" not in found.columns.get("usage_ledger", ()):
        return []
    return [
        _Entry(usage, short(row, "model"), number(row, "is_compaction") > 0)
        for row in found.rows("SELECT * FROM usage_ledger WHERE session_id = ? ORDER BY id", session)
        if (usage := _usage(row))
    ]


def _usage(row: Mapping[str, object]) -> Usage | None:
    """The usage in a row of the ledger or the sessions, or in a file's first line; its input is taken for the whole."""
    whole, output = number(row, "input_tokens"), number(row, "output_tokens")
    if not (whole or output):
        return None
    paid = amount(row, "cost") or None
    read, written = number(row, "cache_read_tokens"), maybe_number(row, "cache_write_tokens")
    return Usage(max(whole, read + (written or 0)), read, written, output=output, cost=paid)


def _events(messages: Iterable[_Message], last_summary: int, usage: _Usage) -> Iterator[Event]:
    """The events of one session. ``last_summary``: the id of the last message that only the model sees."""
    window = _Window()
    for message in messages:
        alone = message.seen and not message.shown
        if not message.seen and not message.of_tool and _id(message) > last_summary:
            continue
        if alone and window.hidden:
            yield from _departed(message, window, usage)
        if message.role == "assistant" and not alone and _begins(message, window.last):
            window.request = message.mark
            entry = usage.next()
            yield Request(message.mark, entry.model, entry.usage, at=message.at)
        blocks = list(_blocks(message, alone))
        yield from blocks
        if message.seen:
            window.seen = window.seen or bool(blocks)
        else:
            calls = tuple(block.call for block in blocks if block.call)
            window.hidden[message.mark] = (message.at, calls)
        window.last = message
    if usage.last is not None and window.request:
        yield Request(window.request, usage.model, usage.last)


def _id(message: _Message) -> int:
    return int(message.mark) if message.mark.isdecimal() else 0


def _begins(message: _Message, last: _Message | None) -> bool:
    """Does a new answer begin with ``message``: it is no further call of the answer before it."""
    if last is None or (last.role != "assistant" and not last.of_tool):
        return True
    if last.role == "assistant":
        return not message.of_tool and message.at != last.at
    only_calls = all(text(part, "type") in _TOOL_PARTS for part in message.parts)
    return not (only_calls and message.at == last.at)


def _departed(message: _Message, window: _Window, usage: _Usage) -> Iterator[Event]:
    """What leaves as ``message`` comes: one tool call if it was dated back to it, else all that is marked."""
    calls = {call for at, of_call in window.hidden.values() if at == message.at for call in of_call}
    if window.seen and calls:
        marks = [mark for mark, (_, of_call) in window.hidden.items() if calls.intersection(of_call)]
        yield Departure(Why.CLEARED, marks=tuple(marks), at=message.at)
        for mark in marks:
            del window.hidden[mark]
        return
    entry = usage.compaction()
    if entry is not None:
        yield Request(f"{message.mark}:compaction", entry.model, entry.usage, at=message.at)
    yield Departure(Why.COMPACTION, marks=tuple(window.hidden), at=message.at)
    window.hidden.clear()


def _blocks(message: _Message, alone: bool) -> Iterator[Block]:
    """The blocks of a message. ``alone``: the client wrote it for the model: a summary, or words around it."""
    mark, at = message.mark, message.at
    of_user = message.role != "assistant"
    spoken = Kind.PROMPT if of_user else Kind.TEXT
    if alone or (not message.seen and not message.shown and not message.of_tool):
        spoken = Kind.SUMMARY if of_user else Kind.REMINDER
    for part in message.parts:
        if not _for_model(part):
            continue
        match text(part, "type"):
            case "text" if words := text(part, "text"):
                yield Block(spoken, words, mark=mark, at=at)
            case "image":
                yield Block(spoken, media=(_image(part),), mark=mark, at=at)
            case "thinking" | "reasoning":
                sealed = len(text(part, "signature"))
                yield Block(Kind.THINKING, text(part, "thinking", "text"), opaque=sealed, mark=mark, at=at)
            case "redactedThinking":
                yield Block(Kind.THINKING, opaque=len(text(part, "data")), mark=mark, at=at)
            case "toolRequest" | "frontendToolRequest":
                call = mapping(part, "toolCall", "value")
                given = call.get("arguments")
                words = json_text(given) if given is not None else ""
                yield Block(
                    Kind.CALL, words, short(call, "name"), short(part, "id"), arguments_of(given), mark=mark, at=at
                )
            case "toolResponse":
                yield _result(part, mark, at)


def _for_model(part: Mapping[str, object]) -> bool:
    audience = mapping(part, "annotations").get("audience")
    return not isinstance(audience, list) or "assistant" in audience


def _result(part: Mapping[str, object], mark: str, at: float) -> Block:
    result = mapping(part, "toolResult")
    value = result.get("value")
    content = value.get("content") if isinstance(value, dict) else value
    words: list[str] = []
    media: list[Media] = []
    for item in maps({"content": content}, "content"):
        if not _for_model(item):
            continue
        match text(item, "type"):
            case "image" | "audio":
                media.append(_image(item))
            case "resource":
                words.append(text(mapping(item, "resource"), "text"))
            case _:
                words.append(text(item, "text"))
    failed = text(result, "status") == "error" or (isinstance(value, dict) and value.get("isError") is True)
    said = "\n".join(word for word in words if word) or text(result, "error")
    return Block(Kind.RESULT, said, call=short(part, "id"), error=failed, media=tuple(media), mark=mark, at=at)


def _image(part: Mapping[str, object]) -> Media:
    return media_of(short(part, "mimeType", "mime_type"), text(part, "data"))
