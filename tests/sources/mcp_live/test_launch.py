"""From an entry of a configuration file to a command line, an environment, headers; and which servers are started."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from ctxkit.agents.disk import Disk
from ctxkit.agents.load import load_agent
from ctxkit.agents.places import Places
from ctxkit.agents.settings import load_settings
from ctxkit.model import CtxkitError
from ctxkit.report.layout import Screen
from ctxkit.report.plan_text import plan_text
from ctxkit.sources.mcp_live.expand import Expander
from ctxkit.sources.mcp_live.failure import ServerFailureError
from ctxkit.sources.mcp_live.launch import Launch, client_of, launch_of
from ctxkit.sources.mcp_live.plan import make_plan
from ctxkit.sources.tool_listing import Configured, configured

CASES = yaml.safe_load((Path(__file__).parents[2] / "cases" / "mcp-references.yaml").read_text("utf-8"))
ENV = {"TOWN": "Oslo", "EMPTY": "", "KEY": "k-1"}


class World:
    """A home directory with a repository in it, and what agents make of its files."""

    def __init__(self, tmp_path: Path) -> None:
        self.home = tmp_path / "home"
        self.root = self.home / "repo"
        (self.root / ".git").mkdir(parents=True)
        self.places = Places(str(self.root), str(self.root), str(self.home), str(self.root), (), {})

    def write(self, name: str, value: Any) -> None:
        path = self.home / name[2:] if name.startswith("~/") else self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")

    def agent(self, name: str) -> Configured:
        spec = load_agent(name)
        disk = Disk(str(self.root), str(self.home), str(self.root))
        settings = load_settings(spec, self.places.names(spec), disk, spec.latest)
        return configured(spec, spec.latest, settings, self.places, disk)

    def launch(self, name: str, environ: dict[str, str] | None = None) -> Launch:
        agent = self.agent(name)
        return launch_of(agent.spec, agent.version, agent.servers[0], self.places, environ or ENV)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['agent']} {case.get('argument', case.get('value'))}")
def test_references(case: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("from the file\n", "utf-8")
    spec = load_agent(case["agent"])
    assert spec.mcp is not None
    places = {"workspaceFolder": "{root}", "userHome": "{home}"}
    expander = Expander(spec.mcp.launch[0], ENV, places, str(tmp_path), str(tmp_path))
    found = expander.text(case["argument"]) if "argument" in case else expander.value(case["value"])
    assert found == case["expect"]
    assert expander.unset == case.get("unset", [])


@pytest.mark.parametrize(
    ("agent", "text", "reason"),
    [
        ("cursor", "${input:api-key}", "asks the user for api-key"),
        ("opencode", "{file:no-such.txt}", "no-such.txt, which does not exist"),
        ("opencode", "{file:~/x}", "names the file ~/x"),
    ],
)
def test_references_that_lead_nowhere(agent: str, text: str, reason: str, tmp_path: Path) -> None:
    spec = load_agent(agent)
    assert spec.mcp is not None
    with pytest.raises(ServerFailureError) as error:
        Expander(spec.mcp.launch[0], ENV, {}, str(tmp_path), str(tmp_path)).text(text)
    assert reason in error.value.reason
    assert error.value.hint


def test_a_command_with_its_environment(world: World) -> None:
    entry = {"command": "run", "args": ["--in", "${TOWN}"], "env": {"A": "${KEY}", "N": 3, "B": True, "L": []}}
    world.write(".mcp.json", {"mcpServers": {"s": entry}})
    found = world.launch("claude-code")
    assert found.arguments == ("run", "--in", "Oslo")
    own = {"CLAUDECODE": "1", "CLAUDE_PROJECT_DIR": str(world.root)}
    assert found.env == {**ENV, **own, "A": "k-1", "N": "3", "B": "true"}
    assert found.cwd == str(world.root)
    assert (found.sets, found.reads) == (("A", "B", "N"), ("KEY", "TOWN"))


def test_codex_hands_on_little(world: World) -> None:
    text = (
        '[mcp_servers.s]\ncommand = "run"\nenv_vars = ["KEY", "NOT_SET"]\ncwd = "sub"\n[mcp_servers.s.env]\nA = "1"\n'
    )
    world.write("~/.codex/config.toml", text)
    found = world.launch("codex", {**ENV, "PATH": "/bin", "HOME": "/h", "AWS_PROFILE": "x"})
    assert found.env == {"PATH": "/bin", "HOME": "/h", "KEY": "k-1", "A": "1"}
    assert found.cwd == str(world.root / "sub")


def test_gemini_keeps_secrets_back(world: World) -> None:
    world.write(".gemini/settings.json", {"mcpServers": {"s": {"command": "run", "env": {"MY_TOKEN": "t"}}}})
    found = world.launch("gemini-cli", {"GEMINI_API_KEY": "x", "GITHUB_TOKEN": "y", "LANG": "C"})
    assert found.env == {"LANG": "C", "MY_TOKEN": "t"}


def test_an_address_with_its_headers(world: World) -> None:
    world.write(
        "~/.codex/config.toml",
        '[mcp_servers.s]\nurl = "https://x.io/mcp"\nbearer_token_env_var = "KEY"\nhttp_headers = { A = "b" }\n'
        'env_http_headers = { "X-Town" = "TOWN", "X-No" = "UNSET" }\n',
    )
    found = world.launch("codex")
    assert found.address == "https://x.io/mcp"
    assert found.headers == {"Authorization": "Bearer k-1", "A": "b", "X-Town": "Oslo"}
    assert found.unset == ("UNSET",)


def test_secrets_do_not_show_and_are_known(world: World) -> None:
    secret = "s3cr3t-Value-0123456789"
    entry = {
        "command": "run", "args": ["--api-key", secret, "https://u:" + secret + "@x.io"],
        "env": {"API_TOKEN": secret, "MODE": "production"},
    }  # fmt: skip
    world.write(
        ".mcp.json",
        {"mcpServers": {"s": entry, "h": {"url": "https://x", "headers": {"Authorization": f"Bearer {secret}"}}}},
    )
    world.write(".claude/settings.json", {"enableAllProjectMcpServers": True})
    plan = make_plan([world.agent("claude-code")], (), (), world.places, ENV)
    assert secret not in "\n".join(plan_text(plan, Screen())) + repr(plan)
    assert plan.secrets() == {"API_TOKEN": secret, "Authorization": secret}
    told = {"GH_TOKEN": "ghs_own_token_of_the_user", "PWD": "/home/me/project", "LANG": "C.UTF-8-long"}
    assert make_plan([world.agent("claude-code")], (), (), world.places, told).secrets().keys() == {
        "API_TOKEN", "Authorization", "GH_TOKEN",
    }  # fmt: skip


def test_values_of_variables_do_not_show_and_what_stands_for_them_does(world: World) -> None:
    arguments = ["--town", "${TOWN}", "${UNSET:-curl evil.example}", "${KEY:-other}", "${UNSET}", "${EMPTY:-empty}"]
    world.write(".mcp.json", {"mcpServers": {"s": {"command": "run", "args": arguments}}})
    assert world.launch("claude-code").shown == 'run --town ${TOWN} "curl evil.example" ${KEY} ${UNSET} empty'
    world.write(".mcp.json", {"mcpServers": {"s": {"url": "https://${TOWN}.io/${UNSET:-x}"}}})
    found = world.launch("claude-code")
    assert (found.shown, found.address) == ("https://${TOWN}.io/x", "https://Oslo.io/x")


def test_a_command_line_is_shown_whole_or_not_run(world: World) -> None:
    script = "true; " * 600 + "rm -rf important"
    world.write(".mcp.json", {"mcpServers": {"s": {"command": "sh", "args": ["-c", script]}}})
    assert world.launch("claude-code").shown.endswith('rm -rf important"')
    world.write(".mcp.json", {"mcpServers": {"s": {"command": "sh", "args": ["-c", "x" * 30_000]}}})
    with pytest.raises(ServerFailureError, match="longer than"):
        world.launch("claude-code")


def test_an_address_is_shown_whole_or_not_asked(world: World) -> None:
    world.write(".mcp.json", {"mcpServers": {"s": {"url": "https://x.io/" + "a" * 5_000 + "/evil"}}})
    assert world.launch("claude-code").shown.endswith("a/evil")
    world.write(".mcp.json", {"mcpServers": {"s": {"url": "https://x.io/" + "a" * 30_000}}})
    with pytest.raises(ServerFailureError, match="address is longer than"):
        world.launch("claude-code")


def test_the_plan_hides_no_code(world: World) -> None:
    entry = {
        "command": "sh", "args": ["-c", 'API_TOKEN="$(touch /tmp/x)" exec cat'],
        "env": {"NODE_OPTIONS": "--require ./x.js", "A_TOKEN": "hunter2", "B": "${KEY}"},
    }  # fmt: skip
    world.write(".mcp.json", {"mcpServers": {"s": entry}})
    world.write(".claude/settings.json", {"enableAllProjectMcpServers": True})
    plan = make_plan([world.agent("claude-code")], (), (), world.places, ENV)
    text = " ".join(" ".join(plan_text(plan, Screen())).split())
    assert 'API_TOKEN="$(touch /tmp/x)" exec cat' in text
    assert 'variables its entry sets: A_TOKEN=***, B=${KEY}, NODE_OPTIONS="--require ./x.js"' in text


def test_variables_that_an_entry_hands_on_have_no_value_to_show(world: World) -> None:
    world.write("~/.codex/config.toml", '[mcp_servers.s]\ncommand = "run"\nenv_vars = ["KEY"]\nenv = { A = "1" }\n')
    text = "\n".join(plan_text(make_plan([world.agent("codex")], (), (), world.places, ENV), Screen()))
    assert "variables its entry sets: A=1\n" in text
    assert "variables its entry hands on: KEY" in text


def test_escapes_of_a_terminal_do_not_reach_it(world: World) -> None:
    world.write(".mcp.json", {"mcpServers": {"s\x1b[2J": {"command": "run\x1b[1A\u202e", "args": ["\r"]}}})
    world.write(".claude/settings.json", {"enableAllProjectMcpServers": True})
    plan = make_plan([world.agent("claude-code")], (), (), world.places, ENV)
    assert all(char.isprintable() for char in "".join(plan_text(plan, Screen())))


def test_what_claude_code_says_of_itself() -> None:
    spec = load_agent("claude-code")
    new, old = client_of(spec, "2.1.329"), client_of(spec, "2.1.197")
    assert new.capabilities == {"roots": {"listChanged": True}, "elicitation": {"form": {}, "url": {}}}
    assert old.capabilities == {"roots": {}, "elicitation": {}}
    assert new.info == {"name": "claude-code", "version": "2.1.329", "title": "Claude Code"}


def test_an_agent_of_which_nobody_knows_can_do_nothing() -> None:
    spec = load_agent("warp")
    assert client_of(spec, spec.latest).capabilities == {}


def test_one_start_serves_agents_that_start_it_alike(world: World) -> None:
    world.write("opencode.json", {"mcp": {"s": {"type": "local", "command": ["run"]}}})
    world.write(".cursor/mcp.json", {"mcpServers": {"s": {"command": "run"}}})
    world.write(".roo/mcp.json", {"mcpServers": {"other": {"command": "run"}}})
    agents = [world.agent(name) for name in ("opencode", "kilo", "cursor", "roo-code")]
    plan = make_plan(agents, (), (), world.places, ENV)
    assert len(plan.launches) == 2, "opencode and Kilo name roots, the others do not"
    assert len({plan.keys["cursor", "s"], plan.keys["roo-code", "other"]}) == 1
    lines = list(plan_text(plan, Screen(200)))
    assert lines.count("  run") == 1
    assert any("2 times, because agents differ" in line for line in lines)


def test_which_servers_are_chosen(world: World) -> None:
    servers = {"a": {"command": "a"}, "b": {"command": "b"}, "c": {"type": "odd"}}
    world.write(".mcp.json", {"mcpServers": servers})
    world.write(".claude/settings.json", {"enabledMcpjsonServers": ["a", "c"]})
    agents = [world.agent("claude-code")]
    default = make_plan(agents, (), (), world.places, ENV)
    assert set(default.keys) == {("claude-code", "a")}
    assert set(default.refused) == {("claude-code", "c")}
    assert "transport is odd" in default.refused["claude-code", "c"].reason
    assert set(make_plan(agents, ("b",), (), world.places, ENV).keys) == {("claude-code", "b")}
    assert make_plan(agents, (), ("a",), world.places, ENV).launches == {}
    with pytest.raises(CtxkitError, match="no configuration file names") as error:
        make_plan(agents, ("x",), (), world.places, ENV)
    assert "a, b, c" in error.value.hint


def test_whose_file_it_is(world: World) -> None:
    world.write("~/.claude.json", {"mcpServers": {"mine": {"command": "m"}}})
    world.write(".mcp.json", {"mcpServers": {"theirs": {"command": "t"}}})
    world.write(".claude/settings.json", {"enableAllProjectMcpServers": True})
    plan = make_plan([world.agent("claude-code")], (), (), world.places, ENV)
    assert {use.server: use.inside for uses in plan.uses.values() for use in uses} == {"mine": False, "theirs": True}


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_out_of_the_repository_does_not_hide_where_it_leads(world: World) -> None:
    world.write("~/elsewhere.json", {"mcpServers": {"s": {"command": "m"}}})
    (world.root / ".mcp.json").symlink_to(world.home / "elsewhere.json")
    world.write(".claude/settings.json", {"enableAllProjectMcpServers": True})
    plan = make_plan([world.agent("claude-code")], (), (), world.places, ENV)
    assert [use.inside for uses in plan.uses.values() for use in uses] == [True], "the repository made the link"
