"""Time ``ctxkit audit``, cold and warm, against git itself and repomix, on real or generated repositories.

    python benchmarks/audit.py REPOSITORY... [--generate FILES] [--repomix COMMAND] [--runs N]

Prints a Markdown table of whole-process wall times (median of N interleaved runs, in seconds) and their ratios. Cold
means an empty count cache; the operating system's file cache is warm for everybody. ``git`` is
``git ls-files -s`` and ``git diff-files`` one after the other. ``--repomix`` is the command that starts repomix, for
example ``"node node_modules/repomix/bin/repomix.cjs"``; it runs with ``--no-security-check --token-count-tree``.
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = [
    "def", "return", "self", "import", "class", "value", "for", "in", "if", "else",
    "None", "True", "name", "index", "list", "result", "data", "key", "path",
]  # fmt: skip


def generate(files: int, directory: Path) -> Path:
    """A git repository of ``files`` small source files, the same each time."""
    chance = random.Random(files)
    for number in range(files):
        path = directory / f"part{number % 97}" / f"sub{number % 31}" / f"module{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (" ".join(chance.choices(WORDS, k=9)) for _ in range(chance.randint(5, 120)))
        path.write_text("\n".join(lines), encoding="utf-8")
    (directory / "AGENTS.md").write_text("# Rules\n\nKeep it short.\n", encoding="utf-8")
    git = ["git", "-C", str(directory), "-c", "user.name=bench", "-c", "user.email=bench@example.invalid"]
    subprocess.run([*git[:3], "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "generated"], check=True)
    return directory


def timed(command: list[str], env: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - start


def measure(repository: Path, runs: int, repomix: str | None, cold_runs: int) -> dict[str, float]:
    """Median seconds by name, all commands taking turns."""
    with tempfile.TemporaryDirectory() as scratch:
        env = {**os.environ, "CTXKIT_CACHE_DIR": str(Path(scratch) / "cache"), "HOME": scratch}
        audit = [sys.executable, "-m", "ctxkit", "audit", str(repository), "--agent", "claude-code"]

        def cold(engine: str) -> float:
            shutil.rmtree(env["CTXKIT_CACHE_DIR"], ignore_errors=True)
            return timed(audit, {**env, "CTXKIT_ENGINE": engine})

        def git() -> float:
            return timed(["git", "-C", str(repository), "ls-files", "-s"], env) + timed(
                ["git", "-C", str(repository), "diff-files"], env
            )

        commands: dict[str, Callable[[], float]] = {
            "git": git,
            "python -c pass": lambda: timed([sys.executable, "-c", "pass"], env),
            "ctxkit cold, tiktoken": lambda: cold("tiktoken"),
            "ctxkit cold, fast": lambda: cold("auto"),
            "ctxkit warm": lambda: timed(audit, env),
        }
        if repomix:
            out = str(Path(scratch) / "packed.xml")
            words = [*shlex.split(repomix), "--no-security-check", "--token-count-tree", "-o", out, str(repository)]
            commands["repomix"] = lambda: timed(words, env)
        found: dict[str, list[float]] = {name: [] for name in commands}
        for run in range(runs):
            for name, command in commands.items():
                if run < cold_runs or name in ("git", "python -c pass", "ctxkit warm"):
                    found[name].append(command())
    return {name: statistics.median(values) for name, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="*", type=Path)
    parser.add_argument("--generate", type=int, default=0, metavar="FILES")
    parser.add_argument("--repomix")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cold-runs", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        repositories = list(arguments.repositories)
        if arguments.generate:
            repositories.append(generate(arguments.generate, Path(scratch)))
        rows = []
        for repository in repositories:
            listed = subprocess.run(["git", "-C", str(repository), "ls-files"], capture_output=True, check=True)
            seconds = measure(repository.resolve(), arguments.runs, arguments.repomix, arguments.cold_runs)
            rows.append((f"{len(listed.stdout.splitlines()):,}", seconds))
    names = list(rows[0][1]) if rows else []
    print("| files | " + " | ".join(names) + " | warm / (git + python) | repomix / cold |")
    print("|" + "---|" * (len(names) + 3))
    for files, seconds in rows:
        floor = seconds["git"] + seconds["python -c pass"]
        against = f"{seconds['repomix'] / seconds['ctxkit cold, tiktoken']:.1f} x" if "repomix" in seconds else "-"
        figures = " | ".join(f"{seconds[name]:.3f}" for name in names)
        print(f"| {files} | {figures} | {seconds['ctxkit warm'] / floor:.1f} x | {against} |")


if __name__ == "__main__":
    main()
