"""Broken transcripts: whatever is cut, doubled, reordered or of a wrong type, a reader ends and raises nothing else."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctxkit.model import CtxkitError, Skipped
from ctxkit.model.session import Block, Departure, Request, Start
from ctxkit.sources.history.formats import READERS, head_of, reader

CASES = Path(__file__).parents[2] / "cases" / "history"
TRANSCRIPTS = {
    "gemini-lines": ("gemini_cli", "session-2026-01-02T03-04-5e551001.jsonl"),
    "gemini-document": ("gemini_cli", "session-2025-11-02T03-04-5e551002.json"),
    "qwen": ("qwen_code", "9e551001-cccc.jsonl"),
    "pi": ("pi", "2026-01-02T03-04-00-000Z_71551001.jsonl"),
    "cline": ("cline", "1767323045000_abcde/1767323045000_abcde.messages.json"),
    "roo": ("cline_tasks", "rooveterinaryinc.roo-cline/tasks/0197-aaaa/api_conversation_history.json"),
    "cline-tasks": ("cline_tasks", "saoudrizwan.claude-dev/tasks/1767323045000/api_conversation_history.json"),
    "continue": ("continue_dev", "c0551001.json"),
    "gptme": ("gptme", "2026-01-02-blue-fox/conversation.jsonl"),
}
WRONG = (None, True, -1, 2**60, 1.5, "", "a\x1b[2J\ud800", [], {}, [None, 1, "x"], {"id": 3, "text": ["x"]})


@pytest.fixture(params=sorted(TRANSCRIPTS))
def transcript(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """(reader, path) of a copy of each transcript, with what lies beside it."""
    name, place = TRANSCRIPTS[request.param]
    shutil.copytree(CASES / name, tmp_path / name)
    return name, tmp_path / name / place


def everything(name: str, path: Path) -> list[object]:
    """All that a reader says of ``path``; CtxkitError is an answer too."""
    module = reader(name)
    found: list[object] = []
    try:
        head = head_of(str(path))
        module.recognise(head)
        found += module.peek(head)
        lost: list[Skipped] = []
        found += module.read(str(path), "", lost.append)
    except CtxkitError as error:
        found.append(error)
    for event in found:
        if isinstance(event, Block):
            assert isinstance(event.text, str)
            assert isinstance(event.call, str)
    return found


def test_whole(transcript: tuple[str, Path]) -> None:
    found = everything(*transcript)
    kinds = {type(event) for event in found}
    assert {Start, Block, Request} <= kinds
    assert CtxkitError not in kinds
    assert sum(isinstance(event, Start) for event in found) == 1


def test_recognised_by_its_own_reader_alone(transcript: tuple[str, Path]) -> None:
    name, path = transcript
    head = head_of(str(path))
    assert [other for other in READERS if reader(other).recognise(head)] == [name]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_cut_anywhere(transcript: tuple[str, Path], data: st.DataObject) -> None:
    name, path = transcript
    whole = _original(name, path)
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    everything(name, path)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_lines_lost_doubled_and_out_of_order(transcript: tuple[str, Path], data: st.DataObject) -> None:
    name, path = transcript
    lines = _original(name, path).splitlines(keepends=True)
    chosen = data.draw(st.lists(st.sampled_from(lines), max_size=2 * min(len(lines), 20)))
    path.write_bytes(data.draw(st.sampled_from([b"", b"\xef\xbb\xbf", b"\r\n\n"])) + b"".join(chosen))
    everything(name, path)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_values_of_wrong_types(transcript: tuple[str, Path], data: st.DataObject) -> None:
    name, path = transcript
    whole = _original(name, path)
    by_line = path.suffix == ".jsonl"
    values = [json.loads(line) for line in whole.splitlines()] if by_line else [json.loads(whole)]
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.sampled_from(sorted(_places(values), key=repr)))
        _put(values, place, copy.deepcopy(data.draw(st.sampled_from(WRONG))))
    path.write_text("\n".join(json.dumps(value) for value in values) + "\n", encoding="utf-8")
    everything(name, path)


def test_nested_deep(transcript: tuple[str, Path]) -> None:
    name, path = transcript
    whole = _original(name, path)
    deep = b'{"message":' * 60_000 + b"1" + b"}" * 60_000
    path.write_bytes(whole + deep + b"\n" if path.suffix == ".jsonl" else deep)
    found = everything(name, path)
    if path.suffix == ".jsonl":
        assert any(isinstance(event, Block) for event in found)


def test_departures_name_what_was_there(transcript: tuple[str, Path]) -> None:
    marks: set[str] = set()
    for event in everything(*transcript):
        if isinstance(event, Block):
            marks.add(event.mark)
        elif isinstance(event, Departure):
            assert set(event.marks) <= marks
            assert event.kept <= marks


def _original(name: str, path: Path) -> bytes:
    source = CASES.joinpath(*path.parts[path.parts.index(name) :])
    return source.read_bytes()


def _places(value: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside: list[tuple[str | int, ...]] = [at] if at else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        inside += _places(each, (*at, key))
    return inside


def _put(values: list[object], place: tuple[str | int, ...], new: object) -> None:
    target: object = values
    for key in place[:-1]:
        try:
            target = target[key]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(target, dict | list):
        try:
            target[place[-1]] = new  # type: ignore[index]
        except (IndexError, TypeError):
            return
