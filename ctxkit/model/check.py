"""The result of a check: what was held against what, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ctxkit.model.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from ctxkit.model.audit import Audit
    from ctxkit.model.finding import Finding, Persona, Severity


class BudgetState(StrEnum):
    """How a budget stands."""

    OK = "ok"
    WARN = "warn"
    """Within the limit and near it, or over it by no more than the baseline holds."""
    OVER = "over"
    UNMATCHED = "unmatched"
    """It speaks of nothing that is here, so it would never fail: that is a failure too."""


@dataclass(frozen=True, slots=True)
class Weight:
    """One of the things that a budget adds up: what it is, where it comes from, how many tokens it has."""

    title: str
    path: str | None
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class BudgetResult:
    """One budget of the configuration against one agent.

    ``agent``: its id; empty for a budget that speaks of files, or that nothing matched. ``limit`` and ``used`` are in
    ``unit``: ``tokens``, ``share`` (of the window, 0 to 1) or ``usd`` (per turn, read from the prompt cache where the
    model has one). ``tokens``: what is used, whatever the unit. ``warn_at``: the share of the limit from which it
    warns. ``held``: tokens that the baseline allows although they are over the limit; None where it says nothing.
    ``weights``: what is added up, heaviest first. ``reason``: why nothing matched.
    """

    name: str
    agent: str
    unit: str
    limit: float
    used: float
    state: BudgetState
    tokens: Tokens = NO_TOKENS
    warn_at: float = 0.9
    held: int | None = None
    weights: tuple[Weight, ...] = ()
    message: str = ""
    reason: str = ""

    @property
    def fails(self) -> bool:
        """Is it over its limit, or about nothing?"""
        return self.state in (BudgetState.OVER, BudgetState.UNMATCHED)


@dataclass(frozen=True, slots=True)
class BaselineEntry:
    """A finding, or a budget that is over, which a team has decided to live with for now.

    ``rule``: a detector's id, or ``budget``. ``path``: the file, or the name of the budget. ``fingerprint``: of the
    finding; of a budget, the agent. ``tokens``: what it wasted when it was written down.
    """

    rule: str
    path: str
    fingerprint: str
    tokens: int

    @property
    def name(self) -> tuple[str, str, str]:
        """What names it, whatever its tokens are."""
        return self.rule, self.path, self.fingerprint


@dataclass(frozen=True, slots=True)
class BaselineDifference:
    """What has changed since a baseline was written.

    ``resolved``: entries that stand for nothing any more. ``improved``: entries, and what of their tokens is left.
    ``grown``: entries, and what has become of them: over what the baseline allows. ``new``: what it does not have.
    """

    resolved: tuple[BaselineEntry, ...] = ()
    improved: tuple[tuple[BaselineEntry, int], ...] = ()
    grown: tuple[tuple[BaselineEntry, int], ...] = ()
    new: tuple[BaselineEntry, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Does the baseline say exactly what is the case?"""
        return not (self.resolved or self.improved or self.grown or self.new)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What ``ctxkit check`` found out.

    ``audit``: of the repository alone. ``failing``: its findings at or above ``fail_on``, worst first. ``budgets``: in
    the order of the configuration. ``difference``: of the baseline and what would be written into it now. ``config``
    and ``baseline``: the files that were read, as paths relative to the root; empty where there is none. ``fail_on``
    None: findings never fail.
    """

    audit: Audit
    fail_on: Severity | None
    persona: Persona
    failing: tuple[Finding, ...] = ()
    budgets: tuple[BudgetResult, ...] = ()
    difference: BaselineDifference = BaselineDifference()
    config: str = ""
    baseline: str = ""

    @property
    def passed(self) -> bool:
        """Is there neither a failing finding nor a failing budget?"""
        return not self.failing and not any(budget.fails for budget in self.budgets)
