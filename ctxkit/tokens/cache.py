"""Counts kept between runs, by git blob id, in one SQLite file.

The cache may be lost at any time and must never lie. Counts are packed into buckets (the first 12 bits of the key
choose one), each with a checksum over its place and its bytes. A file that SQLite cannot read, or in which a bucket or
blob does not agree with its checksum, is deleted and begun anew. Because of that nothing is flushed to
disk on purpose (``synchronous=OFF``). Buckets instead of rows make 60,000 counts four times faster to read. Blobs are
found by a separate index: without rowids SQLite would read every large one that the search for a name passes.

Several processes may use one cache: a rollback journal with a busy time-out keeps them apart. (WAL would need shared
memory, which network home directories do not give.) Where nothing can be written, the cache lives in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import struct
import time
import zlib
from typing import TYPE_CHECKING, Any

from ctxkit.text.kept import cache_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

SCHEMA = 2
"""Part of the file name: a later layout never meets an earlier one."""

BUCKETS = 4096
BUCKET_COUNTS = 512
"""Counts kept in a bucket, newest last; the oldest go first. Bounds one space at about 50 MB."""

MAX_BLOB_BYTES = 128 * 1024 * 1024
"""Sum over all blobs; the ones written longest ago go first."""

BUSY_SECONDS = 5.0

_MANY = 2_000  # keys from which reading the whole space is quicker than naming buckets
_TABLES = """
CREATE TABLE IF NOT EXISTS counts (space TEXT, bucket INTEGER, checksum INTEGER, data BLOB,
  PRIMARY KEY (space, bucket)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blobs (name TEXT PRIMARY KEY, written INTEGER, checksum INTEGER, data BLOB);
"""


def blob_id(data: bytes) -> bytes:
    """The id that git (sha1) gives to a file of these bytes: 20 raw bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).digest()


class CountCache:
    """Token counts by content, and a few named blobs. No method raises because of the cache's own state."""

    def __init__(self, path: str | None) -> None:
        """Use the file ``path``, or memory when it is None; ``open`` is the usual way in."""
        self._path = path
        self._db = _connect(path)

    @classmethod
    def open(cls, directory: str | os.PathLike[str] | None = None) -> CountCache:
        """The cache in ``directory`` (``cache_dir()`` by default), made when it is not there."""
        folder = cache_dir() if directory is None else directory
        with contextlib.suppress(OSError):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        return cls(os.path.join(folder, f"counts-{SCHEMA}.sqlite"))

    def close(self) -> None:
        """Give the file back; the cache is not used after this."""
        with contextlib.suppress(*_FAILURES):
            self._db.close()

    def __enter__(self) -> CountCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, keys: Collection[bytes], space: str) -> dict[bytes, int]:
        """The counts known for ``keys`` (each 20 or 32 bytes) in ``space``; a key that is not known is left out."""
        found: dict[bytes, int] = {}
        for width in {len(key) for key in keys}:
            place = _place(space, width)
            buckets = None if len(keys) >= _MANY else {_bucket(key) for key in keys if len(key) == width}
            rows = list(self._read(place, buckets))
            if not all(_checksum(place, bucket, data) == checksum for bucket, checksum, data in rows):
                self._begin_anew()
                return {}
            for _, _, data in rows:
                found.update(struct.iter_unpack(f"<{width}sI", data))
        known = zip(keys, map(found.get, keys), strict=True)
        return {key: count for key, count in known if count is not None}

    def put(self, counts: Mapping[bytes, int], space: str) -> None:
        """Keep ``counts`` (each below 2**32); what cannot be written is forgotten."""
        grouped: dict[tuple[str, int, int], list[bytes]] = {}
        for key, count in counts.items():
            record = struct.pack(f"<{len(key)}sI", key, count)
            grouped.setdefault((_place(space, len(key)), len(key), _bucket(key)), []).append(record)

        def write(db: sqlite3.Connection) -> None:
            rows = []
            for (place, width, bucket), records in grouped.items():
                old = db.execute(
                    "SELECT checksum, data FROM counts WHERE space = ? AND bucket = ?", (place, bucket)
                ).fetchone()
                if old is not None and _checksum(place, bucket, old[1]) == old[0]:
                    records[:0] = _records(old[1], width)
                data = b"".join(list(dict.fromkeys(records))[-BUCKET_COUNTS:])
                rows.append((place, bucket, _checksum(place, bucket, data), data))
            db.executemany("INSERT OR REPLACE INTO counts VALUES (?, ?, ?, ?)", rows)

        if grouped:
            self._write(write)

    def get_blob(self, name: str) -> bytes | None:
        """The bytes kept under ``name``; None when there are none or they are damaged."""
        for checksum, data in self._query("SELECT checksum, data FROM blobs WHERE name = ?", (name,)):
            if isinstance(data, bytes) and _checksum(name, 0, data) == checksum:
                return data
            self._begin_anew()
        return None

    def put_blob(self, name: str, data: bytes) -> None:
        """Keep ``data`` under ``name``; more than ``MAX_BLOB_BYTES`` is not kept."""
        self.put_blobs({name: data})

    def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        """Keep each of ``blobs`` under its name, in one transaction."""
        now = time.time_ns()
        rows = [
            (name, now, _checksum(name, 0, data), data) for name, data in blobs.items() if len(data) <= MAX_BLOB_BYTES
        ]

        def write(db: sqlite3.Connection) -> None:
            db.executemany("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?)", rows)
            room = MAX_BLOB_BYTES
            for other, size in db.execute(
                "SELECT name, ifnull(length(data), 0) FROM blobs ORDER BY written DESC"
            ).fetchall():
                room -= size
                if room < 0:
                    db.execute("DELETE FROM blobs WHERE name = ?", (other,))

        if rows:
            self._write(write)

    def _read(self, place: str, buckets: Collection[int] | None) -> Iterator[tuple[int, int, bytes]]:
        query = "SELECT bucket, checksum, data FROM counts WHERE space = ?"
        if buckets is not None:
            query += f" AND bucket IN ({','.join(map(str, sorted(buckets)))})"
        for bucket, checksum, data in self._query(query, (place,)):
            yield bucket, checksum, data if isinstance(data, bytes) else b"damaged"

    def _query(self, sql: str, values: tuple[str, ...]) -> Iterable[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except _FAILURES as error:
            self._mend(error)
        return ()

    def _write(self, change: Callable[[sqlite3.Connection], None]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                change(self._db)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except _FAILURES as error:
            self._mend(error)

    def _mend(self, error: Exception) -> None:
        """Begin anew when the file is damaged; do nothing when it is only busy, full or not ours to write."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        moved = code == sqlite3.SQLITE_READONLY_DBMOVED  # another process has begun anew: follow it
        unwritable = code & 0xFF == sqlite3.SQLITE_READONLY and not moved and not _writable(self._path)
        if unwritable or code & 0xFF in _PASSING:
            return
        self._begin_anew(remove=not moved)

    def _begin_anew(self, remove: bool = True) -> None:
        self.close()
        if self._path is not None and remove:
            _remove(self._path)
        self._db = _connect(self._path)


_FAILURES = (sqlite3.Error, ValueError, OverflowError, MemoryError)
"""What a damaged file was seen to raise: sqlite3 cannot even decode some of its own messages about one."""

_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_INTERRUPT,
}


def _writable(path: str | None) -> bool:
    """Whether the system lets us write there; then a file that SQLite calls read-only is a damaged one."""
    return path is not None and os.access(path, os.W_OK) and os.access(os.path.dirname(path), os.W_OK)


def _connect(path: str | None) -> sqlite3.Connection:
    """A connection to ``path`` with its tables; to memory where that cannot be had, even after deleting the file."""
    for attempt in range(2 if path is not None else 0):
        db = None
        try:
            db = sqlite3.connect(path or "", timeout=BUSY_SECONDS, isolation_level=None)
            db.execute("PRAGMA synchronous = OFF")
            db.executescript(_TABLES)
            return db
        except _FAILURES as error:
            if db is not None:
                db.close()
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if (
                attempt
                or path is None
                or code in _PASSING
                or code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
            ):
                break
            _remove(path)
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(_TABLES)
    return db


def _remove(path: str) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            os.unlink(f"{path}{suffix}")


def _place(space: str, width: int) -> str:
    return f"{space}/{width}"


def _bucket(key: bytes) -> int:
    return key[0] << 4 | key[1] >> 4


def _checksum(place: str, bucket: int, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(f"{place}/{bucket}".encode()))


def _records(data: bytes, width: int) -> list[bytes]:
    step = width + 4
    return [data[at : at + step] for at in range(0, len(data), step)]
