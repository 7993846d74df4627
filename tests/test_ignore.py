from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.ignore import IgnoreFile, IgnoreTree
from ctxkit.ignore.file import MAX_BYTES, framed

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases/ignore.yaml").read_text("utf-8"))
needs_git = pytest.mark.skipif(shutil.which("git") is None or os.name == "nt", reason="needs git and its file names")

PATTERN_PARTS = [
    "a", "b", "foo", "*", "?", "**", "/", "/", "*.c", "[ab]", "[!a]", "!", "\\", " ", "#", "é", "A", "[A-C]", "x.c",
    "-",     "[[:alpha:]]", "[[:upper:]]", "[[:space:]]", "[]]", "[a", "[[:foo:]]", "[a-]", "[\\]a]", "\\ ", "\t", "\r",
    "\\*", "***", "\\/", "[z-a]", "[/]",
]  # fmt: skip
NAMES = [
    "a",
    "b",
    "foo",
    "x.c",
    "foo.c",
    "A",
    "B",
    "é",
    "ab",
    "a b",
    "a ",
    "#a",
    "!a",
    "a\\",
    "[",
    "]",
    "a-",
    "é.c",
    "a\tb",
]


def tree_of(files: dict[str, str], *, ignorecase: bool = False) -> IgnoreTree:
    layers: list[list[IgnoreFile]] = [[], [], []]
    for name, text in files.items():
        layer = {"<info/exclude>": 1, "<global>": 2}.get(name, 0)
        base = "" if layer else name.rpartition("/")[0]
        layers[layer].append(IgnoreFile(text.encode(), base, source=name, ignorecase=ignorecase))
    return IgnoreTree(layers)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_table(case: dict[str, Any]) -> None:
    tree = tree_of(case["files"], ignorecase=case.get("ignorecase", False))
    for path, expected in case["checks"].items():
        decision = tree.decide(path, path.endswith("/"))
        assert str(decision.rule or "") == expected, path
        assert decision.ignored == bool(expected and not decision.rule.negated), path
    files = [path for path in case["checks"] if not path.endswith("/")]
    assert tree.hidden(files) == {path for path in files if tree.ignored(path)}


def ask_git(root: Path, files: dict[str, str], paths: list[str], ignorecase: bool) -> dict[str, str]:
    """What ``git check-ignore`` says: path → rule, "" for none; paths with "/" at their end are directories."""
    home = root / ".git/home"
    env = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q", str(root)], check=True, env=env)
    subprocess.run(["git", "-C", str(root), "config", "core.ignorecase", str(ignorecase).lower()], check=True, env=env)
    for path in sorted(paths):
        place = root / path
        try:
            if path.endswith("/"):
                place.mkdir(parents=True, exist_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/exclude").write_bytes(b"")
    for name, text in files.items():
        place = {"<info/exclude>": root / ".git/info/exclude", "<global>": home / "git/ignore"}.get(name, root / name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
    output = subprocess.run(
        ["git", "-C", str(root), "check-ignore", "--no-index", "-v", "-n", "-z", "--stdin"],
        input=b"\0".join(os.fsencode(path.rstrip("/")) for path in paths),
        capture_output=True, env=env, check=False,
    ).stdout  # fmt: skip
    fields = output.decode().split("\0")
    rules = {}
    for path, source, line, pattern in zip(paths, fields[0::4], fields[1::4], fields[2::4], strict=False):
        name = {".git/info/exclude": "<info/exclude>", str(home / "git/ignore"): "<global>"}.get(source, source)
        rules[path] = f"{name}:{line}:{pattern}" if source else ""
    return rules


@needs_git
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_table_is_what_git_decides(case: dict[str, Any], tmp_path: Path) -> None:
    # A path that is a directory of another check cannot be a file as well, so each is asked in a tree of its own.
    for number, (path, expected) in enumerate(case["checks"].items()):
        root = tmp_path / str(number)
        root.mkdir()
        assert ask_git(root, case["files"], [path], case.get("ignorecase", False)) == {path: expected}


@needs_git
@pytest.mark.parametrize("seed", range(40))
def test_random_patterns_agree_with_git(seed: int, tmp_path: Path) -> None:
    choose = random.Random(seed)
    made = sorted({"/".join(choose.choice(NAMES) for _ in range(choose.randint(1, 3))) for _ in range(40)})
    paths = [path for path in made if not any(other.startswith(f"{path}/") for other in made)]
    directories = sorted({path.rpartition("/")[0] + "/" for path in paths if "/" in path})

    def lines() -> str:
        several = (choose.choices(PATTERN_PARTS, k=choose.randint(1, 6)) for _ in range(choose.randint(1, 8)))
        return "\n".join(
            choose.choice(["", "", "!"]) + "".join(parts) + choose.choice(["", "", "/"]) for parts in several
        )

    files = {".gitignore": lines(), "<info/exclude>": lines(), "<global>": lines()}
    files |= {f"{directory}.gitignore": lines() for directory in choose.sample(directories, min(2, len(directories)))}
    ignorecase = seed % 3 == 0
    tree = tree_of(files, ignorecase=ignorecase)
    asked = [*paths, *directories]
    expected = ask_git(tmp_path, files, asked, ignorecase)
    assert {path: str(tree.decide(path, path.endswith("/")).rule or "") for path in asked} == expected


@given(
    st.lists(st.lists(st.sampled_from(PATTERN_PARTS), min_size=1, max_size=5).map("".join), max_size=6),
    st.lists(st.lists(st.sampled_from(PATTERN_PARTS), min_size=1, max_size=5).map("".join), max_size=4),
    st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join), min_size=1, max_size=12),
    st.booleans(),
)
def test_hidden_is_decide_for_every_path(root: list[str], nested: list[str], paths: list[str], fold: bool) -> None:
    tree = IgnoreTree([[IgnoreFile(root, ignorecase=fold), IgnoreFile(nested, "a", ignorecase=fold)]])
    assert tree.hidden(paths) == {path for path in paths if tree.decide(path).ignored}


@given(st.binary(max_size=300), st.lists(st.text(min_size=1).filter(lambda t: "\0" not in t), max_size=5))
def test_no_bytes_are_an_error(data: bytes, paths: list[str]) -> None:
    tree = IgnoreTree([[IgnoreFile(data)]])
    clean = [path.encode("utf-8", "replace").decode() for path in paths]
    for path in clean:
        tree.decide(path)
    tree.hidden(clean)


def test_undecodable_names_are_matched_byte_by_byte() -> None:
    name = os.fsdecode(b"\xff\xfe.md") if os.name != "nt" else "\udcff\udcfe.md"
    tree = IgnoreTree([[IgnoreFile(b"\xff?.md\n")]])
    assert tree.ignored(name)
    assert tree.hidden([name, "a.md"]) == {name}


def test_first_layer_that_matches_decides() -> None:
    own = IgnoreFile(["!secret.txt", "big.bin"], source=".toolignore")
    git = IgnoreFile(["*.txt"], "a")
    tree = IgnoreTree([[own], [git]])
    assert not tree.ignored("a/secret.txt")
    assert tree.ignored("a/other.txt")
    assert tree.ignored("big.bin")


def test_of_two_files_in_one_directory_the_later_is_asked_first() -> None:
    tree = IgnoreTree([[IgnoreFile(["*.txt"], source="one"), IgnoreFile(["!a.txt"], source="two")]])
    assert str(tree.decide("a.txt").rule) == "two:1:!a.txt"
    assert tree.ignored("b.txt")


def test_lines_that_reinclude_can_be_dropped() -> None:
    lines = ["*.txt", "!a.txt"]
    assert not IgnoreTree([[IgnoreFile(lines)]]).ignored("a.txt")
    assert IgnoreTree([[IgnoreFile(lines, negation=False)]]).ignored("a.txt")


def test_a_dot_and_double_slashes_in_a_path_mean_nothing() -> None:
    tree = IgnoreTree([[IgnoreFile(["/a/b"])]])
    assert tree.ignored("./a/b")
    assert tree.ignored("a//b")


def test_a_pattern_that_matches_emptiness_skips_no_path() -> None:
    file = IgnoreFile(["/*"])
    assert file.candidates(framed(["a/b", "c", "d/e", "f"])) == {b"c", b"f"}


def test_file_match_looks_at_the_path_alone() -> None:
    file = IgnoreFile(["x/", "y"], "a")
    assert file.match("a/x/y", False) is not None
    assert file.match("a/x/z", False) is None
    assert file.match("b/y", False) is None
    assert str(file.match("a/x", True)) == "a/.gitignore:1:x/"


def test_an_ignore_file_without_end_is_cut_at_a_line() -> None:
    data = b"a*\n" * (MAX_BYTES // 3) + b"late\n" * 10
    tree = IgnoreTree([[IgnoreFile(data)]])
    assert tree.ignored("abc")
    assert not tree.ignored("late")


def test_patterns_in_the_thousands_keep_their_order() -> None:
    lines = [f"name{n}*" for n in range(5000)] + ["!name77*"]
    tree = IgnoreTree([[IgnoreFile(lines)]])
    assert tree.hidden(["name4999x", "name77x", "other"]) == {"name4999x"}
    assert str(tree.decide("name42.c").rule) == ".gitignore:43:name42*"


def test_a_pattern_of_many_stars_is_decided_at_once() -> None:
    tree = IgnoreTree([[IgnoreFile(["a*" * 60 + "b"])]])
    assert not tree.ignored("a" * 250)
    assert tree.hidden(["a" * 250 + "b", "a" * 250]) == {"a" * 250 + "b"}
