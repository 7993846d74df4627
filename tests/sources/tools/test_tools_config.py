from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from ctxkit.sources.masking import command_line, masked
from ctxkit.sources.mcp_config import McpServer, servers
from ctxkit.sources.mcp_entries import mcp_entries

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = Path(__file__).parents[2] / "cases"
SERVERS = yaml.safe_load((CASES / "tools-servers.yaml").read_text("utf-8"))
MASKING = yaml.safe_load((CASES / "tools-masking.yaml").read_text("utf-8"))


@pytest.fixture(scope="session")
def found(facts: Any) -> Callable[..., tuple[McpServer, ...]]:
    def find(project: Any, mcp: dict[str, Any] | None = None) -> tuple[McpServer, ...]:
        spec = facts.agent(mcp)
        settings = project.settings(spec)
        entries = mcp_entries(spec, spec.latest, settings, project.places, project.disk)
        return servers(spec, entries, settings, project.disk)

    return find


@pytest.mark.parametrize("case", SERVERS, ids=lambda case: case["name"])
def test_which_servers_start(case: dict[str, Any], tmp_path: Path, facts: Any, found: Any) -> None:
    project = facts.Project(tmp_path, case["files"])
    result = found(project, case.get("mcp"))
    if "expect_list" in case:
        assert [(s.name, s.scope, s.starts) for s in result] == [tuple(row[:3]) for row in case["expect_list"]]
        for entry, row in zip(result, case["expect_list"], strict=True):
            assert row[3] in entry.why
    else:
        assert {f"{s.name} {s.path}": [s.starts, s.pending] for s in result} == {
            key: value[:2] for key, value in case["expect"].items()
        }
        for entry in result:
            assert case["expect"][f"{entry.name} {entry.path}"][2] in entry.why
    skipped = [f"{item.path}: {item.reason}" for item in project.disk.skipped]
    expected = case.get("skipped", [])
    assert len(skipped) == len(expected)
    for line, start in zip(skipped, expected, strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize("case", MASKING, ids=lambda case: case["shown"])
def test_secrets_are_not_shown(case: dict[str, Any]) -> None:
    assert command_line(case["arguments"]) == case["shown"]


@pytest.mark.parametrize(
    ("entry", "transport", "command"),
    [
        ('{"command": "npx", "args": ["-y", "x"]}', "stdio", "npx -y x"),
        ('{"type": "local", "command": ["bun", "x", "y z"]}', "stdio", 'bun x "y z"'),
        ('{"command": {"path": "run", "args": ["x"], "env": {}}}', "stdio", "run x"),
        ('{"type": "stdio", "cmd": "goose-tool", "args": ["a"]}', "stdio", "goose-tool a"),
        ('{"url": "https://x.io/mcp"}', "http", "https://x.io/mcp"),
        ('{"httpUrl": "https://x.io/mcp"}', "http", "https://x.io/mcp"),
        ('{"serverUrl": "https://x.io/mcp"}', "http", "https://x.io/mcp"),
        ('{"type": "sse", "url": "https://x.io/mcp?key=abc"}', "sse", "https://x.io/mcp?key=***"),
        ('{"type": "remote", "url": "https://x.io"}', "http", "https://x.io"),
        ('{"type": "streamable_http", "uri": "https://x.io"}', "http", "https://x.io"),
        ('{"type": "builtin", "enabled": true}', "builtin", ""),
    ],
)
def test_transport_and_command(
    entry: str, transport: str, command: str, tmp_path: Path, facts: Any, found: Any
) -> None:
    project = facts.Project(tmp_path, {"{home}/.agent.json": f'{{"mcpServers": {{"s": {entry}}}}}'})
    (result,) = found(project)
    assert (result.transport, result.command, result.starts) == (transport, command, True)


def test_only_names_of_variables_and_headers_are_kept(tmp_path: Path, facts: Any, found: Any) -> None:
    entry = '{"url": "https://x.io", "env": {"KEY": "v1"}, "env_vars": ["OTHER=v2"], "headers": {"X-Auth": "v3"}}'
    (result,) = found(facts.Project(tmp_path, {"{home}/.agent.json": f'{{"mcpServers": {{"s": {entry}}}}}'}))
    assert result.env == ("KEY", "OTHER")
    assert result.headers == ("X-Auth",)
    assert not any(secret in repr(result) for secret in ("v1", "v2", "v3"))


@pytest.mark.parametrize(
    ("entry", "settings", "denied"),
    [
        ("{}", "{}", []),
        ('{"disabledTools": ["tides"]}', "{}", ["tides"]),
        ('{"disabledTools": ["t*"]}', "{}", ["tides"]),
        ('{"tools": ["weather"]}', "{}", ["tides"]),
        ('{"tools": ["*"]}', "{}", []),
        ('{"tools": []}', "{}", []),
        ('{"tools": ["weather", "tides"], "disabledTools": ["weather(town)"]}', "{}", ["weather"]),
        ("{}", '{"deny": ["mcp__s__tides", "Bash(ls)"]}', ["tides"]),
        ("{}", '{"deny": ["mcp__s"]}', ["tides", "weather"]),
        ("{}", '{"deny": ["mcp__*"]}', ["tides", "weather"]),
        ("{}", '{"deny": ["mcp__other"]}', []),
        ("{}", '{"deny": {"mcp__s__*": false, "mcp__s__tides": true}}', ["weather"]),
        ("{}", '{"deny": {"mcp__s__*": "deny", "mcp__s__w*": "ask"}}', ["tides"]),
    ],
)
def test_denied_tools(entry: str, settings: str, denied: list[str], tmp_path: Path, facts: Any, found: Any) -> None:
    text = json.dumps({"mcpServers": {"s": {**json.loads(entry), "command": "run"}}})
    (result,) = found(facts.Project(tmp_path, {"{home}/.agent.json": text, "{root}/settings.json": settings}))
    assert [tool for tool in ("tides", "weather") if result.tools.denied("s", tool)] == denied


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs and links")
@pytest.mark.parametrize("kind", ["fifo", "loop", "directory", "binary", "huge", "deep", "wide"])
def test_hostile_files_are_recorded(kind: str, tmp_path: Path, facts: Any, found: Any) -> None:
    project = facts.Project(tmp_path, {"{home}/.agent.json": '{"mcpServers": {"s": {"command": "run"}}}'})
    path = os.path.join(project.root, ".mcp.json")
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "loop":
        os.symlink(path, path)
    elif kind == "directory":
        os.mkdir(path)
    elif kind == "huge":
        with open(path, "wb") as file:
            file.truncate(1 << 31)
    elif kind == "wide":
        Path(path).write_text('{"mcpServers": {' + ",".join(f'"s{i}": 0' for i in range(20_000)) + "}}")
    else:
        Path(path).write_bytes(b"\0" * 100 if kind == "binary" else b"[" * 100_000)
    assert [s.name for s in found(project)] == ["s"]
    assert len(project.disk.skipped) == (0 if kind == "directory" else 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["mcpServers", "s", "command", "args", "url", "env", "tools", "type", "disabled", ""]),
        inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@given(data=JSON, config=JSON)
def test_any_configuration_gives_servers(
    data: object, config: object, tmp_path_factory: pytest.TempPathFactory, facts: Any, found: Any
) -> None:
    files = {
        "{root}/.mcp.json": json.dumps({"mcpServers": data}),
        "{root}/settings.json": json.dumps({"deny": config, "refused": config, "allowed": config}),
    }
    project = facts.Project(tmp_path_factory.mktemp("any"), files)
    for entry in found(project):
        assert entry.why
        entry.tools.denied(entry.name, "tool")


@given(st.text(alphabet="abAB01:=/@-_.{}$ \"'?&#", max_size=80))
def test_masking_any_text_ends(text: str) -> None:
    assert len(masked(text)) <= 4 * len(text) + 8


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=12, max_size=40))
def test_what_follows_a_secret_flag_is_hidden(secret: str) -> None:
    assume(secret not in "Authorization")
    for arguments in (["x", "--api-key", secret], ["x", f"--token={secret}"], ["x", f"API_SECRET={secret}"],
                      ["x", f"https://user:{secret}@host/path"], ["x", f"https://host/path?k={secret}"],
                      ["x", "-H", f"Authorization: Bearer {secret}"]):  # fmt: skip
        assert secret not in command_line(arguments)
