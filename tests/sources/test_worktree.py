from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ctxkit.model import Skipped
from ctxkit.sources import git as git_module
from ctxkit.sources import worktree as module
from ctxkit.sources.glance import index_key
from ctxkit.sources.reading import Reading
from ctxkit.sources.worktree import (
    CHANGED,
    CLEAN,
    FILTERED,
    SUBMODULE,
    SYMLINK,
    UNTRACKED,
    Worktree,
    read_worktree,
)
from ctxkit.tokens.cache import CountCache, blob_id

from .conftest import Run, age, commit, write

if TYPE_CHECKING:
    from pathlib import Path

FILES: dict[str, str | bytes] = {
    "a.md": "a\n",
    "src/b.py": "b = 1\n",
    "src/deep/c.py": "c\n",
    ".gitignore": "*.log\nout/\n",
}


def states(tree: Worktree) -> dict[str, int]:
    return dict(zip(tree.paths, tree.states, strict=True))


def test_clean_repository_names_the_blob_of_every_file(git: Run, tmp_path: Path) -> None:
    commit(git, tmp_path, FILES)
    tree = read_worktree(str(tmp_path))
    assert tree.paths == sorted(FILES)
    assert set(tree.states) == {CLEAN}
    assert tree.git_root == str(tmp_path.resolve())
    assert tree.skipped == ()
    for path in tree.paths:
        assert tree.blob(path) == blob_id((tmp_path / path).read_bytes())


def test_dirty_deleted_untracked_and_ignored_files(git: Run, tmp_path: Path) -> None:
    commit(git, tmp_path, FILES)
    write(tmp_path, {"a.md": "other\n", "new.md": "n\n", "x.log": "l\n", "out/o.txt": "o\n", "src/new/d.py": "d\n"})
    (tmp_path / "src/b.py").unlink()
    tree = read_worktree(str(tmp_path))
    expected = {
        "a.md": CHANGED,
        "new.md": UNTRACKED,
        "src/new/d.py": UNTRACKED,
        "src/deep/c.py": CLEAN,
        ".gitignore": CLEAN,
    }
    assert states(tree) == expected
    assert tree.blob("a.md") is None
    assert tree.blob("new.md") is None
    assert tree.blob("missing") is None
    assert "new.md" in tree
    assert "x.log" not in tree


def test_same_size_change_within_the_clock_tick_is_seen(git: Run, tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "one\n"})
    git("init", "-q", ".")
    git("add", "-A")
    status = (tmp_path / "a.md").stat()
    write(tmp_path, {"a.md": "two\n"})
    os.utime(tmp_path / "a.md", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert states(read_worktree(str(tmp_path)))["a.md"] == CHANGED


def test_a_tracked_file_that_became_something_else(git: Run, tmp_path: Path) -> None:
    commit(git, tmp_path, {**FILES, "dir.txt": "d\n", "gone/x.txt": "x\n"})
    for name in ("dir.txt", "gone/x.txt", "a.md"):
        (tmp_path / name).unlink()
    write(tmp_path, {"dir.txt/inside": "i\n"})
    (tmp_path / "gone").rmdir()
    (tmp_path / "gone").symlink_to("src")
    (tmp_path / "a.md").symlink_to("src/b.py")
    found = states(read_worktree(str(tmp_path)))
    assert found["dir.txt/inside"] == UNTRACKED
    assert "dir.txt" not in found
    assert found["gone"] == SYMLINK
    assert "gone/x.txt" not in found
    assert found["a.md"] == SYMLINK


def test_links_are_entries_and_never_followed(git: Run, tmp_path: Path) -> None:
    commit(git, tmp_path, FILES)
    for name, target in (("loop", "loop"), ("up", ".."), ("src/root", "../"), ("out-of-tree", "/")):
        (tmp_path / name).symlink_to(target)
    git("add", "up")
    found = states(read_worktree(str(tmp_path)))
    assert {path for path, state in found.items() if state == SYMLINK} == {"loop", "up", "src/root", "out-of-tree"}
    assert len(found) == len(FILES) + 4


def test_submodules_and_nested_repositories_are_listed_not_entered(git: Run, tmp_path: Path) -> None:
    sub = tmp_path / "sub"
    sub.mkdir()
    commit(git, sub, {"s.md": "s\n"})
    commit(git, tmp_path, FILES)
    loose = tmp_path / "loose"
    loose.mkdir()
    commit(git, loose, {"l.md": "l\n"})
    found = states(read_worktree(str(tmp_path)))
    assert found["sub"] == SUBMODULE
    assert found["loose"] == SUBMODULE
    assert "sub/s.md" not in found


def test_assume_unchanged_is_not_believed_and_sparse_files_are_left_out(git: Run, tmp_path: Path) -> None:
    commit(git, tmp_path, FILES)
    git("update-index", "--assume-unchanged", "a.md")
    git("update-index", "--skip-worktree", "src/b.py")
    write(tmp_path, {"a.md": "changed behind git's back\n"})
    (tmp_path / "src/b.py").unlink()
    found = states(read_worktree(str(tmp_path)))
    assert found["a.md"] == CHANGED
    assert "src/b.py" not in found


def test_both_sides_of_a_conflict_are_one_changed_file(git: Run, tmp_path: Path) -> None:
    commit(git, tmp_path, FILES)
    blobs = [git("hash-object", "-w", name).decode().strip() for name in ("a.md", "src/b.py", ".gitignore")]
    lines = "".join(f"100644 {blob} {stage}\ta.md\n" for stage, blob in enumerate(blobs, 1))
    (tmp_path.parent / f"{tmp_path.name}-home/info").write_text(f"0 {'0' * 40} 0\ta.md\n{lines}")
    import subprocess

    with open(tmp_path.parent / f"{tmp_path.name}-home/info", "rb") as info:
        subprocess.run(["git", "-C", str(tmp_path), "update-index", "--index-info"], stdin=info, check=True)
    tree = read_worktree(str(tmp_path))
    assert states(tree)["a.md"] == CHANGED
    assert tree.paths == sorted(FILES)


@pytest.mark.parametrize(
    ("attributes", "filtered"),
    [
        ("*.md text eol=crlf\n", {"a.md"}),
        ("* text=auto\n", {"a.md", "src/b.py", "src/deep/c.py", ".gitignore", ".gitattributes"}),
        ("*.py filter=lfs diff=lfs merge=lfs -text\n", {"src/b.py", "src/deep/c.py"}),
        ("[attr]lines text eol=lf\n/a.md lines\n", {"a.md"}),
        ("*.py ident\n", {"src/b.py", "src/deep/c.py"}),
        ("*.py -text diff=python linguist-generated\n*.md binary\n", set()),
        ('"a.md" ident\n', {"a.md", "src/b.py", "src/deep/c.py", ".gitignore", ".gitattributes"}),
    ],
)
def test_files_that_git_converts_are_marked(git: Run, tmp_path: Path, attributes: str, filtered: set[str]) -> None:
    commit(git, tmp_path, {**FILES, ".gitattributes": attributes})
    found = states(read_worktree(str(tmp_path)))
    assert {path for path, state in found.items() if state == FILTERED} == filtered


def test_attributes_of_a_directory_and_of_the_repository_count_too(git: Run, tmp_path: Path) -> None:
    commit(git, tmp_path, {**FILES, "src/.gitattributes": "/b.py text\n"})
    (tmp_path / ".git/info").mkdir(exist_ok=True)
    (tmp_path / ".git/info/attributes").write_text("*.md filter=x\n")
    found = states(read_worktree(str(tmp_path)))
    assert {path for path, state in found.items() if state == FILTERED} == {"a.md", "src/b.py"}


def test_autocrlf_marks_everything(git: Run, tmp_path: Path) -> None:
    commit(git, tmp_path, FILES)
    git("config", "core.autocrlf", "input")
    assert set(read_worktree(str(tmp_path)).states) == {FILTERED}


def test_a_directory_inside_a_repository(git: Run, tmp_path: Path) -> None:
    commit(git, tmp_path, FILES)
    write(tmp_path, {"src/x.log": "l\n", "src/new.py": "n\n", "other.md": "o\n", "src/b.py": "changed\n"})
    tree = read_worktree(str(tmp_path / "src"))
    assert states(tree) == {"b.py": CHANGED, "deep/c.py": CLEAN, "new.py": UNTRACKED}
    assert tree.git_root == str(tmp_path.resolve())
    assert tree.root == str((tmp_path / "src").resolve())


def test_find_and_under(git: Run, tmp_path: Path) -> None:
    commit(
        git,
        tmp_path,
        {"AGENTS.md": "", "a/AGENTS.md": "", "a-b/x": "", "a/b/CLAUDE.md": "", "a/b/xAGENTS.md": "", "a0": ""},
    )
    tree = read_worktree(str(tmp_path))
    assert tree.find({"AGENTS.md", "CLAUDE.md"}) == ["AGENTS.md", "a/AGENTS.md", "a/b/CLAUDE.md"]
    assert tree.find(["nothing"]) == []
    assert tree.under("a") == ["a/AGENTS.md", "a/b/CLAUDE.md", "a/b/xAGENTS.md"]
    assert tree.under("") == tree.paths


def test_without_git_a_walk_honours_gitignore(tmp_path: Path) -> None:
    write(
        tmp_path, {**FILES, "x.log": "l\n", "out/o.txt": "o\n", "src/.gitignore": "!keep.log\n", "src/keep.log": "k\n"}
    )
    (tmp_path / "link").symlink_to("src")
    tree = read_worktree(str(tmp_path))
    assert tree.git_root is None
    assert states(tree) == {
        **dict.fromkeys([*FILES, "src/.gitignore", "src/keep.log"], UNTRACKED), "link": SYMLINK,
    }  # fmt: skip
    assert tree.skipped == ()


def test_walk_and_git_find_the_same_files(git: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(git, tmp_path, {**FILES, "src/.gitignore": "/deep/*\n!/deep/c.py\n*.tmp\n"})
    write(
        tmp_path,
        {"x.log": "l", "out/o": "o", "src/deep/d.py": "d", "src/e.tmp": "e", "f f": "f", "src/deep/.gitignore": "#"},
    )
    (tmp_path / ".git/info/exclude").write_text("f*\n")
    with_git = read_worktree(str(tmp_path))
    monkeypatch.setenv("PATH", "")
    without = read_worktree(str(tmp_path))
    assert without.paths == with_git.paths
    assert read_worktree(str(tmp_path / "src")).paths == with_git.under("src")[:0] + [
        p[4:] for p in with_git.under("src")
    ]
    (skipped,) = without.skipped
    assert "no git program" in skipped.reason


def test_git_in_a_relative_part_of_path_is_not_run(git: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(git, tmp_path, FILES)
    write(tmp_path, {"git": "#!/bin/sh\ntouch ran\n"})
    (tmp_path / "git").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".{os.pathsep}")
    assert "git" in read_worktree(str(tmp_path))
    assert not (tmp_path / "ran").exists()


def test_unchanged_index_is_not_listed_again(git: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(git, tmp_path, {**FILES, "src/.gitattributes": "b.py text\n"})
    cache = CountCache(None)
    first = read_worktree(str(tmp_path), cache=cache)
    asked: list[str] = []
    start = git_module.Git.start

    def noting(self: git_module.Git, *words: str, errors: bool = False) -> object:
        asked.append(" ".join(words))
        return start(self, *words, errors=errors)

    monkeypatch.setattr(git_module.Git, "start", noting)
    write(tmp_path, {"a.md": "changed\n", "b.md": "b\n"})
    second = read_worktree(str(tmp_path), cache=cache)
    assert not [words for words in asked if "-s" in words.split()]
    assert second.listing.paths == first.listing.paths
    assert second.attributes == first.attributes == ["src/.gitattributes"]
    assert states(second) == {**states(first), "a.md": CHANGED, "b.md": UNTRACKED}
    git("add", "b.md")
    third = read_worktree(str(tmp_path), cache=cache)
    assert states(third)["b.md"] == CLEAN
    assert [words for words in asked if "-s" in words.split()]
    assert third.listing.previous is not None


def test_damaged_listing_is_read_anew(git: Run, tmp_path: Path) -> None:
    commit(git, tmp_path, FILES)

    class Damaging(CountCache):
        damage = staticmethod(lambda data: data)

        def get_blob(self, name: str) -> bytes | None:
            data = super().get_blob(name)
            return None if data is None else self.damage(data)

    cache = Damaging(None)
    expected = states(read_worktree(str(tmp_path), cache=cache))
    for damage in (
        lambda d: d[:-1],
        lambda d: d[:10],
        lambda d: b"",
        lambda d: b"x" + d[1:],
        lambda d: d.replace(b"\0src", b"\1src"),
    ):
        cache.damage = damage
        assert states(read_worktree(str(tmp_path), cache=cache)) == expected


def test_index_key_follows_the_index(git: Run, tmp_path: Path) -> None:
    commit(git, tmp_path, FILES)
    repository = git_module.find_repository(str(tmp_path))
    assert repository is not None
    before = index_key(repository)
    assert before == index_key(repository)
    write(tmp_path, {"n.md": "n\n"})
    git("add", "n.md")
    assert index_key(repository) != before
    (tmp_path / ".git/index").unlink()
    assert index_key(repository) == b""


def test_an_index_without_checksum_is_named_by_its_time(git: Run, tmp_path: Path) -> None:
    commit(git, tmp_path, FILES)
    repository = git_module.find_repository(str(tmp_path))
    assert repository is not None
    index = tmp_path / ".git/index"
    data = index.read_bytes()[:-20] + bytes(20)
    index.write_bytes(data)
    os.utime(index, ns=(1, 1_000))
    before = index_key(repository)
    os.utime(index, ns=(1, 2_000))
    assert index_key(repository) != before


def test_a_repository_without_commits_or_index(git: Run, tmp_path: Path) -> None:
    git("init", "-q", ".")
    write(tmp_path, {"a.md": "a\n"})
    assert states(read_worktree(str(tmp_path), cache=CountCache(None))) == {"a.md": UNTRACKED}


def test_git_that_does_not_answer_is_given_up(git: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(git, tmp_path, FILES)
    write(tmp_path, {"new/a.txt": "a\n", "src/b.py": "changed\n"})
    if not hasattr(os, "mkfifo"):
        pytest.skip("no FIFOs here")
    os.mkfifo(tmp_path / "new/.gitignore")
    monkeypatch.setattr(git_module, "SECONDS", 0.5)
    tree = read_worktree(str(tmp_path))
    assert set(tree.paths) == {*FILES, "new/a.txt"}
    assert any("no answer" in item.reason for item in tree.skipped)
    assert any(item.path == "new/.gitignore" for item in tree.skipped)


def test_progress_is_told_during_a_walk(tmp_path: Path) -> None:
    for number in range(130):
        write(tmp_path, {f"d{number}/f.txt": "x"})
    told: list[tuple[int, int, str]] = []
    read_worktree(str(tmp_path), progress=lambda *step: told.append(step))
    assert told


def test_too_many_files_end_the_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ctxkit.sources import walk

    write(tmp_path, {f"d{number}/f{number}": "x" for number in range(20)})
    monkeypatch.setattr(walk, "MAX_FILES", 5)
    tree = read_worktree(str(tmp_path))
    assert len(tree) < 20
    assert any("more than 5 files" in item.reason for item in tree.skipped)


def test_a_root_that_is_a_link_is_followed_once(git: Run, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    commit(git, real, FILES)
    (tmp_path / "link").symlink_to("real")
    assert read_worktree(str(tmp_path / "link")).paths == sorted(FILES)


def test_skipped_entries_are_sorted_and_single() -> None:
    twice = [Skipped("b", "x"), Skipped("a", "y"), Skipped("b", "x")]
    tree = Worktree("/", None, module.Listing(), {}, {}, twice)
    assert tree.skipped == (Skipped("a", "y"), Skipped("b", "x"))


def test_few_and_many_changes_give_the_same_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [f"d/{n:03}" for n in range(50)]
    listing = module.Listing(paths, bytes([CLEAN] * 50), bytes(1000))
    changes: list[dict[str, int | None]] = [
        {"d/003": CHANGED},
        {"d/003": None, "d/0035": UNTRACKED, "a": UNTRACKED, "z": SYMLINK, "d/049": CHANGED},
        {"d/000": None, "d/049": None, "nothing": None},
        dict.fromkeys(paths),
    ]
    for changed in changes:
        few = Worktree("/", None, listing, changed, {}, ())
        with monkeypatch.context() as patch:
            patch.setattr(module, "FEW", 0)
            many = Worktree("/", None, listing, changed, {}, ())
        assert (few.paths, few.states, list(few.rows)) == (many.paths, many.states, list(many.rows))
        assert few.paths == sorted(few.paths)


def test_an_index_that_changes_meanwhile_is_read_again(git: Run, tmp_path: Path) -> None:
    commit(git, tmp_path, FILES)
    cache = CountCache(None)
    read_worktree(str(tmp_path), cache=cache)
    reading = Reading(str(tmp_path))
    git("rm", "-q", "--cached", "a.md")
    write(tmp_path, {"b.md": "b\n"})
    git("add", "b.md")
    found = states(reading.finish(cache=cache))
    assert found["a.md"] == UNTRACKED
    assert found["b.md"] == CLEAN


def test_anothers_repository_is_named_as_such_with_and_without_a_kept_listing(
    git: Run, tmp_path: Path, cache: CountCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(git, tmp_path, FILES)
    age(tmp_path)
    read_worktree(str(tmp_path), cache=cache)

    def refuse(*_: object) -> bytes:
        raise git_module.GitError("fatal: detected dubious ownership in repository")

    monkeypatch.setattr(git_module.Git, "finish", refuse)
    monkeypatch.setattr(git_module.Git, "finish_with_errors", refuse)
    kept, fresh = read_worktree(str(tmp_path), cache=cache), read_worktree(str(tmp_path))
    assert kept.skipped == fresh.skipped
    assert "safe.directory" in kept.skipped[0].hint
    assert kept.paths == fresh.paths == sorted(FILES)
