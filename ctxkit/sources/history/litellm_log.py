"""What LiteLLM logs of its calls: its standard payload, the rows of its spend log, records of messages and response.

Shape: docs.litellm.ai, "StandardLoggingPayload Specification", and the table ``LiteLLM_SpendLogs``. Payloads of 1.106.2
were compared with the requests on the wire, for four routes, streamed and not; spend rows were not recorded. What they
hold depends on the route:

* Chat Completions and Responses: everything that was sent, as it was before any hook changed it.
* Anthropic's Messages: no system prompt, unless the call went to a model of OpenAI.
* Gemini's generateContent: the user's latest words and the answer; no system prompt, no tools, no history, and where
  the latest message is no user's, a placeholder.

So the body that the proxy got is preferred where the record has it (``proxy_server_request``, which the callback gets
among its ``litellm_params``). The session's id, if the client named one, stands in ``trace_id``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ctxkit.sources.history import recordings, wire_chat
from ctxkit.sources.history.exchanges import Exchange, headers_of, response_of
from ctxkit.sources.history.fields import amount, mapping, maps, maybe_number, number, short, text, time_of
from ctxkit.sources.history.senders import session_of
from ctxkit.sources.history.wire import wire_of, wire_of_response
from ctxkit.text.pattern import on_demand

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
_SILENT: Mapping[str, object] = {"role": "user", "content": ""}
_WITHHELD = frozenset({"redacted-by-litellm", "default-message-value"})
"""What stands for words that LiteLLM was told not to log, or did not take out of the request."""
_DRAWN = on_demand(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
"""An id as LiteLLM draws one for every call that belongs to no session it knows."""


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
    """The exchange that one record of the log holds; None if it tells neither what was sent nor in which session."""
    if not isinstance(record, dict):
        return None
    row = _parsed(record.get("standard_logging_object")) or record
    metadata = _parsed(row.get("metadata"))
    received = _received(record, row, metadata)
    headers = _headers(row, metadata, received)
    session = _session(row, metadata) or short(headers, "x-litellm-session-id")
    body = _body(row, received)
    if body is None or (_is_withheld(body) and not (session or session_of(headers, body))):
        return None
    response = response_of(row.get("response"))
    return Exchange(
        body={**body, "messages": [_SILENT]} if _is_withheld(body) else body,
        response=_NOTHING if _is_withheld(response) else response,
        headers=headers,
        id=short(row, "litellm_call_id", "request_id", "id"),
        session=session,
        at=time_of(row, "startTime", "start_time"),
        usage=_usage(row, metadata, response),
        cost=_cost(row),
    )


def _parsed(value: object) -> Mapping[str, object]:
    """A map, or one that a database column holds as its text."""
    return value if isinstance(value, dict) else response_of(value)


def _received(
    record: Mapping[str, object], row: Mapping[str, object], metadata: Mapping[str, object]
) -> Mapping[str, object]:
    """The request as it came to the proxy, wherever the record has it; empty if nowhere."""
    given = (row.get("proxy_server_request"), metadata.get("proxy_server_request"), record.get("proxy_server_request"))
    found = next((parsed for value in given if (parsed := _parsed(value))), _NOTHING)
    return found or mapping(record, "litellm_params", "proxy_server_request")


def _headers(
    row: Mapping[str, object], metadata: Mapping[str, object], received: Mapping[str, object]
) -> dict[str, object]:
    """The headers of the client's request, as far as the log keeps them."""
    asked = mapping(metadata, "requester_metadata")
    kept = (metadata.get("headers"), metadata.get("requester_custom_headers"), asked.get("headers"))
    found: dict[str, object] = {"user-agent": short(row, "user_agent")} if short(row, "user_agent") else {}
    for headers in (*kept, received.get("headers")):
        found |= headers_of(headers)
    return found


def _session(row: Mapping[str, object], metadata: Mapping[str, object]) -> str:
    """The session that the client named. An id that LiteLLM draws for a call by itself looks like one it was given."""
    if "trace_id" in row and short(row, "session_id"):
        return short(row, "session_id")
    named = short(metadata, "session_id") or short(mapping(metadata, "requester_metadata"), "session_id")
    drawn = (short(row, key) for key in ("session_id", "trace_id"))
    return named or next((value for value in drawn if value and not _DRAWN().fullmatch(value)), "")


def _body(row: Mapping[str, object], received: Mapping[str, object]) -> Mapping[str, object] | None:
    """The request's body, with the model that it went to: what the proxy received, else what the log tells of it."""
    named = {"model": short(row, "model")} if short(row, "model") else {}
    for candidate in (_parsed(received.get("body")), received):
        if wire_of(candidate) is not None:
            return {**candidate, **named}
    parameters = {**(mapping(row, "model_parameters") or mapping(row, "optional_params")), **named}
    logged = row.get("messages")
    if isinstance(logged, str):
        logged = _content_of(logged)
    if isinstance(logged, dict):
        candidates = [{**parameters, **logged}]
    elif text(row, "call_type") == "anthropic_messages":
        candidates = [{**parameters, **_as_messages(parameters), "messages": logged}]
    elif "response" in text(row, "call_type"):
        candidates = [{**parameters, "input": logged}]
    else:
        candidates = [{**parameters, key: logged} for key in ("messages", "contents", "input")]
    return next((candidate for candidate in candidates if wire_of(candidate) is not None), None)


def _as_messages(parameters: Mapping[str, object]) -> Mapping[str, object]:
    """System prompt and tools of a call in the Messages format that LiteLLM rewrote for another provider's."""
    tools = [mapping(definition, "function") or definition for definition in maps(parameters, "tools")]
    return {"system": parameters.get("system") or text(parameters, "instructions"), "tools": tools}


def _content_of(logged: str) -> object:
    """The messages in a text: its JSON, or one message with the text."""
    if logged[:64].lstrip()[:1] in ("[", "{"):
        try:
            found: object = msgspec.json.decode(logged)
        except (msgspec.DecodeError, RecursionError, ValueError):
            return [{"role": "user", "content": logged}]
        return found
    return [{"role": "user", "content": logged}] if logged else []


def _is_withheld(document: Mapping[str, object]) -> bool:
    """Has a request or an answer a placeholder in place of its words?"""
    messages = maps(document, "messages") or maps(document, "input")
    messages = messages or [mapping(choice, "message") for choice in maps(document, "choices")]
    return len(messages) == 1 and text(messages[0], "content") in _WITHHELD


def _cost(row: Mapping[str, object]) -> float | None:
    """USD; None where LiteLLM has no price for the model, which it logs as no cost."""
    cost = amount(row, "response_cost", "spend")
    return cost if cost or row.get("cache_hit") in (True, "True") else None


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
