"""SWE-agent and mini-swe-agent: trajectories."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctxkit.model import CtxkitError, Skipped
from ctxkit.model.session import Block, Event, Kind, Request, Start, Usage
from ctxkit.sources.history import formats, mini_swe_agent, swe_agent


def chat(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, "agent": "main", **more}


TEXT_MODE = [
    chat("system", "You mend code."),
    chat("user", "an example", is_demo=True),
    chat("user", [{"type": "text", "text": "mend it"}]),
    chat("assistant", "I look.\n```\nopen a.py\n```", thought="I look.", action="open a.py\n"),
    chat("user", "(a.py)\n1:x"),
    chat("assistant", "Done.\n```\nsubmit\n```", thought="Done.", action="submit"),
]
CALLED = {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": '{"command":"ls"}'}}
CALL_MODE = [
    chat("system", "You mend code.", message_type="system_prompt"),
    chat("user", "mend it", message_type="observation"),
    chat("assistant", "I look.", message_type="action", action="ls", tool_calls=[CALLED]),
    chat("tool", "a.py", message_type="observation", tool_call_ids=["c1"]),
    {**chat("assistant", "As another."), "agent": "reviewer"},
]


def write(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value, indent=2))
    return path


def read(reader: ModuleType, path: Path) -> list[Event]:
    assert formats.reader_of(formats.head_of(str(path))).ID == reader.ID
    return list(reader.read(str(path), "", lambda skipped: pytest.fail(str(skipped))))


def shape(events: list[Event]) -> list[str]:
    return [f"{e.kind.value}:{e.text}" if isinstance(e, Block) else type(e).__name__ for e in events]


def blocks(events: list[Event], kind: Kind) -> list[Block]:
    return [e for e in events if isinstance(e, Block) and e.kind is kind]


def test_commands_as_text(tmp_path: Path) -> None:
    config = json.dumps({"agent": {"model": {"name": "m-1"}}})
    document = {"environment": "e", "trajectory": [], "history": TEXT_MODE, "replay_config": config, "info": {}}
    path = write(tmp_path / "barn-1.traj", document)
    events = read(swe_agent, path)
    assert shape(events) == [
        "Start", "system:You mend code.", "reminder:an example", "prompt:mend it", "Request",
        "text:I look.\n```\nopen a.py\n```", "call:", "result:(a.py)\n1:x", "Request", "text:Done.\n```\nsubmit\n```",
        "call:",
    ]  # fmt: skip
    assert [(c.name, c.arguments) for c in blocks(events, Kind.CALL)] == [
        ("open", {"command": "open a.py"}), ("submit", {"command": "submit"}),
    ]  # fmt: skip
    assert blocks(events, Kind.RESULT)[0].call == blocks(events, Kind.CALL)[0].call
    (peek,) = swe_agent.peek(formats.head_of(str(path)))
    assert (peek.id, peek.title, peek.model) == ("barn-1", "mend it", "m-1")


def test_commands_as_calls(tmp_path: Path) -> None:
    events = read(swe_agent, write(tmp_path / "x.traj", {"history": CALL_MODE}))
    assert shape(events) == [
        "Start", "system:You mend code.", "prompt:mend it", "Request", "text:I look.", 'call:{"command":"ls"}',
        "result:a.py", "Request", "text:As another.",
    ]  # fmt: skip
    assert blocks(events, Kind.RESULT)[0].call == "c1"
    assert [e.thread for e in events if isinstance(e, Request)] == ["", "reviewer"]


def test_steps_alone(tmp_path: Path) -> None:
    steps = [{"action": "ls", "observation": "a.py", "response": "I look.\nls", "thought": "I look."}]
    events = read(swe_agent, write(tmp_path / "x.traj", {"trajectory": steps, "info": {}}))
    assert shape(events) == ["Start", "Request", "text:I look.\nls", "call:", "result:a.py"]


def of_mini(messages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    config = {"model": {"model_name": "m-1"}, "environment": {"cwd": "/w"}}
    info = {"mini_version": "2.4.6", "config": config, "model_stats": {"instance_cost": 0.1, "api_calls": 1}}
    return {"info": info, "messages": messages, "trajectory_format": "mini-swe-agent-1.1", **more}


RESPONSE = {"id": "r1", "model": "m-1", "usage": {"prompt_tokens": 700, "completion_tokens": 20}}
MINI = [
    {"role": "system", "content": "You mend code."},
    {"role": "user", "content": "mend it"},
    {"role": "assistant", "content": "I look.", "tool_calls": [CALLED],
     "extra": {"response": RESPONSE, "cost": 0.1, "timestamp": 1790000000.5, "actions": [{"command": "ls"}]}},
    {"role": "tool", "content": "<returncode>0</returncode>", "tool_call_id": "c1", "extra": {"returncode": 0}},
    {"role": "user", "content": "No tool call found.",
     "extra": {"interrupt_type": "FormatError", "response": {**RESPONSE, "id": "r2"}}},
    {"role": "exit", "content": "done"},
]  # fmt: skip


def test_mini(tmp_path: Path) -> None:
    path = write(tmp_path / "run.traj.json", of_mini(MINI))
    events = read(mini_swe_agent, path)
    assert shape(events) == [
        "Start", "system:You mend code.", "prompt:mend it", "Request", "text:I look.", 'call:{"command":"ls"}',
        "result:<returncode>0</returncode>", "Request", "reminder:No tool call found.",
    ]  # fmt: skip
    start = events[0]
    assert start == Start(
        "run", "mini-swe-agent", "mini-swe-agent", version="2.4.6", cwd="/w", model="m-1", at=1790000000.5
    )
    assert [(e.id, e.usage) for e in events if isinstance(e, Request)] == [
        ("r1", Usage(700, output=20, cost=0.1)), ("r2", Usage(700, output=20)),
    ]  # fmt: skip
    (peek,) = mini_swe_agent.peek(formats.head_of(str(path)))
    assert (peek.title, peek.version, peek.began) == ("mend it", "2.4.6", 1790000000.5)


def test_mini_with_commands_as_text(tmp_path: Path) -> None:
    messages = [
        {"role": "system", "content": "You mend code."},
        {"role": "user", "content": "mend it"},
        {"role": "assistant", "content": "I look.\n\n```mswea_bash_command\nls\n```"},
        {"role": "user", "content": "<output>a.py</output>"},
        {"role": "assistant", "content": "No command."},
        {"role": "user", "content": "go on"},
    ]
    events = read(mini_swe_agent, write(tmp_path / "old.traj.json", messages))
    assert [s.partition(":")[0] for s in shape(events)] == [
        "Start", "system", "prompt", "Request", "text", "call", "result", "Request", "text", "prompt",
    ]  # fmt: skip
    (call,) = blocks(events, Kind.CALL)
    assert (call.text, call.arguments) == ("", {"command": "ls"})
    assert blocks(events, Kind.RESULT)[0].call == call.call


def test_mini_with_responses(tmp_path: Path) -> None:
    output = [{"type": "function_call", "call_id": "c1", "name": "bash", "arguments": '{"command":"ls"}'}]
    usage = {"input_tokens": 50, "output_tokens": 3, "total_tokens": 53}
    messages = [
        {"role": "user", "content": "mend it"},
        {"object": "response", "id": "resp_1", "model": "m-1", "output": output, "usage": usage},
        {"type": "function_call_output", "call_id": "c1", "output": "a.py"},
    ]
    events = read(mini_swe_agent, write(tmp_path / "x.traj.json", of_mini(messages)))
    assert shape(events) == ["Start", "prompt:mend it", "Request", 'call:{"command":"ls"}', "result:a.py"]
    request = next(e for e in events if isinstance(e, Request))
    assert request.usage is not None
    assert (request.id, request.usage.input, request.usage.output) == ("resp_1", 50, 3)


@pytest.mark.parametrize("value", [{"messages": MINI}, MINI, {"history": []}, {"history": [{"role": "user"}]}, [], 3])
def test_what_is_no_trajectory(tmp_path: Path, value: Any) -> None:
    head = formats.head_of(str(write(tmp_path / "x.json", value)))
    assert not mini_swe_agent.recognise(head)
    assert not swe_agent.recognise(head)


JUNK = st.sampled_from([None, 0, 1e300, True, "", "text", [], {}, [[]], {"a": None}, "\ud800", [None], [{"type": 1}]])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.sampled_from([TEXT_MODE, CALL_MODE, MINI]), data=st.data())
def test_wrong_types_anywhere_are_survived(tmp_path: Path, which: list[dict[str, Any]], data: st.DataObject) -> None:
    messages = json.loads(json.dumps(which))
    for _ in range(data.draw(st.integers(1, 4))):
        inner = data.draw(st.sampled_from(messages))
        inner[data.draw(st.sampled_from(sorted(inner)))] = data.draw(JUNK)
    reader, value = (mini_swe_agent, of_mini(messages)) if which is MINI else (swe_agent, {"history": messages})
    path = write(tmp_path / "x.traj", value)
    skipped: list[Skipped] = []
    for event in reader.read(str(path), "", skipped.append):
        assert not isinstance(event, Block) or isinstance(event.text, str)
    text = path.read_text()
    path.write_text(text[: data.draw(st.integers(0, len(text) - 1))])
    with pytest.raises(CtxkitError):
        list(reader.read(str(path), "", skipped.append))
