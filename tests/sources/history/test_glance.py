"""The beginning of a document that is not read to its end, and what lies beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.sources.history.glance import beginning, beside, size_and_time, stem

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
