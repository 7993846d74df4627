"""Sessions of opencode, and of the agents that keep theirs as it does (Kilo's CLI, ZCode).

Three shapes: the database (``opencode.db``, several sessions), the JSON that ``opencode export`` writes, and the folder
``storage/`` of versions before 1.2, with a file per session, message and part. None of them holds the system prompt or
the tools. A session of a subagent is a session of its own with a parent.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ctxkit.model import CtxkitError
from ctxkit.model.session import Recorded, Start
from ctxkit.sources.history import opencode_parts, opencode_records
from ctxkit.sources.history.database import MAGIC, database, decoded, tables_of
from ctxkit.sources.history.fields import amount, mapping, maps, short, text, time_of
from ctxkit.sources.history.losses import Losses
from ctxkit.sources.history.opencode_parts import Message
from ctxkit.sources.history.reader import Peek
from ctxkit.sources.history.reading import document, opened
from ctxkit.sources.history.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event
    from ctxkit.sources.history.database import Database
    from ctxkit.sources.history.reader import Head

ID = "opencode"
AGENTS = ("opencode", "kilo")

_SESSION = {"id", "directory", "title", "time_created"}
_NO_TITLE = ("New session - ", "Child session - ")


def recognise(head: Head) -> bool:
    """Is it a database with opencode's tables, an exported session, or a session file of ``storage/``?"""
    if head.data.startswith(MAGIC):
        tables = tables_of(head)
        return tables.get("session", frozenset()) >= _SESSION and (
            {"message", "part"} <= tables.keys() or "session_message" in tables
        )
    return _is_export(head) or _is_stored(head)


def _is_export(head: Head) -> bool:
    if b'"info"' not in head.data[:200]:
        return False
    found = head.document
    return isinstance(found, dict) and text(mapping(found, "info"), "id").startswith("ses") and "messages" in found


def _is_stored(head: Head) -> bool:
    if b'"ses' not in head.data[:400] or os.path.basename(os.path.dirname(os.path.dirname(head.path))) != "session":
        return False
    found = head.document
    return isinstance(found, dict) and text(found, "id").startswith("ses") and "directory" in found


def peek(head: Head) -> Iterator[Peek]:
    """Each session of the database by its row; the one of an exported or stored file."""
    if not head.data.startswith(MAGIC):
        found = head.document
        info = found if isinstance(found, dict) and "directory" in found else mapping({"": found}, "", "info")
        yield _glance(head.path, info, "", os.stat(head.path).st_size)
        return
    with database(head.path) as found:
        sessions = [_session(row) for row in found.rows("SELECT * FROM session ORDER BY time_created, id")]
    size = os.stat(head.path).st_size if len(sessions) == 1 else 0
    for info in sessions:
        yield _glance(head.path, info, text(info, "id"), size)


def _glance(path: str, info: Mapping[str, object], key: str, size: int) -> Peek:
    start = _start(path, info)
    ended = time_of(mapping(info, "time"), "updated") or os.stat(path).st_mtime
    return Peek(
        path, key, start.id, start.cwd, start.title, start.model, start.version, start.at, ended, size, start.parent
    )


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the session ``key``, or of all. Raises CtxkitError where there is none of that id."""
    losses = Losses(path, skip)
    with opened(path) as file:
        is_database = file.read(len(MAGIC)) == MAGIC
    if is_database:
        yield from _from_database(path, key, losses)
    else:
        found = document(path)
        info = mapping({"": found}, "", "info")
        if info:
            yield _start(path, info)
            yield from opencode_parts.events(_exported(mapping({"": found}, "")), mapping(info, "revert"))
            yield from _recorded(info)
        else:
            info = mapping({"": found}, "")
            yield _start(path, info)
            yield from opencode_parts.events(_stored(path, short(info, "id"), losses), mapping(info, "revert"))
    losses.close()


def _from_database(path: str, key: str, losses: Losses) -> Iterator[Event]:
    with database(path) as found:
        known = False
        # The rows of sessions are few and small; those of messages and parts are read one message at a time.
        for row in list(found.rows("SELECT * FROM session ORDER BY time_created, id")):
            info = _session(row)
            if key and text(info, "id") != key:
                continue
            known = True
            yield _start(path, info)
            identity = text(info, "id")
            if _has(found, "message", identity) and "part" in found.columns:
                yield from opencode_parts.events(_messages(found, identity, losses), mapping(info, "revert"))
            elif _has(found, "session_message", identity):
                yield from opencode_records.events(_records(found, identity, losses), _baseline(found, identity))
            yield from _recorded(info)
    if key and not known:
        raise CtxkitError(f"{path} holds no session {key!r}.", "`ctxkit history` lists the sessions that it holds.")


def _session(row: Mapping[str, object]) -> Mapping[str, object]:
    """A row of the table as the map that exported sessions have."""
    return {
        "id": text(row, "id"),
        "parentID": text(row, "parent_id"),
        "directory": text(row, "directory"),
        "title": text(row, "title"),
        "version": text(row, "version"),
        "model": decoded(row.get("model")),
        "revert": decoded(row.get("revert")),
        "cost": row.get("cost"),
        "time": {"created": row.get("time_created"), "updated": row.get("time_updated")},
    }


def _start(path: str, info: Mapping[str, object]) -> Start:
    title = text(info, "title")
    name = os.path.splitext(os.path.basename(path))[0]
    return Start(
        short(info, "id"),
        ID,
        agent=name if name in AGENTS else "opencode" if name in ("export", short(info, "id")) else "",
        version=short(info, "version"),
        cwd=text(info, "directory"),
        model=short(mapping(info, "model"), "id", "modelID"),
        title="" if title.startswith(_NO_TITLE) else title_of(title),
        at=time_of(mapping(info, "time"), "created"),
        parent=short(info, "parentID"),
    )


def _recorded(info: Mapping[str, object]) -> Iterator[Recorded]:
    """The sum that opencode keeps of the session, without its subagents'; 0 where it knows no price."""
    if cost := amount(info, "cost"):
        yield Recorded(cost)


def _messages(found: Database, session: str, losses: Losses) -> Iterator[Message]:
    parts = "SELECT id, data FROM part WHERE message_id = ? ORDER BY id"
    for row in found.rows("SELECT id, data FROM message WHERE session_id = ? ORDER BY time_created, id", session):
        info = decoded(row["data"])
        if not isinstance(info, dict):
            losses.add(f"message {row['id']}", "its data is no JSON object")
            continue
        read = []
        for part in found.rows(parts, row["id"]):
            content = decoded(part["data"])
            if isinstance(content, dict):
                read.append({**content, "id": str(part["id"])})
            else:
                losses.add(f"part {part['id']}", "its data is no JSON object")
        yield Message(str(row["id"]), info, read)


def _has(found: Database, table: str, session: str) -> bool:
    if table not in found.columns:
        return False
    return any(True for _ in found.rows(f"SELECT 1 FROM {table} WHERE session_id = ? LIMIT 1", session))  # noqa: S608


def _records(found: Database, session: str, losses: Losses) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    for row in found.rows("SELECT id, type, data FROM session_message WHERE session_id = ? ORDER BY seq", session):
        record = decoded(row["data"])
        if isinstance(record, dict):
            yield str(row["id"]), text(row, "type"), record
        else:
            losses.add(f"session_message {row['id']}", "its data is no JSON object")


def _baseline(found: Database, session: str) -> str:
    if "baseline" not in found.columns.get("session_context_epoch", ()):
        return ""
    rows = found.rows("SELECT baseline FROM session_context_epoch WHERE session_id = ?", session)
    return next((text(row, "baseline") for row in rows), "")


def _exported(found: Mapping[str, object]) -> Iterator[Message]:
    for message in maps(found, "messages"):
        info = mapping(message, "info")
        yield Message(text(info, "id"), info, maps(message, "parts"))


def _stored(path: str, session: str, losses: Losses) -> Iterator[Message]:
    """The messages beside the session file: ``storage/message/<session>/*`` and ``storage/part/<message>/*``."""
    storage = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(path))))
    for identity, info in _files(os.path.join(storage, "message", session), losses):
        parts = [{**part, "id": name} for name, part in _files(os.path.join(storage, "part", identity), losses)]
        yield Message(identity, info, parts)


def _files(folder: str, losses: Losses) -> Iterable[tuple[str, Mapping[str, object]]]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError:
        return
    for name in names:
        try:
            found = document(os.path.join(folder, name))
        except CtxkitError as error:
            losses.add(name, error.message)
            continue
        if isinstance(found, dict):
            yield name.removesuffix(".json"), found
