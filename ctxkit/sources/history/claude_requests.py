"""The exact requests in the transcripts of newer versions of Claude Code (seen from 2.1.329 on).

``api-request-shape`` holds system prompt and tools, ``api-request-blob`` a user message, ``api-request`` what one
request was made of: the first ``keep`` messages of the request ``base``, then those whose hashes stand in ``tail``.
The hash of a message is the SHA-256 of its JSON without blanks and with sorted keys; an assistant's message is the
content of all lines with its id. Rebuilt requests were compared with the recorded bodies: messages, tools and cache
marks are equal, and the system prompt but for its first block, which names the client's version for billing.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ctxkit.sources.history.fields import items, mapping, maps, number, short
from ctxkit.sources.history.reading import json_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped

Message = dict[str, Any]

SHAPES = 8
"""How many shapes are remembered; a session goes back and forth between few."""
_LATEST = 64
"""How many requests a later one may name as its base."""


class Exact(NamedTuple):
    """One request. ``kept`` messages of the one before it in its thread stay, ``tail`` comes.

    Each message of ``tail`` comes with what it is known by: the hash of a user's or the id of its line, the id of an
    assistant's. ``lost`` messages of it are nowhere in the transcript; an empty one stands in their place.
    """

    id: str
    source: str
    kept: int
    tail: list[tuple[str, Message]]
    lost: int
    shape: str
    system: list[Any]
    tools: list[Any]
    params: Mapping[str, object]
    marks: list[Mapping[str, object]]


class Requests:
    """Puts the requests of one thread together from its records, fed in the order of the file."""

    def __init__(self) -> None:
        self._shapes: dict[str, Mapping[str, object]] = {}
        self._known: dict[str, tuple[str, Message]] = {}
        self._lists: dict[str, list[str]] = {}
        self._current: list[str] = []
        self._answer: tuple[str, list[object]] | None = None

    def shape(self, record: Mapping[str, object]) -> None:
        """Remember system prompt and tools."""
        self._shapes[short(record, "shapeHash")] = mapping(record, "shape")
        while len(self._shapes) > SHAPES:
            del self._shapes[next(iter(self._shapes))]

    def blob(self, record: Mapping[str, object]) -> None:
        """Remember a user's message."""
        mark = short(record, "hash")
        self._known[mark] = mark, dict(mapping(record, "message"))

    def user(self, identity: str, message: Mapping[str, object]) -> None:
        """Remember the message of a user's line: one that is sent as it stands there has no blob."""
        content = message.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        plain = {"role": "user", "content": blocks}
        self._known[_hash(plain)] = identity, plain

    def answer(self, identity: str, content: list[object]) -> None:
        """Remember one line of an assistant's message."""
        if self._answer is not None and self._answer[0] == identity:
            self._answer[1].extend(content)
            return
        self._finish_answer()
        self._answer = identity, list(content)

    def request(self, record: Mapping[str, object]) -> Exact:
        """The request that ``record`` tells of."""
        answered = self._finish_answer()
        base = short(record, "base")
        before = self._lists.get(base, [] if not base else self._current)
        keep = min(number(record, "keep"), len(before))
        added = [item if isinstance(item, str) else "" for item in items(record, "tail")]
        unknown = next((item for item in added if item not in self._known), None)
        if answered is not None and unknown is not None and answered not in added:
            self._known[unknown] = self._known[answered]  # the hash of the answer differs where it was repaired
        hashes = before[:keep] + added
        kept = _common(self._current, hashes)
        tail = [self._known.get(item, (item, {})) for item in hashes[kept:]]
        self._current = hashes
        self._lists[short(record, "id")] = hashes
        while len(self._lists) > _LATEST:
            del self._lists[next(iter(self._lists))]
        self._forget()
        shape = short(record, "shapeHash")
        found = self._shapes.get(shape, {})
        return Exact(
            id=short(record, "id"),
            source=short(record, "querySource"),
            kept=kept,
            tail=tail,
            lost=sum(not message for _, message in tail),
            shape=shape if found else "",
            system=list(items(found, "system")),
            tools=list(items(found, "tools")),
            params=mapping(record, "params"),
            marks=maps(record, "cacheControl"),
        )

    def window(self) -> list[tuple[str, Message]]:
        """All messages of the last request, each as in the tail of an :class:`Exact`."""
        return [self._known.get(item, (item, {})) for item in self._current]

    def _finish_answer(self) -> str | None:
        """The hash of the assistant's message whose lines have come."""
        if self._answer is None:
            return None
        identity, content = self._answer
        message = {"role": "assistant", "content": content}
        key = _hash(message)
        self._known[key] = identity, message
        self._answer = None
        return key

    def _forget(self) -> None:
        """Messages of no remembered request are gone for good: memory stays that of a window."""
        wanted = {item for hashes in self._lists.values() for item in hashes}
        if len(self._known) > 2 * len(wanted) + _LATEST:
            self._known = {key: value for key, value in self._known.items() if key in wanted}


def bodies(path: str, skip: Callable[[Skipped], None]) -> Iterator[tuple[str, Message]]:
    """(id, body) of every request that the transcript ``path`` holds exactly, in order.

    The body lacks what the transcript does not tell: ``metadata``, ``stream`` and the billing block of the system
    prompt. ``betas`` are sent as a header and are left out. Raises CtxkitError where the file cannot be read.
    """
    threads: dict[str, tuple[Requests, list[Message]]] = {}
    for line in json_lines(path, skip):
        record = line.record
        requests, messages = threads.setdefault(short(record, "agentId"), (Requests(), []))
        kind = record.get("type")
        if kind == "api-request-shape":
            requests.shape(record)
        elif kind == "api-request-blob":
            requests.blob(record)
        elif kind == "user":
            requests.user(short(record, "uuid"), mapping(record, "message"))
        elif kind == "assistant":
            message = mapping(record, "message")
            requests.answer(short(message, "id"), list(items(message, "content")))
        elif kind == "api-request":
            exact = requests.request(record)
            messages[exact.kept :] = [message for _, message in exact.tail]
            yield exact.id, _body(exact, [message for message in messages if message])


def _hash(message: Message) -> str:
    try:
        return hashlib.sha256(msgspec.json.encode(message, order="sorted")).hexdigest()
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return ""


def _body(exact: Exact, messages: list[Message]) -> Message:
    body: Message = {key: value for key, value in exact.params.items() if key != "betas"}
    body |= {"messages": list(messages), "system": exact.system, "tools": exact.tools}
    body = msgspec.json.decode(msgspec.json.encode(body))
    _place_marks(body, exact.marks)
    for message in body["messages"]:
        if message.get("role") != "assistant":
            message["content"] = _plain(message.get("content"))
    return body


def _plain(content: Any) -> Any:
    """What is not the model's is sent as a string where it is one text without a cache mark; hashes are of the list."""
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
        block = content[0]
        if block.keys() == {"type", "text"} and block["type"] == "text":
            return block["text"]
    return content


def _place_marks(body: Message, marks: list[Mapping[str, object]]) -> None:
    for mark in marks:
        *way, last = [*items(mark, "path"), "cache_control"]
        place: Any = body
        try:
            for step in way:
                place = place[step]
            place[last] = mark.get("value")
        except (KeyError, IndexError, TypeError):
            continue


def _common(a: list[str], b: list[str]) -> int:
    """How many items ``a`` and ``b`` begin with alike."""
    length = min(len(a), len(b))
    if a[:length] == b[:length]:
        return length
    return next(at for at in range(length) if a[at] != b[at])
