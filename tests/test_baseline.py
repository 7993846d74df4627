"""The ratchet: what it lets pass, how it is written, how two branches meet in it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.baseline import GROWTH, SLACK, accepted, baseline_bytes, difference, entry_of, holds, read_baseline
from ctxkit.model import ConfigError, Tokens
from ctxkit.model.check import BaselineEntry
from ctxkit.model.finding import Confidence, Finding, Location, Severity, Waste

if TYPE_CHECKING:
    from pathlib import Path

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
ENTRIES = st.lists(
    st.builds(
        BaselineEntry, st.sampled_from("ab"), st.sampled_from(("x", "y")), st.sampled_from("12"), st.integers(0, 300)
    ),
    max_size=10,
)


def finding(entry: BaselineEntry) -> Finding:
    """A finding with the name and tokens of ``entry`` (its fingerprint becomes the key)."""
    waste = (Waste("agent", Tokens(entry.tokens), Tokens(0)),)
    place = (Location(entry.path),)
    return Finding(entry.rule, Severity.NOTE, Confidence.LOW, "", "", place, entry.fingerprint, wasted=waste)


@given(st.lists(st.builds(BaselineEntry, TEXT, TEXT, TEXT, st.integers(0, 2**40)), max_size=8))
def test_what_is_written_is_read_again(entries: list[BaselineEntry]) -> None:
    data = baseline_bytes(entries)
    assert sorted(read_baseline(data, "b"), key=repr) == sorted(entries, key=repr)
    assert baseline_bytes(reversed(entries)) == data, "order does not matter"
    assert data.count(b"\n") == len(entries) + 2, "a line for each"


def test_paths_that_are_no_text_can_be_written() -> None:
    data = baseline_bytes([BaselineEntry("r", "a\udcff.md", "f", 1)])
    assert read_baseline(data, "b")[0].path == "a?.md"


@given(ENTRIES)
def test_nothing_has_changed_against_itself(entries: list[BaselineEntry]) -> None:
    assert difference(entries, reversed(entries)).is_empty


@given(ENTRIES, ENTRIES)
def test_a_difference_names_every_entry_once(before: list[BaselineEntry], now: list[BaselineEntry]) -> None:
    found = difference(before, now)
    assert len(found.new) + len(found.improved) + len(found.grown) <= len(now)
    assert len(found.resolved) + len(found.improved) + len(found.grown) <= len(before)
    assert len(before) - len(found.resolved) == len(now) - len(found.new), "the others are pairs"
    assert all(tokens < entry.tokens for entry, tokens in found.improved)
    assert all(not holds(entry, tokens) for entry, tokens in found.grown)


@given(ENTRIES, ENTRIES)
def test_no_more_passes_than_was_written_down(before: list[BaselineEntry], now: list[BaselineEntry]) -> None:
    findings = [finding(entry) for entry in now]
    held = [entry_of(finding(entry)) for entry in before]
    passed = [entry_of(findings[at]) for at in accepted(findings, held)]
    for name in {entry.name for entry in passed}:
        mine = sorted(entry.tokens for entry in passed if entry.name == name)
        allowed = sorted((entry.tokens for entry in held if entry.name == name), reverse=True)
        assert len(mine) <= len(allowed)
        for tokens, most in zip(sorted(mine, reverse=True), allowed, strict=False):
            assert tokens <= max(most * (1 + GROWTH), most + SLACK)


@given(ENTRIES, st.randoms())
def test_what_was_just_written_passes_whole(entries: list[BaselineEntry], random) -> None:
    findings = [finding(entry) for entry in entries]
    held = list(map(entry_of, findings))
    random.shuffle(held)
    assert accepted(findings, held) == frozenset(range(len(findings)))


@given(ENTRIES, st.data())
def test_less_of_it_passes_too(entries: list[BaselineEntry], data: st.DataObject) -> None:
    held = [entry_of(finding(entry)) for entry in entries]
    fewer = [
        finding(BaselineEntry(e.rule, e.path, e.fingerprint, data.draw(st.integers(0, e.tokens)))) for e in entries
    ]
    kept = fewer[: data.draw(st.integers(0, len(fewer)))]
    assert len(accepted(kept, held)) == len(kept)


def test_growth_has_a_bound() -> None:
    assert holds(BaselineEntry("r", "p", "f", 0), SLACK)
    assert not holds(BaselineEntry("r", "p", "f", 0), SLACK + 1)
    assert holds(BaselineEntry("r", "p", "f", 1000), 1050)
    assert not holds(BaselineEntry("r", "p", "f", 1000), 1051)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is not a baseline of this version"),
        (b"[]", "holds a list where a map is expected"),
        (b'{"schema": "ctxkit/baseline/9", "entries": []}', "is not a baseline of this version"),
        (b'{"schema": "ctxkit/baseline/1"}', "required field entries"),
        (b'{"schema": "ctxkit/baseline/1", "entries": [{"rule": 1}]}', "is not a baseline"),
        (b'{"schema": "ctxkit/baseline/1", "entries": [], "more": 1}', "unknown field more"),
        (b"\0\1", "is a binary file"),
        (b"{" * 200_000, "is not valid JSON"),
    ],
)
def test_a_broken_baseline_is_named(data: bytes, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_baseline(data, ".ctxkit-baseline.json")
    assert told in caught.value.message
    assert caught.value.message.startswith(".ctxkit-baseline.json")
    assert caught.value.hint


def test_a_merge_conflict_is_named_with_its_line() -> None:
    lines = baseline_bytes([BaselineEntry("r", "p", "f", 1)]).decode().splitlines()
    text = "\n".join([lines[0], "<<<<<<< HEAD", lines[1], "=======", ">>>>>>> other", lines[2]])
    with pytest.raises(ConfigError) as caught:
        read_baseline(text.encode(), "b.json")
    assert "line 2" in caught.value.message
    assert "merge conflict" in caught.value.hint


def git(root: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid")
    return subprocess.run(["git", "-C", str(root), *identity, *arguments], check=check, capture_output=True, text=True)


def two_branches(root: Path, ours: list[str], theirs: list[str]) -> subprocess.CompletedProcess[str]:
    """Merge two branches that each add entries (by path) to a baseline that holds c, h and m."""
    start = ["c", "h", "m"]

    def write(paths: list[str]) -> None:
        (root / "b.json").write_bytes(baseline_bytes([BaselineEntry("rule", path, "f" * 16, 7) for path in paths]))

    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    write(start)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "start")
    git(root, "switch", "-qc", "theirs")
    write(start + theirs)
    git(root, "commit", "-qam", "theirs")
    git(root, "switch", "-q", "main")
    write(start + ours)
    git(root, "commit", "-qam", "ours")
    return git(root, "merge", "-q", "theirs", check=False)


@pytest.mark.parametrize(
    ("ours", "theirs"), [(["a"], ["z"]), (["a", "b"], ["e", "z"]), (["e"], ["z"]), (["z"], ["a"]), (["j"], ["a", "z"])]
)
def test_entries_of_two_branches_merge(tmp_path: Path, ours: list[str], theirs: list[str]) -> None:
    done = two_branches(tmp_path / "r", ours, theirs)
    assert done.returncode == 0, done.stdout
    data = (tmp_path / "r" / "b.json").read_bytes()
    assert [entry.path for entry in read_baseline(data, "b")] == sorted(["c", "h", "m", *ours, *theirs])
    assert baseline_bytes(read_baseline(data, "b")) == data, "and is what would be written"


def test_entries_at_one_place_conflict_and_both_can_be_kept(tmp_path: Path) -> None:
    assert two_branches(tmp_path / "r", ["x"], ["y"]).returncode == 1
    text = (tmp_path / "r" / "b.json").read_text()
    kept = [line for line in text.splitlines() if not line.startswith(("<<<<<<<", "=======", ">>>>>>>"))]
    assert [entry.path for entry in read_baseline("\n".join(kept).encode(), "b")] == ["c", "h", "m", "x", "y"]
