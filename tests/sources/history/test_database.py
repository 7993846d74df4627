"""Databases of agents: readable in every state they are left in, and left as they are."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from ctxkit.model import CtxkitError
from ctxkit.sources.history.database import database, decoded
from ctxkit.sources.history.formats import head_of, reader_of


def make(path: Path, *, wal: bool = True, rows: int = 3) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    if wal:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)")
    connection.executemany("INSERT INTO note (text) VALUES (?)", [(f"note {n}",) for n in range(rows)])
    connection.commit()
    return connection


def folder(path: Path) -> list[tuple[str, int, int]]:
    return sorted((entry.name, entry.stat().st_size, entry.stat().st_mtime_ns) for entry in path.iterdir())


def texts(path: Path) -> list[object]:
    with database(str(path)) as found:
        return [row["text"] for row in found.rows("SELECT text FROM note ORDER BY id")]


EXPECTED = ["note 0", "note 1", "note 2"]


@pytest.mark.parametrize("name", ["plain.db", "a b?mode=rw#c%41.db", "ä.db"])
def test_rollback_journal(tmp_path: Path, name: str) -> None:
    if os.name == "nt" and "?" in name:
        pytest.skip("no such name there")
    make(tmp_path / name, wal=False).close()
    before = folder(tmp_path)
    assert texts(tmp_path / name) == EXPECTED
    assert folder(tmp_path) == before


def test_live_with_a_log(tmp_path: Path) -> None:
    writer = make(tmp_path / "live.db")
    before = folder(tmp_path)
    assert (tmp_path / "live.db-wal").stat().st_size > 0
    assert texts(tmp_path / "live.db") == EXPECTED
    assert folder(tmp_path) == before
    writer.execute("INSERT INTO note (text) VALUES ('later')")
    writer.commit()
    assert texts(tmp_path / "live.db") == [*EXPECTED, "later"]
    writer.close()


def test_reading_sees_one_state(tmp_path: Path) -> None:
    writer = make(tmp_path / "live.db")
    with database(str(tmp_path / "live.db")) as found:
        first = next(iter(found.rows("SELECT count(*) AS n FROM note")))
        writer.execute("INSERT INTO note (text) VALUES ('meanwhile')")
        writer.commit()
        assert next(iter(found.rows("SELECT count(*) AS n FROM note"))) == first
    writer.close()


def test_closed_with_a_log_mode(tmp_path: Path) -> None:
    make(tmp_path / "closed.db").close()
    before = folder(tmp_path)
    assert [name for name, _, _ in before] == ["closed.db"]
    assert texts(tmp_path / "closed.db") == EXPECTED
    assert folder(tmp_path) == before


@pytest.mark.parametrize("with_shared", [True, False])
def test_left_by_a_killed_program(tmp_path: Path, with_shared: bool) -> None:
    live, left = tmp_path / "live", tmp_path / "left"
    live.mkdir()
    writer = make(live / "x.db")
    shutil.copytree(live, left)
    writer.close()
    if not with_shared:
        (left / "x.db-shm").unlink()
    before = folder(left)
    assert texts(left / "x.db") == EXPECTED
    assert folder(left) == before


def test_too_large_to_be_copied_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.db"
    make(path).close()
    (tmp_path / "x.db-wal").write_bytes(b"\0" * 1_000)
    assert texts(path) == EXPECTED
    monkeypatch.setattr("ctxkit.sources.history.database._LARGEST_COPY", path.stat().st_size + 999)
    with pytest.raises(CtxkitError, match="too large to be copied aside"):
        texts(path)


def test_a_locked_database_is_not_taken_for_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctxkit.sources.history.database._PATIENCE", 0.05)
    writer = make(tmp_path / "x.db", wal=False)
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CtxkitError, match="held by another program"):
        reader_of(head_of(str(tmp_path / "x.db")))
    writer.execute("ROLLBACK")
    with pytest.raises(CtxkitError, match="is no transcript of a known format"):
        reader_of(head_of(str(tmp_path / "x.db")))
    writer.close()


def test_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctxkit.sources.history.database._PATIENCE", 0.05)
    writer = make(tmp_path / "x.db", wal=False)
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CtxkitError, match="held by another program"):
        texts(tmp_path / "x.db")
    writer.close()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no SQLite database"),
        (b"SQLite format 3\0", "cannot be read as a database"),
        (b"SQLite format 3\0" + b"\xff" * 5_000, "cannot be read as a database"),
        (b"{}", "is no SQLite database"),
    ],
)
def test_no_database(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "x.db").write_bytes(data)
    with pytest.raises(CtxkitError, match=said):
        texts(tmp_path / "x.db")


def test_damaged_page(tmp_path: Path) -> None:
    make(tmp_path / "x.db", wal=False, rows=2_000).close()
    data = bytearray((tmp_path / "x.db").read_bytes())
    data[4096 * 2 : 4096 * 4] = b"\xaa" * 8192
    (tmp_path / "x.db").write_bytes(data)
    with pytest.raises(CtxkitError):
        texts(tmp_path / "x.db")


def test_missing_table_and_file(tmp_path: Path) -> None:
    make(tmp_path / "x.db").close()
    with database(str(tmp_path / "x.db")) as found:
        assert found.columns == {"note": {"id", "text"}}
        with pytest.raises(CtxkitError, match="no such table"):
            list(found.rows("SELECT * FROM session"))
    with pytest.raises(CtxkitError):
        texts(tmp_path / "none.db")


def test_damaged_name_of_a_column(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    make(path, wal=False).close()
    path.write_bytes(path.read_bytes().replace(b"text TEXT)", b"t\x8bxt TEXT)"))
    with database(str(path)) as found, pytest.raises(CtxkitError, match="cannot be read as a database"):
        list(found.rows("SELECT * FROM note"))


def test_views_are_no_tables(tmp_path: Path) -> None:
    connection = make(tmp_path / "x.db")
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS id FROM n"
    connection.execute(f"CREATE VIEW session AS {endless}")
    connection.commit()
    connection.close()
    with database(str(tmp_path / "x.db")) as found:
        assert "session" not in found.columns


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('{"a": 1}', {"a": 1}),
        (b"[1, 2]", [1, 2]),
        ('"\\ud800"', "\ud800"),
        (b'"\xff"', "\ufffd"),
        ("{", None),
        ("[" * 200_000, None),
        (3, None),
        (None, None),
    ],
)
def test_decoded(value: object, expected: object) -> None:
    assert decoded(value) == expected
