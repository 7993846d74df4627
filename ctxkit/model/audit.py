"""The result of an audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ctxkit.model.finding import NO_FINDINGS, Findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ctxkit.model.context import Context, Skipped
    from ctxkit.model.score import Score
    from ctxkit.model.use import AgentUse


class FileEntry(Protocol):
    """A file that an agent may read."""

    @property
    def path(self) -> str:
        """Relative to the audited root, posix."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def tokens(self) -> int:
        """Tokens of its text in o200k_base; 0 for a binary file."""
        ...

    @property
    def estimated(self) -> bool:
        """Whether a part of the file stands for the whole in ``tokens``."""
        ...

    @property
    def kind(self) -> str:
        """What it is: source, docs, data, generated, vendored, lock, minified, media …."""
        ...

    @property
    def binary(self) -> bool:
        """Whether it is no text."""
        ...


class Inventory(Protocol):
    """Every file under the root that git does not ignore, counted and classified."""

    def entries(self) -> Iterator[FileEntry]:
        """All files, sorted by path."""
        ...

    def largest(self, n: int) -> Sequence[FileEntry]:
        """The ``n`` files with most tokens, biggest first."""
        ...

    def by_kind(self) -> Mapping[str, tuple[int, int]]:
        """Kind of file → (number of files, tokens)."""
        ...

    @property
    def total(self) -> int:
        """Tokens of all text files."""
        ...

    @property
    def count(self) -> int:
        """Number of files."""
        ...


@dataclass(frozen=True, slots=True)
class AgentAudit:
    """One agent's window and what it may read later.

    ``hidden``: paths of the inventory that the agent's ignore files keep from its tools. ``listed``: paths whose names
    stand in the first request. ``touched``: paths that the ``--touch`` files name. ``use``: what recorded sessions say
    about its segments; None where none were asked.
    """

    context: Context
    hidden: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    use: AgentUse | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """What ``ctxkit audit`` found out.

    ``root`` is the audited directory (absolute). ``findings``: of its detectors; ``score``: what they come to, None
    where detectors did not run. ``notes``: sentences about how it was made, for whoever asked.
    """

    root: str
    agents: tuple[AgentAudit, ...]
    inventory: Inventory
    skipped: tuple[Skipped, ...] = ()
    also_read_by: tuple[str, ...] = ()
    findings: Findings = NO_FINDINGS
    score: Score | None = None
    notes: tuple[str, ...] = ()
