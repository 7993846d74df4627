import os
import sys

import pytest

from ctxkit.agents.disk import Disk


@pytest.fixture
def disk(tmp_path):
    root = tmp_path / "home" / "src" / "project"
    root.mkdir(parents=True)
    return Disk(str(root), str(tmp_path / "home"), str(root))


def test_paths_as_reports_show_them(disk, tmp_path):
    assert disk.show(os.path.join(disk.root, "a", "b.md")) == "a/b.md"
    assert disk.show(disk.root) == "."
    assert disk.show(os.path.join(disk.home, "src", "b.md")) == "~/src/b.md"
    outside = str(tmp_path / "b.md")
    assert disk.show(outside) == outside.replace(os.sep, "/")


def test_above_the_root_but_inside_git(tmp_path):
    disk = Disk(str(tmp_path / "repo" / "sub"), str(tmp_path / "home"), str(tmp_path / "repo"))
    assert disk.show(str(tmp_path / "repo" / "AGENTS.md")) == "../AGENTS.md"


def test_only_regular_files_are_opened(disk):
    path = os.path.join(disk.root, "big.md")
    with open(path, "wb") as file:
        file.truncate(9 * 1024 * 1024)
    assert disk.read(path) is None
    assert "9,437,184 bytes" in disk.skipped[0].reason
    assert disk.read(os.path.join(disk.root, "missing.md")) is None
    assert disk.read(disk.root) is None
    assert len(disk.skipped) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFOs on Windows")
def test_a_fifo_is_named_not_opened(disk):
    path = os.path.join(disk.root, "CLAUDE.md")
    os.mkfifo(path)
    assert disk.read(path) is None
    assert disk.skipped[0].path == "CLAUDE.md"
    assert disk.skipped[0].hint


def test_a_link_to_nothing_and_a_loop(disk):
    os.symlink("nowhere", os.path.join(disk.root, "a.md"))
    os.symlink("b.md", os.path.join(disk.root, "b.md"))
    assert disk.read(os.path.join(disk.root, "a.md")) is None
    assert disk.read(os.path.join(disk.root, "b.md")) is None
    assert [item.path for item in disk.skipped] == ["a.md", "b.md"]


def test_globs_follow_links_to_directories_once(disk):
    os.makedirs(os.path.join(disk.root, "rules", "deep"))
    os.symlink("..", os.path.join(disk.root, "rules", "deep", "up"))
    for name in ("a.md", "deep/b.md", "deep/c.txt"):
        with open(os.path.join(disk.root, "rules", name), "w") as file:
            file.write("x")
    found = disk.glob(disk.root, "rules/**/*.md")
    assert [disk.show(path) for path in found] == ["rules/a.md", "rules/deep/b.md"]
    assert disk.glob(disk.root, "rules/deep/b.md") == [os.path.join(disk.root, "rules", "deep", "b.md")]


def test_names_are_exact(disk):
    with open(os.path.join(disk.root, "claude.md"), "w") as file:
        file.write("x")
    assert not disk.is_file(os.path.join(disk.root, "CLAUDE.md"))


@pytest.mark.skipif(sys.platform == "win32", reason="opening does not wait on Windows")
def test_a_file_that_never_gives_anything_is_named(disk, monkeypatch):
    """/proc/kmsg says it is a regular file, and reading it waits; a FIFO that passes for a file does the same."""
    path = os.path.join(disk.root, "CLAUDE.md")
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    try:
        monkeypatch.setattr("ctxkit.agents.disk.stat.S_ISREG", lambda mode: True)
        assert disk.read(path) is None
    finally:
        os.close(writer)
    assert disk.skipped[0].reason == "has nothing to read at once"


def test_the_bytes_of_one_audit_are_bounded(disk, monkeypatch):
    monkeypatch.setattr("ctxkit.agents.disk._MAX_BYTES", 10)
    disk = Disk(disk.root, disk.home, disk.git_root)
    for name in ("a.md", "b.md", "c.md"):
        with open(os.path.join(disk.root, name), "w") as file:
            file.write("four")
    read = [disk.read(os.path.join(disk.root, name)) for name in ("a.md", "b.md", "c.md")]
    assert read == [b"four", b"four", None]
    assert disk.skipped[0].path == "c.md"


def test_a_link_away_is_not_followed_for_ever(disk, tmp_path, monkeypatch):
    monkeypatch.setattr("ctxkit.agents.disk._MAX_DIRECTORIES_OUTSIDE", 5)
    for number in range(20):
        for base in (tmp_path / "system", tmp_path / "home" / "src" / "project" / "docs"):
            (base / f"d{number:02}").mkdir(parents=True)
            (base / f"d{number:02}" / "x.md").write_text("x")
    os.symlink(tmp_path / "system", os.path.join(disk.root, "rules"))
    assert len(disk.glob(os.path.join(disk.root, "docs"), "**/*.md")) == 20
    assert len(disk.glob(os.path.join(disk.root, "rules"), "**/*.md")) == 4
    assert disk.skipped
