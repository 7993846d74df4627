"""Calls that failed, and those that failed again and again."""

from __future__ import annotations

from ctxkit.sources.session.failures import failures, loops
from ctxkit.sources.session.scale import Scale

from .builder import prompt, request, session, used


def test_equal_calls_that_failed_are_one_row_and_the_most_frequent_comes_first() -> None:
    found = session(
        prompt(),
        used("Bash", "much went wrong here and there", error=True, command="make a"),
        used("Bash", "no", error=True, command="make b"),
        used("Bash", "no no", error=True, command="make b"),
        used("Bash", "fine", command="make c"),
        request(9),
    )
    rows = [(item.call.name, item.times, item.tokens) for item in failures(found, Scale(found))]
    assert rows == [("Bash", 2, 3), ("Bash", 1, 6)]
    assert loops(found) == ()


def test_a_success_between_ends_no_row_but_a_circle() -> None:
    no = used("Bash", "no", error=True, command="make")
    yes = used("Bash", "fine", command="make")
    found = session(prompt(), no, no, yes, no, request(9))
    assert [item.times for item in failures(found, Scale(found))] == [3]
    assert loops(found) == ()
    assert [(loop.times, loop.over) for loop in loops(session(prompt(), no, no, no, yes))] == [(3, True)]


def test_results_of_no_known_call_and_calls_without_result_count_nowhere() -> None:
    call, result = used("Bash", "no", error=True, command="make")
    assert failures(session(call), Scale(session(call))) == ()
    assert failures(session(result), Scale(session(result))) == ()
