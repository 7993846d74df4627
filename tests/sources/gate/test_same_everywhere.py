"""A check looks at what a commit may hold, so that it says the same on every machine."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from ctxkit.model import NothingToAuditError
from ctxkit.report.check_json import check_json
from ctxkit.service_check import CheckRequest, Gate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ctxkit.model.check import CheckResult

LONG = "A rule that is here.\n" * 40


def check(root: Path, *agents: str) -> CheckResult:
    with Gate(CheckRequest(str(root), agents or ("claude-code",))) as gate:
        return gate.check()


def loaded(result: CheckResult) -> set[str]:
    segments = [segment for agent in result.audit.agents for segment in agent.context.segments]
    return {segment.path for segment in segments if segment.path is not None and segment.tokens.n}


FILES: dict[str, Any] = {
    "CLAUDE.md": "# Rules\n\nBe brief.\n",
    ".gitignore": "*.local.md\n.claude/settings.local.json\n",
}


def test_what_git_ignores_does_not_count(repo: Callable[..., Path], write: Callable[..., None]) -> None:
    root = repo(FILES)
    before = check_json(check(root))
    write(root, {"CLAUDE.local.md": LONG, ".claude/settings.local.json": '{"model": "opus"}'})
    assert check_json(check(root)) == before


def test_what_git_would_take_counts(repo: Callable[..., Path], write: Callable[..., None]) -> None:
    root = repo(FILES)
    write(root, {".claude/rules/new.md": LONG})
    assert loaded(check(root)) == {"CLAUDE.md", ".claude/rules/new.md"}


def test_the_home_directory_and_the_environment_do_not_count(
    repo: Callable[..., Path], write: Callable[..., None], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repo(FILES)
    before = check_json(check(root))
    write(home, {".claude/CLAUDE.md": LONG, ".claude/settings.json": "{}", "elsewhere/CLAUDE.md": LONG})
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(home / "elsewhere"))
    assert check_json(check(root)) == before


def test_directories_above_the_repository_do_not_count(
    repo: Callable[..., Path], write: Callable[..., None], tmp_path: Path
) -> None:
    root = repo(FILES)
    before = check_json(check(root))
    write(tmp_path, {"CLAUDE.md": LONG, ".ctxkit.yaml": "persona: auditor\n", ".claude/settings.json": "{}"})
    assert check_json(check(root)) == before


def test_directories_above_the_root_inside_the_repository_count(repo: Callable[..., Path]) -> None:
    root = repo({**FILES, "sub/CLAUDE.md": "# Sub\n"})
    assert loaded(check(root / "sub")) == {"../CLAUDE.md", "CLAUDE.md"}


def test_the_users_own_ignore_file_does_not_hide_what_is_tracked(
    repo: Callable[..., Path], write: Callable[..., None], home: Path
) -> None:
    budget = "budgets: [{name: x, limit: 1M, category: files, agent: gemini-cli}]\n"
    root = repo({**FILES, "data/big.txt": LONG, ".ctxkit.yaml": budget})
    before = check_json(check(root, "gemini-cli"))
    assert b"data/big.txt" in before, "an agent that honours git's ignore files may read it"
    write(home, {".config/git/ignore": "data/\n"})
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "exclude").write_text("data/\n")
    assert check_json(check(root, "gemini-cli")) == before


@pytest.mark.skipif(os.name == "nt", reason="makes links")
def test_links_count_inside_and_not_out_of_the_repository(
    repo: Callable[..., Path], write: Callable[..., None], tmp_path: Path
) -> None:
    write(tmp_path, {"outside/far.md": LONG})
    files = {
        "CLAUDE.md": ("rules/main.md",),
        "rules/main.md": "# Main\n",
        ".claude/rules/far.md": (str(tmp_path / "outside" / "far.md"),),
        ".claude/rules/near.md": ("../../rules/near.md",),
        "rules/near.md": "# Near\n",
        ".claude/rules/private.md": ("../../secret.local.md",),
        ".gitignore": "*.local.md\n",
        "secret.local.md": LONG,
    }
    found = check(repo(files))
    assert loaded(found) == {"CLAUDE.md", ".claude/rules/near.md"}


def test_an_agent_that_only_ignored_files_set_up_is_not_checked(
    repo: Callable[..., Path], write: Callable[..., None]
) -> None:
    root = repo({"a.txt": "a\n", ".gitignore": ".claude/\n"})
    write(root, {".claude/rules/a.md": LONG})
    with pytest.raises(NothingToAuditError), Gate(CheckRequest(str(root))) as gate:
        gate.check()


def test_a_submodule_counts(repo: Callable[..., Path], tmp_path: Path) -> None:
    inner = repo({"rule.md": "# From the module\n"}, "inner")
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *identity, "-C", str(inner), "commit", "-qm", "x"], check=True)
    root = repo(FILES, "outer")
    subprocess.run(
        ["git", *identity, "-C", str(root), "submodule", "--quiet", "add", str(inner), ".claude/rules"], check=True
    )
    assert ".claude/rules/rule.md" in loaded(check(root))


def test_without_git_the_directory_counts(tmp_path: Path, home: Path, write: Callable[..., None]) -> None:
    root = tmp_path / "plain"
    write(root, {"CLAUDE.md": "# Rules\n", "CLAUDE.local.md": LONG, ".gitignore": "*.local.md\n"})
    assert loaded(check(root)) == {"CLAUDE.md"}


def test_two_runs_say_the_same_bytes(repo: Callable[..., Path]) -> None:
    root = repo({**FILES, "AGENTS.md": LONG, "docs/a.md": LONG, ".cursor/rules/a.mdc": LONG})
    assert check_json(check(root, "all")) == check_json(check(root, "all"))
