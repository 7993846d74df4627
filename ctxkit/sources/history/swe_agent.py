"""Trajectories of SWE-agent (``.traj``): the agent's whole history as one JSON document.

The history is what the agent remembers; processors may have left older observations out of single requests, which is
not followed here. Where the model writes its command as text, the command is a call without a text of its own: its
words are in the model's text already. Usage is kept for the run as a whole alone, so requests have none. Facts:
sweagent/agent and sweagent/types.py of SWE-agent/SWE-agent 1.x and its trajectories of 0.x.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model import Skipped
from ctxkit.model.session import MAIN, Block, Kind, Request, Start
from ctxkit.sources.history import wire_blocks, wire_chat
from ctxkit.sources.history.database import decoded
from ctxkit.sources.history.fields import items, mapping, maps, short, text
from ctxkit.sources.history.reader import Peek
from ctxkit.sources.history.reading import document
from ctxkit.sources.history.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model.session import Event
    from ctxkit.sources.history.reader import Head

ID = "swe-agent"
AGENTS: tuple[str, ...] = ()


def recognise(head: Head) -> bool:
    """Is it a document with a history of messages that name their agent, or with steps of action and observation?"""
    if not (b'"history"' in head.data or b'"trajectory"' in head.data):
        return False
    found = head.document
    if not isinstance(found, dict):
        return False
    history, steps = maps(found, "history"), maps(found, "trajectory")
    return _is_history(history) or (not history and bool(steps) and {"action", "observation"} <= steps[0].keys())


def _is_history(history: list[Mapping[str, object]]) -> bool:
    return bool(history) and {"role", "agent", "content"} <= history[0].keys()


def peek(head: Head) -> Iterator[Peek]:
    """The one run in the file."""
    found = head.document
    record = found if isinstance(found, dict) else {}
    status = os.stat(head.path)
    asked = next((item for item in maps(record, "history") if item.get("role") == "user" and not _is_demo(item)), {})
    start = _start(head.path, record)
    yield Peek(
        head.path, "", start.id, "", title_of(_words(asked)), start.model, ended=status.st_mtime, size=status.st_size
    )


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the run in the file. Raises CtxkitError where it is no JSON document."""
    found = document(path)
    if not isinstance(found, dict):
        skip(Skipped(path, "the document is no JSON object", "Name a trajectory of SWE-agent."))
        return
    yield _start(path, found)
    history = maps(found, "history")
    if history:
        yield from _told(history)
    else:
        yield from _stepped(maps(found, "trajectory"))


def _start(path: str, record: Mapping[str, object]) -> Start:
    config = decoded(record.get("replay_config"))
    model = short(mapping({"": config}, "", "agent", "model"), "name")
    name = os.path.basename(path).removesuffix(".traj")
    return Start(name[:300], ID, version=short(mapping(record, "info"), "swe_agent_version"), model=model)


def _is_demo(message: Mapping[str, object]) -> bool:
    return message.get("is_demo") is True or message.get("message_type") == "demonstration"


def _words(message: Mapping[str, object]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(text(part, "text") for part in maps(message, "content"))


def _told(history: list[Mapping[str, object]]) -> Iterator[Event]:
    first = text(history[0], "agent")
    open_calls: dict[str, str] = {}
    """The call that an agent waits for the answer of."""
    for number, message in enumerate(history):
        agent = text(message, "agent")
        thread = MAIN if agent == first else agent[:300]
        mark = str(number)
        for event in _message(message, mark, thread, open_calls):
            yield replace(event, mark=mark, thread=thread) if isinstance(event, Block) else event


def _message(message: Mapping[str, object], mark: str, thread: str, open_calls: dict[str, str]) -> Iterator[Event]:
    role = text(message, "role")
    if role == "assistant":
        yield Request(mark, thread=thread)
        yield from wire_chat.message_blocks(message)
        open_calls.pop(thread, None)
        action = text(message, "action")
        if action.strip() and not maps(message, "tool_calls"):
            open_calls[thread] = mark
            yield _command(action, mark)
    elif role == "tool":
        ids = [item for item in items(message, "tool_call_ids") if isinstance(item, str)]
        yield from wire_blocks.result(_words(message), next(iter(ids), short(message, "tool_call_id")))
    elif role == "user" and thread in open_calls:
        yield from wire_blocks.result(_words(message), open_calls.pop(thread))
    elif _is_demo(message):
        yield Block(Kind.REMINDER, _words(message), name="demonstration")
    else:
        yield from wire_chat.message_blocks(message)


def _command(action: str, call: str) -> Block:
    """A command that stands in the model's text: its arguments are told, its words are not counted again."""
    name = action.split(maxsplit=1)[0]
    return Block(Kind.CALL, name=name[:300], call=call, arguments={"command": action.strip()})


def _stepped(steps: list[Mapping[str, object]]) -> Iterator[Event]:
    for number, step in enumerate(steps):
        mark = str(number)
        yield Request(mark)
        if words := text(step, "response"):
            yield Block(Kind.TEXT, words, mark=mark)
        if (action := text(step, "action")).strip():
            yield replace(_command(action, mark), mark=mark)
            yield Block(Kind.RESULT, text(step, "observation"), call=mark, mark=mark)
