"""Findings as SARIF 2.1.0, the way GitHub's code scanning takes it.

GitHub shows the first location of a result only, tells results apart by ``primaryLocationLineHash`` alone, and takes
25,000 results a run of which it keeps the 5,000 most severe (docs.github.com, SARIF support for code scanning). It
follows no symbolic link, so paths are those of the files that links lead to.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ctxkit.detect import DETECTORS
from ctxkit.model.finding import Confidence, Severity
from ctxkit.report.figures import count
from ctxkit.report.json_values import utf8
from ctxkit.report.layout import clean
from ctxkit.report.page import page_markdown, page_of
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ctxkit.model.finding import Finding, Findings, Location, Region, Suppressed

MAX_RESULTS = 25_000
"""Results of a run; GitHub refuses more. Findings come worst first, so the least are left out."""

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_MAX_RELATED = 100
_DESCRIPTION = 1_024
_MESSAGE = 2_000
_EVIDENCE_LINES = 10
_EVIDENCE_LINE = 300
_PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}
_PRECISION = {Confidence.HIGH: "very-high", Confidence.MEDIUM: "high", Confidence.LOW: "medium"}
_KIND = {"comment": "inSource"}


def sarif_json(findings: Findings, paths: Mapping[str, str], version: str) -> bytes:
    """``findings`` as one run of ctxkit ``version``.

    ``paths``: path of a finding → path from the top of the repository
    (:func:`ctxkit.sources.repository_paths.repository_paths`); findings without such a place are counted and left out.
    """
    from msgspec import json

    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(findings, paths, version)]}
    return json.format(json.encode(log), indent=1) + b"\n"


def named_paths(findings: Findings) -> Iterator[str]:
    """Every path that :func:`sarif_json` and annotations want to know the place of."""
    for finding in (*findings.shown, *(item.finding for item in findings.suppressed)):
        for place in finding.at:
            if place.path is not None:
                yield place.path


def first_place(finding: Finding, paths: Mapping[str, str]) -> Location | None:
    """The first place of ``finding`` that lies in the repository."""
    return next((place for place in finding.at if place.path in paths), None)


def _run(findings: Findings, paths: Mapping[str, str], version: str) -> dict[str, Any]:
    everything: list[tuple[Finding, Suppressed | None]] = [(finding, None) for finding in findings.shown]
    everything += [(item.finding, item) for item in findings.suppressed]
    placed = [item for item in everything if first_place(item[0], paths) is not None]
    rules = _rules([finding for finding, _ in everything])
    index = {rule["id"]: at for at, rule in enumerate(rules)}
    seen: Counter[str] = Counter()
    results = [_result(finding, item, paths, index, seen) for finding, item in placed[:MAX_RESULTS]]
    return {
        "tool": {"driver": {"name": "ctxkit", "semanticVersion": version, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": "ctxkit/"},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": list(_left_out(len(everything) - len(placed), len(placed))),
            }
        ],
        "results": results,
    }


def _left_out(outside: int, placed: int) -> Iterator[dict[str, Any]]:
    said = []
    if outside:
        said.append(f"{count(outside, 'finding')} in no file of the repository left out.")
    if placed > MAX_RESULTS:
        said.append(f"{count(placed - MAX_RESULTS, 'finding')} over the {MAX_RESULTS:,} of a run left out.")
    for text in said:
        yield {"level": "note", "message": {"text": text}}


def _rules(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Every detector, and what else findings name as their rule; each as bad and as sure as its findings allow."""
    worst: dict[str, Severity] = {}
    least: dict[str, Confidence] = {}
    surest = list(Confidence)
    for finding in found:
        rule = finding.rule
        worst[rule] = min(worst.get(rule, finding.severity), finding.severity, key=lambda severity: severity.rank)
        least[rule] = max(least.get(rule, finding.confidence), finding.confidence, key=surest.index)
    return [
        _rule(rule, worst.get(rule, Severity.WARNING), least.get(rule, Confidence.HIGH))
        for rule in (*DETECTORS, *sorted(set(worst) - set(DETECTORS)))
    ]


def _rule(identity: str, severity: Severity, confidence: Confidence) -> dict[str, Any]:
    words = identity.replace("-", " ")
    title, finds, text, markdown = words, words, words, words
    if identity in DETECTORS:
        page = page_of(identity)
        title, finds, markdown = page.title, page.finds, page_markdown(page)
        text = "\n\n".join(f"{heading}: {said}" for heading, said in page.parts)
    return {
        "id": identity,
        "name": words.title().replace(" ", ""),
        "shortDescription": {"text": title[:_DESCRIPTION]},
        "fullDescription": {"text": finds[:_DESCRIPTION]},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": severity.value},
        "properties": {
            "precision": _PRECISION[confidence],
            "problem.severity": _PROBLEM[severity],
            "tags": ["coding-agent", "context-window"],
        },
    }


def _result(
    finding: Finding,
    suppressed: Suppressed | None,
    paths: Mapping[str, str],
    index: Mapping[str, int],
    seen: Counter[str],
) -> dict[str, Any]:
    first = first_place(finding, paths)
    others = [place for place in finding.at if place is not first and place.path in paths]
    seen[finding.fingerprint] += 1
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": finding.severity.value,
        "message": {"text": _text(f"{finding.message} {finding.tip}", _MESSAGE)},
        "locations": [_location(place, paths) for place in (first,) if place is not None],
        "partialFingerprints": {"primaryLocationLineHash": f"{finding.fingerprint}:{seen[finding.fingerprint]}"},
        "properties": {
            "confidence": finding.confidence.value,
            "persona": finding.persona.value,
            "tokensInEveryRequest": finding.start_tokens,
            "tokensOnceLoaded": finding.later_tokens,
            "evidence": [utf8(clean(line[:_EVIDENCE_LINE])) for line in finding.evidence[:_EVIDENCE_LINES]],
        },
    }
    if others:
        related = others[:_MAX_RELATED]
        result["relatedLocations"] = [{"id": at, **_location(place, paths)} for at, place in enumerate(related, 1)]
    if suppressed is not None:
        said = utf8(clean(suppressed.reason)) or f"by {suppressed.by}"
        kind = _KIND.get(suppressed.by, "external")
        result["suppressions"] = [{"kind": kind, "status": "accepted", "justification": said}]
    return result


def _location(place: Location, paths: Mapping[str, str]) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri_of(paths[place.path or ""]), "uriBaseId": "%SRCROOT%"},
            "region": _region(place.region),
        }
    }
    if place.note:
        location["message"] = {"text": _text(place.note, _DESCRIPTION)}
    return location


def _region(region: Region | None) -> dict[str, int]:
    """Lines and columns; a region that ends before the first column of a line ends with the line above it."""
    if region is None:
        return {"startLine": 1}
    lines = {"startLine": region.start_line, "startColumn": region.start_column}
    if region.end_column == 1 and region.end_line > region.start_line:
        return {**lines, "endLine": region.end_line - 1}
    return {**lines, "endLine": region.end_line, "endColumn": region.end_column}


def uri_of(path: str) -> str:
    """A posix path as a relative URI reference; bytes that are no UTF-8 stay the bytes they are."""
    from urllib.parse import quote

    return quote(path.encode("utf-8", "surrogateescape"), safe="/-._~!$&'()*+,;=@")


def _text(text: str, most: int) -> str:
    """``text`` as a SARIF message: in one line, and nothing in it is a link."""
    said = utf8(clean(text))
    return _LINK().sub(r"\\[", said if len(said) <= most else f"{said[: most - 1]}…")


_LINK = on_demand(r"\[(?=[^\[\]]*\]\()")
