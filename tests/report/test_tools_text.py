"""``ctxkit tools`` as text and JSON, from values made here."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ctxkit.model import Activation, Skipped, Tokens
from ctxkit.model.tools import (
    AgentTools,
    LockResult,
    OwnTool,
    ServerChange,
    ServerTools,
    ToolChange,
    ToolCost,
    ToolsReport,
)
from ctxkit.report.layout import ASCII, Screen, columns_of
from ctxkit.report.lock_text import lock_text
from ctxkit.report.tools_json import tools_json
from ctxkit.report.tools_summary import reach, shared
from ctxkit.report.tools_text import tools_text

SCHEMA = json.loads((Path(__file__).parents[2] / "rules" / "schema" / "tools.json").read_text(encoding="utf-8"))
NONE = Tokens(0, False, "unknown")


def tool(name: str, n: int, listed: int | None = None, activation: Activation = Activation.ALWAYS) -> ToolCost:
    now = Tokens(n if listed is None else listed)
    return ToolCost(name, f"mcp__s__{name}", activation, now, Tokens(n), n // 4, n // 2, "why")


def server(name: str, *tools: ToolCost, **extra: object) -> ServerTools:
    kept = [tool for tool in tools if tool.activation is not Activation.NEVER]
    facts: dict[str, object] = {
        "name": name, "path": ".mcp.json", "scope": "project", "transport": "stdio", "command": f"npx -y {name}",
        "starts": True, "pending": False, "why": "starts with the session", "known": bool(tools),
        "activation": Activation.ALWAYS, "tools": tools, "version": "1.0" if tools else "",
        "origin": "ctxkit-tools.lock" if tools else "",
        "tokens": Tokens(sum(t.tokens.n for t in tools)) if tools else NONE,
        "tokens_if_used": Tokens(sum(t.tokens_if_used.n for t in kept)) if tools else NONE,
    }  # fmt: skip
    return ServerTools(**{**facts, **extra})  # type: ignore[arg-type]


@pytest.fixture
def agents() -> tuple[AgentTools, ...]:
    later = Activation.NAMED
    github = [tool("create_pull_request", 2_400), tool("search", 900), tool("denied", 70, 0, Activation.NEVER)]
    deferred = [tool("create_pull_request", 2_300, 9, later), tool("search", 880, 5, later)]
    return (
        AgentTools(
            "claude-code", "Claude Code", "2.1.329", "claude-sonnet-4-5", 200_000,
            (
                server("github", *deferred, activation=later, instructions=Tokens(40)),
                server("search-engine", path="~/.claude.json", trouble=("gave no answer: it exits. Mend it.",)),
                server("off", starts=False, why="switched off in its entry"),
            ),
        ),
        AgentTools(
            "codex", "Codex CLI", "0.169.0", "gpt-5.1", 272_000,
            (server("github", *github), server("docs", tool("read", 120), origin="the server itself")),
        ),
    )  # fmt: skip


@pytest.fixture
def report(agents) -> ToolsReport:
    skipped = (Skipped(".gemini/settings.json", "is not valid JSON", "Correct it."),)
    return ToolsReport("/r", agents, ("Cursor",), skipped)


@pytest.fixture
def lock() -> LockResult:
    changes = (
        ServerChange("docs", None, "1.0", None, 120, (ToolChange("read", None, 120),)),
        ServerChange(
            "github", "1.0", "1.1", 3_000, 3_412,
            (ToolChange("create_pull_request", 2_000, 2_400), ToolChange("new", None, 20), ToolChange("old", 8, None)),
            True,
        ),
        ServerChange("gone", "0.1", None, 50, None),
    )  # fmt: skip
    return LockResult("ctxkit-tools.lock", True, 2, 9, 3_532, changes, ("s is not locked: it repeats a secret",))


OWN = (
    OwnTool("list_things", Activation.NAMED, Tokens(6), Tokens(135), "sent because of github"),
    OwnTool("read_thing", Activation.NAMED, Tokens(7), Tokens(198), "sent because of github"),
)


def render(report: ToolsReport, screen: Screen, models=None, **options) -> str:
    given = {"path": ".", "top": 10, "every_agent": False, **options}
    return "".join(f"{line}\n" for line in tools_text(report, models or {}, screen, **given))


@pytest.mark.parametrize("width", [80, 120])
def test_several_agents(report, models, golden, width: int) -> None:
    golden(f"tools-{width}.txt", render(report, Screen(width), models))


def test_every_agent_in_ascii(report, models, golden) -> None:
    golden("tools-every-80-ascii.txt", render(report, Screen(80, glyphs=ASCII), models, every_agent=True, top=2))


def test_the_lock(lock, golden) -> None:
    golden("tools-lock-80.txt", "".join(f"{line}\n" for line in lock_text(lock, Screen(80), 2, False)))


@pytest.mark.parametrize("width", [60, 72, 80, 120])
def test_no_line_is_wider_than_the_screen(report, lock, width: int) -> None:
    lines = [*render(report, Screen(width), every_agent=True).splitlines(), *lock_text(lock, Screen(width), 3, True)]
    assert max(map(columns_of, lines)) <= width


def test_colour_only_adds_colour(report) -> None:
    coloured = render(report, Screen(80, colour=True))
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(report, Screen(80))


def test_what_is_counted(agents) -> None:
    claude, codex = map(reach, agents)
    assert (claude.start.n, claude.whole.n, claude.tools, len(claude.unknown)) == (14, 3_180, 2, 1)
    assert (codex.start.n, codex.tools) == (3_420, 3), "a denied tool costs nothing and is not offered"
    (one,) = shared(agents)
    assert [(agent.agent, tokens.n) for agent, tokens in one.costs] == [("claude-code", 3_180), ("codex", 3_300)]


def test_the_next_step_depends_on_what_is_missing(report, agents) -> None:
    assert "Next: ctxkit tools 'a b' --tools search-engine=FILE" in render(report, Screen(120), path="a b")
    unasked = replace(agents[0], servers=(replace(agents[0].servers[1], trouble=()),))
    assert "Next: ctxkit tools --live" in render(replace(report, agents=(unasked,)), Screen(120))
    assert "--live --lock" in render(replace(report, agents=agents[1:]), Screen(120))
    assert "--live --lock" not in render(replace(report, agents=agents[1:]), Screen(120), locked=True)


def test_the_json_satisfies_its_schema(report, lock, models) -> None:
    for given in (lock, None):
        data = b"".join(tools_json(report, given, models))
        Draft202012Validator(SCHEMA).validate(json.loads(data))
    assert json.loads(data)["agents"][0]["total"] == {
        "at_least": True, "by": "o200k_base", "error": 0.0, "exact": False, "n": 14,
    }  # fmt: skip


def test_names_cannot_drive_the_terminal_or_break_the_json(report, agents) -> None:
    bad = "\x1b[2J\u202e\udcff\n"
    evil = replace(agents[1].servers[0], name=bad, path=bad, why=bad, trouble=(bad,), version=bad, origin=bad)
    made = replace(report, agents=(replace(agents[1], servers=(evil,)),))
    assert all(char.isprintable() or char == "\n" for char in render(made, Screen(100)))
    json.loads(b"".join(tools_json(made, None, {})).decode("utf-8"))


def test_tools_of_the_agents_own_are_in_the_sums_and_in_a_row(agents) -> None:
    agent = replace(agents[0], own=OWN)
    before, after = reach(agents[0]), reach(agent)
    assert (after.start.n - before.start.n, after.whole.n - before.whole.n) == (13, 333)
    assert after.tools == before.tools
    text = render(ToolsReport("/r", (agent,)), Screen(120))
    (row,) = (line for line in text.splitlines() if "list_things" in line)
    assert re.match(r" *13 +333 +resources +2 tools +the agent's own: list_things, read_thing", row)
    assert "list_things" not in render(ToolsReport("/r", agents[:1]), Screen(120))


def test_tools_of_the_agents_own_that_wait_count_in_no_sum(agents) -> None:
    waiting = OwnTool("read_thing", Activation.MANUAL, Tokens(0), Tokens(198), "sent once github is approved")
    agent = replace(agents[0], own=(waiting,))
    assert reach(agent) == reach(agents[0])


def test_tools_of_the_agents_own_in_json(agents) -> None:
    report = ToolsReport("/r", (replace(agents[0], own=OWN), agents[1]))
    document = json.loads(b"".join(tools_json(report, None, {})))
    Draft202012Validator(SCHEMA).validate(document)
    with_own, without = document["agents"]
    assert [(tool["name"], tool["tokens"]["n"]) for tool in with_own["own_tools"]] == [
        ("list_things", 6),
        ("read_thing", 7),
    ]
    assert with_own["own_tools"][0]["why"] == "sent because of github"
    assert without["own_tools"] == []
