"""One session summed up: every row adds up to the whole."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctxkit.model.session import MAIN, Recorded, Request, Usage
from ctxkit.sources.session.listing import short_ids
from ctxkit.sources.session.overview import Overview, overview
from ctxkit.sources.session.tree import context_of, rule_path, segment_id

from .builder import Block, Kind, compacted, edited, prompt, read, request, session, used, words

EVENTS = st.lists(
    st.sampled_from(["prompt", "read", "read b", "edit", "fail", "many", "sub", "compact", "request", "request"]),
    max_size=25,
)


def made(names: list[str]) -> Overview:
    events: list[Any] = [
        Block(Kind.SYSTEM, words(30)),
        Block(Kind.TOOLS, "{}", "Read"),
        Block(Kind.TOOLS, "{}", "Unused"),
    ]
    for name in names:
        events += {
            "prompt": lambda: [prompt(words(5))],
            "read": lambda: read("/repo/a.py", 40),
            "read b": lambda: read("b.py", 41, 1, 9),
            "edit": lambda: edited("a.py"),
            "fail": lambda: used("Bash", "error", True, command="make"),
            "many": lambda: used("read_many_files", words(31), paths=["a.py", "b.py", "c.py"]),
            "sub": lambda: [*used("Bash", words(8), thread="sub", command="ls"), request(50, thread="sub")],
            "compact": lambda: [compacted(), Block(Kind.SUMMARY, words(6))],
            "request": lambda: [request(900, 100, output=3)],
        }[name]()
    return overview(session(*events))


@settings(max_examples=80, deadline=None)
@given(names=EVENTS)
def test_rows_add_up(names: list[str]) -> None:
    found = made(names)
    scale, entries = found.scale, found.session.entries
    kinds = found.by_kind.values()
    assert sum(row.entered for row in kinds) == scale.total(entries)
    assert sum(row.now for row in kinds) == scale.total(found.session.window())
    assert sum(row.carried for row in kinds) == sum(scale.carried(entry) for entry in entries)
    assert sum(row.paid for row in kinds) == pytest.approx(sum(scale.paid(entry) for entry in entries))
    assert sum(row.dead for row in kinds) == found.dead_tokens
    calls = [row for kind, row in found.by_kind.items() if kind in (Kind.CALL, Kind.RESULT)]
    tools = found.by_tool.values()
    for column in ("entries", "entered", "now", "carried", "errors", "dead"):
        assert sum(getattr(row, column) for row in tools) == sum(getattr(row, column) for row in calls), column
    assert all(row.dead <= row.now <= row.entered for row in [*kinds, *tools])
    assert set(found.by_thread) <= {"sub"}
    assert found.bill is None or sum(row.paid for row in kinds) <= found.bill.input + 1e-12
    used = [step.usage for step in found.session.steps if step.usage]
    assert found.output >= found.recorded_output
    assert (found.input, found.cached, found.recorded_output) == (
        sum(usage.input for usage in used), sum(usage.cached for usage in used), sum(usage.output for usage in used),
    )  # fmt: skip
    assert found.alive == {entry.index for entry in found.session.window()}
    assert [scale.tokens(e) for e in found.largest] == sorted((scale.tokens(e) for e in found.largest), reverse=True)


@settings(max_examples=40, deadline=None)
@given(names=EVENTS, thread=st.sampled_from([MAIN, "sub"]), number=st.none() | st.integers(1, 4))
def test_the_tree_is_the_window(names: list[str], thread: str, number: int | None) -> None:
    found = made(names)
    context = context_of(found.session, found.scale, number, thread)
    window = list(found.session.window(number, thread))
    assert sum(segment.tokens.n for segment in context.segments) == found.scale.total(window)
    leaves = [child for segment in context.segments for child in (segment.children or (segment,))]
    assert sorted(leaf.id for leaf in leaves) == sorted(segment_id(entry, found.session) for entry in window)
    turns = [segment.id for segment in context.segments if segment.kind == "turn"]
    assert all(
        segment.tokens.n == sum(child.tokens.n for child in segment.children)
        for segment in context.segments
        if segment.children
    )
    assert len(turns) == len(set(turns))


def test_files_by_any_spelling_are_one_row() -> None:
    found = made(["prompt", "read", "request", "edit", "read", "many", "request"])
    assert set(found.by_file) == {"a.py", "b.py", "c.py"}
    assert (found.by_file["a.py"].reads, found.by_file["a.py"].changes) == (3, 1)
    assert found.by_file["a.py"].dead > 0
    whole = sum(found.scale.tokens(entry) for entry in found.session.entries if entry.kind in (Kind.CALL, Kind.RESULT))
    assert sum(row.entered for row in found.by_file.values()) == pytest.approx(whole, abs=6)


def test_a_tool_that_nobody_called() -> None:
    found = made(["prompt", "read", "request"])
    assert [tool.name for tool in found.unused] == ["Unused"]
    assert found.unused[0].carried == found.unused[0].tokens
    twice = [Block(Kind.TOOLS, "{} a", "gone"), request(5), Block(Kind.TOOLS, "{} a b", "gone"), request(5)]
    (tool,) = overview(session(prompt(), twice)).unused
    assert (tool.name, tool.tokens, tool.carried) == ("gone", 3, 2 * 2 + 3)


@pytest.mark.parametrize("called", ["github.search", "github/search", "github__search", "github"])
def test_a_namespace_is_used_with_any_of_its_tools(called: str) -> None:
    defined = [Block(Kind.TOOLS, "{}", "github"), Block(Kind.TOOLS, "{}", "git")]
    found = overview(session(defined, prompt(), used(called, "x"), request(9)))
    assert [tool.name for tool in found.unused] == ["git"]


def test_what_the_transcript_does_not_hold() -> None:
    found = made(["prompt", "request", "read"])
    seen = found.fills[-1].seen
    assert (found.unseen, found.peak) == (1_000 - seen, 1_000)
    assert found.now == found.unseen + found.scale.total(found.session.window())


def test_the_clients_own_account_counts_before_the_sum_of_its_requests() -> None:
    paid = [Request(usage=Usage(9, cost=0.25)), Request(usage=Usage(9, cost=0.5))]
    assert overview(session(Request(usage=Usage(9)))).recorded_cost is None
    assert overview(session(paid)).recorded_cost == 0.75
    assert overview(session(paid, Recorded(2.0))).recorded_cost == 2.0


def test_ids_join_rules_and_tools_with_an_audit() -> None:
    found = session(
        Block(Kind.RULES, "Be brief.", "/repo/sub/CLAUDE.md"), Block(Kind.RULES, "x", "/home/me/CLAUDE.md"),
        Block(Kind.RULES, "no path"), Block(Kind.TOOLS, "{}", "mcp__s__t"), prompt(), cwd="/repo",
    )  # fmt: skip
    assert [segment_id(entry, found) for entry in found.entries] == [
        "rules:sub/CLAUDE.md", "rules:/home/me/CLAUDE.md", "history:5e551#2", "tools:mcp__s__t", "history:5e551#4",
    ]  # fmt: skip
    assert rule_path("C:\\repo\\sub\\a.md", "C:\\repo") == "sub/a.md"
    assert rule_path("/repository/a", "/repo") == "/repository/a"


@given(ids=st.lists(st.text(alphabet="ab-", max_size=14)))
def test_short_ids_name_one_session_each(ids: list[str]) -> None:
    short = short_ids(ids)
    assert set(short) == set(ids)
    for identity, name in short.items():
        assert identity.startswith(name)
        assert len(name) >= min(8, len(identity))
        assert name == identity or sum(other.startswith(name) for other in short) == 1
