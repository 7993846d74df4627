from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ctxkit.tokens.cache import CountCache

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., bytes]


@pytest.fixture
def cache() -> CountCache:
    return CountCache(None)


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs git in ``tmp_path``, away from the user's own configuration."""
    if shutil.which("git") is None:
        pytest.skip("there is no git here")
    home = tmp_path.parent / f"{tmp_path.name}-home"
    home.mkdir()
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "HOME": str(home), "XDG_CONFIG_HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    def run(*arguments: str, cwd: Path = tmp_path) -> bytes:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        return subprocess.run(["git", "-C", str(cwd), *identity, *arguments], check=True, capture_output=True).stdout

    return run


def write(root: Path, files: dict[str, str | bytes]) -> None:
    """``files`` below ``root``."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def commit(git: Run, root: Path, files: dict[str, str | bytes]) -> None:
    """A repository at ``root`` with ``files`` in one commit, old enough that git need not look twice."""
    write(root, files)
    git("init", "-q", ".", cwd=root)
    git("add", "-A", cwd=root)
    age(root)
    git("update-index", "--refresh", cwd=root)
    git("commit", "-q", "-m", "first", cwd=root)


def age(root: Path) -> None:
    """Make every file of ``root`` look as if it was written a minute ago."""
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink() and ".git" not in path.relative_to(root).parts:
            status = path.stat()
            os.utime(path, (status.st_atime - 60, status.st_mtime - 60))
