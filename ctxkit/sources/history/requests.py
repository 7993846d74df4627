"""Recorded requests as JSON: one body, one record of a proxy with body and headers, a list of them, or one a line.

The body may be of any format that :mod:`ctxkit.sources.history.wire` knows, and may stand at the top of the record or
under one of the names that recorders use; the answer may stand beside it. Requests that do not name their session
belong together if their conversations begin with the same words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.sources.history import recordings
from ctxkit.sources.history.exchanges import Exchange, headers_of, response_of
from ctxkit.sources.history.fields import short, text, time_of
from ctxkit.sources.history.wire import wire_of
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event
    from ctxkit.sources.history.reader import Head, Peek

ID = "requests"
AGENTS: tuple[str, ...] = ()

_BODY_KEYS = ("body", "request", "request_body", "requestBody", "json", "parsed_body", "payload")
_RESPONSE_KEYS = ("response", "response_body", "responseBody")
_CONTENT_KEYS = ("parsed_body", "body", "json")
_BARE = frozenset({"model", "contents", "request", "anthropic_version", "max_tokens", "stream"})
"""One of these is in every body that a provider takes; without them, messages are what a client keeps for itself."""
_TIME_KEYS = ("at", "timestamp", "time", "started_at", "startTime", "ts")
_MODEL = on_demand(r"/models/([\w.@-]{1,100}):")
_LONGEST_ADDRESS = 2_000
_DEEPEST = 3
"""How many records a body may stand in."""


def recognise(head: Head) -> bool:
    """Is the first record of the file, or the first of the list in it, a request to a model?"""
    first = recordings.first_record(head)
    if not isinstance(first, dict) or _is_log_row(first):
        return False
    return exchange_of(first) is not None


def peek(head: Head) -> Iterator[Peek]:
    """One for each session."""
    yield from recordings.peek(head, ID, exchange_of)


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the sessions in ``path``."""
    yield from recordings.read(path, key, skip, ID, exchange_of)


def exchange_of(record: object) -> Exchange | None:
    """The exchange that ``record`` holds; None if there is no request to a model in it."""
    if not isinstance(record, dict):
        return None
    body, holder = _body_in(record, _DEEPEST)
    if body is None or (body is record and not _BARE & set(record)):
        return None
    headers = headers_of(holder.get("headers")) or headers_of(record.get("headers"))
    response = next((record[key] for key in _RESPONSE_KEYS if record.get(key)), None)
    return Exchange(
        body=body,
        response=_response_in(response),
        headers=headers,
        id=short(record, "request_id"),
        model=_model_in(holder) or _model_in(record),
        session=short(record, "session_id", "sessionId") if record is not body else "",
        at=time_of(record, *_TIME_KEYS) if record is not body else 0.0,
    )


def _model_in(record: Mapping[str, object]) -> str:
    """The model in the address of a request; Gemini's bodies do not name it."""
    found = _MODEL().search(text(record, "path", "url", "uri")[:_LONGEST_ADDRESS])
    return found[1] if found else ""


def _is_log_row(record: Mapping[str, object]) -> bool:
    """Is it a row of a gateway's log or of a benchmark, which readers of their own read?"""
    if "standard_logging_object" in record or "proxy_server_request" in record:
        return True
    return "messages" in record and "response" in record


def _body_in(record: Mapping[str, object], depth: int) -> tuple[Mapping[str, object] | None, Mapping[str, object]]:
    """(body, the record it stands in) of the first request in ``record``."""
    if wire_of(record) is not None:
        return record, record
    for name in _BODY_KEYS if depth else ():
        inner = record.get(name)
        if not isinstance(inner, dict) or set(inner) <= {"string"}:
            inner = response_of(inner)
        if isinstance(inner, dict):
            body, holder = _body_in(inner, depth - 1)
            if body is not None:
                return body, record if body is inner else holder
    return None, record


def _response_in(value: object) -> Mapping[str, object]:
    """The answer's document in a record of one, which may have status and headers around it."""
    if not isinstance(value, dict):
        return response_of(value)
    if "status" in value or "headers" in value or "status_code" in value:
        for name in _CONTENT_KEYS:
            if value.get(name):
                return response_of(value[name])
    return value
