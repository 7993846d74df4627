"""What OpenHands sent of the actions and observations it kept before version 1.

The model's answer stands beside the action that came of it where functions were called natively; else the action is
told in words, and the call is in the text. Facts: openhands/events and openhands/memory of OpenHands/OpenHands 0.x.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Departure, Kind, Why
from ctxkit.sources.history import wire_blocks, wire_chat
from ctxkit.sources.history.fields import items, json_text, mapping, maps, maybe_number, short, text, time_of
from ctxkit.sources.history.media import media_at
from ctxkit.sources.history.openhands_events import shell_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ctxkit.model.session import Event
    from ctxkit.sources.history.openhands_events import Conversation

_NOT_SENT = frozenset({"", "null", "recall", "change_agent_state", "agent_state_changed", "pause", "resume", "start"})
_FAILED = "\n[Error occurred in processing last action]"
_ASIDE = frozenset(
    {"action", "thought", "is_confirmed", "confirmation_state", "action_risk", "security_risk", "keep_prompt",
     "kernel_init_code", "wait_for_response", "images_urls", "image_urls", "file_urls"}
)  # fmt: skip
"""Fields of an action that the model did not write."""


def is_event(record: Mapping[str, object]) -> bool:
    """Is ``record`` an action or an observation?"""
    return isinstance(record.get("action"), str) or isinstance(record.get("observation"), str)


def events(record: Mapping[str, object], conversation: Conversation) -> Iterator[Event]:
    """What the action or observation ``record`` brings into the window, or takes out of it."""
    at = time_of(record, "timestamp")
    number = maybe_number(record, "id")
    mark = str(number) if number is not None else ""
    action = text(record, "action")
    brought = _action(record, action, conversation, at, mark) if action else _observation(record, conversation)
    for event in brought:
        yield replace(event, mark=mark, at=at) if isinstance(event, Block) else event


def _action(
    record: Mapping[str, object], action: str, conversation: Conversation, at: float, mark: str
) -> Iterator[Event]:
    arguments = mapping(record, "args") or record
    if action == "system":
        yield from wire_blocks.client_text(text(arguments, "content"))
        for tool in maps(arguments, "tools"):
            yield wire_blocks.tool(short(mapping(tool, "function"), "name"), tool)
    elif action == "condensation":
        yield from _condensed(arguments, at)
    elif action == "message" and text(record, "source") != "agent" and _is_prompt(record, conversation):
        yield from wire_blocks.user_text(text(arguments, "content"))
        urls = [*items(arguments, "image_urls"), *items(arguments, "images_urls")]
        yield from wire_blocks.attached([media_at(url) for url in urls if isinstance(url, str)])
    elif action not in _NOT_SENT:
        yield from _answered(record, action, arguments, conversation, at, mark)


def _is_prompt(record: Mapping[str, object], conversation: Conversation) -> bool:
    """A message without a source is the user's if it is the first one."""
    return text(record, "source") == "user" or not conversation.answered


def _answered(
    record: Mapping[str, object],
    action: str,
    arguments: Mapping[str, object],
    conversation: Conversation,
    at: float,
    mark: str,
) -> Iterator[Event]:
    if text(record, "source") == "user":
        # A command that the user ran by hand.
        yield Block(Kind.REMINDER, text(arguments, "command", "content"), name=action)
        return
    response = mapping(record, "tool_call_metadata", "model_response")
    identity = short(response, "id")
    if response:
        if identity in conversation.answered:
            return
        yield from conversation.request(identity, at, short(response, "model"), wire_chat.usage(response))
        yield from wire_chat.answer(response)
        return
    identity = mark or str(len(conversation.answered) + 1)
    yield from conversation.request(identity, at)
    conversation.previous = identity
    words = text(arguments, "content") if action == "message" else text(arguments, "thought")
    if words:
        yield Block(Kind.TEXT, words)
    if action != "message":
        given = {key: value for key, value in arguments.items() if key not in _ASIDE and value is not None}
        yield Block(Kind.CALL, json_text(given), action, identity, given)


def _observation(record: Mapping[str, object], conversation: Conversation) -> Iterator[Block]:
    kind = text(record, "observation")
    extras = mapping(record, "extras")
    words = text(record, "content")
    if kind == "recall":
        yield from _recalled(extras)
        return
    if kind in _NOT_SENT or (kind == "user_rejected" and not words):
        return
    call = short(mapping(record, "tool_call_metadata"), "tool_call_id") or _cause(record, conversation)
    failed = kind == "error" or record.get("success") is False
    if metadata := mapping(extras, "metadata"):
        words = shell_output(words, metadata)
    if kind == "error":
        words += _FAILED
    media = [media_at(url) for url in (*items(extras, "image_urls"), extras.get("screenshot")) if isinstance(url, str)]
    yield from wire_blocks.result(words, call, error=failed, media=[item for item in media if item.size])


def _cause(record: Mapping[str, object], conversation: Conversation) -> str:
    """The call that an observation without metadata answers: its cause, or the action before it."""
    cause = maybe_number(record, "cause")
    return conversation.previous if cause is None else str(cause)


def _recalled(extras: Mapping[str, object]) -> Iterator[Block]:
    """What was put behind the user's message: the texts, without the frame around them, which is not kept."""
    if words := text(extras, "repo_instructions"):
        yield Block(Kind.RULES, words, name="repository instructions")
    for key in ("additional_agent_instructions", "conversation_instructions"):
        if words := text(extras, key):
            yield Block(Kind.REMINDER, words, name=key.replace("_", " "))
    for known in maps(extras, "microagent_knowledge"):
        yield Block(Kind.REMINDER, text(known, "content"), name=short(known, "name"))


def _condensed(arguments: Mapping[str, object], at: float) -> Iterator[Event]:
    first, last = (maybe_number(arguments, f"forgotten_events_{end}_id") for end in ("start", "end"))
    forgotten = [str(item) for item in items(arguments, "forgotten_event_ids") if isinstance(item, int)]
    if first is not None and last is not None and 0 <= last - first < 1_000_000:
        forgotten.extend(str(number) for number in range(first, last + 1))
    if forgotten:
        yield Departure(Why.COMPACTION, marks=tuple(forgotten), trigger="auto", at=at)
    if words := text(arguments, "summary"):
        yield Block(Kind.SUMMARY, words)
