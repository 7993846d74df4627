"""Rollouts of Codex: steps and their usage, compactions, rollbacks, older and lighter forms."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ctxkit.model.session import Block, Departure, Event, Kind, Request, Start
from ctxkit.sources.history import codex
from ctxkit.sources.history.formats import head_of

if TYPE_CHECKING:
    from ctxkit.model import Skipped

ReadCase = Callable[..., list[Event]]
WriteDown = Callable[[list[Event]], list[str]]
CASES = Path(__file__).parents[2] / "cases" / "history" / "codex"
SESSIONS = {
    "session.jsonl": [
        "start 0aa1",
        "system «You help with a shop.»",
        "reminder permissions instructions «<permissions instructions>⏎Eve…»",
        "system «Prefer small changes.»",
        "reminder instructions «# AGENTS.md instructions for /…»",
        "rules «Answer in short lines.»",
        "reminder instructions «⏎⏎--- project-doc ---⏎⏎»",
        "rules /home/kim/shop «Run make test.»",
        "reminder instructions «⏎</INSTRUCTIONS>»",
        "reminder environment_context «<environment_context>⏎  <cwd>/…»",
        "prompt «Why does the till⏎ring twice?»",
        "request - in 1000 cached 400 out 90",
        "thinking «Look at the till.» 40 opaque",
        "text «I look at the till.»",
        'call exec_command «{"cmd": "cat till.py"}» (c1)',
        'call exec_command «{"cmd": "false"}» (c2)',
        "result «Chunk ID: a⏎Process exited wit…» (c1)",
        "result «Chunk ID: b⏎Process exited wit…» (c2) failed",
        "request - in 1200 cached 1000 out 40",
        "call apply_patch «*** Begin Patch⏎*** Update Fil…» (c3)",
        "result «Success.» (c3)",
        "request - in 1300 cached 1200 out 10",
        "text «It rings once now.»",
        "prompt «Undo that.»",
        "request - in 1400 cached 0 out 5",
        "text «Sure.»",
        "leaves by rewind #20 #21",
        "prompt «Now the drawer.»",
        "request - in 1500 cached 0 out 20",
        'call view_image «{"path":"drawer.png"}» (c4)',
        "result (c4) image/png (3, 2)",
        "leaves by compaction #2 #3 #4 #5 #6 #7 #8 #9 #11 #12 #13 #14 #15 #16 #17 #18 #19 #23 #24",
        "reminder instructions «# AGENTS.md instructions for /…»",
        "rules «Answer in short lines.»",
        "reminder instructions «⏎⏎--- project-doc ---⏎⏎»",
        "rules /home/kim/shop «Run make test.»",
        "reminder instructions «⏎</INSTRUCTIONS>»",
        "reminder environment_context «<environment_context>⏎  <cwd>/…»",
        "summary 25 opaque",
        "request - in 800 cached 0 out 15",
        'call web_search «{"type":"search","query":"drawer"}»',
        'call tool_search «{"query":"mail"}» (c5)',
        "result tool_search (c5)",
        'tools mcp__post «{"type":"namespace","name":"mc…»',
        'tools mcp__post__send «{"type":"function","name":"sen…»',
        "request - without usage",
        "call mcp__post__send «{}» (c6)",
        "reminder turn_aborted «<turn_aborted>⏎The turn was in…»",
    ],
    "lite.jsonl": [
        "start 0bb2",
        "system «You help.»",
        'tools functions «{"type":"namespace","name":"functions"}»',
        'tools exec «{"type":"custom","name":"exec"…»',
        "prompt «Go on.»",
        "request resp_1 in 500 cached 100 out 9",
        "call exec «ls()» (k1)",
        "result «a.txt» (k1)",
        "request resp_2 in 530 cached 500 out 3",
        "text «One file.»",
    ],
    "first-versions.jsonl": [
        "start 0cc3",
        "reminder instructions «<user_instructions>⏎⏎»",
        "rules «Be brief.»",
        "reminder instructions «⏎⏎</user_instructions>»",
        "prompt «List it.»",
        "request - without usage",
        'call local_shell «{"type":"exec","command":["ls"]}» (l1)',
        'result «{"output":"no such","metadata"…» (l1) failed',
        "request - without usage",
        "text «Nothing.»",
    ],
}


@pytest.mark.parametrize("name", SESSIONS)
def test_session(name: str, read_case: ReadCase, written_down: WriteDown) -> None:
    assert written_down(read_case("codex", name)) == SESSIONS[name]


def write(path: Path, *payloads: dict[str, object], kind: str = "response_item") -> str:
    records = [{"type": payload.pop("kind", kind), "payload": payload} for payload in payloads]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


def usage(total: int, given: int) -> dict[str, object]:
    counts = {"input_tokens": given, "output_tokens": 1, "total_tokens": given + 1}
    info = {"total_token_usage": {"total_tokens": total}, "last_token_usage": counts}
    return {"kind": "event_msg", "type": "token_count", "info": info}


def said(text: str, role: str = "assistant") -> dict[str, object]:
    return {"type": "message", "role": role, "content": [{"type": "output_text", "text": text}]}


def read(path: str) -> list[object]:
    return list(codex.read(path, "", lambda _: None))


def test_a_count_told_twice_is_one_request(tmp_path: Path) -> None:
    """The client tells its counts again with new rate limits; two requests may well have the same usage."""
    path = write(
        tmp_path / "rollout-1.jsonl",
        said("a"),
        usage(10, 9),
        usage(10, 9),
        said("b"),
        usage(20, 9),
        {"kind": "event_msg", "type": "token_count", "info": None},
    )
    requests = [event for event in read(path) if isinstance(event, Request)]
    assert [request.usage and request.usage.input for request in requests] == [9, 9]


def test_a_step_that_lost_its_usage_keeps_its_place(tmp_path: Path) -> None:
    call = {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"}
    output = {"type": "function_call_output", "call_id": "c", "output": "x"}
    path = write(tmp_path / "rollout-1.jsonl", call, output, said("b"), usage(20, 9))
    found = [
        event.kind if isinstance(event, Block) else event.usage for event in read(path) if not isinstance(event, Start)
    ]
    assert found[:3] == [None, Kind.CALL, Kind.RESULT]
    assert [getattr(found[3], "input", None), found[4]] == [9, Kind.TEXT]


def test_a_compaction_of_older_versions_keeps_what_it_does_not_tell(tmp_path: Path) -> None:
    path = write(
        tmp_path / "rollout-1.jsonl",
        said("hello", "user"),
        said("a"),
        usage(10, 9),
        {"kind": "compacted", "message": "Short."},
    )
    departure, summary = read(path)[-2:]
    assert isinstance(departure, Departure)
    assert Kind.PROMPT in departure.spared
    assert Kind.TEXT not in departure.spared
    assert departure.before == 10
    assert isinstance(summary, Block)
    assert (summary.kind, summary.text) == (Kind.SUMMARY, "Short.")


def test_the_size_after_a_compaction_is_that_told_behind_it(read_case: ReadCase) -> None:
    departures = [event for event in read_case("codex", "session.jsonl") if isinstance(event, Departure)]
    assert [(event.before, event.later) for event in departures][-1] == (1520, 700)


def test_a_fork_gives_the_prompt_once(tmp_path: Path) -> None:
    meta = {"kind": "session_meta", "id": "new", "forked_from_id": "old", "base_instructions": {"text": "Help."}}
    old = {"kind": "session_meta", "id": "old", "base_instructions": {"text": "Help."}}
    events = read(write(tmp_path / "rollout-1.jsonl", meta, old, said("hello", "user")))
    start = events[0]
    assert isinstance(start, Start)
    assert (start.id, start.parent) == ("new", "old")
    assert [event.text for event in events if isinstance(event, Block)] == ["Help.", "hello"]


def test_what_is_not_told_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "rollout-1.jsonl"
    path.write_bytes(b'{"type":"session_meta","payload":{"id":"a"}}\n' + b"{broken}\n" * 20 + b'{"type":"resp')
    lost: list[Skipped] = []
    list(codex.read(str(path), "", lost.append))
    assert len(lost) == 6
    assert lost[0].path.endswith(":2")
    assert "15 more" in lost[-1].reason


def test_peek() -> None:
    (peek,) = codex.peek(head_of(str(CASES / "session.jsonl")))
    assert (peek.id, peek.cwd, peek.model, peek.version) == ("0aa1", "/home/kim/shop", "gpt-5.5", "0.140.0")
    assert peek.title == "Why does the till ring twice?"
    (peek,) = codex.peek(head_of(str(CASES / "lite.jsonl")))
    assert (peek.parent, peek.title) == ("0aa1", "Go on.")


def test_the_agent_is_told_by_who_wrote_it(read_case: ReadCase) -> None:
    assert [read_case("codex", name)[0].agent for name in SESSIONS] == ["codex", "trae", "codex"]


def test_a_first_record_that_is_longer_than_the_glance(tmp_path: Path) -> None:
    path = tmp_path / "rollout-1.jsonl"
    record = {
        "timestamp": "2026-01-01T00:00:00Z",
        "type": "session_meta",
        "payload": {"id": "a", "base_instructions": {"text": "x" * 100_000}},
    }
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    head = head_of(str(path))
    assert not head.records
    assert codex.recognise(head)
    assert next(codex.peek(head)).id == "a"
