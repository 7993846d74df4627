"""The models as text: window, tokenizer and prices, all of them or one in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.report.figures import count, price, short_number
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
    yield from table(rows, (Column(cut="end", least=12), right, right, right, right, right, Column()), screen)
    yield ""
    yield from paragraph("Next: ctxkit models NAME (all prices, other names, sources)", screen, 0, 6, Style.STRONG)


def counted(family: Family, screen: Screen) -> str:
    """``exact``, or how far off an estimate may be."""
    return "exact" if family.exact else f"{screen.glyphs.plus_minus}{family.error * 100:.0f} %"


def model_facts(model: Model, screen: Screen) -> Iterator[str]:
    """One model in full."""
    family = model.tokenizer
    yield heading(model.id, screen, f"{model.provider}, as of {model.date}")
    yield from paragraph(f"Takes {model.window:,} tokens, answers with at most {model.max_output:,}.", screen)
    how = f"exactly, in {family.encoding}" if family.exact else f"by estimate, {counted(family, screen)} at worst"
    yield from paragraph(f"Counted {how} ({family.title}).", screen, hang=2)
    if model.aliases:
        yield from paragraph(f"Also called {', '.join(model.aliases)}.", screen, hang=2)
    yield ""
    yield heading("Prices", screen, "US dollars per million tokens")
    head = ("", "in", "cached", "written, 5 min", "written, 1 h", "out")
    rows: list[Row] = [tuple(Cell(name, Style.QUIET) for name in head), _prices("a request", model.prices)]
    rows += [_prices(f"over {long.above:,} tokens", long.prices) for long in model.long]
    yield from table(rows, (Column(cut="end"), *(Column("right") for _ in head[1:])), screen)
    yield from paragraph(model.source, screen, hang=2, style=Style.QUIET)
    if family.factors:
        yield ""
        yield heading("Estimated from o200k_base", screen, f"{family.id}, as of {family.date}")
        factors: list[Row] = [
            (
                Cell(content.value),
                Cell(f"{screen.glyphs.times} {factor.factor:g}"),
                Cell(f"{screen.glyphs.plus_minus}{factor.error * 100:.0f} %"),
            )
            for content, factor in family.factors.items()
        ]
        yield from table(factors, (Column(), Column("right"), Column("right")), screen)
        yield from paragraph(family.source, screen, hang=2, style=Style.QUIET)


def _prices(title: str, prices: Prices) -> Row:
    figures = (prices.input, prices.cached_read, prices.cache_write_5m, prices.cache_write_1h, prices.output)
    return (Cell(title), *(Cell(price(figure)) for figure in figures))
