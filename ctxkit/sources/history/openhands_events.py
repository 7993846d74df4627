"""What OpenHands sends of the events that its agent SDK keeps (``kind``: SystemPromptEvent, ActionEvent, ...).

Facts: openhands-sdk/openhands/sdk/event and tool of OpenHands/software-agent-sdk 1.43; not checked against recorded
requests.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Departure, Kind, Request, Usage, Why
from ctxkit.sources.history import wire_blocks
from ctxkit.sources.history.fields import items, json_text, mapping, maps, maybe_number, number, short, text, time_of
from ctxkit.sources.history.media import media_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ctxkit.model.session import Event, Media

CONDENSER = "condenser"
"""The thread of the requests that write summaries: they hold what is to be forgotten, not the session's window."""

_FAILED = "[An error occurred during execution.]\n"


@dataclass(slots=True)
class Conversation:
    """What has to be remembered of the events so far. ``usage``: of each response, by its id; ``model``: the agent's.

    ``answered``: ids of the responses whose request was told. ``places``: per event, the mark of the last block in
    the window by then.
    """

    usage: Mapping[str, Usage] = field(default_factory=dict)
    model: str = ""
    answered: set[str] = field(default_factory=set)
    places: dict[str, str] = field(default_factory=dict)
    previous: str = ""

    def request(self, identity: str, at: float, model: str = "", usage: Usage | None = None) -> Iterator[Request]:
        """The request of the response ``identity``, once."""
        if identity and identity in self.answered:
            return
        self.answered.add(identity)
        yield Request(identity, model or self.model, usage or self.usage.get(identity), at=at)


def usage_of(state: Mapping[str, object]) -> dict[str, Usage]:
    """The usage of each response by its id, as the conversation's ``base_state.json`` has it."""
    found = {}
    for metrics in mapping(state, "stats", "usage_to_metrics").values():
        for record in maps({"": metrics}, "", "token_usages"):
            found[short(record, "response_id")] = Usage(
                number(record, "prompt_tokens"),
                number(record, "cache_read_tokens"),
                maybe_number(record, "cache_write_tokens"),
                output=number(record, "completion_tokens"),
                reasoning=maybe_number(record, "reasoning_tokens"),
            )
    found.pop("", None)
    return found


def is_event(record: Mapping[str, object]) -> bool:
    """Is ``record`` an event of this kind?"""
    return isinstance(record.get("kind"), str) and "source" in record and "timestamp" in record


def events(record: Mapping[str, object], conversation: Conversation) -> Iterator[Event]:
    """What the event ``record`` brings into the window, or takes out of it."""
    mark, at = short(record, "id"), time_of(record, "timestamp")
    parent = short(record, "parent_id")
    if parent and parent != conversation.previous and parent in conversation.places:
        yield Departure(Why.REWIND, after=conversation.places[parent], at=at)
        conversation.places[mark] = conversation.places[parent]
    last = conversation.places.get(mark) or conversation.places.get(conversation.previous, "")
    for event in _brought(record, conversation, mark, at):
        yield event
        if isinstance(event, Block):
            last = event.mark
    conversation.places[mark] = last
    conversation.previous = mark


def _brought(record: Mapping[str, object], conversation: Conversation, mark: str, at: float) -> Iterator[Event]:
    match text(record, "kind"):
        case "SystemPromptEvent":
            for block in _head(record):
                yield replace(block, mark=mark, at=at)
        case "MessageEvent":
            yield from _message(record, conversation, mark, at)
        case "ActionEvent":
            yield from _action(record, conversation, mark, at)
        case "ObservationEvent":
            for block in _observation(record):
                yield replace(block, mark=mark, at=at)
        case "UserRejectObservation":
            words = f"Action rejected: {text(record, 'rejection_reason')}"
            yield _answer(record, words, mark, at)
        case "AgentErrorEvent":
            yield _answer(record, text(record, "error"), mark, at)
        case "Condensation":
            identity = short(record, "llm_response_id")
            if identity and identity not in conversation.answered:
                conversation.answered.add(identity)
                yield Request(identity, usage=conversation.usage.get(identity), thread=CONDENSER, at=at)
            forgotten = tuple(item for item in items(record, "forgotten_event_ids") if isinstance(item, str))
            if forgotten:
                yield Departure(Why.COMPACTION, marks=forgotten, trigger="auto", at=at)
            if words := text(record, "summary"):
                yield Block(Kind.SUMMARY, words, mark=f"{mark}-summary", at=at)


def _head(record: Mapping[str, object]) -> Iterator[Block]:
    yield from wire_blocks.client_text(text(mapping(record, "system_prompt"), "text"))
    for tool in maps(record, "tools"):
        name = short(mapping(tool, "function"), "name") or short(tool, "name", "title", "kind")
        yield wire_blocks.tool(name, tool)
    yield from wire_blocks.client_text(text(mapping(record, "dynamic_context"), "text"), Kind.REMINDER)


def _message(record: Mapping[str, object], conversation: Conversation, mark: str, at: float) -> Iterator[Event]:
    message = mapping(record, "llm_message")
    words, media = _content(message, "content")
    if text(message, "role") == "assistant":
        yield from conversation.request(short(record, "llm_response_id") or mark, at)
        yield from _thinking(message, mark, at)
        if words:
            yield Block(Kind.TEXT, words, mark=mark, at=at)
        return
    for block in (*wire_blocks.user_text(words), *wire_blocks.attached(media)):
        yield replace(block, mark=mark, at=at)
    added, _ = _content(record, "extended_content")
    if added:
        yield Block(Kind.REMINDER, added, mark=mark, at=at)


def _action(record: Mapping[str, object], conversation: Conversation, mark: str, at: float) -> Iterator[Event]:
    yield from conversation.request(short(record, "llm_response_id") or mark, at)
    yield from _thinking(record, mark, at)
    words, _ = _content(record, "thought")
    if words:
        yield Block(Kind.TEXT, words, mark=mark, at=at)
    call = mapping(record, "tool_call")
    function = mapping(call, "function") or call
    identity = short(record, "tool_call_id") or short(call, "id")
    name = short(function, "name") or short(record, "tool_name")
    yield replace(wire_blocks.call(name, identity, function.get("arguments")), mark=mark, at=at)


def _thinking(record: Mapping[str, object], mark: str, at: float) -> Iterator[Block]:
    blocks = maps(record, "thinking_blocks")
    item = mapping(record, "responses_reasoning_item")
    words = "\n".join(text(block, "thinking") for block in blocks) or text(record, "reasoning_content")
    words = words or "\n".join(part for part in items(item, "summary") if isinstance(part, str))
    sealed = sum(len(text(block, "signature")) + len(text(block, "data")) for block in blocks)
    sealed += len(text(item, "encrypted_content"))
    if words or sealed:
        yield Block(Kind.THINKING, words, opaque=sealed, mark=mark, at=at)


def _observation(record: Mapping[str, object]) -> Iterator[Block]:
    observation = mapping(record, "observation")
    words, media = _content(observation, "content")
    words = words or text(observation, "content", "output")
    if metadata := mapping(observation, "metadata"):
        words = shell_output(words, metadata)
    failed = observation.get("is_error") is True
    if failed:
        words = _FAILED + words
    call, name = short(record, "tool_call_id"), short(record, "tool_name")
    yield from wire_blocks.result(words, call, name=name, error=failed, media=media)
    added, _ = _content(record, "extended_content")
    if added:
        yield Block(Kind.REMINDER, added)


def shell_output(words: str, metadata: Mapping[str, object]) -> str:
    """The output of a command with what the client puts around it for the model."""
    words = f"{text(metadata, 'prefix')}{words}{text(metadata, 'suffix')}"
    if folder := text(metadata, "working_dir"):
        words += f"\n[Current working directory: {folder}]"
    if interpreter := text(metadata, "py_interpreter_path"):
        words += f"\n[Python interpreter: {interpreter}]"
    if isinstance(code := metadata.get("exit_code"), int) and code != -1:
        words += f"\n[Command finished with exit code {code}]"
    return words


def _answer(record: Mapping[str, object], words: str, mark: str, at: float) -> Block:
    call, name = short(record, "tool_call_id"), short(record, "tool_name")
    return Block(Kind.RESULT, words, name, call, error=True, mark=mark, at=at)


def _content(record: Mapping[str, object], key: str) -> tuple[str, list[Media]]:
    """(text, images) of a list of content parts."""
    words: list[str] = []
    media: list[Media] = []
    for part in maps(record, key):
        if text(part, "type") == "image" or "image_urls" in part:
            media.extend(media_at(url) for url in items(part, "image_urls") if isinstance(url, str))
        elif said := text(part, "text"):
            words.append(said)
        elif part.get("type") not in ("text", None):
            words.append(json_text(part))
    return "\n".join(words), media
