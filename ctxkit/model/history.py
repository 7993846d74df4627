"""A session as it is kept after reading: what entered the window when, when it left, and what was paid for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from ctxkit.model.session import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ctxkit.model.context import Skipped
    from ctxkit.model.session import Kind, Start, Usage, Why


class Doing(StrEnum):
    """What a tool call does, whatever the tool is called."""

    READ = "read"
    WRITE = "write"
    """A file gets a content, whatever it held."""
    EDIT = "edit"
    SEARCH = "search"
    LIST = "list"
    RUN = "run"
    """A command line that does none of the above alone."""
    FETCH = "fetch"
    DELEGATE = "delegate"
    """A subagent is given work."""
    SKILL = "skill"
    MCP = "mcp"
    """A tool of an MCP server."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Action:
    """What a call does, as its arguments tell.

    ``paths``: files as the call spells them, posix. ``start`` and ``end``: lines of the file, from 1, both included;
    None: from the beginning, to the end; an ``end`` of 0: some lines, nobody knows which. ``command``: of RUN, its
    first words. ``server``: of MCP, its name on the wire.
    """

    doing: Doing = Doing.OTHER
    paths: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None
    command: str = ""
    server: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A block of the session, without its text.

    ``index``: its place in the session, from 0. ``tokens``: in o200k_base; ``estimated``: a part of the text stands for
    the whole. ``media``: tokens of images in it, estimated. ``reasoning``: tokens of reasoning that is sent sealed, as
    the provider counted them. ``size``: bytes of its text. ``digest``: of its text.
    ``content``: the class of its text, for other tokenizers. ``turn``: the number of prompts so far. ``step``: the
    number of the first request it is in; for what the model wrote, the request after the one that it answers.
    ``call``: index of the CALL of a RESULT, -1 if unknown. ``before``: index of the entry that it stands before in a
    request; -1: behind those that came before it. ``excerpt``: how its text begins, one line.
    """

    index: int
    kind: Kind
    name: str
    tokens: int
    size: int
    digest: int
    content: str
    turn: int
    step: int
    thread: str = MAIN
    estimated: bool = False
    media: int = 0
    reasoning: int = 0
    call: int = -1
    error: bool = False
    action: Action | None = None
    excerpt: str = ""
    at: float = 0.0
    before: int = -1

    @property
    def total(self) -> int:
        """Tokens of text, images and sealed reasoning."""
        return self.tokens + self.media + self.reasoning

    @property
    def about(self) -> str:
        """In a few words: the file and its lines, the command, or how it begins."""
        action = self.action
        if action is None or not (action.paths or action.command):
            return self.excerpt
        if not action.paths:
            return action.command
        ranged = action.start is not None or bool(action.end)
        lines = f":{action.start or 1}-{action.end or ''}" if ranged else ""
        more = f" and {len(action.paths) - 1} more" if len(action.paths) > 1 else ""
        return f"{action.paths[0]}{lines}{more}"


@dataclass(frozen=True, slots=True)
class Step:
    """One request to the model. ``number``: from 1 within its thread.

    ``until``: the number of entries of the session when it was sent. ``usage`` is the provider's own account.
    """

    number: int
    turn: int
    model: str
    usage: Usage | None
    until: int
    thread: str = MAIN
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Left:
    """When and why an entry left the window: it is in no request from ``step`` on."""

    step: int
    why: Why


@dataclass(frozen=True, slots=True)
class Compaction:
    """The window was emptied but for a summary, before request ``step``. ``before`` and ``later``: recorded tokens."""

    step: int
    trigger: str = ""
    before: int | None = None
    later: int | None = None
    thread: str = MAIN
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Folded:
    """Entries of a very long session that are only kept as sums."""

    entries: int = 0
    tokens: int = 0


@dataclass(frozen=True)
class Session:
    """One recorded session.

    ``entries`` are in order, all threads together; of a session too long to keep, the oldest are ``folded``. ``left``:
    index of an entry → when it left. ``skipped``: lines that could not be read. ``recorded_cost``: USD of the whole
    session by the client's own account; None where it keeps none.
    """

    start: Start
    path: str
    entries: tuple[Entry, ...]
    steps: tuple[Step, ...]
    left: Mapping[int, Left]
    compactions: tuple[Compaction, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    folded: Folded = field(default_factory=Folded)
    recorded_cost: float | None = None

    @property
    def turns(self) -> int:
        """Prompts of the user."""
        return max((entry.turn for entry in self.entries), default=0)

    @property
    def first_index(self) -> int:
        """The index of the first entry that is kept."""
        return self.entries[0].index if self.entries else 0

    def entry(self, index: int) -> Entry | None:
        """The entry at ``index``; None if it is folded or there is none."""
        at = index - self.first_index
        return self.entries[at] if 0 <= at < len(self.entries) else None

    def of(self, thread: str = MAIN) -> tuple[Step, ...]:
        """The requests of one thread."""
        return self._by_thread.get(thread, ())

    def threads(self) -> tuple[str, ...]:
        """The threads that sent something, in order of appearance."""
        return tuple(self._by_thread)

    def window(self, number: int | None = None, thread: str = MAIN) -> Iterator[Entry]:
        """The entries in request ``number`` of ``thread``, in order; None: in the one that would come next."""
        for entry in self._in_order:
            if entry.thread != thread or (number is not None and entry.step > number):
                continue
            left = self.left.get(entry.index)
            if left is None or (number is not None and left.step > number):
                yield entry

    @cached_property
    def _by_thread(self) -> Mapping[str, tuple[Step, ...]]:
        found: dict[str, list[Step]] = {}
        for step in self.steps:
            found.setdefault(step.thread, []).append(step)
        return {thread: tuple(steps) for thread, steps in found.items()}

    @cached_property
    def _in_order(self) -> Sequence[Entry]:
        return in_order(self.entries)


def in_order(entries: Sequence[Entry]) -> Sequence[Entry]:
    """``entries``, sorted by index, as they stand in a request."""
    if all(entry.before < 0 for entry in entries):
        return entries
    known = {entry.index for entry in entries}
    inserted: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.before in known:
            inserted.setdefault(entry.before, []).append(entry)
    backwards: list[Entry] = []
    for last in reversed(entries):
        waiting = [] if last.before in known else [last]
        while waiting:
            backwards.append(waiting.pop())
            waiting += inserted.get(backwards[-1].index, ())
    return backwards[::-1]
