"""Verdict, agents, budgets and findings as blocks of Markdown, for a step summary or a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.finding import Severity
from ctxkit.report.cost import TURNS, cost_of
from ctxkit.report.figures import cents, count, full, percent, short_number
from ctxkit.report.markdown import code, details, prose, table
from ctxkit.report.summary import summarise
from ctxkit.report.text_findings import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ctxkit.model.audit import Audit
    from ctxkit.model.finding import Finding, Findings, Location
    from ctxkit.report.cost import Priced

_MARKS = {Severity.ERROR: "🔴", Severity.WARNING: "🟡", Severity.NOTE: "⚪"}
_PLACES = 5
_EVIDENCE = 8


def audit_markdown(audit: Audit, models: Mapping[str, Priced]) -> list[str]:
    """The blocks of an audit: what it comes to, the agents, the findings. ``models`` (for prices) by id."""
    verdict = f"{count(len(audit.agents), 'agent')}, findings: {counted(audit.findings)}."
    if audit.score is not None:
        verdict = f"Score {audit.score.value} of 100, grade {prose(audit.score.grade)} (0 is best). {verdict}"
    return [
        "## ctxkit",
        verdict,
        agents_table(audit, models),
        *findings_blocks(audit.findings),
    ]


def agents_table(audit: Audit, models: Mapping[str, Priced]) -> str:
    """Each agent's window before the first word, the heaviest first."""
    summed = [(agent, summarise(agent)) for agent in audit.agents]
    rows = []
    for agent, summary in sorted(summed, key=lambda pair: (-pair[1].start.n, pair[0].context.agent)):
        context, more = agent.context, "" if summary.whole else "+"
        cost = cost_of(summary.start.n, models.get(context.model))
        rows.append(
            (
                prose(context.name),
                short_number(context.window) if context.window else "?",
                full(summary.start) + more,
                percent(summary.start.n / context.window) if context.window else "?",
                full(summary.later_tokens),
                cents(cost.cached_100) + more if cost and summary.measured else "?",
            )
        )
    head = ("agent", "window", "tokens at the start", "of the window", "later, at most", f"$ per {TURNS} turns")
    return table(head, rows, right=range(1, len(head)))


def findings_blocks(findings: Findings) -> Iterator[str]:
    """A heading, then each finding closed behind one line, worst first."""
    if not findings.shown and not findings.expired:
        return
    yield f"### Findings: {counted(findings)}"
    for finding in findings.shown:
        yield finding_block(finding)
    if findings.expired:
        yield "\n".join(f"- {prose(said)}" for said in findings.expired)


def finding_block(finding: Finding) -> str:
    """One finding: where and what in the line that opens it, proof and advice behind it."""
    place = finding.at[0] if finding.at else None
    cost = f", {count(finding.start_tokens, 'token')} in every request" if finding.start_tokens else ""
    where = _place(place) if place is not None else ""
    summary = f"{_MARKS[finding.severity]} {where} {prose(finding.message)}{cost}"
    lines = [f"- {prose(finding.tip)}"]
    lines += [f"- {_place(other)}{': ' + prose(other.note) if other.note else ''}" for other in finding.at[1:_PLACES]]
    lines += [f"- {code(line)}" for line in finding.evidence[:_EVIDENCE]]
    lines += [f"- {said}" for said in _cost(finding)]
    lines.append(f"- rule {code(finding.rule)}, confidence {finding.confidence.value}")
    return details(summary, "\n".join(lines))


def findings_list(findings: Sequence[Finding], most: int) -> Iterator[str]:
    """``findings`` as one list, a line each; no more than ``most``."""
    lines = [
        f"- {_MARKS[finding.severity]} {_place(finding.at[0]) if finding.at else ''} {prose(finding.message)} "
        f"({code(finding.rule)})"
        for finding in findings[:most]
    ]
    if len(findings) > most:
        lines.append(f"- and {len(findings) - most:,} more")
    if lines:
        yield "\n".join(lines)


def _place(place: Location) -> str:
    line = f":{place.region.start_line}" if place.region is not None else ""
    return code(f"{place.path or place.segment}{line}")


def _cost(finding: Finding) -> Iterator[str]:
    for waste in finding.wasted:
        told = [
            f"{full(waste.start)} tokens in every request" if waste.start.n else "",
            f"{full(waste.later)} once loaded" if waste.later.n and not waste.start.n else "",
        ]
        if any(told):
            yield f"{prose(waste.agent)}: {', '.join(filter(None, told))}"
