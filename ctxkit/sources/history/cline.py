"""Sessions of Cline's command line and SDK: ``~/.cline/data/sessions/<id>/<id>.messages.json``, one JSON document.

It holds all messages in Anthropic's shape and the system prompt. What a compaction left lies beside, as
``<id>.compaction.json`` with the number of messages that it stands for; ``<id>.json`` has directory and version.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model import CtxkitError
from ctxkit.model.session import Block, Departure, Event, Kind, Request, Usage, Why
from ctxkit.sources.history.cline_text import said, unwrapped
from ctxkit.sources.history.fields import amount, json_text, mapping, maps, maybe_number, number, short, text, time_of
from ctxkit.sources.history.formats import head_of
from ctxkit.sources.history.glance import beginning, beside, size_and_time, start_of
from ctxkit.sources.history.markings import said_by_client
from ctxkit.sources.history.reader import Head, Peek
from ctxkit.sources.history.reading import document
from ctxkit.sources.history.titles import title_of
from ctxkit.sources.history.wire_messages import message_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped

ID = "cline"
AGENTS = ("cline",)

_ENDING = ".messages.json"
_SIGNS = (b'"messages"', b'"sessionId"', b'"origin"')


def recognise(head: Head) -> bool:
    """A JSON document with ``sessionId``, ``origin`` and ``messages`` near its beginning."""
    if not head.is_json and len(head.records) != 1:
        return False
    return all(sign in head.data[:2_000] for sign in _SIGNS) and isinstance(_beginning(head).get("messages"), list)


def peek(head: Head) -> Iterator[Peek]:
    """The session of the file, from its beginning and the manifest beside it."""
    whole = _beginning(head)
    beside_it = beside(head.path, f"{_name(head.path)}.json")
    manifest: Mapping[str, object] = beside_it if isinstance(beside_it, dict) else {}
    title = text(mapping(manifest, "metadata"), "title") or text(manifest, "prompt")
    model = short(manifest, "model")
    for message in maps(whole, "messages"):
        model = model or short(mapping(message, "modelInfo"), "id")
        if not title and message.get("role") == "user":
            title = next((b.text for b in _said(message, []) if b.kind is Kind.PROMPT), "")
    identity = short(whole, "sessionId") or _name(head.path)
    folder = os.path.basename(os.path.dirname(os.path.abspath(head.path)))
    size, written = size_and_time(head.path)
    yield Peek(
        path=head.path,
        id=identity,
        cwd=text(manifest, "cwd", "workspace_root"),
        title=title_of(title),
        model=model,
        version=short(mapping(whole, "origin"), "version"),
        began=time_of(manifest, "started_at") or next((time_of(m, "ts") for m in maps(whole, "messages")), 0.0),
        ended=time_of(manifest, "ended_at") or time_of(whole, "updated_at") or written,
        size=size,
        parent=folder if identity.startswith(folder) and identity != folder else "",
    )


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the session in ``path``; a file holds one, so ``key`` does not matter."""
    whole = document(path)
    if not isinstance(whole, dict) or not isinstance(whole.get("messages"), list):
        raise CtxkitError(f"{path} holds no messages of Cline.", "Name a file that ends in .messages.json.")
    glance = next(peek(head_of(path)))
    manifest = beside(path, f"{_name(path)}.json")
    branch = short(mapping(manifest, "metadata", "git"), "branch") if isinstance(manifest, dict) else ""
    yield start_of(glance, ID, "cline", branch)
    for piece in said_by_client(text(whole, "system_prompt")):
        yield Block(piece.kind, piece.text, piece.name, mark="system")
    compaction = beside(path, f"{_name(path)}.compaction.json")
    summed = compaction if isinstance(compaction, dict) else {}
    until = maybe_number(summed, "source_message_count")
    calls: list[str] = []
    for count, message in enumerate(maps(whole, "messages")):
        if count == until:
            yield from _compacted(summed)
        yield from _message(message, calls)
    if until is not None and until >= len(maps(whole, "messages")):
        yield from _compacted(summed)


def _beginning(head: Head) -> Mapping[str, object]:
    value = head.records[0] if head.records else beginning(head.data)
    return value if isinstance(value, dict) else {}


def _name(path: str) -> str:
    return os.path.basename(path).removesuffix(_ENDING)


def _compacted(state: Mapping[str, object]) -> Iterator[Event]:
    """What the compaction took out, and what it put in its place: messages without an id of the conversation."""
    messages = maps(state, "messages")
    kept = frozenset(short(message, "id") for message in messages if short(message, "id"))
    summary = next((message for message in messages if mapping(message, "metadata").get("kind")), {})
    before = maybe_number(mapping(summary, "metadata"), "tokensBefore")
    yield Departure(Why.COMPACTION, kept=kept, before=before, at=time_of(state, "updated_at"))
    for number_, message in enumerate(messages):
        if short(message, "id"):
            continue
        for block in _said({**message, "id": f"compaction:{number_}"}, []):
            yield Block(Kind.SUMMARY, block.text, media=block.media, mark=block.mark, at=time_of(state, "updated_at"))


def _message(message: Mapping[str, object], calls: list[str]) -> Iterator[Event]:
    if message.get("role") != "assistant":
        yield from _said(message, calls)
        return
    identity, at = short(message, "id"), time_of(message, "ts")
    yield Request(identity, short(mapping(message, "modelInfo"), "id"), _usage(message), at=at)
    for block in message_blocks(message):
        yield replace(block, mark=identity, at=at)


def _said(message: Mapping[str, object], calls: list[str]) -> Iterator[Block]:
    mark, at = short(message, "id"), time_of(message, "ts")
    content = message.get("content")
    for part in [{"type": "text", "text": content}] if isinstance(content, str) else maps(message, "content"):
        if part.get("type") == "text":
            yield from said(unwrapped(text(part, "text")), mark, at, calls)
            continue
        sent = _as_sent(part) if part.get("type") == "tool_result" else part
        for block in message_blocks({"role": "user", "content": [sent]}):
            failed = block.error or (sent is not part and _all_failed(part))
            yield replace(block, error=failed and block.kind is Kind.RESULT, mark=mark, at=at)


def _as_sent(part: Mapping[str, object]) -> Mapping[str, object]:
    """A result whose content is what the tool gave, not blocks: it is sent as the JSON of the whole."""
    pieces = maps(part, "content")
    if not pieces or any(piece.get("type") in ("text", "image", "document") for piece in pieces):
        return part
    return {**part, "content": json_text(part["content"])}


def _all_failed(part: Mapping[str, object]) -> bool:
    pieces = maps(part, "content")
    return bool(pieces) and all(piece.get("success") is False for piece in pieces)


def _usage(message: Mapping[str, object]) -> Usage | None:
    """``inputTokens`` holds what was read from a cache and written to one."""
    metrics = mapping(message, "metrics")
    if not number(metrics, "inputTokens"):
        return None
    return Usage(
        input=number(metrics, "inputTokens"),
        cached=number(metrics, "cacheReadTokens"),
        written=maybe_number(metrics, "cacheWriteTokens"),
        output=number(metrics, "outputTokens"),
        cost=amount(metrics, "cost") or None,
    )
