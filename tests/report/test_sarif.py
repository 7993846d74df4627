"""SARIF as GitHub's code scanning takes it, against a strict schema of what it documents."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec import json

from ctxkit.detect import DETECTORS
from ctxkit.model import Tokens
from ctxkit.model.finding import (
    Confidence,
    Finding,
    Findings,
    Location,
    Persona,
    Region,
    Severity,
    Suppressed,
    Waste,
)
from ctxkit.report.sarif import MAX_RESULTS, sarif_json, uri_of

SCHEMA = Draft202012Validator(json.decode((Path(__file__).parent / "code-scanning.json").read_bytes()))


def finding(path: str | None = "CLAUDE.md", **more: Any) -> Finding:
    fields: dict[str, Any] = {
        "rule": "duplicate-text",
        "severity": Severity.WARNING,
        "confidence": Confidence.HIGH,
        "message": "It is said twice.",
        "tip": "Say it once.",
        "at": (Location(path, region=Region(3, 1, 5, 12), segment="" if path else "tools:x"),),
        "key": "said twice",
    }
    return Finding(**fields | more)


def run_of(shown: tuple[Finding, ...], suppressed: tuple[Suppressed, ...] = (), **paths: str) -> dict[str, Any]:
    """The run that is written, checked against the schema; ``paths``: besides CLAUDE.md."""
    data = sarif_json(Findings(shown, suppressed), {"CLAUDE.md": "CLAUDE.md", **paths}, "1.2.3")
    log = json.decode(data)
    SCHEMA.validate(log)
    run: dict[str, Any] = log["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return run


def test_the_schema_refuses_what_github_does_not_take() -> None:
    log = json.decode(sarif_json(Findings((finding(),)), {"CLAUDE.md": "CLAUDE.md"}, "1.2.3"))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    for uri in ("/absolute.md", "../out.md", "file:///x", "with space.md", "naïve.md"):
        place["artifactLocation"]["uri"] = uri
        assert not SCHEMA.is_valid(log), uri


def test_a_result_says_where_how_bad_and_what_to_do() -> None:
    tokens = Waste("claude-code", Tokens(40, True, "x"), Tokens(0))
    [result] = run_of((finding(severity=Severity.ERROR, wasted=(tokens,), evidence=("line one",)),))["results"]
    assert result["level"] == "error"
    assert result["message"]["text"] == "It is said twice. Say it once."
    [place] = result["locations"]
    region = {"startLine": 3, "startColumn": 1, "endLine": 5, "endColumn": 12}
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "CLAUDE.md", "uriBaseId": "%SRCROOT%"},
        "region": region,
    }
    assert result["properties"]["tokensInEveryRequest"] == 40
    assert result["properties"]["evidence"] == ["line one"]


def test_the_rules_say_the_same_whatever_was_found() -> None:
    nothing = run_of(())["tool"]
    found = run_of((finding(severity=Severity.NOTE, confidence=Confidence.LOW, persona=Persona.AUDITOR),))["tool"]
    assert nothing == found
    rules = {rule["id"]: rule for rule in found["driver"]["rules"]}
    assert set(DETECTORS) < set(rules)
    for identity in DETECTORS:
        assert "**What to do**" in rules[identity]["help"]["markdown"]


def test_only_weaknesses_have_a_security_severity() -> None:
    rules = run_of(())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules if "security-severity" in rule["properties"]] == ["secret-in-context"]


def test_a_result_keeps_its_fingerprint_and_no_two_share_one() -> None:
    twice = (finding(), finding(at=(Location("CLAUDE.md", region=Region(9, 1, 9, 2)),)))
    one, two = (r["partialFingerprints"]["primaryLocationLineHash"] for r in run_of(twice)["results"])
    assert (one, two) == (f"{finding().fingerprint}:1", f"{finding().fingerprint}:2")


def test_what_lies_outside_the_repository_is_counted_and_left_out() -> None:
    run = run_of((finding("~/.claude/CLAUDE.md"), finding(None), finding()))
    assert len(run["results"]) == 1
    [note] = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("2 findings in no file of the repository")


def test_a_finding_whose_second_place_is_in_the_repository_is_told_there() -> None:
    both = (Location("~/.claude/CLAUDE.md"), Location("CLAUDE.md", note="the copy"))
    [result] = run_of((finding(at=both),))["results"]
    assert result["locations"][0]["message"]["text"] == "the copy"
    assert "relatedLocations" not in result


def test_the_other_places_are_related() -> None:
    places = (Location("CLAUDE.md"), Location("b.md", region=Region(1, 2, 3, 4), note="also here"))
    [result] = run_of((finding(at=places),), **{"b.md": "sub/b.md"})["results"]
    [other] = result["relatedLocations"]
    assert other["physicalLocation"]["artifactLocation"]["uri"] == "sub/b.md"
    assert other["message"]["text"] == "also here"


def test_what_somebody_asked_not_to_see_is_no_result() -> None:
    items = (Suppressed(finding(), "comment", "we need both"), Suppressed(finding(key="other"), "baseline"))
    assert run_of((), items)["results"] == []


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b.md", "a%20b.md"),
        ("a#b?c.md", "a%23b%3Fc.md"),
        ("100%.md", "100%25.md"),
        ("日本.md", "%E6%97%A5%E6%9C%AC.md"),
        ("x\udcff.md", "x%FF.md"),
        ("c:x.md", "c%3Ax.md"),
        ("a\nb.md", "a%0Ab.md"),
    ],
)
def test_paths_are_uris(path: str, uri: str) -> None:
    assert uri_of(path) == uri
    [result] = run_of((finding(path),), **{path: path})["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_nothing_in_a_message_is_a_link_or_a_new_line() -> None:
    text = "see [here](https://evil.example) and\n[there](1)\udcff\u202e"
    [result] = run_of((finding(message=text),))["results"]
    said = result["message"]["text"]
    assert "\n" not in said
    assert "\u202e" not in said
    assert said.count("\\\\[") == 0
    assert said.startswith("see \\[here](https://evil.example)")
    assert "\\[there](1)" in said


def test_no_more_than_github_keeps() -> None:
    run = run_of(tuple(finding(key=f"{n}") for n in range(MAX_RESULTS + 3)))
    assert len(run["results"]) == MAX_RESULTS
    assert "3 findings over" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_no_larger_than_github_takes() -> None:
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789", k=5_000)) for _ in range(60)]
    places = tuple(Location(f"{word[:200]}.md", note=word[:900]) for word in words)
    paths = {place.path or "": place.path or "" for place in places}
    found = tuple(
        finding(
            f"{words[n % 60][:200]}.md", key=f"{n}", message=words[n % 60], evidence=(words[-n % 60],) * 30, at=places
        )
        for n in range(1_000)
    )
    data = sarif_json(Findings(found), paths, "1.2.3")
    log = json.decode(data)
    SCHEMA.validate(log)
    assert len(gzip.compress(data)) < 10_000_000
    assert 100 < len(log["runs"][0]["results"]) < 1_000
    assert "left out" in log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
