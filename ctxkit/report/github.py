"""Findings as GitHub's workflow commands: the ten worst, each beside its line.

GitHub shows ten annotations of a kind and step, so that more would only hide what is worst; the rest is in the step
summary. Nothing that comes from a file can begin a line of its own, so none of it can be a command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.finding import Severity
from ctxkit.report.budgets import budget_findings
from ctxkit.report.figures import count
from ctxkit.report.json_values import utf8
from ctxkit.report.layout import clean
from ctxkit.report.sarif import first_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ctxkit.model.check import CheckResult
    from ctxkit.model.finding import Finding, Region

SHOWN = 10
"""Annotations that GitHub shows of one kind and step."""

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_MESSAGE = 1_000
_TITLE = 100
_EVIDENCE = 3


def annotated(findings: Sequence[Finding], paths: Mapping[str, str]) -> Iterator[str]:
    """A line for each of the worst of ``findings`` (worst first), and one that says how many there are.

    ``paths`` as in :func:`ctxkit.report.sarif.sarif_json`; a finding in none of them is annotated without a place.
    """
    for finding in findings[:SHOWN]:
        place = first_place(finding, paths)
        properties: dict[str, object] = {}
        if place is not None and place.path is not None:
            properties = {"file": utf8(paths[place.path]), **_lines(place.region)}
        told = [finding.message, finding.tip, *finding.evidence[:_EVIDENCE]]
        title = f"ctxkit {finding.rule}"
        yield command(_COMMANDS[finding.severity], "\n".join(utf8(clean(line)) for line in told), title, properties)
    if len(findings) > SHOWN:
        rest = len(findings) - SHOWN
        yield f"{count(rest, 'more finding')} not annotated: GitHub shows {SHOWN} a step."


def check_annotated(result: CheckResult, paths: Mapping[str, str]) -> Iterator[str]:
    """The same of a check: budgets first, then what makes it fail, then what else there is."""
    failing = set(map(id, result.failing))
    others = (finding for finding in result.audit.findings.shown if id(finding) not in failing)
    yield from annotated((*budget_findings(result), *result.failing, *others), paths)


def command(name: str, message: str, title: str, properties: Mapping[str, object] | None = None) -> str:
    """``::name file=…,title=…::message``, escaped as the runner reads it."""
    named = {**(properties or {}), "title": title[:_TITLE]}
    said = ",".join(f"{key}={_property(str(value))}" for key, value in named.items())
    return f"::{name} {said}::{_data(message if len(message) <= _MESSAGE else message[: _MESSAGE - 1] + '…')}"


def _lines(region: Region | None) -> dict[str, object]:
    """Lines, and columns where both are of one line: the runner takes columns for that alone."""
    if region is None:
        return {"line": 1}
    lines: dict[str, object] = {"line": region.start_line, "endLine": region.end_line}
    if region.end_line == region.start_line:
        lines |= {"col": region.start_column, "endColumn": region.end_column}
    return lines


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
