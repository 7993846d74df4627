"""Reports for reviewers and their machines: Markdown, SARIF and GitHub's workflow commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.cli.terminal import write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ctxkit.model.audit import Audit
    from ctxkit.model.check import CheckResult
    from ctxkit.model.finding import Finding
    from ctxkit.report.cost import Priced

REVIEWS = ("markdown", "sarif", "github")
"""The formats that are written here."""


def write_audit(audit: Audit, models: Mapping[str, Priced], format_name: str, output: str | None) -> None:
    """Write ``audit`` in one of :data:`REVIEWS`; ``models`` (for prices) by id, ``output`` None for stdout."""
    if format_name == "markdown":
        from ctxkit.report.markdown import fitted
        from ctxkit.report.markdown_findings import audit_markdown

        return _write(fitted(audit_markdown(audit, models)), output)
    findings = audit.findings
    if format_name == "sarif":
        from ctxkit.report.sarif import sarif_json

        return write_bytes([sarif_json(findings, _places(findings.shown, audit.root), _version())], output)
    from ctxkit.report.github import annotated

    places = _places(findings.shown, audit.root)
    return _write("".join(f"{line}\n" for line in annotated(findings.shown, places)), output)


def write_check(result: CheckResult, models: Mapping[str, Priced], format_name: str, output: str | None) -> None:
    """The same of a check."""
    if format_name == "markdown":
        from ctxkit.report.check_markdown import check_markdown
        from ctxkit.report.markdown import fitted

        return _write(fitted(check_markdown(result, models)), output)
    from ctxkit.report.budgets import budget_findings

    places = _places((*budget_findings(result), *result.audit.findings.shown), result.audit.root)
    if format_name == "sarif":
        from ctxkit.report.sarif import check_sarif_json

        return write_bytes([check_sarif_json(result, places, _version())], output)
    from ctxkit.report.github import check_annotated

    return _write("".join(f"{line}\n" for line in check_annotated(result, places)), output)


def _places(findings: Iterable[Finding], root: str) -> dict[str, str]:
    from ctxkit.report.sarif import named_paths
    from ctxkit.sources.repository_paths import repository_paths

    return repository_paths(named_paths(findings), root)


def _version() -> str:
    from ctxkit.cli.version import VERSION

    return VERSION


def _write(text: str, output: str | None) -> None:
    write_bytes([text.encode()], output)
