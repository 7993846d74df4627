"""Sessions of Crush: the database ``.crush/crush.db`` of a project, several sessions in one.

A row of ``messages`` is one request's answer, a message of the user, or results. Usage is kept of the last request
alone, in the session's row; there ``prompt_tokens`` is the input without what was written to a cache. The last summary,
named in the session's row, is where the window begins; earlier ones were so in their time. System prompt and tools are
not kept. Facts: internal/message, internal/agent and internal/db of charmbracelet/crush; not checked against recorded
requests.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ctxkit.model import CtxkitError
from ctxkit.model.session import Block, Departure, Kind, Request, Start, Usage, Why
from ctxkit.sources.history.attachments import attached_text
from ctxkit.sources.history.database import database, decoded, tables_of
from ctxkit.sources.history.fields import arguments_of, mapping, maps, number, short, text, time_of
from ctxkit.sources.history.losses import Losses
from ctxkit.sources.history.media import media_at, media_of
from ctxkit.sources.history.reader import Peek
from ctxkit.sources.history.titles import title_of
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event, Media
    from ctxkit.sources.history.database import Database
    from ctxkit.sources.history.reader import Head

ID = "crush"
AGENTS = ("crush",)

_ATTACHED = "<system_info>The files below have been attached by the user, consider them in your response</system_info>"
_UNREADABLE = "[Image data could not be loaded]"
_ESCAPE = on_demand(r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b]*+(?:\x07|\x1b\\)|[@-Z\\-_])")
_BASE64 = on_demand(r"[A-Za-z0-9+/\s]*+={0,2}\s*+", re.DOTALL)


def recognise(head: Head) -> bool:
    """Is it a database with Crush's tables?"""
    tables = tables_of(head)
    return "parts" in tables.get("messages", ()) and {"title", "prompt_tokens"} <= tables.get("sessions", frozenset())


def peek(head: Head) -> Iterator[Peek]:
    """Each session by its row. The working directory is the one that holds ``.crush``."""
    with database(head.path) as found:
        rows = list(found.rows("SELECT * FROM sessions ORDER BY created_at, id"))
    size = os.stat(head.path).st_size if len(rows) == 1 else 0
    for row in rows:
        start = _start(head.path, row)
        ended = time_of(row, "updated_at")
        yield Peek(
            head.path, start.id, start.id, start.cwd, start.title, began=start.at, ended=ended, size=size,
            parent=start.parent,
        )  # fmt: skip


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the session ``key``, or of all. Raises CtxkitError where there is none of that id."""
    losses = Losses(path, skip)
    with database(path) as found:
        known = False
        for row in list(found.rows("SELECT * FROM sessions ORDER BY created_at, id")):
            start = _start(path, row)
            if key and start.id != key:
                continue
            known = True
            yield start
            yield from _events(found, row, losses)
    losses.close()
    if key and not known:
        raise CtxkitError(f"{path} holds no session {key!r}.", "`ctxkit history` lists the sessions that it holds.")


def _start(path: str, row: Mapping[str, object]) -> Start:
    folder = os.path.dirname(os.path.abspath(path))
    return Start(
        short(row, "id"),
        ID,
        agent=ID,
        cwd=os.path.dirname(folder) if os.path.basename(folder) == ".crush" else "",
        title=title_of(text(row, "title")),
        at=time_of(row, "created_at"),
        parent=short(row, "parent_session_id"),
    )


def _events(found: Database, session: Mapping[str, object], losses: Losses) -> Iterator[Event]:
    last = ""
    model = ""
    rows = "SELECT * FROM messages WHERE session_id = ? ORDER BY created_at, rowid"
    for row in found.rows(rows, session.get("id")):
        parts = decoded(row.get("parts"))
        if not isinstance(parts, list):
            losses.add(f"message {row.get('id')}", "its parts are no JSON list")
            continue
        mark, at = short(row, "id"), time_of(row, "created_at")
        found_parts = [(text(part, "type"), mapping(part, "data")) for part in maps({"parts": parts}, "parts")]
        match text(row, "role"):
            case "assistant":
                last, model = mark, short(row, "model")
                yield Request(mark, model, at=at)
                yield from _answered(found_parts, mark, at, is_summary=bool(row.get("is_summary_message")))
            case "tool":
                for kind, data in found_parts:
                    if kind == "tool_result":
                        yield _result(data, mark, at)
            case "system":
                yield Block(Kind.SYSTEM, _text(found_parts), mark=mark, at=at)
            case _:
                yield from _asked(found_parts, mark, at)
    if last and (usage := _usage(session)):
        yield Request(last, model, usage)


def _usage(session: Mapping[str, object]) -> Usage | None:
    """The usage of the last request; none after a summary, which sets the input to 0."""
    whole = number(session, "prompt_tokens")
    return Usage(whole, output=number(session, "completion_tokens")) if whole else None


def _text(parts: list[tuple[str, Mapping[str, object]]]) -> str:
    return next((text(data, "text") for kind, data in parts if kind == "text"), "").strip()


def _asked(parts: list[tuple[str, Mapping[str, object]]], mark: str, at: float) -> Iterator[Block]:
    if words := _text(parts):
        hidden = any(kind == "text" and data.get("hidden") is True for kind, data in parts)
        yield Block(Kind.REMINDER if hidden else Kind.PROMPT, words, mark=mark, at=at)
    files = [_file(data) for kind, data in parts if kind == "binary"]
    if texts := [file for file in files if file[1].startswith("text/")]:
        yield Block(Kind.REMINDER, _ATTACHED, mark=mark, at=at)
        for path, _, content in texts:
            tag = f"<file path='{path}'>" if path else "<file>"
            yield Block(Kind.REMINDER, f"{tag}\n\n{attached_text(content)}\n</file>\n", name=path, mark=mark, at=at)
    for kind, data in parts:
        if kind == "shell_command":
            said = _ESCAPE().sub("", text(data, "output"))
            words = f"$ {text(data, 'command')}\n{said}\n(exit code {number(data, 'exit_code')})"
            yield Block(Kind.REMINDER, words, name="shell", mark=mark, at=at)
    images: list[Media] = [media_of(mime, content) for _, mime, content in files if not mime.startswith("text/")]
    images.extend(media_at(text(data, "url")) for kind, data in parts if kind == "image_url")
    if images:
        yield Block(Kind.PROMPT, media=tuple(images), mark=mark, at=at)


def _file(data: Mapping[str, object]) -> tuple[str, str, str]:
    """(path, type, base64) of an attachment."""
    return text(data, "Path"), short(data, "MIMEType"), text(data, "Data")


def _answered(
    parts: list[tuple[str, Mapping[str, object]]], mark: str, at: float, *, is_summary: bool
) -> Iterator[Event]:
    failed = any(kind == "finish" and text(data, "reason") in ("error", "canceled") for kind, data in parts)
    words = _text(parts)
    if is_summary and not failed:
        yield Departure(Why.COMPACTION, at=at)
        yield Block(Kind.SUMMARY, words, mark=mark, at=at)
        return
    for kind, data in parts:
        if kind == "reasoning":
            thought = text(data, "thinking")
            sealed = sum(len(text(data, name)) for name in ("signature", "thought_signature"))
            sealed += len(text(mapping(data, "responses_data"), "encrypted_content"))
            if thought or sealed:
                yield Block(Kind.THINKING, thought, opaque=sealed, mark=mark, at=at)
    if words:
        yield Block(Kind.TEXT, words, mark=mark, at=at)
    for kind, data in parts:
        if kind == "tool_call":
            given = text(data, "input")
            yield Block(Kind.CALL, given, short(data, "name"), short(data, "id"), arguments_of(given), mark=mark, at=at)


def _result(data: Mapping[str, object], mark: str, at: float) -> Block:
    words, content, failed = text(data, "content"), text(data, "data"), data.get("is_error") is True
    media: tuple[Media, ...] = ()
    if content and not failed:
        if _BASE64().fullmatch(content):
            words, media = "", (media_of(short(data, "mime_type"), content),)
        else:
            words = _UNREADABLE
    return Block(
        Kind.RESULT,
        words,
        short(data, "name"),
        short(data, "tool_call_id"),
        error=failed,
        media=media,
        mark=mark,
        at=at,
    )
