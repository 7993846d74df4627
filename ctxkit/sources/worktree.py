"""What lies in a directory: every file git does not ignore, and which of them are exactly what git has stored."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from ctxkit.model import Skipped
from ctxkit.sources.git import Git, GitError, Repository, find_repository, irregular, looks_bare
from ctxkit.sources.listing import (
    CHANGED,
    CLEAN,
    FILTERED,
    SUBMODULE,
    SYMLINK,
    UNTRACKED,
    Listing,
    index_key,
    load_listing,
    parse_listing,
    save_listing,
)
from ctxkit.sources.status import Stamp, reason, special, stamp

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Collection, Sequence

    from ctxkit.sources.listing import Store

NAME = ".gitattributes"

_READ_BY_GIT = (NAME, ".gitignore")

ALWAYS_SCANNED = 2_000
"""Up to so many tracked files, directories are looked through for FIFOs and the like at every run."""

_UNREADABLE = re.compile(r"^warning: could not open directory '(.*?)/?(?:': (.*))?$", re.MULTILINE)


class Worktree:
    """The files below ``root``, sorted by path, as parallel columns.

    ``paths`` are relative to ``root``, posix; bytes that are not UTF-8 are surrogates. ``states[i]`` is one of
    ``CLEAN`` (the file is its blob, byte for byte), ``FILTERED`` (unchanged for git, but git converts it on the way),
    ``CHANGED``, ``UNTRACKED`` (also every file where there is no git), ``SYMLINK`` and ``SUBMODULE``. ``rows[i]`` is
    the file's row in ``listing``, -1 when it has none. ``stamps`` holds size, time and inode of files that are not
    clean, ``attributes`` the paths of ``.gitattributes`` files. ``git_root`` is the top of the repository, None without
    git.
    """

    __slots__ = (
        "_by_name",
        "_places",
        "attributes",
        "git_root",
        "listing",
        "paths",
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
        self.listing = listing
        self.stamps = stamps
        self.skipped = tuple(sorted(set(skipped), key=lambda item: (item.path, item.reason)))
        self.attributes = sorted(
            path
            for path in {*listing.attributes, *(path for path in changed if path.endswith(NAME))}
            if path.rpartition("/")[2] == NAME and changed.get(path, CLEAN) is not None
        )
        self._by_name: dict[str, list[str]] | None = None
        self._places: dict[str, int] | None = None
        if not changed:
            self.paths: list[str] = listing.paths
            self.states: bytes = listing.states
            self.rows: Sequence[int] = range(len(listing.paths))
            return
        rows = {path: row for row, path in enumerate(listing.paths)}
        states = dict(zip(listing.paths, listing.states, strict=True))
        for path, state in changed.items():
            if state is None:
                states.pop(path, None)
            else:
                states[path] = state
        self.paths = sorted(states)
        self.states = bytes(map(states.__getitem__, self.paths))
        self.rows = [rows.get(path, -1) for path in self.paths]

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
        from bisect import bisect_left

        if not directory:
            return list(self.paths)
        low = bisect_left(self.paths, f"{directory}/")
        return self.paths[low : bisect_left(self.paths, f"{directory}0", low)]

    def _index(self) -> dict[str, int]:
        if self._places is None:
            self._places = {path: place for place, path in enumerate(self.paths)}
        return self._places


def read_worktree(
    root: str, *, cache: Store | None = None, progress: Callable[[int, int, str], None] | None = None
) -> Worktree:
    """The files below ``root``; never raises for what lies there, and always ends.

    In a git work tree these are the tracked files that are there and the untracked ones that are not ignored.
    Elsewhere, or when git cannot be asked (then ``skipped`` says why), a walk that honours ``.gitignore`` finds them.
    With ``cache``, a repository whose index did not change since the last run is not listed again.
    """
    root = os.path.realpath(root)
    repository = find_repository(root)
    skipped: list[Skipped] = []
    if repository is not None:
        odd = irregular(repository)
        try:
            if odd is not None:
                raise GitError(f"{os.path.relpath(odd, repository.top)} is not a regular file")
            return _Reading(root, repository, cache, progress).worktree()
        except GitError as error:
            skipped.append(_refused(str(error), repository))
    elif looks_bare(root):
        skipped.append(Skipped(".", "a bare repository: it has no work tree", "audit a clone or a work tree of it"))
    return _walked(root, repository, skipped, progress)


def _refused(message: str, repository: Repository) -> Skipped:
    if "dubious ownership" in message or "safe.directory" in message:
        hint = f"if you trust it: git config --global --add safe.directory {repository.top}"
        return Skipped(
            ".git", "git will not read a repository that another user owns; files were looked up without it", hint
        )
    hints = {
        "no git program": "install git, or put it in PATH",
        "index": "git status in it says more; a broken index is rebuilt by: rm .git/index && git reset",
    }
    hint = next((hint for part, hint in hints.items() if part in message), "git status in it says more")
    message = message.removeprefix("fatal: ").removeprefix("error: ")
    return Skipped(".git", f"git cannot be used here ({message}); files were looked up without it", hint)


def _walked(
    root: str,
    repository: Repository | None,
    skipped: list[Skipped],
    progress: Callable[[int, int, str], None] | None,
) -> Worktree:
    from ctxkit.sources.ignored import ignores_case, standard_ignores
    from ctxkit.sources.walk import walk

    prefix = "" if repository is None else os.path.relpath(root, repository.top).replace(os.sep, "/")
    prefix = "" if prefix == "." else prefix
    found = walk(
        root,
        standard_ignores(repository, prefix),
        prefix=prefix,
        ignorecase=ignores_case(repository),
        progress=progress,
    )
    changed: dict[str, int | None] = dict.fromkeys(found.repositories, SUBMODULE)
    changed.update(dict.fromkeys(found.links, SYMLINK))
    changed.update(dict.fromkeys(found.files, UNTRACKED))
    top = repository.top if repository is not None else None
    return Worktree(root, top, Listing(), changed, found.files, [*skipped, *found.skipped])


class _Reading:
    """One run over a git work tree: git works in the background while the last listing is loaded."""

    def __init__(
        self,
        root: str,
        repository: Repository,
        cache: Store | None,
        progress: Callable[[int, int, str], None] | None,
    ) -> None:
        self.root = root
        self.repository = repository
        self.cache = cache
        self.progress = progress
        self.skipped: list[Skipped] = []
        self.stamps: dict[str, Stamp] = {}
        self.changed: dict[str, int | None] = {}
        self.git = Git(repository, root)

    def worktree(self) -> Worktree:
        started: list[subprocess.Popen[bytes]] = []

        def start(*arguments: str, errors: bool = False) -> subprocess.Popen[bytes]:
            started.append(self.git.start(*arguments, errors=errors))
            return started[-1]

        try:
            key = index_key(self.repository)
            different = start("diff-files", "-z", "--name-status", "--ignore-submodules=all", "--relative", "--", ".")
            others = start("ls-files", "-z", "-o", "--exclude-standard", errors=True)
            kept = load_listing(self.cache, self.root) if key else None
            known = kept is not None and kept.key == key
            if kept is not None and known:
                listing = kept
            else:
                listing = parse_listing(self.git.finish(start("ls-files", "-z", "-s", "-v", errors=True)))
                listing.previous = kept
            if not known or len(listing.paths) <= ALWAYS_SCANNED:
                listing.special = _special_below(self.root, listing.paths)
            if any(path.rpartition("/")[2] in _READ_BY_GIT for path in listing.special):
                for process in (different, others):
                    self.git.stop(process)
            self._untracked(others, listing)
            self._different(different, listing)
        finally:
            for process in started:
                if process.returncode is None:
                    self.git.stop(process)
        if not known:
            from ctxkit.sources.attributes import mark_filtered

            listing.attributes = [path for path in listing.paths if path.endswith(NAME)]
            mark_filtered(listing, self.git, self.root, self.repository)
            if key and key == index_key(self.repository):
                save_listing(self.cache, self.root, key, listing)
        self._special_files(listing.special)
        return Worktree(self.root, self.repository.top, listing, self.changed, self.stamps, self.skipped)

    def _different(self, process: subprocess.Popen[bytes], listing: Listing) -> None:
        try:
            output = self.git.finish(process)
        except GitError as error:
            self.skipped.append(Skipped(".git", f"{error}; every file was read instead", "git diff-files says more"))
            for path in listing.paths:
                self._look_at(path, CHANGED)
            return
        fields = output.decode("utf-8", "surrogateescape").split("\0")
        for status, path in zip(fields[0::2], fields[1::2], strict=False):
            if status == "D" or (status == "U" and self._below_link(path)):
                self.changed[path] = None
            else:
                self._look_at(path, CHANGED)

    def _below_link(self, path: str) -> bool:
        parent = os.path.dirname(os.path.join(self.root, path))
        return os.path.realpath(parent) != os.path.normpath(parent)

    def _untracked(self, process: subprocess.Popen[bytes], listing: Listing) -> None:
        try:
            output, warnings = self.git.finish_with_errors(process)
        except GitError as error:
            self.skipped.append(
                Skipped(
                    ".git", f"{error}; untracked files were looked up without it", "look for a FIFO named .gitignore"
                )
            )
            self._walk_untracked(listing)
            return
        for path, why in _UNREADABLE.findall(warnings.decode("utf-8", "surrogateescape")):
            directory = path.rstrip("/")
            self.skipped.append(
                Skipped(directory or ".", f"directory cannot be read: {why.lower()}", "make it readable")
            )
            for inside in listing.paths:
                if inside.startswith(f"{directory}/"):
                    self.changed[inside] = None
        for path in output.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            if path.endswith("/"):
                self.changed[path[:-1]] = SUBMODULE
            else:
                self._look_at(path, UNTRACKED)

    def _walk_untracked(self, listing: Listing) -> None:
        tracked = set(listing.paths)
        found = _walked(self.root, self.repository, [], self.progress)
        self.skipped += found.skipped
        for path, state in zip(found.paths, found.states, strict=True):
            if path not in tracked:
                self.changed[path] = state
                if path in found.stamps:
                    self.stamps[path] = found.stamps[path]

    def _look_at(self, path: str, state: int) -> None:
        try:
            status = os.lstat(os.path.join(self.root, path))
        except (OSError, ValueError) as error:
            self.changed[path] = None
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                self.skipped.append(Skipped(path, f"cannot be read: {reason(error)}", "make it readable"))
            elif state == UNTRACKED:
                self.skipped.append(Skipped(path, "was there and is gone", "run again"))
            return
        if stat.S_ISREG(status.st_mode):
            self.changed[path] = state
            self.stamps[path] = stamp(status)
        elif stat.S_ISLNK(status.st_mode):
            self.changed[path] = SYMLINK
        elif stat.S_ISDIR(status.st_mode):
            self.changed[path] = SUBMODULE if state == UNTRACKED else None
        else:
            self.changed[path] = None
            self.skipped.append(special(path, status.st_mode))

    def _special_files(self, paths: Sequence[str]) -> None:
        """Git passes over FIFOs, sockets and devices without a word; a reader should know of them."""
        told = {item.path for item in self.skipped}
        for path in paths:
            try:
                mode = os.lstat(os.path.join(self.root, path)).st_mode
            except OSError:
                continue
            if path not in told and not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
                self.skipped.append(special(path, mode))


def _special_below(root: str, paths: Sequence[str]) -> list[str]:
    found = []
    for directory in {"", *(path[: path.rfind("/")] for path in paths if "/" in path)}:
        try:
            with os.scandir(os.path.join(root, directory)) as entries:
                found += [f"{directory}/{e.name}" if directory else e.name for e in entries if _is_special(e)]
        except OSError:
            continue
    return sorted(found)


def _is_special(entry: os.DirEntry[str]) -> bool:
    return not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False) or entry.is_symlink())


__all__ = ["CHANGED", "CLEAN", "FILTERED", "SUBMODULE", "SYMLINK", "UNTRACKED", "Worktree", "read_worktree"]
