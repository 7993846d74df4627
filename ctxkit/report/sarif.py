"""Findings as SARIF 2.1.0, the way GitHub's code scanning takes it.

GitHub shows the first location of a result only, wants lines and columns of it, tells results apart by
``primaryLocationLineHash`` alone, and keeps 5,000 results of a file of at most 10 MB (docs.github.com, SARIF support
for code scanning). It follows no symbolic link, so paths are those of the files that links lead to. Rules say the same
whatever was found: how bad and how sure a finding is stands with the result.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ctxkit.detect import DETECTORS
from ctxkit.report.budgets import NAME, budget_findings
from ctxkit.report.figures import count
from ctxkit.report.json_values import utf8
from ctxkit.report.layout import clean
from ctxkit.report.page import page_markdown, page_of
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ctxkit.model.check import CheckResult
    from ctxkit.model.finding import Finding, Findings, Location, Region

MAX_RESULTS = 5_000
"""Results that GitHub keeps of a run. Findings come worst first, so the least are left out."""
MAX_BYTES = 8_000_000
"""Bytes of all results together; GitHub refuses a file that has more than 10 MB when it is compressed."""

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_MAX_RELATED = 20
_DESCRIPTION = 1_024
_MESSAGE = 2_000
_EVIDENCE_LINES = 10
_EVIDENCE_LINE = 300
_TAGS = ("coding-agent", "context-window")
_SECURITY = {"secret-in-context": "7.5"}
"""Rules whose findings are weaknesses → a score of 0 to 10. GitHub takes 7.0 to 8.9 for high; our own choice."""


def sarif_json(findings: Findings, paths: Mapping[str, str], version: str) -> bytes:
    """``findings`` as one run of ctxkit ``version``.

    What somebody asked not to see is left out: code scanning passes over ``suppressions`` and would open an alert.
    ``paths``: path of a finding → path from the top of the repository
    (:func:`ctxkit.sources.repository_paths.repository_paths`); findings without such a place are counted and left out.
    """
    return _log(findings.shown, paths, version)


def check_sarif_json(result: CheckResult, paths: Mapping[str, str], version: str) -> bytes:
    """What a check found, its budgets that fail among it; otherwise as :func:`sarif_json`."""
    return _log((*budget_findings(result), *result.audit.findings.shown), paths, version)


def named_paths(findings: Iterable[Finding]) -> Iterator[str]:
    """Every path that :func:`sarif_json` and annotations want to know the place of."""
    for finding in findings:
        for place in finding.at:
            if place.path is not None:
                yield place.path


def first_place(finding: Finding, paths: Mapping[str, str]) -> Location | None:
    """The first place of ``finding`` that lies in the repository."""
    return next((place for place in finding.at if place.path in paths), None)


def _log(shown: Sequence[Finding], paths: Mapping[str, str], version: str) -> bytes:
    from msgspec import json

    placed = [finding for finding in shown if first_place(finding, paths) is not None]
    rules = [_rule(identity) for identity in _rule_names(shown)]
    index = {rule["id"]: at for at, rule in enumerate(rules)}
    results, size = [], 0
    seen: Counter[str] = Counter()
    for finding in placed[:MAX_RESULTS]:
        result = _result(finding, paths, index, seen)
        size += len(json.encode(result))
        if size > MAX_BYTES:
            break
        results.append(result)
    notes = list(_left_out(len(shown) - len(placed), len(placed) - len(results)))
    run = {
        "tool": {"driver": {"name": "ctxkit", "semanticVersion": version, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": "ctxkit/"},
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The top of the repository."}}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": notes,
            }
        ],
        "results": results,
    }
    return json.format(json.encode({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}), indent=1) + b"\n"


def _left_out(outside: int, over: int) -> Iterator[dict[str, Any]]:
    said = []
    if outside:
        said.append(f"{count(outside, 'finding')} in no file of the repository left out.")
    if over:
        said.append(f"{count(over, 'finding')} over what GitHub takes left out.")
    for text in said:
        yield {"level": "note", "message": {"text": text}}


def _rule_names(found: Iterable[Finding]) -> list[str]:
    """Every detector, and what else findings name as their rule."""
    return [*DETECTORS, *sorted({NAME, *(finding.rule for finding in found)} - set(DETECTORS))]


def _rule(identity: str) -> dict[str, Any]:
    words = identity.replace("-", " ")
    title, finds, text, markdown = words, words, words, words
    if identity in DETECTORS:
        page = page_of(identity)
        title, finds, markdown = page.title, page.finds, page_markdown(page)
        text = "\n\n".join(f"{heading}: {said}" for heading, said in page.parts)
    elif identity == NAME:
        title = finds = text = markdown = "What agents load is over a limit that the repository has set itself."
    security = _SECURITY.get(identity)
    return {
        "id": identity,
        "name": words.title().replace(" ", ""),
        "shortDescription": {"text": title[:_DESCRIPTION]},
        "fullDescription": {"text": finds[:_DESCRIPTION]},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"security-severity": security, "tags": ["security", *_TAGS]} if security else {"tags": _TAGS},
    }


def _result(
    finding: Finding,
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
    """Lines and columns; of a whole file the place before its first character."""
    if region is None:
        return {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
    return {
        "startLine": region.start_line,
        "startColumn": region.start_column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    }


def uri_of(path: str) -> str:
    """A posix path as a relative URI reference; bytes that are no UTF-8 stay the bytes they are."""
    from urllib.parse import quote

    return quote(path.encode("utf-8", "surrogateescape"), safe="/-._~!$&'()*+,;=@")


def _text(text: str, most: int) -> str:
    """``text`` as a SARIF message: in one line, and nothing in it is a link."""
    said = utf8(clean(text))
    return _LINK().sub(r"\\[", said if len(said) <= most else f"{said[: most - 1]}…")


_LINK = on_demand(r"\[(?=[^\[\]]*\]\()")
