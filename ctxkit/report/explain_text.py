"""What the detectors are for, as text: a list, or one in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.report.layout import Cell, Column, Row, Screen, Style, heading, paragraph, table
from ctxkit.report.page import page_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.report.page import Page


def pages_text(identities: Sequence[str], screen: Screen) -> Iterator[str]:
    """A line for each detector, and how to see one in full."""
    yield heading("Detectors", screen, f"{len(identities):,}")
    rows: list[Row] = [(Cell(identity, Style.STRONG), Cell(page_of(identity).title)) for identity in identities]
    yield from table(rows, (Column(), Column(cut="end", least=20)), screen)
    yield ""
    yield screen.paint("Next: ctxkit explain ID  (what it finds, what to do, when to ignore it)", Style.STRONG)


def page_text(page: Page, screen: Screen) -> Iterator[str]:
    """One detector: its docstring, its thresholds, and how to switch it off or leave one finding out."""
    yield heading(page.identity, screen)
    yield from paragraph(page.title, screen)
    for title, text in page.parts:
        yield ""
        yield screen.paint(f"  {title}", Style.HEAD)
        for piece in text.split("\n\n"):
            yield from paragraph(piece, screen, indent=4)
    if page.limits:
        yield ""
        yield screen.paint(f"  Thresholds (detectors.{page.identity} in the configuration)", Style.HEAD)
        for name, limit in page.limits.items():
            yield from paragraph(f"{name} = {limit.value:g} {limit.unit}: {limit.meaning}", screen, indent=4, hang=2)
            yield from paragraph(f"Source: {limit.source}", screen, indent=6, style=Style.QUIET)
