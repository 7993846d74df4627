"""The beginning of a document that is not read to its end, and what lies beside it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.sources.history import glance
from ctxkit.sources.history.glance import beginning, beside, size_and_end, size_and_time, stem

if TYPE_CHECKING:
    from pathlib import Path

LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text('ab"\\{[,]}é\n', max_size=5)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('a"\\{', max_size=3), inner, max_size=4),
    max_leaves=20,
).filter(lambda value: isinstance(value, dict | list))


def _is_part(part: object, whole: object) -> bool:
    if isinstance(whole, dict):
        return isinstance(part, dict) and all(key in whole and _is_part(part[key], whole[key]) for key in part)
    if isinstance(whole, list):
        return (
            isinstance(part, list)
            and len(part) <= len(whole)
            and all(_is_part(one, other) for one, other in zip(part, whole, strict=False))
        )
    return type(part) is type(whole) and part == whole


@given(DOCUMENTS, st.data())
def test_the_beginning_of_a_document_is_part_of_it(document: object, data: st.DataObject) -> None:
    written = json.dumps(document, indent=data.draw(st.sampled_from([None, 2]))).encode()
    cut = written[: data.draw(st.integers(1, len(written)))]
    assert _is_part(beginning(cut), document)
    assert beginning(written) == document


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": 1, "b": "cut', {"a": 1}),
        (b'{"a": [{"b": 1}, {"c": 2', {"a": [{"b": 1}, {}]}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": 1]', None),
        (b"no json", None),
        (b"", None),
    ],
)
def test_beginnings(data: bytes, value: object) -> None:
    assert beginning(data) == value


def test_deep_nesting_ends() -> None:
    value = beginning(b'{"a":' * 60_000)
    assert isinstance(value, dict)


def test_beside(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[1]", encoding="utf-8")
    (tmp_path / "broken.json").write_text("[1", encoding="utf-8")
    (tmp_path / "folder.json").mkdir()
    path = str(tmp_path / "session.json")
    assert beside(path, "list.json") == [1]
    assert [beside(path, name) for name in ("broken.json", "folder.json", "missing.json")] == [None, None, None]


def test_name_and_size(tmp_path: Path) -> None:
    path = tmp_path / "a.messages.json"
    path.write_bytes(b"12345")
    assert stem(str(path)) == "a"
    assert size_and_time(str(path))[0] == 5
    assert size_and_time(str(tmp_path / "gone")) == (0, 0.0)


NOON = 1_767_323_045.0
STAMP = "2026-01-02T03:04:05Z"
LATER = "2026-01-02T03:04:09.500Z"


@pytest.mark.parametrize(
    ("lines", "ended"),
    [
        ([{"timestamp": STAMP}, {"timestamp": LATER}], NOON + 4.5),
        ([{"timestamp": LATER}, {"timestamp": STAMP}], NOON + 4.5),
        ([{"ts": 1_767_323_045_000}, {"type": "summary"}], NOON),
        ([{"time": 1_767_323_045}, [1], 3, None], NOON),
        ([{"lastUpdated": STAMP}, {"timestamp": "soon"}], NOON),
        ([{"timestamp": LATER}, {"text": "x" * 60_000}, {"timestamp": STAMP, "text": "x" * 10_000}], NOON),
        ([{"timestamp": STAMP}, {"text": "x" * 200_000}], NOON),
        ([{"timestamp": STAMP, "text": "x" * 200_000}], NOON),
        ([{"timestamp": STAMP}, {"text": "x" * 2_000_000}], 1_000.0),
        ([{"timestamp": "soon", "text": STAMP}], 1_000.0),
        ([], 1_000.0),
    ],
)
@pytest.mark.parametrize("cut", [b"", b'{"timestamp": "2027-01-01T00:00:00Z", "text": "cut', b"\xff\x00"])
def test_a_session_ended_with_its_last_records_whenever_the_file_was_written(
    lines: list[object], ended: float, cut: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines) + cut)
    os.utime(path, (1_000, 1_000))
    assert size_and_end(str(path)) == (path.stat().st_size, ended)


def test_a_last_record_without_the_end_of_its_line_counts(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(f'{{"timestamp": "{STAMP}"}}\n{{"timestamp": "{LATER}"}}', encoding="utf-8")
    assert size_and_end(str(path))[1] == NOON + 4.5


def test_of_a_large_file_the_end_alone_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(f'{{"timestamp": "{STAMP}"}}\n' * 20_000, encoding="utf-8")
    decoded = 0
    decode = glance._decoded

    def counted(line: str | bytes) -> object:
        nonlocal decoded
        decoded += len(line)
        return decode(line)

    monkeypatch.setattr(glance, "_decoded", counted)
    assert size_and_end(str(path))[1] == NOON
    assert decoded <= 64 * 1024


def test_a_file_that_is_gone_has_no_end(tmp_path: Path) -> None:
    assert size_and_end(str(tmp_path / "gone")) == (0, 0.0)
