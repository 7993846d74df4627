"""Sessions of pi: ``~/.pi/agent/sessions/--<directory>--/<time>_<id>.jsonl``, one entry a line.

Entries form a tree by ``parentId`` (version 2 and later; before, they follow each other). A ``compaction`` sums up what
came before ``firstKeptEntryId``; a ``branch_summary`` what was left by going to another branch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Departure, Event, Kind, Media, Request, Usage, Why
from ctxkit.sources.history.branches import Branches, Span, again
from ctxkit.sources.history.fields import amount, json_text, mapping, maps, maybe_number, number, short, text, time_of
from ctxkit.sources.history.formats import head_of
from ctxkit.sources.history.glance import size_and_end, start_of, stem
from ctxkit.sources.history.media import media_of
from ctxkit.sources.history.reader import Head, Peek
from ctxkit.sources.history.reading import json_lines
from ctxkit.sources.history.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped

ID = "pi"
AGENTS = ("pi",)

_NOT_SENT_AGAIN = frozenset({"error", "aborted"})


def recognise(head: Head) -> bool:
    """The first line is an entry ``session`` with an id and the directory."""
    first = head.records[0] if head.records else {}
    return first.get("type") == "session" and all(isinstance(first.get(key), str) for key in ("id", "cwd", "timestamp"))


def peek(head: Head) -> Iterator[Peek]:
    """The session of the file."""
    first = head.records[0] if head.records else {}
    title = model = named = ""
    for record in head.records:
        model = model or short(record, "modelId") or short(mapping(record, "message"), "model")
        named = short(record, "name") if record.get("type") == "session_info" else named
        if not title and mapping(record, "message").get("role") == "user":
            title = "".join(block.text for block in _blocks(record))
    size, ended = size_and_end(head.path)
    yield Peek(
        path=head.path,
        id=short(first, "id") or stem(head.path),
        cwd=text(first, "cwd"),
        title=title_of(named or title),
        model=model or short(first, "modelId"),
        began=time_of(first, "timestamp"),
        ended=ended,
        size=size,
        parent=_parent(first),
    )


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the session in ``path``; a file holds one, so ``key`` does not matter."""
    yield start_of(next(peek(head_of(path))), ID, "pi")
    branches = Branches()
    for line in json_lines(path, skip):
        span = Span(line.start, line.end)
        if line.record.get("type") == "session":
            continue
        yield from _entry(line.record, f"line:{line.at}", span, branches, path)


def _parent(header: Mapping[str, object]) -> str:
    """The id of the session that this one was forked from; the header has its file, called ``<time>_<id>.jsonl``."""
    origin = text(header, "parentSession").replace("\\", "/").rpartition("/")[2]
    return origin.removesuffix(".jsonl").rpartition("_")[2][:100]


def _entry(record: Mapping[str, object], place: str, span: Span, branches: Branches, path: str) -> Iterator[Event]:
    identity, parent, at = short(record, "id") or place, short(record, "parentId"), time_of(record, "timestamp")
    if "parentId" in record:
        turn = branches.follow(parent)
        if turn.gone:
            yield Departure(Why.REWIND, turn.gone, at=at)
        for old in again(path, turn.back):
            yield from _blocks(old)
    found = _blocks(record) if record.get("id") else _blocks({**record, "id": place})
    marks = dict.fromkeys(block.mark for block in found)
    if record.get("type") == "compaction":
        kept = branches.sum_up(identity, parent, span, marks, short(record, "firstKeptEntryId"))
        before = maybe_number(record, "tokensBefore")
        yield Departure(Why.COMPACTION, spared=frozenset(), kept=kept, before=before, at=at)
    else:
        message = mapping(record, "message")
        if message.get("role") == "assistant":
            yield Request(identity, short(message, "model"), _usage(message), at=at)
        branches.add(identity, parent, span, marks)
    yield from found


def _blocks(record: Mapping[str, object]) -> list[Block]:
    """The blocks of one entry; none for those that only tell of settings."""
    mark, at = short(record, "id"), time_of(record, "timestamp")
    match record.get("type"):
        case "message":
            message = mapping(record, "message")
            if short(message, "stopReason") in _NOT_SENT_AGAIN:
                return []
            return list(_message(message, mark, time_of(message, "timestamp") or at))
        case "compaction" | "branch_summary":
            summary = text(record, "summary")
            return [Block(Kind.SUMMARY, summary, mark=mark, at=at)] if summary else []
        case "custom_message":
            return list(_written(record, Kind.REMINDER, short(record, "customType"), mark, at))
    return []


def _message(message: Mapping[str, object], mark: str, at: float) -> Iterator[Block]:
    match message.get("role"):
        case "user":
            yield from _written(message, Kind.PROMPT, "", mark, at)
        case "assistant":
            yield from _answer(message, mark, at)
        case "toolResult":
            written = list(_written(message, Kind.RESULT, "", mark, at))
            yield Block(
                Kind.RESULT,
                "\n".join(block.text for block in written if block.text),
                short(message, "toolName"),
                short(message, "toolCallId"),
                error=message.get("isError") is True,
                media=tuple(media for block in written for media in block.media),
                mark=mark,
                at=at,
            )
        case "bashExecution" if message.get("excludeFromContext") is not True:
            yield Block(Kind.REMINDER, _ran(message), "bash", mark=mark, at=at)
        case "custom" | "hookMessage":
            yield from _written(message, Kind.REMINDER, short(message, "customType"), mark, at)
        case "branchSummary" | "compactionSummary":
            yield Block(Kind.SUMMARY, text(message, "summary"), mark=mark, at=at)


def _written(message: Mapping[str, object], kind: Kind, name: str, mark: str, at: float) -> Iterator[Block]:
    content = message.get("content")
    if isinstance(content, str):
        yield Block(kind, content, name, mark=mark, at=at)
        return
    for part in maps(message, "content"):
        if part.get("type") == "text":
            yield Block(kind, text(part, "text"), name, mark=mark, at=at)
        elif part.get("type") == "image":
            yield Block(kind, "", name, media=(_image(part),), mark=mark, at=at)
        else:
            yield Block(kind, "", name, opaque=len(json_text(part)), mark=mark, at=at)


def _answer(message: Mapping[str, object], mark: str, at: float) -> Iterator[Block]:
    if isinstance(message.get("content"), str):
        yield Block(Kind.TEXT, text(message, "content"), mark=mark, at=at)
    for part in maps(message, "content"):
        match part.get("type"):
            case "text":
                yield Block(Kind.TEXT, text(part, "text"), mark=mark, at=at)
            case "thinking":
                signature = len(text(part, "thinkingSignature"))
                yield Block(Kind.THINKING, text(part, "thinking"), opaque=signature, mark=mark, at=at)
            case "toolCall":
                arguments = mapping(part, "arguments")
                words = json_text(part.get("arguments", {}))
                yield Block(Kind.CALL, words, short(part, "name"), short(part, "id"), arguments, mark=mark, at=at)
            case _:
                yield Block(Kind.TEXT, opaque=len(json_text(part)), mark=mark, at=at)


def _image(part: Mapping[str, object]) -> Media:
    return media_of(short(part, "mimeType"), text(part, "data"))


def _ran(message: Mapping[str, object]) -> str:
    """A command of the user and its output, as the model is told of it."""
    output = text(message, "output")
    told = f"Ran `{text(message, 'command')}`\n" + (f"```\n{output}\n```" if output else "(no output)")
    code = message.get("exitCode")
    if message.get("cancelled") is True:
        return f"{told}\n\n(command cancelled)"
    return f"{told}\n\nCommand exited with code {code}" if isinstance(code, int) and code else told


def _usage(message: Mapping[str, object]) -> Usage | None:
    """``input`` is what was not cached, but with Google the whole; the total tells which."""
    usage = mapping(message, "usage")
    parts = [number(usage, key) for key in ("input", "cacheRead", "cacheWrite")]
    output, total = number(usage, "output"), number(usage, "totalTokens")
    if not any(parts) and not output:
        return None
    whole = total - output
    return Usage(
        input=whole if parts[0] <= whole <= sum(parts) else sum(parts),
        cached=parts[1],
        written=parts[2],
        output=output,
        cost=amount(mapping(usage, "cost"), "total") or None,
    )
