"""Areas say how many tokens there are: in proportion, side by side, and nothing drawn over anything else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ctxkit.report.html
from ctxkit.model import Activation, Category, Segment, Span, Tokens
from ctxkit.model.finding import Confidence, Cut, Finding, Location, Severity
from ctxkit.report.html.markup import Bound
from ctxkit.report.html.tree import Node, Places, bounded
from ctxkit.report.html.treemap import Box, Measure, Tile, fitted, picture, squarify, tiles
from ctxkit.report.layout import columns_of

sizes = st.lists(st.integers(1, 10**7), min_size=1, max_size=25).map(lambda found: sorted(found, reverse=True))
sides = st.floats(20, 2_000)
NOTHING = Tokens(0)


def overlap(a: Box, b: Box) -> float:
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(0.0, width) * max(0.0, height)


def within(inner: Box, outer: Box) -> bool:
    return (
        inner.x >= outer.x - 1e-6
        and inner.y >= outer.y - 1e-6
        and inner.x + inner.width <= outer.x + outer.width + 1e-6
        and inner.y + inner.height <= outer.y + outer.height + 1e-6
    )


@given(sizes, sides, sides)
def test_areas_are_in_proportion_and_fill_the_box(found: list[int], width: float, height: float) -> None:
    box = Box(3, 5, width, height)
    boxes = squarify(found, box)
    scale = width * height / sum(found)
    for size, its in zip(found, boxes, strict=True):
        assert its.width * its.height == pytest.approx(size * scale, rel=1e-6, abs=1e-6)
        assert within(its, box)
    assert sum(its.width * its.height for its in boxes) == pytest.approx(width * height)
    assert sum(overlap(a, b) for a, b in combinations(boxes, 2)) < width * height * 1e-9


def test_boxes_are_nearly_square() -> None:
    for its in squarify([1] * 36, Box(0, 0, 600, 600)):
        assert its.width == pytest.approx(its.height)


nodes = st.recursive(
    st.builds(Node, st.text("ab/", max_size=9), st.integers(0, 900).map(Tokens), st.integers(0, 900).map(Tokens)),
    lambda below: st.lists(below, min_size=1, max_size=5).map(
        lambda found: Node(
            "group", Tokens(sum(n.start.n for n in found)), Tokens(sum(n.later.n for n in found)), tuple(found)
        )
    ),
    max_leaves=40,
)


@given(nodes, st.sampled_from(Measure))
def test_what_is_inside_a_tile_shares_it_in_proportion(node: Node, measure: Measure) -> None:
    drawn = list(tiles(node, Box(0, 0, 1_080, measure.height), measure))
    parents = [Tile(node, Box(0, -19, 1_080, measure.height + 19), 0, "", True)]
    inside: dict[int, list[Tile]] = {0: []}
    for tile in drawn:
        del parents[tile.level :]
        inside[id(parents[-1])] = [*inside.get(id(parents[-1]), []), tile]
        assert within(tile.box, parents[-1].box)
        assert tile.box.y >= parents[-1].box.y + 19 - 1e-6, "below the strip that names its parent"
        parents.append(tile)
    for tile in (*drawn, Tile(node, Box(0, -19, 1_080, measure.height + 19), 0, "", True)):
        its = inside.get(id(tile), []) if tile.level else [tile for tile in drawn if tile.level == 1]
        whole = sum(measure.of(child).n for child in tile.node.children)
        assert bool(its) == (tile.parted and whole > 0)
        for one in its:
            share = measure.of(one.node).n / whole * tile.box.width * (tile.box.height - 19)
            assert one.box.width * one.box.height == pytest.approx(share, rel=1e-6)


def example() -> Node:
    sections = tuple(Node(f"Section {n}", Tokens(100 * n), NOTHING) for n in range(1, 5))
    rules = Node("rules", Tokens(1_000), Tokens(50), (Node("CLAUDE.md", Tokens(1_000), Tokens(50), sections),))
    tools = Node(
        "tools", Tokens(3_000), NOTHING, (Node("Bash", Tokens(2_000), NOTHING), Node("Read", Tokens(1_000), NOTHING))
    )
    return Node("Window", Tokens(4_000), Tokens(50), (tools, rules))


RECT = re.compile(r'<title>([^:<]+): [^<]*</title><rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"')


def test_the_picture_shows_areas_in_proportion_to_tokens() -> None:
    svg = picture(example(), "Claude Code", "m", Measure.START, 200_000, Bound(99, 99_999))
    areas = {title: float(w) * float(h) for title, _, _, w, h in RECT.findall(svg)}
    assert areas["tools"] == pytest.approx(3 * areas["rules"], rel=0.01)
    assert areas["Bash"] == pytest.approx(2 * areas["Read"], rel=0.01)
    assert areas["Section 4"] == pytest.approx(4 * areas["Section 1"], rel=0.02)
    assert areas["tools"] + areas["rules"] == pytest.approx(1_080 * 460, rel=0.01)
    assert "Section 1: 100 tokens, 2.5 %, 0.1 % of the window" in svg


def test_where_not_all_may_be_drawn_the_largest_are() -> None:
    svg = picture(example(), "Claude Code", "m", Measure.START, 200_000, Bound(3, 99_999))
    assert [title for title, *_ in RECT.findall(svg)] == ["tools", "Bash", "rules"]
    small = picture(example(), "Claude Code", "m", Measure.START, 200_000, Bound(99, 0))
    assert RECT.findall(small) == []


@given(st.text(), st.floats(0, 400))
def test_a_label_never_leaves_its_box(text: str, width: float) -> None:
    label = fitted(text, width)
    assert columns_of(label) * 6.4 <= max(width, 0) or not label


def test_a_path_is_cut_off_at_its_beginning() -> None:
    assert fitted("packages/api/CLAUDE.md", 400) == "packages/api/CLAUDE.md"
    assert fitted("packages/api/CLAUDE.md", 100) == "…/api/CLAUDE.md"
    assert fitted("packages/api/CLAUDE.md", 50) == "CLAUDE…"
    assert fitted("packages/api/CLAUDE.md", 20) == ""


@given(nodes, st.integers(1, 30))
def test_a_bounded_tree_has_all_tokens_of_the_whole(node: Node, most: int) -> None:
    less = bounded(node, most)
    assert (less.start.n, less.later.n) == (node.start.n, node.later.n)
    for inner in less.walk():
        if inner.children:
            assert sum(child.start.n for child in inner.children) == inner.start.n
            assert sum(child.later.n for child in inner.children) == inner.later.n


spans = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: Span(min(pair), max(pair)))


@given(st.lists(spans, max_size=8), spans.filter(lambda span: span.start < span.end))
def test_places_know_which_segments_they_are_in(found: list[Span], span: Span) -> None:
    cuts = tuple(Cut("a.md", cut, "x", "r") for cut in found)
    said = Finding("x", Severity.NOTE, Confidence.HIGH, "m", "t", (Location("a.md"),), "k", cuts=cuts)
    segment = Segment(Category.RULES, "section", "s", Activation.ALWAYS, "a.md", span=span)
    bytes_ = {at for cut in found for at in range(cut.start, cut.end)}
    assert Places([said]).within(segment) == bool(bytes_ & set(range(span.start, span.end)))
    other = Segment(Category.RULES, "section", "s", Activation.ALWAYS, "b.md", span=span)
    assert not Places([said]).within(other)


@pytest.mark.skipif(shutil.which("node") is None, reason="the script is JavaScript, and node is not here to run it")
def test_the_script_draws_the_same_boxes() -> None:
    script = Path(ctxkit.report.html.__file__).with_name("layout.js")
    found = [900, 500, 320, 320, 41, 40, 7, 7, 7, 1]
    code = (
        f"const made = require({json.dumps(str(script))});"
        f"console.log(JSON.stringify(made.squarify({found}, {{x: 0, y: 0, width: 1080, height: 460}})));"
        "console.log(JSON.stringify([made.compare('9', '10') < 0, made.compare('b', 'a') > 0,"
        " made.matches('A Rule stands', 'stands rule'), made.share(1, 3), made.digits(1234567),"
        " made.fitted('packages/api/CLAUDE.md', 100, 6.4)]));"
    )
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True)
    boxes, rest = map(json.loads, done.stdout.splitlines())
    for theirs, ours in zip(boxes, squarify(found, Box(0, 0, 1_080, 460)), strict=True):
        assert [theirs[name] for name in ("x", "y", "width", "height")] == pytest.approx(list(ours))
    assert rest == [True, True, True, "33.3 %", "1,234,567", fitted("packages/api/CLAUDE.md", 100)]
