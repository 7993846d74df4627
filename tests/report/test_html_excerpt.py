"""What is shown of the text a finding is about: the right lines, what would go, and no secret."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.model import Span
from ctxkit.report.html.excerpt import Excerpt, excerpt

LINES = b"".join(b"line %d\n" % n for n in range(1, 61))


def span_of(data: bytes, text: bytes) -> Span:
    start = data.index(text)
    return Span(start, start + len(text))


def shown(data: bytes, *texts: bytes, cut: bool = True, hide: bool = False) -> Excerpt:
    found = excerpt(data, [span_of(data, text) for text in texts], cut, hide)
    assert found is not None
    return found


def plain(found: Excerpt) -> str:
    return unescape(re.sub(r"<[^>]+>", "", found.html))


def test_two_lines_around_what_would_go() -> None:
    found = shown(LINES, b"line 30\nline 31\n")
    assert found.line == 30
    assert plain(found) == (
        "   28  line 28\n   29  line 29\n   30 -line 30\n   31 -line 31\n   32  line 32\n   33  line 33\n"
    )
    assert re.findall(r"<del>(.*?)</del>", found.html) == ["line 30", "line 31"]
    assert found.html.count("row gone") == 2


def test_a_part_of_a_line() -> None:
    found = shown("Größe: immer kurz.\n".encode(), b"immer ")
    assert "Größe: <del>immer </del>kurz." in found.html
    assert "row gone" not in found.html


def test_what_only_proves_it_is_marked_and_not_struck_through() -> None:
    found = shown(LINES, b"line 2", cut=False)
    assert "<mark>line 2</mark>" in found.html
    assert "<del>" not in found.html
    assert "-" not in plain(found)


def test_the_middle_of_a_long_place_is_left_out_and_said_so() -> None:
    found = shown(LINES, LINES[LINES.index(b"line 5\n") : LINES.index(b"line 56\n")])
    lines = plain(found)
    assert "line 3\n" in lines
    assert "line 12\n" in lines
    assert "line 13\n" not in lines
    assert "40 lines not shown here" in lines
    assert "line 53\n" in lines
    assert "line 57\n" in lines
    assert "line 58\n" not in lines
    assert lines.count("line ") == 15


def test_a_wide_line_is_cut_off_around_the_mark() -> None:
    found = shown(b"a" * 5_000 + b"NEEDLE" + b"b" * 5_000, b"NEEDLE", cut=False)
    assert "<mark>NEEDLE</mark>" in found.html
    assert plain(found).count("…") == 2
    assert len(plain(found)) < 300
    huge = shown(b"a" * 50_000 + b"NEEDLE", b"NEEDLE")
    assert "a line of 50,006 bytes" in plain(huge)


@pytest.mark.parametrize("text", ["ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", "q8Zx72LmPp0Rt5Vb9Nc3Kd6Fh1Js4Gw"])
def test_secrets_are_masked(text: str) -> None:
    found = shown(f"Use {text} for tests.\n".encode(), b"Use", cut=False)
    assert text not in found.html
    assert "***" in plain(found)
    assert "for tests." in plain(found)


def test_a_place_that_is_a_secret_is_hidden_whatever_it_looks_like() -> None:
    found = shown(b"The word is swordfish, really.\n", b"swordfish", hide=True)
    assert "swordfish" not in found.html
    assert plain(found) == "    1 -The word is ***, really.\n"


@pytest.mark.parametrize("span", [Span(3, 3), Span(400, 900), Span(-4, 2)])
def test_a_place_that_is_not_there(span: Span) -> None:
    assert excerpt(b"short\n", [span], True) is None
    assert excerpt(b"", [Span(0, 4)], True) is None


def test_what_nobody_sees_is_shown() -> None:
    data = "a\u202eb\u3164c\tdé\x07\r\n".encode() + b"\xff\n"
    found = shown(data, data[:3], cut=False)
    assert "\\u202e" in found.html
    assert "\\u3164" in plain(found)
    assert "\\x07" in plain(found)
    assert "\\xff" in plain(found)
    assert "c\tdé" in plain(found)
    assert "\\r" not in plain(found)


@given(st.binary(max_size=300), st.integers(0, 320), st.integers(0, 320), st.booleans(), st.booleans())
def test_any_bytes(data: bytes, start: int, length: int, cut: bool, hide: bool) -> None:
    found = excerpt(data, [Span(start, start + length)], cut, hide)
    if found is None:
        return
    assert found.line == data.count(b"\n", 0, start) + 1
    found.html.encode("utf-8")
    assert set(re.findall(r"</?([a-z]+)", found.html)) <= {"pre", "code", "span", "del", "mark"}
    assert found.html.isascii() or all(char.isprintable() or char in "\n\t" for char in found.html)
