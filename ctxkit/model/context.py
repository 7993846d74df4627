"""What is in a window: an ordered, immutable tree of segments."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from ctxkit.model.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator


class Category(StrEnum):
    """The five things a context window is filled with."""

    SYSTEM = "system"
    RULES = "rules"
    TOOLS = "tools"
    HISTORY = "history"
    FILES = "files"


class Activation(StrEnum):
    """When an agent loads a source; a property of (file, agent, agent version)."""

    ALWAYS = "always"
    """Whole body in every session, from the first request."""
    LAZY_DIR = "lazy-dir"
    """Whole body once the agent touches a path in or under its directory."""
    GLOB = "glob"
    """Whole body once a matching file is read."""
    DESCRIBED = "described"
    """Name and description listed; the body comes on demand."""
    NAMED = "named"
    """Only the name is listed, or the agent may read it when it chooses to."""
    MANUAL = "manual"
    """Nothing until the user mentions it."""
    NEVER = "never"
    """Not read by this agent."""


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of UTF-8 byte offsets in one source: the only coordinate in the program."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that could not be read, as a value: where it is, why, and what to do about it."""

    path: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a source as one agent sees it.

    ``path`` is relative to the audited root, ``~/…`` under the home directory, else absolute; None
    for what has no file (a built-in prompt). ``tokens`` is what the first request is charged, ``tokens_if_used``
    the whole body once it is used. ``loaded``: some of its content (the body, or only name and description) is in the
    first request; where only the name is, ``activation`` is ``named`` and the name is charged. ``after_touch``: any
    part arrives once the touched files were read, and was not there before. ``via`` is the chain of importing
    files, outermost first. ``why`` is one sentence.
    """

    category: Category
    kind: str
    title: str
    activation: Activation
    path: str | None = None
    loaded: bool = False
    after_touch: bool = False
    tokens: Tokens = NO_TOKENS
    tokens_if_used: Tokens = NO_TOKENS
    via: tuple[str, ...] = ()
    span: Span | None = None
    children: tuple[Segment, ...] = ()
    why: str = ""
    confidence: str = "doc"
    id: str = ""

    def walk(self) -> Iterator[Segment]:
        """This segment and all below it, depth first, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Context:
    """All that one agent (or one request) has or may get, in the order in which it is sent.

    ``window`` is the model's context window in tokens. ``notes`` are sentences about what the numbers
    leave out (account rules that have no file, unknown system prompts).
    """

    agent: str
    name: str
    version: str
    model: str
    window: int
    segments: tuple[Segment, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = field(default=())
