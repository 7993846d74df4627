"""The blocks of a request and of an answer in the format of Chat Completions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Kind, Media, Usage
from ctxkit.sources.history import wire_blocks, wire_messages
from ctxkit.sources.history.fields import amount, items, mapping, maps, maybe_number, number, short, text
from ctxkit.sources.history.media import media_at, media_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ID = "chat"
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})


def matches(body: Mapping[str, object]) -> bool:
    """Is ``body`` a request of this format: a list of messages with roles."""
    messages = maps(body, "messages")
    return bool(messages) and all(text(message, "role") in _ROLES for message in messages[:3])


def blocks(body: Mapping[str, object]) -> Iterator[Block]:
    """What the request ``body`` puts into the window: what the client says first, tools, the conversation."""
    messages = maps(body, "messages")
    first = next((at for at, message in enumerate(messages) if not _of_client(message)), len(messages))
    for message in messages[:first]:
        yield from message_blocks(message)
    yield from tool_blocks(body)
    for message in messages[first:]:
        yield from message_blocks(message, later=True)


def tool_blocks(body: Mapping[str, object]) -> Iterator[Block]:
    """The tools of ``body``, one block each."""
    for definition in [*maps(body, "tools"), *maps(body, "functions")]:
        name = short(mapping(definition, "function"), "name") or short(mapping(definition, "custom"), "name")
        yield wire_blocks.tool(name or short(definition, "name", "type"), definition)


def answer(response: Mapping[str, object]) -> Iterator[Block]:
    """What the model answered: its first choice."""
    for choice in maps(response, "choices")[:1]:
        yield from message_blocks({"role": "assistant", **mapping(choice, "message")})


def usage(response: Mapping[str, object]) -> Usage | None:
    """The usage that ``response`` reports; None if it has none. Cached input is part of the input."""
    counts = mapping(response, "usage")
    if maybe_number(counts, "prompt_tokens") is None:
        return None
    details = mapping(counts, "prompt_tokens_details")
    cached = maybe_number(details, "cached_tokens")
    if cached is None:
        cached = number(counts, "prompt_cache_hit_tokens", "cache_read_input_tokens")
    return Usage(
        input=number(counts, "prompt_tokens"),
        cached=cached,
        written=maybe_number({**counts, **details}, "cache_write_tokens", "cache_creation_tokens", _CREATED),
        written_1h=maybe_number(mapping(details, "cache_creation_token_details"), "ephemeral_1h_input_tokens"),
        output=number(counts, "completion_tokens"),
        reasoning=maybe_number(mapping(counts, "completion_tokens_details"), "reasoning_tokens"),
        cost=amount(counts, "cost"),
    )


_CREATED = "cache_creation_input_tokens"


def message_blocks(message: Mapping[str, object], *, later: bool = False) -> Iterator[Block]:
    """The blocks of one message. ``later``: the conversation has begun, so the client's words are reminders."""
    role = text(message, "role")
    if role in ("tool", "function"):
        words, media = _content(message)
        yield from wire_blocks.result(words, short(message, "tool_call_id"), name=short(message, "name"), media=media)
    elif role == "assistant":
        yield from _assistant(message)
    elif any(part.get("type") in ("tool_result", "tool_use") for part in maps(message, "content")):
        yield from wire_messages.message_blocks(message)
    elif _of_client(message):
        words, media = _content(message)
        kind = Kind.REMINDER if later else Kind.SYSTEM
        yield from wire_blocks.client_text(words, kind)
        yield from wire_blocks.attached(media, kind)
    else:
        yield from _user(message)


def _of_client(message: Mapping[str, object]) -> bool:
    return message.get("role") in ("system", "developer")


def _user(message: Mapping[str, object]) -> Iterator[Block]:
    content = message.get("content")
    if isinstance(content, str):
        yield from wire_blocks.user_text(content)
        return
    yield from wire_blocks.together(block for part in items(message, "content") for block in _user_part(part))


def _user_part(part: object) -> Iterator[Block]:
    words, media = _content({"content": [part]})
    yield from wire_blocks.user_text(words)
    yield from wire_blocks.attached(media)


def _assistant(message: Mapping[str, object]) -> Iterator[Block]:
    thinking = text(message, "reasoning_content", "reasoning", "reasoning_text")
    sealed = text(message, "reasoning_opaque")
    details = maps(message, "reasoning_details") or maps(message, "thinking_blocks")
    opaque = len(sealed) + sum(len(text(part, "data", "signature", "encrypted_content")) for part in details)
    if thinking or opaque:
        yield Block(Kind.THINKING, thinking, opaque=opaque)
    if any(part.get("type") in ("tool_use", "thinking", "redacted_thinking") for part in maps(message, "content")):
        yield from wire_messages.message_blocks(message)
    else:
        words, media = _content(message)
        words = words or text(message, "refusal")
        if words or media:
            yield Block(Kind.TEXT, words, media=tuple(media))
    for request in maps(message, "tool_calls"):
        function = mapping(request, "function") or mapping(request, "custom")
        given = function.get("arguments", function.get("input"))
        yield wire_blocks.call(short(function, "name"), short(request, "id"), given)
    function = mapping(message, "function_call")
    if function:
        yield wire_blocks.call(short(function, "name"), "", function.get("arguments"))


def _content(message: Mapping[str, object]) -> tuple[str, list[Media]]:
    """(text, attachments) of a message; several texts are joined by line ends."""
    content = message.get("content")
    if isinstance(content, str):
        return content, []
    words: list[str] = []
    media: list[Media] = []
    for part in items(message, "content"):
        if isinstance(part, str):
            words.append(part)
        elif isinstance(part, dict):
            said = text(part, "text", "refusal", "thinking")
            if said:
                words.append(said)
            found = _media(part)
            if found is not None:
                media.append(found)
    return "\n".join(words), media


def _media(part: Mapping[str, object]) -> Media | None:
    match part.get("type"):
        case "image_url":
            url = part.get("image_url")
            return media_at(url if isinstance(url, str) else text(mapping(part, "image_url"), "url"), "image")
        case "input_audio":
            sound = mapping(part, "input_audio")
            return media_of(f"audio/{short(sound, 'format')}", text(sound, "data"))
        case "file":
            return media_at(text(mapping(part, "file"), "file_data"), "file")
        case "image" | "document":
            source = mapping(part, "source")
            return media_of(short(source, "media_type"), text(source, "data"))
    return None
