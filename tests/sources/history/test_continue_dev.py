"""Sessions of Continue: calls with their output, compaction, usage of several providers."""

from __future__ import annotations

from pathlib import Path

from ctxkit.model.session import Kind, Media, Usage

SESSION = Path(__file__).parents[2] / "cases" / "history" / "continue_dev" / "c0551001.json"


def test_flow_of_a_session(told) -> None:
    assert told("continue_dev", SESSION).flow() == [
        "system You help a bakery.",
        "reminder heat = 180\n",
        "prompt Make the oven hotter.",
        "prompt ",
        "thinking The oven file.",
        "request item:2",
        "text I look.",
        'call {"filepath": "oven.py"}',
        'call {"command": "make"}',
        "result heat = 180\n\n\nend",
        "result The user cancelled this tool call.",
        "departure compaction",
        "summary The oven is at 180.",
        "prompt Go on.",
        "request item:6",
        'call {"command": "make"}',
        "result boom\n[Status: failed]",
    ]


def test_what_the_compaction_left(told) -> None:
    assert told("continue_dev", SESSION).window(before=1) == ["You help a bakery.", "The oven is at 180.", "Go on."]


def test_cached_input_is_part_of_the_input_or_added_to_it(told) -> None:
    requests = told("continue_dev", SESSION).requests
    assert requests[0].usage == Usage(input=800, cached=300, output=20, cost=0.25)
    assert requests[1].usage == Usage(input=800, cached=700, written=60, output=5)


def test_results_and_attachments(told) -> None:
    blocks = told("continue_dev", SESSION).blocks
    results = [block for block in blocks if block.kind is Kind.RESULT]
    assert [(block.call, block.name, block.error) for block in results] == [
        ("c1", "Read", False),
        ("c2", "Bash", True),
        ("c3", "run_terminal_command", True),
    ]
    assert blocks[1].name == "oven.py"
    assert blocks[3].media == (Media("image/png", 68, (3, 2)),)


def test_at_a_glance(glance, told) -> None:
    seen = glance("continue_dev", SESSION)
    assert (seen.id, seen.cwd, seen.title) == ("c0551001", "/home/ada/my bakery", "Make the oven hotter.")
    assert (seen.model, seen.began) == ("gpt-5.1", 1767323045.0)
    assert told("continue_dev", SESSION).start.agent == "continue-cli"
