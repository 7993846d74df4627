"""Which files agents have in one window: at the start, for certain once the one is there, or perhaps."""

from __future__ import annotations

from bisect import bisect_right
from enum import IntEnum
from functools import cached_property
from operator import itemgetter
from re import IGNORECASE
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.evidence import is_listed
from ctxkit.model import Activation
from ctxkit.text.jsonc import JsoncError, parse
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ctxkit.evidence import Document, Evidence, Load

_RULE_DIRECTORIES = ("rules", "steering", "instructions")
_RULE_FILES = frozenset(("AGENTS.md", "CLAUDE.md", "GEMINI.md", ".cursorrules", "copilot-instructions.md"))
_TEMPLATES = frozenset(("docs", "template", "templates", "assets"))
"""Directories of rule files that are made for other repositories."""
_MARK = on_demand(r"<!--[ \t]*(BEGIN|END)\b[^\n]{0,80}?-->", IGNORECASE)
_NOT_LOADED = frozenset({Activation.NEVER, Activation.MANUAL})


class Company(IntEnum):
    """How surely two files are in one window; the least is the surest."""

    START = 0
    """Both are in every request."""
    SURE = 1
    """Whenever the one is there, so is the other."""
    LIKELY = 2
    """One is in every request, the other a skill or command."""
    APART = 3
    """They wait for different places, such as two packages, and a session has to work in both."""
    RARE = 4
    """Both are skills or commands, or one is and the other waits, and a session has to use both."""


class Meeting(NamedTuple):
    """That ``agents`` (their names; ``ids`` in the same order) have two files together, so surely."""

    company: Company
    agents: tuple[str, ...]
    ids: tuple[str, ...]


class Together:
    """Answers about the files of ``evidence``, by path."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._names = {agent.context.agent: agent.context.name for agent in evidence.agents}
        self._loads: dict[str, Mapping[str, Load]] = {
            path: _best(loads) for path, loads in evidence.loads.items() if path in evidence.documents
        }
        self._spared: dict[str, frozenset[str]] = {
            path: frozenset(load.agent for load in loads if load.segment.activation is Activation.NEVER)
            for path, loads in evidence.loads.items()
        }
        self._rewritten: dict[str, list[tuple[int, int]]] = {}
        self._met: dict[tuple[str, str], Meeting | None] = {}

    @cached_property
    def paths(self) -> list[str]:
        """Every file that an agent may load, that which is kept before that of which a copy would go.

        What is in every request comes before what is not, what everybody has before what one person has, files before
        links, what is higher up before what is deeper.
        """

        def place(path: str) -> tuple[bool, bool, bool, int, str]:
            return not self.at_start(path), _is_personal(path), path in self.links, path.count("/"), path

        return sorted((path for path, loads in self._loads.items() if loads), key=place)

    @cached_property
    def links(self) -> frozenset[str]:
        """The files that are symbolic links."""
        return frozenset(entry.path for entry in self._evidence.inventory.entries() if entry.kind == "link")

    @cached_property
    def _published(self) -> tuple[str, ...]:
        """What ``files`` of the root's ``package.json`` lists, plain paths only."""
        manifest = self._evidence.extra.get("package.json")
        try:
            data = None if manifest is None else parse(manifest.text)
        except (JsoncError, UnicodeError):
            return ()
        files = data.get("files") if isinstance(data, dict) else None
        entries = [entry for entry in files if isinstance(entry, str)] if isinstance(files, list) else []
        return tuple(entry.removeprefix("./").rstrip("/") for entry in entries)

    def is_handed_on(self, path: str) -> bool:
        """Is it a rule file that the package is published with, or a template, for other repositories to have?"""
        *steps, name = path.split("/")
        if name in _RULE_FILES and not _TEMPLATES.isdisjoint(steps):
            return True
        return any(path == entry or path.startswith(f"{entry}/") for entry in self._published if entry)

    def is_rewritten(self, document: Document, start: int, end: int) -> bool:
        """Does something of these characters stand between marks of a tool that writes it again?"""
        if document.path not in self._rewritten:
            self._rewritten[document.path] = list(_rewritten(document.text))
        regions = self._rewritten[document.path]
        following = bisect_right(regions, start, key=itemgetter(1))
        return following < len(regions) and regions[following][0] < end

    def agents(self, path: str) -> tuple[str, ...]:
        """The names of the agents that load ``path``."""
        return tuple(self._names[agent] for agent in self._loads[path])

    def at_start(self, path: str) -> bool:
        """Is it in every request of an agent?"""
        return any(load.at_start for load in self._loads[path].values())

    def is_listed(self, path: str) -> bool:
        """Is it a skill, subagent or command to every agent that loads it?"""
        return all(is_listed(load.segment) for load in self._loads[path].values())

    def meeting(self, one: str, other: str) -> Meeting | None:
        """The agents that have both files in one window, as surely as any does; None where none has."""
        key = (one, other) if one < other else (other, one)
        if key not in self._met:
            found: dict[Company, list[tuple[str, str]]] = {}
            for agent in self._loads[one].keys() & self._loads[other].keys():
                company = _company(self._loads[one][agent], self._loads[other][agent])
                if company is not None:
                    found.setdefault(company, []).append((self._names[agent], agent))
            best = min(found, default=None)
            if best is None:
                self._met[key] = None
            else:
                names, ids = zip(*sorted(found[best]), strict=True)
                self._met[key] = Meeting(best, names, ids)
        return self._met[key]

    def stands_in_for(self, kept: str, gone: str) -> bool:
        """Does every agent that loads ``gone`` have ``kept`` in its window whenever it has ``gone``?

        An agent that passes ``kept`` over because it is the same text would have it then. What one person has stands
        in for nothing that all have, and the other way round: it is meant for other repositories too.
        """
        if _is_personal(kept) != _is_personal(gone):
            return False
        kept_by = self._loads[kept]
        documents = self._evidence.documents
        spared = self._spared[kept] if documents[kept].data == documents[gone].data else frozenset()
        return all(
            agent in spared or (agent in kept_by and _is_there(kept_by[agent], load))
            for agent, load in self._loads[gone].items()
        )

    def parallel(self, one: str, other: str) -> bool:
        """Do they tell different agents the same thing: both from the start, for one directory, or as one skill?"""
        loads, others = self._loads[one], self._loads[other]
        if loads.keys() == others.keys() and len(loads) == 1:
            return False
        if self.at_start(one) and self.at_start(other):
            return True
        if any(map(_waits, loads.values())) and any(map(_waits, others.values())):
            return _directory(one) == _directory(other)
        if all(is_listed(load.segment) for load in (*loads.values(), *others.values())):
            return one.split("/")[-2:] == other.split("/")[-2:] and one.split("/")[0] != other.split("/")[0]
        return False


def _rewritten(text: str) -> Iterator[tuple[int, int]]:
    """The characters between the marks of tools that write what is between them."""
    opened = -1
    for mark in _MARK().finditer(text):
        if mark[1].upper() == "BEGIN":
            opened = mark.start()
        elif opened >= 0:
            yield opened, mark.end()
            opened = -1


def _best(loads: Sequence[Load]) -> Mapping[str, Load]:
    """Agent → how it has the file, the earliest where it has it twice."""
    found: dict[str, Load] = {}
    for load in loads:
        known = found.get(load.agent)
        if load.segment.activation not in _NOT_LOADED and (known is None or load.at_start > known.at_start):
            found[load.agent] = load
    return found


def _company(one: Load, other: Load) -> Company | None:
    """How surely one agent has both in a window; a subagent's file is the prompt of a window of its own."""
    listed = [is_listed(load.segment) for load in (one, other)]
    if one.segment.path == other.segment.path:
        return Company.START if one.at_start else Company.SURE
    if one.at_start and other.at_start:
        return Company.START
    if all(listed):
        return None if "subagent" in (one.segment.kind, other.segment.kind) else Company.RARE
    if any(listed):
        return Company.LIKELY if one.at_start or other.at_start else Company.RARE
    return Company.SURE if _is_there(one, other) or _is_there(other, one) else Company.APART


def _is_there(kept: Load, gone: Load) -> bool:
    """Is ``kept`` in the window whenever ``gone`` is?"""
    if kept.at_start or kept.segment.path == gone.segment.path:
        return kept.at_start >= gone.at_start or kept.segment.path == gone.segment.path
    if gone.at_start or not (_waits(kept) and _waits(gone)):
        return False
    above, below = _directory(kept.segment.path or ""), _directory(gone.segment.path or "")
    return below == above or below.startswith(f"{above}/" if above else "")


def _waits(load: Load) -> bool:
    return load.segment.activation is Activation.LAZY_DIR


def _directory(path: str) -> str:
    """The directory that a rule file is for: that above ``.claude``, ``.cursor/rules`` and the like."""
    steps = path.split("/")[:-1]
    hidden = next((place for place, step in enumerate(steps) if step.startswith(".")), len(steps))
    is_for_parent = steps[hidden + 1 : hidden + 2] in ([], *([name] for name in _RULE_DIRECTORIES))
    return "/".join(steps[:hidden] if is_for_parent else steps)


def is_nested(one: str, other: str) -> bool:
    """Is one of the two files for a directory below that which the other is for?"""
    above, below = sorted((_directory(one), _directory(other)), key=len)
    return above != below and (not above or below.startswith(f"{above}/"))


def _is_personal(path: str) -> bool:
    """Is it a file that one person has, and not everybody who works on the repository?"""
    return path[0] in "~/" or ".local." in path
