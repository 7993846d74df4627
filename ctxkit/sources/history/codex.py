"""Rollouts of Codex CLI: one JSON record a line, ``{timestamp, type, payload}``; TRAE CLI writes the same.

The records hold the items of the Responses format as they are sent, so that the blocks are theirs. Tools are in them
only where the model gets them as an item (Responses lite).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from ctxkit.model.session import Start
from ctxkit.sources.history.codex_rollout import ITEMS, Rollout, item_of
from ctxkit.sources.history.fields import mapping, maybe_number, short, text, time_of
from ctxkit.sources.history.glance import peek_of, stem
from ctxkit.sources.history.losses import Losses
from ctxkit.sources.history.reading import json_lines
from ctxkit.sources.history.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event
    from ctxkit.sources.history.reader import Head, Peek

ID = "codex"
AGENTS = ("codex", "trae")

_TYPES = frozenset({"session_meta", "response_item", "event_msg", "turn_context", "compacted", "token_usage_record"})
_LOOKED_AT = 200
"""Records at the beginning of a rollout that tell the model, the window and the first prompt."""


def recognise(head: Head) -> bool:
    """Is the first record one of a rollout? One longer than what is read of the file is told by its beginning."""
    if not head.records:
        return b'"type":"session_meta"' in head.data[:400].replace(b'": "', b'":"')
    first = head.records[0]
    if text(first, "type") in _TYPES:
        return isinstance(first.get("payload"), dict)
    # The first versions: a bare record of the session, then the items themselves.
    old = {"id", "timestamp", "instructions"} <= set(first) and "type" not in first
    return old and all(text(record, "type") in ITEMS or "record_type" in record for record in head.records[1:3])


def peek(head: Head) -> Iterator[Peek]:
    """The session, from its first records."""
    yield peek_of(_start(head.path), head.path)


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the session."""
    losses = Losses(path, skip)
    rollout = Rollout(losses)
    yield _start(path)
    for line in json_lines(path, lambda skipped: losses.add(skipped.path.removeprefix(f"{path}:"), skipped.reason)):
        yield from rollout.take(line.record, line.at)
    yield from rollout.close()
    losses.close()


def _start(path: str) -> Start:
    """The session's beginning: the first record of it, and what the next ones say of model, window and prompt."""
    start = Start(id=stem(path).removeprefix("rollout-"), format=ID, agent="codex")
    known = False
    title = ""
    for line in islice(json_lines(path, lambda _: None), _LOOKED_AT):
        record = line.record
        payload = mapping(record, "payload")
        kind = text(record, "type")
        if not known and (kind == "session_meta" or "instructions" in record):
            known = True
            start = _of_meta(start, payload or record, record, path)
        elif kind == "turn_context":
            start = replace(start, model=start.model or short(payload, "model"), cwd=start.cwd or text(payload, "cwd"))
        elif kind == "event_msg":
            window = maybe_number(payload, "model_context_window")
            window = maybe_number(mapping(payload, "info"), "model_context_window") if window is None else window
            start = replace(start, window=start.window if start.window is not None else window)
            if payload.get("type") == "user_message":
                title = title or title_of(text(payload, "message"))
        elif not title:
            title = title_of(_prompt(item_of(record)))
        if known and title and start.model and start.window is not None:
            break
    return replace(start, title=title)


def _of_meta(start: Start, meta: Mapping[str, object], record: Mapping[str, object], path: str) -> Start:
    trae = text(meta, "originator").lower().startswith("trae") or "/.trae/" in path.replace("\\", "/")
    spawned = mapping(meta, "source", "subagent", "thread_spawn")
    return replace(
        start,
        id=short(meta, "id", "session_id") or start.id,
        agent="trae" if trae else "codex",
        version=short(meta, "cli_version"),
        cwd=text(meta, "cwd")[:4_000],
        branch=short(mapping(meta, "git"), "branch"),
        at=time_of(meta, "timestamp") or time_of(record, "timestamp"),
        parent=short(spawned, "parent_thread_id") or short(meta, "forked_from_id", "parent_thread_id"),
    )


def _prompt(item: Mapping[str, object]) -> str:
    from ctxkit.model.session import Kind
    from ctxkit.sources.history.wire_responses import item_blocks

    if item.get("role") != "user":
        return ""
    return next((block.text for block in item_blocks(item) if block.kind is Kind.PROMPT and block.text.strip()), "")
