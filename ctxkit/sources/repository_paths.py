"""Where files that a report names lie in the repository, as services see it that know the repository alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ctxkit.sources.git import find_repository

if TYPE_CHECKING:
    from collections.abc import Iterable


def repository_paths(shown: Iterable[str], root: str) -> dict[str, str]:
    """Path as a report shows it → path relative to the top of the repository, posix, links resolved.

    ``root``: the audited directory, absolute. What lies elsewhere (``~/…``, another directory) is left out; without a
    repository ``root`` is the top.
    """
    real = os.path.realpath(root)
    repository = find_repository(real)
    top = os.path.realpath(repository.top) if repository is not None else real
    found: dict[str, str] = {}
    for path in set(shown):
        if path.startswith("~/") or "\0" in path:
            continue
        place = os.path.realpath(os.path.join(real, *path.split("/")) if not os.path.isabs(path) else path)
        relative = os.path.relpath(place, top).replace(os.sep, "/")
        if relative.split("/")[0] not in (os.pardir, ".git", os.curdir):
            found[path] = relative
    return found
