"""The file system as a gate sees it: what a commit may hold and nothing else, each look at it written down."""

from __future__ import annotations

import os
from bisect import bisect_left
from typing import TYPE_CHECKING

from ctxkit.agents.disk import Disk, slash
from ctxkit.sources.listing import SUBMODULE, SYMLINK

if TYPE_CHECKING:
    from ctxkit.sources.trace import Trace
    from ctxkit.sources.worktree import Worktree

NO_HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "no-home")
"""A home directory that there is not."""


class GateDisk(Disk):
    """A :class:`~ctxkit.agents.disk.Disk` that finds nothing but what git has, or would take.

    What lies in somebody's home directory, above the repository or in the system's folders must not decide whether a
    commit passes, nor must a file that git ignores (``CLAUDE.local.md``), nor one that a link leads out to. Above the
    audited root of ``worktree`` every file of the repository counts. What it looks at goes into ``trace``.
    """

    def __init__(self, root: str, worktree: Worktree, git_root: str | None, trace: Trace) -> None:
        super().__init__(root, NO_HOME, git_root)
        self._top = slash(os.path.realpath(git_root or root))
        self._inside = slash(worktree.root)
        self._paths = worktree.paths
        states = list(zip(worktree.paths, worktree.states, strict=True))
        self._links = {path for path, state in states if state == SYMLINK}
        self._modules = tuple(f"{path}/" for path, state in states if state == SUBMODULE)
        self._trace = trace

    def _read(self, path: str, limit: int) -> bytes | None:
        if not slash(path).startswith(self._top):
            return None
        self._trace.see(path)
        if self._sees(os.path.dirname(path), os.path.basename(path)):
            return super()._read(path, limit)
        if self.is_link(path) and os.path.exists(path):
            self.skip(path, "a link out of the repository, or to a file that git ignores", "put a copy in its place")
        return None

    def _entries(self, directory: str) -> dict[str, bool]:
        if not slash(directory).startswith(self._top):
            return {}
        self._trace.see(directory)
        found = super()._entries(directory) if self._sees(directory, "") else {}
        real = self.real(directory)
        return {name: kind for name, kind in found.items() if self._sees(real, name)}

    def real(self, path: str) -> str:
        """``path`` with all links resolved."""
        found = super().real(path)
        if found != path:
            self._trace.see_real(path)
        return found

    def is_link(self, path: str) -> bool:
        """Is ``path`` itself a link?"""
        self._trace.see(path)
        return super().is_link(path)

    def _sees(self, directory: str, name: str) -> bool:
        """Is ``name`` in ``directory`` (empty: the directory) of the repository, and what it leads to as well?"""
        place = os.path.join(self.real(directory), name).rstrip(os.sep)
        if not slash(place).startswith(self._inside):
            return self._above(place) and self._above(self.real(place))
        inside = place[len(self._inside) :].replace(os.sep, "/")
        if inside in self._links:
            # A link may come to lead elsewhere without a change of the directory that it lies in.
            self._trace.see(place)
            target = self.real(place)
            return target != place and self._sees(target, "")
        return not inside or self._has(inside)

    def _above(self, place: str) -> bool:
        """Does ``place`` lie in the repository, outside of the audited root and of git's own directory?"""
        if slash(place).startswith(self._inside):
            return self._has(place[len(self._inside) :].replace(os.sep, "/"))
        return slash(place).startswith(self._top) and not slash(place).startswith(f"{self._top}.git{os.sep}")

    def _has(self, path: str) -> bool:
        """Does git list the file ``path``, or one below it?"""
        at = bisect_left(self._paths, path)
        if at < len(self._paths) and self._paths[at] == path:
            return True
        at = bisect_left(self._paths, f"{path}/")
        below = at < len(self._paths) and self._paths[at].startswith(f"{path}/")
        return below or not path or path.startswith(self._modules)
