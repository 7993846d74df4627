"""The repository's files as detectors ask for them."""

from __future__ import annotations

import os
from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

from ctxkit.sources.git import find_repository
from ctxkit.sources.ignored import GITIGNORE, ignores_case, read_ignore, standard_ignores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.ignore import IgnoreTree
    from ctxkit.sources.worktree import Worktree


class FileTree:
    """A :class:`ctxkit.evidence.Tree` over what git lists."""

    def __init__(self, worktree: Worktree) -> None:
        self._worktree = worktree

    def __contains__(self, path: str) -> bool:
        return path in self._worktree

    def is_dir(self, path: str) -> bool:
        """Is there a file below ``path``?"""
        start = f"{path.rstrip('/')}/" if path.strip("/.") else ""
        at = bisect_left(self._worktree.paths, start)
        return at < len(self._worktree.paths) and self._worktree.paths[at].startswith(start)

    def ignored(self, path: str) -> bool:
        """Would git ignore ``path``? One that ends in ``/`` is a directory."""
        full = f"{self._prefix}/{path}" if self._prefix else path
        return self._ignores.ignored(full.rstrip("/"), path.endswith("/"))

    def ending(self, path: str) -> Sequence[str]:
        """The files, and the directories with ``/`` behind them, whose last parts are those of ``path``."""
        wanted = path.strip("/")
        last = wanted.rpartition("/")[2]
        return [
            found
            for found in self._by_name.get(last, ())
            if f"/{found.rstrip('/')}".endswith(f"/{wanted}") and (found.endswith("/") or not path.endswith("/"))
        ]

    def files(self) -> Sequence[str]:
        """All files, sorted."""
        return self._worktree.paths

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        directories: dict[str, None] = {}
        for path in self._worktree.paths:
            found.setdefault(path.rpartition("/")[2], []).append(path)
            directory = path.rpartition("/")[0]
            while directory and directory not in directories:
                directories[directory] = None
                directory = directory.rpartition("/")[0]
        for directory in sorted(directories):
            found.setdefault(directory.rpartition("/")[2], []).append(f"{directory}/")
        return found

    @cached_property
    def _prefix(self) -> str:
        repository = find_repository(self._worktree.root)
        if repository is None or repository.top == self._worktree.root:
            return ""
        return os.path.relpath(self._worktree.root, repository.top).replace(os.sep, "/")

    @cached_property
    def _ignores(self) -> IgnoreTree:
        from ctxkit.ignore import IgnoreTree

        repository = find_repository(self._worktree.root)
        files = standard_ignores(repository, self._prefix, personal=self._worktree.personal)
        for path in self._worktree.find({GITIGNORE}):
            base = "/".join(filter(None, (self._prefix, path.rpartition("/")[0])))
            files += read_ignore(os.path.join(self._worktree.root, path), base, path, ignores_case(repository))
        return IgnoreTree([files])
