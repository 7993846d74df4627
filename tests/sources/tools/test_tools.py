from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ctxkit.model import Activation, Category, ConfigError, Segment, Tokens, total
from ctxkit.sources.lockfile import render_lock
from ctxkit.sources.tool_files import LOCK_NAME
from ctxkit.sources.tools import collect_tools, read_definitions

CONFIG = {"{home}/.agent.json": '{"mcpServers": {"s": {"command": "run", "args": ["--token", "hunter2"]}}}'}


@pytest.fixture
def collect(facts: Any, tmp_path: Path) -> Any:
    """Collects with one token for each character, so that counts show what was counted."""

    def run(
        definitions: Any = (), files: Any = CONFIG, mcp: Any = None, env: Any = None, model: str = "m", **extra: Any
    ) -> tuple[Segment, ...]:
        project = facts.Project(tmp_path, files, env)
        spec = facts.agent(mcp, **extra)
        return collect_tools(
            spec, spec.latest, model, project.settings(spec), project.places, project.disk,
            {server.name: server for server in definitions}, lambda n, path, text: Tokens(n), len,
        )  # fmt: skip

    return run


def names(segment: Segment) -> dict[str, tuple[Activation, bool, int]]:
    return {child.title: (child.activation, child.loaded, child.tokens.n) for child in segment.children}


def test_a_server_and_its_tools(collect: Any, facts: Any) -> None:
    (server,) = collect([facts.server(facts.WEATHER, facts.TIDES, origin="x.lock", version="1.2")])
    assert (server.category, server.kind, server.title) == (Category.TOOLS, "mcp-server", "s")
    assert (server.path, server.activation, server.loaded) == ("~/.agent.json", Activation.ALWAYS, True)
    assert server.why == "starts with the session; stdio: run --token ***; 2 tools 1.2 from x.lock"
    assert [child.title for child in server.children] == ["mcp__s__weather", "mcp__s__tides"]
    assert all(child.kind == "mcp-tool" and child.loaded for child in server.children)
    assert server.tokens == total([child.tokens for child in server.children])
    assert server.tokens_if_used == server.tokens
    assert server.tokens.n > 100


def test_the_error_of_the_form_shows_in_the_count(collect: Any, facts: Any) -> None:
    (unknown,) = collect([facts.server(facts.TIDES)])
    assert (unknown.tokens.exact, unknown.tokens.error) == (False, 0.1)
    assert unknown.children[0].confidence == "unverified"


def test_a_recorded_form_adds_no_error(collect: Any, facts: Any) -> None:
    (known,) = collect([facts.server(facts.TIDES)], id="claude-code")
    assert known.tokens.exact
    assert known.children[0].confidence == "lab"


def test_without_definitions_the_next_step_is_named(collect: Any) -> None:
    (server,) = collect()
    assert (server.tokens.n, server.tokens.exact, server.loaded, server.children) == (0, False, True, ())
    assert "--tools s=FILE" in server.why
    assert LOCK_NAME in server.why


def test_denied_tools_cost_nothing_but_say_what_they_would(collect: Any, facts: Any) -> None:
    files = {**CONFIG, "{root}/settings.json": '{"deny": ["mcp__s__tides"]}'}
    (server,) = collect([facts.server(facts.WEATHER, facts.TIDES)], files)
    weather, tides = server.children
    assert (tides.activation, tides.loaded, tides.tokens.n) == (Activation.NEVER, False, 0)
    assert tides.tokens_if_used.n > 0
    assert tides.why == "denied by deny in settings.json"
    assert server.tokens == server.tokens_if_used == weather.tokens


def test_instructions_stay_where_all_tools_are_denied(collect: Any, facts: Any) -> None:
    files = {**CONFIG, "{root}/settings.json": '{"deny": ["mcp__s"]}'}
    definition = facts.server(facts.TIDES, instructions="Ask once.")
    (server,) = collect([definition], files, {"instructions": True})
    assert names(server) == {
        "instructions": (Activation.ALWAYS, True, 9),
        "mcp__s__tides": (Activation.NEVER, False, 0),
    }
    assert (server.activation, server.loaded, server.tokens.n) == (Activation.ALWAYS, True, 9)


@pytest.mark.parametrize(
    ("entry", "activation"),
    [('{"command": "run", "disabled": true}', Activation.NEVER), ('{"env": {}}', Activation.NEVER)],
)
def test_a_server_that_does_not_start(entry: str, activation: Activation, collect: Any, facts: Any) -> None:
    files = {"{home}/.agent.json": f'{{"mcpServers": {{"s": {entry}}}}}'}
    (server,) = collect([facts.server(facts.TIDES, instructions="x")], files, {"instructions": True})
    assert {(s.activation, s.loaded, s.tokens.n) for s in server.walk()} == {(activation, False, 0)}
    assert server.tokens_if_used.n > 0


def test_a_server_that_waits_for_approval(collect: Any, facts: Any) -> None:
    files = {"{root}/.mcp.json": '{"mcpServers": {"s": {"command": "run"}}}'}
    (server,) = collect([facts.server(facts.TIDES)], files)
    assert (server.activation, server.loaded, server.tokens.n) == (Activation.MANUAL, False, 0)
    assert server.tokens_if_used.n > 0


ALWAYS = {"deferral": [{"mode": "always", "listed": "names", "env": "SEARCH", "off_values": ["false"]}]}
NAME = len("mcp__s__tides\n")


@pytest.mark.parametrize(
    ("deferral", "activation", "listed"),
    [
        ({"mode": "never"}, Activation.ALWAYS, None),
        ({"mode": "always", "listed": "names"}, Activation.NAMED, NAME),
        ({"mode": "always", "listed": "names+description"}, Activation.DESCRIBED, NAME + len(": High and low water.")),
        ({"mode": "always", "listed": "nothing"}, Activation.NAMED, 0),
        ({"mode": "always", "listed": "names", "since": "3.0"}, Activation.ALWAYS, None),
        ({"mode": "by-model", "listed": "names", "models": ["gpt-5*"]}, Activation.NAMED, NAME),
        ({"mode": "by-model", "listed": "names", "models": ["gpt-6*"]}, Activation.ALWAYS, None),
        ({"mode": "threshold", "listed": "names", "threshold": 0.0001}, Activation.NAMED, NAME),
        ({"mode": "threshold", "listed": "names", "threshold": 0.5}, Activation.ALWAYS, None),
    ],
)
def test_deferral(deferral: Any, activation: Activation, listed: int | None, collect: Any, facts: Any) -> None:
    (server,) = collect([facts.server(facts.TIDES)], mcp={"deferral": [deferral]}, model="gpt-5.5")
    (tool,) = server.children
    assert server.activation is tool.activation is activation
    assert tool.tokens.n == (tool.tokens_if_used.n if listed is None else listed)
    assert server.loaded is (listed != 0)
    assert server.tokens_if_used.n == tool.tokens_if_used.n > 50


@pytest.mark.parametrize(
    ("env", "settings", "deferred"),
    [
        ({}, "{}", True),
        ({"SEARCH": "true"}, "{}", True),
        ({"SEARCH": "False"}, "{}", False),
        ({}, '{"env": {"SEARCH": "false"}}', False),
        ({}, '{"env": {"SEARCH": false}}', False),
        ({"SEARCH": "auto"}, "{}", False),
        ({"SEARCH": "auto:0"}, "{}", True),
        ({"SEARCH": "auto:50"}, "{}", False),
    ],
)
def test_the_switch_of_deferral(env: Any, settings: str, deferred: bool, collect: Any, facts: Any) -> None:
    files = {**CONFIG, "{root}/settings.json": settings}
    (server,) = collect([facts.server(facts.TIDES)], files, ALWAYS, env)
    assert (server.activation is Activation.NAMED) is deferred


@pytest.mark.parametrize(("heard", "activation"), [(True, Activation.ALWAYS), (False, Activation.NAMED)])
def test_what_asks_to_be_loaded_is_not_deferred(heard: bool, activation: Activation, collect: Any, facts: Any) -> None:
    kept = {**facts.WEATHER, "_meta": {"anthropic/alwaysLoad": True}}
    (server,) = collect([facts.server(kept, facts.TIDES)], mcp={**ALWAYS, "always_load": heard})
    assert [child.activation for child in server.children] == [activation, Activation.NAMED]


@pytest.mark.parametrize(("heard", "activation"), [(True, Activation.ALWAYS), (False, Activation.NAMED)])
def test_a_server_that_asks_to_be_loaded_is_not_deferred(
    heard: bool, activation: Activation, collect: Any, facts: Any
) -> None:
    files = {"{home}/.agent.json": '{"mcpServers": {"s": {"command": "run", "alwaysLoad": true}}}'}
    (server,) = collect([facts.server(facts.TIDES)], files, {**ALWAYS, "always_load": heard})
    assert {segment.activation for segment in server.walk()} == {activation}


TWO = {"{home}/.agent.json": '{"mcpServers": {"s": {"command": "run"}, "t": {"command": "run"}}}'}


def test_a_tool_that_the_agent_does_not_take_costs_nothing_and_says_why(collect: Any, facts: Any) -> None:
    broken = {"name": "odd", "inputSchema": {"type": "object", "properties": {"a": {"type": "any"}}}}
    (server,) = collect([facts.server(broken, facts.TIDES)], id="claude-code", latest="2.1.329")
    odd, tides = server.children
    assert (odd.activation, odd.loaded, odd.tokens.n, odd.tokens_if_used.n) == (Activation.NEVER, False, 0, 0)
    assert "not valid JSON Schema" in odd.why
    assert server.tokens == server.tokens_if_used == tides.tokens


def test_of_two_servers_with_one_name_for_their_tools_one_is_sent(collect: Any, facts: Any) -> None:
    listed = [facts.server(facts.TIDES), facts.server(facts.TIDES, name="t")]
    first, second = collect(listed, TWO, {"tool_name": "{tool}"}, id="opencode")
    assert (first.tokens.n, first.loaded) == (0, False)
    assert first.children[0].why == "another tool has the same name"
    assert second.loaded


def test_words_around_the_instructions_of_all_servers_are_counted_once(collect: Any, facts: Any) -> None:
    listed = [facts.server(instructions="Ask."), facts.server(name="t", instructions="Ask.")]
    first, second = collect(listed, TWO, {"instructions": True}, id="claude-code")
    assert first.tokens.n > second.tokens.n == len("## t\nAsk.\n\n")


def test_words_around_the_listing_of_all_servers_are_counted_once(collect: Any, facts: Any) -> None:
    listed = [facts.server(facts.TIDES), facts.server(facts.TIDES, name="t")]
    rule = {"deferral": [{"mode": "always", "listed": "namespaces"}]}
    first, second = collect(listed, TWO, rule, id="codex")
    assert first.tokens.n > second.tokens.n == len("- mcp__t\n")
    assert first.children[0].title == "heading and instructions"


@pytest.mark.parametrize(
    ("denied", "kinds"), [("mcp__s__tides", ["mcp-tool"]), ("mcp__x", ["mcp-instructions", "mcp-tool"])]
)
def test_a_namespace_goes_with_its_last_tool(denied: str, kinds: list[str], collect: Any, facts: Any) -> None:
    files = {**CONFIG, "{root}/settings.json": json.dumps({"deny": [denied]})}
    (server,) = collect([facts.server(facts.TIDES)], files, id="codex")
    assert [child.kind for child in server.children] == kinds


def test_agents_without_mcp_have_no_servers(collect: Any, facts: Any) -> None:
    project_files = {"{root}/.mcp.json": '{"mcpServers": {"s": {"command": "run"}}}'}
    assert collect(files=project_files, mcp={"files": []}) == ()


def test_control_characters_in_names_are_escaped(collect: Any, facts: Any) -> None:
    files = {"{home}/.agent.json": json.dumps({"mcpServers": {"s\x1b[2J": {"command": "a\nb"}}})}
    (server,) = collect(files=files)
    assert server.title == "s\\x1b[2J"
    assert server.why.isprintable()


def test_definitions_come_from_the_lock_and_from_files(tmp_path: Path, facts: Any) -> None:
    project = facts.Project(tmp_path, {})
    lock = render_lock([facts.server(facts.TIDES), facts.server(facts.TIDES, name="b", version="1")], len)
    Path(project.root, LOCK_NAME).write_text(lock, "utf-8")
    given = tmp_path / "given.json"
    given.write_text(json.dumps({"tools": [facts.WEATHER]}), "utf-8")
    found = read_definitions(project.disk, [f"s={given}", str(given)])
    assert {name: [tool.name for tool in server.tools] for name, server in found.items()} == {
        "s": ["weather"], "b": ["tides"], "given": ["weather"],
    }  # fmt: skip
    assert found["b"].origin == LOCK_NAME
    assert project.disk.skipped == ()


def test_a_broken_lock_is_recorded_and_a_broken_file_refused(tmp_path: Path, facts: Any) -> None:
    project = facts.Project(tmp_path, {f"{{root}}/{LOCK_NAME}": '{"schema": "x"}'})
    assert read_definitions(project.disk) == {}
    (skipped,) = project.disk.skipped
    assert skipped.path == LOCK_NAME
    assert skipped.reason.startswith("has the schema 'x'")
    with pytest.raises(ConfigError, match="is not a file"):
        read_definitions(project.disk, ["missing.json"])
