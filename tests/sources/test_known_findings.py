"""Findings are taken from memory only while nothing that a detector may look at has changed."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from ctxkit.detect import run as detect_run
from ctxkit.service import AuditRequest, audit
from ctxkit.sources import trace, verdicts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ctxkit.model.audit import Audit

RULES = "# Work\n\nRun `npm run lint` first.\n\nThe program is `src/main.py`, its tests are `tests/test_main.py`.\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CTXKIT_CACHE_DIR", str(tmp_path / "cache"))
    # What was written a moment ago is not believed; a test cannot wait for it to grow old.
    monkeypatch.setattr(trace, "RACY_NS", -(10**15))
    monkeypatch.setattr(verdicts, "RACY_NS", -(10**15))
    root = tmp_path / "repository"
    for name, text in {
        "AGENTS.md": RULES,
        "package.json": '{"scripts": {"lint": "eslint ."}}',
        ".gitignore": "local/\n",
        "src/main.py": "print()\n",
        "tests/test_main.py": "\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (tmp_path / "home").mkdir()
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "-qm", "x")
    return root


@pytest.fixture
def asked(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[Audit, bool]]:
    """Audits the repository: what came of it, and whether detectors had to run."""
    runs: list[bool] = []
    real = detect_run.run_detectors

    def counted(*words: object, **more: object) -> object:
        runs.append(True)
        return real(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(detect_run, "run_detectors", counted)

    def ask() -> tuple[Audit, bool]:
        runs.clear()
        home = str(repository.parent / "home")
        return audit(AuditRequest(str(repository), agents=("codex",), home=home)), bool(runs)

    return ask


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)


def test_nothing_changed(asked: Callable[[], tuple[Audit, bool]]) -> None:
    first, ran = asked()
    again, ran_again = asked()
    assert ran
    assert not ran_again
    assert again.findings == first.findings
    assert again.score == first.score


CHANGES: dict[str, Callable[[Path], object]] = {
    "a rule file": lambda root: (root / "AGENTS.md").write_text(RULES + "\nMore.\n"),
    "a file that is named is gone": lambda root: (root / "src/main.py").unlink(),
    "a script is gone": lambda root: (root / "package.json").write_text('{"scripts": {}}'),
    "a script is gone, of the same size and time": lambda root: same_look(
        root / "package.json", '{"scripts": {"lend": "eslint ."}}'
    ),
    "a file that git does not know": lambda root: (root / "src/other.py").write_text("x"),
    "an ignored directory more": lambda root: (root / ".gitignore").write_text("local/\nsrc/generated/\n"),
    "another index": lambda root: git(root, "rm", "-q", "--cached", "tests/test_main.py"),
    "a rule file at home": lambda root: home_rules(root.parent / "home" / ".codex"),
}


def same_look(path: Path, text: str) -> None:
    before = path.stat()
    assert len(text) == before.st_size
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def home_rules(folder: Path) -> None:
    folder.mkdir()
    (folder / "AGENTS.md").write_text("Answer briefly.\n")


@pytest.mark.parametrize("change", CHANGES)
def test_anything_changed(change: str, repository: Path, asked: Callable[[], tuple[Audit, bool]]) -> None:
    asked()
    assert not asked()[1], "nothing was remembered, so that this test would show nothing"
    CHANGES[change](repository)
    changed, ran = asked()
    assert ran
    assert not asked()[1], "what was found after a change is not remembered"
    fresh = audit(AuditRequest(str(repository), agents=("codex",), home=str(repository.parent / "home")))
    assert changed.findings == fresh.findings


def test_a_file_changed_this_moment_is_not_believed(
    asked: Callable[[], tuple[Audit, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "RACY_NS", 3_600 * 10**9)
    asked()
    assert asked()[1]


def test_a_damaged_memory(asked: Callable[[], tuple[Audit, bool]], tmp_path: Path) -> None:
    first, _ = asked()
    kept = list((tmp_path / "cache" / "verdicts").iterdir())
    assert kept
    for path in kept:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    again, ran = asked()
    assert ran
    assert again.findings == first.findings
