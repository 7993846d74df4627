"""Lines and documents of transcripts: bounded, and nothing that is not told of is left out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ctxkit.model import CtxkitError, Skipped
from ctxkit.sources.history import reading
from ctxkit.sources.history.formats import head_of, reader_of

if TYPE_CHECKING:
    from pathlib import Path


def lines(path: Path) -> tuple[list[tuple[int, int, object]], list[Skipped]]:
    lost: list[Skipped] = []
    return [(line.at, line.end, line.record) for line in reading.json_lines(str(path), lost.append)], lost


def test_lines_have_their_numbers_and_offsets(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    data = b'{"a":1}\n\n  \r\n{"b":2}\r\n[1]\n3\nnull\n{"c":3}'
    path.write_bytes(data)
    assert lines(path) == (
        [(1, 8, {"a": 1}), (4, data.index(b"[1]"), {"b": 2}), (8, len(data), {"c": 3})],
        [],
    )


def test_a_line_that_is_too_long_is_passed_over_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 100)
    monkeypatch.setattr(reading, "_CHUNK", 16)
    path = tmp_path / "t.jsonl"
    long = b'{"long":"' + b"x" * 5_000 + b'"}\n'
    path.write_bytes(b'{"a":1}\n' + long + b'{"b":2}\n' + long[:-1])
    found, lost = lines(path)
    assert found == [(1, 8, {"a": 1}), (3, 16 + len(long), {"b": 2})]
    assert [item.path for item in lost] == [f"{path}:2", f"{path}:4"]
    assert all("longer than 100 bytes" in item.reason for item in lost)


@pytest.mark.parametrize("size", [99, 100, 101])
def test_a_line_of_about_the_longest_length(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 100)
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"a":"' + b"x" * (size - 9) + b'"}\n{"b":2}\n')
    found, lost = lines(path)
    assert [at for at, _, _ in found] == ([1, 2] if size <= 100 else [2])
    assert len(lost) == (size > 100)


def test_what_is_no_json_is_told_but_for_a_line_that_is_being_written(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"a":\n\x00\x00\x00\x00\n{"b":2}\n{"c":')
    found, lost = lines(path)
    assert [record for _, _, record in found] == [{"b": 2}]
    assert [item.path for item in lost] == [f"{path}:1", f"{path}:2"]
    path.write_bytes(b'{"c":\n')
    assert len(lines(path)[1]) == 1


@pytest.mark.parametrize(
    ("line", "values", "told"),
    [
        (b'{"a":1}{"b":2}', [{"a": 1}, {"b": 2}], False),
        (b'{"a":1}{"b":2}{"c":"\xff"}', [{"a": 1}, {"b": 2}, {"c": "\ufffd"}], False),
        (b'{"a":1}{"b":', [{"a": 1}], True),
        (b'{"a":1} garbage', [{"a": 1}], True),
        (b'{"a":1}[2]', [{"a": 1}], True),
        (b'garbage {"a":1}', [], True),
        (b"3 4", [], True),
    ],
)
def test_records_that_share_a_line(line: bytes, values: list[object], told: bool, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(line + b'\n{"z":0}\n')
    found, lost = lines(path)
    assert [record for at, _, record in found if at == 1] == values
    assert found[-1] == (2, len(line) + 9, {"z": 0})
    assert [item.path for item in lost] == [f"{path}:1"] * told


def test_of_a_line_with_ever_more_records_the_first_thousand_are_read_as_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b"{}" * 1_000 + b"\n" + b"{}" * 1_001 + b'\n{"z":0}\n')
    found, lost = lines(path)
    assert [at for at, _, _ in found] == [1] * 1_000 + [2] * 1_000 + [3]
    assert [item.path for item in lost] == [f"{path}:2"]
    told: list[Skipped] = []
    stream = reading.json_lines(str(path), told.append)
    assert [next(stream).at for _ in range(1_001)][-1] == 2
    assert told == []


def test_a_very_long_line_with_several_records_is_told_and_not_taken_apart(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    fits = b'{"a":1}' + b'{"b":"' + b"x" * (1024 * 1024 - 17) + b'"}\n'
    assert len(fits) == 1024 * 1024 - 1
    path.write_bytes(fits + fits.replace(b"a", b"aa") + fits.replace(b"a", b"aaa"))
    found, lost = lines(path)
    assert [at for at, _, _ in found] == [1, 1, 2, 2]
    assert [item.path for item in lost] == [f"{path}:3"]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b'{"a":"\xff\xfe"}', "\ufffd\ufffd"),
        (b'{"a":"\\ud83d"}', "\ud83d"),
        (b'{"a":"\\u0000"}', "\0"),
        (b'\xef\xbb\xbf{"a":"bom"}', "bom"),
        ('{"a":"日本"}'.encode(), "日本"),
    ],
)
def test_text_that_is_not_quite_utf8(line: bytes, value: str, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(line + b"\n")
    found, lost = lines(path)
    assert [record for _, _, record in found] == [{"a": value}]
    assert lost == []
    assert head_of(str(path)).records == ({"a": value},)
    path.write_bytes(line)
    assert reading.document(str(path)) == {"a": value}


def test_a_line_nested_deep_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b'\n{"b":2}\n')
    found, lost = lines(path)
    assert [record for _, _, record in found] == [{"b": 2}]
    assert "nested too deep" in lost[0].reason


def test_a_document_that_is_too_large_or_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(b'{"a": [1, 2')
    with pytest.raises(CtxkitError, match="no valid JSON") as broken:
        reading.document(str(path))
    assert broken.value.hint
    monkeypatch.setattr(reading, "LARGEST_DOCUMENT", 10)
    with pytest.raises(CtxkitError, match="larger than 10 bytes") as large:
        reading.document(str(path))
    assert "one record a line" in large.value.hint


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("kind", ["fifo", "directory", "missing", "device"])
def test_what_is_no_regular_file_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    name = "/dev/zero" if kind == "device" else str(path)
    for read in (lambda: head_of(name), lambda: list(reading.json_lines(name, print)), lambda: reading.document(name)):
        with pytest.raises(CtxkitError) as refused:
            read()
        assert name in refused.value.message
        assert refused.value.hint


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="a file of Linux that cannot be read from its start")
def test_a_file_that_cannot_be_read_on_is_told() -> None:
    with reading.opened("/proc/self/mem") as file, pytest.raises(CtxkitError, match="cannot be read: Input/output"):
        file.read(10)


@pytest.mark.parametrize("data", [b"", b" \n\r\n", b"\x7fELF\x00\x00\xff", b"hello\n", b"{}\n", b"[]", b'"x"', b"null"])
def test_a_file_of_no_format_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(data)
    with pytest.raises(CtxkitError) as refused:
        reader_of(head_of(str(path)))
    assert ("is empty" in refused.value.message) is not bool(data.strip())


@pytest.mark.parametrize(
    ("text", "records", "lines", "document"),
    [
        ('{"a":"LONG"}\n{"b":1}\n', 2, True, None),
        ('{"a":"LONG"}\n{"b"', 1, True, None),
        ('{"a":"LONG"}\n', 0, False, dict),
        ('{"a":"LONG"}', 0, False, dict),
        ('[{"a":"LONG"}]\n{"b":1}\n', 0, False, None),
        ('{"a":"LONG"\n', 0, False, None),
        ('{"a":1}\n{"b":"LONG"}\n', 2, True, None),
    ],
)
def test_a_first_line_longer_than_the_beginning_is_read_whole(
    tmp_path: Path, text: str, records: int, lines: bool, document: type | None
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text.replace("LONG", "x" * 200_000))
    head = head_of(str(path))
    assert (len(head.records), head.is_lines) == (records, lines)
    assert type(head.document) is (document or type(None))
