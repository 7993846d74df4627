"""Trajectories of mini-swe-agent (``.traj.json``): the messages of a run as they were sent, and what came with them.

Each message is one of Chat Completions, with what is not sent under ``extra``: the response (with usage), its cost, the
commands found in it. Before 1.0 the file is the bare list of messages. Where the model writes its command as text, the
command is a call without a text of its own. The one tool there is, bash, is not in the file. Facts: src/minisweagent of
SWE-agent/mini-swe-agent 2.4.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Kind, Request, Start
from ctxkit.sources.history import wire_blocks, wire_chat, wire_responses
from ctxkit.sources.history.fields import amount, mapping, maps, short, text, time_of
from ctxkit.sources.history.reader import Peek
from ctxkit.sources.history.reading import document
from ctxkit.sources.history.titles import title_of
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event, Usage
    from ctxkit.sources.history.reader import Head

ID = "mini-swe-agent"
AGENTS = ("mini-swe-agent",)

_COMMAND = on_demand(r"```(?:mswea_bash_command|bash)\s*\n(.*?)\n```", 16)  # re.DOTALL


def recognise(head: Head) -> bool:
    """Does it name its format, or the version that wrote it; or is it a bare list of messages of that name?"""
    named = head.path.endswith(".traj.json")
    if not (b'"messages"' in head.data or b'"mini_version"' in head.data or named):
        return False
    found = head.document
    if isinstance(found, dict) and isinstance(found.get("messages"), list):
        return text(found, "trajectory_format").startswith("mini-swe-agent") or "mini_version" in mapping(found, "info")
    return named and isinstance(found, list) and bool(found) and all(map(_is_message, found))


def _is_message(item: object) -> bool:
    return isinstance(item, dict) and "role" in item and "content" in item


def peek(head: Head) -> Iterator[Peek]:
    """The one run in the file."""
    messages, record = _parts(head.document)
    start = _start(head.path, record, messages)
    status = os.stat(head.path)
    asked = next((text(message, "content") for message in messages if message.get("role") == "user"), "")
    yield Peek(
        head.path, "", start.id, start.cwd, title_of(asked), start.model, start.version, start.at, status.st_mtime,
        status.st_size,
    )  # fmt: skip


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the run in the file. Raises CtxkitError where it is no JSON document."""
    messages, record = _parts(document(path))
    start = _start(path, record, messages)
    yield start
    waiting = ""
    begun = False
    for number, message in enumerate(messages):
        mark = str(number)
        extra = mapping(message, "extra")
        at = time_of(extra, "timestamp")
        response = mapping(extra, "response") or (message if _is_response(message) else {})
        role = text(message, "role")
        if role == "assistant" or response:
            begun = True
            identity = short(response, "id") or mark
            yield Request(identity, short(response, "model") or start.model, _usage(response, extra), at=at)
        found = list(_blocks(message, role, waiting, begun=begun))
        if role == "assistant" and not any(block.kind is Kind.CALL for block in found):
            command = _command(message, extra)
            waiting = mark if command else ""
            if command:
                found.append(Block(Kind.CALL, name="bash", call=mark, arguments={"command": command}))
        elif role != "assistant":
            waiting = ""
        for block in found:
            yield replace(block, mark=mark, at=at)


def _parts(found: object) -> tuple[list[Mapping[str, object]], Mapping[str, object]]:
    """(messages, the rest) of a trajectory."""
    if isinstance(found, list):
        return maps({"messages": found}, "messages"), {}
    record = mapping({"": found}, "")
    return maps(record, "messages"), record


def _start(path: str, record: Mapping[str, object], messages: list[Mapping[str, object]]) -> Start:
    info = mapping(record, "info")
    config = mapping(info, "config")
    first = next((at for message in messages if (at := time_of(mapping(message, "extra"), "timestamp"))), 0.0)
    return Start(
        os.path.basename(path).removesuffix(".json").removesuffix(".traj")[:300],
        ID,
        agent=ID,
        version=short(info, "mini_version"),
        cwd=text(mapping(config, "environment"), "cwd"),
        model=short(mapping(config, "model"), "model_name"),
        at=first,
    )


def _is_response(message: Mapping[str, object]) -> bool:
    return message.get("object") == "response" and "output" in message


def _blocks(message: Mapping[str, object], role: str, waiting: str, *, begun: bool) -> Iterator[Block]:
    extra = mapping(message, "extra")
    if _is_response(message):
        yield from wire_responses.answer(message)
    elif not role and "type" in message:
        yield from wire_responses.item_blocks(message, later=begun)
    elif role == "exit":
        return
    elif role == "user" and waiting:
        yield from wire_blocks.result(text(message, "content"), waiting, name="bash")
    elif role == "user" and (begun or "interrupt_type" in extra):
        for block in wire_chat.message_blocks(message):
            yield replace(block, kind=Kind.REMINDER) if "interrupt_type" in extra else block
    else:
        yield from wire_chat.message_blocks(message)


def _command(message: Mapping[str, object], extra: Mapping[str, object]) -> str:
    """The command that the model wrote as text; empty if there is none."""
    for action in maps(extra, "actions"):
        if command := text(action, "command"):
            return command
    found = _COMMAND().search(text(message, "content"))
    return found[1].strip() if found else ""


def _usage(response: Mapping[str, object], extra: Mapping[str, object]) -> Usage | None:
    usage = wire_responses.usage(response) if _is_response(response) else wire_chat.usage(response)
    cost = amount(extra, "cost")
    return replace(usage, cost=cost) if usage is not None and cost else usage
