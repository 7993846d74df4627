from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ctxkit.agents.spec import TextLimit
from ctxkit.sources.tool_cost import limited, tool_form, written


@pytest.mark.parametrize(
    ("wire", "keys"),
    [
        ("messages", {"name", "description", "input_schema"}),
        ("chat", {"type", "function"}),
        ("responses", {"type", "name", "description", "parameters", "strict"}),
        ("responses-lite", {"type", "name", "description", "parameters", "strict"}),
        ("generate-content", {"name", "description", "parametersJsonSchema"}),
    ],
)
def test_other_agents_take_the_form_of_their_wire(wire: str, keys: set[str], facts: Any) -> None:
    spec = facts.agent(gateway={"wire": [wire]})
    (server,) = written(spec, "1.0", [("s", facts.server(facts.WEATHER))])
    assert set(json.loads(server.tools[0].whole.text)) == keys
    assert server.tools[0].name == "mcp__s__weather"
    assert tool_form(spec, "1.0").error >= 0.1


@pytest.mark.parametrize(
    ("version", "how"), [("2.1.197", "2.1.197"), ("2.1.328", "2.1.197"), ("2.1.329", "2.1.329"), ("3.0", "2.1.329")]
)
def test_the_form_of_a_version(version: str, how: str, facts: Any) -> None:
    assert tool_form(facts.agent(id="claude-code"), version).how.endswith(how)


@pytest.mark.parametrize(
    ("unit", "n", "text", "kept"),
    [
        ("bytes", 4, "aøøø", "aø…"),
        ("chars", 3, "aøøø", "aøø…"),
        ("utf16", 3, "a😀😀", "a😀…"),
        ("utf16", 4, "a😀😀", "a😀…"),
        ("utf16", 5, "a😀😀", "a😀😀"),
        ("bytes", 99, "a", "a"),
    ],
)
def test_texts_are_cut(unit: str, n: int, text: str, kept: str, facts: Any) -> None:
    limit = {"n": n, "unit": unit, "mark": "…"}
    assert limited(text, msgspec.convert(limit, TextLimit)) == kept
    spec = facts.agent({"text_limit": [{**limit, "before": "2.0"}], "instructions": True})
    listed = facts.server({"name": "t", "description": text, "inputSchema": {"type": "object"}}, instructions=text)
    for version, shown in (("1.9", kept), ("2.0", text)):
        (server,) = written(spec, version, [("s", listed)])
        assert json.loads(server.tools[0].whole.text)["description"] == shown
        assert server.instructions.text == shown


def test_listings(facts: Any) -> None:
    listed = facts.server({**facts.WEATHER, "description": "Says\n  how warm it is."})
    for rule, line in (
        ({"listed": "names"}, "mcp__s__weather\n"),
        ({"listed": "names+description", "description_chars": 8}, "mcp__s__weather: Says how\n"),
        ({"listed": "namespaces"}, ""),
        ({"listed": "nothing"}, ""),
    ):
        spec = facts.agent({"deferral": [{"mode": "always", **rule}]})
        (server,) = written(spec, "1.0", [("s", listed)], spec.mcp.deferral[0])
        assert server.tools[0].listed.text == line
