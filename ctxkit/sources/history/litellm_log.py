"""What LiteLLM logs of its calls: its standard payload, the rows of its spend log, records of messages and response.

Shape: docs.litellm.ai, "StandardLoggingPayload Specification", and the table ``LiteLLM_SpendLogs``; seen with 1.109.
Messages of the log are those from before any hook that changed them; the body that the proxy got is preferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ctxkit.sources.history import recordings, wire_blocks, wire_chat
from ctxkit.sources.history.exchanges import Exchange, headers_of, response_of
from ctxkit.sources.history.fields import mapping, maybe_number, number, short, text, time_of
from ctxkit.sources.history.wire import wire_of, wire_of_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event, Usage
    from ctxkit.sources.history.reader import Head, Peek

ID = "litellm-log"
AGENTS: tuple[str, ...] = ()

_SIGNS = frozenset(
    {"call_type", "response_cost", "litellm_call_id", "model_group", "model_parameters", "spend", "startTime", "model"}
)
_OF_BENCHMARKS = frozenset({"task_id", "question", "judge"})
_NOTHING: Mapping[str, object] = {}


def recognise(head: Head) -> bool:
    """Is the first record of the file, or the first of the list in it, one of LiteLLM's?"""
    first = recordings.first_record(head)
    if not isinstance(first, dict):
        return False
    if "standard_logging_object" in first or ("proxy_server_request" in first and "call_type" in first):
        return exchange_of(first) is not None
    logged = {"messages", "response"} <= set(first) and _SIGNS & set(first) and not _OF_BENCHMARKS & set(first)
    return bool(logged) and exchange_of(first) is not None


def peek(head: Head) -> Iterator[Peek]:
    """One for each session."""
    yield from recordings.peek(head, ID, exchange_of)


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the sessions in ``path``."""
    yield from recordings.read(path, key, skip, ID, exchange_of)


def exchange_of(record: object) -> Exchange | None:
    """The exchange that one record of the log holds; None if the log was told to keep no content."""
    if not isinstance(record, dict):
        return None
    row = _parsed(record.get("standard_logging_object")) or record
    metadata = _parsed(row.get("metadata"))
    received = _parsed(row.get("proxy_server_request")) or mapping(metadata, "proxy_server_request")
    body = _body(row, received)
    if body is None:
        return None
    response = response_of(row.get("response"))
    headers = headers_of(received.get("headers")) or headers_of(metadata.get("headers"))
    if short(row, "user_agent"):
        headers = {"user-agent": short(row, "user_agent"), **headers}
    return Exchange(
        body=body,
        response=response,
        headers=headers,
        id=short(row, "litellm_call_id", "request_id", "id"),
        session=short(row, "session_id") or short(metadata, "session_id"),
        at=time_of(row, "startTime", "start_time"),
        usage=_usage(row, metadata, response),
        cost=wire_blocks.amount(row, "response_cost", "spend"),
    )


def _parsed(value: object) -> Mapping[str, object]:
    """A map, or one that a database column holds as its text."""
    return value if isinstance(value, dict) else response_of(value)


def _body(row: Mapping[str, object], received: Mapping[str, object]) -> Mapping[str, object] | None:
    """The request's body: what the proxy received, else what the log tells of it."""
    for candidate in (_parsed(received.get("body")), received):
        if wire_of(candidate) is not None:
            return candidate
    parameters = mapping(row, "model_parameters") or mapping(row, "optional_params")
    logged = row.get("messages")
    if isinstance(logged, str):
        logged = _content_of(logged)
    model = short(row, "model")
    if isinstance(logged, dict):
        candidates = [{"model": model, **parameters, **logged}]
    elif "response" in text(row, "call_type"):
        candidates = [{"model": model, **parameters, "input": logged}]
    else:
        candidates = [{"model": model, **parameters, key: logged} for key in ("messages", "contents", "input")]
    return next((candidate for candidate in candidates if wire_of(candidate) is not None), None)


def _content_of(logged: str) -> object:
    """The messages in a text: its JSON, or one message with the text."""
    if logged[:64].lstrip()[:1] in ("[", "{"):
        try:
            found: object = msgspec.json.decode(logged)
        except (msgspec.DecodeError, RecursionError, ValueError):
            return [{"role": "user", "content": logged}]
        return found
    return [{"role": "user", "content": logged}] if logged else []


def _usage(row: Mapping[str, object], metadata: Mapping[str, object], response: Mapping[str, object]) -> Usage | None:
    """The usage of a call: as LiteLLM normalised it, as the response reports it, or the sums of the row."""
    usage = wire_chat.usage({"usage": mapping(metadata, "usage_object")})
    if usage is not None:
        return usage
    answered = wire_of_response(response)
    usage = answered.usage(response) if answered else None
    if usage is not None or not number(row, "prompt_tokens"):
        return usage
    counts = {key: row[key] for key in ("prompt_tokens", "completion_tokens") if maybe_number(row, key) is not None}
    return wire_chat.usage({"usage": {**mapping(metadata, "additional_usage_values"), **counts}})
