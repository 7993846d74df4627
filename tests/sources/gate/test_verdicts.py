"""A verdict that is given again must be the one that a new run would give."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from ctxkit.service_check import CheckRequest, Gate
from ctxkit.sources import trace, verdicts
from ctxkit.sources.verdicts import Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REMEMBERED = Answer(0, ("a note",), b"the verdict\0\xff\n")
LOOKS = ("text", "utf-8")

FILES: dict[str, Any] = {
    "CLAUDE.md": "# Rules\n\nBe brief. See @docs/style.md.\n",
    "docs/style.md": "# Style\n",
    "docs/other.md": "# Other\n",
    ".claude/rules/link.md": ("../../docs/other.md",),
    ".claude/settings.json": "{}\n",
    ".gitignore": "*.local.md\nbuild/\n",
    "sub/CLAUDE.md": "# Sub\n",
    "sub/.gitignore": "x\n",
    "src/main.py": "print(1)\n" * 20,
}


@pytest.fixture
def root(repo: Callable[..., Path], wait: Callable[[], None], write: Callable[..., None]) -> Path:
    """A repository about which a verdict is remembered, with a file that git does not know and one it ignores."""
    root = repo(FILES)
    write(root, {"notes.md": "# Not added\n", "CLAUDE.local.md": "mine\n"})
    remember(root, wait)
    return root


def remember(root: Path, wait: Callable[[], None], request: CheckRequest | None = None) -> None:
    wait()
    with Gate(request or CheckRequest(str(root))) as gate:
        gate.check()  # so that the one that is remembered takes counts from the cache
    with Gate(request or CheckRequest(str(root))) as gate:
        gate.check()
        gate.remember(LOOKS, REMEMBERED)
    assert recalled(root, request) == REMEMBERED, "it is given again while nothing has changed"


def recalled(root: Path, request: CheckRequest | None = None, looks: tuple[str, ...] = LOOKS) -> Answer | None:
    with Gate(request or CheckRequest(str(root))) as gate:
        return gate.recall(looks)


def same_size_and_time(path: Path) -> None:
    """Another content, of which size and time of change say nothing."""
    before = path.stat()
    data = path.read_bytes()
    path.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *identity, "-C", str(root), *arguments], check=True, capture_output=True)


def relink(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


CHANGES: dict[str, Callable[[Path], object]] = {
    "a rule file longer": lambda root: (root / "CLAUDE.md").write_text("# Longer rules than before\n" * 9),
    "a rule file of the same size and time": lambda root: same_size_and_time(root / "CLAUDE.md"),
    "an imported file of the same size and time": lambda root: same_size_and_time(root / "docs" / "style.md"),
    "a source file of the same size and time": lambda root: same_size_and_time(root / "src" / "main.py"),
    "a file git does not know": lambda root: same_size_and_time(root / "notes.md"),
    "a rule file deleted": lambda root: (root / "sub" / "CLAUDE.md").unlink(),
    "a rule file added": lambda root: (root / ".claude" / "rules" / "new.md").write_text("# New\n"),
    "a rule file moved": lambda root: (root / "sub" / "CLAUDE.md").rename(root / "src" / "CLAUDE.md"),
    "a rule file staged": lambda root: (root / "a.md").write_text("x") and git(root, "add", "-A"),
    "a tracked link led elsewhere": lambda root: relink(root / ".claude" / "rules" / "link.md", "../../docs/style.md"),
    "what a link leads to": lambda root: same_size_and_time(root / "docs" / "other.md"),
    "a nested .gitignore": lambda root: same_size_and_time(root / "sub" / ".gitignore"),
    "a new nested .gitignore": lambda root: (root / "docs" / ".gitignore").write_text("style.md\n"),
    "an ignore file of an agent": lambda root: (root / ".cursorignore").write_text("src/\n"),
    "settings": lambda root: (root / ".claude" / "settings.json").write_text('{"a": 1}\n'),
    "a configuration": lambda root: (root / ".ctxkit.yaml").write_text("fail-on: note\n"),
    "a configuration in pyproject.toml": lambda root: (root / "pyproject.toml").write_text("[tool.ctxkit]\n"),
    "a baseline": lambda root: (root / ".ctxkit-baseline.json").write_text("{}"),
    "a repository inside": lambda root: git(root, "init", "-q", "inner"),
    "a directory in place of a file": lambda root: (root / "notes.md").unlink() or (root / "notes.md").mkdir(),
    "no repository any more": lambda root: (root / ".git").rename(root / "git.old"),
}


@pytest.mark.skipif(os.name == "nt", reason="makes links")
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_makes_it_look_again(name: str, root: Path) -> None:
    CHANGES[name](root)
    assert recalled(root) is None


@pytest.mark.parametrize("name", ["CLAUDE.md", "AGENTS.md", ".claude/rules/a.md"])
def test_a_rule_file_in_a_directory_above_the_root(
    repo: Callable[..., Path], wait: Callable[[], None], write: Callable[..., None], name: str
) -> None:
    root = repo({"sub/CLAUDE.md": "# Sub\n", "CLAUDE.md": "# Top\n"})
    remember(root / "sub", wait)
    write(root, {name: "# Something else\n"})
    assert recalled(root / "sub") is None


def test_a_configuration_in_a_directory_above_the_root(repo: Callable[..., Path], wait: Callable[[], None]) -> None:
    root = repo({"sub/CLAUDE.md": "# Sub\n"})
    remember(root / "sub", wait)
    (root / ".ctxkit.yaml").write_text("persona: auditor\n")
    assert recalled(root / "sub") is None


def test_a_configuration_that_git_ignores(repo: Callable[..., Path], wait: Callable[[], None]) -> None:
    root = repo({"CLAUDE.md": "# Rules\n", ".gitignore": ".ctxkit*\n"})
    (root / ".ctxkit.yaml").write_text("fail-on: error\n")
    remember(root, wait)
    same_size_and_time(root / ".ctxkit.yaml")
    assert recalled(root) is None


def test_a_repository_below_the_folder_of_the_memory(
    repo: Callable[..., Path], wait: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTXKIT_CACHE_DIR", str(tmp_path))
    root = repo({"CLAUDE.md": "# Rules\n", ".gitignore": ".ctxkit*\n"})
    (root / ".ctxkit.yaml").write_text("fail-on: error\n")
    for _ in range(2):
        wait()
        with Gate(CheckRequest(str(root))) as gate:
            gate.check()
            gate.remember(LOOKS, REMEMBERED)
    same_size_and_time(root / ".ctxkit.yaml")
    assert recalled(root) is None


def test_files_that_git_was_told_to_take_for_unchanged(repo: Callable[..., Path], wait: Callable[[], None]) -> None:
    root = repo({"CLAUDE.md": "# Rules\n", "src/a.py": "x = 1\n"})
    git(root, "update-index", "--assume-unchanged", "CLAUDE.md", "src/a.py")
    remember(root, wait)
    same_size_and_time(root / "src" / "a.py")
    assert recalled(root) is None
    remember(root, wait)
    same_size_and_time(root / "CLAUDE.md")
    assert recalled(root) is None


def test_a_repository_that_tells_git_not_to_look_closely(repo: Callable[..., Path], wait: Callable[[], None]) -> None:
    root = repo(FILES)
    git(root, "config", "core.trustctime", "false")
    git(root, "config", "core.checkStat", "minimal")
    os.utime(root / "CLAUDE.md", (1_700_000_000, 1_700_000_000))  # else git reads it: it is as young as the index
    git(root, "add", "-A")
    remember(root, wait)
    while int(time.time()) == int((root / "CLAUDE.md").stat().st_ctime):
        time.sleep(0.02)  # git compares whole seconds
    same_size_and_time(root / "CLAUDE.md")
    assert recalled(root) is None


def test_a_file_in_a_submodule(repo: Callable[..., Path], wait: Callable[[], None]) -> None:
    inner = repo({"rule.md": "# From the module\n"}, "inner")
    git(inner, "commit", "-qm", "x")
    root = repo({"CLAUDE.md": "# Rules\n"}, "outer")
    git(root, "submodule", "--quiet", "add", str(inner), ".claude/rules")
    remember(root, wait)
    same_size_and_time(root / ".claude" / "rules" / "rule.md")
    assert recalled(root) is None
    remember(root, wait)
    (root / ".claude" / "rules" / "more.md").write_text("# More\n")
    assert recalled(root) is None


@pytest.mark.skipif(os.name == "nt", reason="makes links")
def test_a_link_to_a_directory_led_elsewhere(
    repo: Callable[..., Path], wait: Callable[[], None], write: Callable[..., None]
) -> None:
    root = repo({"CLAUDE.md": "# Rules\n", "one/a.md": "# A\n", "two/a.md": "# B\n", ".claude/rules": ("../one",)})
    remember(root, wait)
    relink(root / ".claude" / "rules", "../two")
    assert recalled(root) is None


@pytest.mark.parametrize("name", ["GIT_CONFIG_GLOBAL", "HOME", "PATH", "XDG_CONFIG_HOME", "CTXKIT_ENGINE"])
def test_the_environment(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv(name, f"{os.environ['PATH']}{os.pathsep}{tmp_path}" if name == "PATH" else str(tmp_path))
    assert recalled(root) is None


def test_the_users_settings_of_git(root: Path, home: Path) -> None:
    (home / ".gitconfig").write_text(f"[core]\n\texcludesFile = {home / 'ignored'}\n")
    (home / "ignored").write_text("notes.md\n")
    assert recalled(root) is None


def test_another_question(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for request in (
        CheckRequest(str(root), ("codex",)),
        CheckRequest(str(root), fail_on="note"),
        CheckRequest(str(root), persona="auditor"),
        CheckRequest(str(root), baseline=str(root / "b.json")),
        CheckRequest(str(root / "sub")),
    ):
        assert recalled(root, request) is None
    assert recalled(root, looks=("json", "utf-8")) is None
    monkeypatch.chdir(root)
    assert recalled(root) is None, "paths may be relative to it"


def test_another_day(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ctxkit import service_check

    real = service_check.time.gmtime

    class Clock:
        time_ns = staticmethod(service_check.time.time_ns)
        strftime = staticmethod(service_check.time.strftime)

        @staticmethod
        def gmtime() -> object:
            return real(service_check.time.time() + 86_400)

        time = staticmethod(service_check.time.time)

    monkeypatch.setattr(service_check, "time", Clock)
    assert recalled(root) is None


def test_another_program(
    repo: Callable[..., Path], wait: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = trace.program_files()
    assert any(path.endswith("detectors.yaml") for path in files)
    assert verdicts.__file__ in files
    module = tmp_path / "module.py"
    module.write_text("x = 1\n")
    root = repo(FILES)
    wait()
    monkeypatch.setattr(verdicts, "program_files", lambda: [str(module)])
    remember(root, lambda: None)
    same_size_and_time(module)
    assert recalled(root) is None


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda data: b"", lambda data: data[:40] + b"x" + data[41:]])
def test_a_damaged_verdict_is_none(root: Path, spoil: Callable[[bytes], bytes], tmp_path: Path) -> None:
    (kept,) = (tmp_path / "cache" / "verdicts").iterdir()
    kept.write_bytes(spoil(kept.read_bytes()))
    assert recalled(root) is None


def test_what_has_just_changed_is_not_remembered(repo: Callable[..., Path]) -> None:
    root = repo(FILES)
    with Gate(CheckRequest(str(root))) as gate:
        gate.check()
        gate.remember(LOOKS, REMEMBERED)
    assert recalled(root) is None, "it may change again within the same tick of the clock"


def test_what_changes_while_it_runs_is_not_remembered(repo: Callable[..., Path], wait: Callable[[], None]) -> None:
    root = repo(FILES)
    (root / "notes.md").write_text("# Notes\n")
    wait()
    with Gate(CheckRequest(str(root))) as gate:
        gate.check()
        same_size_and_time(root / "notes.md")
        gate.remember(LOOKS, REMEMBERED)
    assert recalled(root) is None


def test_without_git_nothing_is_remembered(
    tmp_path: Path, home: Path, write: Callable[..., None], wait: Callable[[], None]
) -> None:
    write(tmp_path / "plain", {"CLAUDE.md": "# Rules\n"})
    wait()
    with Gate(CheckRequest(str(tmp_path / "plain"))) as gate:
        gate.check()
        gate.remember(LOOKS, REMEMBERED)
    assert recalled(tmp_path / "plain") is None
