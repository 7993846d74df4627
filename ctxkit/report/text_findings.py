"""What the detectors found, as text: the worst first, where it is, what it costs and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.finding import Severity
from ctxkit.report.figures import count, short_number
from ctxkit.report.layout import Style, heading, paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.model.finding import Finding, Findings, Location
    from ctxkit.model.score import Score
    from ctxkit.report.layout import Screen

STYLES = {Severity.ERROR: Style.BAD, Severity.WARNING: Style.WARN, Severity.NOTE: Style.QUIET}
"""How each severity is painted."""

_PROOFS = 2


def findings_text(findings: Findings, screen: Screen, top: int) -> Iterator[str]:
    """The ``top`` worst of ``findings``, how many more there are, and what was left out by whose wish."""
    shown = findings.shown
    if not shown and not findings.suppressed and not findings.hidden and not findings.expired:
        return
    yield heading("Findings", screen, counted(findings))
    for finding in shown[:top]:
        yield from finding_text(finding, screen)
    if len(shown) > top:
        yield screen.paint(f"  {screen.glyphs.cut} and {count(len(shown) - top, 'more finding')} (--top)", Style.QUIET)
    for said in findings.expired[:top]:
        yield from paragraph(said, screen, hang=2, style=Style.WARN)


def finding_text(finding: Finding, screen: Screen) -> Iterator[str]:
    """One finding: severity, place and cost in the first line, then what is the case, the proof, and what to do."""
    dot = f" {screen.glyphs.dot} "
    said = dot.join(filter(None, (finding.severity.value, where(finding), _cost(finding), finding.rule)))
    yield from paragraph(said, screen, hang=2, style=STYLES[finding.severity])
    yield from paragraph(finding.message, screen, indent=4)
    for line in finding.evidence[:_PROOFS]:
        yield from paragraph(line, screen, indent=6, hang=2, style=Style.QUIET)
    yield from paragraph(finding.tip, screen, indent=4)


def where(finding: Finding) -> str:
    """``CLAUDE.md:12``: the place to go to."""
    return place_text(finding.at[0]) if finding.at else ""


def place_text(place: Location) -> str:
    """A place in the form that editors and terminals open."""
    if place.path is None:
        return place.segment
    return f"{place.path}:{place.region.start_line}" if place.region is not None else place.path


def counted(findings: Findings) -> str:
    """``2 errors, 1 warning; 3 suppressed, 12 for other personas``."""
    kinds = [(severity, sum(item.severity is severity for item in findings.shown)) for severity in Severity]
    said = ", ".join(count(n, severity.value) for severity, n in kinds if n) or "none"
    aside = [
        f"{len(findings.suppressed):,} suppressed" if findings.suppressed else "",
        f"{len(findings.hidden):,} for other personas" if findings.hidden else "",
    ]
    more = ", ".join(filter(None, aside))
    return f"{said}; {more}" if more else said


def score_text(score: Score) -> str:
    """``37 of 100, grade C (0 is best): waste 20.1, …; weight 17, …``."""
    addends = "; ".join(f"{addend.name} {addend.points:g}, {addend.said}" for addend in score.addends)
    return f"{score.value} of 100, grade {score.grade} (0 is best): {addends}"


def _cost(finding: Finding) -> str:
    start, later = finding.start_tokens, finding.later_tokens
    if start:
        return f"{short_number(start)} tokens in every request"
    return f"{short_number(later)} tokens once loaded" if later else ""
