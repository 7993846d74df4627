"""Chats of Qwen Code: the tree of records, compaction, usage of providers that count thoughts apart or not."""

from __future__ import annotations

from pathlib import Path

from ctxkit.model.session import Kind, Usage, Why

CHAT = Path(__file__).parents[2] / "cases" / "history" / "qwen_code" / "9e551001-cccc.jsonl"


def test_flow_of_a_chat(told) -> None:
    assert told("qwen_code", CHAT).flow() == [
        "prompt Make the oven hotter.",
        "request a3",
        "thinking The oven file.",
        'call {"file_path":"oven.py"}',
        "result heat = 180\n",
        "request a5",
        'call {"file_path":"oven.py"}',
        "result No match.",
        "reminder <task-notification>Shell 3 ended.</task-notification>",
        "departure rewind",
        "prompt Only read it.",
        "request c2",
        "text It says 180.",
        "departure rewind",
        'call {"file_path":"oven.py"}',
        "result No match.",
        "prompt Try again after all.",
        "departure compaction",
        "summary The oven is at 180.",
        "summary Understood.",
        "prompt Try again after all.",
        "request d3",
        "text Done.",
    ]


def test_what_each_request_was_sent_with(told) -> None:
    chat = told("qwen_code", CHAT)
    read = ["Make the oven hotter.", "The oven file.", '{"file_path":"oven.py"}', "heat = 180\n"]
    assert chat.window(before=1) == read
    assert chat.window(before=2) == [*read, "Only read it."]
    assert chat.window(before=3) == ["The oven is at 180.", "Understood.", "Try again after all."]


def test_thoughts_are_part_of_the_output_or_added_to_it(told) -> None:
    requests = told("qwen_code", CHAT).requests
    assert requests[0].usage == Usage(input=800, cached=100, output=20, reasoning=6)
    assert requests[1].usage == Usage(input=850, cached=0, output=14, reasoning=4)


def test_the_compaction_says_what_it_saved(told) -> None:
    compaction = next(d for d in told("qwen_code", CHAT).departures if d.why is Why.COMPACTION)
    assert (compaction.before, compaction.later) == (900, 120)


def test_failed_calls(told) -> None:
    results = [block for block in told("qwen_code", CHAT).blocks if block.kind is Kind.RESULT]
    assert [(block.call, block.error) for block in results] == [("c1", False), ("c2", True), ("c2", True)]


def test_at_a_glance(glance) -> None:
    seen = glance("qwen_code", CHAT)
    assert (seen.id, seen.cwd, seen.version) == ("9e551001-cccc", "/home/ada/bakery", "0.24.4")
    assert (seen.title, seen.model, seen.began) == ("Make the oven hotter.", "qwen-plus", 1767323041.0)
