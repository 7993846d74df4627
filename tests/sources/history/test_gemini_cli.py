"""Chats of Gemini CLI: repeated lists, masked results, going back, compaction; which directory a chat was held in."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from ctxkit.model.session import Kind, Media, Usage, Why
from ctxkit.sources.history.formats import head_of, reader

CASES = Path(__file__).parents[2] / "cases" / "history" / "gemini_cli"
LINES = CASES / "session-2026-01-02T03-04-5e551001.jsonl"
DOCUMENT = CASES / "session-2025-11-02T03-04-5e551002.json"
HEADER = {"sessionId": "s", "projectHash": "h", "startTime": "2026-01-02T03:04:05Z", "kind": "main"}


def written(path: Path, *records: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def said(identity: str, words: str, kind: str = "user") -> dict[str, object]:
    return {"id": identity, "type": kind, "content": [{"text": words}]}


def test_flow_of_a_chat(told) -> None:
    flow = told("gemini_cli", LINES).flow()
    assert flow[3:] == [
        "prompt Make the oven hotter.",
        "request g1",
        "thinking **Where** The oven file.",
        "departure dropped",
        "text I look.",
        'call {"file_path":"oven.py"}',
        "result heat = 180\n",
        "request g2",
        'call {"file_path":"oven.py"}',
        "result File not found.",
        "request g3",
        "text It is done.",
        "prompt Now colder.",
        "departure rewind",
        "departure cleared",
        "result (masked)",
        "departure compaction",
        "summary <state_snapshot>The oven is at 180.</state_snapshot>",
        "summary Understood.",
        "prompt Thanks.",
        "request g4",
        "text You are welcome.",
    ]


def test_context_is_cut_at_its_rule_files(told) -> None:
    blocks = told("gemini_cli", LINES).blocks[:3]
    assert [block.kind for block in blocks] == [Kind.REMINDER, Kind.RULES, Kind.REMINDER]
    assert blocks[1].name == "/home/ada/bakery/GEMINI.md"
    assert blocks[1].text == "Knead for ten minutes."
    assert "".join(block.text for block in blocks).endswith("</session_context>")


def test_window_after_a_compaction_holds_what_was_kept(told) -> None:
    window = told("gemini_cli", LINES).window()
    assert window[:3] == [block.text for block in told("gemini_cli", LINES).blocks[:3]]
    assert window[3:] == [
        "<state_snapshot>The oven is at 180.</state_snapshot>",
        "Understood.",
        "It is done.",
        "Thanks.",
        "You are welcome.",
    ]


def test_usage_counts_cached_input_and_thoughts_once(told) -> None:
    requests = told("gemini_cli", LINES).requests
    assert requests[0].usage == Usage(input=900, cached=300, output=27, reasoning=7)
    assert requests[1].usage == Usage(input=965, cached=900, output=12, reasoning=0)
    assert [request.model for request in requests] == ["gemini-3-pro"] * 4


def test_failed_calls_and_images(told) -> None:
    blocks = told("gemini_cli", LINES).blocks
    assert [block.error for block in blocks if block.kind is Kind.RESULT] == [False, True, False]
    assert blocks[3].media == (Media("image/png", 68, (3, 2)),)
    call = next(block for block in blocks if block.kind is Kind.CALL)
    assert (call.name, call.call, dict(call.arguments)) == ("read_file", "c1", {"file_path": "oven.py"})


def test_the_older_document(told) -> None:
    chat = told("gemini_cli", DOCUMENT)
    assert chat.flow() == [
        "prompt Which flour?",
        "request g1",
        "text I look.",
        'call {"command":"ls"}',
        "result rye\n",
        "request g3",
        "text Rye.",
    ]
    assert chat.requests[1].usage == Usage(input=70, cached=10, output=2, reasoning=0)


def test_a_document_in_one_line_gives_the_same(told, tmp_path: Path) -> None:
    path = written(tmp_path / "session-x.json", json.loads(DOCUMENT.read_text(encoding="utf-8")))
    assert reader("gemini_cli").recognise(head_of(str(path)))
    assert told("gemini_cli", path).flow() == told("gemini_cli", DOCUMENT).flow()


def test_an_attempt_taken_back_is_a_rewind(told, tmp_path: Path) -> None:
    first, second = said("u1", "One."), said("u2", "Two.")
    path = written(tmp_path / "c.jsonl", HEADER, first, second, {"$set": {"messages": [first]}})
    chat = told("gemini_cli", path)
    assert [departure.why for departure in chat.departures] == [Why.REWIND]
    assert chat.window() == ["One."]


def test_going_back_to_what_is_not_known_empties_the_window(told, tmp_path: Path) -> None:
    path = written(tmp_path / "c.jsonl", HEADER, said("u1", "One."), {"$rewindTo": "gone"}, said("u3", "Three."))
    assert told("gemini_cli", path).window() == ["Three."]


def test_what_only_got_another_id_is_not_given_again(told, tmp_path: Path) -> None:
    old = [said(f"a{n}", f"Words {n}.") for n in range(4)]
    new = [said("s", "<state_snapshot>Before.</state_snapshot>"), said("b2", "Words 2."), said("b3", "Words 3.")]
    chat = told("gemini_cli", written(tmp_path / "c.jsonl", HEADER, *old, {"$set": {"messages": new}}))
    assert [departure.why for departure in chat.departures] == [Why.COMPACTION]
    assert [block.text for block in chat.blocks].count("Words 3.") == 1
    assert sorted(chat.window()) == ["<state_snapshot>Before.</state_snapshot>", "Words 2.", "Words 3."]


def test_history_written_anew_before_the_list_is_a_compaction(told, tmp_path: Path) -> None:
    new = [said("s", "<state_snapshot>Before.</state_snapshot>"), said("b1", "Words 1.")]
    records = [said("a0", "Words 0."), said("a1", "Words 1."), *new, {"$set": {"messages": new}}]
    chat = told("gemini_cli", written(tmp_path / "c.jsonl", HEADER, *records))
    assert [departure.why for departure in chat.departures] == [Why.COMPACTION]
    assert chat.window() == ["<state_snapshot>Before.</state_snapshot>", "Words 1."]


def test_lists_that_repeat_everything_give_nothing_new(told, tmp_path: Path) -> None:
    messages = [said(f"u{n}", f"Words {n}.") for n in range(20)]
    lists = [{"$set": {"messages": messages[: n + 1]}} for n in range(20)]
    chat = told("gemini_cli", written(tmp_path / "c.jsonl", HEADER, *lists))
    assert [block.text for block in chat.blocks] == [f"Words {n}." for n in range(20)]
    assert not chat.departures


def answered(identity: str, call: str, output: str, fresh: int, **more: object) -> dict[str, object]:
    """A message of the model with a call and its result, as the client writes it while the chat goes on."""
    result = [{"functionResponse": {"id": call, "name": "read_file", "response": {"output": output}}}]
    tool_call = {"id": call, "name": "read_file", "args": {"n": call}, "result": result, "status": "success"}
    tokens = {"input": fresh, "output": 5, "cached": 0}
    return {"id": identity, "type": "gemini", "content": "", "model": "m", "tokens": tokens, "toolCalls": [tool_call],
            **more}  # fmt: skip


def parts(identity: str, kind: str, *content: object, **more: object) -> dict[str, object]:
    """A message as the client writes it down again."""
    return {"id": identity, "type": kind, "content": list(content), **more}


def called(call: str) -> dict[str, object]:
    return {"functionCall": {"id": call, "name": "read_file", "args": {"n": call}}}


def output(call: str, words: str) -> dict[str, object]:
    return {"functionResponse": {"id": call, "name": "read_file", "response": {"output": words}}}


def reopened(final: list[dict[str, object]], *more: object) -> list[object]:
    """A chat with two calls that is closed and opened again; ``final``: the list that it goes on with then."""
    context = said("ctx", "<session_context>\nToday.\n</session_context>")
    thought = {"subject": "", "description": "Hm."}
    first = [
        HEADER, {"$set": {"messages": [context]}}, said("u1", "Look."),
        answered("g1", "c1", "one", 100, thoughts=[thought]), parts("r1", "user", output("c1", "one")),
        answered("g2", "c2", "two", 200), parts("r2", "user", output("c2", "two")),
    ]  # fmt: skip
    again = [
        context, said("u1", "Look."),
        parts("g1", "gemini", {"text": "Hm.", "thought": True}, called("c1")),
        parts("g1", "user", output("c1", "one")), parts("r1", "user", output("c1", "one")),
        parts("g2", "gemini", called("c2")),
        parts("g2", "user", output("c2", "two")), parts("r2", "user", output("c2", "two")),
    ]  # fmt: skip
    return [
        *first, HEADER, {"$set": {"messages": [context]}}, {"$set": {"sessionId": "s"}}, {"$set": {"messages": again}},
        *final, {"$set": {"messages": final}}, *more,
    ]  # fmt: skip


def put_together(masked: str = "one") -> list[dict[str, object]]:
    """What the client makes of the chat: neighbours of one role are one, results stand there twice."""
    context = "<session_context>\nToday.\n</session_context>"
    return [
        parts("n1", "user", {"text": context}, {"text": "Look."}),
        parts("n2", "gemini", called("c1"), tokens=None), parts("n3", "user", *2 * [output("c1", masked)]),
        parts("n4", "gemini", called("c2"), tokens=None), parts("n5", "user", *2 * [output("c2", "two")]),
    ]  # fmt: skip


def test_opened_again_a_chat_has_no_new_requests(told, tmp_path: Path) -> None:
    more = [said("u2", "More."), answered("g3", "c3", "three", 300)]
    chat = told("gemini_cli", written(tmp_path / "c.jsonl", *reopened(put_together(), *more)))
    assert [(request.id, request.usage.input) for request in chat.requests] == [("g1", 100), ("g2", 200), ("g3", 300)]
    assert [departure.why for departure in chat.departures] == [Why.DROPPED]
    assert [block.text for block in chat.blocks].count("Look.") == 1
    context = "<session_context>\nToday.\n</session_context>"
    calls = ['{"n":"c1"}', '{"n":"c2"}']
    assert chat.window(2) == [context, "Look.", calls[0], "one", "one", calls[1], "two", "two", "More."]


def test_results_masked_on_the_way_stand_where_they_were(told, tmp_path: Path) -> None:
    more = [said("u2", "More."), answered("g3", "c3", "three", 300)]
    chat = told("gemini_cli", written(tmp_path / "c.jsonl", *reopened(put_together("(masked)"), *more)))
    assert [departure.why for departure in chat.departures] == [Why.DROPPED, Why.CLEARED]
    assert chat.window(2)[2:6] == ['{"n":"c1"}', "(masked)", "(masked)", '{"n":"c2"}']


def test_opened_again_and_left_alone(told, tmp_path: Path) -> None:
    chat = told("gemini_cli", written(tmp_path / "c.jsonl", *reopened(put_together())))
    assert len(chat.requests) == 2
    assert chat.window()[-2:] == ["two", "two"]


def test_a_prompt_lost_when_the_chat_is_opened_again_is_no_compaction(told, tmp_path: Path) -> None:
    final = [said("n1", "<session_context>\nToday.\n</session_context>"), *put_together()[1:]]
    chat = told("gemini_cli", written(tmp_path / "c.jsonl", *reopened(final, said("u2", "More."))))
    assert [departure.why for departure in chat.departures] == [Why.DROPPED, Why.REPLACED]
    assert "Look." not in chat.window()


def test_thoughts_are_in_no_request(told) -> None:
    chat = told("gemini_cli", LINES)
    assert [block.text for block in chat.blocks if block.kind is Kind.THINKING] == ["**Where** The oven file."]
    assert not any("The oven file." in words for number in range(5) for words in chat.window(number))


def test_at_a_glance(glance) -> None:
    seen = glance("gemini_cli", LINES)
    assert (seen.id, seen.title, seen.model) == ("5e551001-aaaa", "Make the oven hotter.", "gemini-3-pro")
    assert seen.cwd == "/home/ada/bakery"
    assert seen.size == LINES.stat().st_size
    assert glance("gemini_cli", DOCUMENT).title == "Which flour?"


@pytest.mark.parametrize("places", ["root-file", "registry", "hash", "context"])
def test_directory_of_a_chat(glance, tmp_path: Path, places: str) -> None:
    home = "/home/ada/bakery"
    digest = hashlib.sha256(home.encode()).hexdigest()
    folder = tmp_path / ".gemini" / "tmp" / (digest if places == "hash" else "bakery")
    context = (
        "<session_context>\n- **Workspace Directories:**\n  - /home/ada/shop\n  - /home/ada/bakery\n</session_context>"
    )
    records = [{**HEADER, "projectHash": digest}] + ([said("x", context)] if places == "context" else [])
    chat = written(folder / "chats" / "session-a.jsonl", *records)
    if places == "root-file":
        (folder / ".project_root").write_text(home, encoding="utf-8")
    if places in ("registry", "hash"):
        name = "bakery" if places == "registry" else "another-name"
        registry = {"projects": {"/home/ada/shop": "shop", home: name}}
        (tmp_path / ".gemini" / "projects.json").write_text(json.dumps(registry), encoding="utf-8")
    assert glance("gemini_cli", chat).cwd == home


def test_a_subagent_names_its_parent(glance, tmp_path: Path) -> None:
    path = written(tmp_path / "chats" / "parent-id" / "sub.jsonl", {**HEADER, "kind": "subagent"})
    assert glance("gemini_cli", path).parent == "parent-id"
    assert glance("gemini_cli", LINES).parent == ""
