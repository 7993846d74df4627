"""Sessions of pi: branches, summaries, compaction, what is not sent again."""

from __future__ import annotations

import json
from pathlib import Path

from ctxkit.model.session import Kind, Media, Usage, Why

SESSION = Path(__file__).parents[2] / "cases" / "history" / "pi" / "2026-01-02T03-04-00-000Z_71551001.jsonl"
BEFORE_THE_BRANCH = ["Make the oven hotter.", "The oven file.", '{"path":"oven.py"}', "heat = 180\n"]
RAN = "Ran `make`\n```\nok\n```\n\nCommand exited with code 2"


def test_flow_of_a_session(told) -> None:
    assert told("pi", SESSION).flow()[:19] == [
        "prompt Make the oven hotter.",
        "request m2",
        "thinking The oven file.",
        'call {"path":"oven.py"}',
        "result heat = 180\n",
        "request m4",
        "request m5",
        "text It says 180.",
        f"reminder {RAN}",
        "departure rewind",
        "summary It was read aloud.",
        "prompt Set it to 200.",
        "departure compaction",
        "summary The oven is at 180.",
        "reminder The kitchen is open.",
        "request m7",
        "text Done.",
        "departure rewind",
        "prompt Make the oven hotter.",
    ]


def test_what_each_request_was_sent_with(told) -> None:
    session = told("pi", SESSION)
    assert session.window(before=2) == BEFORE_THE_BRANCH
    assert session.window(before=3) == ["Set it to 200.", "The oven is at 180.", "The kitchen is open."]


def test_going_back_behind_a_compaction_brings_back_what_it_summed_up(told) -> None:
    assert told("pi", SESSION).window() == [*BEFORE_THE_BRANCH, "It says 180.", RAN, "Back to the other way."]


def test_usage(told) -> None:
    requests = told("pi", SESSION).requests
    assert requests[0].usage == Usage(input=850, cached=700, written=50, output=20, cost=0.25)
    assert requests[1].usage is None
    assert requests[2].usage == Usage(input=900, cached=800, written=0, output=5)


def test_results_and_thinking(told) -> None:
    blocks = told("pi", SESSION).blocks
    result = next(block for block in blocks if block.kind is Kind.RESULT)
    assert (result.name, result.call, result.error) == ("read", "c1", False)
    assert result.media == (Media("image/png", 68, (3, 2)),)
    assert next(block.opaque for block in blocks if block.kind is Kind.THINKING) == len("abcd")


def test_the_compaction_says_what_it_summed_up(told) -> None:
    compaction = next(d for d in told("pi", SESSION).departures if d.why is Why.COMPACTION)
    assert (compaction.before, compaction.kept) == (900, frozenset({"b2"}))


def test_a_session_without_ids_is_read_in_order(told, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in SESSION.read_text(encoding="utf-8").splitlines()[:6]]
    for line in lines[1:]:
        del line["id"], line["parentId"]
    path = tmp_path / "old.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    session = told("pi", path)
    assert not session.departures
    assert session.window() == BEFORE_THE_BRANCH
    assert len({block.mark for block in session.blocks}) == 3


def test_at_a_glance(glance) -> None:
    seen = glance("pi", SESSION)
    assert (seen.id, seen.cwd, seen.parent) == ("71551001", "/home/ada/bakery", "71551000")
    assert (seen.title, seen.model, seen.began) == ("Make the oven hotter.", "gpt-5.1", 1767323040.0)
