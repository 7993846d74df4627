"""Trees of entries: what leaves and what comes back, against the rule written down plainly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from ctxkit.sources.history.branches import Branches, Span, again

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Plain:
    """The same by walking from the newest entry to the root each time."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}
        self.sums: dict[str, str] = {}

    def window(self, newest: str) -> list[str]:
        path: list[str] = []
        while newest:
            path.insert(0, newest)
            newest = self.parents[newest]
        last = next((at for at in range(len(path) - 1, -1, -1) if path[at] in self.sums), None)
        if last is None:
            return path
        kept = self.sums[path[last]]
        first = path.index(kept) if kept in path[:last] else last
        return [each for each in path[first:] if each == path[last] or path.index(each) != last]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.integers(0, 30)), max_size=30))
def test_window_is_that_of_the_way_to_the_newest_entry(steps: list[tuple[int, bool, int]]) -> None:
    branches, plain = Branches(), Plain()
    live: list[str] = []
    for number, (up, sums_up, back) in enumerate(steps):
        identity = f"e{number}"
        parent = f"e{up}" if up < number else ""
        turn = branches.follow(parent)
        live = [mark for mark in live if mark not in turn.gone]
        live += [f"e{span.start}" for span in turn.back]
        assert set(live) == set(plain.window(parent))
        span = Span(number, number + 1)
        plain.parents[identity] = parent
        if sums_up:
            before = plain.window(parent)
            kept = before[back % len(before)] if before and back else ""
            plain.sums[identity] = kept
            stays = branches.sum_up(identity, parent, span, [identity], kept)
            live = [mark for mark in live if mark in stays]
        else:
            branches.add(identity, parent, span, [identity])
        live.append(identity)
        assert set(live) == set(plain.window(identity))
        assert len(live) == len(set(live))


def test_an_unknown_parent_is_taken_for_the_newest_entry() -> None:
    branches = Branches()
    branches.add("a", "", Span(0, 1), ["a"])
    assert branches.follow("never seen") == ((), ())
    branches.add("b", "never seen", Span(1, 2), ["b"])
    assert branches.follow("").gone == ("a", "b")


def test_entries_that_answer_each_other_end() -> None:
    branches = Branches()
    branches.add("a", "b", Span(0, 1), ["a"])
    branches.follow("")
    branches.add("b", "a", Span(1, 2), ["b"])
    branches.follow("")
    assert {span.start for span in branches.follow("a").back} <= {0, 1}


def test_leading_back_and_forth_is_given_up_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctxkit.sources.history.branches._MOST_WORK", 1_000)
    branches = Branches()
    for number in range(100):
        branches.add(f"e{number}", f"e{number - 1}" if number else "", Span(number, number + 1), [f"e{number}"])
    back = [len(branches.follow("e0" if number % 2 else "e99").back) for number in range(1_000)]
    assert 1_000 <= sum(back) <= 1_200
    assert back[-1] == 0
    for number in range(100):
        branches.sum_up(f"s{number}", "e0", Span(0, 1), [f"s{number}"], "")
        assert not branches.follow("e0").back


def test_records_are_read_again_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"a":1}\nbroken\n{"b":2}\n[3]\n')
    spans = [Span(15, 23), Span(0, 8), Span(8, 15), Span(23, 27), Span(500, 600)]
    assert list(again(str(path), spans)) == [{"b": 2}, {"a": 1}]
    assert list(again(str(tmp_path / "gone"), spans)) == []
