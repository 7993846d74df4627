"""What opencode sends of the session records it keeps from version 2 on: one session's, as events.

There a session is a list of typed records (table ``session_message``, ordered by ``seq``) instead of messages and
parts. Facts: packages/core/src/session (message, runner/to-llm-message) of opencode 2; not checked against recorded
requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Departure, Kind, Media, Request, Why
from ctxkit.sources.history.attachments import attached_text
from ctxkit.sources.history.fields import arguments_of, json_text, mapping, maps, short, text, time_of
from ctxkit.sources.history.media import media_of
from ctxkit.sources.history.opencode_parts import Clearings, usage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ctxkit.model.session import Event


def events(records: Iterable[tuple[str, str, Mapping[str, object]]], system: str) -> Iterator[Event]:
    """The events of one session. ``records``: (id, type, data) in order; ``system``: the context it began with."""
    if system:
        yield Block(Kind.SYSTEM, system)
    cleared = Clearings()
    for identity, kind, record in records:
        at = time_of(mapping(record, "time"), "created")
        yield from cleared.due(at)
        match kind:
            case "user":
                yield from _asked(record, identity, at)
            case "synthetic" | "skill":
                yield Block(Kind.REMINDER, text(record, "text"), name=short(record, "name"), mark=identity, at=at)
            case "system":
                yield Block(Kind.REMINDER, text(record, "text"), name="system", mark=identity, at=at)
            case "shell":
                words = f"Shell command: {text(record, 'command')}\n\n{_output(record)}"
                yield Block(Kind.REMINDER, words, name="shell", mark=identity, at=at)
            case "assistant":
                yield from _answered(record, identity, at, cleared)
            case "compaction" if text(record, "status") in ("", "completed"):
                cleared.keep(frozenset())
                yield Departure(Why.COMPACTION, trigger=short(record, "reason"), at=at)
                for words in (text(record, "summary"), text(record, "recent")):
                    if words:
                        yield Block(Kind.SUMMARY, words, mark=identity, at=at)
    yield from cleared.due(float("inf"))


def _output(record: Mapping[str, object]) -> str:
    return text(record, "output") or text(mapping(record, "output"), "output")


def _asked(record: Mapping[str, object], identity: str, at: float) -> Iterator[Block]:
    if words := text(record, "text"):
        yield Block(Kind.PROMPT, words, mark=identity, at=at)
    for file in maps(record, "files"):
        mime, data = short(file, "mime"), text(file, "data")
        if mime in ("text/plain", "application/x-directory"):
            yield Block(Kind.REMINDER, attached_text(data), name=short(file, "name"), mark=identity, at=at)
        else:
            yield Block(Kind.PROMPT, media=(media_of(mime, data),), mark=identity, at=at)


def _answered(record: Mapping[str, object], identity: str, at: float, cleared: Clearings) -> Iterator[Event]:
    yield Request(identity, short(mapping(record, "model"), "id"), usage_of(record), at=at)
    results = []
    for item in maps(record, "content"):
        match text(item, "type"):
            case "text" if words := text(item, "text"):
                yield Block(Kind.TEXT, words, mark=identity, at=at)
            case "reasoning" if words := text(item, "text"):
                yield Block(Kind.THINKING, words, mark=identity, at=at)
            case "tool":
                state = mapping(item, "state")
                given = state.get("input")
                call, name = short(item, "id"), short(item, "name")
                yield Block(Kind.CALL, json_text(given), name, call, arguments_of(given), mark=identity, at=at)
                if text(state, "status") in ("completed", "error"):
                    results.append(_result(state, name, call, f"{identity}:{call}", at))
                    if (pruned := time_of(mapping(item, "time"), "pruned")) > 0:
                        cleared.add(pruned, f"{identity}:{call}", call, name)
    yield from results


def _result(state: Mapping[str, object], name: str, call: str, mark: str, at: float) -> Block:
    words: list[str] = []
    media: list[Media] = []
    for item in maps(state, "content"):
        if text(item, "type") == "text":
            words.append(text(item, "text"))
        else:
            media.append(media_of(short(item, "mime", "mediaType"), text(item, "data")))
    failed = text(state, "status") == "error"
    if failed:
        words.insert(0, text(mapping(state, "error"), "message"))
    if not words and not media and (structured := state.get("structured")):
        words.append(json_text(structured))
    joined = "\n".join(word for word in words if word)
    return Block(Kind.RESULT, joined, name, call, error=failed, media=tuple(media), mark=mark, at=at)
