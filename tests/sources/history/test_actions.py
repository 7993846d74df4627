"""What tool calls do: by tables for every agent's tools and for command lines, and nothing hostile stops it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ctxkit.model.history import Action, Doing
from ctxkit.sources.history.action_rules import doing_of, rules, shell_words
from ctxkit.sources.history.actions import action_of, borne_out, normal_path, server_of
from ctxkit.sources.history.shell import shell_action

CASES = yaml.safe_load((Path(__file__).parents[2] / "cases" / "actions.yaml").read_text(encoding="utf-8"))


def expected(case: dict[str, Any], action: Action) -> Action:
    start, end = case.get("lines", (None, None))
    words = case.get("words", action.command)
    return Action(Doing(case["does"]), tuple(case.get("paths", ())), start, end, words, case.get("server", ""))


@pytest.mark.parametrize("case", CASES["tools"], ids=lambda case: f"{case['call']}-{case['does']}")
def test_calls(case: dict[str, Any]) -> None:
    action = action_of(case["call"], case.get("arguments", {}), case.get("text", ""))
    assert action == expected(case, action)


@pytest.mark.parametrize("case", CASES["shell"], ids=lambda case: repr(case["run"]))
def test_command_lines(case: dict[str, Any]) -> None:
    action = shell_action(case["run"])
    assert action == expected(case, action)
    assert action.command == " ".join(case["run"].split())[:80]


def test_every_name_of_the_rules_means_what_stands_there() -> None:
    assert set(rules().names) <= set(Doing)
    assert set(rules().switched.values()) <= set(Doing)
    names = [name for names in rules().names.values() for name in names.split()]
    assert len(names) == len(set(names)), "a name with two meanings"
    assert all(name.isalnum() and name == name.lower() for name in names)
    assert {word for words in rules().shell.values() for word in words.split()} == set(shell_words())
    for name, doing in doing_of().items():
        assert action_of(name, {}).doing == doing


@pytest.mark.parametrize(
    "command",
    [
        "cat " + "a " * 50_000,
        "cat 'x" * 20_000,
        "'" * 100_001,
        '"\\' * 50_000,
        "\\" * 100_001,
        "a;" * 50_000,
        "<<A " * 3_000 + "\n" + "A\n" * 3_000,
        "$(" * 50_000,
        "cat \x00 a\x00b",
        "cat " + "9" * 100_000,
        "sed -n '" + "1," * 20_000 + "p' a",
        "head -n " + "9" * 3_000 + " a",
        "|" * 4_000,
        ">" * 4_000,
    ],
    ids=lambda command: f"{command[:8]!r}…{len(command)}",
)
def test_hostile_command_lines_are_just_run(command: str) -> None:
    action = shell_action(command)
    assert action.doing is Doing.RUN or "\x00" in command or command.startswith(("sed", "head"))
    assert len(action.command) <= 80
    assert action.paths == () or all(len(path) <= 4_000 for path in action.paths)


def test_many_paths_are_cut() -> None:
    assert len(action_of("read_many_files", {"paths": [f"{n}.py" for n in range(10_000)]}).paths) == 50
    assert len(shell_action("cat " + " ".join(f"{n}.c" for n in range(500))).paths) == 50
    assert action_of("Read", {"file_path": "x" * 100_000}).paths == ()


@pytest.mark.parametrize(
    "name", ["mcp__" + "a_" * 5_000, "mcp_" + "_" * 10_000, "mcp--" + "-" * 10_000, "mcp__" * 3_000]
)
def test_hostile_names(name: str) -> None:
    assert isinstance(server_of(name[:300]), str)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["path", "x"]), inner, max_size=2),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *rules().path,
        *rules().paths,
        *rules().start,
        *rules().count,
        *rules().end,
        *rules().range,
        *rules().command,
        "server_name",
    ]
)


@settings(max_examples=200, deadline=None)
@given(
    name=st.sampled_from(sorted(doing_of())) | st.text(max_size=12), arguments=st.dictionaries(KEYS, VALUES, max_size=6)
)
def test_arguments_of_any_type(name: str, arguments: dict[str, Any]) -> None:
    action = action_of(name, arguments, "text")
    assert all(isinstance(path, str) and path and "\n" not in path for path in action.paths)
    assert all(line is None or line > 0 for line in (action.start, action.end))
    assert isinstance(action.command, str)


@settings(max_examples=300, deadline=None)
@given(command=st.text(alphabet="cat ab./'\"\\|&;<>\n$(`-n019p,*", max_size=40))
def test_any_command_line(command: str) -> None:
    action = shell_action(command)
    if action.doing is Doing.READ:
        assert "cat" in command
        assert not any(char in path for path in action.paths for char in "*$`")
    assert all(path for path in action.paths)


@settings(max_examples=100, deadline=None)
@given(path=st.text(alphabet="./\\a ", max_size=10))
def test_a_normal_path_stays_as_it_is(path: str) -> None:
    plain = normal_path(path)
    assert plain
    assert normal_path(plain) == plain
    assert "\\" not in plain


LONG = "x\n" * 900


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        ("1: x = 1\n2: y = 2", (5, None)),
        ("1: x\n\n(Output capped at 50 KB. Showing lines 1-755. Use offset=756 to continue.)\n</content>", (None, 755)),
        ("9: x\n\n(Showing lines 9-58 of 242. Use offset=59 to continue.)\n</content>", (9, 58)),
        ("00005| x\n\n(File has more lines. Use 'offset' parameter to read beyond line 2004)\n</file>", (5, 2004)),
        ("00005| x\n\n(Output truncated at 51200 bytes. Use 'offset' parameter to read beyond line 99)", (5, 99)),
        (f"{LONG}\n[Showing lines 5-904 of 2000. Use offset=905 to continue]", (5, 904)),
        (f"\nIMPORTANT: It is cut.\nStatus: Showing lines 10-30 of 242 total lines.\n{LONG}", (10, 30)),
        ("<persisted-output>\nOutput too large (99.8KB). Full output saved to: /t/a.txt", (None, 0)),
        (f"...output truncated...\n\nFull output saved to: /t/b\n{LONG}", (None, 0)),
        (f"Chunk ID: 1\nOutput:\nWarning: truncated output (original token count: 9)\n{LONG}", (None, 0)),
        (f"Total output lines: 900\n\n{LONG}", (None, 0)),
        # Words of the file itself, and in its midst, say nothing.
        (f"{LONG}<persisted-output>\nStatus: Showing lines 1-2 of 3\n{LONG}", (5, None)),
        ("print('Showing lines 1-2 of 3')\nsay('<persisted-output>')", (5, None)),
    ],
)
def test_a_read_shows_what_its_result_says(answer: str, lines: tuple[int | None, int | None]) -> None:
    found = borne_out(Action(Doing.READ, ("a.py",), 5, None), answer)
    assert (found.start, found.end) == lines
    written = Action(Doing.WRITE, ("a.py",))
    assert borne_out(written, answer) is written


@pytest.mark.parametrize("mark", ["\t", "→"])
@pytest.mark.parametrize(("lines", "end"), [(1999, None), (2000, 2009), (2001, None)])
def test_as_many_numbered_lines_as_the_client_shows_at_most_are_not_all(mark: str, lines: int, end: int | None) -> None:
    answer = "".join(f"{number:6}{mark}words\n" for number in range(10, 10 + lines))
    assert borne_out(Action(Doing.READ, ("a.py",), 10), answer).end == end
    asked = Action(Doing.READ, ("a.py",), 10, 40_000)
    assert borne_out(asked, answer) == asked


def test_what_is_left_out_of_several_files_nobody_knows() -> None:
    several = Action(Doing.READ, ("a.py", "b.py"))
    assert borne_out(several, "Status: Showing lines 1-9 of 20 total lines.") == Action(
        Doing.READ, ("a.py", "b.py"), None, 0
    )
