"""What changed between two states of a repository, as agents see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctxkit.model.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from ctxkit.model.context import Category, Skipped
    from ctxkit.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Change:
    """Tokens before and after."""

    before: Tokens = NO_TOKENS
    after: Tokens = NO_TOKENS

    @property
    def by(self) -> int:
        """How many tokens were added; below zero where there are fewer."""
        return self.after.n - self.before.n

    @property
    def exact(self) -> bool:
        """Whether both are counted exactly."""
        return self.before.exact and self.after.exact


@dataclass(frozen=True, slots=True)
class ItemChange:
    """A part of a window that is not what it was: ``start`` in every request from the first, ``later`` once used.

    ``path`` as in a Segment; ``title``: its name where it has no file, or is one of several in it.
    """

    category: Category
    kind: str
    path: str | None
    title: str
    start: Change
    later: Change


@dataclass(frozen=True, slots=True)
class AgentDiff:
    """One agent's window before and after. ``start``: of the first request; ``categories``: the same, split.

    ``later``: what may come at most. ``whole``: whether all of the start is counted. ``items``: what changed, what
    changed most first.
    """

    agent: str
    name: str
    model: str
    window: int
    start: Change
    later: Change
    categories: tuple[tuple[Category, Change], ...]
    items: tuple[ItemChange, ...]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that agents may read, before and after, in tokens of o200k_base. ``kind`` as in the inventory."""

    path: str
    kind: str
    tokens: Change


@dataclass(frozen=True, slots=True)
class Diff:
    """What ``ctxkit diff`` found out.

    ``base`` and ``head`` as they were named; an empty ``head`` is the work tree. ``root``: the audited directory.
    ``agents``: those that either side is set up for. ``files``: what changed, what changed most first, and
    ``all_files`` of every file. ``new`` and ``resolved``: findings that only one side has. ``score``: before and
    after; None where there is none.
    """

    root: str
    base: str
    head: str
    agents: tuple[AgentDiff, ...]
    files: tuple[FileChange, ...]
    all_files: Change
    new: tuple[Finding, ...] = ()
    resolved: tuple[Finding, ...] = ()
    score: tuple[int, int] | None = None
    skipped: tuple[Skipped, ...] = ()
