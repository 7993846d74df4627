"""Recorded exchanges with a provider (a request, perhaps its answer) as the events of sessions.

What readers of such records have in common: the order of sessions and threads, what is new in a request, the usage.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from ctxkit.model.session import HEAD, MAIN, Block, Kind, Request, Start, Usage
from ctxkit.sources.history import senders
from ctxkit.sources.history.fields import mapping, maps, short, text, time_of
from ctxkit.sources.history.stream import assembled
from ctxkit.sources.history.succession import Succession, conversation_of
from ctxkit.sources.history.titles import title_of
from ctxkit.sources.history.wire import wire_of, wire_of_response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ctxkit.model.session import Event

_NOTHING: Mapping[str, object] = {}
_MOST_THREADS = 1_000
_LOOKED_AT = 20
_MOST_WORDS = 40_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request to a provider. ``headers``: of the request, names in small letters. ``at``: seconds since the epoch.

    ``response``: the answer's document, empty if there is none. ``usage`` and ``cost`` (USD): as whoever recorded it
    counted them, None if only the response tells. ``session``: its id, and ``model``: where the record tells them.
    """

    body: Mapping[str, object]
    response: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, object] = field(default_factory=dict)
    id: str = ""
    model: str = ""
    session: str = ""
    at: float = 0.0
    usage: Usage | None = None
    cost: float | None = None

    @property
    def session_key(self) -> str:
        """What its session is called: the id it names, else the words that its conversation begins with."""
        return self.session or senders.session_of(self.headers, self.body)


def key_of(exchange: Exchange) -> str:
    """What exchanges of one session have in common: the session's id, or the beginning of the conversation."""
    named = exchange.session_key
    if named:
        return f"id:{named}"
    opening = senders.opening_of(exchange.body).encode("utf-8", "replace")
    return f"begins:{hashlib.blake2b(opening, digest_size=8).hexdigest()}"


def headers_of(given: object) -> dict[str, object]:
    """Headers with their names in small letters, from a map (values may be lists) or from pairs."""
    if isinstance(given, list):
        given = dict(pair for pair in given if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str))
    if not isinstance(given, dict):
        return {}
    first = {
        str(name).lower(): value[0] if isinstance(value, list) and value else value for name, value in given.items()
    }
    return {name: value for name, value in first.items() if isinstance(value, str)}


def response_of(value: object) -> Mapping[str, object]:
    """The document that was recorded as one, as its text or bytes, as the text of a stream, or under ``string``."""
    if isinstance(value, dict):
        return response_of(value["string"]) if set(value) == {"string"} else value
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str) or not value.strip():
        return _NOTHING
    if value.lstrip()[:1] != "{":
        return assembled(value) if "data:" in value[:2_000] else _NOTHING
    try:
        parsed = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return _NOTHING
    return parsed if isinstance(parsed, dict) else _NOTHING


def start_of(exchange: Exchange, form: str, name: str) -> Start:
    """The beginning of the session whose first request is ``exchange``. ``name``: its id if the request has none."""
    wire = wire_of(exchange.body)
    first = [] if wire is None else [block for block in wire.blocks(exchange.body) if block.kind is not Kind.TOOLS]
    said = {Kind.SYSTEM: "", Kind.REMINDER: ""}
    for block in first:
        if block.kind in said and len(said[block.kind]) < _MOST_WORDS:
            said[block.kind] += block.text[:_MOST_WORDS]
    prompt = next((block.text for block in first if block.kind is Kind.PROMPT and block.text.strip()), "")
    agent, version = senders.agent_of(exchange.headers, said[Kind.SYSTEM])
    identity, parent = exchange.session_key or name, senders.parent_of(exchange.headers)
    return Start(
        id=identity,
        format=form,
        agent=agent,
        version=version,
        cwd=senders.cwd_of(said[Kind.REMINDER]) or senders.cwd_of(said[Kind.SYSTEM]),
        model=_model_of(exchange),
        title=title_of(prompt),
        at=exchange.at,
        parent=parent if parent != identity else "",
    )


def events_of(exchanges: Iterable[Exchange], form: str, name: str) -> Iterator[Event]:
    """The events of one session. ``form``: the reader's id. ``name``: the session's id if its requests have none.

    A request whose conversation shares no beginning with an earlier one goes on with the session's own thread if it has
    the same system prompt and tools (the client has compacted), else it is a thread of its own: of a subagent, or of
    a chore such as finding a title. The first request that has tools is the session itself.
    """
    rest = iter(exchanges)
    ahead: list[Exchange] = []
    for exchange in rest:
        ahead.append(exchange)
        if has_tools(exchange.body) or len(ahead) == _LOOKED_AT:
            break
    if not ahead:
        return
    main = ahead[-1] if has_tools(ahead[-1].body) else ahead[0]
    yield start_of(replace(main, at=ahead[0].at), form, name)
    threads = _Threads(main_has_tools=main is ahead[-1] and has_tools(main.body))
    for exchange in chain(ahead, rest):
        wire = wire_of(exchange.body)
        if wire is None:
            continue
        blocks = list(wire.blocks(exchange.body))
        window = threads.of(exchange, blocks)
        yield from window.advance(blocks, exchange.at)
        yield _request(exchange, window.thread)
        replying = wire_of_response(exchange.response)
        if replying is not None:
            yield from window.extend(replying.answer(exchange.response), exchange.at)


def _request(exchange: Exchange, thread: str) -> Request:
    replying = wire_of_response(exchange.response)
    usage = exchange.usage or (replying.usage(exchange.response) if replying else None)
    if usage is not None and exchange.cost is not None:
        usage = replace(usage, cost=exchange.cost)
    identity = exchange.id or short(exchange.response, "id", "responseId")
    return Request(identity, _model_of(exchange), usage, thread, exchange.at or _created(exchange.response))


def _created(response: Mapping[str, object]) -> float:
    return time_of(response, "created_at", "created")


def _model_of(exchange: Exchange) -> str:
    return short(exchange.body, "model") or exchange.model or short(exchange.response, "model", "modelVersion")


def has_tools(body: Mapping[str, object]) -> bool:
    """Does the request offer tools to the model?"""
    inner = mapping(body, "request") if "contents" not in body else body
    first = maps(body, "input")[:1]
    return bool(
        maps(body, "tools")
        or maps(inner, "tools")
        or maps(body, "functions")
        or any(text(item, "type") == "additional_tools" for item in first)
    )


class _Threads:
    """The windows of one session."""

    def __init__(self, *, main_has_tools: bool) -> None:
        self._main_has_tools = main_has_tools
        self._windows: dict[str, Succession] = {}

    def of(self, exchange: Exchange, blocks: list[Block]) -> Succession:
        """The window that a request with ``blocks`` goes on with."""
        named = senders.thread_of(exchange.headers)
        if named:
            return self._windows.setdefault(named, Succession(named))
        conversation = conversation_of(blocks)
        shared = {thread: window.shared(conversation) for thread, window in self._windows.items()}
        best = max(shared, key=lambda thread: shared[thread], default=MAIN)
        if shared.get(best, 0) >= _opening(blocks):
            return self._windows[best]
        if self._main_has_tools and not any(block.kind is Kind.TOOLS for block in blocks):
            return self._new("aside")
        main = self._windows.get(MAIN)
        if main is None:
            return self._windows.setdefault(MAIN, Succession(MAIN))
        heads = not any(block.kind in HEAD for block in blocks)
        if heads or main.same_head(blocks) or len(self._windows) >= _MOST_THREADS:
            return main
        return self._new("thread")

    def _new(self, word: str) -> Succession:
        thread = f"{word}-{len(self._windows) + 1}"
        return self._windows.setdefault(thread, Succession(thread))


def _opening(blocks: list[Block]) -> int:
    """How many blocks a conversation begins with, its first prompt or summary included; at least 1."""
    said = [block.kind for block in blocks if block.kind not in HEAD]
    return next((at for at, kind in enumerate(said, 1) if kind in (Kind.PROMPT, Kind.SUMMARY)), 1)
