"""How numbers are written: tokens, shares, money. One place, so that a report never mixes spellings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctxkit.model import Tokens


def full(tokens: Tokens) -> str:
    """All digits, ``~`` before an estimate: ``12,345``, ``~12,345``."""
    return f"{'' if tokens.exact else '~'}{tokens.n:,}"


def short(tokens: Tokens) -> str:
    """At most four digits, for tables with many columns: ``845``, ``~12.3k``, ``1.2M``; nothing for zero."""
    return f"{'' if tokens.exact else '~'}{short_number(tokens.n)}" if tokens.n else "-"


def short_number(n: int) -> str:
    """``845``, ``12.3k``, ``200k``, ``1.0M``."""
    if n < 1_000:
        return f"{n}"
    for size, unit in ((1_000, "k"), (1_000_000, "M")):
        if n < size * 999.5:
            return _three(n / size, unit)
    return _three(n / 1_000_000_000, "G")


def _three(value: float, unit: str) -> str:
    return f"{value:.0f}{unit}" if value >= 99.95 else f"{value:.1f}{unit}"


def percent(share: float) -> str:
    """A share of one with one decimal: ``15.6 %``; what is there but rounds to nothing is ``<0.1 %``."""
    if 0 < share < 0.0005:
        return "<0.1 %"
    return f"{share * 100:.1f} %"


def money(usd: float) -> str:
    """US dollars to two significant digits below one cent, else to the cent: ``$0.0094``, ``$1.04``, ``$1,204``."""
    if usd >= 100:
        return f"${usd:,.0f}"
    if usd >= 0.1 or usd == 0:
        return f"${usd:.2f}"
    if usd >= 0.0001:
        return f"${usd:.4f}"
    return "<$0.0001"


def cents(usd: float) -> str:
    """US dollars to the cent, for tables: ``$0.72``, ``<$0.01``."""
    return "<$0.01" if 0 < usd < 0.005 else f"${usd:,.2f}"


def count(n: int, one: str, many: str | None = None) -> str:
    """``1 file``, ``1,204 files``."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def price(usd: float | None) -> str:
    """A price per million tokens: ``$3.00``, ``$0.125``; ``-`` where there is none."""
    if usd is None:
        return "-"
    return f"${usd:.2f}" if round(usd, 2) == usd else f"${usd:g}"
