"""The ignore files that count for a directory, read from disk: git's standard ones and an agent's own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ctxkit.ignore.file import MAX_BYTES, IgnoreFile
from ctxkit.sources.git import Repository, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator


def standard_ignores(repository: Repository | None, prefix: str = "") -> list[IgnoreFile]:
    """What counts besides the ``.gitignore`` files below a directory, strongest first.

    These are the ``.gitignore`` files above it in its repository (``prefix`` is its path there), ``info/exclude`` and
    the user's own file.
    """
    found = []
    if repository is not None:
        while prefix:
            prefix = prefix.rpartition("/")[0]
            found += _read(os.path.join(repository.top, prefix, ".gitignore"), prefix, "")
        found += _read(os.path.join(repository.common, "info", "exclude"), "", ".git/info/exclude")
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    path = os.path.join(home, "git", "ignore")
    found += _read(path, "", path)
    return found


def _read(path: str, base: str, source: str) -> Iterator[IgnoreFile]:
    data = read_regular(path, MAX_BYTES)
    if data:
        yield IgnoreFile(data, base, source=source)
