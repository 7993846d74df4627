"""What writing the lock file changed, as text: each server that is another than before, and its tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.report.figures import count
from ctxkit.report.layout import Cell, Column, Row, Screen, Style, heading, paragraph, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.model.tools import LockResult, ServerChange, ToolChange


def lock_text(lock: LockResult, screen: Screen, top: int, only_checked: bool) -> Iterator[str]:
    """The lines about ``lock``; ``only_checked``: it was compared and not written."""
    done = "would change" if only_checked else "written"
    state = done if lock.written else "unchanged"
    sums = f"{count(lock.servers, 'server')}, {count(lock.tools, 'tool')}, {lock.tokens:,} tokens (o200k_base)"
    yield heading(f"{lock.path}: {state}", screen, sums)
    rows: list[Row] = []
    for change in lock.changes:
        rows.append(_server(change))
        if change.before is None or change.after is None:
            continue
        rows.extend(_tool(tool) for tool in change.tools[:top])
        if len(change.tools) > top:
            rows.append((Cell(), Cell(f"  {len(change.tools) - top:,} more", Style.QUIET), Cell(), Cell()))
    columns = (Column("right"), Column(cut="end", least=12), Column("right"), Column(cut="end"))
    yield from table(rows, columns, screen)
    for note in lock.notes:
        yield from paragraph(f"{screen.glyphs.dot} {note}", screen, hang=2, style=Style.WARN)


def _server(change: ServerChange) -> Row:
    figures = _from_to(change.before, change.after)
    if change.before is None:
        said = f"new, {_version(change.version_after)}"
    elif change.after is None:
        said = "removed: no configuration file names it"
    elif change.version_before != change.version_after:
        said = f"{_version(change.version_before)} to {_version(change.version_after)}"
    else:
        said = _version(change.version_after)
    more = ", other instructions" if change.told else ""
    delta = (change.after or 0) - (change.before or 0)
    return (
        Cell(_signed(delta), _style(delta)),
        Cell(change.name, Style.STRONG),
        Cell(figures),
        Cell(said + more, Style.QUIET),
    )


def _tool(tool: ToolChange) -> Row:
    delta = (tool.after or 0) - (tool.before or 0)
    state = "new" if tool.before is None else "gone" if tool.after is None else ""
    return (
        Cell(_signed(delta)),
        Cell(f"  {tool.name}"),
        Cell(_from_to(tool.before, tool.after), Style.QUIET),
        Cell(state, Style.QUIET),
    )


def _version(version: str | None) -> str:
    return version or "no version"


def _from_to(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        return f"{(after if before is None else before) or 0:,}"
    return f"{before:,} to {after:,}"


def _signed(delta: int) -> str:
    return f"{delta:+,}" if delta else "0"


def _style(delta: int) -> Style:
    return Style.BAD if delta > 0 else Style.GOOD if delta < 0 else Style.PLAIN
