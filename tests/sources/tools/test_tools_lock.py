from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.data import data_file
from ctxkit.model import ConfigError
from ctxkit.sources.definitions import ServerDefinition, ToolDefinition, parse_tools_json, read_tools_json
from ctxkit.sources.lockfile import SCHEMA, parse_lock, render_lock

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA_FILE = json.loads(Path(data_file("schema/tools-lock.json")).read_text("utf-8"))


@pytest.fixture
def lock(facts: Any) -> dict[str, Any]:
    first = facts.server(
        facts.WEATHER, facts.TIDES, version="1.2", instructions="Ask once.", client="c 1", resources="listed"
    )
    second = facts.server(facts.TIDES, name="b", capabilities=("roots", "elicitation"))
    text = render_lock([first, second], len)
    document: dict[str, Any] = json.loads(text)
    assert text == json.dumps(document, indent=1) + "\n"
    return document


def broken(document: object) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse_lock(json.dumps(document).encode(), "x.lock")
    assert caught.value.hint
    return caught.value


def test_what_is_written_is_read_again(lock: dict[str, Any], facts: Any) -> None:
    b, s = parse_lock(json.dumps(lock).encode(), "x.lock")
    assert (b.name, s.name, s.version, s.instructions, s.client, s.origin) == (
        "b", "s", "1.2", "Ask once.", "c 1", "x.lock",
    )  # fmt: skip
    assert b.capabilities == ("elicitation", "roots")
    assert [dict(tool.listed) for tool in s.tools] == [facts.TIDES, facts.WEATHER]
    assert render_lock([s, b], len) == json.dumps(lock, indent=1) + "\n"


def test_the_schema_holds_and_refuses(lock: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA_FILE)
    jsonschema.validate(lock, SCHEMA_FILE)
    jsonschema.validate({**lock, "later": 1}, SCHEMA_FILE)
    assert SCHEMA_FILE["properties"]["schema"]["const"] == SCHEMA
    wrong = {
        ("servers", "s", "tools", "tides", "tokens"): -1,
        ("servers", "s", "tools", "tides", "hash"): "x",
        ("servers", "s", "version"): 1,
        ("servers", "s", "resources"): "some",
        ("schema",): "ctxkit/tools-lock/2",
    }
    for path, value in wrong.items():
        copy = json.loads(json.dumps(lock))
        inner = copy
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(copy, SCHEMA_FILE)


def test_keys_of_later_versions_are_left_alone(lock: dict[str, Any]) -> None:
    lock["later"] = lock["servers"]["s"]["later"] = lock["servers"]["s"]["tools"]["tides"]["later"] = 1
    assert len(parse_lock(json.dumps(lock).encode(), "x.lock")) == 2


def test_an_edited_definition_is_refused(lock: dict[str, Any]) -> None:
    lock["servers"]["s"]["tools"]["tides"]["definition"]["description"] = "Do as I say."
    error = broken(lock)
    assert error.message == "x.lock: s / tides does not have the hash that stands beside it"
    assert "ctxkit tools --lock" in error.hint


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (lambda d: d.update(schema="ctxkit/tools-lock/2"), "has the schema 'ctxkit/tools-lock/2'", "Update ctxkit"),
        (lambda d: d.update(schema=None), "has the schema None", "tools --lock"),
        (lambda d: d.update(servers=[]), "servers is a list where a map is expected", "tools --lock"),
        (lambda d: d["servers"].update(s=3), "s is a number where a map is expected", "tools --lock"),
        (lambda d: d["servers"]["s"].update(tools=[]), "the tools of s are a list", "tools --lock"),
        (lambda d: d["servers"]["s"]["tools"].update(x=1), "s / x is a number", "tools --lock"),
        (lambda d: d["servers"]["s"]["tools"].update(x={}), "tool 1 is nothing", "tools/list"),
        (
            lambda d: d["servers"]["s"]["tools"].update(x=d["servers"]["s"]["tools"]["tides"]),
            "s / x defines a tool called 'tides'",
            "tools --lock",
        ),
    ],
)
def test_broken_locks(lock: dict[str, Any], change: Callable[[Any], None], message: str, hint: str) -> None:
    change(lock)
    error = broken(lock)
    assert message in error.message
    assert hint in error.hint


def test_a_merge_conflict_is_recognised() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_lock(b'{\n<<<<<<< HEAD\n "schema": 1\n', "x.lock")
    assert "line 2" in caught.value.message
    assert "merge conflict" in caught.value.hint


def test_growth_of_one_tool_changes_its_lines_only(lock: dict[str, Any], facts: Any) -> None:
    before = json.dumps(lock, indent=1).splitlines()
    longer = {**facts.TIDES, "description": "High and low water, by harbour."}
    told = {"version": "1.2", "instructions": "Ask once.", "client": "c 1", "resources": "listed"}
    servers = [facts.server(facts.WEATHER, longer, **told)]
    after = render_lock([*servers, *parse_lock(json.dumps(lock).encode(), "x")[:1]], len).splitlines()
    changed = [(a.split(":")[0].strip(), b.split(":")[0].strip()) for a, b in zip(before, after, strict=True) if a != b]
    assert changed == [('"tokens"',) * 2, ('"hash"',) * 2, ('"description"',) * 2]


def test_the_order_of_keys_does_not_change_the_hash(facts: Any) -> None:
    turned = dict(reversed(list(facts.WEATHER.items())))
    assert ToolDefinition("weather", turned).hash == ToolDefinition("weather", facts.WEATHER).hash
    other = {**facts.WEATHER, "description": "x"}
    assert ToolDefinition("weather", other).hash != ToolDefinition("weather", facts.WEATHER).hash


NAMES = st.text(min_size=1, max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(NAMES, st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=3), max_size=3), max_size=3)
)
def test_any_definitions_survive_the_lock(servers: dict[str, dict[str, dict[str, Any]]]) -> None:
    definitions = [
        ServerDefinition(name, tuple(ToolDefinition(tool, {**body, "name": tool}) for tool, body in tools.items()))
        for name, tools in servers.items()
    ]
    text = render_lock(definitions, lambda text: len(text.encode("utf-8", "replace")))
    jsonschema.validate(json.loads(text), SCHEMA_FILE)
    again = parse_lock(text.encode(), "x.lock")
    assert render_lock(again, lambda text: len(text.encode("utf-8", "replace"))) == text
    assert {server.name: {tool.name for tool in server.tools} for server in again} == {
        name: set(tools) for name, tools in servers.items()
    }


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"tools": [{"name": "t"}]}', ["file"]),
        ('{"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": "t"}]}}', ["file"]),
        ('[{"name": "t", "description": null, "inputSchema": {"properties": {}}}]', ["file"]),
        ('{"server": "own", "package_version": "1", "tools": [{"name": "t"}]}', ["own"]),
        ('{"a": {"tools": [{"name": "t"}]}, "b": [{"name": "t"}]}', ["a", "b"]),
        ('{"a": {"result": {"tools": [{"name": "t"}]}}}', ["a"]),
    ],
)
def test_forms_of_user_given_json(text: str, names: list[str]) -> None:
    servers = parse_tools_json(text.encode(), "dir/file.json")
    assert [server.name for server in servers] == names
    assert all([tool.name for tool in server.tools] == ["t"] for server in servers)


def test_versions_instructions_and_a_given_name() -> None:
    text = '{"server": "own", "serverInfo": {"version": "3"}, "instructions": "Hi.", "tools": []}'
    (server,) = parse_tools_json(text.encode(), "f.json", "mine")
    assert (server.name, server.version, server.instructions) == ("mine", "3", "Hi.")


def test_a_tool_needs_nothing_but_a_name() -> None:
    ((tool,),) = (server.tools for server in parse_tools_json(b'[{"name": "t"}]', "f.json"))
    assert tool.description == ""
    assert tool.schema == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "f.json is not valid JSON: line 1"),
        ("3", "f.json holds a number"),
        ("{}", "there is no list of tools in it"),
        ('{"tools": 3}', "there is no list of tools in it (at 'tools' is a number)"),
        ('[{"description": "d"}]', "f.json: tool 1 has no name"),
        ('[{"name": "t"}, "u"]', "f.json: tool 2 is a text"),
        ('[{"name": "t", "n": 1e999}]', "f.json: tool 't' holds a number out of range"),
        ("[" * 100_000, "nested"),
        ('[{"name": "t", "inputSchema": ' + '{"items": ' * 150 + "1" + "}" * 150 + "}]", "nested more than 100 deep"),
    ],
)
def test_junk_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_tools_json(text.encode(), "f.json")
    assert message in caught.value.message
    assert "tools/list" in caught.value.hint


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.json"):
        with pytest.raises(ConfigError, match="is not a file"):
            read_tools_json(str(path))


@given(VALUES)
def test_any_json_gives_servers_or_an_error(value: object) -> None:
    try:
        servers = parse_tools_json(json.dumps(value).encode(), "f.json")
    except ConfigError:
        return
    assert servers
