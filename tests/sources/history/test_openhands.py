"""OpenHands: conversations, trajectories and the output of evaluations."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctxkit.model import CtxkitError, Skipped
from ctxkit.model.session import Block, Departure, Event, Kind, Request, Start, Usage, Why
from ctxkit.sources.history import formats, openhands

STATE: dict[str, Any] = {
    "id": "c0ffee", "agent": {"llm": {"model": "m-1"}}, "workspace": {"working_dir": "/w/barn"},
    "stats": {"usage_to_metrics": {"agent": {"token_usages": [
        {"response_id": "r1", "prompt_tokens": 900, "completion_tokens": 40, "cache_read_tokens": 100,
         "cache_write_tokens": 7, "reasoning_tokens": 3},
        {"response_id": "r2", "prompt_tokens": 1_000, "completion_tokens": 9},
    ]}, "condenser": {"token_usages": [{"response_id": "r9", "prompt_tokens": 70, "completion_tokens": 5}]}}},
}  # fmt: skip


def said(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}]


def event(number: int, kind: str, source: str, **more: Any) -> dict[str, Any]:
    return {"id": f"e{number}", "timestamp": f"2026-07-01T12:00:{number:02}Z", "source": source, "kind": kind, **more}


def action(number: int, response: str, call: str, thought: str = "", **more: Any) -> dict[str, Any]:
    told = {"id": call, "name": "terminal", "arguments": '{"command": "ls"}', "origin": "completion"}
    return event(
        number, "ActionEvent", "agent", thought=said(thought) if thought else [], tool_name="terminal",
        tool_call_id=call, tool_call=told, llm_response_id=response, **more,
    )  # fmt: skip


def observation(number: int, call: str, text: str, **more: Any) -> dict[str, Any]:
    return event(
        number, "ObservationEvent", "environment", tool_name="terminal", tool_call_id=call,
        observation={"content": said(text), **more},
    )  # fmt: skip


EVENTS = [
    event(0, "SystemPromptEvent", "agent", system_prompt={"text": "You mend barns."},
          tools=[{"type": "function", "function": {"name": "terminal", "description": "runs"}}],
          dynamic_context={"text": "Today is Monday."}),
    event(1, "MessageEvent", "user", llm_message={"role": "user", "content": said("mend it")},
          extended_content=said("a skill that was called for")),
    event(2, "ConversationStateUpdateEvent", "environment", key="stats", value={}),
    action(3, "r1", "c1", "I look.", reasoning_content="hm"),
    action(4, "r1", "c2"),
    observation(5, "c1", "roof", metadata={"exit_code": 0, "working_dir": "/w/barn", "prefix": "", "suffix": ""}),
    observation(6, "c2", "no such file", is_error=True),
    event(7, "AgentErrorEvent", "agent", tool_name="terminal", tool_call_id="c3", error="unknown tool"),
    event(8, "UserRejectObservation", "environment", tool_name="terminal", tool_call_id="c4", rejection_reason="no"),
    event(9, "Condensation", "environment", forgotten_event_ids=["e3", "e4", "e5", "e6"], summary="looked at it",
          summary_offset=1, llm_response_id="r9"),
    event(10, "MessageEvent", "agent", llm_response_id="r2",
          llm_message={"role": "assistant", "content": said("Mended.")}),
]  # fmt: skip


def write(tmp_path: Path, events: list[Any] = EVENTS, state: Any = STATE) -> Path:
    folder = tmp_path / "conversations" / "c0ffee"
    (folder / "events").mkdir(parents=True, exist_ok=True)
    (folder / "base_state.json").write_text(json.dumps(state))
    for number, item in enumerate(events):
        (folder / "events" / f"event-{number:05}-{number:08x}.json").write_text(json.dumps(item))
    return folder / "base_state.json"


def read(path: Path, key: str = "") -> list[Event]:
    assert formats.reader_of(formats.head_of(str(path))).ID == "openhands"
    return list(openhands.read(str(path), key, lambda skipped: pytest.fail(str(skipped))))


def shape(events: list[Event]) -> list[str]:
    return [f"{e.kind.value}:{e.text}" if isinstance(e, Block) else type(e).__name__ for e in events]


def test_conversation(tmp_path: Path) -> None:
    events = read(write(tmp_path))
    assert shape(events) == [
        "Start", "system:You mend barns.",
        'tools:{"type":"function","function":{"name":"terminal","description":"runs"}}', "reminder:Today is Monday.",
        "prompt:mend it", "reminder:a skill that was called for", "Request", "thinking:hm", "text:I look.",
        'call:{"command": "ls"}', 'call:{"command": "ls"}',
        "result:roof\n[Current working directory: /w/barn]\n[Command finished with exit code 0]",
        "result:[An error occurred during execution.]\nno such file", "result:unknown tool",
        "result:Action rejected: no", "Request", "Departure", "summary:looked at it", "Request", "text:Mended.",
    ]  # fmt: skip
    assert events[0] == Start("c0ffee", "openhands", "openhands", cwd="/w/barn", model="m-1", at=1782907200.0)
    requests = [e for e in events if isinstance(e, Request)]
    assert [(r.id, r.thread, r.usage) for r in requests] == [
        ("r1", "", Usage(900, 100, 7, output=40, reasoning=3)),
        ("r9", "condenser", Usage(70, output=5)),
        ("r2", "", Usage(1_000, output=9)),
    ]
    blocks = [e for e in events if isinstance(e, Block)]
    assert [b.error for b in blocks if b.kind is Kind.RESULT] == [False, True, True, True]
    departure = next(e for e in events if isinstance(e, Departure))
    assert (departure.why, departure.marks) == (Why.COMPACTION, ("e3", "e4", "e5", "e6"))
    assert set(departure.marks) <= {b.mark for b in blocks}


def test_any_file_stands_for_the_conversation(tmp_path: Path) -> None:
    state = write(tmp_path)
    event_file = sorted((state.parent / "events").iterdir())[3]
    assert read(event_file) == read(state)
    (peek,) = openhands.peek(formats.head_of(str(event_file)))
    assert (peek.id, peek.title, peek.model, peek.cwd) == ("c0ffee", "mend it", "m-1", "/w/barn")
    state.unlink()
    assert [e.id for e in read(event_file) if isinstance(e, Start)] == ["c0ffee"]


def test_events_are_ordered_by_number(tmp_path: Path) -> None:
    many = [event(0, "PauseEvent", "user")] * 12 + [
        event(n, "MessageEvent", "user", llm_message={"role": "user", "content": said(str(n))}) for n in (1, 2)
    ]
    state = write(tmp_path, many)
    late = state.parent / "events" / "event-100000-0000000a.json"
    late.write_text(json.dumps(event(3, "MessageEvent", "user", llm_message={"role": "user", "content": said("3")})))
    assert [e.text for e in read(state) if isinstance(e, Block)] == ["1", "2", "3"]


def test_another_branch(tmp_path: Path) -> None:
    events = [
        event(0, "MessageEvent", "user", llm_message={"role": "user", "content": said("one")}),
        {**action(1, "r1", "c1"), "parent_id": "e0"},
        {**event(2, "MessageEvent", "user", llm_message={"role": "user", "content": said("two")}), "parent_id": "e0"},
    ]
    departures = [e for e in read(write(tmp_path, events)) if isinstance(e, Departure)]
    assert [(d.why, d.after) for d in departures] == [(Why.REWIND, "e0")]


def response(call: str, prompt: int) -> dict[str, Any]:
    function = {"name": "execute_bash", "arguments": '{"command": "ls"}'}
    message = {"role": "assistant", "content": "I look.", "tool_calls": [{"id": call, "function": function}]}
    usage = {"prompt_tokens": prompt, "completion_tokens": 5}
    return {"id": f"gen-{call}", "model": "m-2", "choices": [{"message": message}], "usage": usage}


OLD: list[dict[str, Any]] = [
    {"id": 0, "source": "agent", "action": "system", "args": {"content": "You mend.", "tools": [
        {"type": "function", "function": {"name": "execute_bash"}}]}},
    {"id": 1, "source": "user", "action": "message", "args": {"content": "mend it", "image_urls": []}},
    {"id": 2, "source": "user", "action": "recall", "args": {"query": "mend it"}},
    {"id": 3, "source": "environment", "observation": "recall", "cause": 2, "content": "Added", "extras": {
        "repo_instructions": "Use nails.", "microagent_knowledge": [{"name": "wood", "content": "Oak is hard."}]}},
    {"id": 4, "source": "agent", "action": "run", "timestamp": "2025-04-30T16:00:00", "args": {"command": "ls"},
     "tool_call_metadata": {"tool_call_id": "c1", "model_response": response("c1", 500)}},
    {"id": 5, "source": "agent", "observation": "run", "cause": 4, "content": "roof",
     "extras": {"metadata": {"exit_code": 1, "working_dir": "", "prefix": "<", "suffix": ">"}},
     "tool_call_metadata": {"tool_call_id": "c1", "model_response": response("c1", 500)}},
    {"id": 6, "source": "environment", "observation": "agent_state_changed", "content": ""},
    {"id": 7, "source": "agent", "action": "condensation",
     "args": {"forgotten_events_start_id": 4, "forgotten_events_end_id": 5, "summary": "saw a roof"}},
    {"id": 8, "source": "agent", "action": "run",
     "args": {"command": "make", "thought": "Now build.", "is_input": None}},
    {"id": 9, "source": "agent", "observation": "error", "cause": 8, "content": "no make"},
]  # fmt: skip
OLD_SHAPE = [
    "Start", "system:You mend.", 'tools:{"type":"function","function":{"name":"execute_bash"}}', "prompt:mend it",
    "rules:Use nails.", "reminder:Oak is hard.", "Request", "text:I look.", 'call:{"command": "ls"}',
    "result:<roof>\n[Command finished with exit code 1]", "Departure", "summary:saw a roof", "Request",
    "text:Now build.", 'call:{"command":"make"}', "result:no make\n[Error occurred in processing last action]",
]  # fmt: skip


def test_older_trajectory(tmp_path: Path) -> None:
    path = tmp_path / "trajectory.json"
    path.write_text(json.dumps(OLD, indent=1))
    events = read(path)
    assert shape(events) == OLD_SHAPE
    requests = [e for e in events if isinstance(e, Request)]
    assert (requests[0].id, requests[0].model, requests[0].usage) == ("gen-c1", "m-2", Usage(500, output=5))
    results = [e for e in events if isinstance(e, Block) and e.kind is Kind.RESULT]
    assert [(r.call, r.error) for r in results] == [("c1", False), ("8", True)]
    departure = next(e for e in events if isinstance(e, Departure))
    assert departure.marks == ("4", "5")
    (peek,) = openhands.peek(formats.head_of(str(path)))
    assert peek.title == "mend it"


def test_evaluation_output(tmp_path: Path) -> None:
    path = tmp_path / "output.jsonl"
    bare = [
        {"action": "message", "content": "mend it"},
        {"action": "run", "command": "ls", "thought": "I look."},
        {"observation": "run", "content": "roof", "command": "ls", "exit_code": 0},
    ]
    lines = [
        {
            "instance_id": "barn-1",
            "instruction": "mend\nit",
            "metadata": {"llm_config": {"model": "m-2"}},
            "history": OLD,
        },
        {"instance_id": "barn-2", "instruction": "x", "history": [[bare[0], {}], [bare[1], bare[2]]]},
        {"issue": {"repo": "barn", "number": 3}, "instruction": "", "history": EVENTS},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    peeks = list(openhands.peek(formats.head_of(str(path))))
    assert [(p.key, p.id, p.title, p.model) for p in peeks] == [
        ("1", "barn-1", "mend it", "m-2"), ("2", "barn-2", "x", ""), ("3", "barn#3", "", ""),
    ]  # fmt: skip
    assert shape(read(path, "1")) == OLD_SHAPE
    assert shape(read(path, "2")) == [
        "Start", "prompt:mend it", "Request", "text:I look.", 'call:{"command":"ls"}', "result:roof",
    ]  # fmt: skip
    assert shape(read(path, "3"))[1:] == shape(read(write(tmp_path)))[1:]
    assert len([e for e in read(path) if isinstance(e, Start)]) == 3
    with pytest.raises(CtxkitError, match="no instance"):
        read(path, "4")


def test_first_instance_longer_than_the_glance(tmp_path: Path) -> None:
    path = tmp_path / "output.jsonl"
    long = [*OLD[:1], {"id": 1, "source": "user", "action": "message", "args": {"content": "word " * 30_000}}]
    path.write_text(json.dumps({"instance_id": "barn-1", "instruction": "x", "history": long}) + "\n")
    assert len(read(path)) == 4


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    state = write(tmp_path)
    files = sorted((state.parent / "events").iterdir())
    files[2].write_text("{")
    files[4].write_text("[]")
    skipped: list[Skipped] = []
    events = list(openhands.read(str(state), "", skipped.append))
    assert len(skipped) == 2
    assert files[2].name in skipped[0].path
    assert shape(events)[-1] == "text:Mended."


JUNK = st.sampled_from(
    [None, 0, -1, 1e300, True, "", "text", [], {}, [[]], {"a": None}, "\ud800", [None], [{"type": 1}]]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.sampled_from([OLD, EVENTS]), data=st.data())
def test_wrong_types_anywhere_are_survived(tmp_path: Path, which: list[dict[str, Any]], data: st.DataObject) -> None:
    events = json.loads(json.dumps(which))
    for _ in range(data.draw(st.integers(1, 4))):
        inner = data.draw(st.sampled_from(events))
        key = data.draw(st.sampled_from(sorted(inner))) if isinstance(inner, dict) and inner else None
        while key is not None and isinstance(inner[key], dict) and inner[key] and data.draw(st.booleans()):
            inner = inner[key]
            key = data.draw(st.sampled_from(sorted(inner)))
        if key is not None:
            inner[key] = data.draw(JUNK)
    events = data.draw(st.permutations(events)) if data.draw(st.booleans()) else events
    path = tmp_path / "output.jsonl"
    path.write_text(json.dumps({"instance_id": "x", "instruction": "", "history": events}))
    for found in openhands.read(str(path), "", lambda _: None):
        assert not isinstance(found, Block) or isinstance(found.text, str)
