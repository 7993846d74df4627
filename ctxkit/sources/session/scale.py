"""The weight and the price of a session's entries in the tokens of the model that it ran on."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.model import UnknownNameError
from ctxkit.model.session import MAIN, Kind
from ctxkit.tokens.content import Content
from ctxkit.tokens.families import family_of, framing
from ctxkit.tokens.models import Model, find_model

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctxkit.model.history import Entry, Session, Step
    from ctxkit.model.session import Usage

_PER = 1_000_000
_HOUR = 2
"""What a token written to the cache for an hour costs, in prices of fresh input, where no price of its own is listed
(Anthropic's price table, 2026-11)."""
_WRITTEN = frozenset({Kind.TEXT, Kind.THINKING, Kind.CALL})
"""What the model answers with."""
_DOUBT = 0.2
"""So much less than we count may be recorded as output of a request, besides the error of an estimate: providers count
neither the frame of a call nor a cut answer as we do."""
_FRAME = 20
"""And so many tokens."""


class Bill(NamedTuple):
    """US dollars of one or several requests.

    ``fresh``: input that no cache held; ``cached``: read from one; ``written``: written to one; ``output``: answers,
    reasoning included.
    """

    fresh: float = 0.0
    cached: float = 0.0
    written: float = 0.0
    output: float = 0.0

    @property
    def input(self) -> float:
        """All that was paid for input."""
        return self.fresh + self.cached + self.written

    @property
    def total(self) -> float:
        """All that was paid."""
        return self.input + self.output


@cache
def known_model(name: str) -> Model | None:
    """The model of this name; None where the data have none."""
    if not name:
        return None
    try:
        return find_model(name)
    except UnknownNameError:
        return None


def bill_of(usage: Usage, model: Model | None) -> Bill | None:
    """What a request cost at list prices; None where no price of the model is known.

    Where the provider has no price for writing to its cache, what was written costs what fresh input costs.
    """
    if model is None:
        return None
    prices = model.prices_at(usage.input)
    if not prices.input:
        return None
    written = min(usage.written or 0, usage.input)
    cached = min(usage.cached, usage.input - written)
    hour = min(usage.written_1h or 0, written)
    short = prices.cache_write_5m if prices.cache_write_5m is not None else prices.input
    long = prices.cache_write_1h
    if long is None:
        long = _HOUR * prices.input if prices.cache_write_5m is not None else short
    return Bill(
        fresh=(usage.input - cached - written) * prices.input / _PER,
        cached=cached * (prices.cached_read if prices.cached_read is not None else prices.input) / _PER,
        written=((written - hour) * short + hour * long) / _PER,
        output=usage.output * prices.output / _PER,
    )


def added_up(bills: Iterable[Bill | None]) -> Bill | None:
    """The sum of those that are known; None where none is."""
    known = [bill for bill in bills if bill is not None]
    return Bill(*map(sum, zip(*known, strict=True))) if known else None


class Scale:
    """Weighs the entries of one session. ``exact``: the model's own vocabulary counts."""

    def __init__(self, session: Session, model: str | None = None, window: int | None = None) -> None:
        """``model``: to weigh for instead of the one that the session ran on; ``window``: as its agent sees it."""
        self._window = window
        self.session = session
        self.name = model or session.start.model
        self.model = known_model(self.name)
        self._family = family_of(self.name or "gpt-5")
        self._per_call = framing(self.name or "gpt-5").per_call
        self.exact = self._family.exact
        self._forced = self.model if model else None
        self._prices: dict[str, list[float]] = {}
        self._bills: dict[str, list[Bill | None]] = {}
        self._seen = self._windows()
        self._answers = self._answered()
        for thread in session.threads():
            self._price(thread, session.of(thread))

    @property
    def window(self) -> int | None:
        """The size of the window in tokens; None if nobody knows.

        The transcript knows best, then the agent, unless more than that was sent; then the model.
        """
        sent = max((step.usage.input for step in self.session.steps if step.usage is not None), default=0)
        own = self.model.window if self.model is not None else None
        known = [size for size in (self.session.start.window, self._window, own) if size]
        return next((size for size in known if size >= sent), max(known, default=None))

    def tokens(self, entry: Entry) -> int:
        """Tokens that ``entry`` takes in a request, its part of the provider's framing included."""
        extra = self._per_call if entry.kind is Kind.CALL else 0
        return self._family.tokens(entry.tokens, Content(entry.content)).n + entry.media + entry.reasoning + extra

    def error(self, entry: Entry) -> float:
        """Relative half-width of the count of ``entry``; 0.0 where it is exact."""
        return self._family.tokens(entry.tokens, Content(entry.content)).error

    def total(self, entries: Iterable[Entry]) -> int:
        """Tokens of several."""
        return sum(self.tokens(entry) for entry in entries)

    def seen(self, step: Step) -> int:
        """Tokens of the request ``step`` that the transcript holds, by our count."""
        return self._seen[step.thread][step.number - 1]

    def output(self, step: Step) -> int:
        """Tokens of the answer to ``step``: as recorded, or by our count where the transcript plainly has too few.

        Claude Code keeps what the provider says of an answer when it begins, for many answers a single token.
        """
        recorded = step.usage.output if step.usage is not None else 0
        answered, certain = self._answers[step.thread][step.number - 1]
        return answered if step.usage is not None and certain > recorded + _FRAME else recorded

    def requests(self, entry: Entry) -> int:
        """In how many requests ``entry`` was."""
        return max(0, self._until(entry) - entry.step)

    def carried(self, entry: Entry) -> int:
        """Tokens of input that ``entry`` took, over all requests it was in."""
        return self.tokens(entry) * self.requests(entry)

    def paid(self, entry: Entry) -> float:
        """Its share, by tokens, of what was paid for the input of the requests it was in; US dollars.

        Where our count of a request is above the provider's, ours is what the price is shared by.
        """
        prices = self._prices.get(entry.thread)
        if not prices:
            return 0.0
        first, last = entry.step - 1, self._until(entry) - 1
        top = len(prices) - 1
        return self.tokens(entry) * (prices[min(last, top)] - prices[min(first, top)])

    def paid_by_token(self, thread: str = MAIN) -> float:
        """What a token of input that was in every request of ``thread`` cost on average; US dollars."""
        return self._prices.get(thread, [0.0])[-1]

    def bill(self) -> Bill | None:
        """What all requests of the session cost; None where none has a price."""
        return added_up(bill for bills in self._bills.values() for bill in bills)

    def step_bill(self, step: Step) -> Bill | None:
        """What one request cost; None where no price is known."""
        return self._bills[step.thread][step.number - 1]

    def _until(self, entry: Entry) -> int:
        """The first request that ``entry`` is no longer in."""
        left = self.session.left.get(entry.index)
        last = len(self._prices.get(entry.thread, (0,)))
        return min(left.step, last) if left is not None else last

    def _windows(self) -> dict[str, list[int]]:
        """For each thread, the tokens that the transcript holds of each of its requests."""
        change: dict[str, list[int]] = {thread: [0] * len(self.session.of(thread)) for thread in self.session.threads()}
        for entry in self.session.entries:
            changes = change.get(entry.thread, [])
            left = self.session.left.get(entry.index)
            tokens = self.tokens(entry)
            if entry.step <= len(changes):
                changes[entry.step - 1] += tokens
            if left is not None and left.step <= len(changes):
                changes[left.step - 1] -= tokens
        return {thread: list(accumulate(changes)) for thread, changes in change.items()}

    def _answered(self) -> dict[str, list[tuple[int, float]]]:
        """For each thread, the tokens of the answer to each of its requests, by our count, and how many at least."""
        sums = {thread: [(0, 0.0)] * len(self.session.of(thread)) for thread in self.session.threads()}
        for entry in self.session.entries:
            at = entry.step - 2
            answers = sums.get(entry.thread, [])
            if entry.kind in _WRITTEN and 0 <= at < len(answers):
                tokens, certain = answers[at]
                own = self.tokens(entry) - (self._per_call if entry.kind is Kind.CALL else 0)
                answers[at] = tokens + own, certain + own * (1 - max(self.error(entry), _DOUBT))
        return sums

    def _price(self, thread: str, steps: tuple[Step, ...]) -> None:
        """Sums, over the requests of a thread, of what a token of input cost in each on average."""
        sums = [0.0]
        for step in steps:
            model = self._forced or known_model(step.model) or self.model
            bill = bill_of(replace(step.usage, output=self.output(step)), model) if step.usage is not None else None
            self._bills.setdefault(thread, []).append(bill)
            tokens = max(step.usage.input, self.seen(step)) if step.usage is not None else 0
            sums.append(sums[-1] + (bill.input / tokens if bill is not None and tokens else 0.0))
        self._prices[thread] = sums
