"""Workflow commands, read back as GitHub's runner reads them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ctxkit.model.finding import Confidence, Finding, Location, Region, Severity
from ctxkit.report.github import SHOWN, annotated

HOSTILE = (
    "::stop-commands::x",
    "a\n::set-output name=x::y",
    "a\r::add-mask::y",
    "a\r\n::error::y",
    "##[add-mask]y",
    "50% %0A::warning::y %25",
    "a,file=other.md,line=9::y",
    "a::b:c,d",
    "\u2028::error::y",
    "\x85::error::y",
    "\x0b::error::y\x0c",
    "\x1b[31mred\x1b]0;title\x07",
    "x" * 100_000,
)


def finding(**more: Any) -> Finding:
    fields: dict[str, Any] = {
        "rule": "duplicate-text",
        "severity": Severity.WARNING,
        "confidence": Confidence.HIGH,
        "message": "It is said twice.",
        "tip": "Say it once.",
        "at": (Location("CLAUDE.md", region=Region(3, 1, 5, 12)),),
        "key": "said twice",
    }
    return Finding(**fields | more)


def read(line: str) -> tuple[str, dict[str, str], str]:
    """(command, properties, message) of a line, as the runner takes it apart."""
    found = re.fullmatch(r"::([a-z-]+) ([^\n]*?)::([^\n]*)", line)
    assert found, line
    pairs = dict(pair.split("=", 1) for pair in found[2].split(","))
    return found[1], {key: _unescaped(value) for key, value in pairs.items()}, _unescaped(found[3])


def _unescaped(text: str) -> str:
    for token, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(token, char)
    return text


def lines_of(*findings: Finding, **paths: str) -> list[str]:
    """The output in lines, as the runner splits it; what splits at other characters finds no command either."""
    text = "\n".join(annotated(findings, {"CLAUDE.md": "CLAUDE.md", **paths}))
    lines = re.split(r"\r\n|\r|\n", text) if text else []
    assert {line for line in text.splitlines() if line.lstrip().startswith("::")} == {
        line.splitlines()[0] for line in lines if line.startswith("::")
    }
    return lines


def test_an_annotation_stands_beside_its_lines() -> None:
    [line] = lines_of(finding(evidence=("one", "two")))
    kind, properties, message = read(line)
    assert kind == "warning"
    assert properties == {"file": "CLAUDE.md", "line": "3", "endLine": "5", "title": "ctxkit duplicate-text"}
    assert message == "It is said twice.\nSay it once.\none\ntwo"


def test_columns_only_where_both_are_of_one_line() -> None:
    [line] = lines_of(finding(at=(Location("CLAUDE.md", region=Region(3, 2, 3, 12)),)))
    assert read(line)[1] | {"title": ""} == {
        "file": "CLAUDE.md", "line": "3", "endLine": "3", "col": "2", "endColumn": "12", "title": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("severity", "kind"), [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.NOTE, "notice")]
)
def test_severities_are_commands(severity: Severity, kind: str) -> None:
    assert read(lines_of(finding(severity=severity))[0])[0] == kind


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_file_becomes_a_command(text: str) -> None:
    hostile = finding(message=text, tip=text, evidence=(text,), at=(Location(text, region=Region(1, 1, 1, 2)),))
    lines = lines_of(hostile, finding(), **{text: text})
    assert len(lines) == 2
    for line in lines:
        kind, properties, message = read(line)
        assert kind == "warning"
        assert set(properties) == {"file", "line", "endLine", "title"} | (
            {"col", "endColumn"} if properties["line"] == "1" else set()
        )
        assert len(message) <= 1_000
    assert read(lines[0])[1]["file"] == text


def test_a_finding_that_lies_elsewhere_has_no_place() -> None:
    [line] = lines_of(finding(at=(Location("~/.claude/CLAUDE.md"),)))
    assert set(read(line)[1]) == {"title"}


def test_the_ten_worst_and_how_many_there_are() -> None:
    lines = lines_of(*(finding(key=f"{n}") for n in range(SHOWN + 2)))
    assert len(lines) == SHOWN + 1
    assert lines[-1] == "2 more findings not annotated: GitHub shows 10 a step."


def test_nothing_found_says_nothing() -> None:
    assert lines_of() == []
