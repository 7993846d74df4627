"""Answers that were streamed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.sources.history.stream import assembled
from ctxkit.sources.history.wire import wire_of_response


def stream(*events: object) -> str:
    return "".join(f"event: x\ndata: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n"


def called(*calls: object) -> dict[str, object]:
    return {"choices": [{"delta": {"tool_calls": calls}}]}


def said(*parts: object) -> dict[str, object]:
    return {"candidates": [{"content": {"parts": parts}}]}


STREAMS = {
    "messages": stream(
        {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 5, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo"}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t", "name": "f"}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"a":'}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "1}"}},
        {"type": "message_delta", "usage": {"output_tokens": 7}},
    ),
    "chat": stream(
        {"id": "c", "choices": [{"delta": {"role": "assistant", "content": "Hel"}}]},
        {"id": "c", "choices": [{"delta": {"content": "lo"}}]},
        called({"index": 0, "id": "t", "function": {"name": "f", "arguments": '{"a":'}}),
        called({"index": 0, "function": {"arguments": "1}"}}),
        {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 7}},
    ),
    "responses": stream(
        {"type": "response.output_text.delta", "delta": "Hel"},
        {
            "type": "response.completed",
            "response": {
                "id": "r",
                "object": "response",
                "output": [
                    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]},
                    {"type": "function_call", "name": "f", "arguments": '{"a":1}', "call_id": "t"},
                ],
                "usage": {"input_tokens": 5, "output_tokens": 7},
            },
        },
    ),
    "gemini": stream(
        said({"text": "Hel"}),
        said({"text": "lo"}, {"functionCall": {"id": "t", "name": "f", "args": {"a": 1}}}),
        {"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 7}},
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_put_together(name: str) -> None:
    answer = assembled(STREAMS[name])
    wire = wire_of_response(answer)
    assert wire is not None
    assert name == wire.ID
    assert [(block.kind.value, block.name, block.text) for block in wire.answer(answer)] == [
        ("text", "", "Hello"),
        ("call", "f", '{"a":1}'),
    ]
    usage = wire.usage(answer)
    assert usage is not None
    assert (usage.input, usage.output) == (5, 7)


@given(st.sampled_from(sorted(STREAMS)), st.data())
def test_what_is_cut_or_lost_is_no_fault(name: str, data: st.DataObject) -> None:
    lines = STREAMS[name].splitlines(keepends=True)
    kept = data.draw(st.lists(st.sampled_from(lines), max_size=2 * len(lines)))
    answer = assembled("".join(kept)[: data.draw(st.integers(0, 2_000))])
    wire = wire_of_response(answer)
    if wire is not None:
        list(wire.answer(answer))
        wire.usage(answer)


def test_a_thousand_pieces_and_an_index_beyond_all() -> None:
    pieces = [{"type": "content_block_delta", "index": 0, "delta": {"text": "ab"}} for _ in range(1_000)]
    far = {"type": "content_block_delta", "index": 2**40, "delta": {"text": "far"}}
    answer = assembled(stream({"type": "message_start", "message": {}}, far, *pieces))
    assert answer["content"] == [{"type": "text", "text": "ab" * 1_000}]
