"""One agent's audit, added up: what the text and the JSON report both say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from ctxkit.model import NO_TOKENS, Activation, Category, Segment, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ctxkit.model.audit import AgentAudit, Inventory

BUILT_IN = "built-in"
"""The kind of a segment for what the agent sends whatever the repository holds."""
SERVER = "mcp-server"
"""The kind of a segment that stands for an MCP server; its children are tools."""
UNCOUNTED = "unknown"
"""What a server says its tokens were counted by when nobody knows its tools."""
_LATER = frozenset({Activation.LAZY_DIR, Activation.GLOB, Activation.DESCRIBED, Activation.NAMED, Activation.MANUAL})


class Summary(Struct, frozen=True):
    """The sums of one window.

    ``start``: tokens of the first request before the user's first word. ``by_category``: the same, split.
    ``cuttable``: the loaded segments that the user can change (not what is built in), largest first. ``later``:
    segments whose body may still come, largest first, and ``later_tokens`` what that adds at most. ``arrived``:
    segments that the touched files bring. ``unread``: rule files that this agent does not read, largest first.
    ``measured``: whether anything is known of the agent's own prompt and tools. ``servers``: MCP servers in the order
    of their files, ``uncounted`` those that start with tools nobody has counted.
    """

    start: Tokens
    by_category: dict[Category, Tokens]
    cuttable: tuple[Segment, ...]
    later: tuple[Segment, ...]
    later_tokens: Tokens
    arrived: tuple[Segment, ...]
    arrived_tokens: Tokens
    unread: tuple[Segment, ...]
    measured: bool
    servers: tuple[Segment, ...]
    uncounted: tuple[Segment, ...]

    @property
    def whole(self) -> bool:
        """Whether all of the start is counted; otherwise ``start`` is the least it can be."""
        return self.measured and not self.uncounted


def summarise(audit: AgentAudit) -> Summary:
    """Add up ``audit``. A segment's tokens include those of its children, so only the top of the tree is added."""
    segments = audit.context.segments
    loaded = [segment for segment in segments if segment.loaded or segment.tokens.n]
    by_category = dict.fromkeys(Category, NO_TOKENS)
    for segment in loaded:
        by_category[segment.category] += segment.tokens
    start = NO_TOKENS
    for tokens in by_category.values():
        start += tokens
    arrived = [segment for segment in segments if segment.after_touch and segment.category is not Category.FILES]
    later = [
        segment
        for segment in segments
        if segment.activation in _LATER
        and not segment.after_touch
        and segment.category is not Category.FILES
        and rest_of(segment).n > 0
    ]
    return Summary(
        start=start,
        by_category=by_category,
        cuttable=_largest((s for s in loaded if is_cuttable(s) and s.tokens.n), lambda s: s.tokens.n),
        later=_largest(later, lambda s: rest_of(s).n),
        later_tokens=added(rest_of(segment) for segment in later),
        arrived=_largest(arrived, lambda s: rest_of(s).n),
        arrived_tokens=added(rest_of(segment) for segment in arrived),
        unread=_largest(
            (
                s
                for s in segments
                if s.activation is Activation.NEVER and s.tokens_if_used.n and s.category is Category.RULES
            ),
            lambda s: s.tokens_if_used.n,
        ),
        measured=any(s.kind == BUILT_IN for s in segments),
        servers=tuple(s for s in segments if s.kind == SERVER),
        uncounted=tuple(s for s in loaded if s.kind == SERVER and s.tokens.by == UNCOUNTED),
    )


def rest_of(segment: Segment) -> Tokens:
    """What using ``segment`` adds to what the first request already carries of it."""
    used, charged = segment.tokens_if_used, segment.tokens
    return Tokens(max(0, used.n - charged.n), used.exact, used.by, used.error)


def is_cuttable(segment: Segment) -> bool:
    """Whether the user can make it smaller: it comes from a file of theirs, or from a server that they configured."""
    return segment.path is not None


def sections(segment: Segment) -> tuple[tuple[str, Tokens], ...]:
    """(heading, tokens) of the sections of a rule file, or of the tools of a server, largest first.

    Sub-sections count with the section above them, down from the first level that has more than one heading: the one
    title of a file says nothing about where its tokens are.
    """
    levels = [_level(child.title) for child in segment.children]
    titles = [level for level in levels if level]
    split = min((level for level in titles if titles.count(level) > 1), default=max(titles, default=0))
    groups: list[tuple[str, Tokens]] = []
    for child, level in zip(segment.children, levels, strict=True):
        if groups and level > split:
            title, tokens = groups[-1]
            groups[-1] = (title, tokens + child.tokens)
        else:
            groups.append((child.title, child.tokens))
    return tuple(sorted((g for g in groups if g[1].n), key=lambda g: (-g[1].n, g[0])))


def _level(title: str) -> int:
    marks = len(title) - len(title.lstrip("#"))
    return marks if title[marks : marks + 1] in ("", " ") else 0


def hidden_tokens(audit: AgentAudit, inventory: Inventory) -> int:
    """Tokens (o200k_base) of the files that the agent's ignore files hide from it."""
    if not audit.hidden:
        return 0
    return sum(entry.tokens for entry in inventory.entries() if entry.path in audit.hidden)


def added(counts: Iterable[Tokens]) -> Tokens:
    """The sum of ``counts``; an estimate among them makes it one."""
    total = NO_TOKENS
    for count in counts:
        total += count
    return total


def _largest(segments: Iterable[Segment], size: Callable[[Segment], int]) -> tuple[Segment, ...]:
    return tuple(sorted(segments, key=lambda segment: (-size(segment), segment.path or "", segment.title)))
