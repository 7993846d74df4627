"""The line that a session is listed by."""

from __future__ import annotations

import pytest

from ctxkit.sources.history.titles import title_of


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Mend it.", "Mend it."),
        ("", ""),
        (" Mend\n\n it\t now ", "Mend it now"),
        ("x" * 120, "x" * 120),
        ("x" * 121, "x" * 119 + "…"),
        ("x" * 118 + " yy", "x" * 118 + "…"),
        ("x" * 50_000, "x" * 119 + "…"),
        (
            "<command-name>/fix</command-name>\n<command-args>it</command-args>",
            "/fix it",
        ),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert title_of(text) == title


def test_nothing_in_a_title_is_obeyed_by_a_terminal() -> None:
    assert "\x1b" not in title_of("\x1b[2Jmend " * 40)
    assert len(title_of("\x1b[2Jmend " * 40)) <= 120
