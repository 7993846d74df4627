"""Contents of a repository's objects, asked of one git process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ctxkit.sources.git import GitError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from ctxkit.sources.git import Git

LONGEST = 600.0
"""Seconds after which git is stopped, whatever it is doing."""
_CHUNK = 1 << 20


class Blobs:
    """``git cat-file --batch``, started when it is first asked; to be closed."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: threading.Timer | None = None

    def chunks(self, identity: str) -> Iterator[bytes]:
        """The content of the object ``identity`` (hexadecimal), piece by piece; to be read to its end.

        Raises GitError where git has no such object (a partial clone) or does not answer.
        """
        process = self._started()
        if process.stdin is None or process.stdout is None:
            raise GitError("git cannot be asked for objects")
        try:
            process.stdin.write(identity.encode() + b"\n")
            process.stdin.flush()
            head = process.stdout.readline().split()
        except OSError as error:
            raise GitError("git ended before it answered") from error
        if len(head) != 3 or not head[2].isdigit():
            raise GitError("git does not have its content here")
        left = int(head[2])
        while left:
            chunk = process.stdout.read(min(left, _CHUNK))
            if not chunk:
                raise GitError("git ended before it had told all")
            left -= len(chunk)
            yield chunk
        process.stdout.read(1)

    def close(self) -> None:
        """End the process."""
        if self._watch is not None:
            self._watch.cancel()
        if self._process is not None:
            self._git.stop(self._process)
            self._process = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = self._git.start("cat-file", "--batch", asked=True)
            self._watch = threading.Timer(LONGEST, self._process.kill)
            self._watch.daemon = True
            self._watch.start()
        return self._process
