"""One message of a chat of Gemini CLI: what is sent of it, what the model thought, what the request used."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Kind, Usage
from ctxkit.sources.history.fields import mapping, maps, number, short, text, time_of
from ctxkit.sources.history.gemini_parts import MODEL, USER, blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Grouped = dict[str, list[Block]]

RESULT = f"{Kind.RESULT}:"
"""What the marks of results begin with."""


def said(message: Mapping[str, object]) -> list[Block]:
    """The blocks of the message's words as the user's."""
    return blocks(message.get("content"), USER, short(message, "id"), at=time_of(message, "timestamp"))


def is_answer(message: Mapping[str, object]) -> bool:
    """Has the model written it? What the client writes down again of earlier messages names no model."""
    return message.get("type") == "gemini" and ("model" in message or usage(message) is not None)


def sent(message: Mapping[str, object]) -> list[Block]:
    """The blocks that requests hold of it, in their order; of notices to the user alone there are none.

    Thoughts are none of them: no recorded request of Gemini CLI 0.61.0 holds the thoughts of an answer before.
    """
    identity, at = short(message, "id"), time_of(message, "timestamp")
    if message.get("type") == "user":
        return said(message)
    if message.get("type") != "gemini":
        return []
    calls = maps(message, "toolCalls")
    content = [block for block in _written(message) if block.kind is not Kind.THINKING or not block.text]
    found = [block for block in content if block.kind is Kind.THINKING]
    words = "".join(block.text for block in content if block.kind is Kind.TEXT)
    if words:
        found.append(Block(Kind.TEXT, words, mark=f"{identity}:text", at=at))
    found += [block for block in content if block.kind is Kind.CALL and not calls]
    found += blocks([{"functionCall": each} for each in calls], MODEL, f"{identity}:calls", at=at)
    seen = {block.mark for block in found}
    for each in calls:
        answer = blocks(_answer(each), USER, f"{identity}:{RESULT}{short(each, 'id')}", at=at)
        failed = each.get("status") == "error"
        for block in answer:
            if block.mark not in seen:
                found.append(replace(block, error=True) if failed and block.kind is Kind.RESULT else block)
        seen |= {block.mark for block in answer}
    return found


def thoughts(message: Mapping[str, object]) -> Iterator[Block]:
    """The summaries of its thoughts that the model gave; the thoughts themselves are not kept."""
    words = []
    for thought in maps(message, "thoughts"):
        subject, rest = text(thought, "subject"), text(thought, "description")
        words.append(f"**{subject}** {rest}" if subject else rest)
    words = words or [block.text for block in _written(message) if block.kind is Kind.THINKING and block.text]
    if any(words):
        mark = f"{short(message, 'id')}:thoughts"
        yield Block(Kind.THINKING, "\n".join(words), mark=mark, at=time_of(message, "timestamp"))


def usage(message: Mapping[str, object]) -> Usage | None:
    """``input`` holds what was read from the cache; ``output`` is without the thoughts; ``tool`` is more input."""
    tokens = mapping(message, "tokens")
    if not number(tokens, "input"):
        return None
    reasoning = number(tokens, "thoughts")
    return Usage(
        input=number(tokens, "input") + number(tokens, "tool"),
        cached=number(tokens, "cached"),
        output=number(tokens, "output") + reasoning,
        reasoning=reasoning,
    )


def by_mark(found: Iterable[Block]) -> Grouped:
    """``found`` by their marks, in order."""
    grouped: Grouped = {}
    for block in found:
        grouped.setdefault(block.mark, []).append(block)
    return grouped


def listed(messages: Iterable[Mapping[str, object]]) -> dict[tuple[str, str], Grouped]:
    """(id, type) → the blocks of each message of a list by their marks.

    What stands with a call is the result that follows it; results that stand in the list several times are sent so
    often (0.61.0 doubles them when it goes on with a chat), so each but the first has a mark of its own.
    """
    times: Counter[str] = Counter()
    found: dict[tuple[str, str], Grouped] = {}
    for message in messages:
        of_message = sent(message)
        if not maps(message, "toolCalls"):
            of_message = list(_apart(of_message, times))
        found[short(message, "id"), short(message, "type")] = by_mark(of_message)
    return found


def _apart(found: Iterable[Block], times: Counter[str]) -> Iterator[Block]:
    for block in found:
        if not block.mark.startswith(RESULT):
            yield block
            continue
        times[block.mark] += block.kind is Kind.RESULT
        again = times[block.mark]
        yield replace(block, mark=f"{block.mark}:{again}") if again > 1 else block


def _written(message: Mapping[str, object]) -> list[Block]:
    return blocks(message.get("content"), MODEL, short(message, "id"), at=time_of(message, "timestamp"))


def _answer(tool_call: Mapping[str, object]) -> object:
    answer = tool_call.get("result")
    if not isinstance(answer, str):
        return answer
    response = {"id": short(tool_call, "id"), "name": short(tool_call, "name"), "response": {"output": answer}}
    return {"functionResponse": response}
