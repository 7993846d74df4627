"""Budgets as findings."""

from typing import Any

import pytest

from ctxkit.model import Tokens
from ctxkit.model.check import BudgetResult, BudgetState, CheckResult, Weight
from ctxkit.model.finding import Persona, Severity
from ctxkit.report.budgets import budget_findings
from ctxkit.report.github import check_annotated
from ctxkit.report.sarif import check_sarif_json

HEAVY = (Weight("prompt", None, Tokens(50, True, "x")), Weight("CLAUDE.md", "CLAUDE.md", Tokens(40, True, "x")))


def budget(state: BudgetState, **more: Any) -> BudgetResult:
    fields: dict[str, Any] = {"tokens": Tokens(90, True, "x"), "weights": HEAVY} | more
    return BudgetResult("all", "codex", "tokens", 80, 90, state, **fields)


def result(several: Any, *budgets: BudgetResult) -> CheckResult:
    return CheckResult(several, Severity.WARNING, Persona.REGULAR, budgets=budgets, config=".ctxkit.yaml")


def test_those_that_fail_come_first_and_what_holds_is_left_out(several: Any) -> None:
    states = (BudgetState.OK, BudgetState.WARN, BudgetState.UNMATCHED, BudgetState.OVER)
    found = list(budget_findings(result(several, *map(budget, states))))
    assert [finding.severity for finding in found] == [Severity.ERROR, Severity.ERROR, Severity.WARNING]
    assert ["over its limit" in f.message for f in found] == [True, False, False]
    assert "matches nothing" in found[1].message
    assert "near its limit" in found[2].message


def test_the_place_is_the_heaviest_file_or_the_configuration(several: Any) -> None:
    over = budget(BudgetState.OVER)
    [finding] = budget_findings(result(several, over))
    assert finding.at[0].path == "CLAUDE.md"
    assert finding.evidence == ("50 tokens: prompt", "40 tokens: CLAUDE.md")
    [finding] = budget_findings(result(several, budget(BudgetState.OVER, weights=())))
    assert finding.at[0].path == ".ctxkit.yaml"


def test_what_the_baseline_holds_is_let_be(several: Any) -> None:
    assert list(budget_findings(result(several, budget(BudgetState.WARN, held=95)))) == []


@pytest.mark.parametrize("name", ["a\n::error::x", "a]b(c)[d](e)"])
def test_the_name_of_a_budget_is_only_text(several: Any, name: str) -> None:
    from dataclasses import replace

    hostile = result(several, replace(budget(BudgetState.OVER), name=name, message=name))
    [line] = check_annotated(hostile, {"CLAUDE.md": "CLAUDE.md"})
    assert line.startswith("::error file=CLAUDE.md,line=1,title=ctxkit budget::")
    assert "\n" not in line
    assert b"\\n::error" not in check_sarif_json(hostile, {"CLAUDE.md": "CLAUDE.md"}, "1.0.0").replace(b"\\\\n", b"")
