"""Answers that came as a stream of server-sent events, put together into the document that they would have been."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ctxkit.sources.history.fields import mapping, maps, number, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_PARTS = 10_000
"""Parts of one answer. An index beyond is no part of a real one."""


def assembled(stream: str) -> dict[str, object]:
    """The answer in ``stream``, in the format its events have; an empty map if they have none that is known."""
    messages, chat, gemini = _Messages(), _Chat(), _Gemini()
    for event in _events(stream):
        kind = text(event, "type")
        if kind in ("response.completed", "response.incomplete", "response.failed"):
            return dict(mapping(event, "response"))
        if kind.startswith(("message_", "content_block_")):
            messages.take(event, kind)
        elif "choices" in event:
            chat.take(event)
        elif "candidates" in event or "usageMetadata" in event or "response" in event:
            gemini.take(mapping(event, "response") or event)
    if messages.begun:
        return messages.closed()
    if chat.answer:
        return chat.closed()
    return gemini.closed() if gemini.answer else {}


def _events(stream: str) -> Iterator[Mapping[str, object]]:
    for line in stream.splitlines():
        if not line.startswith("data:"):
            continue
        try:
            event = msgspec.json.decode(line[5:])
        except (msgspec.DecodeError, RecursionError, ValueError):
            continue
        if isinstance(event, dict):
            yield event


class _Growing:
    """Texts that come in pieces, by what they belong to; joined once, at the end."""

    def __init__(self) -> None:
        self._pieces: dict[tuple[int, str], list[str]] = {}

    def add(self, index: int, field: str, piece: object) -> None:
        if isinstance(piece, str) and piece and index <= _MOST_PARTS:
            self._pieces.setdefault((index, field), []).append(piece)

    def joined(self) -> Iterator[tuple[int, str, str]]:
        """(index, field, text) of each."""
        for (index, field), pieces in self._pieces.items():
            yield index, field, "".join(pieces)


class _Messages:
    """A stream of the Messages format."""

    def __init__(self) -> None:
        self.begun = False
        self.message: dict[str, object] = {}
        self._parts: dict[int, dict[str, object]] = {}
        self._texts = _Growing()

    def take(self, event: Mapping[str, object], kind: str) -> None:
        index = number(event, "index")
        if kind == "message_start":
            self.begun = True
            self.message.update(mapping(event, "message"))
        elif kind == "message_delta":
            self.message["usage"] = {**mapping(self.message, "usage"), **mapping(event, "usage")}
        elif kind == "content_block_start" and index <= _MOST_PARTS:
            self._parts[index] = dict(mapping(event, "content_block"))
        elif kind == "content_block_delta":
            delta = mapping(event, "delta")
            for field in ("text", "thinking", "signature", "partial_json"):
                self._texts.add(index, field, delta.get(field))

    def closed(self) -> dict[str, object]:
        for index, field, words in self._texts.joined():
            part = self._parts.setdefault(index, {"type": "text"})
            if field != "partial_json":
                part[field] = text(part, field) + words
                continue
            try:
                part["input"] = msgspec.json.decode(words)
            except (msgspec.DecodeError, RecursionError, ValueError):
                part["input"] = words
        return {"type": "message", **self.message, "content": [part for _, part in sorted(self._parts.items())]}


class _Chat:
    """A stream of the Chat Completions format."""

    def __init__(self) -> None:
        self.answer: dict[str, object] = {}
        self._said = _Growing()
        self._calls: dict[int, dict[str, object]] = {}
        self._arguments = _Growing()

    def take(self, event: Mapping[str, object]) -> None:
        self.answer.update({key: event[key] for key in ("id", "model") if isinstance(event.get(key), str)})
        if mapping(event, "usage"):
            self.answer["usage"] = event["usage"]
        for choice in maps(event, "choices")[:1]:
            delta = mapping(choice, "delta")
            for key in ("content", "reasoning_content", "reasoning", "refusal"):
                self._said.add(0, key, delta.get(key))
            for call in maps(delta, "tool_calls"):
                self._call(number(call, "index"), call)

    def _call(self, index: int, call: Mapping[str, object]) -> None:
        if index <= _MOST_PARTS:
            known = self._calls.setdefault(index, {})
            known["id"] = text(known, "id") or text(call, "id")
            for key in ("name", "arguments"):
                self._arguments.add(index, key, mapping(call, "function").get(key))

    def closed(self) -> dict[str, object]:
        for index, key, words in self._arguments.joined():
            known = self._calls[index]
            known["function"] = {**mapping(known, "function"), key: words}
        message: dict[str, object] = {key: words for _, key, words in self._said.joined()}
        calls = [call for _, call in sorted(self._calls.items())]
        return {**self.answer, "choices": [{"message": {**message, "tool_calls": calls}}]}


class _Gemini:
    """A stream of Gemini's format: each event has parts of its own; texts that go on are joined, as clients do."""

    def __init__(self) -> None:
        self.answer: dict[str, object] = {}
        self._parts: list[dict[str, object]] = []
        self._texts = _Growing()

    def take(self, event: Mapping[str, object]) -> None:
        self.answer.update(
            {key: event[key] for key in ("responseId", "modelVersion") if isinstance(event.get(key), str)}
        )
        if mapping(event, "usageMetadata"):
            self.answer["usageMetadata"] = event["usageMetadata"]
        for candidate in maps(event, "candidates")[:1]:
            for part in maps(mapping(candidate, "content"), "parts"):
                self._part(part)

    def _part(self, part: Mapping[str, object]) -> None:
        last = self._parts[-1] if self._parts else {}
        goes_on = "text" in part and "text" in last and part.get("thought") == last.get("thought")
        if goes_on and "thoughtSignature" not in last:
            last.update({key: value for key, value in part.items() if key != "text"})
        elif len(self._parts) <= _MOST_PARTS:
            self._parts.append({**part, "text": ""} if "text" in part else dict(part))
        self._texts.add(len(self._parts) - 1, "text", part.get("text"))

    def closed(self) -> dict[str, object]:
        for index, field, words in self._texts.joined():
            self._parts[index][field] = words
        return {**self.answer, "candidates": [{"content": {"role": "model", "parts": self._parts}}]}
