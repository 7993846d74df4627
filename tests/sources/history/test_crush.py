"""Crush: its database."""

import base64
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ctxkit.model import CtxkitError, Skipped
from ctxkit.model.session import Block, Departure, Event, Kind, Request, Start, Usage, Why
from ctxkit.sources.history import crush, formats

SCHEMA = """
CREATE TABLE sessions (id TEXT PRIMARY KEY, parent_session_id TEXT, title TEXT NOT NULL, message_count INTEGER,
  prompt_tokens INTEGER, completion_tokens INTEGER, cost REAL, updated_at INTEGER, created_at INTEGER,
  summary_message_id TEXT);
CREATE TABLE messages (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, role TEXT NOT NULL, parts BLOB NOT NULL,
  model TEXT, provider TEXT, is_summary_message INTEGER DEFAULT 0, created_at INTEGER, updated_at INTEGER);
"""
Part = tuple[str, dict[str, Any]]


def text(words: str, **more: Any) -> Part:
    return "text", {"text": words, **more}


def call(identity: str, name: str = "view", given: str = '{"file_path": "a.go"}') -> Part:
    return "tool_call", {"id": identity, "name": name, "input": given, "finished": True}


def result(identity: str, words: str, **more: Any) -> Part:
    return "tool_result", {"tool_call_id": identity, "name": "view", "content": words, **more}


PLAIN: list[tuple[str, list[Part], int]] = [
    ("user", [text("  mend it\n")], 0),
    (
        "assistant",
        [("reasoning", {"thinking": "hm", "signature": "abcd"}), text("I look."), call("c1"), ("finish", {})],
        0,
    ),
    ("tool", [result("c1", "package main"), result("c2", "nope", is_error=True)], 0),
    ("assistant", [text("Done."), ("finish", {"reason": "end_turn"})], 0),
]


def write(path: Path, rows: list[tuple[str, list[Part], int]], prompt_tokens: int = 500) -> Path:
    path.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    connection.execute(
        "INSERT INTO sessions VALUES ('s1', NULL, 'Mend it', 4, ?, 20, 0.5, 1790000900, 1790000000, NULL)",
        (prompt_tokens,),
    )
    connection.execute("INSERT INTO sessions VALUES ('s1$$c1', 's1', 'Task', 0, 0, 0, 0, 1790000002, 1790000001, NULL)")
    for number, (role, parts, summary) in enumerate(rows):
        stored = json.dumps([{"type": kind, "data": data} for kind, data in parts])
        values = (f"m{9 - number}", role, stored, "m-1" if role == "assistant" else None, summary, 1790000000)
        connection.execute("INSERT INTO messages VALUES (?, 's1', ?, ?, ?, 'p', ?, ?, 0)", values)
    connection.commit()
    connection.close()
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / ".crush" / "crush.db"


def read(path: Path, key: str = "s1") -> list[Event]:
    assert formats.reader_of(formats.head_of(str(path))).ID == "crush"
    skipped: list[Skipped] = []
    events = list(crush.read(str(path), key, skipped.append))
    assert not skipped
    return events


def shape(events: list[Event]) -> list[str]:
    return [f"{e.kind.value}:{e.text}" if isinstance(e, Block) else type(e).__name__ for e in events]


def test_session(place: Path) -> None:
    events = read(write(place, PLAIN))
    assert shape(events) == [
        "Start", "prompt:mend it", "Request", "thinking:hm", "text:I look.", 'call:{"file_path": "a.go"}',
        "result:package main", "result:nope", "Request", "text:Done.", "Request",
    ]  # fmt: skip
    start, last = events[0], events[-1]
    assert isinstance(start, Start)
    assert (start.cwd, start.title, start.at) == (str(place.parent.parent), "Mend it", 1790000000.0)
    assert isinstance(last, Request)
    assert (last.id, last.model, last.usage) == ("m6", "m-1", Usage(500, output=20))
    blocks = [e for e in events if isinstance(e, Block)]
    assert [b.error for b in blocks if b.kind is Kind.RESULT] == [False, True]
    assert next(b.arguments for b in blocks if b.kind is Kind.CALL) == {"file_path": "a.go"}
    assert next(b.opaque for b in blocks if b.kind is Kind.THINKING) == 4


def test_summary_takes_the_place_of_all_before(place: Path) -> None:
    rows = [*PLAIN, ("assistant", [text("what was done")], 1), ("user", [text("more")], 0)]
    events = read(write(place, rows, prompt_tokens=0))
    assert shape(events)[-4:] == ["Request", "Departure", "summary:what was done", "prompt:more"]
    departure = events[-3]
    assert isinstance(departure, Departure)
    assert (departure.why, departure.marks, departure.after) == (Why.COMPACTION, (), "")


def test_failed_summary_is_an_answer(place: Path) -> None:
    rows = [*PLAIN, ("assistant", [text("half"), ("finish", {"reason": "error"})], 1)]
    assert not [e for e in read(write(place, rows)) if isinstance(e, Departure)]


def test_attachments_and_commands_of_the_user(place: Path) -> None:
    def encoded(words: bytes) -> str:
        return base64.b64encode(words).decode()

    parts: list[Part] = [
        text("see"),
        ("binary", {"Path": "n.txt", "MIMEType": "text/plain", "Data": encoded(b"note")}),
        ("binary", {"Path": "i.png", "MIMEType": "image/png", "Data": encoded(b"12345")}),
        ("shell_command", {"command": "ls", "output": "\x1b[31ma\x1b[0m", "exit_code": 2}),
        ("image_url", {"url": "https://example.org/x.png"}),
        ("of tomorrow", {"text": "?"}),
    ]
    events = read(write(place, [("user", parts, 0)]))
    blocks = [e for e in events if isinstance(e, Block)]
    assert [b.kind.value for b in blocks] == ["prompt", "reminder", "reminder", "reminder", "prompt"]
    assert blocks[2].text == "<file path='n.txt'>\n\nnote\n</file>\n"
    assert blocks[3].text == "$ ls\na\n(exit code 2)"
    assert [m.size for m in blocks[4].media] == [5, 0]


def test_images_in_results(place: Path) -> None:
    image = result("c", "ignored", data=base64.b64encode(b"123").decode(), mime_type="image/png")
    broken = result("d", "ignored", data="not base64!", mime_type="image/png")
    events = read(write(place, [("tool", [image, broken], 0)]))
    first, second = (e for e in events if isinstance(e, Block))
    assert (first.text, [m.size for m in first.media]) == ("", [3])
    assert (bool(second.text), second.media) == (True, ())


def test_peek_and_keys(place: Path) -> None:
    path = write(place, PLAIN)
    peeks = list(crush.peek(formats.head_of(str(path))))
    assert [(p.key, p.title, p.parent, p.ended) for p in peeks] == [
        ("s1", "Mend it", "", 1790000900.0), ("s1$$c1", "Task", "s1", 1790000002.0),
    ]  # fmt: skip
    assert [e.id for e in read(path, "") if isinstance(e, Start)] == ["s1", "s1$$c1"]
    with pytest.raises(CtxkitError, match="no session"):
        read(path, "s9")


@pytest.mark.parametrize(
    "parts",
    [
        "{",
        "3",
        "[3, null]",
        '[{"type": 3, "data": 4}]',
        '[{"type": "tool_call", "data": {"input": [], "id": 5}}]',
        b"\xff",
    ],
)
def test_junk_is_survived(place: Path, parts: str | bytes) -> None:
    write(place, PLAIN)
    connection = sqlite3.connect(place)
    connection.execute("UPDATE messages SET parts = ?, model = 7 WHERE role = 'assistant'", (parts,))
    connection.commit()
    connection.close()
    events = list(crush.read(str(place), "s1", lambda _: None))
    assert "prompt:mend it" in shape(events)
