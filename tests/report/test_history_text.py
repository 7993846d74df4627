"""A recorded session, and a list of them, as text."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ctxkit.model import Skipped
from ctxkit.model.session import Kind
from ctxkit.report.history_text import KINDS, history_text
from ctxkit.report.layout import ASCII, Screen, columns_of
from ctxkit.report.sessions_text import sessions_text
from ctxkit.sources.history.reader import Peek
from ctxkit.sources.session.listing import History, Listed
from ctxkit.sources.session.overview import Overview, overview

from ..sources.session.builder import (
    Block,
    Media,
    Request,
    Usage,
    compacted,
    edited,
    prompt,
    read,
    request,
    session,
    used,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from ctxkit.model.history import Session


def usage(tokens: int, cached: int, output: int) -> Request:
    return Request(model="claude-sonnet-4-5", usage=Usage(tokens, cached, tokens - cached, 0, output), at=0.0)


def invented(**more: Any) -> Session:
    """A session in which something of everything has happened."""
    made = session(
        Block(Kind.SYSTEM, "You are it. " * 300),
        Block(Kind.TOOLS, "a tool " * 60, "Read"),
        Block(Kind.TOOLS, "another tool " * 200, "mcp__tracker__search_everything"),
        Block(Kind.RULES, "Be brief. " * 90, "/repo/CLAUDE.md"),
        prompt("Fix the parser of 日本語 dates; it drops the year"),
        usage(9_000, 0, 300),
        Block(Kind.THINKING, "Where is it? " * 20),
        Block(Kind.TEXT, "I look at the parser first. " * 3),
        read("/repo/src/parser/dates.py", 2_500),
        read("src/parser/dates.py", 900, 100, 180),
        usage(16_500, 8_900, 200),
        edited("src/parser/dates.py", error=True),
        used("Bash", "error: two tests failed", True, command="make test"),
        used("Bash", "passed " * 200, command="make test"),
        edited("/repo/src/parser/dates.py"),
        usage(18_000, 1_000, 250),
        prompt("And the\x1b[31m time zones?"),
        Block(Kind.PROMPT, media=(Media("image/png", 900, (800, 600)),)),
        used("Grep", "src/zones.py:3: UTC\n" * 90, path="src", pattern="UTC"),
        used("mcp__tracker__get_issue", '{"title": "Zones"}' * 50, id="4"),
        usage(24_000, 17_900, 400),
        compacted(trigger="auto", before=24_000),
        Block(Kind.SUMMARY, "We mended the parser. " * 40),
        prompt("Go on"),
        read("src/zones.py", 700),
        Block(Kind.CALL, "{}", "Read", "t1", thread="sub"),
        request(800, model="claude-haiku-4-5", thread="sub"),
        usage(12_000, 9_000, 120),
        model="claude-sonnet-4-5",
    )  # fmt: skip
    start = replace(made.start, agent="claude-code", version="2.1.400", **more)
    skipped = (Skipped("t.jsonl:7", "the line is no valid JSON (unexpected end)", "The rest is read."),)
    return replace(made, start=start, path="/home/me/.claude/projects/-repo/5e551.jsonl", skipped=skipped)


@pytest.fixture(scope="module")
def found() -> Overview:
    return overview(invented(), window=30_000)


def shown(found: Overview, width: int = 80, top: int = 8, every_turn: bool = False, **more: Any) -> str:
    return "\n".join(history_text(found, Screen(width, **more), top, every_turn)) + "\n"


@pytest.mark.parametrize(
    ("name", "width", "options"),
    [("history-80.txt", 80, {}), ("history-60-ascii.txt", 60, {"glyphs": ASCII}), ("history-120.txt", 120, {})],
)
def test_one_session(
    found: Overview, name: str, width: int, options: dict[str, Any], golden: Callable[[str, str], None]
) -> None:
    golden(name, shown(found, width, **options))


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("top", [1, 3, 50])
@pytest.mark.parametrize("glyphs", [ASCII, Screen().glyphs], ids=["ascii", "unicode"])
def test_no_line_is_wider_than_the_screen(found: Overview, width: int, top: int, glyphs: Any) -> None:
    path = found.session.path
    for line in shown(found, width, top, glyphs=glyphs).splitlines():
        assert columns_of(line) <= width or line.strip() == path, line
        assert line == line.rstrip()
        assert line.isprintable()


def test_ascii_is_ascii_but_for_names(found: Overview) -> None:
    assert set(shown(found, glyphs=ASCII)) - set("日本語") <= set(map(chr, range(128)))


def test_colour_changes_no_word(found: Overview) -> None:
    import re

    assert re.sub(r"\x1b\[[0-9;]*m", "", shown(found, colour=True)) == shown(found)


def test_all_turns_or_the_dearest(found: Overview) -> None:
    assert "the 1 dearest of 4; all with --turns" in shown(found, top=1)
    assert "dearest" not in shown(found, top=1, every_turn=True)
    assert shown(found, top=1, every_turn=True).count("Fix the parser") > 1


@pytest.mark.parametrize("at", [0, 40, 99])
def test_the_mark_of_a_compaction_is_on_the_screen(at: int) -> None:
    requests = [request(5_000) for _ in range(100)]
    made = overview(session(prompt("x"), requests[:at], compacted(), requests[at:]))
    lines = shown(made, 60).splitlines()
    (line,) = [line for line in lines if "^" in line]
    assert "compacted" in line
    assert columns_of(line) <= 60


def test_a_session_without_anything() -> None:
    text = shown(overview(session(model="")))
    assert "model unknown" in text
    assert "Nothing was sent to a model yet." in text


def test_no_price_and_no_window() -> None:
    text = shown(overview(session(prompt("x"), request(5_000, 100), model="nobody-knows")))
    assert "window unknown" in text
    assert "no price is known" in text
    assert "$" not in text


def test_paths_below_the_sessions_directory_are_relative_everywhere(found: Overview) -> None:
    text = shown(found, 120, top=50)
    assert "src/parser/dates.py" in text
    assert "/repo/src" not in text


def test_every_kind_has_a_name() -> None:
    assert set(KINDS) == set(Kind)


# Lists.


def listed(identity: str, found: Overview | None, **more: Any) -> Listed:
    values: dict[str, Any] = {"path": f"/home/me/{identity}.jsonl", "id": identity, "title": "A title", "size": 5_000}
    return Listed("claude-code", "claude-code", Peek(**{**values, **more.pop("peek", {})}), found, **more)


def lines_of(history: History, width: int = 80, top: int = 10) -> list[str]:
    return list(sessions_text(history, Screen(width), top))


def test_a_list(found: Overview, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    if hasattr(time, "tzset"):
        time.tzset()
    history = History(
        "/repo",
        (
            listed("5e551111-aaaa", found, peek={"ended": 1_772_359_201.0}),
            listed("5e551111-aabb", None, problem="It is broken."),
            listed("sub", None, peek={"parent": "5e551111-aaaa"}),
        ),
        (Skipped("/home/me/x.jsonl", "is empty", "Name a transcript that holds a session."),),
        here=True,
    )
    text = "\n".join(lines_of(history, 120))
    assert text.startswith("2 sessions and 1 subagent")
    assert "5e551111-aaa " in text
    assert "5e551111-aab " in text
    assert "2026-03-01 10:00" in text or not hasattr(time, "tzset")
    assert "It is broken." in text
    assert "Not read: /home/me/x.jsonl: is empty." in text
    for width in (80, 160):
        assert all(columns_of(line) <= width for line in lines_of(history, width))
    assert lines_of(history)[-1] == "  One in full: ctxkit history 5e551111-aaa"


def test_an_empty_list() -> None:
    assert "No agent has recorded a session here." in "\n".join(lines_of(History("/repo", ())))


def test_more_than_are_shown() -> None:
    history = History("/repo", tuple(listed(f"5e55{n}000-x", None) for n in range(5)), here=True)
    assert "  … and 3 older sessions (--top)" in lines_of(history, top=2)


@pytest.mark.parametrize("identity", ["$(touch /tmp/x)", "a; rm -rf ~", "a b", "\x1b[2J"])
def test_a_hostile_id_is_no_command(identity: str) -> None:
    last = lines_of(History("/repo", (listed(identity, None),), here=True), 120)[-1]
    assert last.startswith("  One in full: ctxkit history '")
    assert last.isprintable()


@pytest.mark.parametrize("ended", [1e300, -1e18, 1e12, 0.0])
def test_a_time_that_no_calendar_has(ended: float) -> None:
    assert len(lines_of(History("/repo", (listed("5e55", None, peek={"ended": ended}),)))) >= 4


def test_what_a_list_advises_to_look_at(found: Overview) -> None:
    elsewhere = History("/other", (listed("5e55", found),))
    assert lines_of(elsewhere)[-1] == "  One in full: ctxkit history /home/me/5e55.jsonl"
    inside = History("/home/me/log.jsonl", (listed("5e55", found, peek={"path": "/home/me/log.jsonl"}),))
    assert lines_of(inside)[-1] == "  One in full: ctxkit history /home/me/log.jsonl --session 5e55"
