from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.agents.load import load_agent
from ctxkit.sources.definitions import ServerDefinition, ToolDefinition
from ctxkit.sources.tool_cost import written
from ctxkit.sources.tool_forms import FORMS
from ctxkit.sources.tool_forms.json_schema import fault
from ctxkit.sources.tool_forms.json_text import javascript, rust
from ctxkit.sources.tool_forms.plain import BY_WIRE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.agents.spec import Deferral
    from ctxkit.sources.tool_forms.form import WireServer

CASES = yaml.safe_load((Path(__file__).parents[2] / "cases/tool-forms.yaml").read_text("utf-8"))


def definition(name: str, *tools: Any, instructions: str = "") -> ServerDefinition:
    return ServerDefinition(
        name, tuple(ToolDefinition(tool["name"], tool) for tool in tools), instructions=instructions
    )  # fmt: skip


def wire(agent: str, *servers: ServerDefinition, deferral: Deferral | None = None) -> list[WireServer]:
    """What an agent of the data files sends; ``agent`` is its id, or ``ID@VERSION``."""
    name, _, version = agent.partition("@")
    spec = load_agent(name)
    return written(spec, version or spec.latest, [(server.name, server) for server in servers], deferral)


def sent(wire: WireServer) -> list[str]:
    return [tool.whole.text for tool in wire.tools if not tool.missing]


def recorded() -> Iterator[Any]:
    for case in CASES:
        for agent in case["sent"]:
            yield pytest.param(case, agent, id=f"{case['server']}-{agent}")


@pytest.mark.parametrize(("case", "agent"), recorded())
def test_the_texts_are_those_of_recorded_requests(case: Any, agent: str) -> None:
    tools = [json.loads(line) for line in case["listed"].splitlines()]
    (server,) = wire(agent, definition(case["server"], *tools))
    assert sent(server) == case["sent"][agent].splitlines()
    assert all(tool.missing for tool in server.tools if tool.whole.text not in case["sent"][agent])


def test_the_cases_are_of_every_form() -> None:
    agents = {agent.partition("@")[0] for case in CASES for agent in case["sent"]}
    assert agents == set(FORMS) - {"kilo", "continue"}
    assert FORMS["kilo"] is FORMS["opencode"]
    assert [form.text for form in FORMS["continue"]] == [form.text for form in FORMS["continue-cli"]]


def tool(name: str, description: str = "Text.", **properties: Any) -> dict[str, Any]:
    return {"name": name, "description": description, "inputSchema": {"type": "object", "properties": properties}}


@pytest.mark.parametrize(
    ("agent", "listed", "names"),
    [
        # The last of two servers with tools of one name wins, the first, or both are sent.
        ("opencode", [("a.b", ["x"]), ("a_b", ["x"])], [[], ["a_b_x"]]),
        ("claude-code", [("a.b", ["x"]), ("a_b", ["x"])], [["mcp__a_b__x"], []]),
        ("continue-cli", [("a", ["x"]), ("b", ["x"])], [["x"], ["x"]]),
        (
            "codex",
            [("srv.dot", ["x"]), ("srv_dot", ["x"])],
            [["mcp__srv_dot_3428d76d8d3c.x"], ["mcp__srv_dot_441c0af474a1.x"]],
        ),
        (
            "codex",
            [("names", ["n.dot", "n_dot", "n-dash"])],
            [["mcp__names.n_dot_a032cbd2b13b", "mcp__names.n_dot_7b961addb8e2", "mcp__names.n_dash"]],
        ),
        # Names that are too long are cut, with or without a hash.
        ("gemini-cli", [("s", ["t" * 80])], [["mcp_s_" + "t" * 24 + "..." + "t" * 30]]),
        ("copilot-cli", [("s" * 70, ["x", "y"])], [["s" * 64, "s" * 63 + "2"]]),
        ("claude-code", [("s", ["t" * 130])], [[]]),
        # Codex: 126 characters for namespace and tool together.
        ("codex", [("s" * 60, ["t" * 61])], [["mcp__" + "s" * 60 + "." + "t" * 61]]),
        ("codex", [("s" * 60, ["t" * 62])], [["mcp__" + "s" * 60 + "." + "t" * 48 + "_9f2b038d5e15"]]),
        # Codex does not start servers with such names.
        ("codex", [("a b", ["x"]), ("a/b:c@d", ["x"])], [[], ["mcp__a_b_c_d.x"]]),
        # Letters of other alphabets.
        ("copilot-cli", [("sérvé", ["nümlaut"])], [["xn--srv-bmac-xn--nmlaut-3ya"]]),
        ("opencode", [("bø", ["😀"])], [["b____"]]),
        # Gemini CLI leaves out the prefix where the server's name begins with it.
        ("gemini-cli", [("mcp", ["x"])], [["mcp_x"]]),
        ("gemini-cli", [("a:b", ["c.d"])], [["mcp_a:b_c.d"]]),
    ],
)
def test_names(agent: str, listed: Any, names: list[list[str]]) -> None:
    servers = [definition(name, *(tool(one) for one in tools)) for name, tools in listed]
    found = [[one.name for one in server.tools if not one.missing] for server in wire(agent, *servers)]
    assert found == names


@pytest.mark.parametrize(
    ("agent", "text", "kept"),
    [
        ("claude-code", "a" * 4096, "a" * 4096),
        ("claude-code", "a" * 4097, "a" * 4096 + "… [truncated]"),
        ("claude-code", "a" * 4095 + "😀!", "a" * 4095 + "… [truncated]"),
        ("claude-code", "½" * 2000, ("1\u20442" * 2000)[:4096] + "… [truncated]"),
        ("claude-code@2.1.197", "é" * 2049, "é" * 2048 + "… [truncated]"),
        ("gptme", "b" * 2000, "[s] " + "b" * 1020),
        ("opencode", "c" * 9000, "c" * 9000),
        ("cline", " \u2028d\ufeff", "d"),
    ],
)
def test_long_descriptions(agent: str, text: str, kept: str) -> None:
    (server,) = wire(agent, definition("s", tool("t", text)))
    found = json.loads(sent(server)[0])
    assert found.get("function", found)["description"] == kept


def test_sentences_of_the_agent_are_counted_and_not_kept() -> None:
    words = {agent: wire(agent, definition("s", tool("t", "")))[0].tools[0].whole.words for agent in FORMS}
    assert {agent for agent, number in words.items() if number} == {"gemini-cli", "cline"}
    assert 30 < words["gemini-cli"] < 60
    assert 0 < wire("codex", definition("s", tool("t")))[0].around.words < 10


ASK = "Ask.\n\nTwice."


@pytest.mark.parametrize(
    ("agent", "text"),
    [
        ("claude-code", f"## s\n{ASK}\n\n"),
        ("qwen-code", f"### s\n{ASK}\n\n"),
        ("gemini-cli", f"'s'\n{ASK}\n"),
        ("opencode", '  <server name="s">\n    Ask.\n    \n    Twice.\n  </server>\n'),
        ("codex", ""),
        ("cline", ""),
        ("copilot-cli", ""),
    ],
)
def test_instructions_of_servers(agent: str, text: str) -> None:
    (server,) = wire(agent, definition("s", tool("t"), instructions=ASK))
    assert server.instructions.text == text
    (silent,) = wire(agent, definition("s", tool("t")))
    assert silent.instructions.text == ""


def test_codex_describes_the_namespace_with_the_instructions() -> None:
    told, silent = wire("codex", definition("a-b", tool("t"), instructions=f" {ASK}\n"), definition("c", tool("t")))
    assert json.loads(told.around.text) == {"type": "namespace", "name": "mcp__a_b", "description": ASK, "tools": []}
    assert json.loads(silent.around.text)["name"] == "mcp__c"


def deferral(agent: str) -> Deferral:
    spec = load_agent(agent)
    assert spec.mcp is not None
    return next(rule for rule in spec.mcp.deferral if rule.mode != "never")


@pytest.mark.parametrize(
    ("agent", "description", "heading", "line"),
    [
        ("claude-code", "Text.", "", "mcp__s__t\n"),
        ("qwen-code", " Say \"so\".\nMore.", "#### s\n", '- "mcp__s__t": "Say \\"so\\"."\n'),
        ("qwen-code", "x" * 161, "#### s\n", f'- "mcp__s__t": "{"x" * 157}..."\n'),
        ("qwen-code", "x" * 156 + "😀" * 3, "#### s\n", f'- "mcp__s__t": "{"x" * 156}..."\n'),
        ("codex", "Text.", f"- mcp__s: {'i' * 247}...\n", ""),
    ],
)  # fmt: skip
def test_what_stands_for_deferred_tools(agent: str, description: str, heading: str, line: str) -> None:
    listed = definition("s", tool("t", description), instructions="\n" + "i" * 251 + "\nMore.")
    (server,) = wire(agent, listed, deferral=deferral(agent))
    assert server.around_listed.text == heading
    assert server.tools[0].listed.text == line


def test_a_server_without_instructions_is_listed_by_its_name() -> None:
    (server,) = wire("codex", definition("s", tool("t")), deferral=deferral("codex"))
    assert server.around_listed.text == "- mcp__s\n"


NO_TYPE = {"name": "a", "inputSchema": {"properties": {}}}
NO_SCHEMA = {"name": "a"}
FLAG = {"name": "a", "inputSchema": {"type": "object", "properties": {"x": True}}}
NUMBER = {"name": "a", "description": 5, "inputSchema": {"type": "object"}}
NOTES = {"name": "a", "annotations": "x", "inputSchema": {"type": "object"}}
OUTPUT = {"name": "a", "outputSchema": {"type": "string"}, "inputSchema": {"type": "object"}}


@pytest.mark.parametrize(
    ("agent", "broken", "left"),
    [
        # One definition that an agent does not take costs the whole server, that tool, or nothing.
        ("opencode", NO_TYPE, []), ("opencode", FLAG, []), ("opencode", OUTPUT, ["a", "z"]), ("opencode", NUMBER, []),
        ("continue-cli", OUTPUT, []), ("gemini-cli", NO_TYPE, []), ("gemini-cli", NOTES, []),
        ("claude-code", FLAG, ["a", "z"]), ("claude-code", OUTPUT, ["a", "z"]), ("claude-code", NO_TYPE, []),
        ("claude-code@2.1.197", FLAG, []), ("qwen-code", FLAG, ["a", "z"]), ("qwen-code", NO_TYPE, []),
        ("cline", NO_TYPE, ["a", "z"]), ("cline", NO_SCHEMA, ["z"]), ("cline", NUMBER, []),
        ("codex", NO_TYPE, ["a", "z"]), ("codex", NO_SCHEMA, []), ("codex", FLAG, ["a", "z"]), ("codex", NOTES, []),
        ("copilot-cli", NO_SCHEMA, ["a", "z"]), ("copilot-cli", NUMBER, ["a", "z"]), ("copilot-cli", NOTES, ["a", "z"]),
        ("gptme", NO_TYPE, ["a", "z"]), ("gptme", NUMBER, []), ("gptme", NO_SCHEMA, []),
    ],
)  # fmt: skip
def test_definitions_that_an_agent_does_not_take(agent: str, broken: Any, left: list[str]) -> None:
    (server,) = wire(agent, definition("s", broken, tool("z")))
    kept = [listed for listed, one in zip("az", server.tools, strict=True) if not one.missing]
    assert kept == left
    assert all(one.missing == "" or one.missing.startswith(("the agent", "it has no")) for one in server.tools)


def test_qwen_refuses_a_server_that_lists_a_name_twice() -> None:
    (server,) = wire("qwen-code", definition("s", tool("t"), tool("t"), tool("u")))
    assert {one.missing for one in server.tools} == {
        "the agent refuses the server's whole list: two of its tools have one name"
    }


@pytest.mark.parametrize("agent", ["claude-code", "gemini-cli", "opencode", "qwen-code"])
def test_a_refused_server_instructs_nobody(agent: str) -> None:
    refused, taken = wire(
        agent, definition("s", NO_TYPE, instructions=ASK), definition("r", tool("z"), instructions=ASK)
    )  # fmt: skip
    assert all(one.missing for one in refused.tools)
    assert (refused.instructions.text, refused.instructions.words) == ("", 0)
    assert ASK.splitlines()[0] in taken.instructions.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([
            "type", "properties", "items", "required", "anyOf", "oneOf", "allOf", "$ref", "$defs", "enum", "const",
            "description", "additionalProperties", "minItems", "not", "1", "x",
        ]),
        inner | st.sampled_from(["object", "array", "string", "#/$defs/x"]),
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON, JSON)
def test_every_form_survives_every_definition(schema: Any, description: Any) -> None:
    listed = definition("s", {"name": "t", "description": description, "inputSchema": schema}, tool("z"))
    for agent in FORMS:
        (server,) = wire(agent, listed)
        for text in sent(server):
            json.loads(text)


def test_plain_forms_say_that_they_were_not_compared() -> None:
    assert all(form.error >= 0.1 and not form.lab and "not compared" in form.how for form in BY_WIRE.values())


@pytest.mark.parametrize(
    ("value", "in_javascript", "in_rust"),
    [
        (1.0, "1", "1.0"),
        (-0.0, "0", "-0.0"),
        (1e21, "1e+21", "1e+21"),
        (1e20, "100000000000000000000", "1e+20"),
        (1.5e-7, "1.5e-7", "1.5e-7"),
        (1e-5, "0.00001", "0.00001"),
        (0.1, "0.1", "0.1"),
        (9007199254740993, "9007199254740992", "9007199254740993"),
        (12345678901234567890123, "1.2345678901234568e+22", "1.2345678901234568e+22"),
        (10**400, "null", "null"),
        (float("inf"), "null", "null"),
        (True, "true", "true"),
        ({"b": 1, "10": 2, "2": 3, "02": 4}, '{"2":3,"10":2,"b":1,"02":4}', '{"b":1,"10":2,"2":3,"02":4}'),
        ("\ud800é\u2028\x01", '"\\ud800é\u2028\\u0001"', '"\\ud800é\u2028\\u0001"'),
    ],
)
def test_json_as_runtimes_write_it(value: Any, in_javascript: str, in_rust: str) -> None:
    assert (javascript(value), rust(value)) == (in_javascript, in_rust)


@pytest.mark.parametrize(
    ("schema", "keyword"),
    [
        ({}, ""), (True, ""), ({"type": "object", "x": 5, "properties": {"type": {"enum": []}}}, ""),
        ({"type": "any"}, "type"), ({"type": []}, "type"), ({"type": ["string", "string"]}, "type"),
        ({"properties": {"a": "string"}}, "a schema that is no map"), ({"properties": []}, "properties"),
        ({"items": [{}]}, "a schema that is no map"), ({"anyOf": []}, "anyOf"), ({"required": ["a", "a"]}, "required"),
        ({"minLength": -1}, "minLength"), ({"minLength": 1.0}, ""), ({"minLength": 1.5}, "minLength"),
        ({"exclusiveMinimum": True}, "exclusiveMinimum"), ({"multipleOf": 0}, "multipleOf"), ({"$id": "#a"}, "$id"),
        ({"dependencies": {"a": ["b"], "c": {}}}, ""), ({"dependencies": {"a": 5}}, "a schema that is no map"),
        ({"allOf": [{"$defs": {"x": {"title": 1}}}]}, "title"), ({"$anchor": "1"}, "$anchor"),
        ({"dependentRequired": {"a": 1}}, "dependentRequired"), ({"enum": "x"}, "enum"),
        ({"uniqueItems": 1}, "uniqueItems"),
    ],
)  # fmt: skip
def test_faults_of_schemas(schema: Any, keyword: str) -> None:
    assert fault(schema) == keyword
