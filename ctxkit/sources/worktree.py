"""What lies in a directory: every file git does not ignore, and which of them are exactly what git has stored."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from ctxkit.sources.listing import (
    CHANGED,
    CLEAN,
    FILTERED,
    SUBMODULE,
    SYMLINK,
    UNTRACKED,
    Listing,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from ctxkit.model import Skipped
    from ctxkit.sources.listing import Store
    from ctxkit.sources.status import Stamp

ATTRIBUTES = ".gitattributes"

FEW = 2_000
"""Fewer changes than this are put into the listing one by one."""


class Worktree:
    """The files below ``root``, sorted by path, as parallel columns.

    ``paths`` are relative to ``root``, posix; bytes that are not UTF-8 are surrogates. ``states[i]`` is one of
    ``CLEAN`` (the file is its blob, byte for byte), ``FILTERED`` (unchanged for git, but git converts it on the way),
    ``CHANGED``, ``UNTRACKED`` (also every file where there is no git), ``SYMLINK`` and ``SUBMODULE``. ``rows[i]`` is
    the file's row in ``listing``, -1 when it has none. ``stamps`` holds size, time and inode of files that are not
    clean, ``attributes`` the paths of ``.gitattributes`` files. ``git_root`` is the top of the repository, None without
    git. ``personal``: whether ignore files that belong to a user or a clone count, and not to the repository alone.
    """

    __slots__ = (
        "_by_name",
        "_places",
        "attributes",
        "git_root",
        "listing",
        "paths",
        "personal",
        "root",
        "rows",
        "skipped",
        "stamps",
        "states",
    )

    def __init__(
        self,
        root: str,
        git_root: str | None,
        listing: Listing,
        changed: dict[str, int | None],
        stamps: dict[str, Stamp],
        skipped: Sequence[Skipped],
    ) -> None:
        """``changed``: path → its state now, None when it is gone; paths the listing does not have are added."""
        self.root = root
        self.git_root = git_root
        self.personal = True
        self.listing = listing
        self.stamps = stamps
        self.skipped = tuple(sorted(set(skipped), key=lambda item: (item.path, item.reason)))
        self.attributes = sorted(
            path
            for path in {*listing.attributes, *(path for path in changed if path.endswith(ATTRIBUTES))}
            if path.rpartition("/")[2] == ATTRIBUTES and changed.get(path, CLEAN) is not None
        )
        self._by_name: dict[str, list[str]] | None = None
        self._places: dict[str, int] | None = None
        if not changed:
            self.paths: list[str] = listing.paths
            self.states: bytes = listing.states
            self.rows: Sequence[int] = range(len(listing.paths))
            return
        self.paths, states, self.rows = (_patched if len(changed) < FEW else _rebuilt)(listing, changed)
        self.states = bytes(states)

    def __len__(self) -> int:
        return len(self.paths)

    def __contains__(self, path: str) -> bool:
        return path in self._index()

    def state(self, path: str) -> int:
        """The state of ``path``. Raises KeyError when it is not in the tree."""
        return self.states[self._index()[path]]

    def blob(self, path: str) -> bytes | None:
        """The id (raw bytes) of the blob that ``path`` equals byte for byte; None when it has to be read."""
        place = self._index().get(path)
        if place is None or self.states[place] != CLEAN:
            return None
        return self.listing.blob(self.rows[place])

    def find(self, names: Collection[str]) -> list[str]:
        """Paths of files and links whose last part is one of ``names``, sorted."""
        if self._by_name is None:
            by_name: dict[str, list[str]] = {}
            for path in self.paths:
                by_name.setdefault(path[path.rfind("/") + 1 :], []).append(path)
            self._by_name = by_name
        return sorted(path for name in set(names) for path in self._by_name.get(name, ()))

    def under(self, directory: str) -> list[str]:
        """Paths below ``directory`` (relative, posix; empty for all), sorted."""
        if not directory:
            return list(self.paths)
        low = bisect_left(self.paths, f"{directory}/")
        return self.paths[low : bisect_left(self.paths, f"{directory}0", low)]

    def _index(self) -> dict[str, int]:
        if self._places is None:
            self._places = {path: place for place, path in enumerate(self.paths)}
        return self._places


def _patched(listing: Listing, changed: dict[str, int | None]) -> tuple[list[str], bytearray, Sequence[int]]:
    """Paths, states and rows of ``listing`` after a few changes."""
    paths, states, rows = listing.paths.copy(), bytearray(listing.states), list(range(len(listing.paths)))
    for path, state in changed.items():
        place = bisect_left(paths, path)
        there = place < len(paths) and paths[place] == path
        if state is None:
            if there:
                del paths[place], states[place], rows[place]
        elif there:
            states[place] = state
        else:
            paths.insert(place, path)
            states.insert(place, state)
            rows.insert(place, -1)
    whole = range(len(listing.paths))
    return paths, states, whole if rows == list(whole) else rows


def _rebuilt(listing: Listing, changed: dict[str, int | None]) -> tuple[list[str], bytearray, Sequence[int]]:
    """Paths, states and rows of ``listing`` after many changes."""
    rows = {path: row for row, path in enumerate(listing.paths)}
    states: dict[str, int] = dict(zip(listing.paths, listing.states, strict=True))
    for path, state in changed.items():
        if state is None:
            states.pop(path, None)
        else:
            states[path] = state
    paths = sorted(states)
    return paths, bytearray(map(states.__getitem__, paths)), [rows.get(path, -1) for path in paths]


def read_worktree(
    root: str, *, cache: Store | None = None, progress: Callable[[int, int, str], None] | None = None
) -> Worktree:
    """The files below ``root``; never raises for what lies there, and always ends.

    In a git work tree these are the tracked files that are there and the untracked ones that are not ignored.
    Elsewhere, or when git cannot be asked (then ``skipped`` says why), a walk that honours ``.gitignore`` finds them.
    With ``cache``, a repository whose index did not change since the last run is not listed again.
    """
    from ctxkit.sources.reading import Reading

    return Reading(root).finish(cache=cache, progress=progress)


__all__ = ["CHANGED", "CLEAN", "FILTERED", "SUBMODULE", "SYMLINK", "UNTRACKED", "Worktree", "read_worktree"]
