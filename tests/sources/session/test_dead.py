"""Dead weight: each reason, and what is none."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.model.history import Action, Doing, Session
from ctxkit.model.session import Kind
from ctxkit.sources.session import open_reads
from ctxkit.sources.session.dead import Reason, dead_weight, spelled

from .builder import Departure, Why, edited, prompt, read, request, session, used, words

LONG = "the same output " * 20


def dead(found: Session, number: int | None = None) -> list[tuple[str, str]]:
    """(reason, what it is about) of the results that are dead weight."""
    return [
        (item.reason.value, item.entry.about) for item in dead_weight(found, number) if item.entry.kind is Kind.RESULT
    ]


def test_the_same_text_again_is_a_repeat() -> None:
    found = session(used("Bash", LONG, command="make"), used("Bash", LONG, command="make all"))
    (one,) = dead_weight(found)
    assert (one.reason, one.entry.index, one.by) == (Reason.REPEAT, 1, 3)
    assert dead(session(used("Bash", "ok", command="a"), used("Bash", "ok", command="b"))) == []


def test_of_three_alike_the_last_is_alive() -> None:
    found = session(*(used("Bash", LONG, command=str(n)) for n in range(3)))
    assert [(item.entry.index, item.by) for item in dead_weight(found)] == [(1, 3), (3, 5)]


def test_a_file_read_again_supersedes_the_first_read() -> None:
    assert dead(session(read("a.py"), read("b.py"), read("a.py"))) == [("superseded", "a.py")]


@pytest.mark.parametrize(
    ("earlier", "later", "gone"),
    [
        ((None, None), (None, None), True),
        ((10, 20), (None, None), True),
        ((10, 20), (10, 20), True),
        ((10, 20), (1, 100), True),
        ((10, 20), (15, 30), False),
        ((10, 20), (11, 20), False),
        ((10, 20), (10, 19), False),
        ((10, None), (10, 500), False),
        ((None, None), (1, 500), False),
        ((None, None), (2, None), False),
        ((10, 20), (5, None), True),
    ],
)
def test_only_lines_that_are_all_read_again_are_superseded(
    earlier: tuple[int | None, int | None], later: tuple[int | None, int | None], gone: bool
) -> None:
    found = dead(session(read("a.py", 50, *earlier), read("a.py", 50, *later)))
    assert bool(found) is gone


def test_several_files_at_once_are_superseded_only_together() -> None:
    def both(*paths: str) -> list[object]:
        return used("read_many_files", words(90), paths=list(paths))  # type: ignore[return-value]

    assert dead(session(both("a", "b"), both("a", "c"))) == []
    assert dead(session(both("a", "b"), both("b", "a"))) == [("superseded", "a and 1 more")]
    assert dead(session(read("a"), both("a", "b"))) == [("superseded", "a")]
    assert dead(session(both("a", "b"), read("a"))) == []


@pytest.mark.parametrize("spelling", ["/repo/src/a.py", "./src/a.py", "src/a.py", "src\\a.py"])
def test_two_spellings_of_one_file(spelling: str) -> None:
    assert len(dead(session(read("/repo/src/a.py"), read(spelling)))) == 1
    assert len(dead(session(read(spelling), edited("src/a.py")))) == 1


def test_spelled() -> None:
    assert spelled("/repo/a", "/repo/") == "a"
    assert spelled("/repository/a", "/repo") == "/repository/a"
    assert spelled("C:/r/a", "C:\\r") == "a"
    assert spelled("/repo", "/repo") == "/repo"
    assert spelled("a", "") == "a"


def test_an_edit_makes_the_reads_before_it_stale_and_none_after() -> None:
    assert dead(session(read("a.py", 90, 1, 50), read("a.py", 90, 60, 70), edited("a.py"))) == [
        ("stale", "a.py:1-50"), ("stale", "a.py:60-70"),
    ]  # fmt: skip
    assert dead(session(edited("a.py"), read("a.py"))) == []
    assert dead(session(read("a.py"), edited("b.py"))) == []
    assert dead(session(read("a.py"), used("Write", "ok", file_path="a.py"))) == [("stale", "a.py")]
    assert dead(session(read("a.py"), used("Bash", "", command="sed -i s/a/b/ a.py"))) == [("stale", "a.py")]


def test_an_edit_that_failed_changes_nothing() -> None:
    assert dead(session(read("a.py"), edited("a.py", error=True))) == []
    assert dead(session(read("a.py"), edited("a.py", error=True), edited("a.py"))) == [
        ("stale", "a.py"), ("failed", "a.py"),
    ]  # fmt: skip


def test_a_search_in_a_file_neither_supersedes_nor_is_stale() -> None:
    assert dead(session(read("a.py"), used("Bash", words(50), command="cat a.py | grep x"))) == []
    assert dead(session(used("Grep", words(50), path="a.py"), edited("a.py"))) == []
    assert dead(session(read("a.py"), used("Bash", words(50), command="tail -n 5 a.py"))) == []


def test_a_failure_is_dead_with_its_call_once_the_same_succeeds() -> None:
    failed = used("Bash", "error", True, command="make")
    found = session(failed, used("Bash", "other", command="ls"), used("Bash", "built", command="make"))
    assert [(item.reason, item.entry.index, item.by) for item in dead_weight(found)] == [
        (Reason.FAILED, 0, 5), (Reason.FAILED, 1, 5),
    ]  # fmt: skip
    assert dead(session(used("Bash", "error", True, command="make"), used("Bash", "x", command="ls"))) == []
    assert dead(session(read("a.py", error=True), read("a.py", 9, 1, 5))) == [("failed", "a.py")]
    assert dead(session(used("Read", "e", True, file_path="a"), used("Edit", "ok", file_path="a"))) == []


def test_what_failed_after_it_succeeded_is_no_dead_weight() -> None:
    assert dead(session(used("Bash", "built", command="make"), used("Bash", "error", True, command="make"))) == []


def test_each_entry_has_one_reason_the_surest() -> None:
    text = words(300)
    same = {"file_path": "a.py"}
    found = session(used("Read", text, **same), edited("a.py"), used("Read", text, **same))
    assert dead(found) == [("repeat", "a.py")]
    indices = [item.entry.index for item in dead_weight(found)]
    assert len(indices) == len(set(indices))


def test_only_what_is_in_the_window_counts() -> None:
    gone = Departure(Why.CLEARED, ("u1",))
    first = read("a.py")
    marked = [first[0], type(first[1])(**{**{f: getattr(first[1], f) for f in first[1].__slots__}, "mark": "u1"})]  # type: ignore[union-attr]
    found = session(prompt(), marked, request(1), read("a.py"), request(1), gone)
    assert dead(found, 1) == []
    assert dead(found, 2) == [("superseded", "a.py")]
    assert dead(found) == []


def test_results_of_subagents_are_not_in_this_window() -> None:
    assert dead(session(used("Bash", LONG, thread="sub", command="x"), used("Bash", LONG, command="x"))) == []


class Seen(NamedTuple):
    """What a call did to which files; ``start`` and ``end`` as in Action."""

    doing: Doing
    paths: tuple[str, ...]
    start: int | None = None
    end: int | None = None


PATHS = st.lists(st.sampled_from(["a", "b", "/repo/a", "/repo/c"]), min_size=1, max_size=3).map(tuple)
LINES = st.none() | st.integers(0, 9)
SEEN = st.lists(
    st.builds(Seen, st.just(Doing.READ), st.just(("a",)), LINES, LINES)
    | st.builds(Seen, st.sampled_from([Doing.READ, Doing.READ, Doing.READ, Doing.EDIT]), PATHS, LINES, LINES),
    max_size=30,
)


def acted(seen: list[Seen]) -> Session:
    """A session of calls that did what is ``seen``."""
    found = session(*(used("Read", words(3), file_path="x") for _ in seen))
    actions = iter(seen)
    entries = tuple(
        replace(entry, action=Action(*next(actions)) if entry.kind is Kind.RESULT else None) for entry in found.entries
    )
    return replace(found, entries=entries)


def covers(later: Seen, earlier: Seen) -> bool:
    """Are all lines that ``earlier`` read, of all its files, among those that ``later`` read?"""
    if not {spelled(path, "/repo") for path in earlier.paths} <= {spelled(path, "/repo") for path in later.paths}:
        return False
    if (later.start or 1) > (earlier.start or 1):
        return False
    return later.end is None or (bool(earlier.end) and later.end >= (earlier.end or 0))


def naive(seen: list[Seen]) -> list[tuple[int, str, int]]:
    """(which, why, since which) of the reads that are dead weight, each held against every call after it."""
    found = []
    for at, earlier in enumerate(seen):
        if earlier.doing is not Doing.READ:
            continue
        still = {spelled(path, "/repo") for path in earlier.paths}
        edited_at = superseded_at = None
        for by, later in enumerate(seen[at + 1 :], at + 1):
            if later.doing is Doing.EDIT:
                changed = still & {spelled(path, "/repo") for path in later.paths}
                edited_at = by if changed and edited_at is None else edited_at
                still -= changed
            elif still and superseded_at is None and covers(later, earlier):
                superseded_at = by
        if superseded_at is not None:
            found.append((at, "superseded", superseded_at))
        elif edited_at is not None:
            found.append((at, "stale", edited_at))
    return found


@pytest.mark.parametrize("longest_block", [2, 128])
@given(seen=SEEN)
def test_reads_are_dead_as_if_each_was_held_against_all_that_follow(longest_block: int, seen: list[Seen]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(open_reads, "_LONGEST_BLOCK", longest_block)
        found = dead_weight(acted(seen))
    assert [(item.entry.index // 2, item.reason.value, item.by // 2) for item in found] == naive(seen)


class Counted(int):
    """A line number that counts how often any is compared."""

    compared = 0

    def __lt__(self, other: object) -> bool:
        Counted.compared += 1
        return int(self) < other  # type: ignore[operator]

    def __le__(self, other: object) -> bool:
        Counted.compared += 1
        return int(self) <= other  # type: ignore[operator]

    def __gt__(self, other: object) -> bool:
        Counted.compared += 1
        return int(self) > other  # type: ignore[operator]

    def __ge__(self, other: object) -> bool:
        Counted.compared += 1
        return int(self) >= other  # type: ignore[operator]

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return int(self) == other

    __hash__ = int.__hash__


@pytest.mark.parametrize("shape", ["one behind the other", "one inside the other", "as they come"])
def test_reads_of_one_file_are_not_held_against_each_other(shape: str) -> None:
    def compared(n: int) -> int:
        starts = {
            "one behind the other": [(2 * at, 2 * at + 1) for at in range(1, n)],
            "one inside the other": [(at, 2 * n - at) for at in range(1, n)],
            "as they come": [(at * 7_919 % n + 1, at * 7_919 % n + 1) for at in range(1, n)],
        }[shape]
        found = acted([Seen(Doing.READ, ("a",), Counted(start), Counted(end)) for start, end in starts])
        Counted.compared = 0
        assert dead_weight(found) == ()
        return Counted.compared

    assert 0 < compared(2_000) < 3 * compared(1_000)


def test_a_file_read_among_ever_new_ones_is_told_of_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_reads, "_MOST_SETS", 3)
    seen = [Seen(Doing.READ, ("a", f"b{at}")) for at in range(5)]
    found = dead_weight(acted([*seen, Seen(Doing.EDIT, ("a",))]))
    assert [item.entry.index // 2 for item in found] == [0, 1, 2]
