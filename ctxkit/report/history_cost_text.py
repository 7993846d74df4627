"""What a recorded session cost, as text: in sum, and turn by turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.report.figures import cents, count, money, percent, short_number
from ctxkit.report.layout import Cell, Column, Row, Screen, Style, heading, paragraph, table, titles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ctxkit.sources.session.overview import Overview
    from ctxkit.sources.session.timeline import Fill, TurnSum

_NAMED = 6
_WIDE = 76
_WIDEST = 110
"""Columns of a screen that has room for what a turn cost in parts, and for its tokens too."""


def counted(overview: Overview, n: int) -> str:
    """Tokens of our own count; an estimate says so."""
    return f"{'' if overview.scale.exact else '~'}{n:,}"


def cost_text(overview: Overview, screen: Screen) -> Iterator[str]:
    """Tokens and dollars of all requests, and when the cache was lost."""
    if not overview.input:
        return
    bill = overview.bill
    yield heading("What it cost", screen, f"{money(bill.total)} at list prices" if bill else "no price is known")
    cached = percent(overview.cached / overview.input)
    output, recorded = overview.output, overview.recorded_output
    answered = f"{counted(overview, output)} of output (by our count: the transcript has {recorded:,})"
    if output == recorded:
        answered = f"{output:,} of output"
    yield from paragraph(f"{overview.input:,} tokens of input ({cached} from the cache), {answered}.", screen)
    if bill is not None:
        parts = [
            ("fresh input", bill.fresh),
            ("written to the cache", bill.written),
            ("read from it", bill.cached),
            ("output", bill.output),
        ]
        yield from paragraph(", ".join(f"{money(usd)} {name}" for name, usd in parts if usd), screen)
    if overview.recorded_cost:
        yield from paragraph(f"The client itself recorded {money(overview.recorded_cost)}.", screen)
    cold = [fill for fill in overview.fills if fill.cold]
    if cold:
        fresh = sum(fill.fresh or 0 for fill in cold)
        yield from paragraph(
            f"The cache was lost {count(len(cold), 'time')}: {fresh:,} tokens were not read from it"
            f" (request{'s' if len(cold) > 1 else ''} {_numbers(cold, screen)}).",
            screen,
            style=Style.WARN,
        )


def _numbers(fills: Sequence[Fill], screen: Screen) -> str:
    more = [screen.glyphs.cut] if len(fills) > _NAMED else []
    return ", ".join([*(str(fill.number) for fill in fills[:_NAMED]), *more])


def turns_text(overview: Overview, screen: Screen, top: int | None) -> Iterator[str]:
    """One row a turn; ``top``: so many, the dearest; None: all."""
    turns = overview.turns
    if len(turns) < 2:
        return
    shown: Iterable[TurnSum] = turns
    aside = ""
    if top is not None and len(turns) > top:
        dearest = sorted(turns, key=lambda turn: (-(turn.cost or 0), -turn.entered, turn.turn))[:top]
        shown = sorted(dearest, key=lambda turn: turn.turn)
        aside = f"the {top} dearest of {len(turns)}; all with --turns"
    yield heading("Turn by turn", screen, aside)
    columns = _turn_columns(any(turn.bill for turn in turns), screen.width)
    lines: list[Row] = [
        titles("", *(title for title, _ in columns), ""),
        *([Cell(f"{turn.turn}", Style.QUIET), *(cell(turn) for _, cell in columns), _prompt(turn)] for turn in shown),
    ]
    yield from table(lines, (*(Column("right") for _ in lines[0][1:]), Column(cut="end", least=12)), screen)


def _turn_columns(priced: bool, width: int) -> list[tuple[str, Callable[[TurnSum], Cell]]]:
    """Titles and figures of the turns, as many as there is room for: dollars before tokens where both are known."""
    tokens: list[tuple[str, Callable[[TurnSum], Cell]]] = [
        ("uncached", lambda turn: Cell(short_number(turn.fresh) if turn.input else "")),
        ("output", lambda turn: Cell(short_number(turn.output) if turn.input else "")),
    ]
    dollars: list[tuple[str, Callable[[TurnSum], Cell]]] = [
        ("cached $", lambda turn: _usd(turn.bill.cached if turn.bill else 0)),
        ("uncached $", lambda turn: _usd(turn.bill.fresh + turn.bill.written if turn.bill else 0)),
        ("output $", lambda turn: _usd(turn.bill.output if turn.bill else 0)),
    ]
    return [
        ("requests", lambda turn: Cell(f"{turn.requests:,}")),
        *([] if priced and _WIDE <= width < _WIDEST else [("entered", _entered)]),
        ("window", lambda turn: Cell(short_number(turn.window) if turn.window else "")),
        *(tokens if width >= (_WIDEST if priced else _WIDE) else ()),
        *(dollars if priced and width >= _WIDE else ()),
        ("cost", lambda turn: _usd(turn.cost or 0, Style.STRONG)),
    ]


def _entered(turn: TurnSum) -> Cell:
    return Cell(short_number(turn.entered))


def _usd(usd: float, style: Style = Style.PLAIN) -> Cell:
    return Cell(cents(usd) if usd else "", style)


def _prompt(turn: TurnSum) -> Cell:
    return Cell(("(compacted) " if turn.compactions else "") + (turn.excerpt or "before the first prompt"))
