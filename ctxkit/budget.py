"""Budgets: how much of something there may be, against how much there is. Reads nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.baseline import BUDGET, holds
from ctxkit.config import LIMIT, matching
from ctxkit.model import NO_TOKENS, Activation, Tokens
from ctxkit.model.check import BudgetResult, BudgetState, Weight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ctxkit.config import Budget
    from ctxkit.model import Segment
    from ctxkit.model.audit import AgentAudit, Audit
    from ctxkit.model.check import BaselineEntry

    CostOfTurn = Callable[[str, int], float | None]
    """(model, tokens) → US dollars of one turn that sends them; None where nobody knows the price."""
    Matches = Callable[[str], bool]

_LATER = "later"
_FILES_ARE = ("", _LATER, Activation.NAMED.value)
"""The activations of files that an agent may read."""


_TIMES = {None: 1, "k": 1_000, "M": 1_000_000}


class Limit(NamedTuple):
    """A limit as a number, in ``tokens``, as a ``share`` of the window or in ``usd`` per turn."""

    value: float
    unit: str


def limit_of(text: str) -> Limit:
    """The limit that a configuration writes as ``text``. Raises ValueError for another form."""
    match = re.search(LIMIT, text)
    if match is None:
        raise ValueError(text)
    tokens, thousand, share, usd = match.groups()
    if tokens:
        return Limit(float(re.sub("[,_]", "", tokens)) * _TIMES[thousand], "tokens")
    return Limit(float(share) / 100, "share") if share else Limit(float(usd), "usd")


def measure_budgets(
    budgets: Iterable[Budget],
    audit: Audit,
    cost: CostOfTurn,
    baseline: Iterable[BaselineEntry] = (),
    prefix: str = "",
) -> tuple[BudgetResult, ...]:
    """Each budget against each agent that it speaks of, in the order of ``budgets`` and agents.

    What counts is what the first request carries; with an activation other than ``always``, the whole body of what is
    loaded so; with ``later``, what is not in the first request. A budget of files in tokens that names no agent is held
    against all files of the repository, once. A budget that finds nothing to add up is unmatched; one without an agent
    only where no agent has anything for it. ``prefix`` as in :func:`ctxkit.config.matching`.
    """
    entries = {entry.name: entry for entry in baseline if entry.rule == BUDGET}
    return tuple(
        _held(result, entries.get((BUDGET, result.name, result.agent)))
        for budget in budgets
        for result in _measure(budget, audit, cost, prefix)
    )


def _measure(budget: Budget, audit: Audit, cost: CostOfTurn, prefix: str) -> list[BudgetResult]:
    limit = limit_of(budget.limit)
    blank = BudgetResult(
        budget.name, "", limit.unit, limit.value, 0.0, BudgetState.UNMATCHED, warn_at=budget.warn_at,
        message=budget.message,
    )  # fmt: skip
    matches = matching([budget.path], prefix) if budget.path else None
    if budget.category == "files" and not budget.agent and limit.unit == "tokens":
        weights = _files(budget, audit, frozenset(), matches)
        return [_judged(blank, weights, _sum(weights).n) if weights else _unmatched(blank, budget)]
    agents = [agent for agent in audit.agents if budget.agent in ("", agent.context.agent)]
    if not agents:
        reason = f"{budget.agent or 'no agent'} is not audited here" if budget.agent else "no agent is audited here"
        return [replace(blank, agent=budget.agent, reason=reason)]
    found = []
    for agent in agents:
        files = budget.category == "files"
        weights = _files(budget, audit, agent.hidden, matches) if files else _segments(budget, agent, matches)
        if weights:
            found.append(_of_agent(replace(blank, agent=agent.context.agent), agent, limit, weights, cost))
    return found or [replace(_unmatched(blank, budget), agent=budget.agent)]


def _of_agent(
    blank: BudgetResult, agent: AgentAudit, limit: Limit, weights: tuple[Weight, ...], cost: CostOfTurn
) -> BudgetResult:
    context = agent.context
    tokens = _sum(weights)
    if limit.unit == "tokens":
        return _judged(blank, weights, tokens.n)
    if limit.unit == "share":
        if not context.window:
            return replace(blank, reason=f"the window of {context.model} is not known")
        return _judged(blank, weights, tokens.n / context.window)
    usd = cost(context.model, tokens.n)
    if usd is None:
        return replace(blank, reason=f"the price of {context.model} is not known")
    return _judged(blank, weights, usd)


def _judged(blank: BudgetResult, weights: tuple[Weight, ...], used: float) -> BudgetResult:
    state = BudgetState.OK
    if used > blank.limit:
        state = BudgetState.OVER
    elif used >= blank.limit * blank.warn_at and used:
        state = BudgetState.WARN
    return replace(blank, used=used, tokens=_sum(weights), weights=weights, state=state)


def _held(result: BudgetResult, entry: BaselineEntry | None) -> BudgetResult:
    """``result``, let pass where it is over its limit and ``entry`` holds as many tokens."""
    if entry is None or result.state is not BudgetState.OVER:
        return result
    state = BudgetState.WARN if holds(entry, result.tokens.n) else BudgetState.OVER
    return replace(result, state=state, held=entry.tokens)


def _unmatched(blank: BudgetResult, budget: Budget) -> BudgetResult:
    words = [
        f"category {budget.category}",
        f"activation {budget.activation}" if budget.activation else "",
        f"path {budget.path}" if budget.path else "",
    ]
    who = f"{budget.agent} has" if budget.agent else "there is"
    return replace(blank, reason=f"{who} nothing of {', '.join(filter(None, words))}")


def _segments(budget: Budget, agent: AgentAudit, matches: Matches | None) -> tuple[Weight, ...]:
    found = []
    for segment in agent.context.segments:
        if budget.category not in ("total", segment.category):
            continue
        if matches is not None and (segment.path is None or not matches(segment.path)):
            continue
        tokens = _counted(segment, budget.activation)
        if tokens is not None:
            found.append(Weight(segment.title, segment.path, tokens))
    return _heaviest(found)


def _counted(segment: Segment, activation: str) -> Tokens | None:
    """The tokens of ``segment`` that count; None where it is not loaded as asked for."""
    if activation == _LATER:
        if segment.activation in (Activation.ALWAYS, Activation.NEVER):
            return None
        used, charged = segment.tokens_if_used, segment.tokens
        return Tokens(max(0, used.n - charged.n), used.exact, used.by, used.error)
    if activation in ("", Activation.ALWAYS):
        wanted = segment.activation is not Activation.NEVER if not activation else segment.activation == activation
        return segment.tokens if wanted else None
    return segment.tokens_if_used if segment.activation == activation else None


def _files(budget: Budget, audit: Audit, hidden: frozenset[str], matches: Matches | None) -> tuple[Weight, ...]:
    if budget.activation not in _FILES_ARE:
        return ()
    return _heaviest(
        Weight(entry.path, entry.path, Tokens(entry.tokens, not entry.estimated))
        for entry in audit.inventory.entries()
        if entry.path not in hidden and (matches is None or matches(entry.path))
    )


def _heaviest(weights: Iterable[Weight]) -> tuple[Weight, ...]:
    return tuple(sorted(weights, key=lambda weight: (-weight.tokens.n, weight.path or "", weight.title)))


def _sum(weights: Sequence[Weight]) -> Tokens:
    total = NO_TOKENS
    for weight in weights:
        total += weight.tokens
    return total
