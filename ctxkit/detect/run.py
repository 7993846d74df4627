"""Runs the detectors over the evidence; the only place that puts findings in order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.detect import DETECTORS, detector
from ctxkit.detect.charge import wasted
from ctxkit.detect.limits import limits_of
from ctxkit.model.finding import Region
from ctxkit.text.secrets import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ctxkit.evidence import Evidence
    from ctxkit.model.finding import Finding, Location


def run_detectors(
    evidence: Evidence,
    identities: Iterable[str] = DETECTORS,
    changed: Mapping[str, Mapping[str, float]] | None = None,
) -> tuple[Finding, ...]:
    """What the detectors ``identities`` find, with what it wastes, worst first; each finding once.

    ``changed``: thresholds by detector, as a configuration sets them.
    """
    found: dict[tuple[str, str], Finding] = {}
    for identity in identities:
        limits = limits_of(identity, (changed or {}).get(identity))
        for finding in detector(identity).detect(evidence, limits):
            charged = _charged(finding, evidence)
            found.setdefault((charged.rule, _placed(charged)), charged)
    return tuple(sorted(found.values(), key=order))


def _charged(finding: Finding, evidence: Evidence) -> Finding:
    """``finding`` with what it wastes and where its places lie; the texts that it quotes lose their secrets."""
    return replace(
        finding,
        message=without_secrets(finding.message),
        tip=without_secrets(finding.tip),
        evidence=tuple(map(without_secrets, finding.evidence)),
        at=tuple(_with_region(place, evidence) for place in finding.at),
        wasted=wasted(finding.unneeded, evidence),
    )


def _with_region(place: Location, evidence: Evidence) -> Location:
    """``place`` with the lines of its span, where its text is known; line ends behind the last line are no part."""
    place = replace(place, note=without_secrets(place.note))
    document = evidence.documents.get(place.path or "") or evidence.extra.get(place.path or "")
    if document is None or place.span is None:
        return place
    start, end = document.characters(place.span)
    end = start + len(document.text[start:end].rstrip("\r\n"))
    region = Region(*document.position(start), *document.position(end))
    return replace(place, region=region)


def order(finding: Finding) -> tuple[int, int, int, str, str, int]:
    """What findings are sorted by: severity, tokens in every request, tokens later, rule, place."""
    path, start = _first(finding)
    return finding.severity.rank, -finding.start_tokens, -finding.later_tokens, finding.rule, path, start


def _first(finding: Finding) -> tuple[str, int]:
    place = finding.at[0] if finding.at else None
    if place is None:
        return "", 0
    return place.path or place.segment, place.span.start if place.span is not None else 0


def _placed(finding: Finding) -> str:
    path, start = _first(finding)
    return f"{finding.fingerprint} {path} {start}"
