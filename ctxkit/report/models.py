"""The models as text: window, tokenizer and prices, all of them or one in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.report.figures import count, percent, price, short_number
from ctxkit.report.layout import Cell, Column, Row, Screen, Style, heading, paragraph, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.tokens.families import Family
    from ctxkit.tokens.models import Model, Prices


def models_text(models: Sequence[Model], screen: Screen) -> Iterator[str]:
    """All models, in the order of the data file."""
    yield heading(count(len(models), "model"), screen, "US dollars per million tokens")
    head = ("", "window", "counted", "in", "cached", "out", "as of")
    rows: list[Row] = [tuple(Cell(name, Style.QUIET) for name in head)]
    rows += [
        (
            Cell(model.id, Style.STRONG),
            Cell(short_number(model.window)),
            Cell(counted(model.tokenizer, screen)),
            Cell(price(model.prices.input)),
            Cell(price(model.prices.cached_read)),
            Cell(price(model.prices.output)),
            Cell(model.date, Style.QUIET),
        )
        for model in models
    ]
    right = Column("right")
    yield from table(rows, (Column(cut="end", least=12), right, Column(), right, right, right, Column()), screen)
    yield ""
    yield from paragraph("Next: ctxkit models NAME  (all prices, other names, sources)", screen, 0, 6, Style.STRONG)


def counted(family: Family, screen: Screen) -> str:
    """``exact``, or how far off an estimate may be."""
    return "exact" if family.exact else f"~{screen.glyphs.plus_minus}{family.error * 100:.0f} %"


def model_facts(model: Model, screen: Screen) -> Iterator[str]:
    """One model in full."""
    family = model.tokenizer
    yield heading(model.id, screen, f"{model.provider}, as of {model.date}")
    rows: list[Row] = [
        (Cell("window"), Cell(f"{model.window:,} tokens in, {model.max_output:,} out")),
        (Cell("counted"), Cell(_how(family, screen))),
        *_prices("prices", model.prices),
    ]
    if model.long is not None:
        rows += _prices(f"over {model.long.above:,} tokens", model.long.prices)
    rows.append((Cell("source"), Cell(model.source, Style.QUIET)))
    if model.aliases:
        rows.append((Cell("also called"), Cell(", ".join(model.aliases))))
    yield from table(rows, (Column(), Column(cut="end")), screen)
    if family.factors:
        yield ""
        yield heading("Estimated from o200k_base", screen, f"{family.id}, as of {family.date}")
        factors: list[Row] = [
            (
                Cell(content.value),
                Cell(f"{screen.glyphs.times} {factor.factor:g}"),
                Cell(f"{screen.glyphs.plus_minus} {percent(factor.error)}"),
            )
            for content, factor in family.factors.items()
        ]
        yield from table(factors, (Column(), Column("right"), Column("right")), screen)
        yield from paragraph(family.source, screen, style=Style.QUIET)


def _how(family: Family, screen: Screen) -> str:
    if family.exact:
        return f"exactly, with {family.encoding} ({family.title})"
    return f"estimated, {counted(family, screen)[1:]} at worst ({family.title})"


def _prices(title: str, prices: Prices) -> list[Row]:
    named = {
        "in": prices.input,
        "cached": prices.cached_read,
        "cache write, 5 min": prices.cache_write_5m,
        "cache write, 1 h": prices.cache_write_1h,
        "out": prices.output,
    }
    text = ", ".join(f"{price(value)} {name}" for name, value in named.items() if value is not None)
    return [(Cell(title), Cell(f"{text}, per million tokens"))]
