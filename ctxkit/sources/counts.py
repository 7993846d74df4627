"""Sizes, tokens and marks of many files, from the cache where their content is known, else by reading them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from ctxkit.model import Skipped
from ctxkit.sources.classify import IS_BINARY
from ctxkit.sources.columns import INFO_BINARY, INFO_ESTIMATED, Columns
from ctxkit.sources.measure import Measured, Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ctxkit.sources.classify import Classifier

_MARK_BITS = 3
_MAX_MARKED_BYTES = 1 << 29  # what is left of 32 bits for the size
_KEEP_EVERY = 20_000


class Cache(Protocol):
    """Counts and named bytes between runs (:class:`ctxkit.tokens.cache.CountCache`)."""

    def get(self, keys: Collection[bytes], space: str) -> dict[bytes, int]:
        """What is known of ``keys`` in ``space``."""

    def put(self, counts: Mapping[bytes, int], space: str) -> None:
        """Keep ``counts``."""

    def get_blob(self, name: str) -> bytes | None:
        """The bytes kept under ``name``."""

    def put_blob(self, name: str, data: bytes) -> None:
        """Keep ``data`` under ``name``."""


class Job(Struct, frozen=True):
    """A file whose row is to be filled: ``kind`` by its path, ``blob`` as git names its content, if it does.

    ``exact``: git vouches that the file is that blob, byte for byte.
    """

    row: int
    path: str
    kind: int
    blob: bytes | None = None
    exact: bool = False


class Counting:
    """Fills rows of columns for one work tree and one encoding."""

    def __init__(
        self,
        root: str,
        cache: Cache,
        classifier: Classifier,
        rules: bytes,
        encoding: str,
        sha256: bool,
        progress: Callable[[int, int, str], None] | None,
    ) -> None:
        """``rules`` names the rules of ``classifier``: what was sniffed under others is not believed."""
        from ctxkit.tokens.engine import space

        self._root = root
        self._cache = cache
        self._classifier = classifier
        self._encoding = encoding
        self._hash = "sha256" if sha256 else "sha1"
        self._progress = progress
        self._count_space = space(encoding)
        self._mark_space = _mark_space(rules)
        self._counts: dict[bytes, int] = {}
        self._new_counts: dict[bytes, int] = {}
        self._new_marks: dict[bytes, int] = {}
        self.skipped: list[Skipped] = []
        self.unstable: list[int] = []

    def fill(self, columns: Columns, jobs: Sequence[Job]) -> None:
        """Fill the rows of ``jobs``; a file that cannot be read stays ``UNKNOWN`` and is added to ``skipped``.

        ``unstable`` gets the rows of files that were not what git had just vouched for: they change as we read.
        """
        unread = self._fill_known(columns, jobs)
        try:
            self._fill_read(columns, unread)
        finally:
            self._keep()

    def _fill_known(self, columns: Columns, jobs: Sequence[Job]) -> list[Job]:
        """Fill what the cache knows by the blobs git names; the rest is returned."""
        blobs = {job.blob for job in jobs if job.blob is not None}
        marks = self._cache.get(blobs, self._mark_space) if blobs else {}
        self._counts = self._cache.get(blobs, self._count_space) if blobs else {}
        unread = []
        for job in jobs:
            packed = marks.get(job.blob) if job.blob is not None and job.exact else None
            mark = (packed or 0) & (1 << _MARK_BITS) - 1
            tokens = 0 if mark & IS_BINARY else self._counts.get(job.blob or b"")
            if packed is None or tokens is None:
                unread.append(job)
            else:
                columns.set(job.row, packed >> _MARK_BITS, tokens, self._info(job, mark))
        return unread

    def _fill_read(self, columns: Columns, jobs: Sequence[Job]) -> None:
        """Read ``jobs``, in several processes when there is much that nobody has counted before."""
        new = [job for job in jobs if job.blob not in self._counts]
        done: set[int] = set()
        from ctxkit.sources.workers import measure_all, worth_it

        workers = worth_it(self._root, [job.path for job in new])
        if workers:
            paths = [job.path for job in new]
            for place, measured in measure_all(self._root, self._encoding, self._hash, paths, workers):
                done.add(new[place].row)
                self._take(columns, new[place], measured)
                self._tell(len(done), len(jobs))
        meter = Meter(self._root, self._encoding, self._hash, self._classifier)
        for job in jobs:
            if job.row not in done:
                done.add(job.row)
                self._take(columns, job, meter.measure(job.path, self._known))
                self._tell(len(done), len(jobs))

    def _tell(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(done, total, "Counting tokens")

    def _known(self, identity: bytes) -> int | None:
        for counts in (self._new_counts, self._counts):
            if identity in counts:
                return counts[identity]
        return self._cache.get([identity], self._count_space).get(identity)

    def _take(self, columns: Columns, job: Job, measured: Measured) -> None:
        if measured.problem:
            hint = "run again" if measured.gone else "make it readable, or add it to .gitignore"
            self.skipped.append(Skipped(job.path, measured.problem, hint))
            return
        estimated = INFO_ESTIMATED if measured.estimated else 0
        columns.set(job.row, measured.size, measured.tokens, self._info(job, measured.marks) | estimated)
        if job.exact and measured.identity not in (job.blob, None):
            self.unstable.append(job.row)
        if measured.identity is not None and measured.size < _MAX_MARKED_BYTES:
            self._new_marks[measured.identity] = measured.size << _MARK_BITS | measured.marks
            if not measured.marks & IS_BINARY:
                self._new_counts[measured.identity] = measured.tokens
            if len(self._new_marks) > _KEEP_EVERY:
                self._keep()

    def _info(self, job: Job, mark: int) -> int:
        return self._classifier.kind(job.kind, mark, job.path) | (INFO_BINARY if mark & IS_BINARY else 0)

    def _keep(self) -> None:
        self._cache.put(self._new_counts, self._count_space)
        self._cache.put(self._new_marks, self._mark_space)
        self._new_counts, self._new_marks = {}, {}


def uncounted(blobs: Collection[bytes], cache: Cache, encoding: str, rules: bytes) -> set[bytes]:
    """Those of ``blobs`` that have to be read before they are counted; ``rules`` as in :class:`Counting`."""
    from ctxkit.tokens.engine import space

    marks = cache.get(blobs, _mark_space(rules))
    counts = cache.get(blobs, space(encoding))
    return {blob for blob in blobs if blob not in marks or not (marks[blob] & IS_BINARY or blob in counts)}


def _mark_space(rules: bytes) -> str:
    return f"marks/{rules[:6].hex()}"
