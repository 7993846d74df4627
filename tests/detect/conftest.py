"""A small repository, looked at by the detectors."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from ctxkit.service import AuditRequest, audit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ctxkit.model.audit import Audit


@pytest.fixture
def looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Audit]:
    """A function from files (path → text, bytes or ``{link: target}``) to the audit of a repository that holds them."""
    monkeypatch.setenv("CTXKIT_CACHE_DIR", str(tmp_path / "cache"))

    def look(files: Mapping[str, Any], agents: tuple[str, ...] = ("claude-code",), **more: Any) -> Audit:
        root, home = tmp_path / "repo", tmp_path / "home"
        home.mkdir(exist_ok=True)
        root.mkdir()
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        for name, content in files.items():
            path = (home / name[2:]) if name.startswith("~/") else root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, dict):
                path.symlink_to(content["link"])
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
        subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)
        return audit(AuditRequest(str(root), agents, home=str(home), **more))

    return look
