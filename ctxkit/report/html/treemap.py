"""The treemap: areas in proportion to tokens, drawn as SVG that shows without JavaScript and in print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.report.figures import full, percent
from ctxkit.report.html.markup import Markup, element
from ctxkit.report.layout import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.report.html.tree import Node

WIDTH, HEIGHT = 1080, 460
_HEAD = 19
"""Height of the strip that names what is drawn inside a box."""
_LEAST_WIDTH, _LEAST_HEIGHT = 70, 52
"""A box smaller than this is not divided further."""
_LEVELS = 3
_COLUMN = 6.4
"""Width of a character of the labels; wide, so that no label leaves its box."""


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


def tiles(node: Node, box: Box, level: int = 1, category: str = "") -> Iterator[Tile]:
    """What is drawn of ``node`` in ``box``: each tile before those inside it."""
    there = sorted((child for child in node.children if child.start.n), key=lambda child: -child.start.n)
    for child, its in zip(there, squarify([child.start.n for child in there], box), strict=True):
        name = category or child.title
        parted = level < _LEVELS and its.width >= _LEAST_WIDTH and its.height >= _LEAST_HEIGHT
        parted = parted and any(below.start.n for below in child.children)
        yield Tile(child, its, level, name, parted)
        if parted:
            inside = Box(its.x, its.y + _HEAD, its.width, its.height - _HEAD)
            yield from tiles(child, inside, level + 1, name)


def picture(tree: Node, name: str, identity: str, window: int, most: int) -> Markup:
    """The treemap of ``tree``, the window of the agent called ``name``, with its ``most`` largest tiles."""
    drawn = list(tiles(tree, Box(0, 0, WIDTH, HEIGHT)))
    if len(drawn) > most:
        area = sorted((tile.box.width * tile.box.height for tile in drawn), reverse=True)[most]
        drawn = [tile for tile in drawn if tile.box.width * tile.box.height > area]
    parts = ", ".join(f"{child.title} {full(child.start)}" for child in tree.children if child.start.n)
    return element(
        "svg",
        element("title", f"What {name} sends before your first word", id=f"{identity}-title"),
        element(
            "desc",
            f"{full(tree.start)} tokens: {parts}. Each area is in proportion to its tokens; a table below has all of it.",
            id=f"{identity}-desc",
        ),
        (_drawn(tile, tree, window) for tile in drawn),
        role="img",
        aria_labelledby=f"{identity}-title {identity}-desc",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="map",
    )


def _drawn(tile: Tile, tree: Node, window: int) -> Markup:
    node, (x, y, width, height) = tile.node, tile.box
    kind = f"c-{tile.category} l{tile.level}"
    parts = [
        element("title", said_of(node, tree.start.n, window)),
        element("rect", x=x, y=y, width=width, height=height, class_=f"{kind} found" if node.found else kind),
    ]
    if node.found and not tile.parted:
        parts.append(element("rect", x=x, y=y, width=width, height=height, fill="url(#hatch)"))
    tokens = full(node.start)
    if label := fitted(node.title, width - 10) if height >= 15 else "":
        parts.append(element("text", label, x=x + 5, y=y + 13.5, class_="strong" if tile.parted else None))
        free = width - 16 - columns_of(label) * _COLUMN
        if tile.parted and len(tokens) * _COLUMN <= free:
            parts.append(element("text", tokens, x=x + width - 5, y=y + 13.5, class_="end"))
        elif not tile.parted and height >= 30 and len(tokens) * _COLUMN <= width - 10:
            parts.append(element("text", tokens, x=x + 5, y=y + 28, class_="quiet"))
    return element("g", parts)


def said_of(node: Node, whole: int, window: int) -> str:
    """A sentence of what a node is."""
    of_window = f", {percent(node.start.n / window)} of the window" if window else ""
    when = f"; {node.when}" if node.when else ""
    found = f"; {node.found} finding{'s' if node.found > 1 else ''}" if node.found else ""
    return f"{node.title}: {full(node.start)} tokens, {percent(node.start.n / (whole or 1))}{of_window}{when}{found}"


def fitted(text: str, width: float) -> str:
    """``text`` cut off so that it fits into ``width``; nothing where not even three characters do."""
    room = int(width / _COLUMN)
    if columns_of(text) <= room:
        return text
    if room < 4:
        return ""
    kept, taken = 0, 0
    while kept < len(text) and taken + columns_of(text[kept]) <= room - 1:
        taken += columns_of(text[kept])
        kept += 1
    return f"{text[:kept]}…"
