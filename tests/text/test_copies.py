"""Stretches that stand twice."""

from __future__ import annotations

from ctxkit.evidence import Document
from ctxkit.text.copies import Copy, copies, size


def found(*texts: str, words: int = 3, apart: bool = False) -> list[tuple[int, int, str]]:
    documents = [Document(str(number), text.encode()) for number, text in enumerate(texts)]
    passages = [document.passages for document in documents]

    def shown(copy: Copy) -> str:
        first, last = passages[copy.here][copy.pairs[0][0]], passages[copy.here][copy.pairs[-1][0]]
        return texts[copy.here][first.start : last.end]

    rank = (lambda one, other: None if one != other else 0) if apart else (lambda one, other: int(one == other))
    return [(copy.here, copy.there, shown(copy)) for copy in copies(passages, rank, lambda one, other: words)]


def test_neighbours_are_one_copy_with_the_heading_above_and_what_differs_between_them() -> None:
    one = "# T\n\n## A\n\nOne two three.\n\nFour five six.\n\nSeven eight nine ten.\n"
    two = "# U\n\n## A\n\nOne two three.\n\nElse here now.\n\nSeven eight nine ten.\n"
    assert found(one, two) == [(1, 0, "## A\n\nOne two three.\n\nElse here now.\n\nSeven eight nine ten.")]


def test_the_order_of_what_was_copied_makes_no_difference() -> None:
    one, two = "One two three.\n\nFour five six.\n", "Four five six.\n\nOne two three.\n"
    assert found(one, two) == [(1, 0, "Four five six."), (1, 0, "One two three.")]


def test_the_larger_copy_is_told_not_the_earlier_one() -> None:
    texts = "One two three.\n", "One two three.\n\nFour five six.\n", "One two three.\n\nFour five six.\n"
    assert found(*texts) == [(1, 0, "One two three."), (2, 1, "One two three.\n\nFour five six.")]


def test_a_copy_in_another_text_comes_before_one_in_the_same() -> None:
    assert found("One two three.\n", "One two three.\n\nOne two three.\n") == [
        (1, 0, "One two three."),
        (1, 0, "One two three."),
    ]


def test_texts_that_do_not_matter_to_each_other_and_copies_that_are_too_small() -> None:
    assert found("One two three.\n", "One two three.\n", apart=True) == []
    assert found("One two three.\n", "One two three.\n", words=4) == []
    assert found("# One two three\n", "# One two three\n") == []


def test_lines_that_are_all_the_same_are_few_copies() -> None:
    lines = "- one two three four\n" * 3000
    assert len(found(lines)) < 20


def test_two_signs_of_a_script_without_blanks_are_a_word() -> None:
    passages = Document("x", "常に日本語で答える\n".encode()).passages
    assert size(passages, [(0, 0)]) == 5
