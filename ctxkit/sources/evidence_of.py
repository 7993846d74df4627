"""Collects what detectors look at: the texts of all windows, and what the repository has."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from ctxkit.evidence import Document, Evidence, rule_segments
from ctxkit.sources.agent_files import agent_files
from ctxkit.sources.extra import extra_of
from ctxkit.sources.scripts import scripts_of
from ctxkit.sources.tree import FileTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ctxkit.agents.disk import Disk
    from ctxkit.evidence import CountPieces, ToolText
    from ctxkit.model.audit import AgentAudit, Inventory
    from ctxkit.sources.worktree import Worktree

V = TypeVar("V")


def evidence_of(
    agents: Sequence[AgentAudit],
    worktree: Worktree,
    inventory: Inventory,
    disk: Disk,
    count: CountPieces,
    tools: Iterable[ToolText] = (),
) -> Evidence:
    """What is to be seen of ``agents`` and of the repository they work in. Nothing is executed.

    ``tools``: of :func:`ctxkit.sources.tool_texts.tool_texts`.
    """
    documents: dict[str, Document] = {}
    for agent in agents:
        for segment in rule_segments(agent):
            if segment.path is not None and segment.path not in documents:
                data = disk.read(absolute(segment.path, disk))
                if data is not None:
                    documents[segment.path] = Document(segment.path, data)
    return Evidence(
        agents=tuple(agents),
        documents=documents,
        tree=FileTree(worktree),
        inventory=inventory,
        count=count,
        extra=_Lazy(lambda: {**extra_of(worktree, disk), **agent_files(agents, worktree, disk)}),
        scripts=_Lazy(lambda: scripts_of([document.data for document in documents.values()], worktree, disk)),
        tools=tuple(tools),
    )


class _Lazy(Mapping[str, V]):
    """What ``find`` gives, looked for when somebody asks: not at all where the findings are known."""

    def __init__(self, find: Callable[[], Mapping[str, V]]) -> None:
        self._find = find

    def __getitem__(self, name: str) -> V:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    @cached_property
    def _found(self) -> Mapping[str, V]:
        return self._find()


def absolute(shown: str, disk: Disk) -> str:
    """The path that ``disk.show`` shows so."""
    if shown.startswith("~/"):
        return os.path.join(disk.home, *shown[2:].split("/"))
    return os.path.normpath(os.path.join(disk.root, *shown.split("/"))) if not os.path.isabs(shown) else shown
