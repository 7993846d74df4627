"""The baseline: what a team lives with for now, in a form that two branches can merge. Reads and writes no file.

One line for each entry, sorted, without dates and line numbers, so that an edit elsewhere never touches it. The list
ends with ``null``: so every entry has a comma, and no line changes because another one comes or goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, ValidationError, convert, json

from ctxkit.model import ConfigError
from ctxkit.model.check import BaselineDifference, BaselineEntry, BudgetState
from ctxkit.text.config import parse_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ctxkit.model.check import BudgetResult
    from ctxkit.model.finding import Finding, Findings

SCHEMA = "ctxkit/baseline/1"

GROWTH = 0.05
"""Tokens may grow by this share before an entry no longer holds: a comma is not a new finding. Our own choice."""

SLACK = 5
"""Tokens by which even the smallest entry may grow."""

BUDGET = "budget"
"""The rule of entries that stand for budgets."""


class _Entry(Struct, frozen=True, forbid_unknown_fields=True):
    rule: str
    path: str
    fingerprint: str
    tokens: int


class BaselineFile(Struct, frozen=True, forbid_unknown_fields=True):
    """``.ctxkit-baseline.json``."""

    schema: str
    entries: tuple[_Entry | None, ...]


def read_baseline(data: bytes, name: str) -> tuple[BaselineEntry, ...]:
    """The entries of the file ``name`` with the content ``data``, sorted. Raises ConfigError for another form."""
    value = parse_config(data, "json", name)
    if isinstance(value, ConfigError):
        raise value
    hint = "Take it from version control again, or write it anew: ctxkit baseline --update"
    schema = value.get("schema")
    if schema != SCHEMA:
        raise ConfigError(f"{name} is not a baseline of this version (its schema is not {SCHEMA!r}).", hint)
    try:
        file = convert(value, BaselineFile)
    except ValidationError as error:
        reason = str(error).replace("`", "")
        raise ConfigError(f"{name} is not a baseline: {reason[:1].lower()}{reason[1:]}.", hint) from None
    return _sorted(
        BaselineEntry(entry.rule, entry.path, entry.fingerprint, entry.tokens)
        for entry in file.entries
        if entry is not None
    )


def baseline_bytes(entries: Iterable[BaselineEntry]) -> bytes:
    """The file that holds ``entries``: one line each, sorted."""
    lines = [
        json.encode(_Entry(entry.rule, entry.path.encode("utf-8", "replace").decode(), entry.fingerprint, entry.tokens))
        for entry in _sorted(entries)
    ]
    head = b'{"schema": "%s", "entries": [' % SCHEMA.encode()
    return b"\n".join((head, *(line + b"," for line in lines), b"null]}\n"))


def entry_of(finding: Finding) -> BaselineEntry:
    """What stands for ``finding``."""
    path = (finding.at[0].path or finding.at[0].segment) if finding.at else ""
    return BaselineEntry(finding.rule, path, finding.fingerprint, _tokens(finding))


def budget_entry(result: BudgetResult) -> BaselineEntry:
    """What stands for a budget that is over."""
    return BaselineEntry(BUDGET, result.name, result.agent, result.tokens.n)


def entries_now(findings: Findings, budgets: Iterable[BudgetResult]) -> tuple[BaselineEntry, ...]:
    """What a baseline written now would hold: what is shown or held by the present one, and budgets over a limit."""
    held = (item.finding for item in findings.suppressed if item.by == "baseline")
    over = (result for result in budgets if result.state is BudgetState.OVER or result.held is not None)
    return _sorted((*map(entry_of, (*findings.shown, *held)), *map(budget_entry, over)))


def holds(entry: BaselineEntry, tokens: int) -> bool:
    """Does ``entry`` still allow what has ``tokens`` now?"""
    return tokens <= max(entry.tokens * (1 + GROWTH), entry.tokens + SLACK)


def accepted(findings: Sequence[Finding], entries: Iterable[BaselineEntry]) -> frozenset[int]:
    """The places in ``findings`` of those that ``entries`` allow; each entry stands for one finding."""
    known = _by_name(entries)
    found = set()
    for at, finding in sorted(enumerate(findings), key=lambda item: _tokens(item[1])):
        waiting = known.get(entry_of(finding).name, [])
        fitting = next((entry for entry in waiting if holds(entry, _tokens(finding))), None)
        if fitting is not None:
            waiting.remove(fitting)
            found.add(at)
    return frozenset(found)


def difference(entries: Iterable[BaselineEntry], now: Iterable[BaselineEntry]) -> BaselineDifference:
    """What ``entries`` would have to become to be ``now``."""
    known = _by_name(entries)
    improved, grown, new = [], [], []
    for entry in _sorted(now):
        waiting = known.get(entry.name)
        if not waiting:
            new.append(entry)
            continue
        before = next((old for old in waiting if old.tokens >= entry.tokens), waiting[-1])
        waiting.remove(before)
        if entry.tokens < before.tokens:
            improved.append((before, entry.tokens))
        elif not holds(before, entry.tokens):
            grown.append((before, entry.tokens))
    resolved = _sorted(entry for waiting in known.values() for entry in waiting)
    return BaselineDifference(resolved, tuple(improved), tuple(grown), tuple(new))


def _by_name(entries: Iterable[BaselineEntry]) -> dict[tuple[str, str, str], list[BaselineEntry]]:
    """Name → its entries, those with the fewest tokens first."""
    found: dict[tuple[str, str, str], list[BaselineEntry]] = {}
    for entry in _sorted(entries):
        found.setdefault(entry.name, []).append(entry)
    return found


def _tokens(finding: Finding) -> int:
    return max(finding.start_tokens, finding.later_tokens)


def _sorted(entries: Iterable[BaselineEntry]) -> tuple[BaselineEntry, ...]:
    return tuple(sorted(entries, key=lambda entry: (*entry.name, entry.tokens)))
