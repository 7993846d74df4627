"""Passages: what counts as the same words, and where sentences end."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ctxkit.evidence import Document
from ctxkit.text.passages import Passage, bare, split


def passages(text: str) -> tuple[Passage, ...]:
    return Document("x.md", text.encode("utf-8", "surrogateescape")).passages


def told(text: str) -> list[tuple[str, str]]:
    return [(each.kind, text[each.start : each.end]) for each in passages(text)]


@pytest.mark.parametrize(
    "other",
    [
        "* Keep the **queue** short, and `drain` it at night.\n",
        "1. Keep the queue short, and drain\n   it at night.\n",
        "> Keep the queue short, and drain it at night\n",
        "- [ ] keep the _queue_ short — and drain it at night!\n",
        "\r\nKeep the queue short,\r\nand drain it at night.\r\n",
    ],
)
def test_markers_wrapping_emphasis_and_punctuation_make_no_difference(other: str) -> None:
    (one,) = passages("- Keep the queue short, and drain it at night.\n")
    (two,) = passages(other)
    assert one.words == two.words == ("keep", "the", "queue", "short", "and", "drain", "it", "at", "night")


def test_headings_sentences_items_fences_and_tables_are_passages_and_comments_are_none() -> None:
    text = "---\na: b\n---\n# Top\n\nOne here. Two there.\n\n<!-- no -->\n\n- three\n\n"
    text += "```sh\nrun it\n```\n\n| a | b |\n|---|---|\n"
    assert told(text) == [
        ("heading", "# Top"),
        ("sentence", "One here."),
        ("sentence", "Two there."),
        ("sentence", "three"),
        ("fence", "```sh\nrun it\n```"),
        ("table", "| a | b |\n|---|---|"),
    ]


def test_an_item_and_what_hangs_on_it_are_passages_of_their_own() -> None:
    text = "- outer item\n  - inner item\n\n    ```\n    code here\n    ```\n"
    assert [(each.kind, each.depth) for each in passages(text)] == [("sentence", 0), ("sentence", 2), ("fence", 3)]


@pytest.mark.parametrize(
    "text",
    [
        "Use a queue, e.g. the small one, etc. where it fits.\n",
        "Wait ... and then go on.\n",
        "See [the long guide](docs/guide.md) and read\n`Every Word` of it then.\n",
        "Version 2.5 of node.js is enough.\n",
    ],
)
def test_one_sentence(text: str) -> None:
    assert len(passages(text)) == 1


def test_lines_that_their_author_ended_are_sentences_of_their_own() -> None:
    text = "**Owner**: Ann\n**Deputy**: Bob\n**Where**: the long room at the end of the second floor\n"
    assert [line for _, line in told(text)] == text.splitlines()


def test_where_a_paragraph_was_wrapped_makes_no_difference_even_before_a_capital() -> None:
    words = "The gate is kept by the house of Medici and\nGuild of Weavers, who own all of the river\nArno there.\n"
    assert [each.words for each in passages(words)] == [each.words for each in passages(" ".join(words.split()))]


def test_a_fence_that_nothing_closes_and_that_goes_on_over_paragraphs_is_text() -> None:
    text = "```text\nthe tree\n\n- Keep the queue short.\n\nAnd drain it.\n"
    assert ("sentence", "Keep the queue short.") in told(text)
    assert [kind for kind, _ in told("```text\nrun this\nand that\n")] == ["fence"]


def test_words_know_where_they_stand() -> None:
    text = "Use “`npm test`” — never\u2011ever (really)!"
    assert [(word.bare, text[word.start : word.end]) for word in split(text)] == [
        ("use", "Use"),
        ("npm", "npm"),
        ("test", "test"),
        ("never-ever", "never\u2011ever"),
        ("really", "really"),
    ]
    fence = "```sh\na = 1 * 2\n```\n"
    assert [fence[word.start : word.end] for word in split(fence, fence=True)] == ["a", "=", "1", "2"]


def test_signs_of_scripts_without_blanks_are_words() -> None:
    assert [word.bare for word in split("常に日本語で答える API")] == [*"常に日本語で答える", "api"]


def test_filler_carries_no_meaning_unless_there_is_nothing_else() -> None:
    one, two, three = passages("Keep the queue short.\n\nKeep queue short.\n\nThat is it.\n")
    assert bare(one) == bare(two)
    assert bare(three) == ("that", "is", "it")


def test_the_section_is_the_heading_above() -> None:
    assert [each.section for each in passages("a b\n\n# Big *Top*\n\nc d\n")] == ["", "big top", "big top"]


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "```", "- ", "#", "\udcff\udcfe", "a" * 200_000, ". A" * 100_000, "\n- x" * 50_000, "`" * 100_000],
)
def test_hostile_text_is_cut_without_gaps_in_its_order(text: str) -> None:
    found = passages(text)
    assert all(0 <= each.first <= each.start < each.end <= each.last <= len(text) for each in found)
    assert all(one.end <= two.start for one, two in pairwise(found))
