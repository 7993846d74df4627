"""The audit as text: all agents side by side, then one after another, the files they may read, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ctxkit.model import Category
from ctxkit.model.audit import AgentAudit, Audit
from ctxkit.report.cost import TURNS, Priced, cost_of
from ctxkit.report.figures import cents, count, percent, short, short_number
from ctxkit.report.layout import Cell, Column, Row, Screen, Style, heading, paragraph, table
from ctxkit.report.summary import Summary, hidden_tokens, summarise
from ctxkit.report.text_agent import SHADES, agent_text
from ctxkit.report.text_findings import findings_text, score_text

if TYPE_CHECKING:
    from ctxkit.model import Skipped

Found = Sequence[tuple[AgentAudit, Summary]]


def audit_text(
    audit: Audit,
    models: Mapping[str, Priced],
    screen: Screen,
    path: str = ".",
    top: int = 8,
    every_agent: bool = False,
) -> Iterator[str]:
    """The report line by line.

    ``models`` (for prices) by id; ``path`` as the user gave it, for the commands that are suggested; ``top`` rows in
    the longest list. With several agents only the heaviest is shown in full, unless ``every_agent``.
    """
    found = sorted(((agent, summarise(agent)) for agent in audit.agents), key=_weight)
    if len(found) > 1:
        yield from _side_by_side(found, models, screen)
        yield ""
    for at, (agent, summary) in enumerate(found if every_agent else found[:1]):
        if at:
            yield from ("", "")
        yield from agent_text(agent, summary, models.get(agent.context.model), screen, top)
    ends = (
        _findings(audit, screen, top),
        _files(audit, found, screen, top),
        _skipped(audit, screen, top),
        _next(audit, found, screen, path, every_agent),
    )
    for part in ends:
        lines = list(part)
        if lines:
            yield ""
            yield from lines


def _findings(audit: Audit, screen: Screen, top: int) -> Iterator[str]:
    lines = list(findings_text(audit.findings, screen, max(3, top // 2)))
    yield from lines
    if audit.score is not None:
        yield from [""] if lines else []
        yield from paragraph(f"Score: {score_text(audit.score)}.", screen, indent=0, hang=7, style=Style.STRONG)


def _weight(found: tuple[AgentAudit, Summary]) -> tuple[int, str]:
    return -found[1].start.n, found[0].context.agent


def _side_by_side(found: Found, models: Mapping[str, Priced], screen: Screen) -> Iterator[str]:
    yield heading(count(len(found), "agent"), screen, _MEANING)
    categories = [category for category in SHADES if any(summary.by_category[category].n for _, summary in found)]
    rows = [_figures(agent, summary, categories, models) for agent, summary in found]
    gap = 2 if screen.width > 80 else 1
    names = list(rows[0])
    for name in _LEFT_OUT_FIRST:
        needed = sum(max(len(name), *(len(row[name].text) for row in rows)) + gap for name in names[1:])
        if name in names and needed + _NAME + 2 > screen.width:
            names.remove(name)
    head: Row = [Cell(name, Style.QUIET) for name in names]
    columns = [Column(cut="end", least=_NAME), *(Column("right") for _ in names[1:])]
    yield from table([head, *([row[name] for name in names] for row in rows)], columns, screen, gap=gap)
    if not all(summary.whole for _, summary in found):
        yield from paragraph(f"{_MORE} and what is not counted: {_not_counted(found)}", screen, style=Style.WARN)


def _not_counted(found: Found) -> str:
    servers = "the tools of MCP servers" if any(summary.uncounted for _, summary in found) else ""
    own = "" if all(summary.measured for _, summary in found) else "prompts and tools that nobody has measured"
    return ", ".join(filter(None, (servers, own)))


_MORE = "+"
_MEANING = f"tokens before your first word; {TURNS} turns cached"
_NAME = 10
_LEFT_OUT_FIRST = ("window", *(category.value for category in reversed(SHADES)), "later")
"""Columns that a narrow screen does without."""


def _figures(
    agent: AgentAudit, summary: Summary, categories: Sequence[Category], models: Mapping[str, Priced]
) -> dict[str, Cell]:
    context = agent.context
    cost = cost_of(summary.start.n, models.get(context.model))
    more = "" if summary.whole else _MORE
    return {
        "": Cell(context.name, Style.STRONG),
        "window": Cell(short_number(context.window) if context.window else "?"),
        "used": Cell(percent(summary.start.n / context.window) if context.window else "?"),
        "tokens": Cell(short(summary.start) + more, Style.STRONG),
        **{category.value: _figure(summary, category) for category in categories},
        "later": Cell(short(summary.later_tokens)),
        f"{TURNS} turns": Cell(cents(cost.cached_100) + more if cost and summary.measured else "?"),
    }


def _figure(summary: Summary, category: Category) -> Cell:
    if not summary.measured and category in (Category.SYSTEM, Category.TOOLS):
        return Cell("?", Style.WARN)
    more = _MORE if summary.uncounted and category is Category.TOOLS else ""
    return Cell(short(summary.by_category[category]) + more, SHADES[category][1])


def _files(audit: Audit, found: Found, screen: Screen, top: int) -> Iterator[str]:
    inventory = audit.inventory
    if not inventory.count:
        return
    said = f"{count(inventory.count, 'file')}, {inventory.total:,} tokens (o200k_base)"
    yield heading("Files it may read" if len(found) == 1 else "Files they may read", screen, said)
    rows: list[Row] = [
        (
            Cell(f"{tokens:,}"),
            Cell(percent(tokens / inventory.total)),
            Cell(kind),
            Cell(count(files, "file"), Style.QUIET),
        )
        for kind, (files, tokens) in sorted(inventory.by_kind().items(), key=lambda kind: (-kind[1][1], kind[0]))
        if tokens
    ]
    yield from table(rows, (Column("right"), Column("right"), Column(), Column()), screen)
    yield screen.paint("  Largest", Style.QUIET)
    largest: list[Row] = [
        (
            Cell(f"{'~' if entry.estimated else ''}{entry.tokens:,}"),
            Cell(percent(entry.tokens / inventory.total)),
            Cell(entry.path),
            Cell(entry.kind, Style.QUIET),
        )
        for entry in inventory.largest(max(3, top // 2))
        if entry.tokens
    ]
    yield from table(largest, (Column("right"), Column("right"), Column(cut="middle", least=24), Column()), screen)
    for agent, _ in found:
        yield from _hidden(audit, agent, screen)


def _hidden(audit: Audit, agent: AgentAudit, screen: Screen) -> Iterator[str]:
    if agent.hidden:
        tokens = hidden_tokens(agent, audit.inventory)
        files = count(len(agent.hidden), "file")
        said = f"{agent.context.name} does not see {files} of them ({tokens:,} tokens): its ignore files hide them."
        yield from paragraph(said, screen, hang=2)


def _skipped(audit: Audit, screen: Screen, top: int) -> Iterator[str]:
    skipped: dict[tuple[str, str], Skipped] = {}
    for item in (*audit.skipped, *(item for agent in audit.agents for item in agent.context.skipped)):
        skipped.setdefault((item.path, item.reason), item)
    if not skipped:
        return
    yield heading("Could not read", screen, f"{len(skipped):,}")
    items = list(skipped.values())
    for item in items[:top]:
        hint = f" ({item.hint})" if item.hint else ""
        yield from paragraph(f"{item.path}: {item.reason}{hint}", screen, hang=2, style=Style.WARN)
    if len(items) > top:
        yield f"  {len(items) - top:,} more; all of them: --format json"


_OTHERS = 4


def _next(audit: Audit, found: Found, screen: Screen, path: str, every_agent: bool) -> Iterator[str]:
    if audit.also_read_by:
        others = audit.also_read_by
        names = ", ".join(others[:_OTHERS]) + (f" and {len(others) - _OTHERS} more" if len(others) > _OTHERS else "")
        yield from paragraph(
            f"Other agents would load these rules too: {names}.", screen, indent=0, hang=2, style=Style.QUIET
        )
    place = "" if path == "." else f" {shlex.quote(path)}"
    command, option, why = _suggested(found, every_agent)
    said = f"Next: ctxkit {command}{place} {option}  ({why})"
    yield from paragraph(said, screen, indent=0, hang=6, style=Style.STRONG)


def _suggested(found: Found, every_agent: bool) -> tuple[str, str, str]:
    if len(found) > 1 and not every_agent:
        other = found[1][0].context
        return "audit", f"--agent {other.agent}", f"the same for {other.name}"
    for agent, summary in found:
        if summary.uncounted:
            return "tools", f"--agent {agent.context.agent} --live", "asks its servers, after showing what that starts"
    return "audit", "--format json", "every item, with spans and reasons"
