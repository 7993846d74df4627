"""The blocks that single lines of a Claude Code transcript hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Kind
from ctxkit.sources.history.fields import items, json_text, mapping, maps, short, text, time_of
from ctxkit.sources.history.markings import answered_by_tool, pieces, said_by_user
from ctxkit.sources.history.media import media_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ctxkit.model.session import Media


def user_blocks(record: Mapping[str, object], thread: str, at: float = 0.0) -> Iterator[Block]:
    """What a line of type ``user`` adds: words of the user, results of tools, notices, the summary of a compaction."""
    at = at or time_of(record, "timestamp")
    mark = short(record, "uuid")
    content = mapping(record, "message").get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, dict):
            continue
        if part.get("type") == "tool_result":
            yield from _result(part, thread, mark, at)
        elif part.get("type") == "text":
            for block in _spoken(text(part, "text"), thread, mark, at):
                yield _recast(block, record)
        elif words := _plain_document(part):
            yield Block(Kind.PROMPT, words, thread=thread, mark=mark, at=at)
        elif media := _media(part):
            yield Block(Kind.PROMPT, media=(media,), thread=thread, mark=mark, at=at)
        else:
            yield _unknown(part, Kind.REMINDER, thread, mark, at)


def _recast(block: Block, record: Mapping[str, object]) -> Block:
    if record.get("isCompactSummary") is True:
        return replace(block, kind=Kind.SUMMARY, name="")
    if record.get("isMeta") is True and block.kind is Kind.PROMPT:
        return replace(block, kind=Kind.REMINDER, name="skill" if "sourceToolUseID" in record else "command")
    return block


def _spoken(words: str, thread: str, mark: str, at: float) -> Iterator[Block]:
    for kind, piece, name in said_by_user(words):
        yield Block(kind, piece, name, thread=thread, mark=mark, at=at)


def _result(part: Mapping[str, object], thread: str, mark: str, at: float) -> Iterator[Block]:
    content = part.get("content")
    media: list[Media] = []
    words: list[str] = []
    for item in content if isinstance(content, list) else ():
        if not isinstance(item, dict):
            continue
        if found := _media(item):
            media.append(found)
        elif item.get("type") == "text":
            words.append(text(item, "text"))
        elif item.get("type") == "tool_reference":
            words.append(text(item, "tool_name"))
        else:
            words.append(json_text(item))
    whole = content if isinstance(content, str) else "\n".join(words)
    answer = list(answered_by_tool(whole))
    own = "".join(piece.text for piece in answer if piece.kind is Kind.RESULT)
    error = part.get("is_error") is True
    call = short(part, "tool_use_id")
    yield Block(Kind.RESULT, own, call=call, error=error, media=tuple(media), thread=thread, mark=mark, at=at)
    for piece in answer:
        if piece.kind is not Kind.RESULT:
            yield Block(piece.kind, piece.text, piece.name, thread=thread, mark=mark, at=at)


def _unknown(part: Mapping[str, object], kind: Kind, thread: str, mark: str, at: float) -> Block:
    """A part of a type that is not known: how it is counted is not known either."""
    size = len(json_text(part).encode("utf-8", "replace"))
    return Block(kind, name=short(part, "type"), opaque=size, thread=thread, mark=mark, at=at)


def _plain_document(part: Mapping[str, object]) -> str:
    source = mapping(part, "source")
    return text(source, "data") if part.get("type") == "document" and source.get("type") == "text" else ""


def _media(part: Mapping[str, object]) -> Media | None:
    if part.get("type") not in ("image", "document"):
        return None
    source = mapping(part, "source")
    return media_of(short(source, "media_type"), text(source, "data"))


def assistant_blocks(message: Mapping[str, object], mark: str, thread: str, at: float) -> Iterator[Block]:
    """The blocks of a message of the model, or of one line of it."""
    content = message.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, dict):
            continue
        kind = part.get("type")
        if kind == "text":
            yield Block(Kind.TEXT, text(part, "text"), thread=thread, mark=mark, at=at)
        elif kind == "thinking":
            hidden = len(text(part, "signature"))
            yield Block(Kind.THINKING, text(part, "thinking"), opaque=hidden, thread=thread, mark=mark, at=at)
        elif kind == "redacted_thinking":
            yield Block(Kind.THINKING, opaque=len(text(part, "data")), thread=thread, mark=mark, at=at)
        elif kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
            yield Block(
                Kind.CALL,
                json_text(part.get("input", {})),
                short(part, "name"),
                short(part, "id"),
                mapping(part, "input"),
                thread=thread,
                mark=mark,
                at=at,
            )
        elif isinstance(kind, str) and kind.endswith("_tool_result"):
            words = json_text(part.get("content", ""))
            yield Block(Kind.RESULT, words, call=short(part, "tool_use_id"), thread=thread, mark=mark, at=at)
        else:
            yield _unknown(part, Kind.TEXT, thread, mark, at)


_LISTS = {
    "agent_listing_delta": ("addedLines", "subagents", "\n"),
    "deferred_tools_delta": ("addedLines", "deferred tools", "\n"),
    "mcp_instructions_delta": ("addedBlocks", "MCP instructions", "\n\n"),
}
_TEXTS = {
    "skill_listing": ("content", "skills"),
    "hook_success": ("content", "hook"),
    "hook_additional_context": ("content", "hook"),
    "queued_command": ("prompt", "queued prompt"),
    "total_tokens_reminder": ("text", "token count"),
    "model": ("text", "model"),
}


def attachment_blocks(record: Mapping[str, object], thread: str) -> Iterator[Block]:
    """What an attachment adds: exactly where the line says how it was rendered, else the text it is made from."""
    data = mapping(record, "attachment")
    at, mark = time_of(record, "timestamp"), short(record, "uuid")
    kind = short(data, "type")
    rendered = "".join(text(part, "content") for part in maps(record, "rendered"))
    if rendered:
        for piece in pieces(rendered, Kind.REMINDER):
            yield Block(piece.kind, piece.text, piece.name, thread=thread, mark=mark, at=at)
    elif kind == "nested_memory":
        yield _rules(mapping(data, "content"), thread, mark, at)
    elif kind == "instructions":
        for file in maps(data, "files"):
            yield _rules(file, thread, mark, at)
    elif kind == "prompt_snapshot":
        yield from _snapshot(data, thread, mark, at)
    elif kind in _LISTS:
        key, name, between = _LISTS[kind]
        lines = between.join(item for item in items(data, key) if isinstance(item, str))
        if lines:
            yield Block(Kind.REMINDER, lines, name, thread=thread, mark=mark, at=at)
    elif kind in _TEXTS:
        key, name = _TEXTS[kind]
        words = text(data, key)
        if words:
            yield Block(Kind.REMINDER, words, name, thread=thread, mark=mark, at=at)


def _rules(file: Mapping[str, object], thread: str, mark: str, at: float) -> Block:
    return Block(Kind.RULES, text(file, "content"), short(file, "path"), thread=thread, mark=mark, at=at)


def _snapshot(data: Mapping[str, object], thread: str, mark: str, at: float) -> Iterator[Block]:
    for part in items(data, "systemPrompt"):
        if isinstance(part, str):
            yield Block(Kind.SYSTEM, part, thread=thread, mark=mark, at=at)
    for tool in maps(data, "tools"):
        yield Block(Kind.TOOLS, json_text(tool), short(tool, "name"), thread=thread, mark=mark, at=at)
