"""How many findings are true: findings on real repositories against labels that people gave by hand.

    python benchmarks/precision.py CLONES            # the table
    python benchmarks/precision.py CLONES --todo 50  # so many findings without a label, as lines to be labelled
    python benchmarks/precision.py CLONES --counts   # how many findings a repository gets

CLONES is a directory of clones, each named as its repository (``toolhive`` for ``stacklok/toolhive``). Labels stand in
``benchmarks/labels.jsonl``, a line each: ``repo``, ``commit``, ``rule``, ``path``, ``fingerprint``, ``true`` (would a
maintainer who reads it agree that this is a defect?) and ``why`` in a few words. Fingerprints outlive moved lines, not
other commits: check the clones out at the commits that the labels name. Looked at are all agents that a repository is
set up for, with an empty home directory, through the eyes of the regular persona.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import statistics
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from ctxkit.model import CtxkitError
from ctxkit.service import AuditRequest, audit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.model.finding import Finding

LABELS = Path(__file__).with_name("labels.jsonl")


def labels() -> dict[tuple[str, str, str], dict[str, object]]:
    """(repository without its owner, rule, fingerprint) → the label."""
    if not LABELS.exists():
        return {}
    lines = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines() if line.strip()]
    return {(line["repo"].rpartition("/")[2], line["rule"], line["fingerprint"]): line for line in lines}


def findings(clones: Path) -> Iterator[tuple[str, list[Finding]]]:
    """Each clone with its findings."""
    with tempfile.TemporaryDirectory() as home:
        for clone in sorted(path for path in clones.iterdir() if path.is_dir()):
            try:
                yield clone.name, list(audit(AuditRequest(str(clone), home=home)).findings.shown)
            except CtxkitError as error:
                print(f"{clone.name}: {error}")


def wilson(true: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson's score)."""
    if not n:
        return 0.0, 1.0
    z, p = 1.96, true / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def table(found: dict[str, list[Finding]]) -> None:
    """Prints rule by rule what was found, what has a label, and how much of that is true."""
    known = labels()
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for repo, items in found.items():
        for item in items:
            label = known.get((repo, item.rule, item.fingerprint))
            for row in (rows[item.rule], rows["all"]):
                row["found"] += 1
                row["true" if label and label["true"] else "false" if label else "unlabelled"] += 1
    print(f"{'rule':24} found  true false unlabelled  precision (95 %)")
    for rule in [*sorted(set(rows) - {"all"}), *(["all"] if "all" in rows else [])]:
        row = rows[rule]
        n = row["true"] + row["false"]
        low, high = wilson(row["true"], n)
        share = f"{row['true'] / n:6.1%}  ({low:.0%} to {high:.0%})" if n else ""
        print(f"{rule:24} {row['found']:5} {row['true']:5} {row['false']:5} {row['unlabelled']:10}  {share}")
    for repo, items in found.items():
        for item in items:
            label = known.get((repo, item.rule, item.fingerprint))
            if label is not None and not label["true"]:
                print(f"false: {repo} {item.rule} {item.at[0].path}: {item.message}")


def todo(found: dict[str, list[Finding]], n: int) -> None:
    """Prints ``n`` findings without a label, drawn by the hash of their fingerprints, rules in turn."""
    known = labels()
    by_rule: dict[str, list[tuple[str, str, Finding]]] = defaultdict(list)
    for repo, items in found.items():
        for item in items:
            if (repo, item.rule, item.fingerprint) not in known:
                lot = hashlib.sha256(f"{repo}{item.fingerprint}".encode()).hexdigest()
                by_rule[item.rule].append((lot, repo, item))
    queues = [sorted(items, key=lambda entry: entry[0]) for _, items in sorted(by_rule.items())]
    for turn in range(max(map(len, queues), default=0)):
        for queue in queues:
            if turn < len(queue) and n > 0:
                n -= 1
                _, repo, item = queue[turn]
                place = item.at[0]
                line = place.region.start_line if place.region is not None else None
                print(
                    json.dumps(
                        {"repo": repo, "rule": item.rule, "path": place.path or place.segment, "line": line,
                         "fingerprint": item.fingerprint, "message": item.message, "evidence": item.evidence,
                         "true": None, "why": ""},
                        ensure_ascii=False,
                    )
                )  # fmt: skip


def counts(found: dict[str, list[Finding]]) -> None:
    """Prints how many findings each repository gets."""
    for repo, items in sorted(found.items(), key=lambda entry: len(entry[1])):
        rules = ", ".join(f"{rule} {n}" for rule, n in Counter(item.rule for item in items).most_common(6))
        print(f"{len(items):4}  {repo:24} {rules}")
    print("median:", statistics.median(map(len, found.values())) if found else "-")


def main() -> None:
    """Parse, look, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", type=Path)
    parser.add_argument("--todo", type=int, metavar="N")
    parser.add_argument("--counts", action="store_true")
    chosen = parser.parse_args()
    found = dict(findings(chosen.clones))
    if chosen.todo:
        todo(found, chosen.todo)
    elif chosen.counts:
        counts(found)
    else:
        table(found)


if __name__ == "__main__":
    main()
