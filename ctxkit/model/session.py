"""What a recorded session is made of: the events that readers of transcripts yield, in the order they happened.

Every transcript format, whatever its shape, becomes the same few events, so that everything after the reader (window,
statistics, replay) is written once. An event carries text; what is kept of it afterwards is up to the consumer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    """What a block of a request is."""

    SYSTEM = "system"
    """System or developer prompt."""
    TOOLS = "tools"
    """The definition of one tool, as JSON."""
    RULES = "rules"
    """The text of a rule file."""
    REMINDER = "reminder"
    """Text the client wrote into the conversation by itself: environment, listings, hook output, notices."""
    PROMPT = "prompt"
    """Words of the user."""
    TEXT = "text"
    """Words of the model."""
    THINKING = "thinking"
    """Reasoning of the model, as far as the transcript holds it."""
    CALL = "call"
    """A tool call of the model: its arguments, as JSON or as the model wrote them."""
    RESULT = "result"
    """What a tool answered."""
    SUMMARY = "summary"
    """What a compaction put in place of the history before it."""


HEAD = frozenset({Kind.SYSTEM, Kind.TOOLS, Kind.RULES})
"""The kinds that a compaction leaves in the window unless the transcript says otherwise."""

MAIN = ""
"""The thread of the session itself; subagents have threads of their own."""


@dataclass(frozen=True, slots=True)
class Media:
    """An image or another attachment that is no text. ``size``: its bytes; ``pixels``: (width, height) if known."""

    mime: str
    size: int
    pixels: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request as the provider counted them.

    ``input`` is the whole input, cached or not (providers that report the uncached part alone have it added up).
    ``cached``: the part read from a cache. ``written``: the part written to one, ``written_1h`` of these for an hour;
    None where the provider does not say. ``output`` includes reasoning. ``cost``: USD, where the client recorded it.
    """

    input: int
    cached: int = 0
    written: int | None = None
    written_1h: int | None = None
    output: int = 0
    reasoning: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """A session begins; what follows until the next Start belongs to it.

    ``format``: the reader's id. ``agent``: the id of the agent in the data files, empty if the format does not tell.
    ``at``: seconds since the epoch, 0.0 if unknown. ``parent``: the session that this one is a subagent of or goes on
    with. ``window``: tokens, where the transcript says it.
    """

    id: str
    format: str
    agent: str = ""
    version: str = ""
    cwd: str = ""
    branch: str = ""
    model: str = ""
    window: int | None = None
    title: str = ""
    at: float = 0.0
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Something enters the window of ``thread``, after everything that entered before.

    ``text`` is what the provider is sent, as far as the transcript holds it. ``name``: of the tool (CALL, TOOLS; on a
    RESULT only where the format has it), the path of the file (RULES), what wrote it (REMINDER). ``call``: the id that
    joins a CALL and its RESULT. ``arguments``: those of a CALL, as the model gave them; empty where they are no map.
    ``mark``: what a Departure calls it by. ``opaque``: bytes that are sent but are no text to count (signatures,
    encrypted reasoning). ``error``: the tool said that it failed. ``before``: the mark of the block in the window that
    it stands before; behind all others where it is empty or names none.
    """

    kind: Kind
    text: str = ""
    name: str = ""
    call: str = ""
    arguments: Mapping[str, object] = field(default_factory=dict)
    error: bool = False
    media: tuple[Media, ...] = ()
    opaque: int = 0
    thread: str = MAIN
    mark: str = ""
    at: float = 0.0
    before: str = ""

    def placed(self, thread: str, mark: str, at: float) -> Block:
        """This block as it enters ``thread``. As :func:`dataclasses.replace`, in a fifth of its time."""
        return Block(
            self.kind,
            self.text,
            self.name,
            self.call,
            self.arguments,
            self.error,
            self.media,
            self.opaque,
            thread,
            mark,
            at,
            self.before,
        )


@dataclass(frozen=True, slots=True)
class Request:
    """All that is in the window of ``thread`` was sent; the model's blocks that follow are the answer.

    The same ``id`` may come again with a later ``usage``: it is one request, and the last usage with the largest output
    counts. Without an id every event is a request of its own. ``usage`` is None where the transcript has none.
    """

    id: str = ""
    model: str = ""
    usage: Usage | None = None
    thread: str = MAIN
    at: float = 0.0


class Why(StrEnum):
    """Why blocks left the window."""

    COMPACTION = "compaction"
    REWIND = "rewind"
    """The user went back, or the client forgot an attempt."""
    REPLACED = "replaced"
    """The same part came anew (another tool list, another system prompt)."""
    CLEARED = "cleared"
    """The client took old tool results out by itself."""
    DROPPED = "dropped"
    """The model is not sent the reasoning of earlier turns again."""


@dataclass(frozen=True, slots=True)
class Departure:
    """Blocks leave the window of ``thread``.

    Which: those with one of ``marks`` if any are given; else those that came after the block marked ``after`` (empty:
    all), without those whose kind is in ``spared`` or whose mark is in ``kept``. ``trigger`` says who began a
    compaction (``auto``, ``manual``); ``before`` and ``later`` are the window's tokens around it, as recorded.
    """

    why: Why
    marks: tuple[str, ...] = ()
    after: str = ""
    spared: frozenset[Kind] = HEAD
    kept: frozenset[str] = frozenset()
    trigger: str = ""
    before: int | None = None
    later: int | None = None
    thread: str = MAIN
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the client itself says the session has cost so far, in USD; the last one counts.

    It may hold requests that the transcript lacks (titles, summaries).
    """

    cost: float


Event = Start | Block | Request | Departure | Recorded
