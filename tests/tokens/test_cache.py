"""The cache keeps counts, is shared safely, and never gives a count that is not the one put in."""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ctxkit.tokens import cache
from ctxkit.tokens.cache import CountCache, blob_id

SPACE = "o200k_base/1"


def keys(n, width=20, seed=0):
    rng = random.Random(seed)
    return [rng.randbytes(width) for _ in range(n)]


def database(folder):
    return next(Path(folder).glob("counts-*.sqlite"))


def test_blob_id_is_gits():
    assert blob_id(b"").hex() == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert blob_id(b"what is up, doc?").hex() == "bd9dbf5aae1a3862dd1526723246b20206e5fc37"


@pytest.mark.parametrize("n", [1, 50, 5000])
def test_what_is_put_in_comes_out_in_another_process_or_later(tmp_path, n):
    counts = {key: i * 7919 % 2**32 for i, key in enumerate(keys(n) + keys(n, width=32))}
    with CountCache.open(tmp_path) as first:
        first.put(counts, SPACE)
        assert first.get(counts, SPACE) == counts
    with CountCache.open(tmp_path) as second:
        assert second.get(counts, SPACE) == counts
        some = dict(list(counts.items())[::3])
        assert second.get([*some, b"?" * 20], SPACE) == some


def test_spaces_are_apart(tmp_path):
    key = keys(1)[0]
    with CountCache.open(tmp_path) as store:
        store.put({key: 1}, SPACE)
        store.put({key: 2}, "cl100k_base/1")
        assert store.get([key], SPACE) == {key: 1}
        assert store.get([key], "cl100k_base/1") == {key: 2}
        assert store.get([key], "other/1") == {}
        assert store.get([], SPACE) == {}


def test_a_later_count_replaces_an_earlier_one(tmp_path):
    key = keys(1)[0]
    with CountCache.open(tmp_path) as store:
        store.put({key: 1}, SPACE)
        store.put({key: 2}, SPACE)
        assert store.get([key], SPACE) == {key: 2}


def test_the_oldest_counts_of_a_bucket_go_first(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "BUCKET_COUNTS", 3)
    same_bucket = [b"\x12\x30" + bytes([i]) * 18 for i in range(5)]
    with CountCache.open(tmp_path) as store:
        for i, key in enumerate(same_bucket):
            store.put({key: i}, SPACE)
        assert store.get(same_bucket, SPACE) == {key: i for i, key in enumerate(same_bucket) if i >= 2}


def test_blobs(tmp_path):
    with CountCache.open(tmp_path) as store:
        assert store.get_blob("a") is None
        store.put_blob("a", b"one")
        store.put_blob("a", b"two")
        store.put_blob("b", b"")
    with CountCache.open(tmp_path) as store:
        assert store.get_blob("a") == b"two"
        assert store.get_blob("b") == b""


def test_many_blobs_are_one_transaction(tmp_path):
    with CountCache.open(tmp_path) as store:
        statements = []
        store._db.set_trace_callback(statements.append)
        store.put_blobs({str(number): bytes([number]) for number in range(50)})
        assert sum(statement.startswith("COMMIT") for statement in statements) == 1
        assert [store.get_blob(str(number)) for number in (0, 49)] == [b"\0", b"1"]


def test_blobs_written_longest_ago_go_first(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "MAX_BLOB_BYTES", 250)
    with CountCache.open(tmp_path) as store:
        for name in "abc":
            store.put_blob(name, bytes(100))
        assert [store.get_blob(name) is not None for name in "abc"] == [False, True, True]
        store.put_blob("huge", bytes(300))
        assert store.get_blob("huge") is None


def test_no_single_changed_byte_gives_a_wrong_count(tmp_path):
    """Every byte of the file in turn: what comes out is right or missing, and the cache works again after it."""
    counts = {key: 1000 + i for i, key in enumerate(keys(40))}
    with CountCache.open(tmp_path) as store:
        store.put(counts, SPACE)
        store.put_blob("b", b"snapshot")
    path = database(tmp_path)
    good = path.read_bytes()
    rng = random.Random(9)
    incomplete = 0
    for at in rng.sample(range(len(good)), 500):
        bad = bytearray(good)
        bad[at] ^= 1 << rng.randrange(8)
        path.write_bytes(bad)
        with CountCache.open(tmp_path) as store:
            assert store.get(counts, SPACE).items() <= counts.items()
            assert store.get_blob("b") in (b"snapshot", None)
            for _ in range(3):
                store.put(counts, SPACE)
                assert store.get(counts, SPACE).items() <= counts.items()
        with CountCache.open(tmp_path) as store:
            found = store.get(counts, SPACE)
        assert found.items() <= counts.items()
        incomplete += found != counts
    # SQLite cannot see every flipped bit of its own page heads; a bucket it has lost sight of is counted anew.
    assert incomplete < 50


@pytest.mark.parametrize("kept", [0.01, 0.3, 0.5, 0.9, 0.999])
def test_a_file_cut_short_gives_no_wrong_count(tmp_path, kept):
    counts = {key: 1000 + i for i, key in enumerate(keys(3000))}
    with CountCache.open(tmp_path) as store:
        store.put(counts, SPACE)
    path = database(tmp_path)
    os.truncate(path, int(path.stat().st_size * kept))
    with CountCache.open(tmp_path) as store:
        assert store.get(counts, SPACE).items() <= counts.items()
        store.put(counts, SPACE)
        store.put(counts, SPACE)
    with CountCache.open(tmp_path) as store:
        assert store.get(counts, SPACE) == counts


def test_a_value_changed_in_place_is_not_believed(tmp_path):
    key = keys(1)[0]
    with CountCache.open(tmp_path) as store:
        store.put({key: 1000}, SPACE)
        store.put_blob("b", b"snapshot")
    with sqlite3.connect(database(tmp_path)) as db:
        [(data,)] = db.execute("SELECT data FROM counts").fetchall()
        db.execute("UPDATE counts SET data = ?", (data[:-4] + (1001).to_bytes(4, "little"),))
        db.execute("UPDATE blobs SET data = ?", (b"snapshoT",))
    db.close()
    with CountCache.open(tmp_path) as store:
        assert store.get([key], SPACE) == {}
        assert store.get_blob("b") is None
        store.put({key: 1000}, SPACE)
        assert store.get([key], SPACE) == {key: 1000}


def test_a_bucket_moved_elsewhere_is_not_believed(tmp_path):
    key = b"\x12\x30" + bytes(18)
    with CountCache.open(tmp_path) as store:
        store.put({key: 5}, SPACE)
    with sqlite3.connect(database(tmp_path)) as db:
        db.execute("UPDATE counts SET space = 'cl100k_base/1/20'")
    db.close()
    with CountCache.open(tmp_path) as store:
        assert store.get([key], "cl100k_base/1") == {}


@pytest.mark.parametrize("content", [b"", b"garbage", b"SQLite format 3\0" + b"\xff" * 5000, os.urandom(100_000)])
def test_a_file_that_is_no_database_is_begun_anew(tmp_path, content):
    with CountCache.open(tmp_path) as store:
        path = Path(store._path)
    path.write_bytes(content)
    key = keys(1)[0]
    with CountCache.open(tmp_path) as store:
        assert store.get([key], SPACE) == {}
        store.put({key: 3}, SPACE)
    with CountCache.open(tmp_path) as store:
        assert store.get([key], SPACE) == {key: 3}


def test_a_database_with_other_tables_is_begun_anew(tmp_path):
    with CountCache.open(tmp_path) as store:
        path = Path(store._path)
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE counts (x)")
    db.close()
    key = keys(1)[0]
    with CountCache.open(tmp_path) as store:
        store.put({key: 3}, SPACE)
        store.put({key: 3}, SPACE)
        assert store.get([key], SPACE) == {key: 3}


def test_where_nothing_can_be_written_the_cache_is_in_memory(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    key = keys(1)[0]
    with CountCache.open(blocked) as store:
        store.put({key: 3}, SPACE)
        assert store.get([key], SPACE) == {key: 3}
    assert blocked.read_text() == "not a folder"


def test_a_folder_that_may_not_be_written_is_still_read(tmp_path):
    key = keys(1)[0]
    with CountCache.open(tmp_path) as store:
        store.put({key: 3}, SPACE)
    database(tmp_path).chmod(0o400)
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("this user may write anywhere")
    try:
        with CountCache.open(tmp_path) as store:
            assert store.get([key], SPACE) == {key: 3}
            store.put({key: 4}, SPACE)
            assert store.get([key], SPACE) == {key: 3}
    finally:
        tmp_path.chmod(0o700)


def test_a_locked_cache_is_a_miss_and_keeps_its_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "BUSY_SECONDS", 0.05)
    key = keys(1)[0]
    with CountCache.open(tmp_path) as store:
        store.put({key: 3}, SPACE)
        other = sqlite3.connect(database(tmp_path), isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        assert store.get([key], SPACE) == {}
        store.put({key: 4}, SPACE)
        other.execute("ROLLBACK")
        other.close()
        assert store.get([key], SPACE) == {key: 3}


WRITER = """
import random, sys
from pathlib import Path
from ctxkit.tokens.cache import CountCache
rng = random.Random(0)
shared = [rng.randbytes(20) for _ in range(400)]
me = random.Random(int(sys.argv[2]))
for turn in range(30):
    with CountCache.open(Path(sys.argv[1])) as store:
        store.put({b"mine" + sys.argv[2].encode() + turn.to_bytes(15, "big"): turn}, "s/1")
        part = me.sample(range(400), 60)
        store.put({shared[i]: i for i in part}, "s/1")
        store.put_blob("snapshot", b"x" * me.randrange(5000))
        for key, count in store.get(shared, "s/1").items():
            assert shared[count] == key
        blob = store.get_blob("snapshot")
        assert blob is not None and set(blob) <= set(b"x")
"""


def test_several_processes_at_once(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(n)], stderr=subprocess.PIPE)
        for n in range(4)
    ]
    for writer in writers:
        _, errors = writer.communicate()
        assert writer.returncode == 0, errors.decode()
    rng = random.Random(0)
    shared = [rng.randbytes(20) for _ in range(400)]
    with CountCache.open(tmp_path) as store:
        found = store.get(shared, "s/1")
        own = {b"mine%d" % n + turn.to_bytes(15, "big"): turn for n in range(4) for turn in range(30)}
        kept = store.get(own, "s/1")
    assert found == {key: i for i, key in enumerate(shared)}
    assert kept == own


def test_a_process_that_is_killed_while_writing_leaves_no_wrong_count(tmp_path):
    endless = WRITER.replace("range(30)", "range(100000)")
    for n in range(3):
        writer = subprocess.Popen([sys.executable, "-c", endless, str(tmp_path), str(n)], stderr=subprocess.DEVNULL)
        while not list(tmp_path.glob("counts-*.sqlite")) and writer.poll() is None:
            pass
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(0.4)
        writer.kill()
        writer.wait()
        rng = random.Random(0)
        shared = [rng.randbytes(20) for _ in range(400)]
        with CountCache.open(tmp_path) as store:
            assert all(shared[count] == key for key, count in store.get(shared, "s/1").items())


def test_keys_may_be_sha256_too(tmp_path):
    key = hashlib.sha256(b"x").digest()
    with CountCache.open(tmp_path) as store:
        store.put({key: 9}, SPACE)
        assert store.get([key], SPACE) == {key: 9}
