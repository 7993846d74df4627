"""Tools that an agent adds of its own because of MCP servers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ctxkit.model import Category, Segment, Tokens, total
from ctxkit.sources.definitions import parse_tools_json
from ctxkit.sources.lockfile import parse_lock, render_lock
from ctxkit.sources.tools import collect_tools

CASES = yaml.safe_load((Path(__file__).parents[2] / "cases/tools-own.yaml").read_text("utf-8"))
OWN = {
    "id": "resources",
    "when": "resources",
    "tools": [{"name": "list", "tokens": 70, "listed": 4}, {"name": "read", "tokens": 50, "listed": 3}],
    "evidence": "invented",
}


@pytest.fixture
def collect(facts: Any, tmp_path: Path) -> Any:
    def run(case: dict[str, Any], estimate: Any = lambda n, path, text: Tokens(n)) -> list[Segment]:
        waiting = {"waiting": {"command": "run"}} if "waiting" in case["servers"] else {}
        others = {
            name: {"command": "run", "disabled": name == "stopped", "alwaysLoad": name == "always"}
            for name in case["servers"]
            if name != "waiting"
        }
        files = {
            "{root}/.mcp.json": json.dumps({"mcpServers": waiting}),
            "{home}/.agent.json": json.dumps({"mcpServers": others}),
        }
        project = facts.Project(tmp_path, files)
        mcp = {
            "own_tools": [{**OWN, **case.get("own", {})}],
            "deferral": [case["deferral"]] if "deferral" in case else [],
            "always_load": case.get("always_load", False),
        }
        spec = facts.agent(mcp)
        known = {
            name: facts.server(facts.TIDES, name=name, resources=said)
            for name, said in case["servers"].items()
            if said != "?"
        }
        found = collect_tools(
            spec, spec.latest, "m", project.settings(spec), project.places, project.disk, known, estimate, len
        )
        assert [s.kind for s in found[: len(case["servers"])]] == ["mcp-server"] * len(case["servers"])
        return list(found[len(case["servers"]) :])

    return run


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_cases(case: dict[str, Any], collect: Any) -> None:
    found = collect(case)
    told = {
        child.title: [child.activation.value, child.tokens.n, child.tokens_if_used.n]
        for own in found
        for child in own.children
    }
    assert told == case.get("expect", {})
    for own in found:
        assert (own.kind, own.category, own.path) == ("mcp-own", Category.TOOLS, None)
        assert own.tokens.n == total([child.tokens for child in own.children]).n
        assert own.tokens_if_used.n == total([child.tokens_if_used for child in own.children]).n
        assert own.loaded is (own.tokens.n > 0)
        assert own.activation.value in {row[0] for row in told.values()}
        assert case.get("why", "") in own.why


def test_counts_are_those_of_the_model(collect: Any) -> None:
    seen: list[tuple[int, str]] = []

    def estimate(n: int, path: str, text: str) -> Tokens:
        seen.append((n, path))
        return Tokens(2 * n + 1, False, "m", 0.1)

    case = {"servers": {"s": "declared"}, "deferral": {"mode": "always", "listed": "names"}}
    (own,) = collect(case, estimate)
    assert (own.tokens, own.tokens_if_used) == (Tokens(15, False, "m", 0.1), Tokens(241, False, "m", 0.1))
    assert sum(child.tokens_if_used.n for child in own.children) == 241
    assert {(120, "tool.json"), (7, "listing.md")} <= set(seen)


def test_a_server_says_where_its_resources_are_not_known(facts: Any, tmp_path: Path) -> None:
    project = facts.Project(tmp_path, {"{home}/.agent.json": '{"mcpServers": {"s": {"command": "run"}}}'})
    for when, resources, told in (
        ("resources", "unknown", True),
        ("resources", "none", False),
        ("server", "unknown", False),
    ):
        spec = facts.agent({"own_tools": [{**OWN, "when": when}]})
        known = {"s": facts.server(facts.TIDES, resources=resources)}
        server = collect_tools(
            spec, "2.0", "m", project.settings(spec), project.places, project.disk, known,
            lambda n, path, text: Tokens(n), len,
        )[0]  # fmt: skip
        assert ("whether it offers resources is not known" in server.why) is told


@pytest.mark.parametrize(
    ("beside", "resources"),
    [
        ({}, "unknown"),
        ({"capabilities": None}, "unknown"),
        ({"capabilities": ["resources"]}, "unknown"),
        ({"capabilities": {}}, "none"),
        ({"capabilities": {"tools": {}, "prompts": {}}}, "none"),
        ({"capabilities": {"resources": None}}, "none"),
        ({"capabilities": {"resources": {}}}, "declared"),
        ({"capabilities": {"resources": {"subscribe": True}}}, "declared"),
    ],
)
def test_capabilities_beside_a_list_of_tools(beside: dict[str, Any], resources: str, facts: Any) -> None:
    listed = {"tools": [facts.TIDES], **beside}
    for document in (listed, {"result": listed}, {"s": listed}, {"s": {"result": listed}}):
        (server,) = parse_tools_json(json.dumps(document).encode(), "s.json")
        assert server.resources == resources


@pytest.mark.parametrize("resources", ["none", "empty", "declared", "listed"])
def test_the_lock_keeps_them(resources: str, facts: Any) -> None:
    text = render_lock([facts.server(facts.TIDES, resources=resources)], len)
    assert json.loads(text)["servers"]["s"]["resources"] == resources
    (server,) = parse_lock(text.encode(), "x.lock")
    assert server.resources == resources


def test_a_lock_of_before_knows_nothing_of_them(facts: Any) -> None:
    text = render_lock([facts.server(facts.TIDES)], len)
    assert "resources" not in json.loads(text)["servers"]["s"]
    document = json.loads(text)
    for value in ("some", 1, None, ["listed"], {}):
        document["servers"]["s"]["resources"] = value
        (server,) = parse_lock(json.dumps(document).encode(), "x.lock")
        assert server.resources == "unknown"
