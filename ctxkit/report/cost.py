"""What a window costs: per turn and over 100 turns, with the prompt cache and without it."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

TURNS = 100
_PER = 1_000_000


class Prices(Protocol):
    """Prices in US dollars per million tokens; None where the provider has no such price."""

    @property
    def input(self) -> float:
        """A token that no cache holds."""

    @property
    def cached_read(self) -> float | None:
        """A token read from the prompt cache."""

    @property
    def cache_write_5m(self) -> float | None:
        """A token written to the prompt cache."""


class Priced(Protocol):
    """A model that knows what it costs; prices may depend on how long a request is."""

    def prices_at(self, input_tokens: int) -> Prices:
        """The prices of a request of ``input_tokens`` tokens."""


class Cost(Struct, frozen=True):
    """US dollars for sending one unchanging window.

    ``uncached``: one turn that pays every token as fresh input. ``first``: the turn that fills the cache (the write
    price where there is one, else the input price). ``cached``: one turn that reads all of it from the cache.
    ``cached_100`` is one first and 99 cached turns, ``uncached_100`` 100 uncached ones. A model without a price for
    cached reads has the cached figures of an uncached turn.
    """

    uncached: float
    first: float
    cached: float
    uncached_100: float
    cached_100: float


def cost_of(tokens: int, model: Priced | None) -> Cost | None:
    """What sending ``tokens`` to ``model`` costs, or None for a model whose price nobody knows (a price of nothing)."""
    prices = None if model is None else model.prices_at(tokens)
    if prices is None or not prices.input:
        return None
    uncached = tokens * prices.input / _PER
    if prices.cached_read is None:
        return Cost(uncached, uncached, uncached, uncached * TURNS, uncached * TURNS)
    cached = tokens * prices.cached_read / _PER
    first = uncached if not prices.cache_write_5m else tokens * prices.cache_write_5m / _PER
    return Cost(uncached, first, cached, uncached * TURNS, first + cached * (TURNS - 1))
