from dataclasses import dataclass

import pytest

from ctxkit.report.cost import cost_of


@dataclass
class Model:
    input: float
    cached_read: float | None
    cache_write_5m: float | None

    def prices_at(self, input_tokens: int) -> "Model":
        return self if input_tokens <= 200_000 else Model(2 * self.input, self.cached_read, self.cache_write_5m)


def test_a_cache_that_is_paid_for_writing() -> None:
    cost = cost_of(100_000, Model(3.0, 0.3, 3.75))
    assert cost is not None
    assert (cost.uncached, cost.first, cost.cached) == pytest.approx((0.3, 0.375, 0.03))
    assert cost.uncached_100 == pytest.approx(30.0)
    assert cost.cached_100 == pytest.approx(0.375 + 99 * 0.03)


def test_a_cache_that_is_free_to_write() -> None:
    cost = cost_of(100_000, Model(1.25, 0.125, None))
    assert cost is not None
    assert cost.first == pytest.approx(0.125)
    assert cost.cached_100 == pytest.approx(0.125 + 99 * 0.0125)


def test_no_cache() -> None:
    cost = cost_of(100_000, Model(1.0, None, None))
    assert cost is not None
    assert cost.cached_100 == cost.uncached_100 == pytest.approx(10.0)


def test_prices_of_long_requests() -> None:
    cost = cost_of(300_000, Model(1.0, None, None))
    assert cost is not None
    assert cost.uncached == pytest.approx(0.6)


def test_an_unknown_price_gives_no_cost() -> None:
    assert cost_of(100, None) is None
    assert cost_of(100, Model(0.0, None, None)) is None
