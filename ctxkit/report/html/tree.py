"""A window as a tree for drawing: category, kind where there are many, file or server, section or tool."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ctxkit.model import NO_TOKENS, Activation, Category, Tokens
from ctxkit.report.summary import SERVER, added, rest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ctxkit.model import Segment, Span
    from ctxkit.model.audit import AgentAudit
    from ctxkit.model.finding import Finding

_MANY = 5
"""So many segments of one kind stand in a group of their own where there are other kinds beside them."""
_KINDS = {SERVER: "MCP servers", "built-in": "built in", "memory": "memory files", "rule": "rule files"}
ORDER = (Category.SYSTEM, Category.TOOLS, Category.RULES, Category.FILES, Category.HISTORY)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a window; its texts are as the repository has them.

    ``start``: its tokens in the first request; ``later``: what may come of it later, at most. ``found``: whether a
    finding says that something of it is not needed.
    """

    title: str
    start: Tokens
    later: Tokens
    children: tuple[Node, ...] = ()
    path: str = ""
    when: str = ""
    why: str = ""
    found: bool = False

    @property
    def size(self) -> int:
        """Tokens, early and late."""
        return self.start.n + self.later.n

    def walk(self) -> Iterator[Node]:
        """This node and all below it, depth first."""
        yield self
        for child in self.children:
            yield from child.walk()


class Places:
    """What findings say is not needed, looked up by file and by segment."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        """``findings``: those that are shown."""
        self._segments: set[str] = set()
        self._whole: set[str] = set()
        spans: dict[str, list[Span]] = defaultdict(list)
        for place in (place for finding in findings for place in finding.unneeded):
            if place.segment:
                self._segments.add(place.segment)
            elif place.path is not None and place.span is not None:
                spans[place.path].append(place.span)
            elif place.path is not None:
                self._whole.add(place.path)
        self._unions = {path: _union(found) for path, found in spans.items()}

    def within(self, segment: Segment) -> bool:
        """Does ``segment`` have a part in one of them?"""
        path = segment.path or ""
        if segment.id in self._segments or path in self._whole:
            return True
        starts, ends = self._unions.get(path, ((), ()))
        if segment.span is None or not starts:
            return bool(starts)
        return bisect_left(starts, segment.span.end) > bisect_right(ends, segment.span.start)


def _union(spans: Iterable[Span]) -> tuple[Sequence[int], Sequence[int]]:
    """Where the union of ``spans`` starts and ends, in order."""
    starts: list[int] = []
    ends: list[int] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if span.start >= span.end:
            continue
        if starts and span.start <= ends[-1]:
            ends[-1] = max(ends[-1], span.end)
        else:
            starts.append(span.start)
            ends.append(span.end)
    return starts, ends


def tree_of(audit: AgentAudit, places: Places) -> Node:
    """The window of ``audit``; its children are the categories that have anything to say, in the order of the bar."""
    by_category: dict[Category, list[Segment]] = defaultdict(list)
    for segment in audit.context.segments:
        if segment.tokens.n or _later(segment).n:
            by_category[segment.category].append(segment)
    return _group("Window", [_category(c, by_category[c], places) for c in ORDER if by_category[c]])


def bounded(tree: Node, most: int) -> Node:
    """``tree`` with its ``most`` largest nodes; what was left out below a node is one node there."""
    nodes = list(tree.walk())
    if len(nodes) <= most:
        return tree
    order = sorted(range(1, len(nodes)), key=lambda at: (-nodes[at].size, at))
    kept = {id(nodes[at]) for at in order[:most]}
    return _kept(tree, kept)


def _kept(node: Node, kept: set[int]) -> Node:
    rest = [child for child in node.children if id(child) not in kept]
    children = [_kept(child, kept) for child in node.children if id(child) in kept]
    if rest and children:
        children.append(replace(_group(f"{len(rest):,} smaller ones", rest), children=()))
    return replace(node, children=tuple(children))


def _group(title: str, children: Sequence[Node]) -> Node:
    start, later = added(child.start for child in children), added(child.later for child in children)
    return Node(title, start, later, tuple(children), found=any(child.found for child in children))


def _category(category: Category, segments: Sequence[Segment], places: Places) -> Node:
    kinds: dict[str, list[Node]] = defaultdict(list)
    for segment in segments:
        kinds[segment.kind].append(_node(segment, places))
    children: list[Node] = []
    for kind, nodes in kinds.items():
        grouped = len(kinds) > 1 and len(nodes) >= _MANY
        children += [_group(_KINDS.get(kind, f"{kind}s"), nodes)] if grouped else nodes
    return _group(category.value, children)


def _node(segment: Segment, places: Places) -> Node:
    start, later = segment.tokens, _later(segment)
    children = [child for child in (_node(child, places) for child in segment.children) if child.size]
    rest = max(0, start.n - sum(child.start.n for child in children))
    rest_later = max(0, later.n - sum(child.later.n for child in children))
    if children and (rest or rest_later):
        around = (replace(start, n=rest), replace(later, n=rest_later))
        children.append(Node("outside of these", *around, path=segment.path or ""))
    return Node(
        title_of(segment),
        start,
        later,
        tuple(children),
        segment.path or "",
        segment.activation.value,
        segment.why,
        places.within(segment),
    )


def _later(segment: Segment) -> Tokens:
    """What may still come of it; nothing of files, which an agent may read or not, and of what it never reads."""
    if segment.category is Category.FILES or segment.activation is Activation.NEVER:
        return NO_TOKENS
    return rest_of(segment)


def title_of(segment: Segment) -> str:
    """What a segment is called: a heading without its marks."""
    return segment.title.lstrip("#").strip() or segment.title or segment.kind
