"""Sessions of Continue, the extension and the command line: ``~/.continue/sessions/<id>.json``, one JSON document.

``history`` has an item for each message of the user and of the model; calls and their output stand in
``toolCallStates``. An item with ``conversationSummary`` stands for all before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model import CtxkitError
from ctxkit.model.session import Block, Departure, Event, Kind, Request, Usage, Why
from ctxkit.sources.history.fields import (
    arguments_of,
    json_text,
    mapping,
    maps,
    maybe_number,
    number,
    short,
    text,
    time_of,
)
from ctxkit.sources.history.formats import head_of
from ctxkit.sources.history.glance import beginning, beside, size_and_time, start_of, stem
from ctxkit.sources.history.markings import said_by_client, said_by_user
from ctxkit.sources.history.media import media_at
from ctxkit.sources.history.reader import Head, Peek
from ctxkit.sources.history.reading import document
from ctxkit.sources.history.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped

ID = "continue"
AGENTS = ("continue", "continue-cli")

_NO_OUTPUT = {
    "canceled": "The user cancelled this tool call.",
    "errored": "There was an error calling the tool.",
}
"""What the model is told of a call without output, by its status; of any other: ``No tool output``."""
_UNTITLED = "Untitled Session"
_SHELL = "run_terminal_command"


def recognise(head: Head) -> bool:
    """A JSON document with ``sessionId``, ``workspaceDirectory`` and a ``history`` of items with a message."""
    if not head.is_json and len(head.records) != 1:
        return False
    whole = _beginning(head)
    if not isinstance(whole.get("sessionId"), str) or "history" not in whole:
        return False
    return "workspaceDirectory" in whole or any("contextItems" in item for item in maps(whole, "history"))


def peek(head: Head) -> Iterator[Peek]:
    """The session of the file, from its beginning and the list of all sessions beside it."""
    whole = _beginning(head)
    identity = short(whole, "sessionId") or stem(head.path)
    listed = _listed(head.path, identity)
    title = text(whole, "title") or text(listed, "title")
    title = "" if title == _UNTITLED else title
    model = ""
    for item in maps(whole, "history"):
        message = mapping(item, "message")
        model = model or short(mapping(message, "usage"), "model") or _logged_model(item)
        if not title and message.get("role") == "user":
            title = next((block.text for block in _said(item, "", 0.0) if block.kind is Kind.PROMPT), "")
    size, written = size_and_time(head.path)
    created = text(listed, "dateCreated")
    yield Peek(
        path=head.path,
        id=identity,
        cwd=_path(text(whole, "workspaceDirectory") or text(listed, "workspaceDirectory")),
        title=title_of(title),
        model=model or short(whole, "chatModelTitle"),
        began=time_of({"at": int(created) if created.isdecimal() and len(created) < 16 else created}, "at"),
        ended=written,
        size=size,
    )


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the session in ``path``; a file holds one, so ``key`` does not matter. No item says when it was."""
    whole = document(path)
    if not isinstance(whole, dict):
        raise CtxkitError(f"{path} holds no session of Continue.", "Name a file from its sessions folder.")
    history = maps(whole, "history")
    yield start_of(next(peek(head_of(path))), ID, _agent(history))
    logged = next(filter(None, (list(_logged_head(item)) for item in history)), [])
    yield from logged
    answered: set[str] = set()
    for number_, item in enumerate(history):
        yield from _item(item, f"item:{number_}", answered, bool(logged))


def _agent(history: list[Mapping[str, object]]) -> str:
    """The command line notes what each request cost, the extension does not."""
    noted = any("cost_cents" in mapping(item, "message", "usage") for item in history)
    return "continue-cli" if noted else "continue"


def _beginning(head: Head) -> Mapping[str, object]:
    value = head.records[0] if head.records else beginning(head.data)
    return value if isinstance(value, dict) else {}


def _listed(path: str, identity: str) -> Mapping[str, object]:
    listed = beside(path, "sessions.json")
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict) and entry.get("sessionId") == identity:
            return entry
    return {}


def _path(directory: str) -> str:
    """The extension writes the directory as a URI, the command line as a path."""
    if not directory.startswith("file://"):
        return directory
    from urllib.parse import unquote

    path = unquote(directory.removeprefix("file://"))
    return path[1:] if path[2:3] == ":" else path


def _item(item: Mapping[str, object], mark: str, answered: set[str], seen_head: bool) -> Iterator[Event]:
    message = mapping(item, "message")
    summary = text(item, "conversationSummary")
    if not summary or _words(message) != summary:
        match message.get("role"):
            case "system" if not seen_head:
                yield from _spoken(message, said_by_client, mark)
            case "user":
                yield from _said(item, mark, 0.0)
            case "thinking":
                yield _thought(message, mark)
            case "assistant":
                yield from _answer(item, mark, answered)
            case "tool" if short(message, "toolCallId") not in answered:
                yield Block(Kind.RESULT, _words(message), call=short(message, "toolCallId"), mark=mark)
    if summary:
        yield Departure(Why.COMPACTION)
        yield Block(Kind.SUMMARY, summary, mark=mark)


def _answer(item: Mapping[str, object], mark: str, answered: set[str]) -> Iterator[Event]:
    message = mapping(item, "message")
    usage = mapping(message, "usage")
    yield Request(mark, short(usage, "model") or _logged_model(item), _usage(usage))
    reasoning = text(mapping(item, "reasoning"), "text")
    if reasoning:
        yield Block(Kind.THINKING, reasoning, mark=mark)
    words = _words(message)
    if words:
        yield Block(Kind.TEXT, words, mark=mark)
    states = maps(item, "toolCallStates")
    for call in maps(message, "toolCalls") or [mapping(state, "toolCall") for state in states]:
        function = mapping(call, "function")
        given = function.get("arguments", "")
        arguments = arguments_of(given)
        yield Block(Kind.CALL, json_text(given), short(function, "name"), short(call, "id"), arguments, mark=mark)
    for state in states:
        answered.add(short(state, "toolCallId"))
        yield _result(state, mark)


def _result(state: Mapping[str, object], mark: str) -> Block:
    """The output of one call as the model is sent it; without any, a sentence that says so."""
    status = short(state, "status")
    name = short(mapping(state, "toolCall", "function"), "name")
    output = [] if status == "canceled" else maps(state, "output")
    words = "\n\n".join(
        text(piece, "content")
        + (f"\n[Status: {text(piece, 'status')}]" if name == _SHELL and piece.get("status") else "")
        for piece in output
    )
    if not output:
        words = _NO_OUTPUT.get(status, "No tool output")
    return Block(Kind.RESULT, words, name, short(state, "toolCallId"), error=status in _NO_OUTPUT, mark=mark)


def _said(item: Mapping[str, object], mark: str, at: float) -> Iterator[Block]:
    """What the user attached, then what the user wrote."""
    for attached in maps(item, "contextItems"):
        words = text(attached, "content")
        if words.strip():
            yield Block(Kind.REMINDER, f"{words}\n", short(attached, "name"), mark=mark, at=at)
    yield from _spoken(mapping(item, "message"), said_by_user, mark)


def _spoken(
    message: Mapping[str, object], cut: Callable[[str], Iterator[tuple[Kind, str, str]]], mark: str
) -> Iterator[Block]:
    for kind, words, name in cut(_words(message)):
        yield Block(kind, words, name, mark=mark)
    for part in maps(message, "content"):
        url = text(mapping(part, "imageUrl"), "url")
        if url:
            yield Block(Kind.PROMPT, media=(media_at(url),), mark=mark)
        elif part.get("type") != "text":
            yield Block(Kind.PROMPT, opaque=len(json_text(part)), mark=mark)


def _thought(message: Mapping[str, object], mark: str) -> Block:
    opaque = len(text(message, "signature")) + len(text(message, "redactedThinking"))
    return Block(Kind.THINKING, _words(message), opaque=opaque, mark=mark)


def _words(message: Mapping[str, object]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(text(part, "text") for part in maps(message, "content") if part.get("type") == "text")


def _logged_model(item: Mapping[str, object]) -> str:
    return next((short(log, "modelTitle") for log in maps(item, "promptLogs")), "")


def _logged_head(item: Mapping[str, object]) -> Iterator[Block]:
    """The system prompt, where the log of a request holds it: it stands first, in front of ``<user>``."""
    for log in maps(item, "promptLogs"):
        prompt = text(log, "prompt")
        if prompt.startswith("<system>\n"):
            end = prompt.find("\n\n<user>\n")
            words = prompt[len("<system>\n") : end if end >= 0 else len(prompt)]
            for piece in said_by_client(words):
                yield Block(piece.kind, piece.text, piece.name, mark="system")
            return


def _usage(usage: Mapping[str, object]) -> Usage | None:
    """Counts as the provider named them; Anthropic's are without what was cached, which is told by its model."""
    asked = number(usage, "prompt_tokens", "promptTokens")
    details = mapping(usage, "prompt_tokens_details") or mapping(usage, "promptTokensDetails")
    answer = mapping(usage, "completion_tokens_details") or mapping(usage, "completionTokensDetails")
    cached = number(details, "cached_tokens", "cache_read_tokens", "cachedTokens")
    written = maybe_number(details, "cache_write_tokens", "cacheWriteTokens")
    if not asked and not cached and not written:
        return None
    apart = cached + (written or 0)
    cents = usage.get("cost_cents")
    return Usage(
        input=asked + apart if apart > asked or "claude" in short(usage, "model") else asked,
        cached=cached,
        written=written,
        output=number(usage, "completion_tokens", "completionTokens"),
        reasoning=maybe_number(answer, "reasoning_tokens", "reasoningTokens"),
        cost=cents / 100 if isinstance(cents, int | float) and not isinstance(cents, bool) and cents > 0 else None,
    )
