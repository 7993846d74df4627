import pytest

from ctxkit.model import Tokens
from ctxkit.report.figures import cents, count, full, money, percent, price, short, short_number


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0"),
        (845, "845"),
        (999, "999"),
        (1_000, "1.0k"),
        (12_345, "12.3k"),
        (99_949, "99.9k"),
        (99_950, "100k"),
        (200_000, "200k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (1_048_576, "1.0M"),
        (1_250_000, "1.2M"),
        (2_500_000_000, "2.5G"),
    ],
)
def test_short_number(n: int, text: str) -> None:
    assert short_number(n) == text


def test_tokens_say_that_they_are_estimates() -> None:
    assert full(Tokens(12_345)) == "12,345"
    assert full(Tokens(12_345, False, "x", 0.1)) == "~12,345"
    assert short(Tokens(12_345, False, "x", 0.1)) == "~12.3k"
    assert short(Tokens(0)) == "-"


@pytest.mark.parametrize(("share", "text"), [(0, "0.0 %"), (0.0004, "<0.1 %"), (0.0005, "0.1 %"), (0.156, "15.6 %")])
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (0, "$0.00"),
        (0.00001, "<$0.0001"),
        (0.0094, "$0.0094"),
        (0.0999, "$0.0999"),
        (0.1, "$0.10"),
        (1.044, "$1.04"),
        (99.994, "$99.99"),
        (1_204.4, "$1,204"),
    ],
)
def test_money(usd: float, text: str) -> None:
    assert money(usd) == text


@pytest.mark.parametrize(("usd", "text"), [(None, "-"), (3, "$3.00"), (0.3, "$0.30"), (0.125, "$0.125")])
def test_price(usd: float | None, text: str) -> None:
    assert price(usd) == text


@pytest.mark.parametrize(("usd", "text"), [(0, "$0.00"), (0.004, "<$0.01"), (0.0936, "$0.09"), (1_204.5, "$1,204.50")])
def test_cents(usd: float, text: str) -> None:
    assert cents(usd) == text


def test_count() -> None:
    assert (count(1, "file"), count(1_204, "file"), count(2, "memory", "memories")) == (
        "1 file",
        "1,204 files",
        "2 memories",
    )
