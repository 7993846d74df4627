"""What LiteLLM logs: payloads, spend rows, usage and cost.

``recorded.jsonl`` has the fields, and in each route the gaps, of payloads that 1.106.2 wrote; its words are invented.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ctxkit.model.session import Block, Departure, Event, Kind, Request, Start, Usage
from ctxkit.sources.history import litellm_log, requests
from ctxkit.sources.history.formats import head_of

if TYPE_CHECKING:
    from ctxkit.model import Skipped

ReadCase = Callable[..., list[Event]]
CASES = Path(__file__).parents[2] / "cases" / "history" / "litellm_log"


@pytest.mark.parametrize("name", ["payloads.jsonl", "spend.json", "recorded.jsonl"])
def test_recognised_by_this_reader_alone(name: str) -> None:
    head = head_of(str(CASES / name))
    assert litellm_log.recognise(head)
    assert not requests.recognise(head)


def test_payloads(read_case: ReadCase) -> None:
    events = read_case("litellm_log", "payloads.jsonl")
    assert [(start.id, start.agent) for start in events if isinstance(start, Start)] == [
        ("ls-1", "opencode"),
        ("ls-2", ""),
        ("ls-3", ""),
    ]
    assert [(request.id, request.usage) for request in events if isinstance(request, Request)] == [
        ("lc-1", Usage(input=120, cached=64, written=16, output=8, cost=0.0025)),
        ("lc-2", Usage(input=44, cached=40, output=3, cost=0.001)),
        ("", None),
    ]
    kinds = [event.kind for event in events if isinstance(event, Block)]
    assert kinds[:5] == [Kind.SYSTEM, Kind.TOOLS, Kind.PROMPT, Kind.TEXT, Kind.CALL]
    assert kinds[5:8] == [Kind.SYSTEM, Kind.PROMPT, Kind.TEXT]


def test_a_row_of_the_spend_log_has_the_body_as_the_proxy_got_it(read_case: ReadCase) -> None:
    events = read_case("litellm_log", "spend.json")
    start = events[0]
    assert isinstance(start, Start)
    assert (start.id, start.agent, start.at) == ("s-1", "claude-code", 1780308000.0)
    (request,) = [event for event in events if isinstance(event, Request)]
    assert (request.id, request.usage) == ("sr-1", Usage(input=17, cached=7, output=5, cost=0.03))
    rules = [event.name for event in events if isinstance(event, Block) and event.kind is Kind.RULES]
    assert rules[0] == "/home/kim/shop/CLAUDE.md"
    last = events[-1]
    assert isinstance(last, Block)
    assert (last.kind, last.text) == (Kind.TEXT, "Yes.")


def test_peek() -> None:
    peeks = list(litellm_log.peek(head_of(str(CASES / "payloads.jsonl"))))
    assert [(peek.key, peek.title, peek.began) for peek in peeks][:2] == [
        ("id:ls-1", "Hello", 1780000000.5),
        ("id:ls-2", "Go.", 1780000100.0),
    ]


def recorded(number: int) -> dict[str, object]:
    found: dict[str, object] = json.loads((CASES / "recorded.jsonl").read_text().splitlines()[number])
    return found


def of_key(key: str) -> list[Event]:
    return list(litellm_log.read(str(CASES / "recorded.jsonl"), key, lambda _: None))


def test_recorded_sessions_are_those_that_the_clients_named() -> None:
    lost: list[Skipped] = []
    events = list(litellm_log.read(str(CASES / "recorded.jsonl"), "", lost.append))
    assert [(start.id, start.agent, start.model) for start in events if isinstance(start, Start)] == [
        ("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "claude-code", "anthropic/claude-sonnet-4-5"),
        ("01a1f920-b520-71c2-be80-17aa48dcd5d3", "codex", "openai/gpt-5.1"),
        ("recorded-3a3a51ff", "gemini-cli", "gemini/gemini-2.5-pro"),
        ("ses_1", "opencode", "openai/kimi-k2"),
    ]
    assert [skipped.reason for skipped in lost] == ["1 lines hold no request to a model"]


def test_a_session_without_a_name_can_be_asked_for_by_the_one_it_is_given() -> None:
    ids = [peek.id for peek in litellm_log.peek(head_of(str(CASES / "recorded.jsonl")))]
    assert ids == [event.id for event in of_key("") if isinstance(event, Start)]


def test_recorded_messages(written_down: Callable[[list[Event]], list[str]]) -> None:
    assert written_down(of_key("id:aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")) == [
        "start aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        'tools Read «{"name":"Read","description":"…»',
        'tools Edit «{"name":"Edit","description":"…»',
        "prompt «Mend the till.»",
        "request k1 in 116 cached 0 out 40",
        "thinking «Hm.» 4 opaque",
        "text «I edit.»",
        'call Edit «{"file_path": "till.py", "old_…» (toolu_1)',
        "result «Done.» (toolu_1)",
        "request k2 in 150 cached 110 out 9",
        "text «It is mended.»",
        "agent-7: system «You are a helper.»",
        'agent-7: tools Read «{"type":"function","name":"Rea…»',
        "agent-7: prompt «Count the drawers.»",
        "agent-7: request k3 in 80 cached 0 out 4",
        "agent-7: text «Three.»",
    ]


def test_recorded_costs() -> None:
    found = [event.usage for event in of_key("") if isinstance(event, Request)]
    assert [usage.cost for usage in found if usage] == [0.001005, 0.0009, None, 0.002, 0.003, None, 0.0]
    assert found[0] == Usage(input=116, written=76, written_1h=0, output=40, reasoning=7, cost=0.001005)


def test_recorded_responses(written_down: Callable[[list[Event]], list[str]]) -> None:
    assert written_down(of_key("id:01a1f920-b520-71c2-be80-17aa48dcd5d3"))[1:] == [
        'tools exec_command «{"type":"function","name":"exe…»',
        "system «You are a coding agent.»",
        "prompt «List the drawers.»",
        "request k4 in 60 cached 40 out 5",
        "thinking «Hm.» 4 opaque",
        'call exec_command «{"cmd":"ls"}» (c4)',
    ]


def test_words_that_were_withheld_are_no_words_of_the_session() -> None:
    events = of_key("id:ses_1")
    assert [event.usage.input for event in events if isinstance(event, Request) and event.usage] == [30, 31]
    assert not [event for event in events if isinstance(event, Block | Departure)]


@pytest.mark.parametrize("place", ["litellm_params", ""])
def test_the_body_that_the_proxy_got_fills_the_gaps(tmp_path: Path, place: str) -> None:
    body = {
        "contents": [{"role": "user", "parts": [{"text": "Where is it?"}]}],
        "systemInstruction": {"parts": [{"text": "You are Gemini CLI, a helper."}]},
        "tools": [{"functionDeclarations": [{"name": "glob"}]}],
    }
    received = {"proxy_server_request": {"url": "http://127.0.0.1/x", "headers": {"x-session-id": "s-9"}, "body": body}}
    record = {"standard_logging_object": recorded(5), **({place: received} if place else received)}
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(record) + "\n")
    assert litellm_log.recognise(head_of(str(path)))
    events = list(litellm_log.read(str(path), "", lambda _: None))
    start = events[0]
    assert isinstance(start, Start)
    assert (start.id, start.agent, start.model) == ("s-9", "gemini-cli", "gemini/gemini-2.5-pro")
    kinds = [event.kind for event in events if isinstance(event, Block)]
    assert kinds == [Kind.SYSTEM, Kind.TOOLS, Kind.PROMPT, Kind.TEXT, Kind.CALL]


def test_records_longer_than_what_is_read_of_a_file_to_know_it(tmp_path: Path) -> None:
    first, second = recorded(0), recorded(1)
    first["messages"] = [{"role": "user", "content": "x" * 100_000}]
    path = tmp_path / "log.jsonl"
    path.write_text(f"{json.dumps(first)}\n{json.dumps(second)}\n")
    head = head_of(str(path))
    assert litellm_log.recognise(head)
    assert not requests.recognise(head)
    (peek,) = litellm_log.peek(head)
    assert (peek.id, peek.ended) == ("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", 1790000010.0)


DRAWN = "11111111-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    ("more", "session"),
    [
        ({"trace_id": "t-1"}, "t-1"),
        ({"trace_id": DRAWN}, ""),
        ({"trace_id": "t-1", "session_id": DRAWN}, DRAWN),
        ({"session_id": DRAWN}, ""),
        ({"metadata": {"requester_metadata": {"session_id": "r-1"}}}, "r-1"),
        ({"metadata": {"requester_custom_headers": {"x-litellm-session-id": "h-1"}}}, "h-1"),
    ],
)
def test_ids_that_litellm_draws_by_itself_name_no_session(more: dict[str, object], session: str) -> None:
    row = {"call_type": "acompletion", "model": "m", "messages": [{"role": "user", "content": "Hi."}], "response": {}}
    exchange = litellm_log.exchange_of({**row, **more})
    assert exchange is not None
    assert exchange.session == session
