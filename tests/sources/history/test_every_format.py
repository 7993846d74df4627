"""What holds of a session whatever format it was recorded in: every case of every reader, from the file to the tree."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ctxkit.model import Category
from ctxkit.model.session import Block, Kind, Request, Start
from ctxkit.report.history_json import history_json
from ctxkit.report.history_text import history_text
from ctxkit.report.layout import Screen, columns_of
from ctxkit.sources.history.formats import head_of, reader_of
from ctxkit.sources.history.load import events, load_sessions
from ctxkit.sources.session.overview import overview
from ctxkit.sources.session.tree import context_of

CASES = Path(__file__).parents[2] / "cases" / "history"
BESIDE = {"history_item.json", "ui_messages.json", "config.toml", "sessions.json", "0123456789abcdef.md"}
"""Files that lie beside a transcript and are none."""
FILES = sorted(
    path
    for path in CASES.rglob("*")
    if path.is_file() and path.name not in BESIDE and not path.name.endswith((".compaction.json", "_abcde.json"))
)


@pytest.fixture(params=FILES, ids=lambda path: str(path.relative_to(CASES)))
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_events_begin_with_a_start_and_make_sense(path: str) -> None:
    found = list(events(path))
    assert isinstance(found[0], Start)
    reader = reader_of(head_of(path))
    assert {event.format for event in found if isinstance(event, Start)} == {reader.ID}
    for event in found:
        if isinstance(event, Block):
            assert event.text or event.media or event.opaque or event.kind in (Kind.CALL, Kind.RESULT)
            assert len(event.name) <= 1_000
            if event.kind is Kind.CALL:
                assert event.name
        if isinstance(event, Request) and event.usage is not None:
            usage = event.usage
            assert 0 <= usage.cached <= usage.input
            assert 0 <= (usage.written_1h or 0) <= (usage.written or 0) <= usage.input
            assert (usage.reasoning or 0) <= usage.output or not usage.output


def test_what_is_now_in_the_window_adds_up(path: str) -> None:
    for session in load_sessions(path):
        found = overview(session)
        mine = sum(row.now for row in found.by_kind.values())
        assert found.now == max(0, mine + found.unseen)
        assert sum(row.entries for row in found.by_kind.values()) == len(session.entries)
        assert sum(turn.requests for turn in found.turns) == len(session.steps)
        assert sum(found.scale.tokens(item.entry) for item in found.dead) == found.dead_tokens <= max(mine, 0)
        if found.bill is not None:
            paid = sum(row.paid for row in found.by_kind.values())
            assert paid <= found.bill.input * 1.000001 or found.unseen < 0


def test_the_tree_of_every_request_holds_its_window(path: str) -> None:
    for session in load_sessions(path):
        scale = overview(session).scale
        for number in (*range(1, len(session.of()) + 1), None):
            context = context_of(session, scale, number)
            leaves = [s for top in context.segments for s in (top.children or (top,))]
            assert len(leaves) == sum(1 for _ in session.window(number))
            assert sum(s.tokens.n for s in context.segments) == scale.total(session.window(number))
            for top in context.segments:
                assert (top.category is Category.HISTORY) == (top.kind == "turn")
            ids = [leaf.id for leaf in leaves if leaf.category is Category.HISTORY]
            assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("width", [60, 100])
def test_both_reports_are_written(path: str, width: int) -> None:
    for session in load_sessions(path):
        found = overview(session)
        assert b"".join(history_json(found, True)).endswith(b"}\n")
        for line in history_text(found, Screen(width), 5, True):
            assert columns_of(line) <= width or path in line or len(line.split()) == 1


@pytest.mark.parametrize("name", ["codex", "copilot_cli", "gemini_cli", "qwen_code", "pi", "gptme", "cline"])
def test_a_session_ended_with_its_last_event_whenever_its_file_was_copied(name: str, tmp_path: Path) -> None:
    copied = tmp_path / "history"
    shutil.copytree(CASES / name, copied)
    paths = [copied / path.relative_to(CASES / name) for path in FILES if CASES / name in path.parents]
    for path in paths:
        os.utime(path, (1_000, 1_000))
        head = head_of(str(path))
        (seen,) = reader_of(head).peek(head)
        latest = max(event.at for event in events(str(path)) if isinstance(event, Start | Block | Request))
        assert latest <= seen.ended < latest + 60
    assert paths
