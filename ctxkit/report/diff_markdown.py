"""A diff as Markdown for a comment on a pull request: verdict, a table of agents, what changed, findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.report.diff_text import COLUMNS, cost_said, name_of, named, signed, verdict
from ctxkit.report.figures import count, full, percent, short_number
from ctxkit.report.markdown import code, details, prose, table
from ctxkit.report.markdown_findings import finding_block, findings_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ctxkit.model.diff import AgentDiff, Change, Diff
    from ctxkit.report.cost import Priced

_ITEMS = 50
_RESOLVED = 50
_RIGHT = range(1, 7)


def diff_markdown(diff: Diff, models: Mapping[str, Priced]) -> list[str]:
    """The blocks of the report, most telling first; ``models`` (for prices) by id."""
    return [
        "## What agents load",
        f"{prose(verdict(diff))} ({prose(named(diff))})",
        _agents(diff.agents, models),
        *(_changes(agent) for agent in diff.agents if agent.items),
        *_files(diff),
        *([f"### New findings: {len(diff.new):,}"] if diff.new else []),
        *map(finding_block, diff.new),
        *([f"### Resolved findings: {len(diff.resolved):,}"] if diff.resolved else []),
        *findings_list(diff.resolved, _RESOLVED),
    ]


def _agents(agents: Sequence[AgentDiff], models: Mapping[str, Priced]) -> str:
    rows = []
    for agent in agents:
        window = agent.window
        rows.append(
            (
                prose(agent.name),
                short_number(window) if window else "?",
                *_figures(agent.start),
                percent(agent.start.after.n / window) if window else "?",
                prose(cost_said(agent, models.get(agent.model))),
            )
        )
    return table(("agent", "window", *COLUMNS[:3], "of the window", COLUMNS[3]), rows, right=_RIGHT)


def _changes(agent: AgentDiff) -> str:
    rows = []
    for category, change in agent.categories:
        items = [item for item in agent.items if item.category is category and item.start.by]
        if items:
            rows.append((f"**{category.value}**", *_figures(change)))
        rows += [(code(name_of(item)), *_figures(item.start)) for item in items[:_ITEMS]]
    later = [item for item in agent.items if item.later.by]
    if later:
        rows.append(("**comes later, at most**", *_figures(agent.later)))
        rows += [(code(name_of(item)), *_figures(item.later)) for item in later[:_ITEMS]]
    summary = f"{prose(agent.name)}: {count(len(agent.items), 'change')}"
    return details(summary, table(("", *COLUMNS[:3]), rows, right=_RIGHT[:3]))


def _figures(change: Change) -> tuple[str, str, str]:
    return prose(full(change.before)), prose(full(change.after)), prose(signed(change))


def _files(diff: Diff) -> Iterator[str]:
    if diff.files:
        rows = [(code(file.path), file.kind, *_figures(file.tokens)) for file in diff.files[:_ITEMS]]
        summary = (
            f"Files they may read: {count(len(diff.files), 'change')}, {signed(diff.all_files)} tokens (o200k&#95;base)"
        )
        yield details(summary, table(("", "kind", *COLUMNS[:3]), rows, right=range(2, 5)))
