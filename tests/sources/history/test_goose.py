"""goose: its database and its older files."""

import contextlib
import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctxkit.model import CtxkitError, Skipped
from ctxkit.model.session import Block, Departure, Event, Kind, Request, Start, Usage, Why
from ctxkit.sources.history import formats, goose

SCHEMA = """
CREATE TABLE sessions (id TEXT PRIMARY KEY, name TEXT, description TEXT, working_dir TEXT NOT NULL,
  created_at TIMESTAMP, updated_at TIMESTAMP, input_tokens INTEGER, output_tokens INTEGER, model_config_json TEXT,
  parent_session_id TEXT);
CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, role TEXT NOT NULL,
  content_json TEXT NOT NULL, created_timestamp INTEGER NOT NULL, metadata_json TEXT);
CREATE TABLE usage_ledger (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT, model TEXT, input_tokens INTEGER,
  output_tokens INTEGER, cache_read_tokens INTEGER, cache_write_tokens INTEGER, cost REAL, is_compaction INTEGER);
"""
GONE = {"userVisible": True, "agentVisible": False}
ALONE = {"userVisible": False, "agentVisible": True}
Row = tuple[str, list[dict[str, Any]], int, dict[str, bool] | None]


def says(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def asks(call: str, command: str = "ls") -> dict[str, Any]:
    value = {"name": "developer__shell", "arguments": {"command": command}}
    return {"type": "toolRequest", "id": call, "toolCall": {"status": "success", "value": value}}


def answers(call: str, text: str, **more: Any) -> dict[str, Any]:
    value = {"content": [{"type": "text", "text": text}], **more}
    return {"type": "toolResponse", "id": call, "toolResult": {"status": "success", "value": value}}


def write(path: Path, rows: list[Row], ledger: list[tuple[Any, ...]] = []) -> Path:  # noqa: B006
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    model = json.dumps({"model_name": "m-1", "context_limit": 128_000})
    connection.execute(
        "INSERT INTO sessions VALUES ('20260901_1', 'Tidy up', '', '/w/yard', '2026-09-01 10:00:00', "
        "'2026-09-01 11:00:00', 900, 30, ?, NULL)",
        (model,),
    )
    for role, parts, at, metadata in rows:
        values = (role, json.dumps(parts), at, None if metadata is None else json.dumps(metadata))
        connection.execute(
            "INSERT INTO messages (session_id, role, content_json, created_timestamp, metadata_json) "
            "VALUES ('20260901_1', ?, ?, ?, ?)",
            values,
        )
    connection.executemany(
        "INSERT INTO usage_ledger (session_id, model, input_tokens, output_tokens, cache_read_tokens, "
        "cache_write_tokens, cost, is_compaction) VALUES ('20260901_1', ?, ?, ?, ?, ?, ?, ?)",
        ledger,
    )
    connection.commit()
    connection.close()
    return path


def read(path: Path, key: str = "") -> list[Event]:
    head = formats.head_of(str(path))
    assert formats.reader_of(head).ID == "goose"
    skipped: list[Skipped] = []
    events = list(goose.read(str(path), key, skipped.append))
    assert not skipped
    return events


def shape(events: list[Event]) -> list[str]:
    return [f"{e.kind.value}:{e.text}" if isinstance(e, Block) else type(e).__name__ for e in events]


PLAIN: list[Row] = [
    ("user", [says("tidy the yard")], 100, None),
    ("assistant", [{"type": "thinking", "thinking": "hm", "signature": "abc"}, says("I look."), asks("c1")], 101, None),
    ("user", [answers("c1", "shed\nfence")], 102, None),
    ("assistant", [asks("c2", "rm -r shed")], 103, None),
    ("user", [answers("c2", "denied", isError=True)], 104, None),
    ("assistant", [says("No.")], 105, None),
]
PLAIN_SHAPE = [
    "Start", "prompt:tidy the yard", "Request", "thinking:hm", "text:I look.", 'call:{"command":"ls"}',
    "result:shed\nfence", "Request", 'call:{"command":"rm -r shed"}', "result:denied", "Request", "text:No.",
]  # fmt: skip


def test_database(tmp_path: Path) -> None:
    events = read(write(tmp_path / "sessions.db", PLAIN))
    assert shape(events[:-1]) == PLAIN_SHAPE
    start, *_, last = events
    assert start == Start(
        "20260901_1", "goose", "goose", cwd="/w/yard", model="m-1", window=128_000, title="Tidy up", at=1788256800.0
    )
    assert [e.error for e in events if isinstance(e, Block) and e.kind is Kind.RESULT] == [False, True]
    assert isinstance(last, Request)
    assert last.usage == Usage(900, output=30)
    assert last.id == next(e.id for e in reversed(events[:-1]) if isinstance(e, Request))


def test_ledger_gives_each_request_its_usage(tmp_path: Path) -> None:
    ledger = [("m-1", 500, 20, 0, 400, 0.01, 0), ("m-1", 600, 9, 500, 60, 0.02, 0), ("m-2", 900, 30, 0, 0, None, 0)]
    requests = [e for e in read(write(tmp_path / "sessions.db", PLAIN, ledger)) if isinstance(e, Request)]
    assert [(r.model, r.usage) for r in requests] == [
        ("m-1", Usage(500, 0, 400, output=20, cost=0.01)),
        ("m-1", Usage(600, 500, 60, output=9, cost=0.02)),
        ("m-2", Usage(900, 0, 0, output=30)),
    ]


def test_calls_of_one_second_are_one_answer(tmp_path: Path) -> None:
    rows: list[Row] = [
        ("user", [says("a")], 1, None),
        ("assistant", [asks("c1")], 2, None),
        ("user", [answers("c1", "x")], 2, None),
        ("assistant", [asks("c2")], 2, None),
        ("user", [answers("c2", "y")], 4, None),
        ("assistant", [asks("c3")], 5, None),
    ]
    events = read(write(tmp_path / "sessions.db", rows))[:-1]
    assert len([e for e in events if isinstance(e, Request)]) == 2


def test_compaction(tmp_path: Path) -> None:
    rows: list[Row] = [
        *((role, parts, at, GONE) for role, parts, at, _ in PLAIN),
        ("user", [says("what was done")], 106, ALONE),
        ("assistant", [says("go on from there")], 106, ALONE),
        ("user", [says("and the fence?")], 107, None),
        ("assistant", [says("Later.")], 108, None),
        ("assistant", [says("only shown")], 109, GONE),
    ]
    ledger = [("m-1", n, 1, 0, 0, None, 0) for n in (10, 20, 30)] + [("m-0", 77, 5, 0, 0, None, 1)]
    events = read(write(tmp_path / "sessions.db", rows, ledger))
    assert shape(events)[len(PLAIN_SHAPE) :] == [
        "Request", "Departure", "summary:what was done", "reminder:go on from there", "prompt:and the fence?",
        "Request", "text:Later.",
    ]  # fmt: skip
    departure = next(e for e in events if isinstance(e, Departure))
    assert departure.why is Why.COMPACTION
    assert departure.marks == ("1", "2", "3", "4", "5", "6")
    of_compaction = next(e for e in events if isinstance(e, Request) and e.id.endswith(":compaction"))
    assert of_compaction.usage == Usage(77, 0, 0, output=5)


def test_summary_of_one_call(tmp_path: Path) -> None:
    rows = list(PLAIN)
    rows[3] = ("assistant", rows[3][1], 103, GONE)
    rows[4] = ("user", rows[4][1], 104, GONE)
    rows += [("user", [says("it tried to remove the shed")], 104, ALONE), ("assistant", [says("So.")], 110, None)]
    events = read(write(tmp_path / "sessions.db", rows))
    departure = next(e for e in events if isinstance(e, Departure))
    assert departure.why is Why.CLEARED
    assert departure.marks == ("4", "5")
    at = events.index(departure)
    assert shape(events)[at + 1] == "summary:it tried to remove the shed"


def test_older_file(tmp_path: Path) -> None:
    path = tmp_path / "20250501_1.jsonl"
    first = {"description": "Tidy", "working_dir": "/w/yard", "message_count": 6, "input_tokens": 9, "output_tokens": 1}
    lines = [first, *({"role": role, "created": at, "content": parts} for role, parts, at, _ in PLAIN)]
    lines[3]["content"][0]["toolResult"]["value"] = [{"type": "text", "text": "shed\nfence"}]
    path.write_text("\n".join(map(json.dumps, lines)) + '\n{"role": "user", "cont')
    events = read(path)
    assert shape(events[:-1]) == PLAIN_SHAPE
    (peek,) = goose.peek(formats.head_of(str(path)))
    assert (peek.id, peek.title, peek.cwd) == ("20250501_1", "Tidy", "/w/yard")


def test_what_is_for_people_is_not_sent(tmp_path: Path) -> None:
    value = [
        {"type": "text", "text": "for you", "annotations": {"audience": ["user"]}},
        {"type": "text", "text": "for it", "annotations": {"audience": ["assistant"]}},
        {"type": "image", "mimeType": "image/png", "data": "aGVsbG8="},
    ]
    response = {"type": "toolResponse", "id": "c", "toolResult": {"status": "success", "value": {"content": value}}}
    failed = {"type": "toolResponse", "id": "d", "toolResult": {"status": "error", "error": "no such tool"}}
    note = {"type": "systemNotification", "notificationType": "inlineMessage", "msg": "compacting"}
    rows: list[Row] = [("assistant", [asks("c"), note], 1, None), ("user", [response, failed], 2, None)]
    first, second = (e for e in read(write(tmp_path / "s.db", rows)) if isinstance(e, Block) and e.kind is Kind.RESULT)
    assert (first.text, first.media[0].size) == ("for it", 5)
    assert (second.text, second.error) == ("no such tool", True)


def test_peek_and_keys(tmp_path: Path) -> None:
    path = write(tmp_path / "sessions.db", PLAIN)
    (peek,) = goose.peek(formats.head_of(str(path)))
    assert (peek.key, peek.title, peek.model, peek.began, peek.ended) == (
        "20260901_1", "Tidy up", "m-1", 1788256800.0, 1788260400.0,
    )  # fmt: skip
    assert read(path, "20260901_1") == read(path)
    with pytest.raises(CtxkitError, match="no session"):
        read(path, "x")


JUNK = st.one_of(st.none(), st.integers(), st.text(max_size=5), st.just([[]]), st.just({"a": {}}), st.just(b"\xff{"))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(JUNK, JUNK, JUNK), max_size=4),
    column=st.sampled_from(["content_json", "metadata_json", "created_timestamp", "role"]),
    junk=JUNK,
)
def test_junk_is_survived(tmp_path: Path, rows: list[tuple[Any, ...]], column: str, junk: Any) -> None:
    def stored(value: Any) -> Any:
        return json.dumps(value) if isinstance(value, list | dict) else value

    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        path = write(Path(folder) / "sessions.db", [*PLAIN, ("user", [says("s")], 200, ALONE)])
        with contextlib.closing(sqlite3.connect(path)) as connection:
            with contextlib.suppress(sqlite3.IntegrityError, OverflowError):
                connection.execute(f"UPDATE messages SET {column} = ? WHERE id % 2 = 1", (stored(junk),))
            for row in rows:
                with contextlib.suppress(sqlite3.IntegrityError, OverflowError):
                    connection.execute(
                        "INSERT INTO messages (session_id, role, content_json, created_timestamp) "
                        "VALUES ('20260901_1', ?, ?, ?)",
                        tuple(map(stored, row)),
                    )
            connection.commit()
        events = list(goose.read(str(path), "", lambda _: None))
        assert isinstance(events[0], Start)
        assert all(isinstance(e.text, str) for e in events if isinstance(e, Block))
