"""A check as JSON (``ctxkit/check/1``): sorted keys, no clock; the Structs are the truth of its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, json

from ctxkit.report.findings_json import FindingOut, ScoreOut, SuppressedOut, finding_out, score_out, suppressed_out
from ctxkit.report.json_values import SkippedOut, TokensOut, skipped_out, tokens_out, utf8

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctxkit.model.check import BaselineDifference, BaselineEntry, BudgetResult, CheckResult

_WEIGHTS = 10


class WeightOut(Struct, frozen=True, kw_only=True):
    """A thing that a budget adds up; ``path`` is null for what comes from no file."""

    path: str | None
    title: str
    tokens: TokensOut


class BudgetOut(Struct, frozen=True, kw_only=True):
    """A budget against one agent (empty: against the files, or nothing matched).

    ``limit`` and ``used`` are in ``unit``: tokens, a share of the window (0 to 1), or US dollars per turn.
    ``heaviest``: the first ten of what it adds up. ``held``: tokens that the baseline lets pass; null where it says
    nothing. ``reason``: why nothing matched. ``warn_at``: the share of the limit from which it warns.
    """

    agent: str
    fails: bool
    heaviest: tuple[WeightOut, ...]
    held: int | None
    limit: float
    message: str
    name: str
    reason: str
    state: Literal["ok", "warn", "over", "unmatched"]
    tokens: TokensOut
    unit: str
    used: float
    warn_at: float


class EntryOut(Struct, frozen=True, kw_only=True):
    """An entry of a baseline. ``now``: its tokens today; null where it is resolved."""

    fingerprint: str
    now: int | None
    path: str
    rule: str
    tokens: int


class BaselineOut(Struct, frozen=True, kw_only=True):
    """What has changed since the baseline was written. ``path`` is null where there is none."""

    grown: tuple[EntryOut, ...]
    improved: tuple[EntryOut, ...]
    new: tuple[EntryOut, ...]
    path: str | None
    resolved: tuple[EntryOut, ...]


class CheckOut(Struct, frozen=True, kw_only=True):
    """What ``ctxkit check --format json`` writes.

    ``findings``: all that are shown; those at or above ``fail_on`` fail, ``failing`` says how many. ``expired``:
    comments and settings that do not count any more, and why.
    """

    agents: tuple[str, ...]
    baseline: BaselineOut
    budgets: tuple[BudgetOut, ...]
    config: str | None
    expired: tuple[str, ...]
    fail_on: Literal["error", "warning", "note", "never"]
    failing: int
    findings: tuple[FindingOut, ...]
    findings_hidden: int
    notes: tuple[str, ...]
    passed: bool
    persona: Literal["regular", "pedantic", "auditor"]
    schema: Literal["ctxkit/check/1"] = "ctxkit/check/1"
    score: ScoreOut | None
    skipped: tuple[SkippedOut, ...]
    suppressed: tuple[SuppressedOut, ...]


def check_json(result: CheckResult) -> bytes:
    """The report."""
    audit = result.audit
    out = CheckOut(
        agents=tuple(agent.context.agent for agent in audit.agents),
        baseline=baseline_out(result.difference, result.baseline),
        budgets=tuple(map(_budget, result.budgets)),
        config=utf8(result.config) or None,
        expired=tuple(map(utf8, audit.findings.expired)),
        fail_on="never" if result.fail_on is None else result.fail_on.value,
        failing=len(result.failing),
        findings=tuple(map(finding_out, audit.findings.shown)),
        findings_hidden=len(audit.findings.hidden),
        notes=tuple(map(utf8, audit.notes)),
        passed=result.passed,
        persona=result.persona.value,
        score=None if audit.score is None else score_out(audit.score),
        skipped=skipped_out(audit.skipped),
        suppressed=tuple(map(suppressed_out, audit.findings.suppressed)),
    )
    return json.format(json.encode(out, order="sorted"), indent=1) + b"\n"


def baseline_out(difference: BaselineDifference, path: str) -> BaselineOut:
    """What has changed since the baseline ``path`` (empty: none) was written."""
    return BaselineOut(
        grown=_entries(difference.grown),
        improved=_entries(difference.improved),
        new=_entries((entry, entry.tokens) for entry in difference.new),
        path=utf8(path) or None,
        resolved=_entries((entry, None) for entry in difference.resolved),
    )


def _entries(pairs: Iterable[tuple[BaselineEntry, int | None]]) -> tuple[EntryOut, ...]:
    return tuple(
        EntryOut(fingerprint=entry.fingerprint, now=now, path=utf8(entry.path), rule=entry.rule, tokens=entry.tokens)
        for entry, now in pairs
    )


def _budget(result: BudgetResult) -> BudgetOut:
    return BudgetOut(
        agent=result.agent,
        fails=result.fails,
        heaviest=tuple(
            WeightOut(
                path=None if weight.path is None else utf8(weight.path),
                title=utf8(weight.title),
                tokens=tokens_out(weight.tokens),
            )
            for weight in result.weights[:_WEIGHTS]
        ),
        held=result.held,
        limit=result.limit,
        message=utf8(result.message),
        name=utf8(result.name),
        reason=utf8(result.reason),
        state=result.state.value,
        tokens=tokens_out(result.tokens),
        unit=result.unit,
        used=round(result.used, 6),
        warn_at=result.warn_at,
    )
