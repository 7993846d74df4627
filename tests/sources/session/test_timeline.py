"""A session request by request and turn by turn."""

from __future__ import annotations

import pytest

from ctxkit.sources.session.failures import loops
from ctxkit.sources.session.scale import Scale
from ctxkit.sources.session.timeline import Fill, timeline, turn_sums

from .builder import (
    PER_CALL,
    Block,
    Departure,
    Kind,
    Request,
    Usage,
    Why,
    compacted,
    prompt,
    read,
    request,
    session,
    used,
    words,
)  # fmt: skip


def fills(*events: object, **more: object) -> tuple[Fill, ...]:
    found = session(*events, **more)
    return timeline(found, Scale(found))


def test_recorded_tokens_and_what_the_transcript_holds_of_them() -> None:
    one, two, three = fills(
        prompt(words(10)), request(100, 50), Block(Kind.TEXT, words(20)), Request(), request(0),
    )  # fmt: skip
    assert (one.tokens, one.seen, one.unseen, one.recorded, one.fresh) == (150, 10, 140, True, 100)
    assert (two.tokens, two.seen, two.unseen, two.recorded, two.fresh, two.cost) == (30, 30, 0, False, None, None)
    assert (three.tokens, three.recorded) == (30, False)
    assert one.cost == pytest.approx((100 * 1.25 + 50 * 0.125) / 1e6)


def test_what_leaves_is_no_longer_seen() -> None:
    found = fills(
        prompt(words(100), mark="u1"), request(1), Departure(Why.CLEARED, ("u1",)), prompt(words(5)), request(1),
        compacted(), Block(Kind.SUMMARY, words(7)), request(1),
    )  # fmt: skip
    assert [fill.seen for fill in found] == [100, 5, 7]
    assert [fill.compacted for fill in found] == [False, False, True]


@pytest.mark.parametrize(
    ("first", "second", "cold"),
    [
        ({"fresh": 10, "written": 10_000}, {"cached": 10_000, "written": 100}, False),
        ({"fresh": 10, "written": 10_000}, {"written": 10_100}, True),
        ({"fresh": 10, "written": 10_000}, {"cached": 4_999, "written": 5_000}, True),
        ({"fresh": 10, "written": 10_000}, {"cached": 5_000, "written": 5_000}, False),
        ({"fresh": 10, "written": 4_000}, {"written": 4_100}, False),
        ({"fresh": 10_000}, {"fresh": 10_000}, False),
        ({"cached": 8_000}, {"fresh": 9_000}, True),
    ],
)
def test_a_lost_cache(first: dict[str, int], second: dict[str, int], cold: bool) -> None:
    assert [fill.cold for fill in fills(prompt(), request(**first), request(**second))] == [False, cold]


def test_a_cache_is_not_lost_by_a_compaction_nor_told_of_without_usage() -> None:
    full = request(written=10_000)
    assert [fill.cold for fill in fills(prompt(), full, compacted(), request(10_000))] == [False, False]
    assert [fill.cold for fill in fills(prompt(), full, Request(), request(10_000))] == [False, False, False]


def test_turns_add_up_to_the_session() -> None:
    found = session(
        Block(Kind.SYSTEM, words(50)), prompt("first"), request(100, 20, output=5), read("a.py", 30),
        prompt(words(9), thread="sub"), request(40, thread="sub", output=1), used("Bash", "no", True, command="x"),
        request(200, 100, output=7), prompt("second"), request(300, output=2), compacted(),
        prompt("third"), compacted(),
    )  # fmt: skip
    scale = Scale(found)
    before, one, two, three = turn_sums(found, scale)
    assert [turn.turn for turn in (before, one, two, three)] == [0, 1, 2, 3]
    assert (before.entered, before.requests, before.cost, before.excerpt) == (50, 0, None, "")
    assert (one.excerpt, one.requests, one.calls, one.errors) == ("first", 3, 2, 1)
    assert (one.input, one.fresh, one.output, one.window) == (460, 340, 13, 300)
    assert (two.requests, two.input, two.window, two.compactions) == (1, 300, 300, 0)
    assert three.compactions == 2, "compactions that no request followed are of the last turn"
    turns = turn_sums(found, scale)
    assert sum(turn.entered for turn in turns) == scale.total(found.entries)
    assert sum(turn.calls for turn in turns) == 2
    bill = scale.bill()
    assert bill is not None
    assert sum(turn.cost or 0 for turn in turns) == pytest.approx(bill.total)
    assert one.entered == 1 + 30 + 9 + 1 + sum(
        entry.tokens + PER_CALL for entry in found.entries if entry.kind is Kind.CALL
    )


def test_a_provider_that_says_more_is_cached_than_was_sent() -> None:
    found = session(prompt(), Request(usage=Usage(100, 900)))
    assert timeline(found, Scale(found))[0].fresh == 0
    assert turn_sums(found, Scale(found))[0].fresh == 0


def failing(times: int, command: str = "make") -> list[object]:
    return [event for _ in range(times) for event in used("Bash", "error", True, command=command)]


def test_three_equal_failures_are_a_circle() -> None:
    assert loops(session(failing(2))) == ()
    (loop,) = loops(session(failing(3), used("Bash", "ok", command="ls")))
    assert (loop.name, loop.times, loop.last, loop.over, loop.tokens) == ("Bash", 3, 5, False, 3)
    assert [loop.times for loop in loops(session(failing(5)))] == [5]


def test_a_success_breaks_a_circle_and_ends_one() -> None:
    done = used("Bash", "built", command="make")
    assert loops(session(failing(2), done, failing(2))) == ()
    (loop,) = loops(session(failing(3), done))
    assert loop.over
    (loop,) = loops(session(failing(3), done, failing(3)))
    assert not loop.over


def test_the_latest_circle_comes_last() -> None:
    a, b = failing(4, "a"), failing(4, "b")
    mixed = [event for pair in zip(a[::2], a[1::2], b[::2], b[1::2], strict=True) for event in pair]
    assert [loop.excerpt[-4] for loop in loops(session(mixed, failing(1, "a")))] == ["b", "a"]


def test_a_session_without_anything() -> None:
    found = session()
    assert (timeline(found, Scale(found)), turn_sums(found, Scale(found)), loops(found)) == ((), (), ())
