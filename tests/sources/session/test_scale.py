"""Weights and prices, against sums done by hand."""

from __future__ import annotations

import pytest

from ctxkit.model.session import Request, Usage
from ctxkit.sources.session.scale import Scale, bill_of, known_model

from .builder import PER_CALL, Block, Kind, compacted, prompt, read, request, session, used, words

M = 1_000_000


@pytest.mark.parametrize(
    ("model", "usage", "fresh", "cached", "written", "output"),
    [
        # 3, 0.30, 3.75 and 15 dollars a million
        ("claude-sonnet-4-5", Usage(10_000, 6_000, 3_000, output=500), 0.003, 0.0018, 0.01125, 0.0075),
        # of what is written, 1,000 for an hour at 6
        ("claude-sonnet-4-5", Usage(10_000, 6_000, 3_000, 1_000, 500), 0.003, 0.0018, 0.0135, 0.0075),
        ("claude-sonnet-4-5-20250929", Usage(1_000), 0.003, 0, 0, 0),
        # 1.25, 0.125 and 10; nothing to pay for writing to the cache
        ("gpt-5", Usage(100_000, 80_000, None, output=2_000, reasoning=1_500), 0.025, 0.01, 0, 0.02),
        # twice the price beyond 272,000 tokens of input
        ("gpt-5.4", Usage(200_000, 100_000), 0.25, 0.025, 0, 0),
        ("gpt-5.4", Usage(300_000, 100_000, output=1_000), 1.0, 0.05, 0, 0.0225),
        # a provider that says more than there is
        ("gpt-5", Usage(1_000, 5_000), 0, 0.000125, 0, 0),
        ("claude-sonnet-4-5", Usage(1_000, 5_000, 4_000, 9_000), 0, 0, 0.006, 0),
        ("gpt-5", Usage(0), 0, 0, 0, 0),
    ],
)
def test_a_bill(model: str, usage: Usage, fresh: float, cached: float, written: float, output: float) -> None:
    bill = bill_of(usage, known_model(model))
    assert bill is not None
    assert tuple(bill) == pytest.approx((fresh, cached, written, output))
    assert bill.total == pytest.approx(fresh + cached + written + output)
    assert bill.input == pytest.approx(fresh + cached + written)


@pytest.mark.parametrize("model", ["", "nobody-knows-1", "x" * 500])
def test_no_price_no_bill(model: str) -> None:
    assert bill_of(Usage(1_000), known_model(model)) is None
    scale = Scale(session(prompt(), request(1_000), model=model))
    assert scale.bill() is None
    assert scale.window is None
    assert scale.paid(scale.session.entries[0]) == 0


def test_each_request_has_the_price_of_its_own_model() -> None:
    found = session(
        prompt(), request(M, model="gpt-5"), request(100_000, model="claude-haiku-4-5"), request(M, model="?")
    )
    assert found.start.model == "gpt-5"
    scale = Scale(found)
    assert [round(bill.total, 4) for step in found.steps if (bill := scale.step_bill(step))] == [1.25, 0.1, 1.25]


def test_another_model_prices_every_request() -> None:
    found = session(prompt(), request(M, model="gpt-5"), request(M, model="claude-haiku-4-5"))
    bill = Scale(found, "gpt-4o").bill()
    assert bill is not None
    assert bill.total == pytest.approx(5.0)


def test_a_share_of_what_was_paid() -> None:
    # 100 words of a request of 1,000 tokens, then of one of 2,000 of which half are cached
    found = session(prompt(words(100)), request(1_000), request(1_000, 1_000), compacted(), request(500))
    scale = Scale(found)
    (entry,) = found.entries
    assert (scale.tokens(entry), scale.requests(entry), scale.carried(entry)) == (100, 2, 200)
    first = 1_000 * 1.25 / M
    second = (1_000 * 1.25 + 1_000 * 0.125) / M
    assert scale.paid(entry) == pytest.approx(first * 0.1 + second * 100 / 2_000)


def test_what_the_model_wrote_is_paid_as_input_from_the_next_request_on() -> None:
    found = session(prompt(), request(100), Block(Kind.TEXT, words(50)), request(200), Block(Kind.TEXT, words(9)))
    scale = Scale(found)
    assert [scale.requests(entry) for entry in found.entries] == [2, 1, 0]
    assert scale.paid(found.entries[2]) == 0


def test_where_we_count_more_than_the_provider_no_more_is_paid_than_the_bill() -> None:
    found = session(prompt(words(900)), request(100))
    scale = Scale(found)
    bill = scale.bill()
    assert bill is not None
    assert scale.paid(found.entries[0]) == pytest.approx(bill.input) == pytest.approx(100 * 1.25 / M)


def test_a_call_weighs_its_frame() -> None:
    call, result = session(used("Read", words(7), file_path="a")).entries
    scale = Scale(session(used("Read", words(7), file_path="a")))
    assert scale.tokens(result) == 7
    assert scale.tokens(call) == call.tokens + PER_CALL
    assert (scale.exact, scale.error(result)) == (True, 0.0)


def test_an_estimate_says_so() -> None:
    found = session(read("a.py"), model="claude-sonnet-4-5")
    scale = Scale(found)
    assert not scale.exact
    assert scale.tokens(found.entries[1]) > found.entries[1].tokens
    assert 0 < scale.error(found.entries[1]) < 0.5


@pytest.mark.parametrize(
    ("own", "agents", "sent", "size"),
    [
        (128_000, 200_000, 1_000, 128_000),
        (None, 200_000, 1_000, 200_000),
        (None, None, 1_000, 272_000),
        (128_000, 200_000, 150_000, 200_000),
        (None, 200_000, 250_000, 272_000),
        (None, None, 400_000, 272_000),
    ],
)
def test_the_window(own: int | None, agents: int | None, sent: int, size: int) -> None:
    assert Scale(session(prompt(), request(sent), window=own), None, agents).window == size


def test_seen_is_the_sum_of_the_window_of_each_thread() -> None:
    found = session(
        prompt(words(10)),
        request(1),
        prompt(words(5), thread="sub"),
        request(1, thread="sub"),
        read("a", 20),
        request(1),
    )
    scale = Scale(found)
    for step in found.steps:
        assert scale.seen(step) == scale.total(found.window(step.number, step.thread)) > 0


def answered(recorded: int, *blocks: Block, model: str = "gpt-5") -> Scale:
    return Scale(session(prompt(), request(1_000, output=recorded), *blocks, model=model))


def test_an_answer_that_is_plainly_recorded_too_short_is_counted_by_us() -> None:
    said, thought = Block(Kind.TEXT, words(300)), Block(Kind.THINKING, words(200))
    for recorded, output in ((1, 500), (379, 500), (380, 380), (500, 500), (900, 900)):  # 500 less a fifth, less 20
        scale = answered(recorded, said, thought)
        (step,) = scale.session.steps
        assert scale.output(step) == output
        bill = scale.step_bill(step)
        assert bill is not None
        assert bill.output == pytest.approx(output * 10 / M)


def test_only_what_the_model_wrote_is_its_answer() -> None:
    blocks = [Block(Kind.SUMMARY, words(500)), *used("Bash", words(900), command="x")]
    assert answered(1, *blocks).output(answered(1, *blocks).session.steps[0]) == 1


def test_a_short_answer_is_never_doubted_and_an_unrecorded_one_is_nobodys() -> None:
    scale = answered(0, Block(Kind.TEXT, words(24)))
    assert scale.output(scale.session.steps[0]) == 0
    silent = Scale(session(prompt(), Request(), Block(Kind.TEXT, words(500))))
    assert silent.output(silent.session.steps[0]) == 0
    before = Scale(session(Block(Kind.TEXT, words(500)), request(1_000, output=1)))
    assert before.output(before.session.steps[0]) == 1


def test_the_error_of_an_estimate_is_given_to_the_record() -> None:
    said = Block(Kind.TEXT, words(400))
    scale = answered(1, said, model="claude-sonnet-4-5")
    ours = scale.output(scale.session.steps[0])
    assert ours > 400
    doubted = answered(round(ours * 0.77), said, model="claude-sonnet-4-5")
    assert doubted.output(doubted.session.steps[0]) == round(ours * 0.77)
