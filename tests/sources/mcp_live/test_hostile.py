"""Servers that hang, flood, exit, fork and lie: each gives an answer or a sentence, and none leaves a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ctxkit.sources.definitions import ServerDefinition
from ctxkit.sources.lockfile import parse_lock, render_lock
from ctxkit.sources.mcp_live import processes
from ctxkit.sources.mcp_live.asking import ask_all
from ctxkit.sources.mcp_live.failure import Limits, ServerFailureError
from ctxkit.sources.mcp_live.launch import Client
from ctxkit.sources.mcp_live.session import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from ctxkit.sources.mcp_live.launch import Launch

SMALL = Limits(start=60, list=60, line=100_000, total=400_000, pages=20, tools=50_000, stop=0.3)
FAST = Limits(start=1, list=1, stop=0.3)
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def names(answer: Answer | ServerFailureError) -> list[str]:
    assert isinstance(answer, Answer), answer
    return [tool.name for tool in answer.tools]


def test_a_server_that_behaves(ask: Any) -> None:
    answer = ask("good")
    assert names(answer) == ["weather", "tides"]
    assert (answer.version, answer.instructions, answer.notes) == ("1.2.3", "Ask me.", ())
    assert list(answer.tools[1].listed) == ["name", "description", "inputSchema", "annotations"]


@pytest.mark.parametrize(
    ("mode", "limits", "reason"),
    [
        ("hang-start", FAST, "does not answer initialize within 1 s: waiting for the login"),
        ("hang-list", FAST, "does not answer tools/list within 1 s"),
        ("deaf-itself", FAST, "does not answer tools/list within 1 s"),
        ("flood", SMALL, "a line of more than 100,000 bytes"),
        ("flood-lines", SMALL, "more than 400,000 bytes"),
        ("huge", SMALL, "a line of more than 100,000 bytes"),
        ("exits", SMALL, "exits with code 3 before it answers: FATAL: no such database"),
        ("silent-exit", SMALL, "exits with code 0 before it answers"),
        ("endless", SMALL, "more than 20 pages"),
        ("error", SMALL, "answers tools/list with an error: needs API_KEY=***"),
        ("error-text", SMALL, "with an error: boom"),
        ("error-no-id", SMALL, "with an error: invalid request"),
        ("no-list", SMALL, "holds no list of tools"),
        ("no-result", SMALL, "holds no result"),
    ],
)
def test_a_failure_is_one_sentence(ask: Any, mode: str, limits: Limits, reason: str) -> None:
    failure = ask(mode, limits)
    assert isinstance(failure, ServerFailureError)
    assert reason in failure.reason
    assert failure.hint


@pytest.mark.parametrize(
    ("mode", "resources"),
    [
        ("good", "none"),
        ("resources", "listed"),
        ("resources-empty", "empty"),
        ("resources-odd", "empty"),
        ("resources-refused", "empty"),
        ("resources-exit", "empty"),
        ("resources-hang", "declared"),
    ],
)
def test_resources_are_asked_for_where_declared_and_cost_no_answer(ask: Any, mode: str, resources: str) -> None:
    answer = ask(mode, Limits(start=60, list=2 if mode == "resources-hang" else 60, stop=0.3))
    assert names(answer) == ["weather", "tides"]
    assert (answer.resources, answer.notes) == (resources, ())


def test_a_failure_repeats_no_secret(launch: Any) -> None:
    given = replace(launch("exits"), secrets={"DATABASE": "such database"})
    assert ask_all({"s": given}, SMALL)["s"].reason.endswith("FATAL: no ***")


@posix
def test_a_server_that_is_killed(ask: Any) -> None:
    assert "was ended by SIGKILL" in ask("killed").reason


def test_a_list_without_end_in_tools(ask: Any) -> None:
    assert "more than 50,000 tools" in ask("too-many").reason


@pytest.mark.parametrize(
    ("mode", "expected", "note"),
    [
        ("pages", ["t0", "t1", "t2"], ""),
        ("circle", ["t0", "t1"], "points back to a page"),
        ("untyped", ["a", "b", "c"], ""),
        ("twice", ["a", "b"], "a: listed more than once"),
        ("broken", ["a", "b"], "entry 2 has no name, entry 3 is a text, entry 4 has no name and 1 more: left out"),
        ("deep", ["shallow"], "nested more than 100 deep"),
        ("deeper", ["fine"], "1 line to stdout"),
        ("junk", ["weather", "tides"], "6 lines to stdout"),
        ("text-ids", ["weather", "tides"], ""),
        ("bytes", ["a"], ""),
        ("nan", ["b"], "a number out of range"),
        ("surrogate", ["a"], ""),
        ("unanswered-last", ["weather", "tides"], ""),
        ("flood-stderr", ["weather", "tides"], ""),
    ],
)
def test_what_can_be_taken_is_taken(ask: Any, mode: str, expected: list[str], note: str) -> None:
    answer = ask(mode)
    assert names(answer) == expected
    assert (note in " ".join(answer.notes)) if note else answer.notes == ()


def test_ten_thousand_tools(ask: Any) -> None:
    assert len(names(ask("many"))) == 10_000


def test_the_last_of_two_with_one_name_counts(ask: Any) -> None:
    first = ask("twice").tools[0]
    assert first.schema == {"type": "object", "title": "second"}


@pytest.mark.parametrize("mode", ["untyped", "surrogate", "bytes", "twice", "good"])
def test_whatever_is_taken_can_be_locked(ask: Any, mode: str) -> None:
    server = ServerDefinition("s", ask(mode).tools)
    text = render_lock([server], lambda text: len(text.encode("utf-8", "replace")))
    (again,) = parse_lock(text.encode(), "lock")
    assert {tool.hash for tool in again.tools} == {tool.hash for tool in server.tools}


@posix
@pytest.mark.parametrize(("mode", "processes"), [("child", 2), ("child-away", 2), ("child-orphan", 3)])
def test_nothing_that_a_server_started_is_left(ask: Any, pids: Path, mode: str, processes: int) -> None:
    if mode != "child" and not Path("/proc/self/environ").exists():
        pytest.skip("what leaves its group is found through /proc")
    assert names(ask(mode, EXPECTED_PIDS=str(processes))) == ["weather", "tides"]
    assert len(list(pids.iterdir())) == processes


@posix
@pytest.mark.parametrize("mode", ["stays", "stays-deaf"])
def test_a_server_that_stays_after_its_stdin_is_closed(ask: Any, mode: str) -> None:
    assert names(ask(mode, Limits(stop=0.3))) == ["weather", "tides"]


@posix
def test_a_server_that_stays_is_asked_to_end_before_it_is_killed(ask: Any, tmp_path: Path) -> None:
    told = tmp_path / "told"
    assert names(ask("stays-telling", Limits(stop=1), TOLD=str(told))) == ["weather", "tides"]
    assert told.read_text("utf-8") == "SIGTERM"


@posix
def test_what_forks_while_it_is_looked_for_is_killed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    alive, born = {101, 102}, [{103}, {104}]

    def family(pid: int, mark: str) -> set[int]:
        return {pid, *alive}

    def end(pids: set[int], sign: int) -> None:
        assert sign == signal.SIGKILL
        alive.difference_update(pids)
        if born:
            alive.update(born.pop(0))

    groups: list[int] = []
    monkeypatch.setattr(processes, "family", family)
    monkeypatch.setattr(processes, "end", end)
    monkeypatch.setattr(processes, "end_group", lambda pid, sign: groups.append(pid))
    processes.kill_tree(100, "mark")
    assert alive == set()
    assert set(groups) == {100}


def test_what_the_server_asks_is_answered_as_the_client_can(ask: Any, tmp_path: Path) -> None:
    nothing = ask("asks-first").instructions.splitlines()
    assert nothing[0] == "{}"
    assert all("Method not found" in line for line in nothing[1:])
    able = Client(capabilities={"roots": {}, "sampling": {}, "elicitation": {}})
    ping, roots, sampling, elicitation, unknown = ask("asks-first", client=able).instructions.splitlines()
    assert ping == "{}"
    assert json.loads(roots)["roots"] == [{"uri": tmp_path.as_uri(), "name": tmp_path.name}]
    assert "rejected" in sampling
    assert elicitation == '{"action": "decline"}'
    assert "Method not found" in unknown


def test_the_client_is_declared_as_it_is(ask: Any) -> None:
    client = Client(
        "2024-11-05", {"roots": {}, "experimental": {"x/y": {}}}, {"name": "agent", "title": "Agent", "version": "9.9"}
    )
    asked = json.loads(ask("reports", client=client).instructions)["asked"]
    assert asked == {"protocolVersion": "2024-11-05", "capabilities": client.capabilities, "clientInfo": client.info}


def test_the_environment_is_the_one_given(launch: Any, tmp_path: Path) -> None:
    given = launch("reports")
    seen = json.loads(ask_all({"s": given}, Limits())["s"].instructions)
    assert seen["env"].keys() - given.env.keys() <= {"CTXKIT_SERVER", "LC_CTYPE", "__CF_USER_TEXT_ENCODING"}
    assert os.path.realpath(seen["cwd"]) == os.path.realpath(tmp_path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"arguments": ("no-such-command-anywhere",)}, "no-such-command-anywhere is not found"),
        ({"arguments": ("./no-such-file",)}, "no-such-file is not found"),
        ({"arguments": ("{dir}/plain.txt",)}, "does not run: Permission denied"),
        ({"cwd": "{dir}/nowhere"}, "nowhere does not exist"),
        ({"arguments": (sys.executable, "a\0b")}, "does not run: embedded null byte"),
        ({"env": {"a=b": "c"}}, "does not run: illegal environment variable name"),
    ],
)
def test_a_command_that_does_not_run(launch: Any, tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    (tmp_path / "plain.txt").write_text("text", encoding="utf-8")
    if os.name != "posix" and "plain" in str(change):
        pytest.skip("every file may be run")
    filled = dict(change)
    if "arguments" in change:
        filled["arguments"] = tuple(argument.format(dir=tmp_path) for argument in change["arguments"])
    if "cwd" in change:
        filled["cwd"] = change["cwd"].format(dir=tmp_path)
    failure = ask_all({"s": replace(launch("good"), **filled)}, Limits())["s"]
    assert isinstance(failure, ServerFailureError)
    assert reason in failure.reason


def test_several_at_once_keep_apart(launch: Callable[..., Launch]) -> None:
    modes = ["good", "exits", "pages", "untyped", "junk", "no-list", "twice"]
    seen: list[tuple[int, int, str]] = []
    found = ask_all({mode: launch(mode) for mode in modes}, Limits(stop=0.5), lambda *step: seen.append(step))
    assert list(found) == modes
    assert [isinstance(answer, Answer) for answer in found.values()] == [True, False, True, True, True, False, True]
    assert sorted(step[0] for step in seen) == [step[0] for step in seen], "it only grows"
    assert {step[0] for step in seen} >= set(range(1, len(modes) + 1))
    assert {step[1] for step in seen} == {len(modes)}


INTERRUPTED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore both
signal.signal(signal.SIGTERM, signal.SIG_DFL)
from ctxkit.sources.mcp_live.asking import ask_all
from ctxkit.sources.mcp_live.failure import Limits
from ctxkit.sources.mcp_live.launch import Client, Launch
env = dict(os.environ)
launch = lambda mode: Launch("stdio", Client(), "/", "s", (sys.executable, sys.argv[1], mode), env, "/")
ask_all({"a": launch("hang-start"), "b": launch("deaf-itself")}, Limits(stop=0.5))
"""


@posix
@pytest.mark.parametrize(("number", "times"), [(signal.SIGINT, 1), (signal.SIGINT, 2), (signal.SIGTERM, 1)])
def test_an_interrupt_ends_the_servers_too(pids: Path, number: int, times: int) -> None:
    server = str(Path(__file__).with_name("server.py"))
    env = {**os.environ, "PIDS": str(pids)}
    asking = subprocess.Popen([sys.executable, "-c", INTERRUPTED, server], env=env, stderr=subprocess.PIPE)
    while len(list(pids.iterdir())) < 2:
        assert asking.poll() is None
        time.sleep(0.01)
    for _ in range(times):
        asking.send_signal(number)
        time.sleep(0.1)
    asking.communicate(timeout=30)
    assert asking.returncode == -number
