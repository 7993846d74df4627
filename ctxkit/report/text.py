"""The audit as text: all agents side by side, then one after another, the files they may read, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ctxkit.model import Activation, Category, Skipped
from ctxkit.model.audit import AgentAudit, Audit
from ctxkit.report.cost import TURNS, Prices, cost_of
from ctxkit.report.figures import count, money, percent, short, short_number
from ctxkit.report.layout import Cell, Column, Row, Screen, Style, clean, heading, paragraph, table
from ctxkit.report.summary import Summary, hidden_tokens, summarise
from ctxkit.report.text_agent import SHADES, agent_text

WIDEST = 120
"""Columns a report uses at most: longer lines are hard to read."""


def audit_text(
    audit: Audit, prices: Mapping[str, Prices], screen: Screen, top: int = 8, every_agent: bool = False
) -> Iterator[str]:
    """The report line by line. ``prices`` by model id; ``top`` rows in the longest list.

    With several agents only the heaviest is shown in full, unless ``every_agent``.
    """
    found = sorted(((agent, summarise(agent)) for agent in audit.agents), key=_weight)
    if len(found) > 1:
        yield from _side_by_side(found, prices, screen)
        yield ""
    for at, (agent, summary) in enumerate(found if every_agent else found[:1]):
        if at:
            yield from ("", "")
        yield from agent_text(agent, summary, prices.get(agent.context.model), screen, top)
    for part in (_files(audit, found, screen, top), _skipped(audit, screen, top), _next(audit, found, screen, every_agent)):
        lines = list(part)
        if lines:
            yield ""
            yield from lines


Found = Sequence[tuple[AgentAudit, Summary]]


def _weight(found: tuple[AgentAudit, Summary]) -> tuple[int, str]:
    return -found[1].start.n, found[0].context.agent


def _side_by_side(found: Found, prices: Mapping[str, Prices], screen: Screen) -> Iterator[str]:
    shown = [category for category in SHADES if any(summary.by_category[category].n for _, summary in found)]
    yield heading(count(len(found), "agent"), screen, "tokens before the first word")
    head = ["window", "used", "tokens", *(category.value for category in shown), "later", f"{TURNS} turns"]
    rows: list[Row] = [(Cell(), *(Cell(name, Style.QUIET) for name in head))]
    for agent, summary in found:
        context = agent.context
        cost = cost_of(summary.start.n, prices.get(context.model))
        rows.append(
            (
                Cell(clean(context.name), Style.STRONG),
                Cell(short_number(context.window) if context.window else "?"),
                Cell(percent(summary.start.n / context.window) if context.window else "?"),
                Cell(short(summary.start), Style.STRONG),
                *(Cell(short(summary.by_category[category]), SHADES[category][1]) for category in shown),
                Cell(short(summary.later_tokens)),
                Cell(money(cost.cached_100) if cost else "-"),
            )
        )
    columns = (Column(cut="end", least=10), *(Column("right") for _ in head))
    yield from table(rows, columns, screen, gap=2 if screen.width > 80 else 1)


def _files(audit: Audit, found: Found, screen: Screen, top: int) -> Iterator[str]:
    inventory = audit.inventory
    if not inventory.count:
        return
    yield heading("Files they may read" if len(found) > 1 else "Files it may read", screen, _inventory_total(audit))
    kinds = sorted(inventory.by_kind().items(), key=lambda kind: (-kind[1][1], kind[0]))
    named = [f"{clean(kind)} {tokens:,} in {files:,}" for kind, (files, tokens) in kinds if tokens]
    if named:
        yield from paragraph(f"By kind: {', '.join(named)}.", screen, hang=2)
    rows = [
        (Cell(f"{'~' if entry.estimated else ''}{entry.tokens:,}"), Cell(clean(entry.path)), Cell(clean(entry.kind), Style.QUIET))
        for entry in inventory.largest(max(3, top // 2))
        if entry.tokens
    ]
    yield from table(rows, (Column("right"), Column(cut="middle", least=24), Column(cut="end")), screen)
    for agent, _ in found:
        if agent.hidden:
            tokens = hidden_tokens(agent, inventory)
            name = clean(agent.context.name)
            yield from paragraph(
                f"Hidden from {name} by its ignore files: {count(len(agent.hidden), 'file')}, {tokens:,} tokens.", screen
            )


def _inventory_total(audit: Audit) -> str:
    return f"{count(audit.inventory.count, 'file')}, {audit.inventory.total:,} tokens"


def _skipped(audit: Audit, screen: Screen, top: int) -> Iterator[str]:
    skipped: dict[tuple[str, str], Skipped] = {}
    for item in (*audit.skipped, *(item for agent in audit.agents for item in agent.context.skipped)):
        skipped.setdefault((item.path, item.reason), item)
    if not skipped:
        return
    yield heading("Could not read", screen, f"{len(skipped):,}")
    items = list(skipped.values())
    for item in items[:top]:
        hint = f" ({clean(item.hint)})" if item.hint else ""
        yield from paragraph(f"{clean(item.path)}: {clean(item.reason)}{hint}", screen, hang=2, style=Style.WARN)
    if len(items) > top:
        yield f"  {len(items) - top:,} more: ctxkit audit --format json"


def _next(audit: Audit, found: Found, screen: Screen, every_agent: bool) -> Iterator[str]:
    if audit.also_read_by:
        names = ", ".join(clean(name) for name in audit.also_read_by)
        yield from paragraph(f"Also read by: {names}.", screen, indent=0, hang=2, style=Style.QUIET)
    command, why = _next_command(found, every_agent)
    yield screen.paint(f"Next: {command}", Style.STRONG) + f"  {why}"


def _next_command(found: Found, every_agent: bool) -> tuple[str, str]:
    if len(found) > 1 and not every_agent:
        other = found[1][0].context
        return f"ctxkit audit --agent {other.agent}", f"shows {clean(other.name)} in full"
    return "ctxkit audit --format json", "holds every item, with spans and reasons"


__all__ = ["WIDEST", "audit_text"]
_ = (Activation, Category)
