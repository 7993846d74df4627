"""Blocks of the parts that every wire format has: texts of a role, tool definitions, calls, results, unknown parts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Kind, Media
from ctxkit.sources.history import markings
from ctxkit.sources.history.fields import arguments_of, json_text, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_LONGEST_NAME = 300
_CONTROLS = frozenset({"cache_control", "defer_loading"})
"""Fields of a definition that tell the provider what to do with it; the model does not see them."""


def user_text(text: str) -> Iterator[Block]:
    """What a text of the user's role gives: prompts, reminders, rules, the summary of a compaction."""
    for piece in markings.said_by_user(text):
        yield Block(piece.kind, piece.text, piece.name)


def client_text(text: str, kind: Kind = Kind.SYSTEM) -> Iterator[Block]:
    """What a text of the system's or developer's role gives: the prompt, of ``kind``, reminders and rules."""
    for piece in markings.said_by_client(text, kind):
        yield Block(piece.kind, piece.text, piece.name)


def attached(media: Sequence[Media], kind: Kind = Kind.PROMPT) -> Iterator[Block]:
    """The attachments of a message as one block of ``kind``; nothing if there are none."""
    if media:
        yield Block(kind, media=tuple(media))


def together(blocks: Iterable[Block]) -> Iterator[Block]:
    """``blocks`` of one message; attachments belong to the prompt before them, if there is one."""
    last: Block | None = None
    for block in blocks:
        if last is not None and last.kind is block.kind is Kind.PROMPT and block.media and not block.text:
            last = replace(last, media=last.media + block.media)
            continue
        if last is not None:
            yield last
        last = block
    if last is not None:
        yield last


def tool(name: str, definition: Mapping[str, object], *, deferred: bool = False) -> Block:
    """The definition of one tool. A deferred one is in the request, but not in the window: it is opaque."""
    sent = {key: value for key, value in definition.items() if key not in _CONTROLS}
    text = json_text(sent)
    if deferred:
        return Block(Kind.TOOLS, name=name[:_LONGEST_NAME], opaque=len(text.encode("utf-8", "replace")))
    return Block(Kind.TOOLS, text, name[:_LONGEST_NAME])


def call(name: str, identity: str, arguments: object, opaque: int = 0) -> Block:
    """A call of a tool; ``arguments`` as the model gave them: a map, or text."""
    return Block(
        Kind.CALL,
        json_text(arguments),
        name[:_LONGEST_NAME],
        identity[:_LONGEST_NAME],
        arguments_of(arguments),
        opaque=opaque,
    )


def result(
    text: str, identity: str, *, name: str = "", error: bool = False, media: Sequence[Media] = (), opaque: int = 0
) -> Iterator[Block]:
    """What a tool answered, and the rules and reminders that the client put behind it as blocks of their own."""
    found = list(markings.answered_by_tool(text))
    first = next((piece.text for piece in found if piece.kind is Kind.RESULT), "")
    if first != text and sum(piece.kind is Kind.RESULT for piece in found) > 1:
        found, first = [], text
    if not found or found[0].kind is not Kind.RESULT:
        found.insert(0, markings.Piece(Kind.RESULT, first))
    for piece in found:
        if piece.kind is Kind.RESULT:
            yield Block(
                Kind.RESULT, piece.text, name[:_LONGEST_NAME], identity[:_LONGEST_NAME],
                error=error, media=tuple(media), opaque=opaque,
            )  # fmt: skip
        else:
            yield Block(piece.kind, piece.text, piece.name)


def unknown(kind: Kind, value: object) -> Block:
    """A part of a type that is not known: it is in the window, but there is no text to count."""
    name = short(value, "type") if isinstance(value, dict) else ""
    return Block(kind, name=name, opaque=size_of(value))


def size_of(value: object) -> int:
    """The bytes of ``value`` as JSON."""
    return len(json_text(value).encode("utf-8", "replace"))
