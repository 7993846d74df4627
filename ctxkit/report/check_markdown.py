"""A check as blocks of Markdown, for a step summary or a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.report.check_text import difference_text, next_steps, state_word, used_text, verdict_text
from ctxkit.report.layout import Screen
from ctxkit.report.markdown import code, prose, table
from ctxkit.report.markdown_findings import agents_table, findings_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ctxkit.model.check import CheckResult
    from ctxkit.report.cost import Priced

_MARKS = {"over": "🔴", "no match": "🔴", "near": "🟡", "held": "🟡", "ok": "🟢"}


def check_markdown(result: CheckResult, models: Mapping[str, Priced]) -> list[str]:
    """The blocks: the verdict, what to do, budgets, agents, findings. ``models`` (for prices) by id."""
    return [
        f"## ctxkit: {'passed' if result.passed else 'failed'}",
        prose(verdict_text(result)),
        *_steps(result),
        *_budgets(result),
        agents_table(result.audit, models),
        *_baseline(result),
        *findings_blocks(result.audit.findings),
    ]


def _steps(result: CheckResult) -> Iterator[str]:
    steps = [f"- {code(command)}: {prose(said)}" for command, said in next_steps(result)]
    if steps:
        yield "\n".join(steps)


def _budgets(result: CheckResult) -> Iterator[str]:
    if not result.budgets:
        return
    screen = Screen()
    rows = [
        (
            f"{_MARKS[state_word(budget)]} {prose(state_word(budget))}",
            prose(budget.name),
            prose(budget.agent),
            prose(used_text(budget, screen)),
            prose(budget.message if budget.fails else ""),
        )
        for budget in result.budgets
    ]
    yield "### Budgets"
    yield table(("", "budget", "agent", "used", "what to do"), rows)


def _baseline(result: CheckResult) -> Iterator[str]:
    if result.baseline and not result.difference.is_empty:
        yield f"Baseline {code(result.baseline)}: {prose(', '.join(difference_text(result.difference)))}."
