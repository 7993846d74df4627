"""Sessions of OpenHands: a conversation's folder, an older trajectory, the output of an evaluation.

The folder holds ``base_state.json`` and ``events/event-<number>-<id>.json``, one event each; any of these files stands
for the conversation. A trajectory is one JSON list of events. An evaluation's ``output.jsonl`` has an instance a line,
each a session with its events in ``history``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.model import CtxkitError
from ctxkit.model.session import Start
from ctxkit.sources.history import openhands_actions, openhands_events
from ctxkit.sources.history.fields import items, mapping, maps, short, text, time_of
from ctxkit.sources.history.losses import Losses
from ctxkit.sources.history.openhands_events import Conversation
from ctxkit.sources.history.reader import Peek
from ctxkit.sources.history.reading import document, json_lines, opened
from ctxkit.sources.history.titles import title_of
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event
    from ctxkit.sources.history.reader import Head

ID = "openhands"
AGENTS = ("openhands",)

_STATE = "base_state.json"
_EVENT = on_demand(r"event-(\d{5,})-([0-9a-fA-F-]{8,})\.json")
_PROMPTS_IN = 20
"""Events of a conversation in which the first prompt is looked for."""


class _Folder(NamedTuple):
    """A conversation on disk. ``events``: the files in order."""

    path: str
    state: Mapping[str, object]
    events: list[str]


def recognise(head: Head) -> bool:
    """Is it a file of a conversation's folder, a trajectory, or an evaluation's output?"""
    name = os.path.basename(head.path)
    if name == _STATE:
        found = head.document
        return isinstance(found, dict) and {"agent", "workspace"} <= found.keys()
    if _EVENT().fullmatch(name):
        found = head.document
        return isinstance(found, dict) and openhands_events.is_event(found)
    if head.records:
        first = head.records[0]
        return _is_instance(first) or ("history" not in first and _is_old(first) and _is_folder_file(head.path))
    if head.data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and b'"history"' in head.data:
        # The first instance may be longer than what is read of the file to tell its format.
        return any(key in head.data[:2_000] for key in (b'"instance_id"', b'"issue_type"'))
    if head.is_json and head.data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[":
        if not (b'"action"' in head.data or b'"kind"' in head.data):
            return False
        found = head.document
        events = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
        return bool(events) and all(map(_is_known, events[:5]))
    return False


def _is_instance(record: Mapping[str, object]) -> bool:
    history = items(record, "history")
    first = next((event for event in _flat(history)), None)
    return first is not None and _is_known(first) and ("instruction" in record or "instance_id" in record)


def _is_known(event: Mapping[str, object]) -> bool:
    return openhands_events.is_event(event) or _is_old(event)


def _is_old(event: Mapping[str, object]) -> bool:
    args = "args" in event or "content" in event or "thought" in event
    return openhands_actions.is_event(event) and args and "role" not in event


def _is_folder_file(path: str) -> bool:
    return os.path.basename(os.path.dirname(os.path.abspath(path))) == "events"


def peek(head: Head) -> Iterator[Peek]:
    """The conversation or trajectory; of an evaluation, each instance."""
    status = os.stat(head.path)
    if folder := _folder(head.path):
        start = _of_folder(folder)
        sizes = sum(os.stat(name).st_size for name in folder.events)
        ended = max((os.stat(name).st_mtime for name in folder.events[-1:]), default=status.st_mtime)
        title = _title(_read(folder.events[:_PROMPTS_IN], Losses(head.path, lambda _: None)))
        yield Peek(head.path, "", start.id, start.cwd, title, start.model, began=start.at, ended=ended, size=sizes)
    elif _is_list(head):
        events = _flat(head.document if isinstance(head.document, list) else [])
        began = time_of(events[0], "timestamp") if events else 0.0
        title = _title(events[:_PROMPTS_IN])
        yield Peek(head.path, "", _stem(head.path), "", title, began=began, ended=status.st_mtime, size=status.st_size)
    else:
        for line in json_lines(head.path, lambda _: None):
            start = _of_instance(line.record, str(line.at))
            yield Peek(
                head.path, str(line.at), start.id, "", title_of(text(line.record, "instruction")), start.model,
                began=start.at, ended=status.st_mtime,
            )  # fmt: skip


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the session in the file, or of the instance ``key`` (the number of its line).

    Raises CtxkitError where the file cannot be read or has no such line.
    """
    losses = Losses(path, skip)
    if folder := _folder(path):
        start = _of_folder(folder)
        yield start
        conversation = Conversation(openhands_events.usage_of(folder.state), start.model)
        yield from _events(_read(folder.events, losses), conversation)
    elif _begins_list(path):
        found = document(path)
        events = _flat(found if isinstance(found, list) else [])
        yield Start(_stem(path), ID, agent=ID, at=time_of(events[0], "timestamp") if events else 0.0)
        yield from _events(events, Conversation())
    else:
        known = False
        for line in json_lines(path, skip):
            if key and key != str(line.at):
                continue
            known = True
            start = _of_instance(line.record, str(line.at))
            yield start
            yield from _events(_flat(items(line.record, "history")), Conversation(model=start.model))
        if key and not known:
            raise CtxkitError(f"{path} has no instance on line {key}.", "`ctxkit history` lists those that it has.")
    losses.close()


def _events(records: Iterable[Mapping[str, object]], conversation: Conversation) -> Iterator[Event]:
    for record in records:
        if openhands_events.is_event(record):
            yield from openhands_events.events(record, conversation)
        elif openhands_actions.is_event(record):
            yield from openhands_actions.events(record, conversation)


def _flat(history: Iterable[object]) -> list[Mapping[str, object]]:
    """The events of a history; the oldest have pairs of action and observation."""
    found: list[Mapping[str, object]] = []
    for item in history:
        if isinstance(item, dict):
            found.append(item)
        elif isinstance(item, list):
            found.extend(event for event in item if isinstance(event, dict))
    return found


def _folder(path: str) -> _Folder | None:
    """The conversation that the file ``path`` is of; None if it is of none."""
    folder, name = os.path.split(os.path.abspath(path))
    if _EVENT().fullmatch(name) and os.path.basename(folder) == "events":
        folder = os.path.dirname(folder)
    elif name != _STATE:
        return None
    inside = os.path.join(folder, "events")
    try:
        names = os.listdir(inside)
    except OSError:
        names = []
    numbered = [(int(found[1]), os.path.join(inside, name)) for name in names if (found := _EVENT().fullmatch(name))]
    try:
        state = document(os.path.join(folder, _STATE))
    except CtxkitError:
        state = None
    return _Folder(folder, state if isinstance(state, dict) else {}, [name for _, name in sorted(numbered)])


def _read(paths: Iterable[str], losses: Losses) -> Iterator[Mapping[str, object]]:
    for path in paths:
        try:
            found = document(path)
        except CtxkitError as error:
            losses.add(os.path.basename(path), error.message)
            continue
        if isinstance(found, dict):
            yield found
        else:
            losses.add(os.path.basename(path), "the event is no JSON object")


def _of_folder(folder: _Folder) -> Start:
    first = next(_read(folder.events[:1], Losses(folder.path, lambda _: None)), {})
    return Start(
        short(folder.state, "id") or os.path.basename(folder.path),
        ID,
        agent=ID,
        cwd=text(mapping(folder.state, "workspace"), "working_dir"),
        model=short(mapping(folder.state, "agent", "llm"), "model"),
        at=time_of(first, "timestamp"),
    )


def _of_instance(record: Mapping[str, object], number: str) -> Start:
    issue = mapping(record, "issue")
    named = f"{text(issue, 'repo')}#{issue.get('number')}" if issue else number
    first = next(iter(_flat(items(record, "history")[:1])), {})
    return Start(
        short(record, "instance_id") or named[:300],
        ID,
        agent=ID,
        model=short(mapping(record, "metadata", "llm_config"), "model")
        or short(mapping(record, "metadata", "llm"), "model"),
        at=time_of(first, "timestamp"),
    )


def _title(events: Iterable[Mapping[str, object]]) -> str:
    """The first words of the user."""
    for event in events:
        if text(event, "source") != "user":
            continue
        for part in maps(event, "llm_message", "content"):
            if words := text(part, "text"):
                return title_of(words)
        if words := text(mapping(event, "args"), "content") or text(event, "message"):
            return title_of(words)
    return ""


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0][:300]


def _is_list(head: Head) -> bool:
    return head.data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["


def _begins_list(path: str) -> bool:
    with opened(path) as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["
