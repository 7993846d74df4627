"""A check as text: what fails, why, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.check import BudgetState
from ctxkit.report.figures import count, full, money, percent
from ctxkit.report.layout import Cell, Column, Style, heading, paragraph, parted, table
from ctxkit.report.text_findings import counted, finding_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.model.check import BaselineDifference, BudgetResult, CheckResult
    from ctxkit.report.layout import Screen

_WEIGHTS = 3
_MOST = 10
_STATES = {
    BudgetState.OVER: ("over", Style.BAD),
    BudgetState.UNMATCHED: ("no match", Style.BAD),
    BudgetState.WARN: ("near", Style.WARN),
    BudgetState.OK: ("ok", Style.GOOD),
}
_COLUMNS = (Column(), Column(), Column(cut="end", least=16), Column(cut="end"))


def check_text(result: CheckResult, screen: Screen, path: str = ".") -> Iterator[str]:
    """The whole report; of what holds, a line for each budget. ``path``: as the user named the repository."""
    yield from parted(
        (_budgets(result, screen), _findings(result, screen), _baseline(result, screen), _verdict(result, screen, path))
    )


def used_text(result: BudgetResult, screen: Screen) -> str:
    """``~5,120 of 4,000 tokens (±8 %)``: what is used, of how much, and how sure that is."""
    if result.state is BudgetState.UNMATCHED:
        return result.reason
    tokens = result.tokens
    error = ""
    if not tokens.exact and tokens.error:
        error = f" ({screen.glyphs.plus_minus}{max(1, round(tokens.error * 100))} %)"
    about = "" if tokens.exact else "~"
    if result.unit == "share":
        return f"{about}{percent(result.used)} of {percent(result.limit)} of the window{error}"
    if result.unit == "usd":
        return f"{about}{money(result.used)} of {money(result.limit)} a turn{error}"
    return f"{full(tokens)} of {result.limit:,.0f} tokens{error}"


def state_word(result: BudgetResult) -> str:
    """``over``, ``near``, ``ok``, ``no match``, or ``held`` where the baseline lets it pass."""
    if result.held is not None and not result.fails:
        return "held"
    return _STATES[result.state][0]


def difference_text(difference: BaselineDifference) -> Iterator[str]:
    """What has changed since the baseline was written: one line for each kind of change."""
    if difference.resolved:
        yield f"{count(len(difference.resolved), 'entry is', 'entries are')} resolved"
    if difference.improved:
        fewer = sum(before.tokens - now for before, now in difference.improved)
        yield f"{count(len(difference.improved), 'entry wastes', 'entries waste')} {count(fewer, 'token')} less"
    if difference.grown:
        more = sum(now - before.tokens for before, now in difference.grown)
        yield f"{count(len(difference.grown), 'entry has', 'entries have')} grown by {count(more, 'token')}"
    if difference.new:
        yield f"{len(difference.new):,} of what was found {'is' if len(difference.new) == 1 else 'are'} not in it"


def verdict_text(result: CheckResult) -> str:
    """One sentence: what failed, or what held."""
    over = sum(budget.state is BudgetState.OVER for budget in result.budgets)
    unmatched = sum(budget.state is BudgetState.UNMATCHED for budget in result.budgets)
    level = result.fail_on.value if result.fail_on is not None else ""
    said = [
        f"{count(over, 'budget is', 'budgets are')} over the limit" if over else "",
        f"{count(unmatched, 'budget matches', 'budgets match')} nothing" if unmatched else "",
        f"{count(len(result.failing), 'finding')} at or above {level}" if result.failing else "",
    ]
    if not result.passed:
        return f"Failed: {', '.join(filter(None, said))}."
    held = [
        f"{count(len(result.budgets), 'budget')} kept" if result.budgets else "",
        f"no findings at or above {level}" if level else "",
    ]
    return f"Passed: {', '.join(filter(None, held)) or 'nothing was asked for'}."


def next_steps(result: CheckResult, path: str = ".") -> Iterator[tuple[str, str]]:
    """(a command, what it does) about a check that failed, or one whose baseline holds too much."""
    where = "" if path == "." else f" {path}"
    if result.failing:
        rules = list(dict.fromkeys(finding.rule for finding in result.failing))
        yield f"ctxkit explain {rules[0]}", "what the finding means, and when to ignore it"
    if any(budget.state is BudgetState.OVER for budget in result.budgets):
        yield f"ctxkit audit{where}", "where the tokens are"
    if result.failing or any(budget.state is BudgetState.OVER for budget in result.budgets):
        yield f"ctxkit baseline{where} --update", "lets what is there now pass, so that only more of it fails"
    elif result.difference.resolved or result.difference.improved:
        yield f"ctxkit baseline{where} --update", "keeps the gain: what is gone may not come back"


def _budgets(result: CheckResult, screen: Screen) -> Iterator[str]:
    if not result.budgets:
        return
    failing = [budget for budget in result.budgets if budget.fails]
    yield heading("Budgets", screen, f"{len(failing)} of {len(result.budgets)} failed" if failing else "kept")
    rows = []
    for budget in result.budgets:
        style = Style.WARN if state_word(budget) == "held" else _STATES[budget.state][1]
        rows.append(
            (
                Cell(state_word(budget), style),
                Cell(used_text(budget, screen)),
                Cell(budget.name),
                Cell(budget.agent, Style.QUIET),
            )
        )
    yield from table(rows, _COLUMNS, screen)
    for budget in failing:
        if budget.message or budget.weights:
            yield from paragraph(f"{budget.name}{': ' + budget.message if budget.message else ''}", screen, 4)
        for weight in budget.weights[:_WEIGHTS]:
            yield from paragraph(f"{full(weight.tokens)}  {weight.path or weight.title}", screen, 6, 2, Style.QUIET)


def _findings(result: CheckResult, screen: Screen) -> Iterator[str]:
    findings = result.audit.findings
    if not result.failing and not findings.expired:
        return
    yield heading("Findings", screen, counted(findings))
    for finding in result.failing[:_MOST]:
        yield from finding_text(finding, screen)
    if len(result.failing) > _MOST:
        more = count(len(result.failing) - _MOST, "more finding")
        yield screen.paint(f"  {screen.glyphs.cut} and {more} (--format json has all)", Style.QUIET)
    for said in findings.expired[:_MOST]:
        yield from paragraph(said, screen, hang=2, style=Style.WARN)


def _baseline(result: CheckResult, screen: Screen) -> Iterator[str]:
    if not result.baseline or result.difference.is_empty:
        return
    said = ", ".join(difference_text(result.difference))
    yield from paragraph(f"Baseline {result.baseline}: {said}.", screen, indent=0, hang=2)


def _verdict(result: CheckResult, screen: Screen, path: str) -> Iterator[str]:
    style = Style.GOOD if result.passed else Style.BAD
    yield from paragraph(verdict_text(result), screen, indent=0, hang=2, style=style)
    for command, said in next_steps(result, path):
        yield from paragraph(f"Next: {command} ({said})", screen, indent=0, hang=6)
