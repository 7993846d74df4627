"""A repository and a home directory for real runs of the command line."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]

KEPT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "LD_LIBRARY_PATH")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A small git repository that is set up for Claude Code and Codex."""
    root = tmp_path / "repository"
    files = {
        "CLAUDE.md": "# Project\n\nIntroduction.\n\n## Commands\n\n"
        + "Run the tests.\n" * 200
        + "\n## Style\n\nBe brief.\n",
        "AGENTS.md": "# Agents\n\nRun the tests.\n",
        "sub/CLAUDE.md": "Only for sub.\n",
        ".claude/skills/deploy/SKILL.md": "---\nname: deploy\ndescription: Deploys.\n---\nSteps.\n",
        "src/main.py": "print('hello')\n" * 50,
        "src/日本語.py": "x = 1\n" * 100,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True)
    return root


@pytest.fixture
def ctxkit(tmp_path: Path, repository: Path) -> Run:
    """Runs ``python -m ctxkit`` in the repository, with a home of its own and a bare environment."""
    home = tmp_path / "home"
    home.mkdir()

    def run(*arguments: str, cwd: Path = repository, **env: str) -> subprocess.CompletedProcess[bytes]:
        clean = {name: os.environ[name] for name in KEPT if name in os.environ}
        clean |= {"HOME": str(home), "USERPROFILE": str(home), "XDG_CACHE_HOME": str(home / "cache"), **env}
        command = [sys.executable, "-m", "ctxkit", *arguments]
        return subprocess.run(command, cwd=cwd, env=clean, capture_output=True, timeout=120, check=False)

    return run
