"""A session as it is kept: its requests by thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.history import Session, Step
from ctxkit.model.session import MAIN, Start

if TYPE_CHECKING:
    from collections.abc import Iterator


class Walked(tuple[Step, ...]):
    """Steps that count how often they are walked through."""

    times = 0

    def __iter__(self) -> Iterator[Step]:
        Walked.times += 1
        return super().__iter__()


def step(number: int, thread: str) -> Step:
    return Step(number, 1, "m", None, 0, thread)


def test_requests_by_thread_in_order_of_appearance() -> None:
    steps = (step(1, "b"), step(1, MAIN), step(2, "b"), step(1, "a"))
    found = Session(Start("s", "test", ""), "t", (), steps, {})
    assert found.threads() == ("b", MAIN, "a")
    assert found.of("b") == (steps[0], steps[2])
    assert found.of() == (steps[1],)
    assert found.of("nobody") == ()


def test_requests_are_grouped_once_however_many_threads_there_are() -> None:
    found = Session(Start("s", "test", ""), "t", (), Walked(step(1, f"t{n}") for n in range(500)), {})
    Walked.times = 0
    assert sum(len(found.of(thread)) for thread in found.threads()) == 500
    assert Walked.times == 1
