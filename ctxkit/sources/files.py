"""The file inventory: everything an agent may read, what kind of file it is and what it costs in tokens."""

from __future__ import annotations

import os
import time
from array import array
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.sources.classify import (
    KINDS,
    LINK,
    SUBMODULE,
    Classifier,
    Declaration,
    fingerprint,
)
from ctxkit.sources.columns import INFO_BINARY, INFO_ESTIMATED, INFO_KIND, UNKNOWN, Columns
from ctxkit.sources.git import read_regular
from ctxkit.sources.ignored import IgnoreSource, hidden_by
from ctxkit.sources.listing import CHANGED, CLEAN, FILTERED, UNTRACKED
from ctxkit.sources.listing import SUBMODULE as SUBMODULE_STATE
from ctxkit.sources.listing import SYMLINK as SYMLINK_STATE
from ctxkit.sources.snapshot import Snapshot, load_snapshot, save_snapshot
from ctxkit.sources.status import Stamp, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ctxkit.model import Skipped
    from ctxkit.sources.counts import Cache
    from ctxkit.sources.worktree import Worktree

__all__ = ["FileEntry", "IgnoreSource", "Inventory", "hidden_by", "inventory"]

RACY_NS = 2_000_000_000
"""A file changed so shortly before it was read may change again within the same tick of its clock."""

_ATTRIBUTES_LIMIT = 1 << 20


class FileEntry(NamedTuple):
    """A file an agent may read: ``size`` in bytes, ``tokens`` of its text (0 when ``binary``), ``kind`` of KINDS."""

    path: str
    size: int
    tokens: int
    estimated: bool
    kind: str
    binary: bool


class Inventory:
    """Files sorted by path, as columns; entries are made only when they are asked for."""

    __slots__ = ("_info", "_sizes", "_tokens", "paths", "skipped", "total")

    def __init__(self, paths: Sequence[str], columns: Columns, skipped: Sequence[Skipped]) -> None:
        """Files whose info is ``UNKNOWN`` are left out; ``skipped`` says why."""
        if UNKNOWN in columns.info:
            rows = [row for row, info in enumerate(columns.info) if info != UNKNOWN]
            paths = [paths[row] for row in rows]
            columns = _picked(columns, rows)
        self.paths = paths
        self._sizes = columns.sizes
        self._tokens = columns.tokens
        self._info = columns.info
        self.skipped = tuple(skipped)
        self.total = sum(columns.tokens)
        """Tokens of all text files."""

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def count(self) -> int:
        """Number of files, links and submodules included."""
        return len(self.paths)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self._sizes)

    @property
    def estimated(self) -> bool:
        """Whether any file was too long to be counted whole."""
        return any(info & INFO_ESTIMATED for info in set(self._info))

    def entry(self, row: int) -> FileEntry:
        """The file at ``row``."""
        info = self._info[row]
        return FileEntry(
            self.paths[row],
            self._sizes[row],
            self._tokens[row],
            bool(info & INFO_ESTIMATED),
            KINDS[info & INFO_KIND],
            bool(info & INFO_BINARY),
        )

    def entries(self) -> Iterator[FileEntry]:
        """All files, sorted by path."""
        return map(self.entry, range(len(self.paths)))

    def largest(self, n: int) -> list[FileEntry]:
        """The ``n`` files with most tokens, biggest first; of equal ones the first by path."""
        from heapq import nlargest

        downwards = range(0, -len(self._tokens), -1)
        return [self.entry(-row) for _, row in nlargest(n, zip(self._tokens, downwards, strict=True))]

    def by_kind(self) -> dict[str, tuple[int, int]]:
        """Kind → (number of files, tokens), for the kinds there are, in the order of KINDS."""
        tokens = dict.fromkeys(self._info, 0)
        for info, n in zip(self._info, self._tokens, strict=True):
            tokens[info] += n
        found: dict[str, tuple[int, int]] = {}
        for number, kind in enumerate(KINDS):
            infos = [info for info in tokens if info & INFO_KIND == number]
            if infos:
                found[kind] = (sum(map(self._info.count, infos)), sum(tokens[info] for info in infos))
        return found

    def by_directory(self, depth: int = 1) -> dict[str, tuple[int, int]]:
        """Directory of at most ``depth`` parts → (files below it, tokens); files at the root count under ``""``."""
        found: dict[str, tuple[int, int]] = {}
        last, files, tokens = None, 0, 0
        for path, n in zip(self.paths, self._tokens, strict=True):
            parent = path[: max(path.rfind("/"), 0)]
            if parent != last:
                if last is not None:
                    _add(found, last, depth, files, tokens)
                last, files, tokens = parent, 0, 0
            files += 1
            tokens += n
        if last is not None:
            _add(found, last, depth, files, tokens)
        return found

    def tokens_of(self, paths: frozenset[str] | set[str]) -> int:
        """Tokens of those files of the inventory that are in ``paths``."""
        return sum(n for path, n in zip(self.paths, self._tokens, strict=True) if path in paths) if paths else 0


def _add(found: dict[str, tuple[int, int]], directory: str, depth: int, files: int, tokens: int) -> None:
    key = "/".join(directory.split("/", depth)[:depth])
    before = found.get(key, (0, 0))
    found[key] = (before[0] + files, before[1] + tokens)


def inventory(
    worktree: Worktree,
    cache: Cache,
    *,
    encoding: str = "o200k_base",
    progress: Callable[[int, int, str], None] | None = None,
    count: bool = True,
) -> Inventory:
    """Every file of ``worktree`` with its size, kind and tokens in ``encoding``.

    A file is read when the cache knows neither its blob nor, for a file git does not vouch for, its size, time and
    inode. With ``count=False`` nothing is read: what is not known yet has size and kind, and 0 tokens.
    Files that cannot be read are left out and stand in ``skipped``. Raises ConfigError when shipped data is damaged.
    """
    return _Making(worktree, cache, encoding, progress).inventory(count)


class _Making:
    def __init__(
        self, worktree: Worktree, cache: Cache, encoding: str, progress: Callable[[int, int, str], None] | None
    ) -> None:
        self.worktree = worktree
        self.cache = cache
        self.encoding = encoding
        self.progress = progress
        self.declarations = declarations(worktree)
        self.rules = fingerprint(self.declarations)
        self.name = f"inventory/{encoding}/{worktree.root.encode('utf-8', 'surrogateescape').hex()}"
        self.made = time.time_ns()

    def inventory(self, count: bool) -> Inventory:
        kept = load_snapshot(self.cache, self.name)
        if kept is not None and kept.rules != self.rules:
            kept = None
        tracked, fresh = self._tracked(kept)
        states = self.worktree.states
        places: list[int] = []
        if CHANGED in states or UNTRACKED in states:
            places = [place for place, state in enumerate(states) if state in (CHANGED, UNTRACKED)]
        loose = Columns.unknown(len(places))
        stamps = [self._stamp(self.worktree.paths[place]) for place in places]
        self._fill_loose(kept, places, stamps, loose)
        missing = self._missing(tracked, places)
        skipped: list[Skipped] = []
        unstable: list[int] = []
        if missing or UNKNOWN in loose.info:
            skipped, unstable = self._fill(tracked, missing, loose, places, count)
        if count and (places or self.worktree.listing.key):
            snapshot = Snapshot(self.worktree.listing.key, self.rules, self.made, tracked.without(unstable))
            for row, place in enumerate(places):
                stamp = stamps[row]
                if stamp and loose.info[row] != UNKNOWN and max(stamp[1:3]) < self.made - RACY_NS:
                    snapshot.loose[self.worktree.paths[place]] = (stamp, loose.tokens[row], loose.info[row])
            if fresh or kept is None or snapshot.loose != kept.loose or len(skipped) < len(missing):
                save_snapshot(self.cache, self.name, snapshot)
        return Inventory(self.worktree.paths, self._merged(tracked, places, loose), skipped)

    def _missing(self, tracked: Columns, places: Sequence[int]) -> list[int]:
        """Rows of the listing of which nothing is known and which are still there, unchanged."""
        if UNKNOWN not in tracked.info:
            return []
        rows = self.worktree.rows
        changed = {rows[place] for place in places}
        missing = [row for row, info in enumerate(tracked.info) if info == UNKNOWN and row not in changed]
        if missing and not isinstance(rows, range):
            there = set(rows)
            missing = [row for row in missing if row in there]
        return missing

    def _tracked(self, kept: Snapshot | None) -> tuple[Columns, bool]:
        """Columns over the rows of the listing, and whether they differ from what is kept."""
        listing = self.worktree.listing
        count = len(listing.paths)
        if (
            kept is not None
            and kept.key == listing.key
            and len(kept.tracked.info) == count
            and (listing.key or not count)
        ):
            return kept.tracked, False
        columns = Columns.unknown(count)
        old = listing.previous
        if kept is not None and old is not None and kept.key == old.key and len(kept.tracked.info) == len(old.paths):
            rows = {path: row for row, path in enumerate(old.paths)}
            before = kept.tracked
            for row, (path, state) in enumerate(zip(listing.paths, listing.states, strict=True)):
                was = rows.get(path, -1)
                if was < 0 or old.states[was] != state or old.blob(was) != listing.blob(row):
                    continue
                size = before.sizes[was]
                if state == CLEAN or (state == FILTERED and self._unchanged_since(path, kept.made, size)):
                    columns.set(row, size, before.tokens[was], before.info[was])
        for row, state in enumerate(listing.states):
            if state == SYMLINK_STATE:
                columns.set(row, 0, 0, LINK)
            elif state == SUBMODULE_STATE:
                columns.set(row, 0, 0, SUBMODULE)
            elif state == CHANGED:
                columns.set(row, 0, 0, 0)
        return columns, True

    def _unchanged_since(self, path: str, made: int, size: int) -> bool:
        try:
            status = os.lstat(os.path.join(self.worktree.root, path))
        except OSError:
            return False
        return status.st_size == size and max(status.st_mtime_ns, status.st_ctime_ns) < made - RACY_NS

    def _stamp(self, path: str) -> Stamp | None:
        known = self.worktree.stamps.get(path)
        if known is not None:
            return known
        try:
            return stamp(os.lstat(os.path.join(self.worktree.root, path)))
        except (OSError, ValueError):
            return None

    def _fill_loose(
        self, kept: Snapshot | None, places: Sequence[int], stamps: Sequence[Stamp | None], loose: Columns
    ) -> None:
        """Fill in loose files whose stamp is the one that was kept."""
        if kept is None or not kept.loose:
            return
        for row, place in enumerate(places):
            found = kept.loose.get(self.worktree.paths[place])
            if found is not None and found[0] == stamps[row]:
                loose.set(row, found[0][0], found[1], found[2])

    def _fill(
        self, tracked: Columns, missing: Sequence[int], loose: Columns, places: Sequence[int], count: bool
    ) -> tuple[list[Skipped], list[int]]:
        """Read and count what is not known yet; what could not be read, and tracked rows that changed meanwhile."""
        from ctxkit.sources.counts import Counting, Job

        classifier = Classifier()
        worktree, listing = self.worktree, self.worktree.listing
        loose_rows = [row for row, info in enumerate(loose.info) if info == UNKNOWN]
        paths = [listing.paths[row] for row in missing] + [worktree.paths[places[row]] for row in loose_rows]
        kinds = classifier.kinds(paths, self.declarations)
        jobs = [
            Job(row, path, kind, listing.blob(row), listing.states[row] == CLEAN)
            for row, path, kind in zip(missing, paths, kinds, strict=False)
        ]
        loose_jobs = [
            Job(row, path, kind)
            for row, path, kind in zip(loose_rows, paths[len(missing) :], kinds[len(missing) :], strict=True)
        ]
        if not count:
            for columns, some in ((tracked, jobs), (loose, loose_jobs)):
                for job in some:
                    columns.set(job.row, (self._stamp(job.path) or (0,))[0], 0, job.kind)
            return [], []
        counting = Counting(
            worktree.root, self.cache, classifier, self.rules, self.encoding, listing.id_size == 32, self.progress
        )  # fmt: skip
        counting.fill(tracked, jobs)
        counting.fill(loose, loose_jobs)
        return counting.skipped, counting.unstable

    def _merged(self, tracked: Columns, places: Sequence[int], loose: Columns) -> Columns:
        """The columns over the paths of the work tree."""
        worktree = self.worktree
        if isinstance(worktree.rows, range) and not places:
            return tracked
        merged = _picked(tracked, worktree.rows)
        for place, state in enumerate(worktree.states):
            if state == SYMLINK_STATE:
                merged.set(place, 0, 0, LINK)
            elif state == SUBMODULE_STATE:
                merged.set(place, 0, 0, SUBMODULE)
        for row, place in enumerate(places):
            merged.set(place, loose.sizes[row], loose.tokens[row], loose.info[row])
        return merged


def _picked(columns: Columns, rows: Sequence[int]) -> Columns:
    """The given rows; -1 gives an unknown file."""
    sizes, tokens, info = columns.sizes, columns.tokens, columns.info
    if not sizes:
        return Columns.unknown(len(rows))
    return Columns(
        array("Q", [sizes[row] for row in rows]),
        array("I", [tokens[row] for row in rows]),
        bytearray([info[row] if row >= 0 else UNKNOWN for row in rows]),
    )


def declarations(worktree: Worktree) -> list[Declaration]:
    """What the ``.gitattributes`` files of ``worktree`` say about kinds of files."""
    found = []
    for path in worktree.attributes:
        data = read_regular(os.path.join(worktree.root, path), _ATTRIBUTES_LIMIT)
        if data and b"linguist-" in data:
            found.append(Declaration(path.rpartition("/")[0], data.decode("utf-8", "surrogateescape")))
    return found
