"""The ignore files that count for a directory, read from disk: git's standard ones and an agent's own."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.sources.git import Repository, find_repository, read_regular
from ctxkit.sources.listing import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.ignore import IgnoreFile
    from ctxkit.sources.listing import Store
    from ctxkit.sources.worktree import Worktree

LIMIT = 1024 * 1024
"""Bytes of an ignore file that count; the engine's own limit."""

GITIGNORE = ".gitignore"

_SECTION = re.compile(r"^\s*\[\s*([^\]]*?)\s*\]", re.MULTILINE)
_SETTING = re.compile(r"^\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*?))?\s*$", re.MULTILINE)
_INCLUDE = "!include "


class IgnoreSource(NamedTuple):
    """An agent's own ignore file: ``name`` may be a path; ``at`` is ``root``, ``any-dir`` or ``home``.

    ``negation``: whether ``!`` lines count. ``include``: whether ``!include FILE`` stands for the lines of that file.
    """

    name: str
    at: str = "root"
    negation: bool = True
    include: bool = False


def standard_ignores(repository: Repository | None, prefix: str = "") -> list[IgnoreFile]:
    """What counts besides the ``.gitignore`` files below a directory, strongest first.

    These are the ``.gitignore`` files above it in its repository (``prefix`` is its path there), ``info/exclude`` and
    the user's own file. A file that cannot be read counts as empty.
    """
    case = ignores_case(repository)
    found = []
    if repository is not None:
        while prefix:
            prefix = prefix.rpartition("/")[0]
            found.append(_file(os.path.join(repository.top, prefix, GITIGNORE), prefix, case))
        found.append(_file(os.path.join(repository.common, "info", "exclude"), "", case, ".git/info/exclude"))
    path = _users_file()
    found.append(_file(path, "", case, path))
    return [file for file in found if len(file)]


def ignores_case(repository: Repository | None) -> bool:
    """``core.ignoreCase`` of a repository; without one, whether the platform's file systems usually ignore case."""
    if repository is not None:
        text = read_regular(os.path.join(repository.common, "config"), LIMIT)
        value = _core(text.decode("utf-8", "replace")).get("ignorecase") if text else None
        return value is not None and value.lower() in ("", "true", "yes", "on", "1")
    return sys.platform in ("win32", "darwin")


def hidden_by(
    worktree: Worktree,
    files: Sequence[IgnoreSource],
    *,
    gitignore: bool = False,
    overrides: bool = False,
    home: str | None = None,
    ignorecase: bool | None = None,
    cache: Store | None = None,
) -> frozenset[str]:
    """Paths of ``worktree`` that an agent's ignore files keep from it.

    ``gitignore``: git's ignore files hide as well, tracked files included, which is how tools see them that match
    paths without asking git. ``overrides``: the agent's lines are asked before git's and may take a path out again;
    otherwise a path is hidden when either side says so. Of several agent files a later one outweighs an earlier one.
    ``home``: where files ``at`` home are (the user's by default). ``ignorecase``: None does as git does here.
    """
    from ctxkit.ignore import IgnoreTree

    repository = find_repository(worktree.root)
    case = ignores_case(repository) if ignorecase is None else ignorecase
    own = [file for source in files for file in _agent_files(worktree, source, home, case)]
    git: list[list[IgnoreFile]] = []
    if gitignore:
        git = [_nested(worktree, IgnoreSource(GITIGNORE, "any-dir"), case)]
        git += [[file] for file in standard_ignores(repository)]
    if not own and not any(git):
        return frozenset()
    trees = [IgnoreTree([own, *git])] if overrides else [IgnoreTree([own]), IgnoreTree(git)]
    state = hashlib.sha1(packed(worktree.paths), usedforsecurity=False)
    state.update(repr((overrides, case, [(f.base, f.source, f.text) for f in (*own, *(f for g in git for f in g))])).encode())
    name = f"hidden/{worktree.root.encode('utf-8', 'surrogateescape').hex()}/{state.hexdigest()}"
    known = cache.get_blob(name) if cache is not None else None
    if known is not None:
        return frozenset(unpacked(known))
    hidden = frozenset[str]().union(*(tree.hidden(worktree.paths) for tree in trees))
    if cache is not None:
        cache.put_blob(name, packed(hidden))
    return hidden
