from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ctxkit.sources.files import Inventory, inventory
from ctxkit.sources.worktree import Worktree, read_worktree
from ctxkit.tokens.cache import CountCache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")

LIMIT = 120.0
"""Seconds after which a reading counts as hanging; each takes a few on a busy machine."""


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hostile_repositories", Path(__file__).with_name("repositories.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


repositories = _load()


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "r"
    place.mkdir()
    yield place
    for directory, names, _ in os.walk(place):
        for name in names:
            with contextlib.suppress(OSError):
                if not os.path.islink(os.path.join(directory, name)):
                    os.chmod(os.path.join(directory, name), 0o700)


def build(name: str, root: Path) -> Path:
    try:
        repositories.BUILDERS[name](root)
    except repositories.ImpossibleError as reason:
        pytest.skip(str(reason))
    for inside in ("here", "top"):
        if (root / inside).is_dir():
            return root / inside
    return root


def read(root: Path) -> tuple[Worktree, Inventory]:
    """Work tree and inventory, twice with one cache; the second run must say the same. Fails when it hangs."""
    results: list[tuple[Worktree, Inventory]] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            cache = CountCache(None)
            for _ in range(2):
                tree = read_worktree(str(root), cache=cache)
                results.append((tree, inventory(tree, cache)))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(LIMIT)
    assert not thread.is_alive(), "the reading hangs"
    if errors:
        raise errors[0]
    (tree, files), (again, files_again) = results
    assert again.paths == tree.paths
    assert again.skipped == tree.skipped
    assert list(files_again.entries()) == list(files.entries())
    assert files_again.skipped == files.skipped
    return tree, files


def reasons(tree: Worktree, files: Inventory) -> dict[str, str]:
    assert all(item.hint for item in (*tree.skipped, *files.skipped))
    return {item.path: item.reason for item in (*tree.skipped, *files.skipped)}


def tokens(files: Inventory) -> dict[str, int]:
    return {entry.path: entry.tokens for entry in files.entries()}


@pytest.mark.parametrize("name", [name for name in repositories.BUILDERS if name not in ("bare", "many_files")])
def test_the_plain_files_are_always_counted(name: str, root: Path) -> None:
    tree, files = read(build(name, root))
    counted = tokens(files)
    assert counted["AGENTS.md"] > 0
    assert counted["src/main.py"] > 0
    reasons(tree, files)


def test_links_are_listed(root: Path) -> None:
    tree, files = read(build("symlink_loop", root))
    assert {entry.path for entry in files.entries() if entry.kind == "link"} == {
        "self", "up", "a", "b", "src/root", "out", "gone",
    }  # fmt: skip
    assert tree.skipped == ()


def test_files_of_two_gigabytes_are_not_read_whole(root: Path) -> None:
    _, files = read(build("huge_file", root))
    huge = {entry.path: entry for entry in files.entries() if entry.size == 2 << 30}
    assert set(huge) == {"zeros.txt", "text.txt"}
    assert all(entry.binary for entry in huge.values())


def test_long_texts(root: Path) -> None:
    _, files = read(build("long_text", root))
    found = {entry.path: entry for entry in files.entries()}
    assert found["long.txt"].estimated
    assert abs(found["long.txt"].tokens - 750_000 * 9) < 0.05 * 750_000 * 9
    assert not found["line.txt"].estimated
    assert abs(found["line.txt"].tokens - 1_000_000) <= 1


def test_special_files_are_named(root: Path) -> None:
    tree, files = read(build("special_files", root))
    said = reasons(tree, files)
    assert set(said) == {"pipe", "CLAUDE.md", "socket", "src/pipe.py"}
    assert said["pipe"].startswith("a FIFO")
    assert said["socket"].startswith("a socket")
    assert not set(said) & set(tree.paths)


def test_a_fifo_named_gitignore_stops_git_not_us(root: Path) -> None:
    tree, files = read(build("fifo_as_gitignore", root))
    assert tree.paths == ["AGENTS.md", "src/main.py", "src/new.py"]
    assert {"src/.gitignore", "src/.gitattributes"} <= set(reasons(tree, files))


def test_odd_ignore_files_hide_nothing(root: Path) -> None:
    tree, _ = read(build("odd_gitignores", root))
    assert {"one/a.txt", "two/a.txt", "three/a.txt", "four/a.txt"} <= set(tree.paths)


def test_odd_ignore_files_hide_nothing_from_a_walk(root: Path) -> None:
    place = build("odd_gitignores", root)
    shutil.rmtree(place / ".git")
    tree, files = read(place)
    assert {"one/a.txt", "two/a.txt", "three/a.txt", "four/a.txt"} <= set(tree.paths)
    assert {"one/.gitignore", "two/.gitignore"} <= set(reasons(tree, files))


def test_an_ignore_file_of_a_hundred_megabytes(root: Path) -> None:
    repositories.write(root, {**repositories.PLAIN, "a1.txt": "x\n"})
    with open(root / ".gitignore", "wb") as file:
        file.write(b"a*.txt\n")
        file.truncate(100 << 20)
    tree, files = read(root)
    assert tree.paths == [".gitignore", "AGENTS.md", "src/main.py"]
    assert "only its beginning counts" in reasons(tree, files)[".gitignore"]


def test_names_of_any_bytes(root: Path) -> None:
    place = build("odd_names", root)
    tree, files = read(place)
    assert len(tokens(files)) == 12
    assert {os.fsdecode(b"\xff\xfe.md"), "line\nfeed.md", "end ", "--help", 'quo"te.md'} <= set(tree.paths)
    shutil.rmtree(place / ".git")
    assert read(place)[0].paths == tree.paths


def test_a_path_longer_than_the_system_takes(root: Path) -> None:
    place = build("deep", root)
    tree, files = read(place)
    assert any("cannot be read" in reason for reason in reasons(tree, files).values())
    os.rename(place / ".git", root.parent / "moved-git")
    walked, files = read(place)
    assert any("cannot be read" in reason for reason in reasons(walked, files).values())


def test_very_many_files(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repositories, "MANY", 20_000)  # the benchmark takes the full number
    place = build("many_files", root)
    _, files = read(place)
    assert files.count == repositories.MANY + 2


@pytest.mark.parametrize("name", ["corrupt_index", "fifo_as_index", "gitfile_nowhere"])
def test_a_broken_repository_is_read_without_git(name: str, root: Path) -> None:
    tree, files = read(build(name, root))
    assert tree.paths == ["AGENTS.md", "src/main.py"]
    assert "without it" in reasons(tree, files)[".git"]


def test_another_repositorys_index_hides_nothing(root: Path) -> None:
    tree, _ = read(build("gitfile_elsewhere", root))
    assert tree.paths == ["AGENTS.md", "src/main.py"]


def test_a_work_tree_setting_leads_nowhere(root: Path) -> None:
    tree, _ = read(build("work_tree_elsewhere", root))
    assert tree.paths == ["AGENTS.md", "src/main.py"]
    assert tree.git_root == str(root.resolve())


def test_a_bare_repository_says_so(root: Path) -> None:
    tree, files = read(build("bare", root))
    assert "bare repository" in reasons(tree, files)["."]


def test_repositories_in_a_repository(root: Path) -> None:
    _, files = read(build("nested_repositories", root))
    kinds = {entry.path: entry.kind for entry in files.entries()}
    assert kinds["sub"] == kinds["loose"] == "submodule"
    assert not [path for path in kinds if path.startswith(("sub/", "loose/"))]


def test_no_setting_of_a_repository_runs_a_program(root: Path) -> None:
    place = build("commands", root)

    def ran() -> set[str]:
        return {path.name for path in place.parent.glob(f"{place.name}-ran-*")}

    tree, _ = read(place)
    assert "lfs.bin" in tree.paths
    assert ran() == set()
    subprocess.run(["git", "-C", str(place), "status"], capture_output=True, check=False)
    assert ran(), "the builder's traps do not work, so this test shows nothing"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to give a repository away")
def test_a_repository_of_another_user(root: Path) -> None:
    place = build("symlink_loop", root)
    for directory, _, names in os.walk(place):
        for name in (directory, *(os.path.join(directory, name) for name in names)):
            os.lchown(name, 12345, 12345)
    tree, files = read(place)
    assert {"AGENTS.md", "src/main.py", "self"} <= set(tree.paths)
    refused = next(item for item in tree.skipped if item.path == ".git")
    assert "another user" in refused.reason
    assert "safe.directory" in refused.hint
    reasons(tree, files)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_what_only_root_may_read() -> None:
    # Not below tmp_path: pytest keeps that to the user who runs the tests, and here another user has to get in.
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        _what_only_root_may_read(Path(directory))


def _what_only_root_may_read(top: Path) -> None:
    place, other = top / "place", top / "other"
    place.mkdir()
    build("unreadable", place)
    other.mkdir()
    repositories.repository(other, repositories.PLAIN)
    # Everything is imported, and the data read, while we still may; then the process gives up being root.
    script = (
        "import json, os, sys\n"
        "sys.path[:] = json.loads(sys.argv[3])\n"
        "from ctxkit.sources.worktree import read_worktree\n"
        "from ctxkit.sources.files import inventory\n"
        "from ctxkit.tokens.cache import CountCache\n"
        "for root in sys.argv[1:3]:\n"
        "    tree = read_worktree(root)\n"
        "    files = inventory(tree, CountCache(None))\n"
        "    if hasattr(os, 'geteuid') and os.geteuid() == 0:\n"
        "        import ctxkit.sources.walk, ctxkit.sources.ignored, ctxkit.sources.generated as generated\n"
        "        rules = generated.load_rules()\n"
        "        generated.load_rules = lambda: rules\n"
        "        os.setgroups([])\n"
        "        os.setresgid(65534, 65534, 65534)\n"
        "        os.setresuid(65534, 65534, 65534)\n"
        "print(json.dumps([sorted(files.paths), {s.path: s.reason for s in (*tree.skipped, *files.skipped)}]))\n"
    )
    if os.geteuid() == 0:
        for path in (place, *place.rglob("*")):
            os.chown(path, 65534, 65534)
    output = subprocess.run(
        [sys.executable, "-c", script, str(other), str(place), json.dumps(sys.path)],
        capture_output=True, check=False, env={**os.environ, "CTXKIT_CACHE_DIR": str(top / "cache")},
    )  # fmt: skip
    assert output.returncode == 0, output.stderr.decode()
    paths, said = json.loads(output.stdout)
    for name in ("closed", "closed-new"):
        os.chmod(place / name, 0o700)
    assert paths == ["AGENTS.md", "src/main.py"]
    assert {"secret.txt", "new-secret.txt", "closed", "closed-new"} <= set(said)
