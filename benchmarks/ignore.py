"""How fast ignore files are decided: our engine, pathspec, and git itself, on the same patterns and paths.

``python benchmarks/ignore.py [PATHS]`` makes a tree of PATHS names (200,000 by default) in memory, asks each for all of
them, and prints a Markdown table: seconds, paths per second, and seconds as a multiple of ours. Git reads names from
stdin and gets only the first tenth, scaled up, because it takes so long.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ctxkit.ignore import IgnoreFile, IgnoreTree

if TYPE_CHECKING:
    from collections.abc import Callable

PATTERNS = """
*.pyc __pycache__/ *.py[cod] *$py.class *.so .Python build/ develop-eggs/ dist/ downloads/ eggs/ .eggs/ lib64/ parts/
sdist/ var/ wheels/ *.egg-info/ .installed.cfg *.egg MANIFEST *.manifest *.spec pip-log.txt htmlcov/ .tox/ .nox/
.coverage .coverage.* .cache nosetests.xml coverage.xml *.cover .hypothesis/ .pytest_cache/ *.mo *.pot *.log
local_settings.py db.sqlite3 instance/ .webassets-cache .scrapy docs/_build/ target/ .ipynb_checkpoints
profile_default/ ipython_config.py .python-version celerybeat-schedule *.sage.py .env .venv env/ venv/ ENV/ env.bak/
.spyderproject .ropeproject /site .mypy_cache/ .dmypy.json dmypy.json .pyre/ node_modules/ npm-debug.log*
yarn-error.log* .DS_Store Thumbs.db *.swp .idea/* !.idea/keep.xml .vscode/ /config/*.yaml !/config/base.yaml **/tmp/**
doc[s]/*.html *.min.js report-??.txt
""".split()  # noqa: SIM905 - a list of so many would be a page
WORDS = "core api views models tests utils sensor light config docs static locale forms".split()  # noqa: SIM905
SUFFIXES = [".py", ".py", ".py", ".json", ".md", ".html", ".js", ".yaml", ".txt", ".log", ".pyc"]


def paths(count: int) -> list[str]:
    choose = random.Random(1)  # the same tree at every run
    directories = ["/".join(choose.choices(WORDS, k=choose.randint(1, 5))) + f"/{n}" for n in range(count // 12 + 1)]
    names = {f"{choose.choice(directories)}/{choose.choice(WORDS)}_{n}{choose.choice(SUFFIXES)}" for n in range(count)}
    return sorted(names)


def timed(work: Callable[[], object], repeats: int = 3) -> float:
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def ours(names: list[str]) -> int:
    return len(IgnoreTree([[IgnoreFile(PATTERNS)]]).hidden(names))


def ours_one_by_one(names: list[str]) -> int:
    tree = IgnoreTree([[IgnoreFile(PATTERNS)]])
    return sum(tree.ignored(name) for name in names)


def with_pathspec(names: list[str]) -> int:
    import pathspec

    spec = pathspec.GitIgnoreSpec.from_lines(PATTERNS)
    return sum(1 for _ in spec.match_files(names))


def with_git(names: list[str]) -> int:
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["git", "init", "-q", directory], check=True)
        Path(directory, ".gitignore").write_text("\n".join(PATTERNS) + "\n")
        answer = subprocess.run(
            ["git", "-C", directory, "check-ignore", "--no-index", "-z", "--stdin"],
            input="\0".join(names).encode(), capture_output=True, check=False,
        )  # fmt: skip
        return answer.stdout.count(b"\0")


def main() -> None:
    names = paths(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
    tenth = names[::10]
    print(
        f"{len(PATTERNS)} patterns, {len(names):,} paths, {ours(names):,} ignored; git agrees on a tenth of them: ",
        end="",
    )
    print("yes" if ours(tenth) == with_git(tenth) else f"no ({ours(tenth)} against {with_git(tenth)})")
    rows = [
        ("ctxkit, all at once", timed(lambda: ours(names))),
        ("ctxkit, path by path", timed(lambda: ours_one_by_one(names), 1)),
    ]
    try:
        rows.append(("pathspec", timed(lambda: with_pathspec(names), 1)))
    except ImportError:
        print("pathspec is not installed")
    rows.append(("git check-ignore", timed(lambda: with_git(tenth), 1) * len(names) / len(tenth)))
    print("\n| | seconds | paths/s | times ours |\n|---|---:|---:|---:|")
    for label, seconds in rows:
        print(f"| {label} | {seconds:.2f} | {len(names) / seconds:,.0f} | {seconds / rows[0][1]:.1f} |")


if __name__ == "__main__":
    main()
