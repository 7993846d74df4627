"""Counting against plain tiktoken: time to load, memory, speed, as ratios measured on one machine.

    python benchmarks/counting.py [--megabytes 8] [--rounds 5]

Needs nothing but the installed package. The corpus is the Python standard library's own sources. Plain tiktoken is
``tiktoken.get_encoding`` as its users call it; so that it does not download, it finds the official rank file, expanded
from ours, in a cache folder. Every figure is the median over fresh processes, the engines taking turns in each round;
times are processor time, so that other work on the machine disturbs them less. Loading includes importing the package.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from ctxkit.tokens import ranks
from ctxkit.tokens.cache import CountCache, blob_id

URL = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
"""tiktoken names a cached file by the sha1 of this."""

PEAK = """
try:
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
except OSError:
    peak = 0
"""
"""Peak memory in MB where the system says it per program (Linux); getrusage would give the parent's share too."""

RUN = """
import json, sys, time
begin = time.process_time()
{setup}
count("x")
loaded = time.process_time() - begin
{peak}
texts = json.load(open(sys.argv[1], encoding="utf-8"))
begin = time.process_time()
total = sum(map(count, texts))
print(json.dumps([loaded * 1000, peak, total, time.process_time() - begin]))
"""
PLAIN = """
import tiktoken
encoding = tiktoken.get_encoding({encoding!r})
count = lambda text: len(encoding.encode_ordinary(text))
"""
OURS = """
from functools import partial
from ctxkit.tokens.engine import count
count = partial(count, encoding={encoding!r})
"""


def corpus(megabytes: float) -> list[str]:
    """Sources of the standard library, in the order of a hash of their names."""
    root = Path(sysconfig.get_path("stdlib"))
    paths = sorted(root.rglob("*.py"), key=lambda path: hashlib.sha1(str(path.relative_to(root)).encode()).digest())
    texts, size = [], 0
    for path in paths:
        if "site-packages" in path.parts:
            continue
        data = path.read_bytes()
        texts.append(data.decode("utf-8", "replace"))
        size += len(data)
        if size > megabytes * 1e6:
            break
    return texts


def official_file(encoding: str, folder: Path) -> None:
    """Put the official rank file where tiktoken looks for a downloaded one."""
    lines = sorted(ranks.load(encoding).items(), key=lambda item: item[1])
    text = b"".join(b"%s %d\n" % (base64.b64encode(token), rank) for token, rank in lines)
    (folder / hashlib.sha1(URL.format(encoding).encode()).hexdigest()).write_bytes(text)


def measure(setup: str, choice: str, texts: Path, folder: Path) -> tuple[float, float, int, float]:
    environment = {**os.environ, "CTXKIT_ENGINE": choice, "TIKTOKEN_CACHE_DIR": str(folder)}
    code = RUN.format(setup=setup, peak=PEAK)
    done = subprocess.run(
        [sys.executable, "-c", code, str(texts)], env=environment, capture_output=True, text=True, check=True
    )
    loaded, peak, total, seconds = json.loads(done.stdout)
    return loaded, peak, total, seconds


def engines(encoding: str) -> dict[str, tuple[str, str]]:
    found = {"tiktoken, plain": (PLAIN, "tiktoken"), "ctxkit with tiktoken": (OURS, "tiktoken")}
    try:
        import splintr  # noqa: F401
    except ImportError:
        print("(the fast extra is not installed)", file=sys.stderr)
    else:
        found["ctxkit with splintr"] = (OURS, "fast")
    return {name: (setup.format(encoding=encoding), choice) for name, (setup, choice) in found.items()}


def table(encoding: str, texts: list[str], rounds: int, folder: Path) -> None:
    official_file(encoding, folder)
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    file = folder / "texts.json"
    file.write_text(json.dumps(texts), encoding="utf-8")
    runs: dict[str, list[tuple[float, float, int, float]]] = {}
    for _ in range(rounds):
        for name, (setup, choice) in engines(encoding).items():
            runs.setdefault(name, []).append(measure(setup, choice, file, folder))
    totals = {run[2] for taken in runs.values() for run in taken}
    print(f"\n{encoding}: {len(texts)} files, {megabytes:.1f} MB, totals {sorted(totals)}\n")
    print("| engine | load CPU ms | ratio | memory MB | MB/s | ratio |\n|---|---|---|---|---|---|")
    base: tuple[float, float] | None = None
    for name, taken in runs.items():
        load, peak, _, seconds = (statistics.median(column) for column in zip(*taken, strict=True))
        base = base or (load, seconds)
        print(
            f"| {name} | {load:.0f} | {load / base[0]:.2f} | {peak:.0f} | {megabytes / seconds:.1f} "
            f"| {base[1] / seconds:.2f} |"
        )


def cache_table(folder: Path, rounds: int) -> None:
    """Look-ups of known counts, opening the cache included."""
    print("\n| counts in the cache | asked for | ms |\n|---|---|---|")
    for size in (1_000, 60_000):
        with CountCache.open(folder / str(size)) as store:
            keys = [blob_id(str(n).encode()) for n in range(size)]
            store.put({key: n for n, key in enumerate(keys)}, "o200k_base/1")
        for asked in (200, size):
            taken = []
            for _ in range(rounds):
                begin = time.perf_counter()
                with CountCache.open(folder / str(size)) as store:
                    found = store.get(keys[:asked], "o200k_base/1")
                taken.append(time.perf_counter() - begin)
                assert len(found) == asked
            print(f"| {size:,} | {asked:,} | {statistics.median(taken) * 1000:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    texts = corpus(options.megabytes)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for encoding in ranks.ENCODINGS:
            table(encoding, texts, options.rounds, folder)
        cache_table(folder, options.rounds)


if __name__ == "__main__":
    main()
