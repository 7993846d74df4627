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
from ctxkit.sources.history.actions import action_of, normal_path, server_of
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
