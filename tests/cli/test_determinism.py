"""The same repository gives the same bytes: whatever order its files come in, whoever runs it, however often."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import KEPT

SHUFFLED = """
import os, random

_scandir, _listdir = os.scandir, os.listdir


class Shuffled:
    def __init__(self, entries):
        self._left = list(entries)
        random.Random(os.environ["SHUFFLE"]).shuffle(self._left)

    def __iter__(self):
        return self

    def __next__(self):
        if not self._left:
            raise StopIteration
        return self._left.pop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def close(self):
        return None


def scandir(*arguments):
    with _scandir(*arguments) as entries:
        return Shuffled(entries)


def listdir(*arguments):
    found = _listdir(*arguments)
    random.Random(os.environ["SHUFFLE"]).shuffle(found)
    return found


os.scandir, os.listdir = scandir, listdir
print("shuffled", file=open(os.environ["SHUFFLE_SEEN"], "a"))
"""
"""A sitecustomize that gives directories in another order on every run."""

RULE = "Run every test before you commit, and never leave one that fails for somebody else to find."
FILES = {
    "CLAUDE.md": f"# Rules\n\n- {RULE}\n\nHidden \u202e text.\n\nSee @docs/a.md and @docs/b.md\n",
    "AGENTS.md": f"# Rules\n\n- {RULE}\n- Use four spaces for indentation in every file.\n",
    "docs/a.md": f"- {RULE}\n",
    "docs/b.md": f"- {RULE}\n- Use tabs for indentation in every file.\n",
    ".mcp.json": '{"mcpServers": {"zed": {"command": "x"}, "abc": {"command": "y"}}}',
    "日本/CLAUDE.md": "Nur hier.\n",
    "ärger/CLAUDE.md": "Nur dort.\n",
    "Zoo/CLAUDE.md": "Only there.\n",
    "package.json": '{"scripts": {"b": "x", "a": "y"}}',
    **{f".claude/skills/{name}/SKILL.md": f"---\nname: {name}\ndescription: D.\n---\n{RULE}\n" for name in "cab"},
    **{f".claude/agents/{name}.md": f"---\nname: {name}\ndescription: The same.\n---\n{RULE}\n" for name in "zyx"},
    **{f"src/m{n}.py": f"x = {n}\n" * 20 for n in range(30)},
}
COMMANDS = [
    ["audit", "--agent", "claude-code", "--agent", "codex", "--format", name]
    for name in ("json", "markdown", "sarif", "github", "text")
] + [
    ["check", "--format", "json"],
    ["diff", "HEAD", "--format", "json"],
    ["diff", "HEAD", "--format", "markdown"],
]


def made(root: Path, names: list[str]) -> Path:
    """The repository, its files written in the order of ``names``; a second state of it is not committed."""

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid")
        subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)

    root.mkdir(parents=True)
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[name], encoding="utf-8")
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "x")
    (root / "docs" / "a.md").unlink()
    with (root / "CLAUDE.md").open("a", encoding="utf-8") as file:
        file.write("\n- Three more.\n- Four more.\n")
    (root / "untracked.py").write_text("y = 1\n")
    return root


def outputs(folder: Path, root: Path, **env: str) -> list[bytes]:
    """What every command writes, in a process each."""
    clean = {name: os.environ[name] for name in KEPT if name in os.environ}
    home = folder / "home"
    home.mkdir(exist_ok=True)
    clean |= {"HOME": str(home), "USERPROFILE": str(home), "PYTHONUTF8": "1", **env}
    written = []
    for command in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "ctxkit", *command], cwd=root, env=clean, capture_output=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        assert done.stdout
        written.append(done.stdout)
    return written


def test_two_orders_two_locales_two_hash_seeds_and_a_warm_cache_give_the_same_bytes(tmp_path: Path) -> None:
    # Both lie at the same path, one after the other: agents are told where their files lie.
    place = tmp_path / "repository"
    one = made(place, sorted(FILES))
    plain = {"CTXKIT_CACHE_DIR": str(tmp_path / "one"), "PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
    first = outputs(tmp_path, one, **plain)
    assert b"finding" in first[1].lower()
    assert outputs(tmp_path, one, **plain) == first, "a second run, from the cache"

    one.rename(tmp_path / "aside")
    backwards = random.Random(3).sample(sorted(FILES), len(FILES))
    two = made(place, backwards)
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SHUFFLED)
    paths = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    other = {
        "CTXKIT_CACHE_DIR": str(tmp_path / "two"),
        "PYTHONHASHSEED": "4711",
        "LC_ALL": "de_DE.UTF-8",
        "LANG": "tr_TR.UTF-8",
        "TZ": "Pacific/Kiritimati",
        "PYTHONPATH": paths,
        "SHUFFLE": "8",
        "SHUFFLE_SEEN": str(tmp_path / "seen"),
    }
    second = outputs(tmp_path, two, **other)
    assert (tmp_path / "seen").read_text().count("shuffled") >= len(COMMANDS), "the order was another"
    for command, was, now in zip(COMMANDS, first, second, strict=True):
        assert now == was, " ".join(command)


@pytest.mark.parametrize("form", ["json", "markdown", "sarif"])
def test_without_a_repository_the_order_of_the_directory_does_not_matter(tmp_path: Path, form: str) -> None:
    root = tmp_path / "plain"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(SHUFFLED)
    paths = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    clean = {name: os.environ[name] for name in KEPT if name in os.environ}
    written = set()
    for seed in ("1", "2"):
        env = clean | {
            "HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "CTXKIT_CACHE_DIR": str(tmp_path / seed),
            "PYTHONPATH": paths, "PYTHONHASHSEED": seed, "SHUFFLE": seed, "SHUFFLE_SEEN": str(tmp_path / "seen"),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "ctxkit", "audit", str(root), "--format", form],
            env=env,
            capture_output=True,
            check=True,
        )
        written.add(done.stdout)
    assert len(written) == 1
