"""The files of a repository that rules are compared with: README, manifests, settings of formatters and linters."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ctxkit.evidence import Document
from ctxkit.text.enforced import setting_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctxkit.agents.disk import Disk
    from ctxkit.sources.worktree import Worktree

_MANIFESTS = frozenset(("package.json", "pyproject.toml", "Cargo.toml"))
_READMES = frozenset(("README.md", "Readme.md", "readme.md"))
_DEPTH = 2
"""Directories below the root that files are taken from: where monorepos have their packages."""
_MOST = 60
_LIMIT = 512 * 1024
"""Bytes of one such file: no manifest of 23 large repositories had more, 2026-11-20."""


def extra_of(worktree: Worktree, disk: Disk) -> Mapping[str, Document]:
    """By path, the files that detectors compare with, the ones nearest to the root first where there are many."""
    names = setting_files() | _MANIFESTS
    found = [path for path in worktree.find(names) if path.count("/") <= _DEPTH]
    found += [name for name in _READMES if name in worktree]
    documents: dict[str, Document] = {}
    for path in sorted(found, key=lambda path: (path.count("/"), path))[:_MOST]:
        data = disk.read(os.path.join(disk.root, *path.split("/")), _LIMIT)
        if data is not None:
            documents[path] = Document(path, data)
    return documents
