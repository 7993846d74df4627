"""Time what every run pays: ``--version``, ``--help`` and a warm ``audit`` of a small repository.

    python benchmarks/startup.py [--files N] [--runs N] [REPOSITORY]

Prints a Markdown table of whole-process wall times in milliseconds, minimum and median of interleaved runs, and the
ratio of the minima to ``python -c pass``. Without REPOSITORY one is generated, with a rule file, a path rule and a
settings file. Warm means that the counts, the compiled data files and Python's bytecode are there from an earlier run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def generate(files: int, directory: Path) -> Path:
    """A git repository of ``files`` small source files and what Claude Code loads from one, the same each time."""
    texts = {
        "CLAUDE.md": "# Rules\n\nKeep it short. See @docs/style.md.\n",
        "docs/style.md": "# Style\n\nPlain words.\n",
        ".claude/rules/source.md": '---\npaths: "src/**/*.py"\n---\nType everything.\n',
        ".claude/settings.json": '{"permissions": {"deny": ["Read(./secret/**)"]}}\n',
    }
    for number in range(files):
        texts[f"src/part{number % 7}/module{number}.py"] = f"def value{number}():\n    return {number}\n" * 20
    for name, text in texts.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git = ["git", "-C", str(directory), "-c", "user.name=bench", "-c", "user.email=bench@example.invalid"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "generated"]):
        subprocess.run([*git, *command], check=True)
    return directory


def timed(command: list[str], env: dict[str, str]) -> float:
    """Milliseconds of one run. Raises CalledProcessError where it fails."""
    start = time.perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - start) * 1000


def measure(repository: Path, scratch: Path, runs: int) -> dict[str, list[float]]:
    """Milliseconds by name, all commands taking turns after one round that only warms up."""
    env = {
        **os.environ,
        "CTXKIT_CACHE_DIR": str(scratch / "cache"),
        "HOME": str(scratch),
        "PYTHONPYCACHEPREFIX": str(scratch / "bytecode"),
    }
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    ctxkit = [sys.executable, "-m", "ctxkit"]
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "ctxkit --version": [*ctxkit, "--version"],
        "ctxkit --help": [*ctxkit, "--help"],
        "ctxkit audit, warm": [*ctxkit, "audit", str(repository), "--agent", "claude-code"],
    }
    found: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(runs + 1):
        for name, command in commands.items():
            taken = timed(command, env)
            if run:
                found[name].append(taken)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", nargs="?", type=Path)
    parser.add_argument("--files", type=int, default=100, metavar="N")
    parser.add_argument("--runs", type=int, default=20, metavar="N")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        repository = arguments.repository or generate(arguments.files, scratch / "repository")
        found = measure(repository.resolve(), scratch, arguments.runs)
    least = {name: min(values) for name, values in found.items()}
    print("| command | minimum, ms | median, ms | minimum / python -c pass |")
    print("|---|---|---|---|")
    for name, values in found.items():
        ratio = least[name] / least["python -c pass"]
        print(f"| {name} | {least[name]:.1f} | {statistics.median(values):.1f} | {ratio:.1f} x |")


if __name__ == "__main__":
    main()
