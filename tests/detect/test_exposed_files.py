"""What cannot be said in a table: files that git holds although it is told to ignore them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from ctxkit.service import AuditRequest, audit

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("ignored", [False, True])
def test_what_is_committed_in_spite_of_an_ignore_line(tmp_path: Path, ignored: bool) -> None:
    repository, home = tmp_path / "repository", tmp_path / "home"
    (repository / "dist").mkdir(parents=True)
    home.mkdir()
    (repository / "CLAUDE.md").write_text("Be brief.\n")
    (repository / "dist" / "all.min.js").write_text("call(alpha, 17);" * 20_000)
    (repository / ".gitignore").write_text("dist/\n" if ignored else "build/\n")
    for words in (["init", "-q"], ["add", "-A", "-f"]):
        subprocess.run(["git", *words], cwd=repository, check=True)
    found = audit(AuditRequest(str(repository), agents=("claude-code",), home=str(home))).findings.shown
    assert [finding.rule for finding in found] == ([] if ignored else ["exposed-files"])
