"""How many tokens, and how that number was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Tokens:
    """A token count that says how it was made.

    ``n`` is the count in tokens. ``exact`` is true when a vocabulary of the model itself counted the
    very bytes that are sent. ``by`` names the counter: an encoding (``o200k_base``), a family
    (``claude-4.5 estimate``) or a record (``measured``). ``error`` is the stated relative half-width
    of an estimate: 0.08 says the true count lies within plus or minus 8 percent.
    """

    n: int
    exact: bool = True
    by: str = "o200k_base"
    error: float = 0.0

    def __add__(self, other: Tokens) -> Tokens:
        """Add two counts; an estimate in the sum makes the sum an estimate.

        The error of the sum weighs each side by its tokens (estimates from one table err together,
        so their errors are not assumed to cancel).
        """
        if self.n == 0:
            return other
        if other.n == 0:
            return self
        total = self.n + other.n
        error = (self.error * self.n + other.error * other.n) / total
        return Tokens(total, self.exact and other.exact, _joined(self, other), round(error, 4))


NO_TOKENS = Tokens(0)


def _joined(a: Tokens, b: Tokens) -> str:
    if a.by == b.by:
        return a.by
    if a.exact != b.exact:
        return b.by if a.exact else a.by
    return "several"


def total(counts: list[Tokens]) -> Tokens:
    """The sum of ``counts``; no counts give an exact zero."""
    result = NO_TOKENS
    for count in counts:
        result = result + count
    return result


def shared_out(whole: Tokens, parts: Sequence[int]) -> list[Tokens]:
    """``whole`` divided in proportion to ``parts``; what is returned adds up to ``whole`` exactly.

    The tokens that rounding leaves over go to the parts that lost most by it, the first of equals first.
    """
    total_parts = sum(parts)
    if not total_parts:
        return [Tokens(0, whole.exact, whole.by, whole.error) for _ in parts]
    counts = [whole.n * part // total_parts for part in parts]
    lost = sorted(range(len(parts)), key=lambda i: (-(whole.n * parts[i] % total_parts), i))
    for i in lost[: whole.n - sum(counts)]:
        counts[i] += 1
    return [Tokens(n, whole.exact, whole.by, whole.error) for n in counts]
