"""Conversations of gptme: files that were attached, calls inside the text in each of its three formats."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.model.session import Kind, Usage
from ctxkit.sources.history.gptme_calls import answered

FOLDER = Path(__file__).parents[2] / "cases" / "history" / "gptme" / "2026-01-02-blue-fox"
LOG = FOLDER / "conversation.jsonl"


def test_flow_of_a_conversation(told) -> None:
    assert told("gptme", LOG).flow() == [
        "system You are gptme v0.35.1, who helps a bakery.",
        "reminder ## Agent Instructions\n\n- /home/ada/bakery/AGENTS.md",
        "rules Knead for ten minutes.\n",
        "reminder ## Current Date\n\n2026-01-02",
        "prompt Make the oven hotter.",
        "request line:5",
        "text I look.\n",
        'call {"command": "cat oven.py # {"}',
        "text \nThen more.",
        "result Ran command: `cat oven.py`\n\nheat = 180",
        "reminder # Relevant Lessons\n\n## Ovens",
        "request line:8",
        "text For example:\n```shell example\nnot run\n```\n",
        "call ```save oven.py\nheat = 200\n```",
        "call ```ipython\nprint(1)\n```",
        "result Saved to oven.py",
        "result Error: no kernel",
        "reminder <system>Use a tool or end.</system>",
        "request line:12",
        "call <tool-use>\n<read>\noven.py\n</read>\n</tool-use>",
    ]


def test_calls_have_the_arguments_of_the_native_format(told) -> None:
    calls = [block for block in told("gptme", LOG).blocks if block.kind is Kind.CALL]
    assert [(call.name, dict(call.arguments)) for call in calls] == [
        ("shell", {"command": "cat oven.py # {"}),
        ("save", {"path": "oven.py", "content": "heat = 200\n"}),
        ("ipython", {"code": "print(1)"}),
        ("read", {"content": "oven.py"}),
    ]


def test_results_belong_to_the_calls_before_them(told) -> None:
    blocks = told("gptme", LOG).blocks
    calls = [block.call for block in blocks if block.kind is Kind.CALL]
    results = [block for block in blocks if block.kind is Kind.RESULT]
    assert [result.call for result in results] == calls[:3]
    assert [result.error for result in results] == [False, False, True]


def test_usage_in_either_place(told) -> None:
    requests = told("gptme", LOG).requests
    assert requests[0].usage == Usage(input=850, cached=700, written=50, output=20, cost=0.25)
    assert requests[1].usage == Usage(input=900, output=30)
    assert requests[2].usage is None


def test_only_files_kept_by_their_hash_are_read(told, tmp_path: Path) -> None:
    copied = tmp_path / "fox"
    shutil.copytree(FOLDER, copied)
    (copied / "files" / "feedfeedfeedfeed.md").write_text("Found.", encoding="utf-8")
    rules = [b for b in told("gptme", copied / "conversation.jsonl").blocks if b.kind is Kind.RULES]
    assert [(block.name, block.text) for block in rules] == [
        ("/home/ada/bakery/AGENTS.md", "Knead for ten minutes.\n"),
        ("/home/ada/gone.md", "Found."),
    ]


def test_at_a_glance(glance) -> None:
    seen = glance("gptme", LOG)
    assert (seen.id, seen.cwd, seen.version) == ("2026-01-02-blue-fox", "/home/ada/bakery", "0.35.1")
    assert (seen.title, seen.model) == ("Make the oven hotter.", "openai/gpt-5.1")


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("No call.", [Kind.TEXT]),
        ("", []),
        ('@shell(c-1): {"a": "}"} and', [Kind.CALL, Kind.TEXT]),
        ('@a(1): {"x": 1}\n@b(2): {"y": {"z": 2}}', [Kind.CALL, Kind.CALL]),
        ('@shell(c-1): {"a": ', [Kind.TEXT]),
        ('```python\n@shell(1): {"a": 1}\n```', [Kind.CALL]),
        ('```text\n@shell(1): {"a": 1}\n```', [Kind.TEXT]),
        ("```shell\nls\n", [Kind.TEXT]),
        ("````save a.md\n```shell\nls\n```\n````", [Kind.CALL]),
    ],
)
def test_calls_inside_a_text(words: str, kinds: list[Kind]) -> None:
    assert [block.kind for block in answered(words, "m", 0.0)] == kinds


PIECES = [
    "```",
    "```shell\n",
    "````",
    "\n",
    "ls",
    "@shell(1): {",
    '"a"',
    "}",
    "<tool-use>",
    "<read>",
    "</read>",
    "</tool-use>",
]


@pytest.mark.parametrize(
    "piece", ["<tool-use><read>", '@a(1): {"', '\\"', "```shell\n", "```\n", "@a(1): {}\n", "<tool-use></tool-use>"]
)
def test_long_texts_of_one_piece_end(piece: str) -> None:
    words = '@a(1): {"' + piece * 200_000
    assert sum(len(block.text) for block in answered(words, "m", 0.0)) <= len(words)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_blocks_are_pieces_of_the_text_in_order(words: str) -> None:
    at = 0
    for block in answered(words, "m", 0.0):
        at = words.index(block.text, at) + len(block.text)
