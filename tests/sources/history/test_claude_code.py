"""Claude Code's transcripts: what single lines mean, and what is in the window when."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctxkit.model import CtxkitError, Skipped
from ctxkit.model.session import Block, Departure, Event, Kind, Recorded, Request, Start, Why
from ctxkit.sources.history import claude_code
from ctxkit.sources.history.claude_requests import bodies
from ctxkit.sources.history.formats import head_of, reader_of
from ctxkit.sources.history.load import load_sessions

from .claude_builder import Transcript, call, digest, result, text, usage
from .naive import windows

if TYPE_CHECKING:
    from pathlib import Path

Read = Callable[[Transcript], list[Event]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The events of a transcript; whatever is skipped is a failure."""

    def skipped(item: Skipped) -> None:
        raise AssertionError(item)

    return lambda transcript: list(claude_code.read(str(transcript.write(tmp_path / "t.jsonl")), "", skipped))


def texts(window: list[Block]) -> list[str]:
    return [block.text for block in window]


def seen(window: list[Block]) -> list[tuple[str, str]]:
    return [(block.kind.value, block.text) for block in window]


def begun(prompt: str = "Fix the parser") -> Transcript:
    """A session in which the model has read a file."""
    transcript = Transcript()
    transcript.user(prompt)
    transcript.assistant("m1", text("Looking."), usage=usage(100, output=1))
    transcript.assistant("m1", call("c1", file_path="/repo/a.py"), usage=usage(100, output=30))
    transcript.user([result("c1", "1\tx = 1")])
    return transcript


def test_lines_of_one_message_are_one_request_and_the_last_usage_counts(read: Read, tmp_path: Path) -> None:
    transcript = begun()
    transcript.assistant("m2", text("Done."), usage=usage(40, cached=100, output=9))
    (session,) = load_sessions(str(transcript.write(tmp_path / "t.jsonl")))
    assert [(step.number, step.usage.input, step.usage.output) for step in session.steps if step.usage] == [
        (1, 100, 30),
        (2, 140, 9),
    ]
    assert [seen(window) for window in windows(read(transcript))] == [
        [("prompt", "Fix the parser")],
        [("prompt", "Fix the parser"), ("text", "Looking."), ("call", '{"file_path":"/repo/a.py"}'),
         ("result", "1\tx = 1")],
        [("prompt", "Fix the parser"), ("text", "Looking."), ("call", '{"file_path":"/repo/a.py"}'),
         ("result", "1\tx = 1"), ("text", "Done.")],
    ]  # fmt: skip


def test_the_session_is_told_from_its_lines(read: Read, tmp_path: Path) -> None:
    transcript = begun("A\ttitle\x1b[31m of many words")
    transcript.records.insert(0, {"type": "queue-operation", "operation": "enqueue", "sessionId": "5e55104e-0000"})
    start = read(transcript)[0]
    assert isinstance(start, Start)
    assert (start.id, start.agent, start.version, start.cwd, start.branch) == (
        "5e55104e-0000", "claude-code", "2.1.400", "/repo", "main",
    )  # fmt: skip
    head = head_of(str(tmp_path / "t.jsonl"))
    assert reader_of(head) is not None
    (peek,) = claude_code.peek(head)
    assert (peek.id, peek.cwd, peek.model, peek.parent) == ("5e55104e-0000", "/repo", "claude-sonnet-4-5", "")
    assert peek.title == "A title\\x1b[31m of many words"
    assert peek.began == start.at == pytest.approx(1_772_359_201.0)


def test_results_between_the_lines_of_one_message_wait_for_the_next_request(read: Read) -> None:
    transcript = Transcript()
    transcript.user("Read both")
    first = transcript.assistant("m1", call("c1", file_path="a"), usage=usage())
    transcript.user([result("c1", "A")], parent=first)
    second = transcript.assistant("m1", call("c2", file_path="b"), usage=usage(), parent=first)
    transcript.user([result("c2", "B")], parent=second)
    transcript.assistant("m2", text("Both read."), usage=usage())
    one, two, _ = windows(read(transcript))
    assert texts(one) == ["Read both"]
    assert [(block.kind, block.call) for block in two[1:]] == [
        (Kind.CALL, "c1"), (Kind.CALL, "c2"), (Kind.RESULT, "c1"), (Kind.RESULT, "c2"),
    ]  # fmt: skip


def test_results_have_their_errors_parts_and_images(read: Read) -> None:
    png = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAAD"  # 2 by 3 pixels
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": png}}
    transcript = begun()
    transcript.assistant("m2", call("c2"), call("c3"), call("c4"))
    transcript.user([
        result("c2", [text("one"), text("two"), image, {"type": "tool_reference", "tool_name": "Grep"}]),
        result("c3", "<tool_use_error>no</tool_use_error>", True),
        result("c4", [{"type": "search_result", "title": "T"}], False),
    ])  # fmt: skip
    two, three, four = (event for event in read(transcript)[-3:] if isinstance(event, Block))
    assert (two.text, two.media[0].pixels, two.error) == ("one\ntwo\nGrep", (2, 3), False)
    assert (three.call, three.error) == ("c3", True)
    assert json.loads(four.text) == {"type": "search_result", "title": "T"}


def test_what_is_hung_on_a_result_is_no_result(read: Read) -> None:
    content = "1\tx\n\n<system-reminder>\nWhenever you read a file, think.\n</system-reminder>"
    transcript = begun()
    transcript.records[-1]["message"]["content"] = [result("c1", content)]
    answer, notice = windows(read(transcript))[-1][-2:]
    assert (answer.kind, answer.text, notice.kind) == (Kind.RESULT, "1\tx\n\n", Kind.REMINDER)
    assert answer.text + notice.text == content


def test_no_word_of_a_result_is_lost_around_reminders_in_it(read: Read) -> None:
    note = "<system-reminder>n</system-reminder>"
    transcript = begun()
    transcript.records[-1]["message"]["content"] = [result("c1", f"before {note} between {note}")]
    blocks = windows(read(transcript))[-1][3:]
    assert [(block.kind, block.text) for block in blocks] == [
        (Kind.RESULT, "before  between "), (Kind.REMINDER, note), (Kind.REMINDER, note),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "fields", "kinds"),
    [
        ("Fix it", {}, ["prompt"]),
        ("<command-name>/review</command-name>", {}, ["reminder:command-name"]),
        ("<local-command-stdout>ok</local-command-stdout>", {}, ["reminder:local-command-stdout"]),
        ("Caveat: not by the user", {"isMeta": True}, ["reminder:command"]),
        ("The text of a skill", {"isMeta": True, "sourceToolUseID": "c1"}, ["reminder:skill"]),
        ("So far we did this.", {"isCompactSummary": True}, ["summary"]),
        ("[Request interrupted by user]", {}, ["reminder"]),
        ([text("Look"), text("<system-reminder>s</system-reminder>")], {}, ["prompt", "reminder:system-reminder"]),
        ([{"type": "document", "source": {"type": "text", "data": "plain words"}}], {}, ["prompt"]),
        ([{"type": "container_upload", "file_id": "f"}], {}, ["reminder:container_upload"]),
        (None, {}, []),
        ([None, 3, "words", [], {"type": "text"}], {}, []),
        ("", {}, []),
    ],
)
def test_whose_words_they_are(read: Read, content: Any, fields: dict[str, Any], kinds: list[str]) -> None:
    transcript = Transcript()
    transcript.user(content, **fields)
    found = [event for event in read(transcript) if isinstance(event, Block) and (event.text or event.opaque)]
    assert [f"{block.kind}:{block.name}".rstrip(":") for block in found] == kinds
    if isinstance(content, str):
        assert "".join(block.text for block in found) == content


def test_thinking_is_text_and_a_seal(read: Read) -> None:
    transcript = Transcript()
    transcript.user("?")
    transcript.assistant(
        "m1",
        {"type": "thinking", "thinking": "Hm.", "signature": "abcd"},
        {"type": "redacted_thinking", "data": "12345"},
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"url": "u"}]},
        {"type": "something_new", "data": "x" * 50},
        "no block", None, {"type": 3},
    )  # fmt: skip
    found = [event for event in read(transcript) if isinstance(event, Block)][1:]
    assert [(b.kind, b.text, b.opaque) for b in found[:2]] == [(Kind.THINKING, "Hm.", 4), (Kind.THINKING, "", 5)]
    assert [(b.kind, b.name, b.call) for b in found[2:4]] == [
        (Kind.CALL, "web_search", "s1"), (Kind.RESULT, "", "s1"),
    ]  # fmt: skip
    assert found[4].opaque > 50


@pytest.mark.parametrize(
    ("data", "rendered", "expected"),
    [
        ({"type": "nested_memory", "content": {"path": "/repo/sub/CLAUDE.md", "content": "Be brief."}}, None,
         [("rules", "/repo/sub/CLAUDE.md", "Be brief.")]),
        ({"type": "nested_memory", "content": {"path": "x", "content": "other"}},
         "<system-reminder>\nContents of /repo/sub/CLAUDE.md:\n\nBe brief.\n</system-reminder>",
         [("reminder", "", "<system-reminder>\nContents of /repo/sub/CLAUDE.md:\n\n"),
          ("rules", "/repo/sub/CLAUDE.md", "Be brief."), ("reminder", "", "\n</system-reminder>")]),
        ({"type": "instructions", "files": [{"path": "a", "content": "A"}, 3, {"path": "b", "content": "B"}]}, None,
         [("rules", "a", "A"), ("rules", "b", "B")]),
        ({"type": "prompt_snapshot", "systemPrompt": ["You are it.", 3], "tools": [{"name": "Read"}, None]}, None,
         [("system", "", "You are it."), ("tools", "Read", '{"name":"Read"}')]),
        ({"type": "deferred_tools_delta", "addedLines": ["A", None, "B"]}, None,
         [("reminder", "deferred tools", "A\nB")]),
        ({"type": "hook_success", "content": ""}, None, []),
        ({"type": "queued_command", "prompt": "and this"}, None, [("reminder", "queued prompt", "and this")]),
        ({"type": "never seen"}, None, []),
        ({"type": "never seen"}, "told", [("reminder", "", "told")]),
        ({"type": "never seen"}, "", []),
        ({"type": ["wrong"], "content": 3}, None, []),
    ],
)  # fmt: skip
def test_attachments(read: Read, data: Any, rendered: str | None, expected: list[tuple[str, str, str]]) -> None:
    transcript = Transcript()
    transcript.attachment(data, rendered)
    assert [(b.kind, b.name, b.text) for b in read(transcript) if isinstance(b, Block)] == expected


def test_a_compaction_leaves_the_head_and_its_summary(read: Read) -> None:
    transcript = Transcript()
    transcript.attachment({"type": "prompt_snapshot", "systemPrompt": ["You are it."]})
    transcript.attachment({"type": "instructions", "files": [{"path": "/repo/CLAUDE.md", "content": "Rules."}]})
    transcript.user("Fix it")
    transcript.assistant("m1", text("Fixed."), usage=usage(900))
    transcript.compacted(trigger="auto", preTokens=900, postTokens=200)
    transcript.user("We fixed it.", isCompactSummary=True)
    transcript.user("Now test it")
    transcript.assistant("m2", text("Tested."), usage=usage(200))
    events = read(transcript)
    gone = next(event for event in events if isinstance(event, Departure))
    assert (gone.why, gone.trigger, gone.before, gone.later) == (Why.COMPACTION, "auto", 900, 200)
    assert texts(windows(events)[1]) == ["You are it.", "Rules.", "We fixed it.", "Now test it"]


@pytest.mark.parametrize("metadata", ["segment", "messages"])
def test_a_compaction_may_keep_the_last_messages(read: Read, metadata: str) -> None:
    transcript = begun()
    head = transcript.assistant("m2", text("Half done."))
    transcript.user([text("Go on")])
    tail = transcript.assistant("m3", call("c3"))
    lines = [record["uuid"] for record in transcript.records[-3:]]
    kept = (
        {"preservedSegment": {"headUuid": head, "anchorUuid": "x", "tailUuid": tail}}
        if metadata == "segment"
        else {"preservedMessages": {"anchorUuid": "x", "uuids": lines, "allUuids": [*lines, 3]}}
    )
    transcript.compacted(trigger="manual", **kept)
    transcript.user("Summary.", isCompactSummary=True)
    assert texts(windows(read(transcript))[-1]) == ["Half done.", "Go on", "{}", "Summary."]


def test_microcompaction_takes_results_and_attachments_out(read: Read) -> None:
    transcript = begun()
    note = transcript.attachment({"type": "hook_success", "content": "hook said"})
    transcript.assistant("m2", call("c2"))
    transcript.user([result("c2", "kept")])
    metadata = {"compactedToolIds": ["c1", 7], "clearedAttachmentUUIDs": [note]}
    transcript.line("system", subtype="microcompact_boundary", microcompactMetadata=metadata)
    transcript.assistant("m3", text("On."))
    events = read(transcript)
    assert texts(windows(events)[1])[-2:] == ["1\tx = 1", "hook said"]
    assert texts(windows(events)[2])[3:] == ["{}", "kept"]
    assert [e.why for e in events if isinstance(e, Departure)] == [Why.CLEARED]


def test_a_prompt_that_answers_an_earlier_line_rewinds(read: Read) -> None:
    transcript = begun()
    done = transcript.assistant("m2", text("Done."))
    transcript.user("Wrong turn")
    transcript.attachment({"type": "nested_memory", "content": {"path": "sub/CLAUDE.md", "content": "nested"}})
    transcript.assistant("m3", text("Oh."))
    transcript.user("Another way", parent=done)
    transcript.assistant("m4", text("Good."))
    last = texts(windows(read(transcript))[3])
    assert last[-2:] == ["Done.", "Another way"]
    assert "Wrong turn" not in last
    assert "nested" not in last


def test_a_prompt_without_a_parent_begins_anew(read: Read) -> None:
    transcript = begun()
    transcript.assistant("m2", text("Done."))
    transcript.user("From the top", parent=None)
    assert texts(windows(read(transcript))[-1]) == ["From the top"]


def test_a_prompt_behind_a_progress_line_of_its_turn_rewinds_to_there(read: Read) -> None:
    transcript = begun()
    place = transcript.line("progress", data={"type": "hook_progress"})
    transcript.assistant("m2", text("Done."))
    transcript.user("Rather this", parent=place)
    assert texts(windows(read(transcript))[-1])[-2:] == ["1\tx = 1", "Rather this"]


def test_a_result_of_an_earlier_line_is_no_rewind(read: Read) -> None:
    transcript = Transcript()
    transcript.user("Read")
    first = transcript.assistant("m1", call("c1"))
    transcript.assistant("m2", text("meanwhile"))
    transcript.user([result("c1", "late")], parent=first)
    events = read(transcript)
    assert not [event for event in events if isinstance(event, Departure)]
    assert texts(windows(events)[-1]) == ["Read", "{}", "meanwhile", "late"]


@pytest.mark.parametrize("marked", ["flag", "model"])
def test_messages_that_no_model_wrote_are_not_sent(read: Read, marked: str) -> None:
    transcript = begun()
    more: dict[str, Any] = {"isApiErrorMessage": True} if marked == "flag" else {}
    model = "<synthetic>" if marked == "model" else "claude-sonnet-4-5"
    transcript.assistant("m2", text("API Error: overloaded"), usage=usage(0, output=0), model=model, **more)
    transcript.assistant("m3", text("Done."), usage=usage())
    events = read(transcript)
    assert [event.id for event in events if isinstance(event, Request)] == ["m1", "m1", "m3"]
    assert "API Error: overloaded" not in [event.text for event in events if isinstance(event, Block)]


def test_a_line_that_is_written_twice_counts_once(read: Read) -> None:
    transcript = begun()
    once = windows(read(transcript))
    transcript.records = [record for record in transcript.records for _ in range(2)]
    assert windows(read(transcript)) == once


def test_a_clock_that_jumps_changes_nothing(read: Read) -> None:
    transcript = begun()
    transcript.assistant("m2", text("Done."))
    plain = [seen(window) for window in windows(read(transcript))]
    stamps = ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "yesterday", 5, None, "", -3]
    for record, stamp in zip(transcript.records, stamps, strict=False):
        record["timestamp"] = stamp
    assert [seen(window) for window in windows(read(transcript))] == plain


def test_subagents_have_windows_of_their_own(read: Read) -> None:
    transcript = begun()
    transcript.user("Explore", isSidechain=True, agentId="ag1", parent=None)
    transcript.assistant("m2", call("c2"), usage=usage(7))
    transcript.assistant("s1", text("found"), usage=usage(3), isSidechain=True, agentId="ag1", model="claude-haiku-4-5")
    transcript.user([result("c2", "two")])
    transcript.assistant("m3", text("Done."), usage=usage(9))
    events = read(transcript)
    assert texts(windows(events)[2])[3:] == ["1\tx = 1", "{}", "two"]
    assert [texts(window) for window in windows(events, "ag1")] == [["Explore"], ["Explore", "found"]]


def test_the_session_is_of_the_model_that_it_ends_with_itself(tmp_path: Path) -> None:
    transcript = begun()
    transcript.assistant("s1", text("found"), isSidechain=True, agentId="ag1", model="claude-haiku-4-5")
    (session,) = load_sessions(str(transcript.write(tmp_path / "t.jsonl")))
    assert session.start.model == "claude-sonnet-4-5"
    assert {step.thread: step.model for step in session.steps} == {"": "claude-sonnet-4-5", "ag1": "claude-haiku-4-5"}


def test_older_sidechains_are_told_apart_by_their_parents(read: Read) -> None:
    transcript = begun()
    one = transcript.user("First task", isSidechain=True, parent=None)
    two = transcript.user("Second task", isSidechain=True, parent=None)
    one_answer = transcript.assistant("a1", call("x1"), isSidechain=True, parent=one)
    transcript.assistant("b1", text("second done"), isSidechain=True, parent=two)
    transcript.user([result("x1", "of the first")], isSidechain=True, parent=one_answer)
    transcript.line("user", message={"content": "lost"}, isSidechain=True, parent="nowhere", uuid="")
    events = read(transcript)
    assert texts(windows(events, one)[-1]) == ["First task", "{}", "of the first"]
    assert texts(windows(events, two)[-1]) == ["Second task", "second done"]
    assert "lost" not in texts(windows(events)[-1])


def test_a_subagents_own_file_is_a_session_of_its_own(tmp_path: Path) -> None:
    transcript = Transcript()
    transcript.user("Explore", isSidechain=True, agentId="ag1")
    transcript.assistant("s1", text("found"), usage=usage(3), isSidechain=True, agentId="ag1")
    path = str(transcript.write(tmp_path / "agent-ag1.jsonl"))
    (session,) = load_sessions(path)
    assert (session.start.id, session.start.parent) == ("ag1", "5e55104e-0000")
    assert session.threads() == ("",)
    (peek,) = claude_code.peek(head_of(path))
    assert (peek.id, peek.parent) == ("ag1", "5e55104e-0000")


def test_files_of_no_subagent_beside_a_session(tmp_path: Path) -> None:
    path = begun().write(tmp_path / "s.jsonl")
    plain = list(claude_code.read(str(path), "", print))
    folder = tmp_path / "s" / "subagents"
    (folder / "agent-dir.jsonl").mkdir(parents=True)
    for name in ("agent-.jsonl", "other.jsonl", "agent-a.meta.json"):
        (folder / name).write_text("{}\n")
    lost: list[Skipped] = []
    assert list(claude_code.read(str(path), "", lost.append)) == plain
    assert [item.path for item in lost] == [str(folder / "agent-dir.jsonl")]


# Exact requests.


def exactly(transcript: Transcript, path: Path) -> list[tuple[str, dict[str, Any]]]:
    lost: list[Skipped] = []
    found = list(bodies(str(transcript.write(path)), lost.append))
    assert lost == []
    return found


def sent(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The blocks of a body's messages as a window shows them."""
    found: list[tuple[str, str]] = []
    for message in messages:
        content = message["content"]
        for part in [text(content)] if isinstance(content, str) else content:
            if part["type"] == "text":
                found.append(("prompt" if message["role"] == "user" else "text", part["text"]))
            elif part["type"] == "tool_use":
                found.append(("call", json.dumps(part["input"], separators=(",", ":"), ensure_ascii=False)))
            else:
                found.append(("result", part["content"]))
    return found


def in_list(message: dict[str, Any]) -> dict[str, Any]:
    content = message["content"]
    return {**message, "content": [text(content)] if isinstance(content, str) else content}


class Client:
    """Sends requests and writes down what Claude Code writes down of them."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.bodies: list[list[dict[str, Any]]] = []
        self.heads: list[tuple[str, ...]] = []
        self.messages: list[dict[str, Any]] = []
        self._hashes: dict[str, list[str]] = {}
        self._tools: tuple[str, ...] = ()
        self._answers = 0
        self.tools("Read")

    def tools(self, *names: str) -> None:
        if names != self._tools:
            tools = [{"name": name, "description": f"{name} it", "cache_control": {"type": "x"}} for name in names]
            self.transcript.shape("+".join(names), [text("You are it.")], tools)
        self._tools = names

    def say(self, content: Any, as_line: bool = True) -> None:
        message = {"role": "user", "content": content}
        self.messages.append(message)
        if as_line:
            self.transcript.user(content)
        else:
            self.transcript.blob(in_list(message))

    def ask(self, base: int | None = -1, fewer: int = 0, answer: list[Any] | None = None, lines: bool = True) -> None:
        """Send all messages; ``base``: which earlier request is named; ``fewer``: less is kept than could be."""
        self.bodies.append(copy.deepcopy(self.messages))
        self.heads.append(self._tools)
        hashes = [digest(in_list(message)) for message in self.messages]
        names = list(self._hashes)
        origin = names[base] if base is not None and names else None
        before = self._hashes[origin] if origin is not None else []
        same = next(
            (at for at, (a, b) in enumerate(zip(before, hashes, strict=False)) if a != b), min(len(before), len(hashes))
        )
        keep = max(0, same - fewer)
        name = f"r{len(names)}"
        self._hashes[name] = hashes
        self.transcript.request(name, hashes[keep:], origin, keep, "+".join(self._tools))
        if answer is not None:
            self.answer(answer, lines)

    def answer(self, blocks: list[Any], split: bool = True) -> None:
        self._answers += 1
        self.messages.append({"role": "assistant", "content": blocks})
        for block in [[block] for block in blocks] if split else [blocks]:
            self.transcript.assistant(f"m{self._answers}", *block, usage=usage())

    def check(self, read: Read, path: Path) -> None:
        found = exactly(self.transcript, path)
        assert [body["messages"] for _, body in found] == self.bodies
        assert [tuple(tool["name"] for tool in body["tools"]) for _, body in found] == self.heads
        events = read(self.transcript)
        shown = windows(events)
        spoken = {Kind.SYSTEM, Kind.TOOLS}
        assert [seen([b for b in window if b.kind not in spoken]) for window in shown[:-1]] == [
            sent(body) for body in self.bodies
        ]
        assert [sorted(b.name for b in window if b.kind is Kind.TOOLS) for window in shown[:-1]] == [
            sorted(head) for head in self.heads
        ]


@pytest.fixture
def client() -> Client:
    return Client()


def test_exact_requests_of_a_short_session(client: Client, read: Read, tmp_path: Path) -> None:
    client.say("Fix it")
    client.ask(base=None, answer=[text("Reading."), call("c1", file_path="a")])
    client.say([result("c1", "x = 1")], as_line=False)
    client.ask(answer=[text("Fixed.")])
    client.say([text("Thanks"), text("Now test it")])
    client.ask(answer=[text("Tested.")])
    client.check(read, tmp_path / "t.jsonl")
    (session,) = load_sessions(str(tmp_path / "t.jsonl"))
    assert session.turns == 2


def test_a_tool_search_changes_the_tools_and_nothing_else(client: Client, read: Read, tmp_path: Path) -> None:
    client.say("Search")
    client.ask(base=None, answer=[call("c1", "ToolSearch", query="grep")])
    client.say([result("c1", "Grep")])
    client.tools("Read", "Grep")
    client.ask(answer=[text("Found.")])
    client.tools("Grep")
    client.say("And now?")
    client.ask(answer=[text("Done.")])
    client.check(read, tmp_path / "t.jsonl")
    gone = [event for event in read(client.transcript) if isinstance(event, Departure)]
    assert [(event.why, len(event.marks)) for event in gone] == [(Why.REPLACED, 1)]


def test_a_request_that_keeps_less_than_the_window(client: Client, read: Read, tmp_path: Path) -> None:
    client.say("Read a")
    client.ask(base=None, answer=[call("c1")])
    client.say([result("c1", "a long result")])
    client.ask(answer=[call("c2")])
    client.say([result("c2", "another")])
    client.messages[2] = {"role": "user", "content": [result("c1", "[cleared]")]}
    client.transcript.blob(client.messages[2])
    client.ask(answer=[text("Done.")])
    client.say("Thanks")
    client.ask(fewer=2, answer=[text("Bye.")])
    client.check(read, tmp_path / "t.jsonl")
    (session,) = load_sessions(str(tmp_path / "t.jsonl"))
    assert session.turns == 2, "a prompt that is sent again is no new turn"


def test_the_same_words_again_are_another_message(client: Client, read: Read, tmp_path: Path) -> None:
    for at in range(3):
        client.say("Go on", as_line=False)
        client.ask(base=None if at == 0 else -1, answer=[text("Yes.")])
    del client.messages[2:]
    client.say("Go on", as_line=False)
    client.ask(answer=[text("No.")])
    client.check(read, tmp_path / "t.jsonl")
    (session,) = load_sessions(str(tmp_path / "t.jsonl"))
    assert [step.turn for step in session.steps][:3] == [1, 2, 3]


def test_an_answer_that_was_not_sent_again_is_gone(client: Client, read: Read, tmp_path: Path) -> None:
    client.say("Fix it")
    client.ask(base=None, answer=[text("Half an ans")])
    client.messages.pop()
    client.say("Go on")
    client.ask(answer=[text("Done.")])
    client.check(read, tmp_path / "t.jsonl")


def test_a_compaction_of_exact_requests_counts_once(client: Client, read: Read, tmp_path: Path) -> None:
    client.say("Fix it")
    client.ask(base=None, answer=[text("Fixed.")])
    client.transcript.compacted(trigger="auto", preTokens=500)
    client.messages = [client.messages[0]]
    client.say("Summary of it all", as_line=False)
    client.ask(answer=[text("On.")])
    client.check(read, tmp_path / "t.jsonl")
    (session,) = load_sessions(str(tmp_path / "t.jsonl"))
    assert [(item.step, item.trigger, item.before) for item in session.compactions] == [(2, "auto", 500)]


def test_a_session_that_ends_with_a_compaction(client: Client, read: Read, tmp_path: Path) -> None:
    client.say("Fix it")
    client.ask(base=None, answer=[text("Fixed.")])
    client.transcript.compacted(trigger="manual")
    client.transcript.user("Summary.", isCompactSummary=True)
    (session,) = load_sessions(str(client.transcript.write(tmp_path / "t.jsonl")))
    assert len(session.compactions) == 1
    assert [entry.kind for entry in session.window()] == [Kind.SYSTEM, Kind.TOOLS, Kind.SUMMARY]


def test_lines_that_an_exact_request_did_not_hold_are_not_in_its_window(
    client: Client, read: Read, tmp_path: Path
) -> None:
    client.say("Fix it")
    client.transcript.attachment({"type": "hook_success", "content": "shown to the user alone"})
    client.ask(base=None)
    client.transcript.attachment({"type": "hook_success", "content": "came while it was answering"})
    client.answer([text("Fixed.")])
    client.say("Thanks")
    client.ask(answer=[text("Bye.")])
    client.check(read, tmp_path / "t.jsonl")


def test_where_exact_requests_end_the_lines_stand_in_again(client: Client, read: Read, tmp_path: Path) -> None:
    client.say("Fix it")
    client.ask(base=None, answer=[call("c1")])
    transcript = client.transcript
    transcript.user([result("c1", "x")])
    transcript.assistant("n1", text("Done."), usage=usage())
    transcript.user("Next")
    transcript.assistant("n2", text("Yes."), usage=usage())
    shown = [[b.text for b in window if b.kind is not Kind.TOOLS] for window in windows(read(transcript))]
    assert shown[1:] == [
        ["You are it.", "Fix it", "{}", "x"],
        ["You are it.", "Fix it", "{}", "x", "Done.", "Next"],
        ["You are it.", "Fix it", "{}", "x", "Done.", "Next", "Yes."],
    ]
    messages = [{"role": "user", "content": [text(words)]} for words in ("All", "anew")]
    for message in messages:
        transcript.blob(message)
    transcript.request("r9", [digest(message) for message in messages])
    transcript.assistant("n3", text("Again."), usage=usage())
    last = windows(read(transcript))[-2]
    assert [block.text for block in last if block.kind in (Kind.PROMPT, Kind.TEXT, Kind.RESULT)] == ["All", "anew"]


def test_messages_that_are_nowhere_are_told_of_and_keep_their_places(client: Client, tmp_path: Path) -> None:
    transcript = client.transcript
    known = [{"role": "user", "content": [text(words)]} for words in ("first", "third", "fourth")]
    for message in known:
        transcript.blob(message)
    hashes = [digest(message) for message in known]
    transcript.request("r0", [hashes[0], "0" * 64, hashes[1]])
    transcript.assistant("m1", text("Yes."), usage=usage())
    answer = digest({"role": "assistant", "content": [text("Yes.")]})
    transcript.request("r1", [answer, hashes[2]], "r0", 3)
    transcript.assistant("m2", text("Bye."), usage=usage())
    lost: list[Skipped] = []
    events = list(claude_code.read(str(transcript.write(tmp_path / "t.jsonl")), "", lost.append))
    assert ["1 messages" in item.reason for item in lost] == [True]
    first, second, _ = windows(events)
    assert [block.text for block in first if block.kind is Kind.PROMPT] == ["first", "third"]
    assert [b.text for b in second if b.kind in (Kind.PROMPT, Kind.TEXT)] == ["first", "third", "Yes.", "fourth"]
    found = [[m["content"] for m in body["messages"]] for _, body in bodies(str(tmp_path / "t.jsonl"), lost.append)]
    assert found == [["first", "third"], ["first", "third", [text("Yes.")], "fourth"]]


def test_an_answer_that_was_repaired_before_it_was_sent_again(client: Client, read: Read, tmp_path: Path) -> None:
    client.say("Fix it")
    client.ask(base=None, answer=[text("Fixed."), call("c1")])
    transcript = client.transcript
    first = digest({"role": "user", "content": [text("Fix it")]})
    repaired, more = "f" * 64, {"role": "user", "content": [result("c1", "x")]}
    transcript.user(more["content"])
    transcript.request("r1", [repaired, digest(more)], "r0", 1, "Read")
    transcript.assistant("n1", text("Done."), usage=usage())
    transcript.request("r2", [first, repaired], shape="Read")
    transcript.assistant("n2", text("Again."), usage=usage())
    found = [[m["role"] for m in body["messages"]] for _, body in exactly(transcript, tmp_path / "t.jsonl")]
    assert found == [["user"], ["user", "assistant", "user"], ["user", "assistant"]]
    shown = [
        [b.text for b in window if b.kind not in (Kind.SYSTEM, Kind.TOOLS)] for window in windows(read(transcript))
    ]
    assert shown[1:3] == [["Fix it", "Fixed.", "{}", "x"], ["Fix it", "Fixed.", "{}"]]


def test_cache_marks_are_put_where_their_paths_say(client: Client, tmp_path: Path) -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    client.transcript.user("Fix it")
    paths: list[list[Any]] = [
        ["system", 0], ["tools", 0], ["messages", 0, "content", 0],
        ["messages", 9, "content", 0], ["nowhere"], [], [None], ["messages", "x"],
    ]  # fmt: skip
    client.transcript.request(
        "r0", [digest({"role": "user", "content": [text("Fix it")]})], shape="Read",
        cacheControl=[{"path": path, "value": mark} for path in paths] + [3, {"value": mark}],
    )  # fmt: skip
    ((name, body),) = exactly(client.transcript, tmp_path / "t.jsonl")
    assert name == "r0"
    assert body["messages"] == [{"role": "user", "content": [{**text("Fix it"), "cache_control": mark}]}]
    assert body["system"] == [{**text("You are it."), "cache_control": mark}]
    assert body["tools"][0]["cache_control"] == mark
    assert body["model"] == "claude-sonnet-4-5"
    assert "betas" not in body


WORDS = st.sampled_from(["Fix it", "ünïcödé 日本", "", "a\nb", 'quo"te', "Fix it"])


@st.composite
def conversations(draw: st.DrawFn) -> Client:
    """A session of up to eight requests in which everything happens that a client does between them."""
    client = Client()
    client.say("Begin")
    for at in range(draw(st.integers(1, 8))):
        if at:
            did = draw(st.sampled_from(["go on", "go on", "rewind", "compact", "clear", "tools", "forget answer"]))
            if did == "rewind":
                place = draw(st.integers(0, (len(client.messages) - 1) // 2)) * 2
                del client.messages[place:]
            elif did == "compact":
                client.transcript.compacted(trigger="auto")
                client.messages = client.messages[-2:] if draw(st.booleans()) else []
                if client.messages and client.messages[0]["role"] == "assistant":
                    del client.messages[0]
            elif did == "clear":
                for number, message in enumerate(client.messages):
                    content = message["content"]
                    if isinstance(content, list) and content and content[0]["type"] == "tool_result":
                        cleared = {"role": "user", "content": [result(content[0]["tool_use_id"], "[cleared]")]}
                        client.messages[number] = cleared
                        client.transcript.blob(cleared)
                        break
            elif did == "tools":
                client.tools(*draw(st.sampled_from([("Read",), ("Read", "Grep"), ("Grep", "Edit")])))
            elif did == "forget answer" and client.messages[-1]["role"] == "assistant":
                client.messages.pop()
            last = client.messages[-1]["content"] if client.messages else []
            asked = [b["id"] for b in last if isinstance(b, dict) and b["type"] == "tool_use"] if last else []
            words = draw(WORDS) or "x"
            content: Any = [result(asked[-1], words)] if asked else words
            client.say(content, as_line=draw(st.booleans()))
        blocks = [[text(draw(WORDS) or "y")], [text("t"), call(f"c{at}", path="ü")], [call(f"c{at}")]]
        origin = draw(st.sampled_from([-1, -1, -1, 0, None])) if at else None
        answer = draw(st.sampled_from(blocks))
        client.ask(origin, draw(st.sampled_from([0, 0, 1, 3])), answer, draw(st.booleans()))
    return client


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(client=conversations())
def test_the_window_is_what_was_sent(client: Client, read: Read, tmp_path: Path) -> None:
    client.check(read, tmp_path / "t.jsonl")


# Broken transcripts.


def everything() -> Transcript:
    """A transcript with all kinds of lines."""
    client = Client()
    client.transcript.records = begun().records + client.transcript.records
    client.say("Again")
    client.ask(base=None, answer=[text("Reading."), call("c9", file_path="a")])
    client.say([result("c9", "x = 1")], as_line=False)
    client.ask(answer=[text("Done.")])
    transcript = client.transcript
    transcript.attachment({"type": "instructions", "files": [{"path": "a", "content": "A"}]}, "Contents of /a:\n\nA")
    transcript.compacted(trigger="auto", preservedSegment={"headUuid": "u1", "tailUuid": "u3"})
    transcript.user("Summary.", isCompactSummary=True)
    transcript.user("Task", isSidechain=True, agentId="ag1", parent=None)
    transcript.assistant(
        "s1", {"type": "thinking", "thinking": "Hm", "signature": "x"}, isSidechain=True, agentId="ag1"
    )
    transcript.line("system", subtype="microcompact_boundary", microcompactMetadata={"compactedToolIds": ["c9"]})
    return transcript


def all_of(path: Path) -> list[Event]:
    """The events of whatever is in ``path``, after everything else was done with it too; CtxkitError is an answer."""
    found: list[Event] = []
    try:
        head = head_of(str(path))
        if not claude_code.recognise(head):
            reader_of(head)
        list(claude_code.peek(head))
        found = list(claude_code.read(str(path), "", lambda _: None))
        list(bodies(str(path), lambda _: None))
        list(load_sessions(str(path)))
    except CtxkitError:
        pass
    return found


WHOLE = everything().text().encode()
WRONG: list[Any] = [
    None,
    True,
    -1,
    2**70,
    1e308,
    "",
    "\x00\x1b",
    "u1",
    [],
    {},
    [None, "x", {}],
    {"type": "text", "text": 3},
]
BROKEN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_the_transcript_that_is_broken_below_is_whole(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(WHOLE)
    kinds = {type(event) for event in all_of(tmp_path / "t.jsonl")}
    assert kinds == {Start, Block, Request, Departure}


@BROKEN
@given(at=st.integers(0, len(WHOLE)))
def test_cut_anywhere_the_lines_before_are_read(at: int, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(WHOLE[:at])
    events = all_of(path)
    path.write_bytes(WHOLE[: WHOLE.rfind(b"\n", 0, at) + 1])
    whole_lines = all_of(path)
    last = WHOLE[:at].rpartition(b"\n")[2]
    try:
        json.loads(last or b"x")
    except ValueError:
        assert events == whole_lines, "a line that is being written is neither read nor a fault"


@BROKEN
@given(data=st.data())
def test_lines_lost_doubled_and_out_of_order(data: st.DataObject, tmp_path: Path) -> None:
    lines = WHOLE.splitlines(keepends=True)
    chosen = data.draw(st.lists(st.sampled_from(lines), max_size=40))
    path = tmp_path / "t.jsonl"
    path.write_bytes(data.draw(st.sampled_from([b"", b"\xef\xbb\xbf", b"\r\n\n"])) + b"".join(chosen))
    all_of(path)


@settings(BROKEN, max_examples=150)
@given(data=st.data())
def test_values_of_wrong_types(data: st.DataObject, tmp_path: Path) -> None:
    records = [json.loads(line) for line in WHOLE.splitlines()]
    for _ in range(data.draw(st.integers(1, 5))):
        place: Any = data.draw(st.sampled_from(records))
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and data.draw(st.booleans()):
                place = place[key]
                continue
            place[key] = copy.deepcopy(data.draw(st.sampled_from(WRONG)))
            break
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    all_of(path)


@pytest.mark.parametrize("ends", [b"\r\n", b"\n\n \n"], ids=["CRLF", "blank lines"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "BOM"])
def test_line_ends_and_byte_order_mark_change_nothing(ends: bytes, mark: bytes, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(WHOLE)
    plain = all_of(path)
    path.write_bytes(mark + WHOLE.replace(b"\n", ends))
    assert all_of(path) == plain


def test_a_broken_line_is_told_with_its_number_and_the_rest_is_read(tmp_path: Path) -> None:
    lines = begun().text().splitlines(keepends=True)
    path = tmp_path / "t.jsonl"
    path.write_text("".join([*lines[:2], '{"type": "user", "mess\n', *lines[2:]]), encoding="utf-8")
    lost: list[Skipped] = []
    events = list(claude_code.read(str(path), "", lost.append))
    assert [item.path for item in lost] == [f"{path}:3"]
    assert texts(windows(events)[-1])[-1] == "1\tx = 1"


def test_half_a_character_is_text_all_the_same(tmp_path: Path) -> None:
    transcript = Transcript()
    transcript.user("half \ud83d of a pair")
    path = tmp_path / "t.jsonl"
    raw = transcript.text().encode() + transcript.text().replace("u0", "u1").encode().replace(b"half", b"\xff\xfe")
    path.write_bytes(raw)
    assert claude_code.recognise(head_of(str(path)))
    (session,) = load_sessions(str(path))
    assert [entry.kind for entry in session.entries] == [Kind.PROMPT, Kind.PROMPT]
    assert all(entry.tokens > 3 for entry in session.entries)


def test_the_client_keeps_an_account_of_its_own(read: Read) -> None:
    transcript = begun()
    transcript.bare("cost-state", totalCostUSD=0.25, modelUsage={})
    transcript.bare("cost-state", totalCostUSD="much")
    transcript.bare("cost-state", totalCostUSD=10**400)
    transcript.user("Go on")
    transcript.bare("cost-state", totalCostUSD=0.5)
    assert [event.cost for event in read(transcript) if isinstance(event, Recorded)] == [0.25, 0.5]
