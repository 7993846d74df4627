"""Chats of aider: ``.aider.chat.history.md`` in a repository, one run after the other, each a session.

Lines behind ``#### `` are the user's, lines behind ``> `` are the program's and are not sent, the rest is the model's,
edits and all: aider has no tools. System prompt, files and repository map are sent, but not kept here. Usage is what
aider prints behind an answer, rounded to two digits from 1,000 tokens on (``Tokens: 2.1k sent, 850 received.``). The
time of a run is that of the clock it was begun by, taken for UTC. Facts: aider/io.py, aider/coders/base_coder.py and
aider/utils.py of Aider-AI/aider; checked against recorded requests of 0.86.2.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ctxkit.model import CtxkitError
from ctxkit.model.session import Block, Departure, Kind, Recorded, Request, Start, Usage, Why
from ctxkit.sources.history.fields import time_of
from ctxkit.sources.history.prose import Gathering, text_lines
from ctxkit.sources.history.reader import Peek
from ctxkit.sources.history.titles import title_of
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event
    from ctxkit.sources.history.reader import Head

ID = "aider"
AGENTS = ("aider",)

_HEADING = "# aider chat started at "
_USER = "#### "
_PROGRAM = "> "
_MARKS = frozenset("#>`")
"""What a line that is more than a line of text begins with."""
_PAGE = b'<div class="chat-transcript"'
"""In the example chats of aider's documentation, which have no heading."""
_PAGE_TAG = on_demand(r"</?div(?: [^<>]*)?>\s*")
_SENT = on_demand(r"Tokens: ([\d.,]+[kM]?) sent")
_CACHE_HIT = on_demand(r"([\d.,]+[kM]?) cache hit")
_CACHE_WRITE = on_demand(r"([\d.,]+[kM]?) cache write")
_RECEIVED = on_demand(r"([\d.,]+[kM]?) received")
_COST = on_demand(r"Cost: \$([\d.,]+) message(?:, \$([\d.,]+) session)?")
_MODEL = on_demand(r"(?:Main model|Model): (\S+)(?: with |$)")
_COMMAND = on_demand(r"[/!](\S*)\s*")
_SPOKEN = frozenset({"ask", "code", "architect", "context", "help", "chat-mode", "ok"})
"""Commands whose words go to the model."""
_FORGETS = frozenset({"clear", "reset"})
_RUNS = frozenset({"/run", "/test"})
_QUESTION = on_demand(r"to the chat\?|\(Y\)es/\(N\)o")
_LONGEST_OUTPUT = 100_000
"""Lines of a command's output that are kept."""
_SHOWN_ON = 40
"""Lines of a run in which its version and model are looked for."""


@dataclass(slots=True)
class _Run:
    """A run so far. ``asked``: lines of the user that go on; ``said``: lines of the model."""

    asked: list[str] = field(default_factory=list)
    said: Gathering = field(default_factory=Gathering)
    model: str = ""
    count: int = 0
    goes_on: bool = False
    """Does the program's line go on in the next one, which has no mark then?"""
    ran: list[str] | None = None
    """What the program showed since a command of the user ran; None if none did."""
    answering: bool = False
    """Was the last line with words one of the model's?"""
    fenced: bool = False
    """Is a block of code open in what the model says?"""
    report: str = ""
    """The report of usage, which has two lines where a cache was used."""


def recognise(head: Head) -> bool:
    """Does a run begin in it with aider's heading, or is it one of the examples in aider's documentation?"""
    text = head.data[:4096].decode("utf-8", "replace").lstrip("\ufeff\r\n\t ")
    if text.startswith(_HEADING):
        return True
    return _PAGE in head.data and b"\n#### " in head.data and b"\n> " in head.data


def peek(head: Head) -> Iterator[Peek]:
    """Each run, by its heading and the lines behind it."""
    status = os.stat(head.path)
    starts = list(_starts(head.path))
    ends = [start.at for start in starts[1:]] + [status.st_mtime]
    size = status.st_size if len(starts) == 1 else 0
    for number, (start, ended) in enumerate(zip(starts, ends, strict=False), 1):
        yield Peek(
            head.path, str(number), start.id, start.cwd, start.title, start.model, start.version, start.at, ended, size
        )


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the run ``key`` (its number from 1), or of all. Raises CtxkitError where there is no such run."""
    starts = list(_starts(path))
    if key and key not in map(str, range(1, len(starts) + 1)):
        raise CtxkitError(f"{path} holds no run {key!r}.", f"Its runs are numbered from 1 to {len(starts)}.")
    run = _Run()
    number = 0
    for line in _without_page(text_lines(path)):
        heads = line.startswith(_HEADING)
        if heads or (not number and line.strip()):
            yield from _ended(run)
            number += 1
            run = _Run()
            if key in ("", str(number)):
                yield starts[number - 1]
        if number and not heads and key in ("", str(number)):
            yield from _line(run, line)
    yield from _ended(run)


def _starts(path: str) -> Iterator[Start]:
    """The runs of the file, with what their first lines tell."""
    when = title = model = version = ""
    seen = -1
    for line in text_lines(path):
        if seen >= 0 and line[:1] not in _MARKS:
            continue
        if line.startswith(_HEADING):
            if seen >= 0:
                yield _start(path, when, title, model, version)
            when, title, model, version, seen = line.removeprefix(_HEADING).strip(), "", "", "", 0
            continue
        if seen < 0 and not line.strip():
            continue
        seen = max(seen, 0)
        if line.startswith(_USER) and not title and _prompt([line]):
            title = _prompt([line])
        elif line.startswith("> ") and seen < _SHOWN_ON:
            seen += 1
            found = _MODEL().match(line.removeprefix("> ").rstrip())
            model = model or (found[1] if found else "")
            if line.startswith("> Aider v"):
                version = line.removeprefix("> Aider v").strip()
    if seen >= 0:
        yield _start(path, when, title, model, version)


def _start(path: str, when: str, title: str, model: str, version: str) -> Start:
    folder, name = os.path.split(os.path.abspath(path))
    return Start(
        when[:50] or name,
        ID,
        agent=ID,
        version=version[:50],
        cwd=folder if name == ".aider.chat.history.md" else "",
        model=model[:300],
        title=title_of(title),
        at=time_of({"at": when}, "at"),
    )


def _without_page(lines: Iterator[str]) -> Iterator[str]:
    """The lines of a chat; of a page of the documentation only what stands in its transcripts."""
    is_page = False
    inside = True
    for number, line in enumerate(lines):
        if not number and line.strip() == "---":
            is_page, inside = True, False
        if is_page and _PAGE_TAG().fullmatch(line):
            inside = line.startswith("<div")
        elif inside:
            yield line


def _line(run: _Run, line: str) -> Iterable[Event]:
    if run.answering and line[:1] not in _MARKS and not run.said.full:
        run.said.add(line)
        return ()
    return _marked(run, line)


def _marked(run: _Run, line: str) -> Iterator[Event]:
    if run.goes_on and line.strip() and not line.startswith(_USER):
        run.goes_on = not _is_whole(line)
        if run.report:
            run.report += f" {line.strip()}"
            if not run.goes_on:
                yield from _answered(run)
        return
    run.goes_on = False
    if run.report:
        yield from _answered(run)
    # The model may write these marks too: in code, or as a heading. It does not end its lines with two blanks.
    if line.startswith(_USER) and (_is_whole(line) or not run.answering):
        if not run.asked:
            yield from _answered(run)
        run.asked.append(line)
        return
    if run.asked:
        yield from _asked(run)
    if (line.startswith(_PROGRAM) or line == _PROGRAM.rstrip()) and (_is_whole(line) or not run.fenced):
        yield from _told(run, line)
        return
    if line.startswith("```"):
        run.fenced = not run.fenced
    if line.strip() and run.ran is not None:
        # The model answers to a command: it was sent what the command put out.
        shown, run.ran = "\n".join(run.ran).strip(), None
        if shown:
            yield Block(Kind.REMINDER, shown, name="run")
    run.answering = run.answering or bool(line.strip())
    run.said.add(line)
    if run.said.full:
        yield from _answered(run)


def _is_whole(line: str) -> bool:
    """Does ``line`` end as aider ends its own lines and the user's?"""
    return line.endswith("  ")


def _told(run: _Run, line: str) -> Iterator[Event]:
    """A line of the program; its text goes on in the next line if it does not end as it should."""
    words = line.removeprefix(_PROGRAM.rstrip()).strip()
    run.goes_on = bool(words) and not _is_whole(line)
    run.answering = run.fenced = False
    if run.ran is not None and not _QUESTION().search(words) and len(run.ran) < _LONGEST_OUTPUT:
        run.ran.append(words)
    if words.startswith("Tokens: ") and _SENT().match(words):
        run.report = words
        if not run.goes_on:
            yield from _answered(run)
    elif found := _MODEL().match(words):
        run.model = run.model or found[1][:300]


def _ended(run: _Run) -> Iterator[Event]:
    if run.asked:
        yield from _asked(run)
    yield from _answered(run)


def _prompt(lines: list[str]) -> str:
    """What is sent of the user's lines: nothing of most commands."""
    words = "\n".join(line.removeprefix(_USER.rstrip()).removeprefix(" ").rstrip() for line in lines)
    command = _COMMAND().match(words)
    if command is None:
        return "" if words == "<blank>" else words
    return words[command.end() :] if command[1] in _SPOKEN else ""


def _asked(run: _Run) -> Iterator[Event]:
    lines, run.asked = run.asked, []
    command = _COMMAND().match(lines[0].removeprefix(_USER.rstrip()).removeprefix(" "))
    if command is not None and command[1] in _FORGETS:
        yield Departure(Why.REWIND)
    run.ran = [] if command is not None and command[0].strip() in _RUNS else None
    if words := _prompt(lines):
        yield Block(Kind.PROMPT, words)


def _answered(run: _Run) -> Iterator[Event]:
    """The answer so far, and the request it is the answer of."""
    words = "\n".join(run.said.taken()).strip()
    report, run.report = run.report, ""
    run.answering = run.fenced = False
    if not words and not report:
        return
    run.count += 1
    yield Request(str(run.count), run.model, _usage(report))
    if (cost := _COST().search(report)) and cost[2]:
        yield Recorded(_number(cost[2]))
    if words:
        yield Block(Kind.TEXT, words)


def _usage(report: str) -> Usage | None:
    sent = _SENT().search(report)
    if sent is None:
        return None
    hit, write, received = (pattern().search(report) for pattern in (_CACHE_HIT, _CACHE_WRITE, _RECEIVED))
    cost = _COST().search(report)
    return Usage(
        _tokens(sent[1]),
        _tokens(hit[1]) if hit else 0,
        _tokens(write[1]) if write else None,
        output=_tokens(received[1]) if received else 0,
        cost=_number(cost[1]) if cost else None,
    )


def _tokens(words: str) -> int:
    scale = {"k": 1_000, "M": 1_000_000}.get(words[-1], 1)
    return round(_number(words.rstrip("kM")) * scale)


def _number(words: str) -> float:
    try:
        return min(float(words.replace(",", "").rstrip(".")), 1e12)
    except ValueError:
        return 0.0
