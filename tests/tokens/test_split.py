"""Counts of parts add up to the count of the whole, at safe cuts and over any spans."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctxkit.tokens import engine, split

ATOMS = (
    "\n|\n|\n|\r\n|\r| |  |\t|\x0b|\x0c|\x85|\u2028|\u2029|\u00a0|\u3000|\x1c|a|B|é|e\u0301|1|12345|/|//|!|.|#|- "
    "|'s|'LL|漢|😀|_|\0|\u200b"
)
TEXTS = st.lists(st.sampled_from(ATOMS.split("|")), max_size=80).map("".join)
ENCODINGS = pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base"])


def parts(text, cuts):
    return [text[left:right] for left, right in pairwise([0, *cuts, len(text)])]


@ENCODINGS
@settings(max_examples=600, deadline=None)
@given(TEXTS)
def test_counts_add_up_over_safe_cuts(encoding, text):
    cuts = split.safe_cuts(text)
    assert sum(engine.count(part, encoding) for part in parts(text, cuts)) == engine.count(text, encoding)
    assert all(split.is_safe(text, cut) for cut in cuts)


@ENCODINGS
@settings(max_examples=400, deadline=None)
@given(TEXTS, st.data())
def test_counts_add_up_over_any_choice_of_safe_cuts(encoding, text, data):
    cuts = split.safe_cuts(text)
    chosen = sorted(data.draw(st.sets(st.sampled_from(cuts)))) if cuts else []
    assert sum(engine.count(part, encoding) for part in parts(text, chosen)) == engine.count(text, encoding)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.integers(1, 30))
def test_chunks_are_the_text_cut_at_safe_places(text, size):
    chunks = list(split.chunks(text, size))
    assert "".join(chunks) == text
    assert all(len(chunk) >= size for chunk in chunks[:-1])
    assert sum(map(engine.count, chunks)) == engine.count(text)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 200), max_size=8))
def test_spans_sum_to_the_whole_and_none_is_negative(text, places):
    offsets = [0, *sorted(min(place, len(text)) for place in places)]
    counts = split.count_spans(text, offsets, engine.count)
    assert len(counts) == len(offsets)
    assert sum(counts) == engine.count(text)
    assert min(counts) >= 0


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_spans_at_safe_cuts_are_counted_exactly(text):
    cuts = split.safe_cuts(text)
    expected = [engine.count(part) for part in parts(text, cuts)]
    assert split.count_spans(text, [0, *cuts], engine.count) == expected


@pytest.mark.parametrize(
    ("text", "cuts"),
    [
        ("a\nb", [2]),
        ("a\n  b", [2]),
        ("a\n/b", []),
        ("a\n /b", [2]),
        ("a\n\nb", [3]),
        ("a\r\nb", [3]),
        ("a\rb", []),
        ("a\n", []),
        ("a\n  \nb", [5]),
        ("# A\n\n## B\n- c\n", [5, 10]),
    ],
)
def test_where_a_text_may_be_cut(text, cuts):
    assert split.safe_cuts(text) == cuts
    assert [i for i in range(1, len(text)) if split.is_safe(text, i)] == cuts


def test_a_line_end_before_a_slash_is_no_safe_cut():
    """The exception that the rule makes is needed: here the parts do not add up."""
    assert engine.count("!!\n") + engine.count("/*") < engine.count("!!\n/*")
    assert split.safe_cuts("!!\n/*") == []


def test_sections_of_a_markdown_file():
    text = "Intro line.\n\n# One\n\nSome words here.\n\n## Two\n\n- item\n- item\n"
    offsets = [0, text.index("# One"), text.index("## Two")]
    counts = split.count_spans(text, offsets, engine.count)
    assert counts == [engine.count(part) for part in parts(text, offsets[1:])]
    assert sum(counts) == engine.count(text)


def test_a_boundary_inside_a_word_gives_the_front_what_it_counts_alone():
    text = "international"
    front, back = split.count_spans(text, [0, 5], engine.count)
    assert front == min(engine.count("inter"), engine.count(text))
    assert front + back == engine.count(text)


def test_many_unsafe_boundaries_stay_linear():
    text = "word " * 20_000
    seen = 0

    def count(part):
        nonlocal seen
        seen += len(part)
        return engine.count(part)

    offsets = list(range(0, len(text), 500))
    counts = split.count_spans(text, offsets, count)
    assert sum(counts) == engine.count(text)
    assert seen <= len(text) + len(offsets) * (split._REACH + 1000)


def test_offsets_that_make_no_sense():
    assert split.count_spans("", [], len) == []
    assert split.count_spans("", [0, 0], len) == [0, 0]
    for offsets in ([], [1], [0, 5, 4], [0, 9]):
        with pytest.raises(ValueError, match="offset"):
            split.count_spans("abcde", offsets, len)
