"""The four wire formats: parts that the recorded requests lack, usage, and which body is of which format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.model.session import Block, Kind, Usage
from ctxkit.sources.history import wire_chat, wire_gemini, wire_messages, wire_responses
from ctxkit.sources.history.wire import WIRES, wire_of, wire_of_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctxkit.sources.history.wire import Wire

CASES = Path(__file__).parents[2] / "cases" / "history" / "requests"


def short(blocks: Iterable[Block]) -> list[tuple[object, ...]]:
    return [
        (block.kind.value, *(value for value in (block.name, block.text, block.opaque) if value)) for block in blocks
    ]


@pytest.mark.parametrize("name", ["messages", "chat", "responses", "gemini"])
def test_a_body_is_of_one_format(name: str) -> None:
    body = json.loads((CASES / f"{name}.json").read_text("utf-8"))["body"]
    wire = wire_of(body)
    assert wire is not None
    assert name == wire.ID
    assert [other.ID for other in WIRES if other.matches(body) and other is not wire] in ([], ["chat"])


MESSAGES = {
    "redacted thinking": ({"type": "redacted_thinking", "data": "xyz"}, [("thinking", 3)]),
    "a document of text": (
        {"type": "document", "title": "T", "source": {"type": "text", "data": "Words."}},
        [("prompt", "T", "Words.")],
    ),
    "a search of the server": (
        {
            "type": "web_search_tool_result",
            "tool_use_id": "s",
            "content": [{"type": "web_search_result", "url": "u", "encrypted_content": "12345"}],
        },
        [("result", '{"type":"web_search_result","url":"u"}', 5)],
    ),
    "a search that failed": (
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": {"type": "web_search_tool_result_error"}},
        [("result", '{"type":"web_search_tool_result_error"}')],
    ),
    "an empty result": ({"type": "tool_result", "tool_use_id": "s"}, [("result",)]),
    "what nobody knows": ({"type": "hologram"}, [("prompt", "hologram", 19)]),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name: str) -> None:
    part, expected = MESSAGES[name]
    found = list(wire_messages.message_blocks({"role": "user", "content": [part]}))
    assert short(found) == expected
    assert [block.error for block in found] == [name.endswith("failed")]


def test_what_stands_before_a_compaction_is_not_in_the_window() -> None:
    def message(role: str, *parts: object) -> dict[str, object]:
        return {
            "role": role,
            "content": [{"type": "text", "text": part} if isinstance(part, str) else part for part in parts],
        }

    body = {
        "system": "Help.",
        "messages": [
            message("user", "One."),
            message("assistant", "Two.", {"type": "compaction", "content": "Short."}, "Three."),
            message("user", {"type": "compaction", "content": None}, "Four."),
        ],
    }
    assert short(wire_messages.blocks(body)) == [
        ("system", "Help."), ("summary", "Short."), ("text", "Three."), ("summary",), ("prompt", "Four."),
    ]  # fmt: skip


RESPONSES = {
    "instructions within the conversation": ({"role": "developer", "content": "Calm."}, [("reminder", "Calm.")]),
    "a call of an MCP server": (
        {"type": "mcp_call", "id": "m", "name": "send", "arguments": "{}", "output": "ok"},
        [("call", "send", "{}"), ("result", "ok")],
    ),
    "an image of the model": (
        {"type": "image_generation_call", "id": "g", "result": "AAAA"},
        [("call", "image_generation"), ("result",)],
    ),
    "code": ({"type": "code_interpreter_call", "id": "k", "code": "1+1", "outputs": [{"logs": "2"}]},
             [("call", "code_interpreter", "1+1"), ("result", '[{"logs":"2"}]')]),
    "a reference": ({"type": "item_reference", "id": "x"}, []),
    "thoughts in the open": (
        {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Hm."}]}, [("thinking", "Hm.")]
    ),
    "a tool's own name": (
        {"type": "function_call", "namespace": "mcp__a__b", "name": "_c", "arguments": "{}", "call_id": "x"},
        [("call", "mcp__a__b_c", "{}")],
    ),
    "what nobody knows": ({"type": "hologram"}, [("text", "hologram", 19)]),
}  # fmt: skip


@pytest.mark.parametrize("name", RESPONSES)
def test_responses(name: str) -> None:
    item, expected = RESPONSES[name]
    assert short(wire_responses.item_blocks(item, later=True)) == expected


@pytest.mark.parametrize(
    ("output", "failed"),
    [
        ("Chunk ID: a\nProcess exited with code 0\nOutput:\nProcess exited with code 1", False),
        ("Exit code: 127\nOutput:\n", True),
        ('{"output":"x","metadata":{"exit_code":1,"duration_seconds":0.1}}', True),
        ('{"output":"x","metadata":{"exit_code":0}}', False),
        ("x" * 500 + "\nProcess exited with code 1", False),
        ("apply_patch verification failed: Failed to find expected lines in /w/till.py:\n    x = 1", True),
        ("unsupported call: plan", True),
        ("failed to parse function arguments: missing field `cmd`", True),
        ("The till says: unsupported call: plan", False),
    ],
)
def test_exit_codes(output: str, failed: bool) -> None:
    assert wire_responses.failed(output) is failed


def test_chat_with_parts_of_other_formats() -> None:
    message = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}]}
    assert short(wire_chat.message_blocks(message)) == [("result", "x")]
    answer = {"role": "assistant", "content": "Hi.", "function_call": {"name": "f", "arguments": "{}"}}
    assert short(wire_chat.message_blocks(answer)) == [("text", "Hi."), ("call", "f", "{}")]


def test_gemini_of_code_assist() -> None:
    body = {"model": "gemini-x", "project": "p", "request": {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}}
    assert wire_of(body) is not None
    assert short(wire_gemini.blocks(body)) == [("prompt", "Hi")]
    response = {
        "response": {"candidates": [{"content": {"parts": [{"text": "Yes"}, {"executableCode": {"code": "1"}}]}}]}
    }
    assert short(wire_gemini.answer(response)) == [("text", "Yes"), ("call", "code_execution", "1")]


USAGES: list[tuple[Wire, dict[str, object], Usage]] = [
    (
        wire_messages,
        {
            "usage": {
                "input_tokens": 3,
                "cache_read_input_tokens": 50,
                "cache_creation_input_tokens": 7,
                "output_tokens": 9,
            }
        },
        Usage(input=60, cached=50, written=7, output=9),
    ),
    (
        wire_chat,
        {
            "usage": {
                "prompt_tokens": 60,
                "completion_tokens": 9,
                "prompt_tokens_details": {"cached_tokens": 50, "cache_write_tokens": 4},
                "completion_tokens_details": {"reasoning_tokens": 5},
                "cost": 0.5,
            }
        },
        Usage(input=60, cached=50, written=4, output=9, reasoning=5, cost=0.5),
    ),
    (
        wire_chat,
        {"usage": {"prompt_tokens": 60, "prompt_cache_hit_tokens": 20, "completion_tokens": 1}},
        Usage(input=60, cached=20, output=1),
    ),
    (
        wire_responses,
        {"usage": {"input_tokens": 60, "input_tokens_details": {"cached_tokens": 50}, "output_tokens": 9}},
        Usage(input=60, cached=50, output=9),
    ),
    (
        wire_gemini,
        {
            "usageMetadata": {
                "promptTokenCount": 60,
                "cachedContentTokenCount": 50,
                "candidatesTokenCount": 4,
                "thoughtsTokenCount": 5,
            }
        },
        Usage(input=60, cached=50, output=9, reasoning=5),
    ),
]


@pytest.mark.parametrize("at", range(len(USAGES)))
def test_usage(at: int) -> None:
    wire, response, expected = USAGES[at]
    assert wire.usage(response) == expected
    assert wire.usage({}) is None


@pytest.mark.parametrize(
    ("response", "name"),
    [
        ({"choices": []}, "chat"),
        ({"object": "response", "output": []}, "responses"),
        ({"candidates": []}, "gemini"),
        ({"type": "message", "content": []}, "messages"),
    ],
)
def test_the_format_of_an_answer(response: dict[str, object], name: str) -> None:
    wire = wire_of_response(response)
    assert wire is not None
    assert name == wire.ID


KEYS = [
    "type",
    "role",
    "content",
    "text",
    "parts",
    "input",
    "messages",
    "contents",
    "tools",
    "name",
    "source",
    "data",
    "output",
    "arguments",
    "tool_calls",
    "function",
    "functionCall",
    "functionResponse",
    "response",
    "usage",
]
WORDS = [
    "user",
    "assistant",
    "tool",
    "tool_result",
    "tool_use",
    "image",
    "message",
    "reasoning",
    "function_call_output",
    "compaction",
    "namespace",
    "thinking",
    "document",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner | st.sampled_from(WORDS), max_size=5)
    ),
    max_leaves=25,
)


@given(VALUES)
def test_no_shape_is_refused(value: object) -> None:
    given_ = (
        value if isinstance(value, dict) else {"messages": value, "input": value, "contents": value, "content": value}
    )
    for wire in WIRES:
        for block in (*wire.blocks(given_), *wire.answer(given_)):
            assert isinstance(block.text, str)
            assert block.kind in Kind
        wire.usage(given_)
        wire.matches(given_)
    wire_of(given_)


@pytest.mark.parametrize(
    ("output", "failed"),
    [
        ("<untrusted_context>\nOutput: no\nExit Code: 2\nProcess Group PGID: 7\n</untrusted_context>", True),
        ("Output: (empty)\nSignal: 9\nBackground PIDs: 8, 9\nProcess Group PGID: 7", True),
        ("Command: ls\nStdout: a\nError: (none)\nExit Code: 0\nSignal: (none)\nProcess Group PGID: 7", False),
        ("Output: Exit Code: 2\nall is well\nProcess Group PGID: 7", False),
        ("Output: (empty)", False),
        ("", False),
    ],
)
def test_a_command_of_geminis_shell_that_failed(output: str, failed: bool) -> None:
    def told(tool: str) -> bool:
        part = {"functionResponse": {"id": "c", "name": tool, "response": {"output": output}}}
        return any(block.error for block in wire_gemini.content_blocks({"role": "user", "parts": [part]}))

    assert told("run_shell_command") is failed
    assert not told("read_file")
