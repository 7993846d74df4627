"""Repositories that nobody should have to read, each made by one function into an empty directory.

``BUILDERS`` maps a name to its function; a builder raises ``ImpossibleError`` where the system
cannot make such a thing.
Run as a script it lays all of them out: ``python tests/hostile/repositories.py DIR``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MANY = 100_000


class ImpossibleError(Exception):
    """This system cannot make such a repository; the message says why."""


def git(root: Path, *arguments: str, env: dict[str, str] | None = None) -> bytes:
    """Run git in ``root`` with an identity and nothing from the user's own configuration."""
    full = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **(env or {}),
    }
    command = [
        "git",
        "-C",
        str(root),
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.org",
        "-c",
        "core.autocrlf=false",
    ]
    return subprocess.run([*command, *arguments], check=True, capture_output=True, env=full).stdout


def repository(root: Path, files: dict[str, str]) -> None:
    """A repository of ``files`` in one commit."""
    write(root, files)
    git(root, "init", "-q", ".")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")


def write(root: Path, files: dict[str, str]) -> None:
    """``files`` below ``root``."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


PLAIN = {"AGENTS.md": "# Rules\n\nUse tabs.\n", "src/main.py": "print('hello')\n"}


def symlink_loop(root: Path) -> None:
    """Links to themselves, to the directory above, to each other, and out of the tree."""
    repository(root, PLAIN)
    for name, target in (
        ("self", "self"),
        ("up", ".."),
        ("a", "b"),
        ("b", "a"),
        ("src/root", "../"),
        ("out", "/"),
        ("gone", "x"),
    ):
        _link(root / name, target)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "links")


def huge_file(root: Path) -> None:
    """Two sparse files of 2 GB, one of them beginning like a text."""
    repository(root, PLAIN)
    for name, head in (("zeros.txt", b""), ("text.txt", b"words and words\n" * 8192)):
        with open(root / name, "wb") as file:
            file.write(head)
            file.truncate(2 << 30)


def long_text(root: Path) -> None:
    """A text of 24 MB, and one of 5 MB in a single line."""
    repository(root, PLAIN)
    (root / "long.txt").write_bytes(b"a line of words, thirty-two long\n" * 750_000)
    (root / "line.txt").write_bytes(b"word " * 1_000_000)


def special_files(root: Path) -> None:
    """A FIFO and a socket at the root, a FIFO where a rule file is looked for and one in place of a tracked file."""
    import socket

    _need("mkfifo")
    repository(root, {**PLAIN, "src/pipe.py": "x = 1\n"})
    os.mkfifo(root / "pipe")
    os.mkfifo(root / "CLAUDE.md")
    os.unlink(root / "src/pipe.py")
    os.mkfifo(root / "src/pipe.py")
    here = os.getcwd()
    os.chdir(root)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket")
    finally:
        os.chdir(here)


def fifo_as_gitignore(root: Path) -> None:
    """FIFOs named ``.gitignore`` and ``.gitattributes``: git itself waits for ever."""
    _need("mkfifo")
    repository(root, PLAIN)
    write(root, {"src/new.py": "y = 1\n"})
    os.mkfifo(root / "src/.gitignore")
    os.mkfifo(root / "src/.gitattributes")


def odd_gitignores(root: Path) -> None:
    """Ignore files that are a directory, a link, binary, or without end."""
    repository(root, PLAIN)
    write(
        root,
        {"one/.gitignore/x": "x\n", "one/a.txt": "a\n", "two/a.txt": "a\n", "three/a.txt": "a\n", "four/a.txt": "a\n"},
    )
    _link(root / "two/.gitignore", "../AGENTS.md")
    (root / "three/.gitignore").write_bytes(bytes(range(256)) * 40)
    (root / "four/.gitignore").write_bytes(b"[a-\n**/**/*\\\n" * 40_000)


def unreadable(root: Path) -> None:
    """A tracked file, an untracked file and a directory that only root may read."""
    repository(root, {**PLAIN, "secret.txt": "s\n", "closed/inside.txt": "i\n"})
    write(root, {"new-secret.txt": "n\n", "closed-new/inside.txt": "i\n"})
    for name in ("secret.txt", "new-secret.txt", "closed", "closed-new"):
        os.chmod(root / name, 0)


def odd_names(root: Path) -> None:
    """Names that are no UTF-8, hold line feeds, tabs, quotes, blanks at the end, or look like options."""
    repository(root, PLAIN)
    names = [
        b"line\nfeed.md",
        b"tab\tname.md",
        b'quo"te.md',
        b"end ",
        b"--help",
        b"-",
        b"back\\slash.md",
        "ünï.md".encode(),
    ]
    try:
        for name in (*names, b"\xff\xfe.md", b"latin-\xe9.txt"):
            with open(os.path.join(os.fsencode(root), name), "wb") as file:
                file.write(b"text\n")
    except OSError as error:
        raise ImpossibleError(f"the file system refuses such names: {error}") from error
    git(root, "add", "--", "line\nfeed.md", os.fsdecode(b"\xff\xfe.md"))


def deep(root: Path) -> None:
    """Directories nested so far that their path is longer than the system takes."""
    repository(root, PLAIN)
    here = os.getcwd()
    os.chdir(root)
    try:
        for _ in range(120):
            os.mkdir("d" * 50)
            os.chdir("d" * 50)
        with open("bottom.txt", "wb") as file:
            file.write(b"deep\n")
    except OSError as error:
        raise ImpossibleError(str(error)) from error
    finally:
        os.chdir(here)


def many_files(root: Path) -> None:
    """A hundred thousand untracked files."""
    repository(root, PLAIN)
    for number in range(MANY):
        if number % 500 == 0:
            os.mkdir(root / f"d{number // 500}")
        with open(root / f"d{number // 500}" / f"f{number}.txt", "wb") as file:
            file.write(b"%d\n" % (number % 1000))


def corrupt_index(root: Path) -> None:
    """An index of noise."""
    repository(root, PLAIN)
    (root / ".git/index").write_bytes(b"DIRC" + bytes(range(256)) * 4)


def fifo_as_index(root: Path) -> None:
    """A FIFO where git keeps its index."""
    _need("mkfifo")
    repository(root, PLAIN)
    os.unlink(root / ".git/index")
    os.mkfifo(root / ".git/index")


def bare(root: Path) -> None:
    """A repository without a work tree."""
    git(root, "init", "-q", "--bare", ".")


def gitfile_elsewhere(root: Path) -> None:
    """``.git`` is a file that names another repository's git directory."""
    other, here = root / "other", root / "here"
    other.mkdir()
    repository(other, {"theirs.md": "theirs\n"})
    write(here, PLAIN)
    (here / ".git").write_text(f"gitdir: {other / '.git'}\n")


def gitfile_nowhere(root: Path) -> None:
    """``.git`` is a file that names nothing."""
    write(root, PLAIN)
    (root / ".git").write_text("gitdir: /nonexistent/x\n")


def work_tree_elsewhere(root: Path) -> None:
    """``core.worktree`` points at the root of the file system."""
    repository(root, PLAIN)
    git(root, "config", "core.worktree", "/")


def commands(root: Path) -> None:
    """Every setting by which a repository can make git run a program; each would create ``ran-<name>`` above it."""
    mark = f"touch {root.parent / (root.name + '-ran')}"
    repository(root, {**PLAIN, "lfs.bin": "pointer\n", ".gitattributes": "*.bin filter=evil diff=evil merge=evil\n"})
    script = root / ".git/evil"
    script.write_text(f"#!/bin/sh\n{mark}-$1\ncat 2>/dev/null\n")
    script.chmod(0o755)
    hooks = root / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "fsmonitor-watchman", "pre-commit", "post-checkout"):
        (hooks / hook).write_text(f"#!/bin/sh\n{mark}-{hook}\n")
        (hooks / hook).chmod(0o755)
    for key, argument in (
        ("core.fsmonitor", "fsmonitor"),
        ("core.pager", "pager"),
        ("pager.ls-files", "pager"),
        ("pager.diff-files", "pager"),
        ("core.sshCommand", "ssh"),
        ("core.editor", "editor"),
        ("core.gitProxy", "proxy"),
        ("diff.external", "external"),
        ("diff.evil.textconv", "textconv"),
        ("diff.evil.command", "command"),
        ("filter.evil.clean", "clean"),
        ("filter.evil.smudge", "smudge"),
        ("filter.evil.process", "process"),
        ("merge.evil.driver", "merge"),
        ("credential.helper", "credential"),
        ("core.alternateRefsCommand", "refs"),
        ("alias.ls-files", "alias"),
    ):
        value = f"{script} {argument}"
        git(root, "config", key, f"!{value}" if key.startswith(("alias", "credential")) else value)
    (root / "lfs.bin").write_bytes(b"rewrote\n")


def nested_repositories(root: Path) -> None:
    """A submodule, an untracked repository, and an empty ``.git`` directory."""
    (root / "top").mkdir(parents=True)
    (root / "sub").mkdir()
    repository(root / "sub", {"s.txt": "s\n"})
    repository(root / "top", PLAIN)
    git(root / "top", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(root / "sub"), "sub")
    git(root / "top", "commit", "-q", "-m", "sub")
    (root / "top/loose").mkdir()
    repository(root / "top/loose", {"l.txt": "l\n"})
    (root / "top/empty/.git").mkdir(parents=True)
    write(root / "top", {"empty/e.txt": "e\n"})


def _link(path: Path, target: str) -> None:
    try:
        path.symlink_to(target)
    except OSError as error:
        raise ImpossibleError(f"no symbolic links here: {error}") from error


def _need(name: str) -> None:
    if not hasattr(os, name):
        raise ImpossibleError(f"no os.{name} here")


BUILDERS: dict[str, Callable[[Path], None]] = {
    builder.__name__: builder
    for builder in (
        symlink_loop, huge_file, long_text, special_files, fifo_as_gitignore, odd_gitignores, unreadable, odd_names,
        deep, many_files, corrupt_index, fifo_as_index, bare, gitfile_elsewhere, gitfile_nowhere, work_tree_elsewhere,
        commands, nested_repositories,
    )
}  # fmt: skip


if __name__ == "__main__":
    for name, build in BUILDERS.items():
        place = Path(sys.argv[1]) / name
        place.mkdir(parents=True)
        try:
            build(place)
        except ImpossibleError as reason:
            print(f"{name}: not made ({reason})", file=sys.stderr)
