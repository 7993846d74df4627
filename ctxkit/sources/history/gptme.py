"""Conversations of gptme: ``~/.local/share/gptme/logs/<name>/conversation.jsonl``, one message a line.

The first messages of the system are the prompt; files that they name are attached, and kept in ``files/`` beside, by
hash. What tools answer are messages of the system too. ``config.toml`` has model, tools and workspace.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ctxkit.model import CtxkitError
from ctxkit.model.session import Block, Event, Kind, Media, Request, Usage
from ctxkit.sources.history.fields import amount, items, mapping, maybe_number, number, short, text, time_of
from ctxkit.sources.history.formats import head_of
from ctxkit.sources.history.glance import size_and_end, start_of
from ctxkit.sources.history.gptme_calls import answered
from ctxkit.sources.history.media import pixels_of
from ctxkit.sources.history.reader import Head, Peek
from ctxkit.sources.history.reading import json_lines, opened
from ctxkit.sources.history.titles import title_of
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped

ID = "gptme"
AGENTS = ("gptme",)

_ROLES = frozenset({"system", "user", "assistant"})
_NOTICES = {
    "# Relevant Lessons": "lessons",
    "<agent-instructions": "instructions",
    "Loaded agent instructions": "instructions",
    "## Agent Instructions": "instructions",
    "## Selected files": "files",
    "## System Information": "environment",
    "## Current Date": "environment",
    "# Project Workspace": "environment",
    "# System Prompt Cache Boundary": "environment",
    "## Persistent Memory": "memory",
    "<system_warning>": "notice",
    "<budget:": "notice",
    "<system-reminder>": "notice",
}
"""How a message of the system begins that is neither prompt nor answer of a tool → what it is."""
_IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}
_LARGEST_FILE = 4 * 1024 * 1024
_LONGEST_SENT = 99_900
"""Characters of an attached file that are sent; 0.35 cuts at 100,000 with a notice of its own among them."""
_VERSION = on_demand(r"You are gptme v(\d[\w.]*)")
_HASH = on_demand(r"[0-9a-f]{6,64}")
_SUFFIX = on_demand(r"\.[A-Za-z0-9]{1,12}")


def recognise(head: Head) -> bool:
    """Lines of role, content and timestamp, the first of the system, in a folder or with fields only gptme writes."""
    if not head.records or any(not _is_message(record) for record in head.records[:5]):
        return False
    named = os.path.basename(head.path) == "conversation.jsonl"
    return named or any({"pinned", "hide", "file_hashes"} & record.keys() for record in head.records)


def peek(head: Head) -> Iterator[Peek]:
    """The conversation of the folder, from its beginning and the settings beside it."""
    folder = os.path.dirname(os.path.abspath(head.path))
    chat = mapping(_config(folder), "chat")
    prompts = (text(r, "content") for r in head.records if r.get("role") == "user")
    version = next((found for record in head.records[:3] if (found := _VERSION().match(text(record, "content")))), None)
    models = (short(mapping(record, "metadata"), "model") for record in head.records)
    size, ended = size_and_end(head.path)
    yield Peek(
        path=head.path,
        id=os.path.basename(folder),
        cwd=_workspace(folder, chat),
        title=title_of(next((words for words in prompts if not words.startswith("<system>")), "")),
        model=short(chat, "model") or next(filter(None, models), ""),
        version=version[1] if version else "",
        began=min((at for record in head.records if (at := time_of(record, "timestamp"))), default=0.0),
        ended=ended,
        size=size,
    )


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the conversation in ``path``; a file holds one, so ``key`` does not matter."""
    yield start_of(next(peek(head_of(path))), ID, "gptme")
    folder = os.path.dirname(os.path.abspath(path))
    calls: list[str] = []
    begun = False
    for line in json_lines(path, skip):
        record, mark, at = line.record, f"line:{line.at}", time_of(line.record, "timestamp")
        if not _is_message(record):
            continue
        words = text(record, "content")
        if record.get("role") == "assistant":
            begun = True
            metadata = mapping(record, "metadata")
            yield Request(mark, short(metadata, "model"), _usage(metadata), at=at)
            found = list(answered(words, mark, at))
            calls = [block.call for block in found if block.kind is Kind.CALL]
            yield from found
        elif record.get("role") == "user":
            begun = True
            kind = Kind.REMINDER if words.startswith("<system>") else Kind.PROMPT
            yield Block(kind, words, mark=mark, at=at)
        else:
            yield _told(record, words, mark, at, calls, begun)
        yield from _files(record, folder, mark, at)


def _is_message(record: Mapping[str, object]) -> bool:
    return short(record, "role") in _ROLES and isinstance(record.get("content"), str) and "timestamp" in record


def _told(record: Mapping[str, object], words: str, mark: str, at: float, calls: list[str], begun: bool) -> Block:
    """A message of the system: the prompt, the answer of a tool, or a notice."""
    name = next((name for beginning, name in _NOTICES.items() if words.startswith(beginning)), "")
    call = short(record, "call_id")
    if call or (calls and not name):
        tool = short(mapping(record, "metadata"), "tool")
        if call in calls:
            calls.remove(call)
        call = call or calls.pop(0)
        failed = words.startswith(("Error executing tool", "Error: "))
        return Block(Kind.RESULT, words, tool, call, error=failed, mark=mark, at=at)
    if begun or name:
        return Block(Kind.REMINDER, words, name or "notice", mark=mark, at=at)
    return Block(Kind.SYSTEM, words, mark=mark, at=at)


def _files(record: Mapping[str, object], folder: str, mark: str, at: float) -> Iterator[Block]:
    """The files attached to a message, as they were when it was sent; nothing of one that was not kept."""
    hashes = mapping(record, "file_hashes")
    instructions = text(record, "content").startswith(("## Agent Instructions", "<agent-instructions"))
    for path in items(record, "files"):
        if not isinstance(path, str):
            continue
        suffix = os.path.splitext(path)[1]
        data = _kept(folder, text(hashes, path), suffix)
        if data is None:
            continue
        mime = _IMAGES.get(suffix.lower())
        if mime:
            media = Media(mime, len(data), pixels_of(data))
            yield Block(Kind.PROMPT, "", path[:1_000], media=(media,), mark=mark, at=at)
        else:
            kind = Kind.RULES if instructions else Kind.REMINDER
            words = data.decode("utf-8", "replace").replace("\r\n", "\n")[:_LONGEST_SENT]
            yield Block(kind, words, path[:1_000], mark=mark, at=at)


def _kept(folder: str, name: str, suffix: str) -> bytes | None:
    """The bytes of a file kept by its hash; None if there is none, or none that may be read."""
    if not _HASH().fullmatch(name) or (suffix and not _SUFFIX().fullmatch(suffix)):
        return None
    try:
        with opened(os.path.join(folder, "files", name + suffix)) as file:
            return file.read(_LARGEST_FILE)
    except CtxkitError:
        return None


def _config(folder: str) -> Mapping[str, object]:
    import tomllib

    try:
        with opened(os.path.join(folder, "config.toml")) as file:
            return tomllib.loads(file.read(_LARGEST_FILE).decode("utf-8", "replace"))
    except (CtxkitError, tomllib.TOMLDecodeError, RecursionError):
        return {}


def _workspace(folder: str, chat: Mapping[str, object]) -> str:
    """The directory that the settings name (``~`` is left to the home they are in), else where ``workspace`` leads."""
    link = os.path.join(folder, "workspace")
    if os.path.islink(link):
        return os.path.normpath(os.path.join(folder, os.readlink(link)))
    named = text(chat, "workspace")
    return os.path.expanduser(named) if named != "@log" else ""


def _usage(metadata: Mapping[str, object]) -> Usage | None:
    """``input_tokens`` is what was not cached. Older files have the counts in the metadata itself."""
    counts = mapping(metadata, "usage") or metadata
    fresh, cached = number(counts, "input_tokens"), number(counts, "cache_read_tokens")
    written = maybe_number(counts, "cache_creation_tokens")
    if not fresh and not cached and not written:
        return None
    return Usage(
        input=fresh + cached + (written or 0),
        cached=cached,
        written=written,
        output=number(counts, "output_tokens"),
        cost=amount(metadata, "cost") or None,
    )
