"""Recorded requests: the four wire formats, the records around them, sessions and threads of a log."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ctxkit.model import CtxkitError
from ctxkit.model.session import Block, Event, Kind, Request, Start
from ctxkit.sources.history import requests
from ctxkit.sources.history.formats import head_of

ReadCase = Callable[..., list[Event]]
WriteDown = Callable[[list[Event]], list[str]]
CASES = Path(__file__).parents[2] / "cases" / "history" / "requests"
FILES = {
    "messages.json": [
        "start s-1",
        "system «You are Claude Code, a helper.»",
        'tools Read «{"name":"Read","description":"…»',
        "tools Late 76 opaque",
        "reminder system-reminder «<system-reminder>⏎Rules follow…»",
        "rules /home/kim/shop/CLAUDE.md «Use tabs.»",
        "reminder system-reminder «⏎⏎Contents of /home/kim/.claud…»",
        "rules /home/kim/.claude/CLAUDE.md «Be kind.»",
        "reminder system-reminder «⏎</system-reminder>»",
        "prompt «Read it.» image/png (3, 2)",
        "thinking 4 opaque",
        "text «I read.»",
        'call Read «{"file_path":"/home/kim/shop/a.py"}» (toolu_1)',
        "result «1	x = 1⏎⏎» (toolu_1) failed image/png (3, 2)",
        "reminder system-reminder «<system-reminder>⏎Contents of …»",
        "rules /home/kim/shop/sub/CLAUDE.md «No tabs here.»",
        "reminder system-reminder «⏎⏎</system-reminder>»",
        "result (toolu_2)",
        'tools Late «{"name":"Late","description":"…»',
        "prompt hologram 29 opaque",
        "request - without usage",
    ],
    "chat.json": [
        "start chat",
        "system «You are Cline, a helper.»",
        'tools read_file «{"type":"function","function":…»',
        "prompt «Hello»",
        "thinking «Hm.»",
        'call read_file «{"path": "a.py"}» (c1)',
        "result «x = 1» (c1)",
        "reminder «Stay calm.»",
        "prompt «And this?» image/png (3, 2)",
        "request - without usage",
    ],
    "responses.json": [
        "start pc-1",
        "system «Help well.»",
        'tools exec_command «{"type":"function","name":"exe…»',
        'tools mcp__post «{"type":"namespace","name":"mc…»',
        'tools mcp__post__send «{"type":"function","name":"sen…»',
        'tools exec «{"type":"custom","name":"exec"}»',
        "reminder instructions «# AGENTS.md instructions for /…»",
        "rules «Answer in short lines.»",
        "reminder instructions «⏎⏎--- project-doc ---⏎⏎»",
        "rules /home/kim/shop «Run make test.»",
        "reminder instructions «⏎</INSTRUCTIONS>»",
        "reminder environment_context «<environment_context>⏎  <cwd>/…»",
        "prompt «Go.»",
        "thinking 8 opaque",
        'call exec_command «{"cmd":"ls"}» (r1)',
        "result «a.py» (r1)",
        "summary 6 opaque",
        "request - without usage",
    ],
    "gemini.json": [
        "start gemini",
        "system «Help.⏎--- Context from: /home/…»",
        "rules /home/kim/.gemini/GEMINI.md «Be kind.»",
        "system «⏎--- End of Context from: /hom…»",
        'tools read_file «{"name":"read_file","parameter…»',
        'tools googleSearch «{"googleSearch":{}}»',
        "reminder session_context «<session_context>⏎Today.⏎</ses…»",
        "prompt «Hello»",
        "thinking «Hm.»",
        'call read_file «{"path":"a.py"}» 3 opaque',
        "result read_file «x = 1»",
        "result read_file «gone» failed",
        "prompt image/png (3, 2)",
        "request - without usage",
    ],
    "session.jsonl": [
        "start s-9",
        "aside-1: system «You help.»",
        "aside-1: prompt «Title for: Fix it»",
        "aside-1: request msg_1 in 17 cached 5 out 1",
        "system «You help.»",
        'tools Read «{"name":"Read","description":"…»',
        "prompt «Fix it»",
        "request msg_2 in 27 cached 5 out 2",
        "text «I look.»",
        'call Read «{"file_path":"a"}» (x1)',
        "result «long text» (x1)",
        "request msg_3 in 37 cached 5 out 3",
        "text «Done.»",
        "sub-1: system «You help.»",
        'sub-1: tools Read «{"name":"Read","description":"…»',
        "sub-1: prompt «Search it»",
        "sub-1: request msg_4 in 47 cached 5 out 4",
        "sub-1: text «Found.»",
        "leaves by cleared #6",
        "result «[cleared]» (x1)",
        "prompt «More»",
        "request msg_5 in 57 cached 5 out 5",
        "leaves by rewind #7 #9",
        "request msg_6 in 67 cached 5 out 6",
        "leaves by compaction #3 #4 #5 #8",
        "summary «This session is being continue…»",
        "prompt «Next»",
        "request msg_7 in 77 cached 5 out 7",
        "start s-10",
        "system «You help.»",
        'tools Read «{"name":"Read","description":"…»',
        "prompt «Other»",
        "request msg_8 in 87 cached 5 out 8",
    ],
}


@pytest.mark.parametrize("name", FILES)
def test_file(name: str, read_case: ReadCase, written_down: WriteDown) -> None:
    assert requests.recognise(head_of(str(CASES / name)))
    assert written_down(read_case("requests", name)) == FILES[name]


def test_peek_tells_each_session_and_read_gives_one(read_case: ReadCase) -> None:
    peeks = list(requests.peek(head_of(str(CASES / "session.jsonl"))))
    assert [(peek.key, peek.id, peek.title) for peek in peeks] == [
        ("id:s-9", "s-9", "Fix it"),
        ("id:s-10", "s-10", "Other"),
    ]
    assert (peeks[0].began, peeks[0].ended) == (1780000001.0, 1780000007.0)
    for peek in peeks:
        events = read_case("requests", "session.jsonl", peek.key)
        assert [event.id for event in events if isinstance(event, Start)] == [peek.id]


def test_who_sent_it(read_case: ReadCase) -> None:
    starts = [read_case("requests", f"{name}.json")[0] for name in ("messages", "chat", "responses")]
    assert [(start.agent, start.version, start.cwd) for start in starts] == [
        ("claude-code", "2.1.0", ""),
        ("cline", "", ""),
        ("", "", "/home/kim/shop"),
    ]


BODY = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
ANSWER = {
    "id": "c-1",
    "choices": [{"message": {"content": "Hi"}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
}
STREAM = (
    'data: {"id":"c-1","choices":[{"delta":{"content":"Hi"}}]}\n\n'
    'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}\n'
)
RECORDS = {
    "body and answer": {"request": BODY, "response": ANSWER},
    "http of both": {
        "request": {"method": "POST", "headers": [["A", "b"]], "body": BODY},
        "response": {"status": 200, "body": ANSWER},
    },
    "texts": {"request_body": json.dumps(BODY), "response_body": json.dumps(ANSWER)},
    "a stream": {"body": BODY, "headers": {}, "response": {"status": 200, "body": STREAM}},
    "bodies as strings of vcr": {
        "request": {"body": {"string": json.dumps(BODY)}},
        "response": {"body": {"string": STREAM}, "headers": {}},
    },
}


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("form", ["document", "list", "lines"])
def test_records(name: str, form: str, tmp_path: Path) -> None:
    record = RECORDS[name]
    path = tmp_path / "log.json"
    text = {
        "document": json.dumps(record, indent=1),
        "list": json.dumps([record] * 2),
        "lines": (json.dumps(record) + "\n") * 2,
    }
    path.write_text(text[form], encoding="utf-8")
    assert requests.recognise(head_of(str(path)))
    events = list(requests.read(str(path), "", lambda _: None))
    blocks = [(event.kind, event.text) for event in events if isinstance(event, Block)]
    assert blocks[:2] == [(Kind.PROMPT, "Hello"), (Kind.TEXT, "Hi")]
    request = next(event for event in events if isinstance(event, Request))
    assert (request.id, request.model, request.usage and request.usage.input) == ("c-1", "m", 3)


@pytest.mark.parametrize(
    "record",
    [
        {"model": "text-embedding-3", "input": "Hello"},
        {"model": "m", "messages": "Hello"},
        {"messages": [{"role": "user", "content": "Hello"}], "title": "what a client keeps for itself"},
        {"messages": [{"role": "user", "content": "Hello"}], "response": {}, "model": "m"},
        {"name": "package", "version": "1.0.0"},
        [],
        [1, 2],
    ],
)
def test_what_is_no_request(record: object, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    assert not requests.recognise(head_of(str(path)))


def test_a_file_without_requests_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text('{"a": 1}\n{"b": 2}\n', encoding="utf-8")
    with pytest.raises(CtxkitError, match="no request"):
        list(requests.read(str(path), "", lambda _: None))


def test_responses_sent_to_the_address_of_chat(tmp_path: Path) -> None:
    body = {"model": "m", "input": [{"role": "user", "content": "Hello"}], "stream": True}
    path = tmp_path / "file.json"
    path.write_text(json.dumps({"path": "/v1/chat/completions", "body": body}), encoding="utf-8")
    events = list(requests.read(str(path), "", lambda _: None))
    assert [event.text for event in events if isinstance(event, Block)] == ["Hello"]


def test_the_model_in_an_address(tmp_path: Path) -> None:
    record = {
        "path": "/v1beta/models/gemini-x:generateContent",
        "body": {"contents": [{"role": "user", "parts": [{"text": "a"}]}]},
    }
    path = tmp_path / "file.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    assert next(requests.peek(head_of(str(path)))).model == "gemini-x"


def test_a_session_tells_whose_subagent_it_is(tmp_path: Path) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Count."}], "tools": [{"name": "t"}]}
    asked = [("main", ""), ("sub", "main"), ("odd", "odd")]
    records = [{"headers": {"x-session-id": own, "x-parent-session-id": parent}, "body": body} for own, parent in asked]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    told = [("main", ""), ("sub", "main"), ("odd", "")]
    assert [(peek.id, peek.parent) for peek in requests.peek(head_of(str(path)))] == told
    starts = [event for event in requests.read(str(path), "", lambda _: None) if isinstance(event, Start)]
    assert [(start.id, start.parent) for start in starts] == told
