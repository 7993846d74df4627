"""Subagents whose lines Claude Code keeps in files of their own beside the session's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Event, Kind, Request
from ctxkit.sources.history import claude_code
from ctxkit.sources.history.load import load_sessions

from .claude_builder import Transcript, call, result, text, usage

if TYPE_CHECKING:
    from pathlib import Path

    from ctxkit.model import Skipped


def session(path: Path, *agents: str) -> Transcript:
    main = Transcript(session=path.stem)
    main.user("Look into it.")
    for at, agent in enumerate(agents):
        main.assistant(f"m{at}", call(f"t{at}", "Agent", prompt="go"), usage=usage(100))
        main.user([result(f"t{at}", "launched")], toolUseResult={"agentId": agent, "status": "completed"})
    main.user("And now?")
    main.assistant("last", text("Done."), usage=usage(300))
    main.write(path)
    return main


def subagent(path: Path, identity: str, *launches: str) -> None:
    lines = Transcript(session=path.stem)
    lines.user(f"task of {identity}", isSidechain=True, agentId=identity)
    lines.assistant(f"{identity}-1", text("found it"), usage=usage(50, output=7), isSidechain=True, agentId=identity)
    for other in launches:
        lines.user([result("t", "x")], toolUseResult={"agentId": other}, isSidechain=True, agentId=identity)
    lines.write(path.with_suffix("") / "subagents" / f"agent-{identity}.jsonl")


def read(path: Path) -> tuple[list[Event], list[Skipped]]:
    skipped: list[Skipped] = []
    return list(claude_code.read(str(path), "", skipped.append)), skipped


def test_a_subagents_file_is_read_where_it_was_started(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    session(path, "a1")
    subagent(path, "a1")
    events, skipped = read(path)
    order = [
        (event.thread, event.text if isinstance(event, Block) else event.id)
        for event in events
        if isinstance(event, Block | Request)
    ]
    mine = [at for at, (thread, _) in enumerate(order) if thread == "a1"]
    assert [order[at][1] for at in mine] == ["task of a1", "a1-1", "found it"]
    assert order[mine[0] - 1] == ("", '{"prompt":"go"}')
    assert order.index(("", "And now?")) > mine[-1]
    assert not skipped


def test_its_requests_are_paid_in_the_turn_that_started_it(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    session(path, "a1")
    subagent(path, "a1")
    [found] = load_sessions(str(path))
    assert [(step.thread, step.turn) for step in found.steps] == [("", 1), ("a1", 1), ("", 2)]
    assert {entry.thread for entry in found.entries if entry.kind is Kind.PROMPT} == {"", "a1"}
    assert found.turns == 2


def test_subagents_of_subagents_and_those_nobody_names_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    session(path, "a1", "a1")
    subagent(path, "a1", "a2", "a1")
    subagent(path, "a2", "a1")
    subagent(path, "lonely")
    events, _ = read(path)
    assert sorted(event.id for event in events if isinstance(event, Request) and event.thread) == [
        "a1-1", "a2-1", "lonely-1",
    ]  # fmt: skip


def test_a_file_that_cannot_be_read_is_told_and_the_rest_is_there(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    session(path, "a1")
    (tmp_path / "s" / "subagents" / "agent-a1.jsonl").mkdir(parents=True)
    events, skipped = read(path)
    assert any(isinstance(event, Block) and event.text == "Done." for event in events)
    assert [item.path.endswith("agent-a1.jsonl") for item in skipped] == [True]
