"""The recommendation: each verdict and each reason, from small sessions."""

from __future__ import annotations

from typing import Any

import pytest

from ctxkit.sources.session.afresh import Advice, Verdict
from ctxkit.sources.session.overview import overview

from .builder import Block, Kind, Request, compacted, edited, prompt, read, request, session, used, words

WINDOW = 10_000


def advice(*events: Any) -> Advice:
    return overview(session(*events, window=WINDOW)).advice


def filled(share: float) -> list[Any]:
    """A session whose last request takes ``share`` of the window, nothing of it in the transcript."""
    return [prompt(words(1)), request(round(share * WINDOW))]


def failing(times: int) -> list[Any]:
    return [event for _ in range(times) for event in used("Bash", "error", True, command="make")]


def test_nothing_was_sent() -> None:
    assert advice() == Advice(Verdict.GO_ON, ("Nothing was sent to a model yet.",))
    assert advice(prompt()).verdict is Verdict.GO_ON


@pytest.mark.parametrize(
    ("share", "verdict", "told"),
    [
        (0.1, Verdict.GO_ON, False),
        (0.599, Verdict.GO_ON, False),
        (0.6, Verdict.GO_ON, True),
        (0.799, Verdict.GO_ON, True),
        (0.8, Verdict.COMPACT, True),
        (1.0, Verdict.COMPACT, True),
    ],
)
def test_a_full_window(share: float, verdict: Verdict, told: bool) -> None:
    found = advice(filled(share))
    assert found.verdict is verdict
    assert ("full" in found.reasons[0]) is told


def test_without_a_known_window_nothing_is_full() -> None:
    found = overview(session(prompt(), request(10_000_000), model="nobody-knows")).advice
    assert found.verdict is Verdict.GO_ON
    assert "10,000,000 tokens" in found.reasons[0]


def test_the_pace() -> None:
    growing = [request(6_000 + 100 * at) for at in range(12)]
    assert "; at the pace of the last 10 requests it is full in 29." in advice(prompt(), growing).reasons[0]
    assert "pace" not in advice(prompt(), growing[:10]).reasons[0]
    assert "pace" not in advice(prompt(), growing[:9], compacted(), growing[9:]).reasons[0]
    assert "pace" not in advice(prompt(), [request(7_000)] * 12).reasons[0]


def with_dead(share: float) -> list[Any]:
    """A session of about 1,000 tokens of which ``share`` is a stale read."""
    dead = round(share * 1_000)
    return [prompt(words(1_000 - dead - 60)), read("a.py", dead), edited("a.py"), Request()]


@pytest.mark.parametrize(
    ("share", "verdict", "told"),
    [
        (0.2, Verdict.GO_ON, False),
        (0.3, Verdict.GO_ON, True),
        (0.37, Verdict.GO_ON, True),
        (0.45, Verdict.COMPACT, True),
    ],
)
def test_dead_weight(share: float, verdict: Verdict, told: bool) -> None:
    found = advice(with_dead(share))
    assert found.verdict is verdict
    assert ("superseded, outdated or repeated" in found.reasons[0]) is told


def test_a_circle() -> None:
    found = advice(prompt(words(500)), failing(3), Request())
    assert found.verdict is Verdict.COMPACT
    assert found.reasons[0] == "It goes in circles: Bash failed 3 times in the same words."


def test_a_circle_that_is_over_or_long_ago_is_none() -> None:
    assert (
        advice(prompt(words(500)), failing(3), used("Bash", "ok", command="make"), Request()).verdict is Verdict.GO_ON
    )
    later = [event for at in range(20) for event in used("Bash", "ok", command=f"ls {at}")]
    assert advice(prompt(words(500)), failing(3), later, Request()).verdict is Verdict.GO_ON


def test_a_circle_in_a_full_window_is_better_left() -> None:
    found = advice(prompt(words(500)), failing(3), request(6_500))
    assert found.verdict is Verdict.START_AFRESH
    assert ["circles" in reason for reason in found.reasons] == [True, False]


def task(*files: str, n: int = 60) -> list[Any]:
    return [prompt(words(5)), *(event for file in files for event in read(file, n)), Request()]


def test_another_task() -> None:
    found = advice(task("a", "b", "c"), task("x", "y", "z"))
    assert found.verdict is Verdict.START_AFRESH
    assert "since prompt 2 it works on 3 files, none of them among the 3 before" in found.reasons[0]


@pytest.mark.parametrize(
    "turns",
    [
        [task("a", "b", "c")],
        [task("a", "b", "c"), task("x", "y")],
        [task("a", "b"), task("x", "y", "z")],
        [task("a", "b", "c"), task("a", "y", "z")],
        [task("a", "b", "c", n=5), task("x", "y", "z", n=500)],
        [task("a", "b", "c"), compacted(), task("x", "y", "z")],
        [task("a", "b", "c"), [prompt(words(5)), *used("Grep", words(99), path="x"), Request()]],
    ],
)
def test_no_other_task(turns: list[Any]) -> None:
    assert not any("task" in reason for reason in advice(*turns).reasons)


def test_the_latest_change_of_task_counts() -> None:
    found = advice(task("a", "b", "c"), task("x", "y", "z"), task("x", "z"), task("k", "l", "m"))
    assert "since prompt 4 it works on 3 files, none of them among the 6 before" in found.reasons[0]


def test_many_compactions() -> None:
    one = [compacted(), Block(Kind.SUMMARY, words(9)), Request()]
    assert len(advice(task("a"), one).reasons) == 1
    found = advice(task("a"), one, one)
    assert found.verdict is Verdict.GO_ON
    assert found.reasons == ("It has been compacted 2 times; each time details are lost.",)


def test_two_strong_reasons() -> None:
    found = advice(with_dead(0.7), failing(3), Request())
    assert found.verdict is Verdict.START_AFRESH
    assert len(found.reasons) == 2


def test_two_weak_reasons() -> None:
    one = [compacted(), Block(Kind.SUMMARY, words(9)), Request()]
    found = advice(prompt(), Request(), one, one, request(6_500))
    assert found.verdict is Verdict.COMPACT
    assert len(found.reasons) == 2


def test_very_many_turns_are_judged_at_once() -> None:
    turns = [event for at in range(2_000) for event in (prompt(f"p{at}"), *read(f"f{at}", 2), Request())]
    assert advice(turns).verdict is not None
