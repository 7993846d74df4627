"""Budgets that fail, as findings: for reports that know nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.check import BudgetState
from ctxkit.model.finding import Confidence, Finding, Location, Severity
from ctxkit.report.check_text import state_word, used_text
from ctxkit.report.figures import full
from ctxkit.report.layout import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.model.check import BudgetResult, CheckResult

NAME = "budget"
"""What stands for a detector's id."""

_HEAVIEST = 5
_STATES = {BudgetState.OVER: Severity.ERROR, BudgetState.UNMATCHED: Severity.ERROR, BudgetState.WARN: Severity.WARNING}


def budget_findings(result: CheckResult) -> Iterator[Finding]:
    """Each budget of ``result`` that fails or is near its limit, those that fail first.

    The place is the heaviest file that the budget adds up, else the configuration. What the baseline holds is let be.
    """
    for state, severity in _STATES.items():
        for budget in result.budgets:
            if budget.state is state and state_word(budget) != "held":
                yield _finding(budget, severity, result.config)


def _finding(budget: BudgetResult, severity: Severity, config: str) -> Finding:
    path = next((weight.path for weight in budget.weights if weight.path is not None), None) or config or None
    return Finding(
        rule=NAME,
        severity=severity,
        confidence=Confidence.HIGH,
        message=_message(budget),
        tip=budget.message or "Take something out of what it adds up, or raise the limit.",
        at=(Location(path),) if path is not None else (),
        key=f"{budget.name} {budget.agent}",
        evidence=tuple(
            f"{full(weight.tokens)} tokens: {weight.path or weight.title}" for weight in budget.weights[:_HEAVIEST]
        ),
    )


def _message(budget: BudgetResult) -> str:
    who = f"{budget.name} ({budget.agent})" if budget.agent else budget.name
    used = used_text(budget, Screen()).rstrip(".")
    if budget.state is BudgetState.UNMATCHED:
        return f"Budget {who} matches nothing{f': {used}' if used else ''}."
    return f"Budget {who} is {'over' if budget.fails else 'near'} its limit: {used}."
