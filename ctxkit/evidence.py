"""What detectors look at: windows, the texts in them, and what the repository has. Nothing here reads anything."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from ctxkit.model import Category, Span
from ctxkit.text.blocks import Part, parts
from ctxkit.text.markdown import Outline, outline
from ctxkit.text.passages import Passage, passages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ctxkit.model import Segment
    from ctxkit.model.audit import AgentAudit, Inventory

    Limits = Mapping[str, float]
    """The thresholds of one detector by name (``rules/detectors.yaml``, changed by the configuration)."""
    CountPieces = Callable[[str, Sequence[int]], list[int]]
    """(text, offsets in characters, the first 0) → o200k_base tokens of the pieces that start there."""


@dataclass(frozen=True)
class Document:
    """The text of a file. ``path`` as in a Segment. Offsets of ``text`` are characters; spans are bytes of the file."""

    path: str
    data: bytes

    @cached_property
    def text(self) -> str:
        """The file as text; each byte that is no UTF-8 is one lone surrogate, so that offsets stay exact."""
        return self.data.decode("utf-8", "surrogateescape")

    @cached_property
    def outline(self) -> Outline:
        """Code, comments, frontmatter and headings."""
        return outline(self.text)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Paragraphs, list items, fences, tables and headings, in characters, without gaps."""
        return tuple(parts(self.text))

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """Headings, sentences, list items, fences and tables, in characters, each with its words."""
        return tuple(passages(self.text, self.parts, self.outline))

    def span(self, start: int, end: int) -> Span:
        """The bytes of the characters from ``start`` to ``end``."""
        return Span(self._byte(start), self._byte(end))

    def characters(self, span: Span) -> tuple[int, int]:
        """The characters from ``span.start`` to ``span.end``."""
        if self.text.isascii():
            return min(span.start, len(self.text)), min(span.end, len(self.text))
        return bisect_left(self._starts, span.start), bisect_left(self._starts, span.end)

    def words(self, span: Span) -> str:
        """The text that ``span`` covers."""
        start, end = self.characters(span)
        return self.text[start:end]

    def line(self, character: int) -> int:
        """The number, from 1, of the line that ``character`` is in."""
        return bisect_right(self._lines, character)

    def position(self, character: int) -> tuple[int, int]:
        """The line and the column of ``character``, both from 1."""
        line = self.line(character)
        return line, character - self._lines[line - 1] + 1

    def line_of(self, byte: int) -> int:
        """The number, from 1, of the line that ``byte`` is in."""
        return self.data.count(b"\n", 0, byte) + 1

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(at + 1 for at, char in enumerate(self.text) if char == "\n")]

    @cached_property
    def _starts(self) -> list[int]:
        """The byte at which each character starts, and behind them where the file ends."""
        return list(accumulate(map(_width, self.text), initial=0))

    def _byte(self, character: int) -> int:
        return character if self.text.isascii() else self._starts[min(character, len(self.text))]


def _width(char: str) -> int:
    code = ord(char)
    if code < 0x80 or 0xDC80 <= code <= 0xDCFF:
        return 1
    return 2 if code < 0x800 else 3 if code < 0x10000 else 4


@dataclass(frozen=True, slots=True)
class ToolText:
    """A tool of an MCP server as one agent sends it. ``segment``: its id in the window; ``schema``: JSON."""

    agent: str
    segment: str
    server: str
    name: str
    description: str
    schema: str


class Tree(Protocol):
    """The files of the repository, as git lists them. Paths are relative to the audited root, posix."""

    def __contains__(self, path: str) -> bool:
        """Is there a file of this path?"""
        ...

    def is_dir(self, path: str) -> bool:
        """Is there a file below this path?"""
        ...

    def ignored(self, path: str) -> bool:
        """Would git ignore it, whether it is there or not? A path that ends in ``/`` is a directory."""
        ...

    def ending(self, path: str) -> Sequence[str]:
        """The files whose last parts are those of ``path``, and the directories, these with ``/`` behind them."""
        ...

    def files(self) -> Sequence[str]:
        """All files, sorted."""
        ...


@dataclass(frozen=True, slots=True)
class Load:
    """That an agent has a file: which, as what, and whether its body is in the first request."""

    agent: str
    segment: Segment
    at_start: bool


@dataclass(frozen=True)
class Evidence:
    """All that detectors may look at.

    ``documents``: by path, every rule file, skill, subagent and command that an agent loads or may load. ``extra``:
    by path, files of the repository that detectors compare with (README, manifests, settings of formatters, …).
    ``scripts``: runner (``npm``, ``make``, ``just``, ``tox``, ``nox``, ``cargo``, ``task``, …) → the names that it can
    run here; a name with ``*`` stands for all that match, ``*`` alone for any: nothing can be said then. ``npx``: the
    commands of installed packages; ``workspace``: the packages of the repository; ``make -C``: what makefiles below
    build whatever it is called. A runner that is not in it has no file here. ``tools``: of every agent. ``count``: see
    CountPieces.
    """

    agents: tuple[AgentAudit, ...]
    documents: Mapping[str, Document]
    tree: Tree
    inventory: Inventory
    count: CountPieces
    extra: Mapping[str, Document] = field(default_factory=dict)
    scripts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tools: tuple[ToolText, ...] = ()

    @cached_property
    def loads(self) -> Mapping[str, tuple[Load, ...]]:
        """Path → who has the file, in the order of the agents."""
        found: dict[str, list[Load]] = {}
        for agent in self.agents:
            for segment in rule_segments(agent):
                load = Load(agent.context.agent, segment, segment.loaded and not is_listed(segment))
                found.setdefault(segment.path or "", []).append(load)
        return {path: tuple(loads) for path, loads in found.items()}

    def at_start(self, agent: AgentAudit) -> list[tuple[Segment, Document]]:
        """The rule files whose bodies are in the agent's first request, in order."""
        return [
            (segment, self.documents[segment.path or ""])
            for segment in rule_segments(agent)
            if segment.loaded and not is_listed(segment) and segment.path in self.documents
        ]


def rule_segments(agent: AgentAudit) -> Iterator[Segment]:
    """The files among the rules of ``agent``: rules, skills, subagents and commands."""
    for segment in agent.context.segments:
        if segment.category is Category.RULES and segment.path is not None:
            yield segment


def is_listed(segment: Segment) -> bool:
    """Is it something of which only name and description stand in a request until it is used?"""
    return segment.kind in ("skill", "subagent", "command") or segment.activation in ("described", "named")
