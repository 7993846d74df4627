"""The blocks of a request and of an answer in Anthropic's Messages format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Kind, Media, Usage
from ctxkit.sources.history import wire_blocks
from ctxkit.sources.history.fields import items, json_text, mapping, maps, maybe_number, number, short, text
from ctxkit.sources.history.media import media_at, media_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ID = "messages"
_PARTS = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking", "document"})


def matches(body: Mapping[str, object]) -> bool:
    """Is ``body`` a request of this format: messages, and a sign that they are not those of Chat Completions."""
    messages = maps(body, "messages")
    if not messages or any(message.get("role") == "tool" or "tool_calls" in message for message in messages):
        return False
    if "system" in body or "anthropic_version" in body or "anthropic_beta" in body:
        return True
    if any("input_schema" in tool for tool in maps(body, "tools")):
        return True
    return any(
        text(part, "type") in _PARTS or ("source" in part and part.get("type") == "image")
        for message in messages
        for part in maps(message, "content")
    )


def blocks(body: Mapping[str, object]) -> Iterator[Block]:
    """What the request ``body`` puts into the window, in the order of the request: system, tools, messages.

    Messages before the latest compaction are sent, but the provider leaves them out; they give no blocks.
    """
    yield from _system(body.get("system"))
    deferred: dict[str, Mapping[str, object]] = {}
    for definition in maps(body, "tools"):
        name = short(definition, "name", "mcp_server_name", "type")
        if definition.get("defer_loading") is True:
            deferred[name] = definition
        yield wire_blocks.tool(name, definition, deferred=name in deferred)
    for message in _in_force(maps(body, "messages")):
        yield from message_blocks(message, deferred)


def answer(response: Mapping[str, object]) -> Iterator[Block]:
    """What the model answered."""
    if response.get("type") in (None, "message"):
        yield from message_blocks({"role": "assistant", "content": response.get("content")})


def usage(response: Mapping[str, object]) -> Usage | None:
    """The usage that ``response`` reports; None if it has none. The provider counts uncached input apart."""
    counts = mapping(response, "usage")
    if maybe_number(counts, "input_tokens") is None:
        return None
    cached, written = number(counts, "cache_read_input_tokens"), maybe_number(counts, "cache_creation_input_tokens")
    return Usage(
        input=number(counts, "input_tokens") + cached + (written or 0),
        cached=cached,
        written=written,
        written_1h=maybe_number(mapping(counts, "cache_creation"), "ephemeral_1h_input_tokens"),
        output=number(counts, "output_tokens"),
        reasoning=maybe_number(mapping(counts, "output_tokens_details"), "thinking_tokens", "reasoning_tokens"),
    )


def message_blocks(
    message: Mapping[str, object], deferred: Mapping[str, Mapping[str, object]] | None = None
) -> Iterator[Block]:
    """The blocks of one message. ``deferred``: definitions that a reference in it brings into the window."""
    role = text(message, "role")
    content = message.get("content")
    if isinstance(content, str):
        yield from _text(content, role)
        return
    found = (
        _text(part, role) if isinstance(part, str) else _part(part, role, deferred or {}) for part in _parts(content)
    )
    yield from wire_blocks.together(block for blocks in found for block in blocks)


def _parts(content: object) -> list[str | dict[str, object]]:
    return [part for part in content if isinstance(part, str | dict)] if isinstance(content, list) else []


def _system(system: object) -> Iterator[Block]:
    for part in [system] if isinstance(system, str) else _parts(system):
        yield from wire_blocks.client_text(part if isinstance(part, str) else text(part, "text"))


def _in_force(messages: Sequence[Mapping[str, object]]) -> Iterator[Mapping[str, object]]:
    """The messages from the latest compaction on, the one it is in without what stands before it."""
    for at in range(len(messages) - 1, -1, -1):
        parts = items(messages[at], "content")
        for index in range(len(parts) - 1, -1, -1):
            part = parts[index]
            if isinstance(part, dict) and part.get("type") == "compaction" and part.get("content") is not None:
                yield {**messages[at], "content": list(parts[index:])}
                yield from messages[at + 1 :]
                return
    yield from messages


def _text(content: str, role: str) -> Iterator[Block]:
    if not content:
        return
    if role == "assistant":
        yield Block(Kind.TEXT, content)
    elif role == "system":
        yield from wire_blocks.client_text(content, Kind.REMINDER)
    else:
        yield from wire_blocks.user_text(content)


def _part(part: dict[str, object], role: str, deferred: Mapping[str, Mapping[str, object]]) -> Iterator[Block]:
    kind = text(part, "type")
    if kind == "text":
        yield from _text(text(part, "text"), role)
    elif kind == "thinking":
        yield Block(Kind.THINKING, text(part, "thinking"), opaque=len(text(part, "signature")))
    elif kind == "redacted_thinking":
        yield Block(Kind.THINKING, opaque=len(text(part, "data")))
    elif kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
        yield wire_blocks.call(short(part, "name"), short(part, "id"), part.get("input"))
    elif kind == "tool_result" or kind.endswith("_tool_result"):
        yield from _result(part, deferred)
    elif kind in ("image", "document"):
        yield from _attachment(part)
    elif kind == "search_result":
        yield Block(Kind.PROMPT, "\n".join(text(piece, "text") for piece in maps(part, "content")), "search_result")
    elif kind == "compaction":
        content = part.get("content")
        opaque = len(text(part, "encrypted_content"))
        yield Block(Kind.SUMMARY, content if isinstance(content, str) else "", opaque=opaque)
    elif kind == "tool_addition":
        yield from (wire_blocks.tool(short(each, "name"), each) for each in maps(part, "tools"))
    else:
        yield wire_blocks.unknown(Kind.TEXT if role == "assistant" else Kind.PROMPT, part)


def _attachment(part: Mapping[str, object]) -> Iterator[Block]:
    source = mapping(part, "source")
    words = text(source, "data") if source.get("type") == "text" else ""
    words = words or "\n".join(text(piece, "text") for piece in maps(source, "content"))
    media = () if words else (_media(part),)
    yield Block(Kind.PROMPT, words, short(part, "title"), media=media)


def _media(part: Mapping[str, object]) -> Media:
    source = mapping(part, "source")
    mime = short(source, "media_type")
    if isinstance(source.get("data"), str):
        return media_of(mime, text(source, "data"))
    return media_at(text(source, "url"), mime or text(part, "type"))


def _result(part: Mapping[str, object], deferred: Mapping[str, Mapping[str, object]]) -> Iterator[Block]:
    content = part.get("content")
    words: list[str] = []
    media: list[Media] = []
    references: list[str] = []
    opaque = 0
    error = part.get("is_error") is True
    for piece in [content] if isinstance(content, str | dict) else content if isinstance(content, list) else ():
        if isinstance(piece, str):
            words.append(piece)
        elif not isinstance(piece, dict):
            continue
        elif piece.get("type") == "text":
            words.append(text(piece, "text"))
        elif piece.get("type") in ("image", "document"):
            media.append(_media(piece))
        elif piece.get("type") == "tool_reference":
            references.append(short(piece, "tool_name", "name"))
        elif piece.get("type") == "tool_search_tool_search_result":
            references += [short(each, "tool_name", "name") for each in maps(piece, "tool_references")]
        else:
            error = error or str(piece.get("type", "")).endswith("_error")
            sealed = text(piece, "encrypted_content")
            opaque += len(sealed)
            words.append(json_text({key: value for key, value in piece.items() if key != "encrypted_content"}))
    identity = short(part, "tool_use_id")
    yield from wire_blocks.result("\n".join(words), identity, error=error, media=media, opaque=opaque)
    for name in references:
        if name in deferred:
            yield wire_blocks.tool(name, deferred[name])
