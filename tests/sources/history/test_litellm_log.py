"""What LiteLLM logs: payloads, spend rows, usage and cost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ctxkit.model.session import Block, Event, Kind, Request, Start, Usage
from ctxkit.sources.history import litellm_log, requests
from ctxkit.sources.history.formats import head_of

ReadCase = Callable[..., list[Event]]
CASES = Path(__file__).parents[2] / "cases" / "history" / "litellm_log"


@pytest.mark.parametrize("name", ["payloads.jsonl", "spend.json"])
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
