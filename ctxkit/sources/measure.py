"""One file's size, tokens and marks, by reading it."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.sources.classify import IS_BINARY, SNIFF_BYTES, Classifier, is_binary
from ctxkit.sources.status import reason

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTED_BYTES = 8 * 1024 * 1024
"""A longer file is not counted whole: its tokens are estimated from slices."""

SLICES = 64
SLICE_BYTES = 64 * 1024

_OPEN = os.O_RDONLY
for _flag in ("O_BINARY", "O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC"):
    _OPEN |= getattr(os, _flag, 0)


class Measured(NamedTuple):
    """``identity``: git's id for a file of these bytes, None when they were not all read. ``marks`` as in classify.

    ``problem`` says why the file could not be read (then the rest means nothing); ``gone`` that it is not there.
    """

    size: int = 0
    tokens: int = 0
    marks: int = 0
    estimated: bool = False
    identity: bytes | None = None
    problem: str = ""
    gone: bool = False


class Meter:
    """Measures files below one directory for one encoding."""

    def __init__(self, root: str, encoding: str, hash_name: str, classifier: Classifier) -> None:
        """``hash_name``: the hash git names blobs by, ``sha1`` or ``sha256``."""
        self._root = root
        self._encoding = encoding
        self._hash = hash_name
        self._classifier = classifier

    def measure(self, path: str, known: Callable[[bytes], int | None]) -> Measured:
        """Measure ``path``. ``known`` gives the tokens of a content that was counted before."""
        try:
            descriptor = os.open(os.path.join(self._root, path), _OPEN)
        except (FileNotFoundError, NotADirectoryError):
            return Measured(problem="was there and is gone", gone=True)
        except (OSError, ValueError) as error:
            return Measured(problem=f"cannot be read: {reason(error)}")
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return Measured(problem="no longer a regular file", gone=True)
            if status.st_size > COUNTED_BYTES:
                return self._estimate(descriptor, status.st_size)
            data = _read_up_to(descriptor, COUNTED_BYTES)
        except OSError as error:
            return Measured(problem=f"cannot be read: {reason(error)}")
        finally:
            os.close(descriptor)
        identity = self._identity(data)
        marks = self._classifier.sniff(data[:SNIFF_BYTES])
        if marks & IS_BINARY:
            return Measured(len(data), 0, marks, False, identity)
        tokens = known(identity)
        return Measured(len(data), self._count(data) if tokens is None else tokens, marks, False, identity)

    def _identity(self, data: bytes) -> bytes:
        digest = hashlib.new(self._hash, b"blob %d\0" % len(data), usedforsecurity=False)
        digest.update(data)
        return digest.digest()

    def _count(self, data: bytes) -> int:
        from ctxkit.tokens.engine import count

        return count(data.decode("utf-8", "replace"), self._encoding)

    def _estimate(self, descriptor: int, size: int) -> Measured:
        """Tokens of a long file from evenly spaced slices (a tenth of a text: median error 0, p99 12 percent)."""
        marks = self._classifier.sniff(_slice(descriptor, 0, SNIFF_BYTES))
        sampled = tokens = 0
        step = max((size - SLICE_BYTES) // (SLICES - 1), SLICE_BYTES)
        for start in range(0, size, step):
            if marks & IS_BINARY:
                return Measured(size, 0, marks)
            piece = _slice(descriptor, start, SLICE_BYTES)
            if is_binary(piece):
                marks = IS_BINARY
            sampled += len(piece)
            tokens += self._count(piece) if not marks & IS_BINARY else 0
        return Measured(size, round(tokens * size / max(sampled, 1)), marks, True)


def _read_up_to(descriptor: int, limit: int) -> bytes:
    parts: list[bytes] = []
    left = limit
    while left > 0:
        part = os.read(descriptor, min(left, 1 << 20))
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _slice(descriptor: int, start: int, size: int) -> bytes:
    os.lseek(descriptor, start, os.SEEK_SET)
    return _read_up_to(descriptor, size)
