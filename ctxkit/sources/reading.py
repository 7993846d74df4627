"""Reading a work tree: git in the background where there is a repository, a walk where there is none."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from ctxkit.model import Skipped
from ctxkit.sources.git import GitError, Repository, find_repository, looks_bare
from ctxkit.sources.glance import Glance
from ctxkit.sources.listing import (
    CHANGED,
    SUBMODULE,
    SYMLINK,
    UNTRACKED,
    Listing,
    load_listing,
    parse_listing,
    save_listing,
)
from ctxkit.sources.status import Stamp, reason, special, stamp
from ctxkit.sources.worktree import ATTRIBUTES, Worktree
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ctxkit.sources.listing import Store

ALWAYS_SCANNED = 2_000
"""Up to so many tracked files, directories are looked through for FIFOs and the like at every run."""

_READ_BY_GIT = (ATTRIBUTES, ".gitignore")
_UNREADABLE = on_demand(r"^warning: could not open directory '(.*?)/?(?:': (.*))?$", re.MULTILINE)


class Reading:
    """A work tree being read: git is at work from the moment this is made until ``finish`` collects what it found.

    What a program has to import or prepare in between costs no time while git takes longer.
    """

    def __init__(self, root: str, glance: Glance | None = None) -> None:
        """Start git on ``root`` where there is a repository; never raises for what lies there.

        ``glance``: of ``root``, at work already.
        """
        self.root = os.path.realpath(root)
        """Absolute, without links."""
        self._repository = find_repository(self.root)
        self._skipped: list[Skipped] = []
        self._git: _GitReading | None = None
        self.worktree: Worktree | None = None
        """What ``finish`` gave."""
        if self._repository is not None:
            self._git = self._started(self._repository, glance)
        elif looks_bare(self.root):
            hint = "audit a clone or a work tree of it"
            self._skipped.append(Skipped(".", "a bare repository: it has no work tree", hint))

    def finish(
        self, *, cache: Store | None = None, progress: Callable[[int, int, str], None] | None = None
    ) -> Worktree:
        """The work tree; to be called once."""
        self.worktree = self._finished(cache, progress)
        return self.worktree

    def state(self) -> bytes:
        """What :meth:`Glance.state` says of what ``finish`` gave; empty where it was not git that gave it."""
        return self._git.glance.state() if self._git is not None else b""

    def _finished(self, cache: Store | None, progress: Callable[[int, int, str], None] | None) -> Worktree:
        for last in (False, True):
            if self._git is None or self._repository is None:
                break
            try:
                tree = self._git.finish(cache, progress)
            except GitError as error:
                self._skipped.append(_refused(str(error), self._repository))
                self._git = None
                break
            if last or not self._git.glance.outdated():
                return tree
            self._git = self._started(self._repository)
        return _walked(self.root, self._repository, self._skipped, progress)

    def close(self) -> None:
        """End what git is still doing; for when ``finish`` will not be called, or did not return."""
        if self._git is not None:
            self._git.glance.close()

    def _started(self, repository: Repository, glance: Glance | None = None) -> _GitReading | None:
        try:
            return _GitReading(self.root, repository, glance or Glance(self.root, repository))
        except GitError as error:
            self._skipped.append(_refused(str(error), repository))
            return None


def _is_anothers(message: str) -> bool:
    """Does git say so of a repository that another user owns?"""
    return "dubious ownership" in message or "safe.directory" in message


def _refused(message: str, repository: Repository) -> Skipped:
    if _is_anothers(message):
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


class _GitReading:
    """One run over a git work tree."""

    def __init__(self, root: str, repository: Repository, glance: Glance) -> None:
        self.root = root
        self.repository = repository
        self.glance = glance
        self.git = glance.git
        self.key = glance.key
        self.progress: Callable[[int, int, str], None] | None = None
        self.skipped: list[Skipped] = []
        self.stamps: dict[str, Stamp] = {}
        self.changed: dict[str, int | None] = {}
        self._links: dict[str, bool] = {}

    def finish(self, cache: Store | None, progress: Callable[[int, int, str], None] | None) -> Worktree:
        self.progress = progress
        try:
            kept = load_listing(cache, self.root) if self.key else None
            known = kept is not None and kept.key == self.key
            if kept is not None and known:
                listing = kept
            else:
                listing = parse_listing(self.git.finish(self.glance.start("ls-files", "-z", "-s", "-v", errors=True)))
                listing.previous = kept
            if not known or len(listing.paths) <= ALWAYS_SCANNED:
                listing.special = _special_below(self.root, listing.paths)
            if any(path.rpartition("/")[2] in _READ_BY_GIT for path in listing.special):
                for process in (self.glance.changes, self.glance.others):
                    self.git.stop(process)
            self._untracked(listing)
            self._different(listing)
        finally:
            for process in self.glance.started:
                if process.returncode is None:
                    self.git.stop(process)
        if not known:
            from ctxkit.sources.attributes import mark_filtered

            listing.attributes = [path for path in listing.paths if path.endswith(ATTRIBUTES)]
            mark_filtered(listing, self.git, self.root, self.repository)
            if self.key and not self.glance.outdated():
                save_listing(cache, self.root, self.key, listing)
        self._special_files(listing.special)
        return Worktree(self.root, self.repository.top, listing, self.changed, self.stamps, self.skipped)

    def _different(self, listing: Listing) -> None:
        try:
            output, _ = self.glance.answer(self.glance.changes)
        except GitError as error:
            self.skipped.append(Skipped(".git", f"{error}; every file was read instead", "git diff-files says more"))
            for path, state in zip(listing.paths, listing.states, strict=True):
                if self._below_link(path):
                    self.changed[path] = None
                elif state != SUBMODULE:
                    self._look_at(path, CHANGED)
            return
        fields = output.decode("utf-8", "surrogateescape").split("\0")
        for status, path in zip(fields[0::2], fields[1::2], strict=False):
            if status == "D" or (status == "U" and self._below_link(path)):
                self.changed[path] = None
            else:
                self._look_at(path, CHANGED)

    def _below_link(self, path: str) -> bool:
        parent = path.rpartition("/")[0]
        if parent not in self._links:
            place = os.path.join(self.root, parent) if parent else self.root
            self._links[parent] = os.path.realpath(place) != os.path.normpath(place)
        return self._links[parent]

    def _untracked(self, listing: Listing) -> None:
        try:
            output, warnings = self.glance.answer(self.glance.others)
        except GitError as error:
            if _is_anothers(str(error)):
                raise
            self.skipped.append(
                Skipped(
                    ".git", f"{error}; untracked files were looked up without it", "look for a FIFO named .gitignore"
                )
            )
            self._walk_untracked(listing)
            return
        told = _UNREADABLE().findall(warnings.decode("utf-8", "surrogateescape")) if warnings else ()
        for path, why in told:
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
