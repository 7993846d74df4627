import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.report.layout import (
    ASCII,
    Cell,
    Column,
    Screen,
    Style,
    bar,
    clean,
    columns_of,
    cut_end,
    cut_middle,
    heading,
    paragraph,
    stacked_bar,
    table,
)

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=60)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain.txt", "plain.txt"),
        ("日本語.md", "日本語.md"),
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("two\nlines\ttab\r", "two\\nlines\\ttab\\r"),
        ("bad\udcffname", "bad\\xffname"),
        ("lone\ud800", "lone\\ud800"),
        ("right\u202eleft", "right\\u202eleft"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("heart\u2764\ufe0f", "heart\u2764"),
        ("c1\x9b31m", "c1\\x9b31m"),
        ("line\u2028separator", "line\\u2028separator"),
        ("\U000e0041tag", "\\ue0041tag"),
    ],
)
def test_clean(raw: str, shown: str) -> None:
    assert clean(raw) == shown


@given(ANY_TEXT)
def test_clean_text_is_printable_and_encodable(text: str) -> None:
    shown = clean(text)
    shown.encode("utf-8")
    assert all(char.isprintable() or char.isspace() for char in shown)
    assert "\x1b" not in shown
    assert "\n" not in shown
    assert clean(shown) == shown


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("日本", 4), ("e\u0301", 1), ("한글", 4), ("\u1112\u1161\u11ab", 2), ("🚀", 2), ("עברית", 5), ("", 0)],
)
def test_columns_of(text: str, columns: int) -> None:
    assert columns_of(text) == columns


@given(ANY_TEXT, st.integers(0, 40))
def test_cut_text_fits(text: str, width: int) -> None:
    text = clean(text)
    for cut in (cut_end, cut_middle):
        assert columns_of(cut(text, width)) <= width
        if columns_of(text) <= width:
            assert cut(text, width) == text


def test_a_path_is_cut_in_its_middle() -> None:
    assert cut_middle("packages/frontend/src/components/Button.tsx", 24) == "package…nents/Button.tsx"
    assert cut_middle("packages/frontend/Button.tsx", 14, "~~") == "pack~~tton.tsx"


@given(
    st.lists(st.tuples(ANY_TEXT, ANY_TEXT, ANY_TEXT), max_size=6),
    st.integers(50, 120),
    st.sampled_from([Screen().glyphs, ASCII]),
)
def test_a_table_is_aligned_and_fits(rows, width: int, glyphs) -> None:
    screen = Screen(width, False, glyphs)
    cells = [(Cell("7"), *(Cell(clean(text)) for text in row)) for row in rows]
    columns = (Column("right"), Column(cut="middle"), Column(cut="end"), Column(cut="end"))
    for line in table(cells, columns, screen):
        assert columns_of(line) <= width


def test_a_table_aligns_wide_characters() -> None:
    rows = [(Cell("1"), Cell("日本"), Cell("x")), (Cell("12,345"), Cell("ascii"), Cell("y"))]
    assert table(rows, (Column("right"), Column(), Column()), Screen()) == [
        "       1  日本   x",
        "  12,345  ascii  y",
    ]


def test_colour_does_not_change_the_layout() -> None:
    rows = [(Cell("1", Style.STRONG), Cell("a", Style.QUIET)), (Cell("22"), Cell("b"))]
    plain = table(rows, (Column("right"), Column()), Screen())
    coloured = table(rows, (Column("right"), Column()), Screen(colour=True))
    assert plain == ["   1  a", "  22  b"]
    assert coloured == ["   \x1b[1m1\x1b[0m  \x1b[2ma\x1b[0m", "  22  b"]


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, ""), (0.001, "▏"), (0.5, "████"), (1, "████████"), (2, "████████"), (0.3, "██▍")]
)
def test_bar(share: float, drawn: str) -> None:
    assert bar(share, 8, Screen()) == drawn


def test_bar_in_ascii() -> None:
    assert bar(0.3, 8, Screen(glyphs=ASCII)) == "##"


@given(st.lists(st.floats(0, 1.5), max_size=5), st.integers(10, 120))
def test_a_stacked_bar_has_the_width_it_was_given(shares: list[float], width: int) -> None:
    drawn = stacked_bar([(share, at, Style.PLAIN) for at, share in enumerate(shares)], width, Screen())
    assert len(drawn) == width
    assert all(("█▓▒░▚"[at] in drawn) == (share > 0) for at, share in enumerate(shares))


def test_heading_puts_its_aside_at_the_margin() -> None:
    assert heading("Files", Screen(20), "12 files") == "Files       12 files"
    assert heading("A title with many words", Screen(20), "12") == "A title with many w…"


def test_paragraph_hangs() -> None:
    assert paragraph("one two three four", Screen(12), indent=2, hang=2) == ["  one two", "    three", "    four"]
    assert paragraph("", Screen()) == []
