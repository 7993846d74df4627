"""Repositories for tests of the gate."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, which counts in this process and in those that it starts."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("CTXKIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return home


@pytest.fixture
def write() -> Callable[[Path, Mapping[str, Any]], None]:
    """A function that lays out files: path → text, bytes, or a tuple with the target of a link."""

    def lay_out(root: Path, files: Mapping[str, Any]) -> None:
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, tuple):
                path.symlink_to(content[0])
            elif isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_text(content, encoding="utf-8")

    return lay_out


@pytest.fixture
def repo(tmp_path: Path, home: Path, write: Callable[..., None]) -> Callable[..., Path]:
    """A function that makes a git repository of files, all of them added."""

    def make(files: Mapping[str, Any], name: str = "repo") -> Path:
        root = tmp_path / name
        root.mkdir()
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        write(root, files)
        subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)
        return root

    return make


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets what was changed so far count as changed long ago: two seconds become a fiftieth."""
    from ctxkit.sources import trace, verdicts

    def forward() -> None:
        monkeypatch.setattr(trace, "RACY_NS", 20_000_000)
        monkeypatch.setattr(verdicts, "RACY_NS", 20_000_000)
        monkeypatch.setattr(verdicts, "program_files", lambda: [verdicts.__file__])  # others may be edited meanwhile
        time.sleep(0.05)

    return forward
