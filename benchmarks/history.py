"""How fast, and in how much memory, a recorded session of a gigabyte is read, counted and summed up.

Makes a transcript in the form of Claude Code (prompts, calls, results of files read and commands run, a compaction
every 150 requests; no text occurs twice), reads it in a process of its own, and prints megabytes a second and that
process's largest resident size:

    python benchmarks/history.py [--megabytes 1024] [--no-copies]

Claude Code writes most results twice, once as sent and once for its own screen; ``--no-copies`` leaves the second out,
so that nearly every byte has to be counted.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_READ = """
import sys
from ctxkit.sources.history.load import load_sessions
from ctxkit.sources.session.overview import overview
for session in load_sessions(sys.argv[1]):
    found = overview(session)
    print(len(session.steps), "requests", len(session.entries), "blocks", found.input, "tokens of input")
"""


def lines(megabytes: int, copies: bool) -> Iterator[str]:
    """The lines of the transcript."""
    chance = random.Random(7)
    words = [
        f"{chance.choice('abcdefghklmnprst')}{chance.getrandbits(28):x}"[: chance.randint(3, 9)] for _ in range(4000)
    ]
    written, number, parent = 0, 0, None
    while written < megabytes * 1_000_000:
        number += 1
        for kind, size in (("Read", 9_000), ("Bash", 1_500), ("Read", 4_000)):
            call = f"toolu_{number:08d}_{written}"
            text = "\n".join(
                f"{at:6d}\t    {' '.join(chance.choices(words, k=8))} = {chance.getrandbits(32)}"
                for at in range(size // 70)
            )
            arguments = (
                {"file_path": f"/src/{chance.choice(words)}.py"} if kind == "Read" else {"command": f"make {text[:40]}"}
            )
            base = {
                "isSidechain": False,
                "sessionId": "s",
                "version": "2.1.37",
                "cwd": "/src",
                "timestamp": "2026-11-20T10:00:00Z",
            }
            answer = {
                "id": f"msg_{call}", "role": "assistant", "model": "claude-opus-4-6",
                "content": [{"type": "tool_use", "id": call, "name": kind, "input": arguments}],
                "usage": {
                    "input_tokens": 3, "cache_read_input_tokens": 90_000, "cache_creation_input_tokens": 3_000,
                    "output_tokens": 90,
                },
            }  # fmt: skip
            result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call, "content": text}]}
            yield from (
                json.dumps({**base, "type": "assistant", "uuid": f"a{call}", "parentUuid": parent, "message": answer}),
                json.dumps({**base, "type": "user", "uuid": f"u{call}", "parentUuid": f"a{call}", "message": result}
                           | ({"toolUseResult": {"file": {"content": text}}} if copies else {})),
            )  # fmt: skip
            parent = f"u{call}"
            written += (2 if copies else 1) * len(text) + 900
        if number % 50 == 0:
            yield json.dumps(
                {"type": "system", "subtype": "compact_boundary", "uuid": f"c{number}", "isSidechain": False}
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--no-copies", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines(options.megabytes, not options.no_copies))
        size = path.stat().st_size / 1e6
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", _READ, str(path)], check=True, capture_output=True, text=True)
        took = time.perf_counter() - began
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        print(done.stdout.strip())
        print(f"{size:,.0f} MB in {took:.1f} s: {size / took:.0f} MB/s, at most {memory:.0f} MB of memory")


if __name__ == "__main__":
    main()
