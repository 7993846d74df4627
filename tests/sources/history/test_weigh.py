"""Counting the texts of a session: exact first, by samples when there is too much, and once between runs."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from ctxkit.sources.history import weigh
from ctxkit.sources.history.load import load_sessions
from ctxkit.sources.history.weigh import Weigher
from ctxkit.tokens import engine

from .claude_builder import Transcript, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ctxkit.model.history import Session


class Memory:
    """A store in memory."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    def get_blob(self, name: str) -> bytes | None:
        return self.blobs.get(name)

    def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        self.blobs |= blobs


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were really counted."""
    texts: list[str] = []
    true = engine.count

    def count(text: str) -> int:
        texts.append(text)
        return true(text)

    monkeypatch.setattr(engine, "count", count)
    return texts


def source(lines: int, seed: int = 1) -> str:
    dice = random.Random(seed)
    names = ["value", "index", "parse", "tokens", "result", "window", "entry", "x", "y"]
    return "".join(f"    {dice.choice(names)} = {dice.choice(names)}({dice.randrange(999)})\n" for _ in range(lines))


def test_a_text_is_counted_once(counted: list[str]) -> None:
    weigher = Weigher()
    first = weigher.weigh("one two three")
    assert first == weigher.weigh("one two three")
    assert first[:2] == (engine.count("one two three"), False)
    assert weigher.weigh("") == (0, False, 0)
    assert weigher.weigh("one two four")[2] != first[2]
    assert counted.count("one two three") == 2, "once by the weigher, once by this test"


def test_beyond_the_budget_a_long_text_is_sampled() -> None:
    long = source(8_000)
    assert len(long) > 65_536
    tokens, estimated, _ = Weigher(exact=1_000).weigh(long, "code")
    assert estimated
    assert tokens == pytest.approx(engine.count(long), rel=0.03)
    assert Weigher(exact=len(long)).weigh(long)[:2] == (engine.count(long), False)


def test_beyond_the_budget_a_short_text_is_estimated_only_from_enough_of_its_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(weigh, "_COUNTED_FROM", 2_000)
    weigher = Weigher(exact=5_000)
    assert not weigher.weigh(source(100), "code")[1]
    assert not weigher.weigh(source(20, 2), "other")[1]
    weigher = Weigher(exact=3_100)
    first = source(200)[:3_000]
    assert len(first) == 3_000
    assert not weigher.weigh(first, "code")[1]
    more = source(100, 3)[:1_500]
    tokens, estimated, _ = weigher.weigh(more, "code")
    assert estimated
    assert tokens == round(1_500 * engine.count(first) / 3_000)
    assert not weigher.weigh(more + "x", "prose")[1], "of this class nothing was counted"


def session(path: Path, store: Memory) -> Session:
    return list(load_sessions(str(path), "", store))[0]  # noqa: RUF015 - to the end, so that counts are kept


def test_counts_are_kept_between_runs(tmp_path: Path, counted: list[str]) -> None:
    transcript = Transcript()
    transcript.user("Fix the parser")
    transcript.assistant("m1", text("Fixed."))
    path = transcript.write(tmp_path / "t.jsonl")
    store = Memory()
    once = session(path, store)
    assert len(counted) == 2
    assert session(path, store) == once
    assert len(counted) == 2, "the second run counts nothing"
    transcript.user("Now test it")
    transcript.write(path)
    session(path, store)
    assert counted[2:] == ["Now test it"], "of a session that went on only what is new"
    other = transcript.write(tmp_path / "other.jsonl")
    session(other, store)
    assert len(counted) == 6, "each transcript has counts of its own"


@pytest.mark.parametrize("damage", [b"", b"x", b"\xff" * 25, b"\x00" * 13])
def test_a_damaged_store_is_no_store(tmp_path: Path, damage: bytes, counted: list[str]) -> None:
    transcript = Transcript()
    transcript.user("Fix the parser")
    path = transcript.write(tmp_path / "t.jsonl")
    store = Memory()
    whole = session(path, store)
    store.blobs = dict.fromkeys(store.blobs, damage)
    assert session(path, store) == whole


def test_an_estimate_stays_one_in_the_store() -> None:
    store = Memory()
    long = source(8_000)
    first = Weigher(store, "t", 10)
    weighed = first.weigh(long)
    first.flush()
    assert Weigher(store, "t").weigh(long) == weighed
    assert weighed[1]


@pytest.mark.parametrize("text", ["half \ud83d pair", "\x00", "\ufffe", "a" * 100_000, "日本" * 1_000])
def test_any_text_has_a_weight(text: str) -> None:
    tokens, _, digest = Weigher().weigh(text)
    assert tokens > 0
    assert 0 <= digest < 2**64
