"""Sessions of Copilot CLI: order, usage before and behind, subagents, what leaves."""

import json
from collections.abc import Callable
from pathlib import Path

from ctxkit.model.session import Block, Departure, Event, Request
from ctxkit.sources.history import copilot_cli
from ctxkit.sources.history.formats import head_of

ReadCase = Callable[..., list[Event]]
WriteDown = Callable[[list[Event]], list[str]]
CASES = Path(__file__).parents[2] / "cases" / "history" / "copilot_cli"
SESSION = [
    "start 77aa",
    "system «You count.⏎⏎<custom_instruction>⏎»",
    "rules «Use digits.»",
    "system «⏎⏎</custom_instruction>⏎End.»",
    "reminder current_datetime «<current_datetime>2026-07-01</…»",
    "prompt «Count the tills.⏎⏎»",
    "reminder system_reminder «<system_reminder>⏎No tables.⏎<…»",
    "prompt image/png (3, 2)",
    "request call-1 in 900 cached 100 out 20",
    "thinking «Where?» 4 opaque",
    "text «I look.»",
    'call view «{"path":"/home/kim/shop/a.py"}» (t1)',
    'call bash «{"command":"ls"}» (t2)',
    "result «1. till» (t1)",
    "result «no shell» (t2) failed",
    "reminder system_notification «<system_notification>⏎A shell …»",
    "request call-2 without usage",
    "text «One.»",
    "request call-2 in 980 cached 900 out 4",
    "helper-1: request call-3 without usage",
    "helper-1: text «From below.»",
    "reminder autopilot «Go on»",
    "leaves by compaction (all)",
    "summary «One till was counted.»",
    "leaves by replaced :system",
    "system «You count anew.»",
    "prompt «And now?»",
    "request call-4 without usage",
    "text «Still one.»",
    "leaves by rewind e20 e21",
    "prompt «Stop.»",
    "request call-5 without usage",
    "text «Stopped.»",
    "leaves by cleared e18",
]


def test_session(read_case: ReadCase, written_down: WriteDown) -> None:
    assert written_down(read_case("copilot_cli", "events.jsonl")) == SESSION


def test_a_compaction_tells_its_sizes(read_case: ReadCase) -> None:
    departures = [event for event in read_case("copilot_cli", "events.jsonl") if isinstance(event, Departure)]
    assert (departures[0].trigger, departures[0].before, departures[0].later) == ("auto", 5000, 300)


def test_cached_input_is_counted_once(read_case: ReadCase) -> None:
    """Of the two usages one has the cached part in its input, one apart from it."""
    usages = [
        event.usage for event in read_case("copilot_cli", "events.jsonl") if isinstance(event, Request) and event.usage
    ]
    assert [(usage.input, usage.cached, usage.written) for usage in usages] == [(900, 100, 0), (980, 900, 30)]


def read(path: Path, *events: tuple[str, dict[str, object]]) -> list[object]:
    path.write_text(
        "".join(
            json.dumps({"type": kind, "data": data, "id": f"e{at}", "timestamp": "2026-01-01T00:00:00Z"}) + "\n"
            for at, (kind, data) in enumerate(events)
        ),
        encoding="utf-8",
    )
    return list(copilot_cli.read(str(path), "", lambda _: None))


def metrics(count: int) -> dict[str, object]:
    return {"modelMetrics": {"gpt-x": {"requests": {"count": count}, "usage": {"inputTokens": 70, "outputTokens": 7}}}}


def test_the_sums_of_a_session_with_one_request_are_its_usage(tmp_path: Path) -> None:
    message = ("assistant.message", {"content": "Hi.", "apiCallId": "c"})
    events = read(tmp_path / "events.jsonl", message, ("session.shutdown", metrics(1)))
    assert [(event.id, event.usage and event.usage.input) for event in events if isinstance(event, Request)] == [
        ("c", None),
        ("c", 70),
    ]
    events = read(tmp_path / "events.jsonl", message, ("session.shutdown", metrics(2)))
    assert [event.usage for event in events if isinstance(event, Request)] == [None]


def test_messages_without_a_call_id_are_requests_of_their_own(tmp_path: Path) -> None:
    message = ("assistant.message", {"content": "Hi."})
    counted = ("session.usage_record", {"usage": {"inputTokens": 5}})
    events = read(tmp_path / "events.jsonl", message, message, counted, message)
    requests = [event for event in events if isinstance(event, Request)]
    assert len({request.id for request in requests}) == 3
    assert [request.usage and request.usage.input for request in requests] == [None, None, 5]
    assert sum(isinstance(event, Block) for event in events) == 3


def test_attachments_kept_as_assets(tmp_path: Path) -> None:
    asset = ("session.binary_asset", {"assetId": "sha256:1", "mimeType": "image/png", "data": "AAAA"})
    reference = {"type": "image", "assetId": "sha256:1", "mimeType": "image/png", "byteLength": 3}
    gone = {"type": "image", "assetId": "sha256:2", "mimeType": "image/png", "byteLength": 9}
    result = (
        "tool.execution_complete",
        {"toolCallId": "t", "success": True, "result": {"content": "x", "binaryResultsForLlm": [reference, gone]}},
    )
    (block,) = [event for event in read(tmp_path / "events.jsonl", asset, result) if isinstance(event, Block)]
    assert [media.size for media in block.media] == [3, 9]


def test_peek() -> None:
    (peek,) = copilot_cli.peek(head_of(str(CASES / "events.jsonl")))
    assert (peek.id, peek.cwd, peek.title) == ("77aa", "/home/kim/shop", "Count the tills.")
    assert (peek.model, peek.version, peek.began) == ("gpt-5.1", "1.0.90", 1782892800.0)
