"""Measuring very many files with one process per core.

The workers are plain child processes that speak over their pipes, not ``multiprocessing``: that would run the caller's
main module again where processes are spawned. A worker takes its import path from its parent and nothing from the
directory it stands in. What a worker does not answer, the caller measures itself.
"""

from __future__ import annotations

import marshal
import os
import struct
import sys
from typing import IO, TYPE_CHECKING, Any

from ctxkit.sources.measure import Measured, Meter

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Sequence

MAX_WORKERS = 6
"""Each holds its own copy of the vocabulary (about 100 MB)."""

CHUNK = 200
"""Files a worker is given at a time."""

_SAMPLE = 100
_WORTH_BYTES = 24 * 1024 * 1024
_SIZE = struct.Struct("<I")
_CODE = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from ctxkit.sources.workers import serve; serve()"


def worth_it(root: str, paths: Sequence[str]) -> int:
    """How many workers to start for ``paths``; 0 when this process is as quick alone."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2 or len(paths) < CHUNK or not sys.executable:
        return 0
    step = max(len(paths) // _SAMPLE, 1)
    sizes = []
    for path in paths[::step]:
        try:
            sizes.append(os.lstat(os.path.join(root, path)).st_size)
        except (OSError, ValueError):
            continue
    return min(cores, MAX_WORKERS) if sum(sizes) * step > _WORTH_BYTES else 0


def measure_all(
    root: str, encoding: str, hash_name: str, paths: Sequence[str], workers: int
) -> Iterator[tuple[int, Measured]]:
    """(place in ``paths``, what was measured) in no particular order; a place may be missing when a worker failed."""
    import json
    import queue
    import subprocess
    import threading

    chunks: queue.SimpleQueue[int] = queue.SimpleQueue()
    for start in range(0, len(paths), CHUNK):
        chunks.put(start)
    answers: queue.SimpleQueue[list[tuple[int, Measured]] | None] = queue.SimpleQueue()
    where = json.dumps([path for path in sys.path if os.path.isabs(path)])
    command = [sys.executable, "-I", "-c", _CODE, where]
    started: list[subprocess.Popen[bytes]] = []

    def drive(process: subprocess.Popen[bytes]) -> None:
        try:
            assert process.stdin is not None  # noqa: S101 - opened as a pipe just above
            assert process.stdout is not None  # noqa: S101
            _send(process.stdin, (root, encoding, hash_name))
            while True:
                start = chunks.get_nowait()
                _send(process.stdin, list(paths[start : start + CHUNK]))
                rows = _receive(process.stdout)
                if not isinstance(rows, list):
                    return
                answers.put([(start + row, Measured(*fields)) for row, fields in enumerate(rows)])
        except (queue.Empty, OSError, ValueError, EOFError, TypeError):
            pass
        finally:
            answers.put(None)

    try:
        for _ in range(workers):
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            started.append(process)
            threading.Thread(target=drive, args=(process,), daemon=True).start()
        running = len(started)
        while running:
            answer = answers.get()
            if answer is None:
                running -= 1
            else:
                yield from answer
    finally:
        for process in started:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


def serve() -> None:
    """A worker: a first message with the directory and encoding, then lists of paths until the pipe closes."""
    from ctxkit.sources.classify import Classifier

    incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
    first = _receive(incoming)
    if first is None:
        return
    root, encoding, hash_name = first
    meter = Meter(root, encoding, hash_name, Classifier())
    while (paths := _receive(incoming)) is not None:
        _send(outgoing, [tuple(meter.measure(path, _nothing)) for path in paths])


def _nothing(_identity: bytes) -> int | None:
    return None


def _send(stream: IO[bytes], value: Any) -> None:
    data = marshal.dumps(value)
    stream.write(_SIZE.pack(len(data)) + data)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    head = stream.read(_SIZE.size)
    if len(head) < _SIZE.size:
        return None
    return marshal.loads(stream.read(_SIZE.unpack(head)[0]))  # noqa: S302 - our own child process wrote it
