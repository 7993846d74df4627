"""Files of the repository that steer agents and are no rules: settings, MCP configuration, ignore files, hooks."""

from __future__ import annotations

import os
from bisect import bisect_left
from typing import TYPE_CHECKING

from ctxkit.agents.load import load_agent
from ctxkit.agents.protection import project_files
from ctxkit.evidence import Document
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ctxkit.agents.disk import Disk
    from ctxkit.model.audit import AgentAudit
    from ctxkit.sources.worktree import Worktree

_LIMIT = 1 << 20
_IGNORES = ("ignore", ".aiexclude")
_OTHERS = frozenset((".gitignore", ".dockerignore", ".npmignore", ".prettierignore", ".eslintignore"))
_SCRIPT = on_demand(r"[\w./-]{1,200}\.(?:sh|bash|zsh|py|js|mjs|cjs|ts|rb)\b")
_MOST_SCRIPTS = 20


def agent_files(agents: Iterable[AgentAudit], worktree: Worktree, disk: Disk) -> dict[str, Document]:
    """By path: the settings and MCP configuration of ``agents``, the ignore files at the root, and what hooks run.

    Only files that git does not ignore. Scripts are read only where there is an ignore file that they may honour.
    """
    found: dict[str, Document] = {}
    for agent in agents:
        for path in project_files(load_agent(agent.context.agent)):
            _add(found, path, worktree, disk)
    settings = list(found.values())
    ignores = list(_ignore_files(worktree))
    for path in ignores:
        _add(found, path, worktree, disk)
    if ignores:
        for path in _scripts(settings):
            _add(found, path, worktree, disk)
    return found


def _add(found: dict[str, Document], path: str, worktree: Worktree, disk: Disk) -> None:
    if path in found or path not in worktree:
        return
    data = disk.read(os.path.join(disk.root, *path.split("/")))
    if data is not None and len(data) <= _LIMIT:
        found[path] = Document(path, data)


def _ignore_files(worktree: Worktree) -> Iterator[str]:
    """Hidden files at the root that are named as ignore files are, but for those of tools that are no agents."""
    paths = worktree.paths
    for at in range(bisect_left(paths, "."), bisect_left(paths, "/")):
        path = paths[at]
        if path.endswith(_IGNORES) and "/" not in path and path not in _OTHERS:
            yield path


def _scripts(settings: Iterable[Document]) -> Iterator[str]:
    """Paths that the settings name, also without the part in front, which may be a variable."""
    named = [match for document in settings for match in _SCRIPT().findall(document.text)]
    for path in list(dict.fromkeys(named))[:_MOST_SCRIPTS]:
        yield path.removeprefix("./").lstrip("/")
        yield path.lstrip("/").partition("/")[2]
