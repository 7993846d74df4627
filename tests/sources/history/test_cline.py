"""Sessions of Cline's command line, and tasks of the extensions of Cline and Roo Code."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from ctxkit.model import CtxkitError
from ctxkit.model.session import Kind, Media, Usage
from ctxkit.sources.history.cline_text import answered, unwrapped
from ctxkit.sources.history.formats import head_of, reader

CASES = Path(__file__).parents[2] / "cases" / "history"
FOLDER = CASES / "cline" / "1767323045000_abcde"
SESSION = FOLDER / "1767323045000_abcde.messages.json"
HISTORY = "api_conversation_history.json"
ROO = CASES / "cline_tasks" / "rooveterinaryinc.roo-cline" / "tasks" / "0197-aaaa" / HISTORY
OLD = CASES / "cline_tasks" / "saoudrizwan.claude-dev" / "tasks" / "1767323045000" / HISTORY
ENVIRONMENT = "<environment_details>\n# Time\n03:04\n</environment_details>"


def test_flow_of_a_session(told) -> None:
    assert told("cline", SESSION).flow() == [
        "system You help a bakery.",
        "prompt Make the oven hotter.",
        "prompt ",
        "request m2",
        "thinking The oven file.",
        'call {"files":[{"path":"oven.py"}]}',
        'result [{"query":"oven.py","result":"1 | heat = 180","success":true}]',
        "request m4",
        'call {"commands":["make"]}',
        'result [{"query":"make","result":"","error":"exit 2","success":false}]',
        f"reminder {ENVIRONMENT}",
        "departure compaction",
        "summary The oven is at 180.",
        "request m6",
        "text It is done.",
    ]


def test_what_the_compaction_kept(told) -> None:
    session = told("cline", SESSION)
    assert session.departures[0].before == 860
    assert session.window(before=2) == [
        "You help a bakery.",
        '{"commands":["make"]}',
        '[{"query":"make","result":"","error":"exit 2","success":false}]',
        ENVIRONMENT,
        "The oven is at 180.",
    ]


def test_usage_errors_and_images(told) -> None:
    session = told("cline", SESSION)
    assert session.requests[0].usage == Usage(input=800, cached=300, written=0, output=20, cost=0.5)
    assert [block.error for block in session.blocks if block.kind is Kind.RESULT] == [False, True]
    assert session.blocks[2].media == (Media("image/png", 68, (3, 2)),)


def test_at_a_glance(glance) -> None:
    seen = glance("cline", SESSION)
    assert (seen.id, seen.cwd, seen.version) == ("1767323045000_abcde", "/home/ada/bakery", "3.0.65")
    assert (seen.title, seen.model, seen.parent) == ("Make the oven hotter.", "gpt-5.1", "")
    assert (seen.began, seen.ended) == (1767323040.0, 1767323060.0)


def test_without_anything_beside_it(told, glance, tmp_path: Path) -> None:
    alone = tmp_path / SESSION.name
    shutil.copy(SESSION, alone)
    assert not told("cline", alone).departures
    seen = glance("cline", alone)
    assert (seen.title, seen.model, seen.cwd) == ("Make the oven hotter.", "gpt-5.1", "")
    assert seen.ended == 1767323049.0


def test_what_is_no_session_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "x.messages.json"
    path.write_text('{"messages": 3}', encoding="utf-8")
    with pytest.raises(CtxkitError, match="holds no messages of Cline"):
        list(reader("cline").read(str(path), "", lambda _: None))


@pytest.mark.parametrize(
    ("kept", "sent"),
    [
        ('<user_input mode="act">Bake.</user_input>', "Bake."),
        ("<user_input>Bake\nbread.</user_input>\n", "Bake\nbread."),
        ("Bake <user_input> bread.", "Bake <user_input> bread."),
    ],
)
def test_prompts_are_sent_without_their_wrapper(kept: str, sent: str) -> None:
    assert unwrapped(kept) == sent


def test_flow_of_a_task_with_native_calls(told) -> None:
    flow = told("cline_tasks", ROO).flow()
    assert [line for line in flow if not line.startswith("reminder")] == [
        "prompt <user_message>\nMake the oven hotter.\n</user_message>",
        "request message:1",
        "thinking The oven file.",
        'call {"path":"oven.py"}',
        "result heat = 180",
        "departure compaction",
        "summary ## Conversation Summary\nThe oven is at 180.",
        "request message:4",
        "text I set it.",
        "prompt <user_message>\nHotter.\n</user_message>",
        "request message:7",
        "text Now 220.",
        "departure compaction",
        "prompt <user_message>\nThanks.\n</user_message>",
        "request message:9",
        "text You are welcome.",
    ]


def test_messages_cut_off_leave_when_they_were(told) -> None:
    window = told("cline_tasks", ROO).window(before=3)
    assert window == [
        "## Conversation Summary\nThe oven is at 180.",
        "Now 220.",
        "<user_message>\nThanks.\n</user_message>",
    ]


def test_usage_stands_beside_the_messages(told) -> None:
    roo, old = told("cline_tasks", ROO), told("cline_tasks", OLD)
    assert [r.usage.input for r in roo.requests if r.usage] == [800, 200, 240, 190]
    assert roo.requests[0].usage == Usage(input=800, cached=700, written=50, output=20, cost=0.25)
    assert [r.usage for r in old.requests] == [
        Usage(input=760, cached=700, written=50, output=5),
        Usage(input=770, cached=750, written=0, output=6),
    ]


def test_calls_written_as_tags(told) -> None:
    task = told("cline_tasks", OLD)
    call = next(block for block in task.blocks if block.kind is Kind.CALL)
    result = next(block for block in task.blocks if block.kind is Kind.RESULT)
    assert (call.name, dict(call.arguments)) == ("read_file", {"path": "oven.py"})
    assert call.text == "<read_file>\n<path>oven.py</path>\n</read_file>"
    assert (result.text, result.name, result.call) == ("heat = 180", "read_file", call.call)
    assert task.flow()[3] == "text I look.\n"


def test_a_tag_that_is_not_closed_is_text() -> None:
    words = "See <read_file> for more."
    assert [(block.kind, block.text) for block in answered(words, "m", 0.0)] == [(Kind.TEXT, words)]


def test_a_call_behind_a_tag_that_is_not_closed_is_found() -> None:
    words = "As <read_file> cannot, so <list_files><path>.</path></list_files>"
    blocks = list(answered(words, "m", 0.0))
    assert [(block.kind, block.name) for block in blocks] == [(Kind.TEXT, ""), (Kind.CALL, "list_files")]
    assert dict(blocks[1].arguments) == {"path": "."}


@pytest.mark.parametrize("piece", ["<read_file>", "<read_file><path></read_file>", "<a>", "</read_file>"])
def test_long_texts_of_one_piece_end(piece: str) -> None:
    words = f"<read_file>{piece * 200_000}</read_file>"
    assert sum(len(block.text) for block in answered(words, "m", 0.0)) <= len(words)


def test_agent_of_a_task(told, tmp_path: Path) -> None:
    assert told("cline_tasks", ROO).start.agent == "roo-code"
    assert told("cline_tasks", OLD).start.agent == "cline"
    copied = tmp_path / HISTORY
    copied.write_text(ROO.read_text(encoding="utf-8"), encoding="utf-8")
    assert told("cline_tasks", copied).start.agent == "roo-code"


def test_task_at_a_glance(glance) -> None:
    seen = glance("cline_tasks", ROO)
    assert (seen.id, seen.parent, seen.title) == ("0197-aaaa", "0196-aaaa", "Make the oven hotter.")
    old = glance("cline_tasks", OLD)
    assert (old.cwd, old.title) == ("/home/ada/bakery", "Make the oven hotter.")


def test_a_task_with_nothing_beside_it_ended_with_its_last_message_if_that_was_seen(glance, tmp_path: Path) -> None:
    alone = tmp_path / HISTORY
    shutil.copy(ROO, alone)
    os.utime(alone, (1_000, 1_000))
    assert (glance("cline_tasks", alone).began, glance("cline_tasks", alone).ended) == (1767323045.0, 1767323060.0)
    messages = json.loads(alone.read_text(encoding="utf-8"))
    messages[-1]["content"] = "x" * 100_000
    alone.write_text(json.dumps(messages), encoding="utf-8")
    os.utime(alone, (1_000, 1_000))
    assert glance("cline_tasks", alone).ended == 1_000.0


def test_a_task_is_known_by_its_file_name(tmp_path: Path) -> None:
    other = tmp_path / "messages.json"
    other.write_text(json.dumps([{"role": "user", "content": "x"}]), encoding="utf-8")
    assert not reader("cline_tasks").recognise(head_of(str(other)))
