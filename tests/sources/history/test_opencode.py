"""opencode: its database, its export and its old folder give the same session."""

import contextlib
import copy
import json
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctxkit.model import CtxkitError, Skipped
from ctxkit.model.session import MAIN, Block, Departure, Event, Kind, Recorded, Request, Start, Usage, Why
from ctxkit.sources.history import formats, opencode
from ctxkit.sources.history.opencode_parts import CLEARED

from .naive import windows

SCHEMA = """
CREATE TABLE session (id text PRIMARY KEY, parent_id text, directory text NOT NULL, title text NOT NULL, version text,
  revert text, model text, time_created integer NOT NULL, time_updated integer NOT NULL, cost);
CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL, data text NOT NULL);
CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL, data text NOT NULL);
CREATE TABLE session_message (id text PRIMARY KEY, session_id text, type text, seq integer, data text);
CREATE TABLE session_context_epoch (session_id text PRIMARY KEY, baseline text);
"""
T = 1_790_000_000_000
INFO = {
    "id": "ses_1", "directory": "/w/shop", "title": "Fix the till", "version": "1.18.0",
    "model": {"id": "m-1", "providerID": "p"}, "time": {"created": T, "updated": T + 9_000},
}  # fmt: skip


def user(number: int, *parts: dict[str, Any], **info: Any) -> dict[str, Any]:
    return {"info": {"role": "user", "id": f"msg_{number:03}", "time": {"created": T + number}, **info}, "parts": parts}


def model(number: int, *parts: dict[str, Any], **info: Any) -> dict[str, Any]:
    told = {"role": "assistant", "modelID": "m-1", "time": {"created": T + number, "completed": T + number}}
    return {"info": {**told, "id": f"msg_{number:03}", "finish": "stop", **info}, "parts": parts}


def words(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


def finish(fresh: int, read: int = 0, write: int = 0, output: int = 5, **more: Any) -> dict[str, Any]:
    tokens = {"input": fresh, "output": output, "reasoning": 0, "cache": {"read": read, "write": write}, **more}
    return {"type": "step-finish", "reason": "stop", "tokens": tokens, "cost": 0.25}


def tool(call: str, output: str, name: str = "read", status: str = "completed", **state: Any) -> dict[str, Any]:
    told = {"status": status, "input": {"filePath": "till.py"}, "output": output, "time": {"start": T, "end": T + 1}}
    return {"type": "tool", "tool": name, "callID": call, "state": {**told, **state}}


def identified(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for message in messages:
        message["parts"] = [
            {"id": f"prt_{message['info']['id']}_{at}", **part} for at, part in enumerate(message["parts"])
        ]
    return messages


SESSION = identified(
    [
        user(1, words("mend the till"), words("[reminder]", synthetic=True), words("hidden", ignored=True)),
        model(
            2,
            {"type": "step-start"},
            {"type": "reasoning", "text": "let me look", "metadata": {"p": {"signature": "s" * 12, "itemId": "i"}}},
            words("I look."),
            tool("c1", "1: x = 1"),
            tool("c2", "", status="error", error="no such file"),
            finish(100, read=40, write=10),
        ),
        model(3, {"type": "step-start"}, words("Done."), finish(60, read=150), {"type": "patch", "files": []}),
    ]
)  # fmt: skip


def write_database(path: Path, messages: list[dict[str, Any]], **session: Any) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    row = {
        "id": "ses_1", "parent_id": None, "directory": "/w/shop", "title": "Fix the till", "version": "1.18.0",
        "revert": None, "model": json.dumps(INFO["model"]), "time_created": T, "time_updated": T + 9_000, **session,
    }  # fmt: skip
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO session ({', '.join(row)}) VALUES ({marks})", list(row.values()))
    for message in messages:
        info = {key: value for key, value in message["info"].items() if key != "id"}
        identity = f"{message['info']['id']}"
        connection.execute(
            "INSERT INTO message VALUES (?, ?, ?, ?)",
            (identity, row["id"], message["info"]["time"]["created"], json.dumps(info)),
        )
        for part in message["parts"]:
            data = json.dumps({key: value for key, value in part.items() if key != "id"})
            connection.execute("INSERT INTO part VALUES (?, ?, ?, ?)", (part["id"], identity, row["id"], data))
    connection.commit()
    connection.close()
    return path


def read(path: Path, key: str = "") -> list[Event]:
    skipped: list[Skipped] = []
    head = formats.head_of(str(path))
    assert formats.reader_of(head).ID == "opencode"
    events = list(opencode.read(str(path), key, skipped.append))
    assert not skipped
    return events


def blocks(events: list[Event], *kinds: Kind) -> list[Block]:
    return [event for event in events if isinstance(event, Block) and (not kinds or event.kind in kinds)]


def window(events: list[Event]) -> list[str]:
    """The texts that are in the window after ``events``."""
    return [block.text for block in windows(events)[-1]]


def test_events_of_the_database(tmp_path: Path) -> None:
    events = read(write_database(tmp_path / "opencode.db", SESSION))
    start = events[0]
    assert isinstance(start, Start)
    assert (start.id, start.agent, start.cwd, start.model, start.version) == (
        "ses_1", "opencode", "/w/shop", "m-1", "1.18.0",
    )  # fmt: skip
    shape = [event.kind.value if isinstance(event, Block) else type(event).__name__ for event in events]
    assert shape == [
        "Start", "prompt", "reminder", "Request", "thinking", "text", "call", "call", "result", "result", "Request",
        "text",
    ]  # fmt: skip
    assert [b.text for b in blocks(events)] == [
        "mend the till", "[reminder]", "let me look", "I look.", '{"filePath":"till.py"}', '{"filePath":"till.py"}',
        "1: x = 1", "no such file", "Done.",
    ]  # fmt: skip
    assert blocks(events, Kind.THINKING)[0].opaque == 12
    assert [(b.call, b.error, b.name) for b in blocks(events, Kind.RESULT)] == [
        ("c1", False, "read"), ("c2", True, "read"),
    ]  # fmt: skip
    assert blocks(events, Kind.CALL)[0].arguments == {"filePath": "till.py"}


def test_a_command_that_failed_and_a_call_that_was_refused(tmp_path: Path) -> None:
    told = identified(
        [
            user(1, words("a")),
            model(
                2,
                tool("c1", "Traceback", "bash", metadata={"exit": 1}),
                tool("c2", "3 passed", "bash", metadata={"exit": 0}),
                tool("c3", "stopped", "bash", metadata={"exit": None}),
                tool("c4", "The arguments provided to the tool are invalid", "invalid", metadata={"truncated": False}),
                finish(10),
            ),
        ]
    )
    found = blocks(read(write_database(tmp_path / "opencode.db", told)), Kind.RESULT)
    assert [(block.call, block.error) for block in found] == [("c1", True), ("c2", False), ("c3", False), ("c4", True)]


def test_input_is_the_whole_input(tmp_path: Path) -> None:
    requests = [e for e in read(write_database(tmp_path / "opencode.db", SESSION)) if isinstance(e, Request)]
    assert requests[0].usage == Usage(150, 40, 10, output=5, reasoning=0, cost=0.25)
    assert requests[1].usage == Usage(210, 150, 0, output=5, reasoning=0, cost=0.25)
    assert requests[0].id != requests[1].id


def test_reasoning_that_is_counted_apart_belongs_to_the_output(tmp_path: Path) -> None:
    told = identified([user(1, words("a")), model(2, words("b"), finish(100, output=7, reasoning=30, total=137))])
    (request,) = (e for e in read(write_database(tmp_path / "opencode.db", told)) if isinstance(e, Request))
    assert request.usage == Usage(100, 0, 0, output=37, reasoning=30, cost=0.25)


def test_export_and_old_folder_are_the_same(tmp_path: Path) -> None:
    expected = read(write_database(tmp_path / "opencode.db", SESSION))
    export = tmp_path / "export.json"
    export.write_text(json.dumps({"info": INFO, "messages": SESSION}, indent=2))
    assert read(export) == expected
    storage = tmp_path / "storage"
    session = storage / "session" / "project" / "ses_1.json"
    for path, value in [
        (session, INFO),
        *((storage / "message" / "ses_1" / f"{m['info']['id']}.json", m["info"]) for m in SESSION),
        *((storage / "part" / m["info"]["id"] / f"{p['id']}.json", p) for m in SESSION for p in m["parts"]),
    ]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    assert read(session) == expected


@pytest.mark.parametrize(("name", "agent"), [("kilo.db", "kilo"), ("opencode.db", "opencode"), ("other.db", "")])
def test_the_agent_is_told_by_the_name(tmp_path: Path, name: str, agent: str) -> None:
    start = read(write_database(tmp_path / name, SESSION))[0]
    assert isinstance(start, Start)
    assert start.agent == agent


def test_cleared_results_leave_when_they_were_cleared(tmp_path: Path) -> None:
    told = identified(
        [
            user(1, words("one")),
            model(2, tool("c1", "a long listing", time={"start": T, "compacted": T + 4}), finish(10)),
            user(3, words("two")),
            model(4, words("still seen"), finish(20)),
            user(5, words("three")),
            model(6, words("not seen"), finish(30)),
        ]
    )  # fmt: skip
    events = read(write_database(tmp_path / "opencode.db", told))
    at = next(n for n, e in enumerate(events) if isinstance(e, Departure))
    departure = events[at]
    assert isinstance(departure, Departure)
    assert departure.why is Why.CLEARED
    assert [e.text for e in events[:at] if isinstance(e, Block)][-1] == "two"
    replacement = events[at + 1]
    assert isinstance(replacement, Block)
    assert (replacement.kind, replacement.text, replacement.call) == (Kind.RESULT, CLEARED, "c1")
    assert "a long listing" not in window(events)
    assert CLEARED in window(events)


@pytest.mark.parametrize(
    ("tail", "auto", "kept"),
    [(None, True, []), ("msg_003", False, ["late", '{"filePath":"till.py"}', "of late"]), ("msg_999", True, [])],
)
def test_compaction(tmp_path: Path, tail: str | None, auto: bool, kept: list[str]) -> None:
    part = {"type": "compaction", "auto": auto, **({"tail_start_id": tail} if tail else {})}
    told = identified(
        [
            user(1, words("early")),
            model(2, words("of early"), tool("c1", "gone", time={"compacted": T + 7}), finish(10)),
            user(3, words("late")),
            model(4, tool("c2", "of late"), finish(20)),
            user(5, part),
            model(6, words("## Summary"), finish(30), summary=True, parentID="msg_005"),
            user(8, words("go on", synthetic=True)),
            model(9, words("going on"), finish(5)),
        ]
    )  # fmt: skip
    events = read(write_database(tmp_path / "opencode.db", told))
    departures = [e for e in events if isinstance(e, Departure)]
    assert [(d.why, d.trigger) for d in departures] == [(Why.COMPACTION, "auto" if auto else "manual")]
    asked, summary = blocks(events)[-4:-2]
    assert (asked.kind, summary.kind, summary.text) == (Kind.REMINDER, Kind.SUMMARY, "## Summary")
    assert window(events) == [asked.text, "## Summary", *kept, "go on", "going on"]


def test_the_request_for_a_summary_is_none_of_the_conversation(tmp_path: Path) -> None:
    told = identified(
        [
            user(1, words("early")),
            model(2, words("of early"), finish(10)),
            user(3, {"type": "compaction", "auto": True}),
            model(4, {"type": "reasoning", "text": "hm"}, words("## Summary"), finish(30), summary=True),
            user(5, {"type": "compaction", "auto": True}),
            model(6, words("## Summary again"), finish(31), summary=True),
            user(7, words("go on")),
            model(8, words("going on"), finish(5)),
        ]
    )
    events = read(write_database(tmp_path / "opencode.db", told))
    requests = [event for event in events if isinstance(event, Request)]
    assert [(request.thread, request.usage and request.usage.input) for request in requests] == [
        (MAIN, 10),
        ("compaction", 30),
        ("compaction", 31),
        (MAIN, 5),
    ]
    assert windows(events, "compaction") == [[], [], []]
    assert [block.text for block in blocks(events)].count("## Summary") == 1


def test_going_back_behind_a_compaction_keeps_what_it_kept(tmp_path: Path) -> None:
    told = identified(
        [
            user(1, words("early")), model(2, words("of early"), finish(1)),
            user(3, words("late")), model(4, words("of late"), finish(1)),
            user(5, {"type": "compaction", "auto": True, "tail_start_id": "msg_003"}),
            model(6, words("## Summary"), finish(1), summary=True, parentID="msg_005"),
            user(7, words("wrong")), model(8, words("turn"), finish(1)),
        ]
    )  # fmt: skip
    events = read(write_database(tmp_path / "opencode.db", told, revert=json.dumps({"messageID": "msg_007"})))
    assert window(events)[1:] == ["## Summary", "late", "of late"]


@pytest.mark.parametrize(("kept", "told"), [(1.5, [1.5]), (0, []), ("much", []), (None, [])])
def test_the_sum_that_the_client_keeps(tmp_path: Path, kept: object, told: list[float]) -> None:
    path = write_database(tmp_path / "opencode.db", identified([user(1, words("a"))]), cost=kept)
    assert [event.cost for event in read(path) if isinstance(event, Recorded)] == told


def test_failed_compaction_changes_nothing(tmp_path: Path) -> None:
    told = identified(
        [
            user(1, words("early")),
            user(2, {"type": "compaction", "auto": True}),
            model(3, words("half a summ"), summary=True, finish=None, error={"name": "APIError"}, parentID="msg_002"),
        ]
    )  # fmt: skip
    events = read(write_database(tmp_path / "opencode.db", told))
    assert [e.why for e in events if isinstance(e, Departure)] == [Why.REWIND]
    assert window(events) == ["early"]


@pytest.mark.parametrize(
    ("error", "parts", "stays"),
    [
        ({"name": "MessageAbortedError"}, [words("half")], True),
        ({"name": "MessageAbortedError"}, [{"type": "reasoning", "text": "hm"}], False),
        ({"name": "APIError"}, [words("half")], False),
    ],
)
def test_failed_answers(tmp_path: Path, error: dict[str, str], parts: list[dict[str, Any]], stays: bool) -> None:
    told = identified([user(1, words("a")), model(2, *parts, error=error)])
    events = read(write_database(tmp_path / "opencode.db", told))
    assert len([e for e in events if isinstance(e, Request)]) == 1
    assert (window(events) == ["a", "half"]) is stays


def test_interrupted_calls(tmp_path: Path) -> None:
    told = identified([user(1, words("a")), model(2, tool("c", "", status="running"))])
    (result,) = blocks(read(write_database(tmp_path / "opencode.db", told)), Kind.RESULT)
    assert result.error
    del told[1]["info"]["time"]["completed"]
    assert not blocks(read(write_database(tmp_path / "live.db", told)), Kind.RESULT)


@pytest.mark.parametrize(
    ("revert", "left"),
    [
        ({"messageID": "msg_003"}, ["one", "first"]),
        ({"messageID": "msg_001"}, []),
        ({"messageID": "msg_004", "partID": "prt_msg_004_1"}, ["one", "first", "two", "second"]),
        ({"messageID": "msg_777"}, ["one", "first", "two", "second", "and more"]),
        ("nonsense", ["one", "first", "two", "second", "and more"]),
    ],
)
def test_going_back(tmp_path: Path, revert: object, left: list[str]) -> None:
    told = identified(
        [
            user(1, words("one")), model(2, words("first"), finish(1)),
            user(3, words("two")), model(4, words("second"), words("and more"), finish(1)),
        ]
    )  # fmt: skip
    events = read(write_database(tmp_path / "opencode.db", told, revert=json.dumps(revert)))
    assert window(events) == left


def test_files_and_images(tmp_path: Path) -> None:
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAAC0lEQVR42mNgQAcAABIAAeRVjecAAAAASUVORK5CYII="
    image = {"type": "file", "mime": "image/png", "url": f"data:image/png;base64,{pixel}"}
    text = {"type": "file", "mime": "text/plain", "url": "file:///w/a.txt"}
    shot = tool("c", "seen", attachments=[image])
    told = identified([user(1, words("see"), image, text), model(2, shot, finish(1))])
    found = blocks(read(write_database(tmp_path / "opencode.db", told)))
    attached = [(b.kind, b.media[0].mime, b.media[0].pixels) for b in found if b.media]
    assert attached == [(Kind.PROMPT, "image/png", (3, 2)), (Kind.RESULT, "image/png", (3, 2))]
    assert all(pixel not in b.text for b in found)


def test_sessions_and_their_keys(tmp_path: Path) -> None:
    path = write_database(tmp_path / "opencode.db", SESSION)
    connection = sqlite3.connect(path)
    connection.execute(
        "INSERT INTO session VALUES ('ses_2', 'ses_1', '/w', 'New session - 2026', '1', NULL, NULL, ?, ?, 0)",
        (T + 1, T),
    )
    connection.commit()
    connection.close()
    peeks = list(opencode.peek(formats.head_of(str(path))))
    assert [(p.key, p.title, p.parent, p.began) for p in peeks] == [
        ("ses_1", "Fix the till", "", T / 1000), ("ses_2", "", "ses_1", (T + 1) / 1000),
    ]  # fmt: skip
    assert [e.id for e in read(path) if isinstance(e, Start)] == ["ses_1", "ses_2"]
    assert [type(e) for e in read(path, "ses_2")] == [Start]
    with pytest.raises(CtxkitError, match="no session"):
        read(path, "ses_3")


def test_records_of_version_2(tmp_path: Path) -> None:
    path = write_database(tmp_path / "opencode.db", [])
    connection = sqlite3.connect(path)
    time = {"created": T}
    content = [
        {"type": "reasoning", "text": "hm"},
        {"type": "text", "text": "I run it."},
        {
            "type": "tool", "id": "c1", "name": "bash", "time": {"created": T, "pruned": T + 3},
            "state": {"status": "completed", "input": {"command": "ls"}, "content": [{"type": "text", "text": "a b"}]},
        },
        {
            "type": "tool", "id": "c2", "name": "bash", "time": time,
            "state": {"status": "error", "input": {}, "error": {"message": "denied"}, "content": []},
        },
    ]  # fmt: skip
    tokens = {"input": 10, "output": 4, "reasoning": 0, "cache": {"read": 90, "write": 0}}
    records: list[tuple[str, dict[str, Any]]] = [
        ("user", {"text": "list", "files": [{"mime": "text/plain", "data": "aGk=", "name": "n.txt"}]}),
        ("agent-switched", {"agent": "plan"}),
        ("assistant", {"model": {"id": "m-2"}, "content": content, "tokens": tokens}),
        ("shell", {"command": "make", "output": {"output": "ok"}}),
        ("compaction", {"reason": "auto", "summary": "so far", "recent": "just now", "time": {"created": T + 9}}),
        ("a kind of tomorrow", {"text": "?"}),
    ]
    for seq, (kind, data) in enumerate(records):
        values = (f"m{seq}", "ses_1", kind, seq, json.dumps({"time": time, **data}))
        connection.execute("INSERT INTO session_message VALUES (?, ?, ?, ?, ?)", values)
    connection.execute("INSERT INTO session_context_epoch VALUES ('ses_1', 'You work in /w.')")
    connection.commit()
    connection.close()
    events = read(path)
    assert [(b.kind.value, b.text) for b in blocks(events)] == [
        ("system", "You work in /w."), ("prompt", "list"), ("reminder", "hi"), ("thinking", "hm"),
        ("text", "I run it."), ("call", '{"command":"ls"}'), ("call", "{}"), ("result", "a b"), ("result", "denied"),
        ("reminder", "Shell command: make\n\nok"), ("result", CLEARED), ("summary", "so far"), ("summary", "just now"),
    ]  # fmt: skip
    assert [e.usage for e in events if isinstance(e, Request)] == [Usage(100, 90, 0, output=4, reasoning=0)]
    assert window(events) == ["You work in /w.", "so far", "just now"]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = write_database(tmp_path / "opencode.db", SESSION)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE part SET data = '{' WHERE data LIKE '%I look%'")
    connection.executemany(
        "INSERT INTO message VALUES (?, 'ses_1', ?, ?)", [(f"msg_9{n}", T + 99, "[]") for n in range(9)]
    )
    connection.commit()
    connection.close()
    skipped: list[Skipped] = []
    events = list(opencode.read(str(path), "", skipped.append))
    assert "Done." in [b.text for b in blocks(events)]
    assert len(skipped) == 6
    assert "part prt_msg_002_2" in skipped[0].path
    assert "5 more" in skipped[-1].reason


def test_odd_orders_are_kept_by_time(tmp_path: Path) -> None:
    shuffled = list(SESSION)
    random.Random(7).shuffle(shuffled)
    assert read(write_database(tmp_path / "a.db", shuffled)) == read(write_database(tmp_path / "b.db", SESSION))


def _paths(value: object, at: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, inner in items:
        yield from _paths(inner, (*at, key))


JUNK = st.sampled_from([None, 0, -1, 1e300, True, "", "x" * 400, [], {}, [[]], {"a": None}, "\ud800", [None], "auto"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_wrong_types_anywhere_are_survived(tmp_path: Path, data: st.DataObject) -> None:
    compacted = [user(5, {"type": "compaction", "auto": True}), model(6, words("s"), finish(1), summary=True)]
    document: Any = json.loads(json.dumps({"info": INFO, "messages": SESSION + identified(compacted)}))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(list(_paths(document))[1:]))
        inner = document
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = copy.deepcopy(data.draw(JUNK))
    path = tmp_path / "export.json"
    path.write_text(json.dumps(document))
    with contextlib.suppress(CtxkitError):
        for event in opencode.read(str(path), "", lambda _: None):
            assert not isinstance(event, Block) or isinstance(event.text, str)
