"""Requests that aider logs with ``--llm-history-file``: every request in full, as text, and its answer.

An entry begins with ``TO LLM`` or ``LLM RESPONSE`` and a time; the lines of a message bear its role. Runs follow each
other without a mark, so the file is one session. What two requests begin with in common stays in the window; the rest
of the earlier one was replaced. Lines that end a message without words, and pictures, are not told exactly. There is no
usage. Facts: aider/io.py and aider/utils.py of aider 0.86.2.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.model.session import Block, Departure, Kind, Request, Start, Why
from ctxkit.sources.history import wire_blocks
from ctxkit.sources.history.fields import time_of
from ctxkit.sources.history.prose import LONGEST_BLOCK, text_lines
from ctxkit.sources.history.reader import Peek
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event
    from ctxkit.sources.history.reader import Head

ID = "aider-requests"
AGENTS = ("aider",)

_ENTRY = on_demand(r"(TO LLM|LLM RESPONSE) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)")
_RULE = "-------"
_ROLES = ("SYSTEM", "USER", "ASSISTANT")
_BY_CLIENT = (
    "Here are summaries of some files",
    "Here are some READ ONLY files",
    "I have *added these files to the chat*",
)
"""What the messages begin with that aider writes in the user's name."""


class _Entry(NamedTuple):
    """``sent``: a request, else an answer. ``messages``: (role, text) in order."""

    sent: bool
    at: float
    messages: list[tuple[str, str]]


def recognise(head: Head) -> bool:
    """Does it begin with a request's entry, and a message's role behind it?"""
    lines = head.data[:4096].decode("utf-8", "replace").lstrip("\ufeff").splitlines()[:3]
    begins = len(lines) == 3 and _ENTRY().fullmatch(lines[0]) is not None and lines[1] == _RULE
    return begins and lines[2].startswith(_ROLES)


def peek(head: Head) -> Iterator[Peek]:
    """The one session in the file."""
    status = os.stat(head.path)
    start = _start(head.path)
    yield Peek(head.path, "", start.id, began=start.at, ended=status.st_mtime, size=status.st_size)


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the file. Raises CtxkitError where it cannot be opened."""
    yield _start(path)
    held: list[tuple[str, str]] = []
    for number, entry in enumerate(_entries(path)):
        if entry.sent:
            kept = _common(held, entry.messages)
            if kept < len(held):
                after = str(kept - 1) if kept else ""
                yield Departure(Why.REPLACED, after=after, spared=frozenset(), at=entry.at)
            yield from _blocks(entry.messages, kept, entry.at)
            yield Request(str(number), at=entry.at)
            held = [(role, str(hash(words))) for role, words in entry.messages]
        else:
            yield from _blocks([*held, *entry.messages], len(held), entry.at)
            held += [(role, str(hash(words))) for role, words in entry.messages]


def _start(path: str) -> Start:
    found = _ENTRY().fullmatch(next(text_lines(path), "").removeprefix("\ufeff"))
    when = found[2] if found else ""
    return Start(when or os.path.basename(path), ID, agent="aider", at=time_of({"at": when}, "at"))


def _common(held: list[tuple[str, str]], messages: list[tuple[str, str]]) -> int:
    """How many messages from the first on are those that are held already (by the hash of their words)."""
    kept = 0
    for (role, mark), (other, words) in zip(held, messages, strict=False):
        if role != other or mark != str(hash(words)):
            break
        kept += 1
    return kept


def _blocks(messages: list[tuple[str, str]], first: int, at: float) -> Iterator[Block]:
    for number, (role, words) in enumerate(messages[first:], first):
        if role == "ASSISTANT":
            found = [Block(Kind.TEXT, words)]
        elif role == "SYSTEM":
            found = list(wire_blocks.client_text(words))
        elif words.startswith(_BY_CLIENT):
            found = [Block(Kind.REMINDER, words)]
        else:
            found = list(wire_blocks.user_text(words))
        for block in found:
            yield replace(block, mark=str(number), at=at)


def _entries(path: str) -> Iterator[_Entry]:
    entry: _Entry | None = None
    lines: list[str] = []
    size = 0
    for line in text_lines(path):
        found = _ENTRY().fullmatch(line) if line.startswith(("TO LLM ", "LLM RESPONSE ")) else None
        if found is not None or size > LONGEST_BLOCK:
            if entry is not None:
                _close(entry, lines)
                yield entry
            entry = _Entry(found[1] == "TO LLM", time_of({"at": found[2]}, "at"), []) if found else None
            lines, size = [], 0
        elif line == _RULE and entry is not None and entry.sent:
            _close(entry, lines)
            lines = []
        elif entry is not None:
            lines.append(line)
            size += len(line) + 1
    if entry is not None:
        _close(entry, lines)
        yield entry


def _close(entry: _Entry, lines: list[str]) -> None:
    """Add the message that ``lines`` are to ``entry``; nothing if they bear no role."""
    role = next((role for role in _ROLES if lines and lines[0].startswith(role)), "")
    if role:
        words = "\n".join(line.removeprefix(role).removeprefix(" ") for line in lines)
        entry.messages.append((role, words))
