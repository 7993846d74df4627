"""What goes with passages that go, and that what is left is whole."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.evidence import Document
from ctxkit.text.removal import removal


def left(text: str, *gone: str) -> str:
    """``text`` without the passages that hold one of ``gone``."""
    passages = Document("x.md", text.encode()).passages
    numbers = {at for at, each in enumerate(passages) if any(word in text[each.start : each.end] for word in gone)}
    for start, end, _ in reversed(removal(text, passages, numbers)):
        text = text[:start] + text[end:]
    return text


@pytest.mark.parametrize(
    ("text", "gone", "stays"),
    [
        ("# T\n\nOne.\n\nTwo.\n", ["One"], "# T\n\nTwo.\n"),
        ("# T\n\n## A\n\nOne.\n\n## B\n\nTwo.\n", ["One"], "# T\n\n## B\n\nTwo.\n"),
        ("# T\n\n## A\n\n### B\n\nOne.\n\n## C\n\nTwo.\n", ["One"], "# T\n\n## C\n\nTwo.\n"),
        ("# T\n\n## A\n\nOne.\n\n### B\n\nTwo.\n", ["One"], "# T\n\n## A\n\n### B\n\nTwo.\n"),
        ("# T\n\n## A\n\n## B\n\nOne.\n", ["nothing"], "# T\n\n## A\n\n## B\n\nOne.\n"),
        ("# T\n\nOne.\n", ["One"], "# T\n\n"),
        ("# T\n\n## A One\n\nTwo.\n", ["A One"], "# T\n\n## A One\n\nTwo.\n"),
        ("- a one\n- b two\n\nEnd.\n", ["two"], "- a one\n\nEnd.\n"),
        ("- a one\n  - b two\n- c\n", ["one"], "- a one\n  - b two\n- c\n"),
        ("- a one\n  - b two\n- c\n", ["one", "two"], "- c\n"),
        ("- a one\n  - b two\n    - c three\n- d\n", ["one", "two"], "- a one\n  - b two\n    - c three\n- d\n"),
        ("- a one\n\n  More of it.\n- d\n", ["one"], "- a one\n\n  More of it.\n- d\n"),
        ("Do this first:\n\n- a one\n", ["Do this"], "Do this first:\n\n- a one\n"),
        ("Do this first:\n\n- a one\n\nEnd.\n", ["Do this", "one"], "End.\n"),
        ("One is here. Two is there. Three is gone.\n", ["Two is"], "One is here. Three is gone.\n"),
        ("One is here. Two is there.\n", ["One is"], "Two is there.\n"),
        ("x\n\n```sh\none\n```\n\ny\n", ["one"], "x\n\ny\n"),
    ],
)
def test_what_is_left(text: str, gone: list[str], stays: str) -> None:
    assert left(text, *gone) == stays


def test_a_part_of_a_paragraph_is_no_whole_block() -> None:
    passages = Document("x.md", b"One is here. Two is there.\n\nThree.\n").passages
    assert [whole for _, _, whole in removal("One is here. Two is there.\n\nThree.\n", passages, {0, 2})] == [
        False,
        True,
    ]


BLOCKS = st.sampled_from(
    [
        "# T\n\n",
        "## A\n\n",
        "### B\n",
        "One. Two.\n\n",
        "- a\n",
        "- b\n  - c\n\n",
        "```\nx\n```\n",
        "Lead:\n\n",
        "> q\n",
    ]
)


@given(st.lists(BLOCKS, max_size=12), st.sets(st.integers(0, 20)))
def test_no_word_goes_that_was_not_to_go_headings_apart(blocks: list[str], numbers: set[int]) -> None:
    text = "".join(blocks)
    passages = Document("x.md", text.encode()).passages
    gone = {at for at in numbers if at < len(passages)}
    stretches = removal(text, passages, gone)
    assert all(0 <= start < end <= len(text) for start, end, _ in stretches)
    assert all(one[1] <= two[0] for one, two in pairwise(stretches))
    for at, each in enumerate(passages):
        is_cut = any(start < each.end and each.start < end for start, end, _ in stretches)
        assert not is_cut or at in gone or each.kind == "heading"
