"""The class of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.tokens.content import Content, content_of


@pytest.mark.parametrize(
    ("path", "sample", "content"),
    [
        ("CLAUDE.md", None, Content.PROSE),
        ("docs/index.rst", "Title\n", Content.PROSE),
        ("src/app.py", "def f(): pass", Content.CODE),
        ("Makefile", None, Content.CODE),
        ("a/b/README", None, Content.PROSE),
        ("LICENSE", None, Content.PROSE),
        ("LICENSE.txt", None, Content.PROSE),
        (".cursorrules", None, Content.PROSE),
        ("package.json", "{}", Content.JSON),
        ("data.JSONL", None, Content.JSON),
        (".github/workflows/ci.yml", None, Content.YAML),
        ("pyproject.toml", None, Content.YAML),
        (".gitignore", None, Content.YAML),
        ("index.html", None, Content.MARKUP),
        ("style.css", None, Content.MARKUP),
        ("table.csv", None, Content.DATA),
        ("poetry.lock", None, Content.DATA),
        ("src/app.py", "# 漢字かな交じりの説明文がここにあります", Content.CJK),
        ("README.md", "한국어 문서입니다. 한국어 문서입니다.", Content.CJK),
        ("README.md", "Документация проекта на русском языке", Content.SCRIPT),
        ("README.md", "توثيق المشروع باللغة العربية", Content.SCRIPT),
        ("README.md", "Déjà vu à Zürich, naïve café", Content.PROSE),
        ("src/app.py", "     1→import os\n     2→\n     3→x = 1\n", Content.NUMBERED),
        ("", "1: a\n2: b\n3: c", Content.NUMBERED),
        ("", "2024 was a good year\nand so on\n", Content.PROSE),
        ("", '{"a": 1}', Content.JSON),
        ("", "<html>", Content.MARKUP),
        ("", "This is a sentence of plain words and nothing else", Content.PROSE),
        ("", "1 2 3 4 5 6 7 8 9 10 11 12", Content.DATA),
        ("", "for (i = 0; i < n; ++i) { a[i] += b[i]; }", Content.CODE),
        ("", None, Content.CODE),
        ("", "", Content.CODE),
    ],
)
def test_content_of(path, sample, content):
    assert content_of(path, sample) is content


def test_only_the_beginning_is_looked_at():
    assert content_of("a.md", "word " * 2000 + "漢字" * 50_000) is Content.PROSE


@given(st.text(st.characters(max_codepoint=127) | st.sampled_from("0123456789 \n"), max_size=200))
def test_shares_of_plain_text_are_those_of_its_characters(text):
    text = f"x{text}"
    letters = sum(char.isalpha() or char.isspace() for char in text)
    digits = sum(char.isdigit() for char in text)
    other = Content.DATA if digits > 0.25 * len(text) else Content.CODE
    assert content_of("", text) is (Content.PROSE if letters > 0.85 * len(text) else other)
