"""SQLite databases that agents keep sessions in: opened for reading alone, whatever state the agent left them in.

Nothing is ever written beside the database. A live database with a write-ahead log is read through the log's shared
memory, opened read-only; one whose log is empty is read as it lies; one whose log has lost its shared memory (a copied
database) is copied aside first, because SQLite would otherwise create that file next to it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from ctxkit.model import CtxkitError
from ctxkit.sources.history.reading import opened

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from ctxkit.sources.history.reader import Head

MAGIC = b"SQLite format 3\0"
"""The first bytes of every SQLite database."""

_PATIENCE = 2.0
"""Seconds to wait for a writer that holds the database."""
_LARGEST_COPY = 1024 * 1024 * 1024
"""Bytes of a database with its log that are copied aside."""
_LOG_VERSION = 2
"""What byte 19 of the file says when the database has a write-ahead log."""


class Database:
    """An open database. ``columns``: those of each ordinary table, by the table's name."""

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self.columns: Mapping[str, frozenset[str]] = {
            str(table["name"]): frozenset(str(row["name"]) for row in self._all(_COLUMNS, (table["name"],)))
            for table in self._all(_TABLES, ())
        }

    def rows(self, query: str, *values: object) -> Iterator[Mapping[str, object]]:
        """The rows that ``query`` finds, one by one. Raises CtxkitError where the database fails."""
        import sqlite3

        try:
            cursor = self._connection.execute(query, values)
            names = [column[0] for column in cursor.description or ()]
            for row in cursor:
                yield dict(zip(names, row, strict=True))
        except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:  # of a column's name, too
            raise _unreadable(self.path, error) from None

    def _all(self, query: str, values: tuple[object, ...]) -> list[Mapping[str, object]]:
        return list(self.rows(query, *values))


# A virtual table has no page of its own, and reading one runs code; a view may be endless.
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
_COLUMNS = "SELECT name FROM pragma_table_info(?)"


@contextmanager
def database(path: str) -> Iterator[Database]:
    """The database ``path``, in one read transaction, closed at the end.

    Raises CtxkitError where it is no database, is damaged, or a writer holds it for more than 2 s.
    """
    import sqlite3

    with opened(path) as file:
        head = file.read(20)
    if not head.startswith(MAGIC):
        raise CtxkitError(f"{path} is no SQLite database.", "Name the database that the agent keeps its sessions in.")
    with _place(path, has_log=head[19:] == bytes([_LOG_VERSION])) as address:
        try:
            connection = sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None)
        except sqlite3.Error as error:
            raise _unreadable(path, error) from None
        try:
            connection.text_factory = _text
            try:
                connection.execute("BEGIN")
            except sqlite3.Error as error:
                raise _unreadable(path, error) from None
            yield Database(path, connection)
        finally:
            connection.close()


def tables_of(head: Head) -> Mapping[str, frozenset[str]]:
    """The columns of each table in the file that begins with ``head``; none where it is no readable database."""
    if not head.data.startswith(MAGIC):
        return {}
    try:
        with database(head.path) as found:
            return found.columns
    except CtxkitError:
        return {}


def decoded(value: object) -> object:
    """The value of a column that holds JSON; None if it is none."""
    if isinstance(value, str):
        data = value.encode("utf-8", "replace")
    elif isinstance(value, bytes):
        data = value
    else:
        return None
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _lenient(data)


def _lenient(data: bytes) -> object:
    """As :func:`decoded`, for text that is not quite UTF-8 and for escaped halves of characters."""
    import json

    try:
        value: object = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value


@contextmanager
def _place(path: str, *, has_log: bool) -> Iterator[str]:
    log, shared = f"{path}-wal", f"{path}-shm"
    if not has_log:
        yield _address(path, "mode=ro")
    elif not _size(log):
        yield _address(path, "mode=ro&immutable=1")
    elif os.path.exists(shared):
        yield _address(path, "mode=ro&readonly_shm=1")
    else:
        import shutil
        import tempfile

        size = _size(path) + _size(log)
        if size > _LARGEST_COPY:
            raise CtxkitError(
                f"{path} has a log without its -shm file, and they are too large to be copied aside: {size:,} bytes.",
                "Open it once with the agent.",
            )
        with tempfile.TemporaryDirectory(prefix="ctxkit-", ignore_cleanup_errors=True) as folder:
            copy = os.path.join(folder, "copy.db")
            try:
                shutil.copyfile(path, copy)
                shutil.copyfile(log, f"{copy}-wal")
            except OSError as error:
                raise CtxkitError(
                    f"{path} has a log without its -shm file and cannot be copied aside: {error.strerror}.",
                    "Open it once with the agent, or make room in the folder for temporary files.",
                ) from None
            yield _address(copy, "mode=ro")


def _address(path: str, how: str) -> str:
    from pathlib import Path

    return f"{Path(os.path.abspath(path)).as_uri()}?{how}"


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _unreadable(path: str, error: Exception) -> CtxkitError:
    said = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    if "locked" in said or "busy" in said:
        return CtxkitError(f"{path} is held by another program ({said}).", "Try again when the agent is idle.")
    return CtxkitError(
        f"{path} cannot be read as a database ({said}).", "If the agent was writing, try again; else it is damaged."
    )
