"""The file system as a gate sees it: the repository and nothing else, each look at it written down."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ctxkit.agents.disk import Disk, slash

if TYPE_CHECKING:
    from ctxkit.sources.trace import Trace

NO_HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "no-home")
"""A home directory that there is not."""


class GateDisk(Disk):
    """A :class:`~ctxkit.agents.disk.Disk` that finds nothing outside of the repository.

    What lies in somebody's home directory, above the repository or in the system's folders must not decide whether a
    commit passes. ``home``: a directory that counts all the same; None for none. What it looks at goes into ``trace``.
    """

    def __init__(self, root: str, git_root: str | None, home: str | None, trace: Trace) -> None:
        super().__init__(root, home or NO_HOME, git_root)
        self._inside = tuple(slash(directory) for directory in (git_root or root, home) if directory)
        self._trace = trace

    def _sees(self, path: str) -> bool:
        return slash(path).startswith(self._inside)

    def _read(self, path: str, limit: int) -> bytes | None:
        if not self._sees(path):
            return None
        self._trace.see(path)
        return super()._read(path, limit)

    def _entries(self, directory: str) -> dict[str, bool]:
        if not self._sees(directory):
            return {}
        self._trace.see(directory)
        found = super()._entries(directory)
        for name in found:  # a link may come to lead to a directory without a change of the one that it lies in
            path = os.path.join(directory, name)
            if os.path.islink(path):
                self._trace.see(path)
        return found

    def real(self, path: str) -> str:
        """``path`` with all links resolved."""
        self._trace.see_real(path)
        return super().real(path)

    def is_link(self, path: str) -> bool:
        """Is ``path`` itself a link?"""
        self._trace.see(path)
        return super().is_link(path)
