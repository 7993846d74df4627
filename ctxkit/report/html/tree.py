"""A window as a tree for drawing: category, kind where there are many, file or server, section or tool."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ctxkit.model import Category, Tokens
from ctxkit.report.html.markup import plain
from ctxkit.report.summary import SERVER, added

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ctxkit.model import Segment, Span
    from ctxkit.model.audit import AgentAudit
    from ctxkit.model.finding import Finding

_MANY = 5
"""So many segments of one kind stand in a group of their own where there are other kinds beside them."""
_TITLE = 120
_KINDS = {SERVER: "MCP servers", "built-in": "built in", "memory": "memory files", "rule": "rule files"}
ORDER = (Category.SYSTEM, Category.TOOLS, Category.RULES, Category.FILES, Category.HISTORY)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a window. ``start``: its tokens in the first request; ``used``: once all of it is loaded.

    ``found``: how many findings say that something of it is not needed.
    """

    title: str
    start: Tokens
    used: Tokens
    children: tuple[Node, ...] = ()
    path: str = ""
    when: str = ""
    why: str = ""
    found: int = 0

    @property
    def size(self) -> int:
        """Tokens, whichever is more."""
        return max(self.start.n, self.used.n)

    def walk(self) -> Iterator[Node]:
        """This node and all below it, depth first."""
        yield self
        for child in self.children:
            yield from child.walk()


class Places:
    """What findings say is not needed, looked up by file and by segment."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        """``findings``: those that are shown."""
        self._paths: dict[str, list[tuple[int, Span | None]]] = defaultdict(list)
        self._segments: dict[str, set[int]] = defaultdict(set)
        for at, finding in enumerate(findings):
            for place in finding.unneeded:
                if place.segment:
                    self._segments[place.segment].add(at)
                elif place.path is not None:
                    self._paths[place.path].append((at, place.span))

    def within(self, segment: Segment) -> int:
        """How many findings have a place in ``segment``."""
        found = set(self._segments.get(segment.id, ()))
        whole = segment.span
        for at, span in self._paths.get(segment.path or "", ()):
            if whole is None or span is None or (span.start < whole.end and whole.start < span.end):
                found.add(at)
        return len(found)


def tree_of(audit: AgentAudit, places: Places) -> Node:
    """The window of ``audit``; its children are the categories that have anything to say, in the order of the bar."""
    by_category: dict[Category, list[Segment]] = defaultdict(list)
    for segment in audit.context.segments:
        if segment.tokens.n or segment.tokens_if_used.n:
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
    start, used = added(child.start for child in children), added(child.used for child in children)
    return Node(title, start, used, tuple(children), found=max((child.found for child in children), default=0))


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
    children = [_node(child, places) for child in segment.children if child.tokens.n or child.tokens_if_used.n]
    charged = segment.tokens
    used = segment.tokens_if_used if segment.tokens_if_used.n > charged.n else charged
    rest = max(0, charged.n - sum(child.start.n for child in children))
    rest_used = max(0, used.n - sum(child.used.n for child in children))
    if children and (rest or rest_used):
        left = [Tokens(n, of.exact, of.by, of.error) for n, of in ((rest, charged), (rest_used, used))]
        children.append(
            Node("outside of these", *left, path=segment.path or "", why="before the first, and around them")
        )
    return Node(
        plain(title_of(segment), _TITLE),
        charged,
        used,
        tuple(children),
        plain(segment.path or ""),
        segment.activation.value,
        plain(segment.why),
        places.within(segment),
    )


def title_of(segment: Segment) -> str:
    """What a segment is called: a heading without its marks."""
    return segment.title.lstrip("#").strip() or segment.title or segment.kind
