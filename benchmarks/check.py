"""Time ``ctxkit check`` as a hook runs it, against ``python -c pass``.

    python benchmarks/check.py [--files N] [--runs N] [REPOSITORY]

Prints a Markdown table of whole-process wall times in milliseconds, minimum and median of interleaved runs, and the
ratio of the minima to ``python -c pass``. Without REPOSITORY one is generated, with a configuration of two budgets.
*Again* means that nothing has changed since the last run; *after an edit* that a rule file was changed before each run,
with counts, compiled data and bytecode from earlier ones.
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

from startup import generate, timed

CONFIG = "budgets:\n  - {name: start, limit: 100k}\n  - {name: rules, category: rules, limit: 20k}\n"


def measure(repository: Path, scratch: Path, runs: int) -> dict[str, list[float]]:
    """Milliseconds by name, all commands taking turns after rounds that only warm up."""
    env = {
        **os.environ,
        "CTXKIT_CACHE_DIR": str(scratch / "cache"),
        "HOME": str(scratch),
        "PYTHONPYCACHEPREFIX": str(scratch / "bytecode"),
    }
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    check = [sys.executable, "-m", "ctxkit", "check", str(repository), "--fail-on", "never"]
    git = ["git", "-C", str(repository)]
    rule = repository / "CLAUDE.md"
    for _ in range(3):  # what has just changed is not believed for two seconds
        timed(check, env)
        time.sleep(2.5)
    found: dict[str, list[float]] = {"python -c pass": [], "git ls-files, diff-files": [], "ctxkit check, again": []}
    for _ in range(runs):
        found["python -c pass"].append(timed([sys.executable, "-c", "pass"], env))
        listed = timed([*git, "ls-files", "-o", "--exclude-standard"], env)
        found["git ls-files, diff-files"].append(listed + timed([*git, "diff-files"], env))
        found["ctxkit check, again"].append(timed(check, env))
    edited = found["ctxkit check, after an edit"] = []
    text = rule.read_text(encoding="utf-8") if rule.exists() else ""
    try:
        for run in range(runs):
            rule.write_text(f"{text}\nEdit {run}.\n", encoding="utf-8")
            edited.append(timed(check, env))
    finally:
        rule.write_text(text, encoding="utf-8")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", nargs="?", type=Path)
    parser.add_argument("--files", type=int, default=100, metavar="N")
    parser.add_argument("--runs", type=int, default=20, metavar="N")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        repository = scratch / "repository"
        if arguments.repository is not None:
            subprocess.run(["git", "clone", "-q", str(arguments.repository.resolve()), str(repository)], check=True)
        else:
            generate(arguments.files, repository)
        (repository / ".ctxkit.yaml").write_text(CONFIG, encoding="utf-8")
        found = measure(repository, scratch, arguments.runs)
    least = {name: min(values) for name, values in found.items()}
    print("| command | minimum, ms | median, ms | minimum / python -c pass |")
    print("|---|---|---|---|")
    for name, values in found.items():
        ratio = least[name] / least["python -c pass"]
        print(f"| {name} | {least[name]:.1f} | {statistics.median(values):.1f} | {ratio:.1f} x |")


if __name__ == "__main__":
    main()
