from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.agents.settings import Settings, expand_path, key_holds, load_settings, lookup
from ctxkit.agents.spec import AgentSpec, KeyTest
from ctxkit.model import Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class Memory:
    """A disk of texts by absolute path."""

    files: Mapping[str, str | bytes]
    skipped: list[Skipped] = field(default_factory=list)

    def read(self, path: str) -> bytes | None:
        data = self.files.get(path)
        return data.encode() if isinstance(data, str) else data

    def skip(self, path: str, reason: str, hint: str = "") -> None:
        self.skipped.append(Skipped(self.show(path), reason, hint))

    def show(self, path: str) -> str:
        return os.path.relpath(path, ROOT)


ROOT = os.path.abspath(os.path.join(os.sep, "repo"))
HOME = os.path.abspath(os.path.join(os.sep, "home", "user"))
NAMES = {"root": ROOT, "cwd": ROOT, "home": HOME, "config": os.path.join(HOME, ".agent")}
USER = os.path.join(HOME, ".agent", "settings.json")
PROJECT = os.path.join(ROOT, ".agent", "settings.json")
LOCAL = os.path.join(ROOT, ".agent", "local.toml")


def spec(**extra: object) -> AgentSpec:
    settings = [
        {"path": "{config}/settings.json", "scope": "user"},
        {"path": "{root}/.agent/settings.json", "scope": "project"},
        {"path": "{root}/.agent/local.toml", "format": "toml", "scope": "local"},
    ]
    data = {"schema": 1, "id": "a", "name": "A", "latest": "2.0", "model": "m", "detect": {}, "settings": settings}
    return msgspec.convert({**data, **extra}, AgentSpec)


def load(files: Mapping[str, object], **extra: object) -> tuple[Settings, Memory]:
    disk = Memory({path: data if isinstance(data, str | bytes) else json.dumps(data) for path, data in files.items()})
    return load_settings(spec(**extra), NAMES, disk), disk


def test_the_stronger_file_wins_and_maps_merge() -> None:
    settings, _ = load({USER: {"a": 1, "m": {"x": 1, "y": 1}}, PROJECT: {"m": {"y": 2}}, LOCAL: "a = 3"})
    assert settings.get("a") == 3
    assert settings.get("m") == {"x": 1, "y": 2}
    assert settings.get("m.y") == 2
    assert settings.get("none", 7) == 7
    assert settings.origin("a") == os.path.join(".agent", "local.toml")
    assert settings.origin("m.x") == os.path.relpath(USER, ROOT)
    assert settings.origin("none") is None


def test_joined_lists_add_up_and_others_replace() -> None:
    files = {USER: {"p": {"deny": ["a", "b"]}, "l": ["a"]}, PROJECT: {"p": {"deny": ["b", "c"]}, "l": ["b"]}}
    settings, _ = load(files, joined_settings=["p.deny"])
    assert settings.strings("p.deny") == ("a", "b", "c")
    assert settings.get("p") == {"deny": ["a", "b", "c"]}
    assert settings.strings("l") == ("b",)


def test_null_counts_as_not_set() -> None:
    settings, _ = load({USER: {"a": 1}, PROJECT: {"a": None}})
    assert settings.get("a") == 1


@pytest.mark.parametrize(
    ("data", "key", "value"),
    [
        ({"p": {"x@builtin": {"options": {"f": "v"}}}}, "p.x@builtin.options.f", "v"),
        ({"amp.mcpServers": {"s": 1}}, "amp.mcpServers.s", 1),
        ({"a.b": {"c": 1}, "a": {"b.c": 2, "b": {"c": 3}}}, "a.b.c", 1),
        ({"a.b": {"x": 1}, "a": {"b": {"c": 3}}}, "a.b.c", 3),
        ({"a": {"b": {"c": 3}}}, "a.b", {"c": 3}),
        ({"a": [1]}, "a.b", None),
    ],
)
def test_lookup_joins_the_longest_name(data: Mapping[str, object], key: str, value: object) -> None:
    assert lookup(data, key) == value


def test_placeholders_in_keys_are_directories() -> None:
    settings, _ = load({USER: {"projects": {ROOT: {"ok": True}}}})
    assert settings.get("projects.{cwd}.ok") is True


@pytest.mark.parametrize(
    ("value", "expected"),
    [("x", ("x",)), (["x", "y"], ("x", "y")), ({"x": True, "y": False}, ("x",)), ([], ()), (None, ())],
)
def test_strings(value: object, expected: tuple[str, ...]) -> None:
    settings, disk = load({USER: {"k": value}})
    assert settings.strings("k") == expected
    assert disk.skipped == []


@pytest.mark.parametrize(
    ("value", "expected", "reason"),
    [
        (3, (), "k is a number where a text or a list of texts is expected"),
        (["x", 3], ("x",), "k is a list with other things than texts where a list of texts is expected"),
        ({"x": 1}, (), "k is a map where a text or a list of texts is expected"),
    ],
)
def test_wrong_kinds_are_recorded(value: object, expected: tuple[str, ...], reason: str) -> None:
    settings, disk = load({USER: {"k": value}})
    assert settings.strings("k") == expected
    assert [item.reason for item in disk.skipped] == [reason]


def test_a_list_on_the_way_is_recorded_and_the_rest_counts() -> None:
    settings, disk = load({USER: {"p": {"deny": ["a"]}}, PROJECT: {"p": ["b"]}})
    assert settings.strings("p.deny") == ("a",)
    assert [(item.path, item.reason) for item in disk.skipped] == [
        (os.path.relpath(PROJECT, ROOT), "p is a list where a map is expected")
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ('{"a": 1\n "b": 2}', "line 2, column 2"),
        ("[1, 2]", "holds a list where a map is expected"),
        (b"{\0}", "is a binary file"),
        ("[" * 100_000, "nested 100,000 deep"),
    ],
)
def test_a_broken_file_is_recorded_and_the_others_count(data: str | bytes, reason: str) -> None:
    settings, disk = load({USER: {"a": 1}, PROJECT: data})
    assert settings.get("a") == 1
    (skipped,) = disk.skipped
    assert reason in skipped.reason
    assert skipped.path == os.path.relpath(PROJECT, ROOT)
    assert skipped.hint


def test_files_of_other_versions_are_left_out() -> None:
    files = [{"path": "{config}/settings.json", "scope": "user", "since": "3.0"}]
    agent = spec(settings=files)
    disk = Memory({USER: '{"a": 1}'})
    assert load_settings(agent, NAMES, disk, "2.9").get("a") is None
    assert load_settings(agent, NAMES, disk, "3.0").get("a") == 1


@pytest.mark.skipif(os.name == "nt", reason="drive letters are absolute there")
def test_paths_of_other_systems_lead_nowhere() -> None:
    assert expand_path("C:/Program Files/x.json", NAMES) is None
    assert expand_path("{unknown}/x.json", NAMES) is None
    assert expand_path("relative.json", NAMES) is None
    assert expand_path("~/x.json", NAMES) == os.path.join(HOME, "x.json")
    assert expand_path("{root}/../x.json", NAMES) == os.path.join(os.path.dirname(ROOT), "x.json")


@pytest.mark.parametrize(
    ("test", "data", "holds"),
    [
        ({"key": "a", "is": "true"}, {"a": True}, True),
        ({"key": "a", "is": "true"}, {"a": "true"}, True),
        ({"key": "a", "is": "false"}, {"a": False}, True),
        ({"key": "a", "is": "false"}, {}, False),
        ({"key": "a", "is": "absent"}, {}, True),
        ({"key": "a", "is": "present"}, {"a": False}, True),
        ({"key": "a", "is": "empty"}, {"a": []}, True),
        ({"key": "a", "is": "non-empty"}, {"a": ["x"]}, True),
        ({"key": "a", "is": "matches-all"}, {"a": "**"}, True),
        ({"key": "a.b", "equals": "x"}, {"a": {"b": "x"}}, True),
        ({"key": "a", "equals": "3"}, {"a": 3}, True),
        ({"key": "a"}, {"a": 1}, True),
        ({"key": "a"}, {"a": ""}, False),
    ],
)
def test_key_tests(test: Mapping[str, object], data: Mapping[str, object], holds: bool) -> None:
    assert key_holds(msgspec.convert(test, KeyTest), data) is holds


KEYS = st.text(alphabet="ab.", min_size=1, max_size=5)


@given(st.recursive(st.integers(), lambda inner: st.dictionaries(KEYS, inner, max_size=3)), KEYS)
def test_lookup_finds_every_way_to_a_value(data: object, key: str) -> None:
    def walk(value: object, path: str) -> set[str]:
        found = {path} if path else set()
        if isinstance(value, dict):
            for name, inner in value.items():
                found |= walk(inner, f"{path}.{name}" if path else name)
        return found

    if isinstance(data, dict):
        for path in walk(data, ""):
            assert lookup(data, path) is not None
        if lookup(data, key) is not None:
            assert key in walk(data, "")
