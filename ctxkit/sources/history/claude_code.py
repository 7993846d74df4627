"""Sessions of Claude Code: ``~/.claude/projects/<slug>/<session>.jsonl`` and its subagents' files.

One JSON object a line. A message of the model is written one block a line, each with the usage so far, so usage counts
once per ``message.id`` (the last one). Newer versions also record the exact requests (:mod:`.claude_requests`); where
they do, the window is what these say, and the lines of the user and of attachments only stand in until they come.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from typing import TYPE_CHECKING

from ctxkit.model import CtxkitError, Skipped
from ctxkit.model.session import MAIN, Event, Kind, Recorded, Start
from ctxkit.sources.history.claude_lines import user_blocks
from ctxkit.sources.history.claude_thread import LINES, Thread
from ctxkit.sources.history.fields import amount, mapping, short, text, time_of
from ctxkit.sources.history.glance import size_and_end, stem
from ctxkit.sources.history.reader import Head, Peek
from ctxkit.sources.history.reading import json_lines
from ctxkit.sources.history.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ID = "claude-code"
AGENTS = ("claude-code",)

_REMEMBERED = 50_000
"""Lines of subagents whose thread is remembered."""
_DEEPEST = 8
"""Subagents of subagents that are read inside one another; deeper ones are read after the session."""
_UNNAMED = "sidechain"
"""The thread of a subagent's lines that have neither an id nor a line before them."""


def recognise(head: Head) -> bool:
    """Lines with ``sessionId`` and one of the types only Claude Code writes."""
    for record in head.records[:50]:
        kind = record.get("type")
        if kind in ("api-request-shape", "file-history-snapshot"):
            return True
        if kind in ("user", "assistant") and "sessionId" in record and "isSidechain" in record and "message" in record:
            return "parts" not in mapping(record, "message")
        if kind == "summary" and "leafUuid" in record:
            return True
    return False


def peek(head: Head) -> Iterator[Peek]:
    """The session of the file."""
    title = cwd = model = version = identity = parent = ""
    began = 0.0
    for record in head.records:
        began = began or time_of(record, "timestamp")
        cwd = cwd or text(record, "cwd")
        version = version or short(record, "version")
        identity = identity or short(record, "sessionId")
        model = model or short(mapping(record, "message"), "model")
        if record.get("isSidechain") is True and record.get("agentId") and not parent:
            parent = short(record, "sessionId")
            identity = short(record, "agentId")
        if record.get("type") == "user" and not title:
            title = next((b.text for b in user_blocks(record, MAIN) if b.kind is Kind.PROMPT), "")
    size, ended = size_and_end(head.path)
    yield Peek(
        path=head.path,
        id=identity or stem(head.path),
        cwd=cwd,
        title=title_of(title),
        model=model,
        version=version,
        began=began,
        ended=ended,
        size=size,
        parent=parent,
    )


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the session in ``path``, each subagent's where it was started; a file holds one session."""
    threads: dict[str, Thread] = {}
    agents = _Sidechains()
    beside = _Subagents(path, skip)
    started = False
    own = ""
    for line in json_lines(path, skip):
        record = line.record
        if not started and (short(record, "type") in LINES or record.get("type") == "api-request"):
            started = True
            start = _start(record, path)
            own = short(record, "agentId")  # a subagent's own file: its thread is the main one here
            yield start
        name = short(record, "agentId")
        if not name and record.get("isSidechain") is True:
            name = agents.name(record)
        name = MAIN if name == own else name
        thread = threads.get(name)
        if thread is None:
            thread = threads[name] = Thread(name, lambda reason: skip(Skipped(path, reason, "The rest is read.")))
        yield from thread.feed(record)
        if started:
            yield from _recorded(record)
            yield from beside.started_by(record)
    if not started:
        yield Start(stem(path), ID, "claude-code")
    for thread in threads.values():
        yield from thread.close()
    yield from beside.rest()


def _start(record: Mapping[str, object], path: str) -> Start:
    agent = short(record, "agentId")
    return Start(
        id=agent or short(record, "sessionId") or stem(path),
        format=ID,
        agent="claude-code",
        version=short(record, "version"),
        cwd=text(record, "cwd"),
        branch=short(record, "gitBranch"),
        at=time_of(record, "timestamp"),
        parent=short(record, "sessionId") if agent else "",
    )


def _recorded(record: Mapping[str, object]) -> Iterator[Recorded]:
    """The client's own account so far, subagents, titles and summaries included; earlier runs of the session, too."""
    cost = amount(record, "totalCostUSD") if record.get("type") == "cost-state" else None
    if cost:
        yield Recorded(cost)


class _Subagents:
    """The subagents' files of a session: ``<session>/subagents/agent-<id>.jsonl`` beside ``<session>.jsonl``."""

    def __init__(self, path: str, skip: Callable[[Skipped], None]) -> None:
        self._skip = skip
        self._depth = 0
        folder = os.path.join(path.removesuffix(".jsonl"), "subagents")
        try:
            names = sorted(os.listdir(folder)) if path.endswith(".jsonl") else []
        except OSError:
            names = []
        self._files = {
            name.removeprefix("agent-").removesuffix(".jsonl"): os.path.join(folder, name)
            for name in names
            if name.startswith("agent-") and name.endswith(".jsonl") and name != "agent-.jsonl"
        }

    def started_by(self, record: Mapping[str, object]) -> Iterator[Event]:
        """The events of the subagent that ``record`` tells was started, each once."""
        identity = short(mapping(record, "toolUseResult"), "agentId")
        path = self._files.pop(identity, None) if identity and self._depth < _DEEPEST else None
        if path is None:
            return
        self._depth += 1
        thread = Thread(identity, lambda reason: self._skip(Skipped(path, reason, "The rest is read.")))
        try:
            for line in json_lines(path, self._skip):
                yield from thread.feed(line.record)
                yield from self.started_by(line.record)
        except CtxkitError as error:
            self._skip(Skipped(path, error.message, error.hint))
        self._depth -= 1
        yield from thread.close()

    def rest(self) -> Iterator[Event]:
        """The events of those that no record names."""
        while self._files:
            yield from self.started_by({"toolUseResult": {"agentId": next(iter(self._files))}})


class _Sidechains:
    """Names the threads of older files, whose subagents' lines only point at the line before."""

    def __init__(self) -> None:
        self._thread_of: OrderedDict[str, str] = OrderedDict()

    def name(self, record: Mapping[str, object]) -> str:
        identity = short(record, "uuid")
        name = self._thread_of.get(short(record, "parentUuid")) or identity or _UNNAMED
        self._thread_of[identity] = name
        if len(self._thread_of) > _REMEMBERED:
            self._thread_of.popitem(last=False)
        return name
