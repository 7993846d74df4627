"""Lines of texts for people."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctxkit.sources.history import prose
from ctxkit.sources.history.prose import text_lines


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.sampled_from([b"\n", b"\r\n", b"a", b"bc", "é".encode(), b"\xff", b" ", b"\r"]), max_size=40))
def test_lines_are_the_same_however_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes]
) -> None:
    data = b"".join(pieces)
    path = tmp_path / "x.md"
    path.write_bytes(data)
    whole = data.decode("utf-8", "replace").replace("\r\n", "\n")
    expected = whole.removesuffix("\n").split("\n") if whole else []
    for size in (1, 3, 1_000):
        monkeypatch.setattr(prose, "_CHUNK", size)
        assert list(text_lines(str(path))) == expected


def test_an_endless_line_comes_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prose, "_CHUNK", 10)
    monkeypatch.setattr(prose, "_LONGEST_LINE", 25)
    path = tmp_path / "x.md"
    path.write_bytes(b"\xef\xbb\xbf" + b"x" * 100 + b"\nend")
    lines = list(text_lines(str(path)))
    assert "".join(lines) == "x" * 100 + "end"
    assert max(map(len, lines)) <= 35
    assert lines[-1] == "end"
