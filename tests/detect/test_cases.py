"""Every detector against its table ``tests/cases/detect/<id>.yaml``.

A case has ``name``, ``files`` (path → text; ``{link: target}`` for a symbolic link; ``~/`` is the home directory),
optionally ``agents``, ``servers`` (MCP server → its tools, or ``{tools, instructions}``), ``sessions`` (of Claude
Code, each a list of what it called: a command, or ``{tool: arguments}``), and ``finds``: what this detector says, in
any order, nothing more. A line ``%filler 300%`` in a file stands for 300 lines of prose. Of each finding a case may
give ``at`` (``path:line``, or ``path`` alone, or a segment's id), ``says`` (part of the message), ``evidence`` (part
of a line), ``severity``, ``confidence``, ``persona``, ``cuts`` (the texts that would go, in order) and ``wastes``
(the agents in whose every request it costs tokens).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ctxkit.detect import DETECTORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ctxkit.model.audit import Audit
    from ctxkit.model.finding import Finding, Location

CASES = Path(__file__).parents[1] / "cases" / "detect"
TABLES = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(CASES.glob("*.yaml"))}
ALL = [pytest.param(rule, case, id=f"{rule}-{case['name']}") for rule, cases in TABLES.items() for case in cases]


@pytest.mark.parametrize(("rule", "case"), ALL)
def test_a_case(rule: str, case: dict[str, Any], looked_at: Callable[..., Audit]) -> None:
    contents = {name: grown(text) if isinstance(text, str) else text for name, text in case.get("files", {}).items()}
    agents = tuple(case.get("agents", ["claude-code"]))
    audit = looked_at(contents, agents, servers=case.get("servers", {}), sessions=case.get("sessions", []))
    found = [finding for finding in audit.findings.shown if finding.rule == rule]
    found += [finding for finding in audit.findings.hidden if finding.rule == rule]
    wanted = list(case["finds"])
    files = {name: text.encode("utf-8", "surrogateescape") for name, text in contents.items() if isinstance(text, str)}
    left = list(found)
    for want in wanted:
        match = next((finding for finding in left if _fits(finding, want, files)), None)
        assert match is not None, f"missing {want}; found {[_told(finding, files) for finding in left]}"
        left.remove(match)
    assert not left, f"too many: {[_told(finding, files) for finding in left]}"


def test_every_detector_has_cases_in_which_it_finds_something_and_some_in_which_it_does_not() -> None:
    assert set(TABLES) == set(DETECTORS)
    for rule, cases in TABLES.items():
        assert any(case["finds"] for case in cases), rule
        assert any(not case["finds"] for case in cases), rule


def grown(text: str) -> str:
    """``text`` with its lines ``%filler N%`` written out."""
    return re.sub(r"(?m)^%filler (\d+)%$", lambda match: "\n".join(map(_filler, range(int(match[1])))), text)


def _filler(number: int) -> str:
    return f"On day {number} the river stood {number % 7} hands below the old bridge, and the ferry went twice."


def _fits(finding: Finding, want: dict[str, Any], files: dict[str, bytes]) -> bool:
    told = _told(finding, files)
    return (
        ("at" not in want or want["at"] in (told["at"], told["at"].rpartition(":")[0]))
        and want.get("says", "") in finding.message
        and (not want.get("evidence") or any(want["evidence"] in line for line in finding.evidence))
        and all(want.get(key, told[key]) == told[key] for key in ("severity", "confidence", "persona"))
        and ("cuts" not in want or [text.strip() for text in want["cuts"]] == [text.strip() for text in told["cuts"]])
        and ("wastes" not in want or set(want["wastes"]) == set(told["wastes"]))
    )


def _told(finding: Finding, files: dict[str, bytes]) -> dict[str, Any]:
    return {
        "at": _place(finding.at[0], files),
        "message": finding.message,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "persona": finding.persona.value,
        "cuts": [files[cut.path][cut.span.start : cut.span.end].decode("utf-8", "replace") for cut in finding.cuts],
        "wastes": [waste.agent for waste in finding.wasted if waste.start.n],
        "evidence": finding.evidence,
    }


def _place(place: Location, files: dict[str, bytes]) -> str:
    if place.path is None:
        return place.segment
    line = files.get(place.path, b"").count(b"\n", 0, place.span.start) + 1 if place.span is not None else 1
    return f"{place.path}:{line}"
