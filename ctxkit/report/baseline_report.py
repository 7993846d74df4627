"""How a baseline differs from what is there now, as text and as JSON (``ctxkit/baseline-report/1``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, json

from ctxkit.report.check_json import BaselineOut, baseline_out
from ctxkit.report.figures import count
from ctxkit.report.layout import Cell, Column, Style, heading, paragraph, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.model.check import BaselineEntry, CheckResult
    from ctxkit.report.layout import Screen

_COLUMNS = (Column("right"), Column(cut="end", least=10), Column(cut="middle", least=16), Column(cut="end", least=8))
_MOST = 20


class BaselineReportOut(Struct, frozen=True, kw_only=True):
    """What ``ctxkit baseline --format json`` writes. ``written``: whether the file was changed by this run."""

    difference: BaselineOut
    file: str
    schema: Literal["ctxkit/baseline-report/1"] = "ctxkit/baseline-report/1"
    written: bool


def baseline_json(result: CheckResult, name: str, written: bool) -> bytes:
    """The report; ``name``: the file, which may not be there yet."""
    out = BaselineReportOut(
        difference=baseline_out(result.difference, result.baseline),
        file=name.encode("utf-8", "backslashreplace").decode(),
        written=written,
    )
    return json.format(json.encode(out, order="sorted"), indent=1) + b"\n"


def baseline_text(result: CheckResult, name: str, written: bool, screen: Screen) -> Iterator[str]:
    """What is resolved, smaller, grown and new, and the next step."""
    difference = result.difference
    if difference.is_empty and result.baseline:
        yield f"{name} says what is there: nothing to change."
        return
    yield from _part("Resolved", [(entry, f"-{entry.tokens:,}") for entry in difference.resolved], Style.GOOD, screen)
    yield from _part(
        "Smaller", [(entry, f"-{entry.tokens - now:,}") for entry, now in difference.improved], Style.GOOD, screen
    )
    yield from _part(
        "Grown", [(entry, f"+{now - entry.tokens:,}") for entry, now in difference.grown], Style.BAD, screen
    )
    yield from _part("Not in it", [(entry, f"+{entry.tokens:,}") for entry in difference.new], Style.WARN, screen)
    if written:
        yield from paragraph(f"Wrote {name}. Commit it with the change that it belongs to.", screen, indent=0)
    elif difference.is_empty:
        yield from paragraph(f"There is nothing to let pass, so {name} is not needed.", screen, indent=0)
    else:
        missing = "" if result.baseline else f" {name} is not there yet."
        yield from paragraph(f"Nothing was written.{missing} To write it: ctxkit baseline --update", screen, indent=0)


def _part(title: str, entries: Sequence[tuple[BaselineEntry, str]], style: Style, screen: Screen) -> Iterator[str]:
    if not entries:
        return
    yield heading(title, screen, count(len(entries), "entry", "entries"))
    rows = [
        (Cell(f"{tokens} tokens", style), Cell(entry.rule), Cell(entry.path), Cell(entry.fingerprint, Style.QUIET))
        for entry, tokens in entries[:_MOST]
    ]
    yield from table(rows, _COLUMNS, screen)
    if len(entries) > _MOST:
        yield screen.paint(f"  {screen.glyphs.cut} and {len(entries) - _MOST:,} more (--format json)", Style.QUIET)
