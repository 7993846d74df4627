"""The treemap: areas in proportion to tokens, drawn as SVG that shows without JavaScript and in print."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.report.figures import full, percent
from ctxkit.report.html.markup import TITLE, Bound, Markup, element, plain
from ctxkit.report.layout import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.model import Tokens
    from ctxkit.report.html.tree import Node

WIDTH = 1080
_HEAD = 19
"""Height of the strip that names what is drawn inside a box."""
_LEAST_WIDTH, _LEAST_HEIGHT = 70, 52
"""A box smaller than this is not divided further."""
_LEVELS = 4
_COLUMN, _STRONG = 6.4, 7.1
"""Width of a character of the labels, and of one in bold; wide, so that no label leaves its box."""


class Measure(Enum):
    """Which tokens of a node its area shows."""

    START = "start"
    LATER = "later"

    def of(self, node: Node) -> Tokens:
        """These tokens of ``node``."""
        return node.start if self is Measure.START else node.later

    @property
    def height(self) -> int:
        """Of the picture."""
        return 460 if self is Measure.START else 240


class Box(NamedTuple):
    """A rectangle: its left upper corner, and how far it goes."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Tile:
    """A node where it is drawn. ``level``: 1 for categories. ``parted``: its children are drawn inside it."""

    node: Node
    box: Box
    level: int
    category: str
    parted: bool


def squarify(sizes: Sequence[int], box: Box) -> list[Box]:
    """A rectangle for each of ``sizes`` (descending, all above 0), as square as can be; together they fill ``box``.

    Bruls, Huizing and van Wijk, "Squarified treemaps" (2000): a row grows as long as its worst ratio gets no worse.
    """
    boxes: list[Box] = []
    rest = sum(sizes)
    x, y, width, height = box
    at = 0
    while at < len(sizes):
        side = min(width, height)
        scale = width * height / rest
        end, row = at + 1, sizes[at]
        while end < len(sizes) and _worst(row + sizes[end], sizes[at], sizes[end], side, scale) <= _worst(
            row, sizes[at], sizes[end - 1], side, scale
        ):
            row += sizes[end]
            end += 1
        rest -= row
        upright = width >= height
        depth = (width if upright else height) if not rest else row * scale / side if side else 0.0
        along = y if upright else x
        for size in sizes[at:end]:
            length = side * size / row
            boxes.append(Box(x, along, depth, length) if upright else Box(along, y, length, depth))
            along += length
        x, y, width, height = (
            (x + depth, y, max(0.0, width - depth), height)
            if upright
            else (x, y + depth, width, max(0.0, height - depth))
        )
        at = end
    return boxes


def _worst(row: float, largest: float, smallest: float, side: float, scale: float) -> float:
    """The worst ratio of sides in a row of so many tokens along ``side``."""
    square = side * side
    if not square:
        return 1.0
    area = row * scale
    return max(square * largest * scale / (area * area), area * area / (square * smallest * scale))


def tiles(node: Node, box: Box, measure: Measure, level: int = 1, category: str = "") -> Iterator[Tile]:
    """What is drawn of ``node`` in ``box``: each tile before those inside it."""
    there = sorted((child for child in node.children if measure.of(child).n), key=lambda child: -measure.of(child).n)
    for child, its in zip(there, squarify([measure.of(child).n for child in there], box), strict=True):
        name = category or child.title
        parted = level < _LEVELS and its.width >= _LEAST_WIDTH and its.height >= _LEAST_HEIGHT
        parted = parted and any(measure.of(below).n for below in child.children)
        yield Tile(child, its, level, name, parted)
        if parted:
            inside = Box(its.x, its.y + _HEAD, its.width, its.height - _HEAD)
            yield from tiles(child, inside, measure, level + 1, name)


def picture(tree: Node, name: str, identity: str, measure: Measure, window: int, bound: Bound) -> Markup:
    """The treemap of ``tree``, the window of the agent called ``name``, with its largest tiles: as many as may pass."""
    drawn = sorted(
        enumerate(tiles(tree, Box(0, 0, WIDTH, measure.height), measure)),
        key=lambda tile: (-tile[1].box.width * tile[1].box.height, tile[0]),
    )
    whole = measure.of(tree)
    made, _ = bound.of(drawn, lambda tile: _drawn(tile[1], measure, whole.n, window))
    in_order = sorted(zip((at for at, _ in drawn), made, strict=False), key=lambda pair: pair[0])
    parts = ", ".join(f"{child.title} {full(measure.of(child))}" for child in tree.children if measure.of(child).n)
    said = "sends before your first word" if measure is Measure.START else "may load later, at most"
    areas = "Areas beside each other are in proportion to their tokens; a table below has all of it."
    return element(
        "svg",
        element("title", f"What {name} {said}", id=f"{identity}-title"),
        element("desc", f"{full(whole)} tokens: {parts}. {areas}", id=f"{identity}-desc"),
        (tile for _, tile in in_order),
        role="img",
        aria_labelledby=f"{identity}-title {identity}-desc",
        viewBox=f"0 0 {WIDTH} {measure.height}",
        class_="map",
    )


def _drawn(tile: Tile, measure: Measure, whole: int, window: int) -> Markup:
    node, (x, y, width, height) = tile.node, tile.box
    kind = f"c-{tile.category} l{tile.level}"
    parts = [
        element("title", said_of(node, measure, whole, window)),
        element("rect", x=x, y=y, width=width, height=height, class_=f"{kind} found" if node.found else kind),
    ]
    if node.found and not tile.parted:
        parts.append(element("rect", x=x, y=y, width=width, height=height, fill="url(#hatch)"))
    tokens = full(measure.of(node))
    column = _STRONG if tile.parted else _COLUMN
    if label := fitted(plain(node.title, TITLE), width - 10, column) if height >= 15 else "":
        parts.append(element("text", label, x=x + 5, y=y + 13.5, class_="strong" if tile.parted else None))
        free = width - 20 - columns_of(label) * column
        if tile.parted and len(tokens) * _COLUMN <= free:
            parts.append(element("text", tokens, x=x + width - 5, y=y + 13.5, class_="end"))
        elif not tile.parted and height >= 30 and len(tokens) * _COLUMN <= width - 10:
            parts.append(element("text", tokens, x=x + 5, y=y + 28, class_="quiet"))
    return element("g", parts)


def said_of(node: Node, measure: Measure, whole: int, window: int) -> str:
    """A sentence of what a node is."""
    tokens = measure.of(node)
    of_window = f", {percent(tokens.n / window)} of the window" if window else ""
    when = f"; {node.when}" if node.when else ""
    found = "; part of it is not needed" if node.found else ""
    return (
        f"{plain(node.title, TITLE)}: {full(tokens)} tokens, {percent(tokens.n / (whole or 1))}{of_window}{when}{found}"
    )


def fitted(text: str, width: float, column: float = _COLUMN) -> str:
    """``text`` cut off so that it fits into ``width``, a path at its beginning; nothing where not even three fit."""
    room = int(width / column)
    if columns_of(text) <= room:
        return text
    if room < 4:
        return ""
    if "/" in text.rstrip("/") and " " not in text:
        name = text.rstrip("/").rpartition("/")[2]
        return f"…{text[1 - room :]}" if text.isascii() and len(name) < room - 1 else fitted(name, width, column)
    kept, taken = 0, 0
    while kept < len(text) and taken + columns_of(text[kept]) <= room - 1:
        taken += columns_of(text[kept])
        kept += 1
    return f"{text[:kept]}…"
