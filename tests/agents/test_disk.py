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
