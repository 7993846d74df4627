"""Markdown, SARIF and workflow commands on the command line."""

import json
import re
from pathlib import Path

import pytest

from .conftest import Run

HIDDEN = "# Rules\n\nText \u202e hidden.\n"


@pytest.fixture
def faulty(repository: Path) -> Path:
    (repository / "CLAUDE.md").write_text(HIDDEN, encoding="utf-8")
    return repository


def test_an_audit_as_markdown_has_agents_and_findings(ctxkit: Run, faulty: Path) -> None:
    text = ctxkit("audit", "--format", "markdown").stdout.decode()
    assert text.startswith("## ctxkit\n\n")
    assert "| Claude Code | 200k |" in text
    assert "<code>CLAUDE.md&#58;3</code>" in text


def test_sarif_names_files_from_the_top_of_the_repository(ctxkit: Run, faulty: Path) -> None:
    (faulty / "sub" / "CLAUDE.md").write_text(HIDDEN, encoding="utf-8")
    run = json.loads(ctxkit("audit", "sub", "--format", "sarif").stdout)["runs"][0]
    uris = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in run["results"]
        if result["ruleId"] == "invisible-text"
    }
    assert uris == {"CLAUDE.md", "sub/CLAUDE.md"}


def test_a_link_is_told_by_the_file_it_leads_to(ctxkit: Run, faulty: Path) -> None:
    (faulty / "CLAUDE.md").unlink()
    (faulty / "CLAUDE.md").symlink_to("AGENTS.md")
    (faulty / "AGENTS.md").write_text(HIDDEN, encoding="utf-8")
    run = json.loads(ctxkit("audit", "--format", "sarif").stdout)["runs"][0]
    places = [place for result in run["results"] for place in result["locations"]]
    assert {place["physicalLocation"]["artifactLocation"]["uri"] for place in places} == {"AGENTS.md"}


def test_a_region_ends_with_its_last_character(ctxkit: Run, faulty: Path) -> None:
    run = json.loads(ctxkit("audit", "--format", "sarif").stdout)["runs"][0]
    [result] = [result for result in run["results"] if result["ruleId"] == "invisible-text"]
    region = result["locations"][0]["physicalLocation"]["region"]
    lines = HIDDEN.split("\n")
    assert region["startLine"] == region["endLine"] == 3
    assert 1 <= region["startColumn"] < region["endColumn"] <= len(lines[2]) + 1


def test_annotations_are_commands_and_nothing_else(ctxkit: Run, faulty: Path) -> None:
    lines = ctxkit("audit", "--format", "github").stdout.decode().splitlines()
    assert lines
    assert all(re.match(r"::(error|warning|notice) file=CLAUDE\.md,line=", line) for line in lines)


@pytest.mark.parametrize("form", ["markdown", "sarif", "github"])
def test_a_file_gets_what_stdout_would(ctxkit: Run, faulty: Path, form: str) -> None:
    shown = ctxkit("audit", "--format", form).stdout
    done = ctxkit("audit", "--format", form, "-o", "report.out")
    assert done.stdout == b""
    assert (faulty / "report.out").read_bytes() == shown


@pytest.mark.parametrize("form", ["markdown", "sarif", "github"])
def test_a_clean_repository_is_no_error(ctxkit: Run, form: str) -> None:
    done = ctxkit("audit", "--format", form)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_markdown_of_github_s_summary_is_only_written_where_it_is_asked_for(ctxkit: Run, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    ctxkit("audit", "--format", "github", GITHUB_STEP_SUMMARY=str(summary), GITHUB_ACTIONS="true")
    assert not summary.exists()


def budget(repository: Path, limit: str) -> None:
    text = f"budgets:\n  - name: all of it\n    agent: claude-code\n    limit: {limit}\n"
    (repository / ".ctxkit.yaml").write_text(text)


def test_a_budget_that_fails_is_in_every_format(ctxkit: Run, repository: Path) -> None:
    budget(repository, "10 tokens")
    assert ctxkit("check").returncode == 1, ctxkit("check").stderr
    lines = ctxkit("check", "--format", "github").stdout.decode().splitlines()
    [line] = [line for line in lines if "title=ctxkit budget" in line]
    assert line.startswith(
        "::error file=CLAUDE.md,line=1,title=ctxkit budget::Budget all of it (claude-code) is over its limit: ~"
    )
    run = json.loads(ctxkit("check", "--format", "sarif").stdout)["runs"][0]
    [result] = [result for result in run["results"] if result["ruleId"] == "budget"]
    assert result["level"] == "error"
    assert " of 10 tokens" in result["message"]["text"]
    assert "all of it" in ctxkit("check", "--format", "markdown").stdout.decode()


def test_a_budget_that_holds_is_no_finding(ctxkit: Run, repository: Path) -> None:
    budget(repository, "190000 tokens")
    assert b"budget" not in ctxkit("check", "--format", "github").stdout
    results = json.loads(ctxkit("check", "--format", "sarif").stdout)["runs"][0]["results"]
    assert "budget" not in {result["ruleId"] for result in results}
