"""Markdown cut into the parts that can stand or go alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.text.blocks import parts


def cut(text: str) -> list[tuple[str, str]]:
    return [(part.kind, text[part.start : part.end].strip("\n")) for part in parts(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("One.\nStill one.\n\nTwo.\n", [("paragraph", "One.\nStill one."), ("paragraph", "Two.")]),
        ("# A\ntext\n## B ##\n", [("heading", "# A"), ("paragraph", "text"), ("heading", "## B ##")]),
        ("Title\n=====\n\nx\n", [("heading", "Title\n====="), ("paragraph", "x")]),
        ("- a\n- b\n  more\n\n  still\n- c\n", [("item", "- a"), ("item", "- b\n  more\n\n  still"), ("item", "- c")]),
        ("- a\nlazy\n---\n", [("item", "- a\nlazy"), ("break", "---")]),
        ("1. a\n   - inner\n   - more\n2) b\n", [("item", "1. a\n   - inner\n   - more"), ("item", "2) b")]),
        ("- a\n\n  ```sh\n  x\n  ```\n- b\n", [("item", "- a\n\n  ```sh\n  x\n  ```"), ("item", "- b")]),
        ("- a\n\nnot a\n", [("item", "- a"), ("paragraph", "not a")]),
        ("t\n```py\n# n\n- n\n```\ne\n", [("paragraph", "t"), ("fence", "```py\n# n\n- n\n```"), ("paragraph", "e")]),
        ("```\nnever closed\n\n- x\n", [("fence", "```\nnever closed\n\n- x")]),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\nx\n", [("table", "| a | b |\n|---|---|\n| 1 | 2 |"), ("paragraph", "x")]),
        ("---\na: 1\n---\nx\n", [("frontmatter", "---\na: 1\n---"), ("paragraph", "x")]),
        ("<!-- a\nb -->\nx\n", [("comment", "<!-- a\nb -->"), ("paragraph", "x")]),
        ("\n\nx", [("blank", ""), ("paragraph", "x")]),
        ("x\n* * *\ny\n", [("paragraph", "x"), ("break", "* * *"), ("paragraph", "y")]),
    ],
)  # fmt: skip
def test_parts(text: str, expected: list[tuple[str, str]]) -> None:
    assert cut(text) == expected


LINES = st.sampled_from(
    ["", " ", "text", "- item", "  - deep", "1. one", "```", "~~~py", "# head", "===", "---", "| a | b |", "|---|---|",
     "<!-- c", "-->", "<div>", "    code", "\tcode", "> quote", "* * *", "x\r", "\u2028"]
)  # fmt: skip


@given(st.lists(LINES, max_size=25), st.booleans())
def test_the_parts_cover_the_text(lines: list[str], ended: bool) -> None:
    text = "\n".join(lines) + ("\n" if ended else "")
    found = parts(text)
    assert "".join(text[part.start : part.end] for part in found) == text
    assert all(part.start < part.end for part in found)


@given(st.text(max_size=400))
def test_any_text_is_cut(text: str) -> None:
    assert "".join(text[part.start : part.end] for part in parts(text)) == text


@pytest.mark.parametrize("line", ["- x\n", "x\n\n", "| a |\n", "```\n", "#\n", "\n", "    x\n", "<!--\n"])
def test_long_texts_take_linear_time(line: str) -> None:
    assert parts(line * 20_000)[-1].end == len(line) * 20_000
