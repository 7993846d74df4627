"""``ctxkit history`` as its users meet it: what it lists, how a session is named, and what it refuses."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ..sources.history.claude_builder import Transcript, call, result, text, usage

SCHEMAS = Path(__file__).parents[2] / "rules" / "schema"


def place(home: Path, cwd: Path, name: str) -> Path:
    """Where Claude Code keeps the session ``name`` begun in ``cwd``."""
    return home / ".claude" / "projects" / re.sub(r"[^A-Za-z0-9]", "-", str(cwd)) / f"{name}.jsonl"


def held(home: Path, cwd: Path, name: str, title: str, age: int = 0, **more: Any) -> Path:
    """A session with three requests, that ended ``age`` seconds before the newest."""
    transcript = Transcript(name, str(cwd), **more)
    transcript.user(title)
    transcript.assistant("m1", text("Reading."), call("c1", file_path=f"{cwd}/a.py"), usage=usage(9_000, output=150))
    transcript.user([result("c1", "x = 1\n" * 200)])
    transcript.assistant(
        "m2", call("c2", "Edit", file_path=f"{cwd}/a.py"), usage=usage(1_000, 9_000, 500, hour=100, output=95)
    )
    transcript.user([result("c2", "done")])
    transcript.assistant("m3", text("Done."), usage=usage(100, 10_000))
    transcript.user("Thanks")
    for record in transcript.records:
        record["timestamp"] = (datetime.fromisoformat(record["timestamp"]) - timedelta(seconds=age)).isoformat()
    return transcript.write(place(home, cwd, name))


@pytest.fixture
def home(tmp_path: Path, repository: Path, ctxkit: Any) -> Path:
    """A home directory with four sessions of the repository, one of a subagent, and some of others."""
    home = tmp_path / "home"
    held(home, repository, "aaaa1111-0000", "Newest work")
    held(home, repository, "aaaa1111-2222", "Older work", 100)
    held(home, repository / "src", "bbbb0000", "Begun below", 200)
    broken = held(home, repository, "cccc0000", "Broken in the middle", 300)
    data = broken.read_bytes().splitlines(keepends=True)
    broken.write_bytes(b"".join([*data[:2], b'{"type": "us\x00\n', *data[2:-1], data[-1][:30]]))
    subagent = Transcript("aaaa1111-0000", str(repository))
    subagent.user("Explore", isSidechain=True, agentId="ag1")
    subagent.assistant("s1", text("found"), usage=usage(5), isSidechain=True, agentId="ag1")
    subagent.write(place(home, repository, "aaaa1111-0000").with_suffix("") / "subagents" / "agent-ag1.jsonl")
    held(home, tmp_path / "repository-other", "dddd0000", "Somebody else's")
    held(home, tmp_path / "elsewhere", "eeee0000", "Elsewhere")
    nowhere = Transcript("ffff0000", "")
    nowhere.user("Nobody knows where")
    for record in nowhere.records:
        del record["cwd"]
    nowhere.write(place(home, tmp_path / "repository-other", "ffff0000"))
    return home


def shown(done: Any) -> str:
    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    text: str = done.stdout.decode()
    return text


def refused(done: Any, code: int = 2) -> str:
    assert done.returncode == code, done.stdout.decode()
    said: str = done.stderr.decode()
    assert "Traceback" not in said
    assert 1 <= len(said.strip().splitlines()) <= 6
    return " ".join(said.split())


def parsed(done: Any, schema: str) -> dict[str, Any]:
    value = json.loads(shown(done))
    Draft202012Validator(json.loads((SCHEMAS / f"{schema}.json").read_text(encoding="utf-8"))).validate(value)
    found: dict[str, Any] = value
    return found


def test_the_sessions_of_a_repository_newest_first(ctxkit: Any, home: Path) -> None:
    listed = shown(ctxkit("history"))
    assert "4 sessions and 1 subagent" in listed
    titles = ["Newest work", "Older work", "Begun below", "Broken in"]
    places = [listed.index(title[:8]) for title in titles]
    assert places == sorted(places)
    assert "Somebody" not in listed
    assert "Elsewhere" not in listed
    assert "Nobody" not in listed
    assert "One in full: ctxkit history aaaa1111-0" in listed


def test_the_list_as_json(ctxkit: Any, home: Path) -> None:
    found = parsed(ctxkit("history", "--format", "json"), "sessions")
    assert [(item["id"], item["parent"]) for item in found["sessions"] if not item["parent"]] == [
        ("aaaa1111-0000", ""), ("aaaa1111-2222", ""), ("bbbb0000", ""), ("cccc0000", ""),
    ]  # fmt: skip
    assert [item["parent"] for item in found["sessions"] if item["id"] == "ag1"] == ["aaaa1111-0000"]
    newest = found["sessions"][[item["id"] for item in found["sessions"]].index("aaaa1111-0000")]
    assert (newest["requests"], newest["turns"], newest["window"], newest["model"]) == (
        4,
        2,
        200_000,
        "claude-sonnet-4-5",
    )
    # 10,100 tokens new at 3, 19,000 read at 0.30, 400 written at 3.75 and 100 at 6, 250 out at 15 dollars a million
    assert [round(item["cost"], 6) for item in found["sessions"] if item["id"] == "bbbb0000"] == [
        round((10_100 * 3 + 19_000 * 0.3 + 400 * 3.75 + 100 * 6 + 250 * 15) / 1e6, 6)
    ]


def test_only_so_many_are_read_whole(ctxkit: Any, home: Path) -> None:
    found = parsed(ctxkit("history", "--top", "1", "--format", "json"), "sessions")
    assert sum(item["requests"] is not None for item in found["sessions"]) == 1
    assert "and 3 older sessions (--top)" in shown(ctxkit("history", "--top", "1"))


def test_by_the_beginning_of_an_id(ctxkit: Any, home: Path, tmp_path: Path) -> None:
    assert "Older work" in shown(ctxkit("history", "aaaa1111-2"))
    assert "Begun below" in shown(ctxkit("history", "bbbb"))
    said = refused(ctxkit("history", "aaaa1111"))
    assert "begins more than one session's id" in said
    assert "aaaa1111-0000, aaaa1111-2222" in said
    for name in ("bbb", "zzzz9999", "dddd0000", "aaaa1111-00001"):
        assert "is no file, no directory and no session held here" in refused(ctxkit("history", name))


def test_by_directory_and_id(ctxkit: Any, home: Path, repository: Path, tmp_path: Path) -> None:
    assert "Older work" in shown(ctxkit("history", str(repository), "--session", "aaaa1111-2", cwd=tmp_path))
    assert "no session held in" in refused(ctxkit("history", str(repository), "--session", "zzzz"))
    listed = shown(ctxkit("history", str(repository), cwd=tmp_path))
    command = " ".join(listed.split()).rpartition("ctxkit history ")[2]
    assert "Newest work" in shown(ctxkit("history", command, cwd=tmp_path)), "what a list advises works"


def test_by_file(ctxkit: Any, home: Path, repository: Path) -> None:
    path = place(home, repository, "aaaa1111-0000")
    report = shown(ctxkit("history", str(path)))
    assert "2 prompts · 4 requests · 2 tool calls · 1 side conversation" in report
    assert report == shown(ctxkit("history", str(path))), "a second run, whose counts are stored, says the same"
    assert report == shown(ctxkit("history", str(path), "--session", "aaaa"))
    assert "No session in" in refused(ctxkit("history", str(path), "--session", "nobody"))


def test_one_session_as_json(ctxkit: Any, home: Path, repository: Path) -> None:
    found = parsed(ctxkit("history", "bbbb0000", "--format", "json"), "history")
    assert (found["id"], found["agent"], found["format"]) == ("bbbb0000", "claude-code", "claude-code")
    assert [(request["number"], request["tokens"]) for request in found["requests"]] == [
        (1, 9_000),
        (2, 10_500),
        (3, 10_100),
    ]
    assert [row["name"] for row in found["by_file"]] == ["a.py"]
    assert [item["reason"] for item in found["dead"]] == ["stale"]
    assert [turn["blocks"] for turn in found["turns"]] == [None, None]
    whole = parsed(ctxkit("history", "bbbb0000", "--format", "json", "--turns"), "history")
    kinds = [[block["kind"] for block in turn["blocks"]] for turn in whole["turns"]]
    assert kinds == [["prompt", "text", "call", "result", "call", "result", "text"], ["prompt"]]
    ids = {item["id"] for part in whole["items"] for item in (part, *part.get("children", ()))}
    assert {item["id"] for item in whole["dead"]} <= ids


def test_another_model(ctxkit: Any, home: Path) -> None:
    own = parsed(ctxkit("history", "bbbb0000", "--format", "json"), "history")
    other = parsed(ctxkit("history", "bbbb0000", "--format", "json", "--model", "gpt-5"), "history")
    assert (own["model"], other["model"]) == ("claude-sonnet-4-5", "gpt-5")
    assert (own["count"]["exact"], other["count"]["exact"]) == (False, True)
    assert other["window"] == 272_000
    assert other["bill"]["total"] == pytest.approx((10_100 * 1.25 + 500 * 1.25 + 19_000 * 0.125 + 250 * 10) / 1e6)
    assert "gpt-5" in refused(ctxkit("history", "--model", "gtp-5"))


def test_agents(ctxkit: Any, home: Path) -> None:
    assert "4 sessions" in shown(ctxkit("history", "--agent", "claude-code"))
    assert "4 sessions" in shown(ctxkit("history", "--agent", "all"))
    assert "No agent has recorded a session here." in shown(ctxkit("history", "--agent", "codex"))
    assert "claude-code" in refused(ctxkit("history", "--agent", "claud-code"))


def test_another_home(ctxkit: Any, home: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "0 sessions" in shown(ctxkit("history", "--home", str(tmp_path / "empty")))
    assert "4 sessions" in shown(ctxkit("history", "--home", str(home), HOME=str(tmp_path / "empty")))


def test_a_broken_file_is_told_of_and_read(ctxkit: Any, home: Path) -> None:
    report = shown(ctxkit("history", "cccc"))
    assert "3 requests" in report
    assert "Not read" in report
    assert ":3: the line is no valid JSON" in " ".join(report.split())


@pytest.mark.parametrize("columns", ["60", "160"])
def test_widths(ctxkit: Any, home: Path, columns: str) -> None:
    for line in shown(ctxkit("history", "bbbb", COLUMNS=columns)).splitlines():
        assert len(line) <= min(int(columns), 120) or line.strip().startswith("/"), line


def test_plain_output(ctxkit: Any, home: Path, tmp_path: Path) -> None:
    coloured = shown(ctxkit("history", "aaaa1111-0", FORCE_COLOR="1"))
    assert "\x1b[" in coloured
    plain = shown(ctxkit("history", "aaaa1111-0", FORCE_COLOR="1", NO_COLOR="1"))
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert "\x1b" not in plain
    ascii_only = ctxkit("history", "aaaa1111-0", PYTHONIOENCODING="ascii", LC_ALL="C").stdout
    assert ascii_only.isascii()
    shown(ctxkit("history", "aaaa1111-0", "--output", str(tmp_path / "out.txt"), FORCE_COLOR="1"))
    assert "\x1b" not in (tmp_path / "out.txt").read_text(encoding="utf-8")


def test_a_hostile_title_and_id(ctxkit: Any, home: Path, repository: Path) -> None:
    held(home, repository, "9999\x1b[2J$(x)", "\x1b]0;owned\x07 title \u202e\ud83d")
    for done in (ctxkit("history"), ctxkit("history", "9999")):
        text = shown(done)
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
    parsed(ctxkit("history", "--format", "json"), "sessions")
    parsed(ctxkit("history", "9999", "--format", "json"), "history")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.jsonl", b"", "is empty"),
        ("blank.jsonl", b"\n \n", "is empty"),
        ("binary.jsonl", b"\x7fELF\x00\xff" * 500, "no transcript of a known format"),
        ("words.txt", b"hello\n", "no transcript of a known format"),
        ("cut.jsonl", b'{"type": "user", "mess', "no transcript of a known format"),
    ],
)
def test_what_is_no_transcript(ctxkit: Any, tmp_path: Path, name: str, data: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert said in refused(ctxkit("history", str(path)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_and_devices_are_refused_and_do_not_hang(
    ctxkit: Any, home: Path, repository: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    assert "is no regular file" in refused(ctxkit("history", str(tmp_path / "pipe.jsonl")))
    assert "is no regular file" in refused(ctxkit("history", "/dev/zero"))
    os.mkfifo(place(home, repository, "pipe"))
    os.symlink("/dev/zero", place(home, repository, "zero"))
    assert "4 sessions" in shown(ctxkit("history"))


def test_a_directory_without_sessions(ctxkit: Any, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    assert "No agent has recorded a session here." in shown(ctxkit("history", str(tmp_path / "bare")))
    assert parsed(ctxkit("history", str(tmp_path / "bare"), "--format", "json"), "sessions")["sessions"] == []


def test_what_cannot_be_read_is_told_and_the_others_are_listed(ctxkit: Any, home: Path, repository: Path) -> None:
    place(home, repository, "0000").write_bytes(b"\x00\x01binary")
    place(home, repository, "1111").write_bytes(b"")
    listed = " ".join(shown(ctxkit("history")).split())
    assert "4 sessions" in listed
    assert listed.count("Not read: ") == 2
