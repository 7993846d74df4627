"""Sessions of GitHub Copilot CLI: ``events.jsonl``, one event a line, ``{type, data, id, timestamp, parentId}``.

Shape: the event types that github/copilot-sdk generates (``session-events``, 2026-08-21), and recorded sessions. The
events hold the system prompt and the messages as they are sent. They lack the tool definitions and the instructions
that come on reading a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.session import Start
from ctxkit.sources.history.copilot_events import Events
from ctxkit.sources.history.fields import mapping, short, text, time_of
from ctxkit.sources.history.glance import peek_of
from ctxkit.sources.history.losses import Losses
from ctxkit.sources.history.reading import json_lines
from ctxkit.sources.history.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event
    from ctxkit.sources.history.reader import Head, Peek

ID = "copilot-cli"
AGENTS = ("copilot-cli",)

_LOOKED_AT = 100
_NAMESPACES = ("session.", "system.", "user.", "assistant.", "tool.", "hook.", "subagent.", "permission.", "skill.")


def recognise(head: Head) -> bool:
    """Is the first event one of a session: a type with a dot, data, an id, a time?"""
    if not head.records:
        return False
    first = head.records[0]
    kind = text(first, "type")
    return kind.startswith(_NAMESPACES) and isinstance(first.get("data"), dict) and "timestamp" in first


def peek(head: Head) -> Iterator[Peek]:
    """The session, from its first events."""
    yield peek_of(_start(head.path, head.records[:_LOOKED_AT]), head.path)


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the session."""
    losses = Losses(path, skip)
    yield _start(path, _first(path))
    events = Events()
    for line in json_lines(path, lambda skipped: losses.add(skipped.path.removeprefix(f"{path}:"), skipped.reason)):
        yield from events.take(line.record)
    yield from events.close()
    losses.close()


def _first(path: str) -> Iterator[Mapping[str, object]]:
    for at, line in enumerate(json_lines(path, lambda _: None)):
        if at >= _LOOKED_AT:
            return
        yield line.record
        if text(line.record, "type") == "assistant.message":
            return


def _start(path: str, records: Iterable[Mapping[str, object]]) -> Start:
    # The directory bears the session's id where the file lacks its first event.
    identity = path.replace("\\", "/").rpartition("/")[0].rpartition("/")[2]
    version = cwd = branch = model = title = parent = ""
    at = 0.0
    for record in records:
        data = mapping(record, "data")
        match record.get("type"):
            case "session.start":
                context = mapping(data, "context")
                identity = short(data, "sessionId") or identity
                version, model = short(data, "copilotVersion"), short(data, "selectedModel")
                cwd, branch = text(context, "cwd")[:4_000], short(context, "branch")
                at = time_of(data, "startTime") or time_of(record, "timestamp")
            case "session.model_change":
                model = short(data, "newModel") or model
            case "session.handoff":
                parent = short(data, "remoteSessionId")
            case "user.message":
                title = title or title_of(text(data, "content"))
            case "assistant.message":
                model = model or short(data, "model")
        at = at or time_of(record, "timestamp")
    return Start(identity, ID, "copilot-cli", version, cwd, branch, model, title=title, at=at, parent=parent)
