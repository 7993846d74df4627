from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ctxkit.agents.spec import Limit
from ctxkit.sources import tool_cost
from ctxkit.sources.definitions import ToolDefinition

TOWN = {"type": "string", "description": "Where", "default": "Oslo"}
DRAFT = "http://json-schema.org/draft-07/schema#"
TEXT = "Says how warm it is."
PLAIN = {"type": "object", "properties": {"town": TOWN}, "required": ["town"]}


def function(parameters: dict[str, Any], name: str = "s_weather") -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": TEXT, "parameters": parameters}}


# The forms of recorded requests: the same tool, written by each agent. The order of keys counts.
FORMS = {
    "claude-code": {"name": "s_weather", "description": TEXT, "input_schema": {**PLAIN, "$schema": DRAFT}},
    "opencode": function({**PLAIN, "$schema": DRAFT, "additionalProperties": False}),
    "kilo": function({**PLAIN, "$schema": DRAFT, "additionalProperties": False}),
    "cline": function(PLAIN),
    "copilot-cli": function(
        {
            "$schema": DRAFT,
            "properties": {"town": {"default": "Oslo", "description": "Where", "type": "string"}},
            "required": ["town"],
            "type": "object",
        }
    ),
    "continue-cli": {
        "type": "function", "name": "s_weather", "description": TEXT,
        "parameters": {"type": "object", "required": ["town"], "properties": {"town": TOWN}}, "strict": None,
    },
    "gemini-cli": {
        "name": "s_weather", "description": TEXT, "parametersJsonSchema": {**PLAIN, "$schema": DRAFT},
    },
    "codex": {
        "type": "function", "name": "weather", "description": TEXT, "strict": False,
        "parameters": {
            "type": "object", "properties": {"town": {"type": "string", "description": "Where"}}, "required": ["town"],
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("agent_id", FORMS)
def test_the_form_of_each_agent(agent_id: str, facts: Any) -> None:
    spec = facts.agent({"tool_name": "{server}_{tool}"}, id=agent_id)
    text = tool_cost.tool_text(spec, "s", ToolDefinition("weather", facts.WEATHER))
    assert text == json.dumps(FORMS[agent_id], separators=(",", ":"))


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
    assert set(json.loads(tool_cost.tool_text(spec, "s", ToolDefinition("weather", facts.WEATHER)))) == keys
    assert tool_cost.wire_form(spec).error >= 0.1


def test_names_are_cleaned_as_providers_ask(facts: Any) -> None:
    assert tool_cost.tool_name(facts.agent(), "my server.x", "søk") == "mcp__my_server_x__s_k"


def test_a_namespace_holds_the_instructions_once(facts: Any) -> None:
    spec = facts.agent({"instructions": True}, id="codex")
    namespace = json.loads(tool_cost.namespace_text(spec, "s", "Ask once."))
    assert namespace == {"type": "namespace", "name": "mcp__s", "description": "Ask once.", "tools": []}
    assert tool_cost.instructions_text(spec, facts.server(instructions="Ask once.")) == ""
    assert tool_cost.namespace_text(facts.agent(), "s", "Ask once.") == ""


@pytest.mark.parametrize(
    ("unit", "n", "text", "kept"),
    [("bytes", 4, "aøøø", "aø"), ("chars", 3, "aøøø", "aøø"), ("tokens", 1, "a b c", "a b c"), ("bytes", 99, "a", "a")],
)
def test_descriptions_are_cut(unit: str, n: int, text: str, kept: str, facts: Any) -> None:
    limit = msgspec.convert({"n": n, "unit": unit, "overflow": "truncate"}, Limit)
    assert tool_cost.limited(text, limit) == kept
    spec = facts.agent({"description_limit": {"n": n, "unit": unit, "overflow": "truncate"}})
    listed = {"name": "t", "description": text}
    assert json.loads(tool_cost.tool_text(spec, "s", ToolDefinition("t", listed)))["description"] == kept


def test_listings(facts: Any) -> None:
    tool = ToolDefinition("weather", {**facts.WEATHER, "description": "Says\n  how warm it is."})
    spec = facts.agent()
    assert tool_cost.listing_text(spec, "s", tool, "names", None) == "mcp__s__weather\n"
    assert tool_cost.listing_text(spec, "s", tool, "names+description", 8) == "mcp__s__weather: Says how\n"
    assert tool_cost.listing_text(spec, "s", tool, "namespaces", None) == ""


def test_a_schema_that_is_no_object_is_survived(facts: Any) -> None:
    for schema in (None, [], "x", {"properties": ["x"], "anyOf": {"a": 1}, "items": True}):
        listed = {"name": "t", "inputSchema": schema}
        for agent_id in FORMS:
            assert tool_cost.tool_text(facts.agent(id=agent_id), "s", ToolDefinition("t", listed))
