"""A diff as text: a table of what changed for each agent, the files they may read, the findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model import Category
from ctxkit.report.cost import TURNS, Priced, cost_of
from ctxkit.report.figures import count, full
from ctxkit.report.layout import Cell, Column, Row, Screen, Style, heading, paragraph, parted, table, titles
from ctxkit.report.text_findings import finding_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ctxkit.model.diff import AgentDiff, Change, Diff, FileChange, ItemChange
    from ctxkit.model.finding import Finding

WORK_TREE = "the work tree"
"""What an unnamed head is called."""

COLUMNS = ("before", "after", "difference", f"$ per {TURNS} turns")
"""What stands behind each name, in text and in Markdown."""

_LAYOUT = (Column(cut="middle", least=24), Column("right"), Column("right"), Column("right"), Column("right"))


def diff_text(diff: Diff, models: Mapping[str, Priced], screen: Screen, top: int = 8) -> Iterator[str]:
    """The report line by line; ``models`` (for prices) by id, ``top`` rows in the longest list."""
    parts = (
        _agents(diff, models, screen, top),
        _files(diff, screen, top),
        _findings("New findings", diff.new, screen, top),
        _findings("Resolved findings", diff.resolved, screen, top),
        _end(diff, screen),
    )
    yield from parted(parts)


def named(diff: Diff) -> str:
    """``main to the work tree``."""
    return f"{diff.base} to {diff.head or WORK_TREE}"


def _agents(diff: Diff, models: Mapping[str, Priced], screen: Screen, top: int) -> Iterator[str]:
    yield heading(named(diff), screen, count(len(diff.agents), "agent"))
    rows: list[Row] = [titles("", *COLUMNS)]
    for agent in diff.agents:
        rows += _agent(agent, models.get(agent.model), top)
    yield from table(rows, _LAYOUT, screen)


def _agent(agent: AgentDiff, model: Priced | None, top: int) -> Iterator[Row]:
    yield _row(agent.name, agent.start, Style.STRONG, cost_said(agent, model))
    for category, change in agent.categories:
        items = [item for item in agent.items if item.category is category and item.start.by]
        if not items:
            continue
        yield _row(f"  {category.value}", change)
        yield from _listed(items, top, lambda item: item.start)
    later = [item for item in agent.items if item.later.by]
    if later:
        yield _row("  comes later, at most", agent.later)
        yield from _listed(later, top, lambda item: item.later)


def _listed(items: Sequence[ItemChange], top: int, of: Callable[[ItemChange], Change]) -> Iterator[Row]:
    for item in items[:top]:
        yield _row(f"    {name_of(item)}", of(item), Style.QUIET)
    if len(items) > top:
        yield [Cell(f"    {count(len(items) - top, 'more change')} (--top)", Style.QUIET)]


def name_of(item: ItemChange) -> str:
    """Its path; of a server, several of which stand in one file, and of what has no file, its name."""
    return item.title if item.path is None or item.category is Category.TOOLS else item.path


def signed(change: Change) -> str:
    """``+642``, ``-1,204``, ``~+12`` of an estimate; ``0`` for no difference."""
    return f"{'' if change.exact else '~'}{change.by:+,}" if change.by else "0"


def cost_said(agent: AgentDiff, model: Priced | None) -> str:
    """``$0.88 (+$0.02)``: what the window costs afterwards, and how much more that is; ``?`` without a price."""
    before, after = cost_of(agent.start.before.n, model), cost_of(agent.start.after.n, model)
    if before is None or after is None:
        return "?"
    more = after.cached_100 - before.cached_100
    told = f"{abs(more):,.2f}" if abs(more) >= 0.005 or not more else f"{abs(more):.4f}"
    sign = "+" if more > 0 else "-"
    return f"${after.cached_100:,.2f} ({sign}${told})" if agent.start.by else f"${after.cached_100:,.2f}"


def _row(name: str, change: Change, style: Style = Style.PLAIN, cost: str = "") -> Row:
    mark = Style.PLAIN if not change.by else Style.WARN if change.by > 0 else Style.GOOD
    return [
        Cell(name, style),
        Cell(full(change.before), style),
        Cell(full(change.after), style),
        Cell(signed(change), mark),
        Cell(cost, style),
    ]


def _files(diff: Diff, screen: Screen, top: int) -> Iterator[str]:
    if not diff.files:
        return
    said = f"{signed(diff.all_files)} of {diff.all_files.after.n:,} tokens (o200k_base)"
    yield heading(f"Files they may read: {count(len(diff.files), 'change')}", screen, said)
    rows = [_row(_file_name(file), file.tokens)[:4] for file in diff.files[:top]]
    yield from table(rows, _LAYOUT[:4], screen)
    if len(diff.files) > top:
        yield screen.paint(f"  {len(diff.files) - top:,} more (--top)", Style.QUIET)


def _file_name(file: FileChange) -> str:
    return file.path if file.kind == "source" else f"{file.path} ({file.kind})"


def _findings(title: str, findings: Sequence[Finding], screen: Screen, top: int) -> Iterator[str]:
    if not findings:
        return
    yield heading(title, screen, f"{len(findings):,}")
    for finding in findings[:top]:
        yield from finding_text(finding, screen)
    if len(findings) > top:
        yield screen.paint(f"  {len(findings) - top:,} more (--top)", Style.QUIET)


def _end(diff: Diff, screen: Screen) -> Iterator[str]:
    for item in diff.skipped[:_SKIPPED]:
        yield from paragraph(f"{item.path}: {item.reason}", screen, indent=0, hang=2, style=Style.QUIET)
    if len(diff.skipped) > _SKIPPED:
        yield screen.paint(f"{len(diff.skipped) - _SKIPPED:,} more that could not be read", Style.QUIET)
    yield from paragraph(verdict(diff), screen, indent=0, hang=2, style=Style.STRONG)


_SKIPPED = 3


def verdict(diff: Diff) -> str:
    """In one sentence what the change means: the most any agent pays more in each request, findings, score."""
    most = max(diff.agents, key=lambda agent: (abs(agent.start.by), agent.agent), default=None)
    if most is None or not most.start.by:
        said = "No agent starts with more or fewer tokens than before"
    else:
        about, by = "" if most.start.exact else "~", most.start.by
        said = f"{most.name} carries {about}{abs(by):,} {'more' if by > 0 else 'fewer'} tokens in every request"
    told = [said, *([f"{count(len(diff.new), 'new finding')}"] if diff.new else [])]
    if diff.resolved:
        told.append(f"{len(diff.resolved):,} resolved")
    if diff.score is not None and diff.score[0] != diff.score[1]:
        told.append(f"score {diff.score[0]} to {diff.score[1]} (0 is best)")
    return f"{'; '.join(told)}."
