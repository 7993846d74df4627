"""Tasks of the editor extensions Cline, Roo Code and Kilo: ``globalStorage/<extension>/tasks/<id>/``.

``api_conversation_history.json`` holds the messages in Anthropic's shape. What a summary of Roo Code stands for stays
in it, marked ``condenseParent``; what was cut off is marked ``truncationParent``. Usage is in ``ui_messages.json``
beside.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ctxkit.model import CtxkitError
from ctxkit.model.session import Block, Departure, Event, Kind, Request, Usage, Why
from ctxkit.sources.history.cline_text import answered, said
from ctxkit.sources.history.fields import amount, items, mapping, maps, maybe_number, number, short, text, time_of
from ctxkit.sources.history.formats import head_of
from ctxkit.sources.history.glance import beginning, beside, size_and_time, start_of
from ctxkit.sources.history.reader import Head, Peek
from ctxkit.sources.history.reading import document
from ctxkit.sources.history.titles import title_of
from ctxkit.sources.history.wire_messages import message_blocks
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped

ID = "cline-tasks"
AGENTS = ("cline", "roo-code", "kilo")

_FILE = "api_conversation_history.json"
_UI = "ui_messages.json"
_EXTENSIONS = {
    "saoudrizwan.claude-dev": "cline",
    "rooveterinaryinc.roo-cline": "roo-code",
    "kilocode.kilo-code": "kilo",
}
_OF_ROO = frozenset({"isSummary", "condenseId", "condenseParent", "truncationParent", "isTruncationMarker"})
_DIRECTORY = on_demand(r"Current (?:Workspace|Working) Directory \(([^\n]+)\) Files")


def recognise(head: Head) -> bool:
    """A JSON list of messages with a role, in a file of the name that these extensions give it."""
    if os.path.basename(head.path) != _FILE:
        return False
    messages = _beginning(head)
    return bool(messages) and all(message.get("role") in ("user", "assistant") for message in messages)


def peek(head: Head) -> Iterator[Peek]:
    """The task of the folder."""
    messages = _beginning(head)
    folder = os.path.dirname(os.path.abspath(head.path))
    known = beside(head.path, "history_item.json")
    item: Mapping[str, object] = known if isinstance(known, dict) else {}
    title, cwd, model = text(item, "task"), text(item, "workspace", "cwdOnTaskInitialization"), ""
    for message in messages:
        model = model or short(mapping(message, "modelInfo"), "modelId", "id")
        for block in _said(message, []) if message.get("role") == "user" else ():
            title = title or (_bare(block.text) if block.kind is Kind.PROMPT else "")
            found = None if cwd else _DIRECTORY().search(block.text)
            cwd = found[1] if found else cwd
    size, written = size_and_time(head.path)
    times = [at for message in messages if (at := time_of(message, "ts"))]
    last = max(times, default=0.0) if len(head.data) == size else 0.0
    yield Peek(
        path=head.path,
        id=os.path.basename(folder),
        cwd=cwd,
        title=title_of(title),
        model=model,
        began=times[0] if times else 0.0,
        ended=time_of(item, "ts") or last or written,
        size=size,
        parent=short(item, "parentTaskId"),
    )


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the task in ``path``; a file holds one, so ``key`` does not matter."""
    whole = document(path)
    if not isinstance(whole, list):
        raise CtxkitError(f"{path} holds no list of messages.", f"Name the {_FILE} of a task.")
    messages = maps({"messages": whole}, "messages")
    agent = _agent(path, messages)
    yield start_of(next(peek(head_of(path))), ID, agent)
    told = beside(path, _UI)
    task = _Task(agent, maps({"lines": told}, "lines"))
    for number_, message in enumerate(messages):
        yield from task.feed(message, f"message:{number_}")


def _beginning(head: Head) -> list[Mapping[str, object]]:
    value = beginning(head.data)
    return maps({"messages": value}, "messages")


def _bare(words: str) -> str:
    """A prompt without the tags around it."""
    for tag in ("task", "user_message", "feedback", "answer"):
        words = words.strip().removeprefix(f"<{tag}>").removesuffix(f"</{tag}>")
    return words


def _agent(path: str, messages: list[Mapping[str, object]]) -> str:
    shown = os.path.abspath(path).replace("\\", "/")
    for extension, agent in _EXTENSIONS.items():
        if f"/{extension}/" in shown:
            return agent
    return "roo-code" if any(_OF_ROO & message.keys() for message in messages) else ""


class _Asked(NamedTuple):
    """A request as the extension showed it: when it was begun, what it took."""

    at: float
    usage: Usage


class _Task:
    """The messages of one task become its events."""

    def __init__(self, agent: str, told: list[Mapping[str, object]]) -> None:
        self._asked = deque(_requests(agent, told))
        self._cuts = deque(sorted(_cuts(told)))
        self._calls: list[str] = []
        self._marks: list[tuple[str, str, str]] = []

    def feed(self, message: Mapping[str, object], mark: str) -> Iterator[Event]:
        """The events that one more message brings."""
        at = time_of(message, "ts")
        while self._cuts and at and self._cuts[0][0] < at:
            yield from self._cut(*self._cuts.popleft())
        if message.get("isTruncationMarker") is True:
            if all(cut != short(message, "truncationId") for _, cut in self._cuts):
                yield from self._cut(at, short(message, "truncationId"))
            return
        self._marks.append((mark, short(message, "condenseParent"), short(message, "truncationParent")))
        if message.get("isSummary") is True:
            yield from self._summary(message, mark, at)
        elif message.get("role") == "assistant":
            yield Request(mark, _model(message), self._usage(message, at), at=at)
            for block in _answered(message, mark, at):
                if block.kind is Kind.CALL and block.call.startswith(mark):
                    self._calls.append(block.call)
                yield block
        else:
            yield from _said({**message, "mark": mark}, self._calls)
            self._calls.clear()

    def _summary(self, message: Mapping[str, object], mark: str, at: float) -> Iterator[Event]:
        """A summary takes the place of the messages that name it, of all before it where none does."""
        identity = short(message, "condenseId")
        summed = tuple(each for each, parent, _ in self._marks if identity and parent == identity)
        yield Departure(Why.COMPACTION, summed, at=at)
        for block in (*_said({**message, "mark": mark}, []), *_answered(message, mark, at)):
            yield replace(block, kind=Kind.SUMMARY, name="") if block.kind in (Kind.PROMPT, Kind.TEXT) else block

    def _cut(self, at: float, identity: str) -> Iterator[Event]:
        gone = tuple(each for each, _, parent in self._marks if identity and parent == identity)
        if gone:
            yield Departure(Why.COMPACTION, gone, trigger="auto", at=at)

    def _usage(self, message: Mapping[str, object], at: float) -> Usage | None:
        """The usage of the request that ``message`` answers: the latest begun before it, else the next in order."""
        own = mapping(message, "metrics", "tokens")
        if own:
            return _counted(own, "prompt", "completion", "cached", "")
        found = None
        while self._asked and (found is None or (at and self._asked[0].at and self._asked[0].at <= at)):
            if at and self._asked[0].at > at:
                break
            found = self._asked.popleft().usage
        return found


def _said(message: Mapping[str, object], calls: list[str]) -> Iterator[Block]:
    if message.get("role") != "user":
        return
    mark, at = short(message, "mark"), time_of(message, "ts")
    content = message.get("content")
    opened: Block | None = None
    for part in [{"type": "text", "text": content}] if isinstance(content, str) else maps(message, "content"):
        if part.get("type") != "text":
            yield from (replace(b, mark=mark, at=at) for b in message_blocks({"role": "user", "content": [part]}))
            continue
        for block in said(text(part, "text"), mark, at, calls):
            if opened is not None:
                follows = block.kind is Kind.PROMPT and not _is_tagged(block.text)
                yield replace(opened, kind=Kind.REMINDER, call="") if follows else opened
                block = replace(block, kind=Kind.RESULT, name=opened.name, call=opened.call) if follows else block
                opened = None
            if block.kind is Kind.RESULT and block.text.rstrip().endswith("] Result:"):
                opened = block
            else:
                yield block
    if opened is not None:
        yield opened


def _is_tagged(words: str) -> bool:
    return words.lstrip().startswith(("<task>", "<feedback>", "<answer>", "<user_message>"))


def _answered(message: Mapping[str, object], mark: str, at: float) -> Iterator[Block]:
    if message.get("role") != "assistant":
        return
    if isinstance(message.get("reasoning_content"), str):
        yield Block(Kind.THINKING, text(message, "reasoning_content"), mark=mark, at=at)
    for block in message_blocks(message):
        if block.kind is Kind.TEXT and block.text:
            yield from answered(block.text, mark, at)
        else:
            yield replace(block, mark=mark, at=at)
    for detail in items(message, "reasoning_details"):
        if isinstance(detail, dict):
            yield Block(
                Kind.THINKING, text(detail, "text", "summary"), opaque=len(text(detail, "data")), mark=mark, at=at
            )


def _model(message: Mapping[str, object]) -> str:
    return short(mapping(message, "modelInfo"), "modelId", "id")


def _requests(agent: str, told: list[Mapping[str, object]]) -> Iterator[_Asked]:
    for line in told:
        if line.get("say") != "api_req_started":
            continue
        try:
            data = msgspec.json.decode(text(line, "text") or "{}")
        except (msgspec.DecodeError, RecursionError, ValueError):
            continue
        if isinstance(data, dict) and number(data, "tokensIn", "cacheReads", "cacheWrites", "tokensOut"):
            usage = _counted(data, "tokensIn", "tokensOut", "cacheReads", "cacheWrites", summed=agent == "roo-code")
            if usage is not None:
                yield _Asked(time_of(line, "ts"), usage)


def _cuts(told: list[Mapping[str, object]]) -> Iterator[tuple[float, str]]:
    """(when, id) of each time that messages were cut off."""
    for line in told:
        identity = short(mapping(line, "contextTruncation"), "truncationId")
        if identity and line.get("say") == "sliding_window_truncation":
            yield time_of(line, "ts"), identity


def _counted(
    data: Mapping[str, object], asked: str, answer: str, read_: str, written: str, *, summed: bool = False
) -> Usage | None:
    """Usage by the names of its fields. Cached input is apart, but with Roo Code in ``tokensIn`` (3.36 and later)."""
    whole, cached, new = number(data, asked), number(data, read_), maybe_number(data, written)
    apart = cached + (new or 0)
    return Usage(
        input=whole if summed and whole >= apart else whole + apart,
        cached=cached,
        written=new,
        output=number(data, answer),
        cost=amount(data, "cost") or None,
    )
