"""Git at work on what has changed in a work tree; all that must be known to tell whether anything has.

Imports next to nothing: a hook that finds everything as it was comes by here and no further.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ctxkit.sources.git import Git, GitError, irregular

if TYPE_CHECKING:
    import subprocess

    from ctxkit.sources.git import Repository

MOST = 1 << 20
"""Bytes of git's answers that are worth keeping; a work tree with more is looked at anew each time."""


class Glance:
    """Git, asked what differs from its index and what it does not know. At work from the moment this is made."""

    def __init__(self, root: str, repository: Repository) -> None:
        """``root``: absolute, without links. Raises GitError."""
        odd = irregular(repository)
        if odd is not None:
            raise GitError(f"{os.path.relpath(odd, repository.top)} is not a regular file")
        self.repository = repository
        self.started: list[subprocess.Popen[bytes]] = []
        self._answers: dict[subprocess.Popen[bytes], tuple[bytes, bytes]] = {}
        self.git = Git(repository, root)
        self.key = index_key(repository)
        self.changes = self.start(
            "diff-files", "-z", "--name-status", "--ignore-submodules=all", "--relative", "--", "."
        )
        self.others = self.start("ls-files", "-z", "-o", "--exclude-standard", errors=True)

    def start(self, *arguments: str, errors: bool = False) -> subprocess.Popen[bytes]:
        """Start another question."""
        self.started.append(self.git.start(*arguments, errors=errors))
        return self.started[-1]

    def answer(self, process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
        """What ``process`` writes to stdout and stderr. Raises GitError."""
        if process not in self._answers:
            self._answers[process] = self.git.finish_with_errors(process)
        return self._answers[process]

    def state(self) -> bytes:
        """All that git says of the work tree, and the index that it is about; empty where it says nothing of use.

        The same bytes mean the same listing, and the same content of every file that does not differ from the index.
        """
        found = [self.key]
        try:
            for process in (self.changes, self.others):
                found += self.answer(process)
        except GitError:
            return b""
        if not self.key or self.outdated() or sum(map(len, found)) > MOST:
            return b""
        return b"".join(b"%d:%b" % (len(text), text) for text in found)

    def outdated(self) -> bool:
        """Whether git's index changed while it was read, so that the answers may not fit together."""
        return self.key != index_key(self.repository)

    def close(self) -> None:
        """End what git is still doing."""
        for process in self.started:
            if process.poll() is None:
                self.git.stop(process)


def index_key(repository: Repository) -> bytes:
    """A name for the present state of git's index; empty when there is no index to name.

    The index ends with a checksum of itself, which covers names, blobs and what ``lstat`` said. Where that is left
    out (``index.skipHash``) the time of its last change has to do.
    """
    path = os.path.join(repository.directory, "index")
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            file.seek(-32, os.SEEK_END)
            trailer = file.read(32)
    except (OSError, ValueError):
        return b""
    if not any(trailer[-20:]):
        trailer += b"%d %d" % (status.st_mtime_ns, status.st_ino)
    return b"%d:" % status.st_size + trailer
