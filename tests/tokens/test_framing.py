"""Chat Completions requests by OpenAI's rule."""

from __future__ import annotations

import pytest

from ctxkit.tokens import engine
from ctxkit.tokens.framing import chat_request_tokens, render_tools

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get weather",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "description": "City name"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "level": {"type": "integer", "enum": [1, 2]},
                "tags": {"type": "array", "items": {"type": "string"}},
                "list": {"type": "array"},
                "opts": {"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"]},
                "any": {},
            },
            "required": ["location"],
        },
    },
}


def test_tools_as_the_model_reads_them():
    assert render_tools([WEATHER, {"type": "function", "function": {"name": "noop"}}]) == (
        "namespace functions {\n\n"
        "// Get weather\n"
        "type get_weather = (_: {\n"
        "// City name\n"
        "location: string,\n"
        'unit?: "celsius" | "fahrenheit",\n'
        'level?: "1" | "2",\n'
        "tags?: string[],\n"
        "list?: any[],\n"
        "opts?: {\n  on: boolean,\n},\n"
        "any?: any,\n"
        "}) => any;\n\n"
        "type noop = () => any;\n\n"
        "} // namespace functions"
    )


def test_messages():
    body = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "name": "ann",
                "content": [{"type": "text", "text": "Hello"}, "there", {"type": "image_url"}],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"function": {"name": "f", "arguments": '{"a": 1}'}}],
            },
        ]
    }
    texts = ["system", "Be brief.", "user", "ann", "Hello", "there", "assistant", '{"a": 1}']
    assert chat_request_tokens(body) == 3 + 3 * 3 + 1 + sum(map(engine.count, texts))


def test_the_cookbook_request():
    """The request that OpenAI's cookbook counts: 129 tokens in cl100k_base and 124 in o200k_base."""
    system = [
        "You are a helpful, pattern-following assistant that translates corporate jargon into plain English.",
        ("example_user", "New synergies will help drive top-line growth."),
        ("example_assistant", "Things working well together will increase revenue."),
        (
            "example_user",
            "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
        ),
        ("example_assistant", "Let's talk later when we're less busy about how to do better."),
    ]
    messages = [{"role": "system", "content": system[0]}]
    messages += [{"role": "system", "name": name, "content": text} for name, text in system[1:]]
    messages.append(
        {
            "role": "user",
            "content": "This late pivot means we don't have time to boil the ocean for the client deliverable.",
        }
    )
    assert chat_request_tokens({"messages": messages}, "cl100k_base") == 129
    assert chat_request_tokens({"messages": messages}, "o200k_base") == 124


@pytest.mark.parametrize(
    ("choice", "extra"),
    [("auto", 0), ("none", 1), ({"type": "function", "function": {"name": "get_weather"}}, 9)],
)
def test_tool_choice(choice, extra):
    body = {"messages": [{"role": "user", "content": "x"}], "tools": [WEATHER]}
    assert engine.count("get_weather") == 2
    assert chat_request_tokens({**body, "tool_choice": choice}) == chat_request_tokens(body) + extra


def test_a_system_message_makes_tools_cheaper():
    user, system = {"role": "user", "content": "x"}, {"role": "system", "content": "x"}
    alone = chat_request_tokens({"messages": [system, user]}) - chat_request_tokens({"messages": [user]})
    tools = [WEATHER]
    beside = chat_request_tokens({"messages": [system, user], "tools": tools})
    assert beside - chat_request_tokens({"messages": [user], "tools": tools}) == alone - 4


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": None},
        {"messages": ["x", 1]},
        {"messages": [], "tools": [1, {"function": 2}], "tool_choice": {}},
        {"messages": [], "tools": [{"function": {"name": "f", "parameters": {"properties": {"a": 3}, "required": 4}}}]},
    ],
)
def test_odd_bodies_are_counted_without_an_error(body):
    assert chat_request_tokens(body) >= 3
