"""Passages that are almost the same, and what their difference is about."""

from __future__ import annotations

import pytest

from ctxkit.evidence import Document
from ctxkit.text.difference import About, about, changes
from ctxkit.text.resemblance import Terms, joined, likenesses

TERMS = Terms(words=4, share=0.2, most=8)


def found(*texts: str) -> list[tuple[str, str, bool, int]]:
    """(words here, words there, beside a copy, rivals) of each likeness."""
    passages = [Document(str(number), text.encode()).passages for number, text in enumerate(texts)]
    told = []
    for like in likenesses(passages, lambda one, other: True, TERMS):
        here, there = passages[like.here[0]][like.here[1]], passages[like.there[0]][like.there[1]]
        one = " ".join(word for change in like.changes for word in here.words[change.start : change.end])
        two = " ".join(word for change in like.changes for word in there.words[change.other_start : change.other_end])
        told.append((one, two, like.in_line, like.rivals))
    return told


def test_one_word_is_another() -> None:
    assert found("Keep the red queue below ten entries.\n", "Keep the blue queue below ten entries.\n") == [
        ("blue", "red", False, 0)
    ]


def test_a_copy_elsewhere_is_the_partner_and_no_likeness() -> None:
    one = "Keep the red queue below ten entries.\n\nKeep the blue queue below ten entries.\n"
    assert found(one, "Keep the blue queue below ten entries.\n") == []


def test_the_closest_is_the_partner_and_the_others_are_rivals() -> None:
    one = "Keep the red queue below ten entries now.\n\nKeep the red queue below nine entries now.\n"
    assert found(one, "Keep the red queue below six entries now.\n") == [("six", "ten", False, 1)]


def test_beside_a_copy() -> None:
    assert found(
        "Open the gate.\n\nKeep it open for ten hours.\n", "Open the gate.\n\nKeep it open for two hours.\n"
    ) == [("two", "ten", True, 0)]


def test_texts_that_are_not_compared() -> None:
    passages = [
        Document("x", text.encode()).passages for text in ("Keep it open for ten hours.", "Keep it open for two hours.")
    ]
    assert list(likenesses(passages, lambda one, other: False, TERMS)) == []


def test_short_sentences_join_their_neighbours_in_the_same_block() -> None:
    text = "Stop here. Keep the red queue below ten entries.\n\nWait.\n\nAnd go. Now.\n"
    passages = Document("x", text.encode()).passages
    assert [text[each.start : each.end] for each in joined(passages, 4)] == [
        "Stop here. Keep the red queue below ten entries.",
        "Wait.",
        "And go. Now.",
    ]


@pytest.mark.parametrize(
    ("one", "other", "most", "count"),
    [
        ("a b c", "a b c", 1, 0),
        ("a b c", "a x c", 1, 1),
        ("a b c", "a c", 1, 1),
        ("a b c d e", "x b c d y", 2, 2),
        ("a b c d e", "x b c d y", 1, None),
        ("a b", "a b c d e", 2, None),
    ],
)
def test_changes(one: str, other: str, most: int, count: int | None) -> None:
    found = changes(one.split(), other.split(), most)
    assert (None if found is None else len(found)) == count


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("", "not", About.NEGATION),
        ("always", "never", About.NEGATION),
        ("before", "after", About.NEGATION),
        ("4", "40", About.NUMBER),
        ("src/a.py", "lib/a.py", About.PLACE),
        ("", "--force", About.PLACE),
        ("red", "blue", About.WORD),
        ("test", "tests", About.WORDING),
        ("must not", "never", About.WORDING),
        ("", "quickly", About.WORDING),
        ("the", "a", About.WORDING),
        ("re-use", "reuse", About.WORDING),
        ("make sure", "see to it carefully now", About.WORDING),
    ],
)
def test_what_a_change_is_about(one: str, other: str, kind: About) -> None:
    assert about(one.split(), other.split()) is kind
    assert about(other.split(), one.split()) is kind
