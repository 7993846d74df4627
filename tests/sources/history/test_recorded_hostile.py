"""Broken recordings: whatever is cut, doubled, reordered or of a wrong type, a reader ends and raises nothing else."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctxkit.model import CtxkitError, Skipped
from ctxkit.model.session import Block, Departure, Request, Start
from ctxkit.sources.history.formats import head_of, reader

CASES = Path(__file__).parents[2] / "cases" / "history"
RECORDINGS = [
    ("codex", "session.jsonl"),
    ("codex", "lite.jsonl"),
    ("codex", "first-versions.jsonl"),
    ("copilot_cli", "events.jsonl"),
    ("requests", "messages.json"),
    ("requests", "chat.json"),
    ("requests", "responses.json"),
    ("requests", "gemini.json"),
    ("requests", "session.jsonl"),
    ("litellm_log", "payloads.jsonl"),
    ("litellm_log", "spend.json"),
    ("cassette", "exchange.yaml"),
    ("mcpbench", "task.json"),
]
WRONG = (None, True, -1, 2**60, 1.5, "", "a\x1b[2J\ud800", [], {}, [None, 1, "x"], {"id": 3, "text": ["x"]})
RELAXED = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def everything(name: str, path: Path) -> list[object]:
    """All that a reader says of ``path``; CtxkitError is an answer too."""
    module = reader(name)
    lost: list[Skipped] = []
    found: list[object] = []
    try:
        head = head_of(str(path))
        module.recognise(head)
        found += module.peek(head)
        found += module.read(str(path), "", lost.append)
    except CtxkitError as error:
        found.append(error)
    assert len(lost) <= 30
    left: set[str] = set()
    for event in found:
        assert isinstance(event, Block | Departure | Request | Start) or type(event).__name__ in ("Peek", "CtxkitError")
        if isinstance(event, Departure):
            left |= set(event.marks)
        if isinstance(event, Block):
            assert isinstance(event.text, str)
            assert event.opaque >= 0
    return found


@pytest.fixture(params=RECORDINGS, ids=lambda case: "-".join(case))
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


@RELAXED
@given(data=st.data())
def test_cut_anywhere(case: tuple[str, str], data: st.DataObject, tmp_path: Path) -> None:
    name, file = case
    whole = (CASES / name / file).read_bytes()
    (tmp_path / file).write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    everything(name, tmp_path / file)


@RELAXED
@given(data=st.data())
def test_lines_lost_doubled_and_out_of_order(case: tuple[str, str], data: st.DataObject, tmp_path: Path) -> None:
    name, file = case
    lines = (CASES / name / file).read_bytes().splitlines(keepends=True)
    chosen = data.draw(st.lists(st.sampled_from(lines), max_size=30))
    beginning = data.draw(st.sampled_from([b"", b"\xef\xbb\xbf", b"\r\n\n"]))
    (tmp_path / file).write_bytes(beginning + b"".join(chosen))
    everything(name, tmp_path / file)


@RELAXED
@given(data=st.data())
def test_values_of_wrong_types(case: tuple[str, str], data: st.DataObject, tmp_path: Path) -> None:
    name, file = case
    if file.endswith(".yaml"):
        pytest.skip("its exchanges are those of requests")
    text = (CASES / name / file).read_text("utf-8")
    values = [json.loads(line) for line in text.splitlines()] if file.endswith(".jsonl") else [json.loads(text)]
    for _ in range(data.draw(st.integers(1, 5))):
        put(values, data.draw(st.randoms(use_true_random=False)), copy.deepcopy(data.draw(st.sampled_from(WRONG))))
    (tmp_path / file).write_text("\n".join(json.dumps(value) for value in values) + "\n", encoding="utf-8")
    everything(name, tmp_path / file)


def put(values: list[object], random: object, value: object) -> None:
    """Replace a value somewhere below ``values``."""
    place: object = values
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))  # type: ignore[arg-type, call-overload]
        key = random.choice(keys)  # type: ignore[attr-defined]
        inner = place[key]  # type: ignore[index]
        if not isinstance(inner, dict | list) or not inner or (place is not values and random.random() < 0.3):  # type: ignore[attr-defined]
            place[key] = value  # type: ignore[index]
            return
        place = inner


def test_nested_deep(case: tuple[str, str], tmp_path: Path) -> None:
    name, file = case
    deep = b'{"messages":' * 60_000 + b"1" + b"}" * 60_000
    (tmp_path / file).write_bytes((CASES / name / file).read_bytes() + deep + b"\n")
    everything(name, tmp_path / file)
    (tmp_path / file).write_bytes(deep)
    everything(name, tmp_path / file)


def test_a_key_that_is_no_session_gives_none_of_the_others(tmp_path: Path) -> None:
    for name, file in [("requests", "session.jsonl"), ("litellm_log", "payloads.jsonl"), ("mcpbench", "task.json")]:
        assert list(reader(name).read(str(CASES / name / file), "other", lambda _: None)) == []
