"""The agents that the data files know.

Thirty YAML files are slow to read, and nearly every run needs two or three of them. So they are kept together in
compiled form in the user's cache folder, under a name made from the names, sizes and times of the files, with an index
of what must be known of every agent. The typed form is checked whenever an agent is loaded, compiled or not.
"""

from __future__ import annotations

import functools
import hashlib
import os

import msgspec

from ctxkit.agents.spec import AgentSpec
from ctxkit.data import rules_root
from ctxkit.model import Activation, ConfigError, UnknownNameError
from ctxkit.text.datafile import FORMAT
from ctxkit.text.kept import keep, read_kept


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """What the index says of an agent.

    ``traces``: globs of files that show a repository is set up for it. ``root_rules``: names of rule files at the root
    that it always loads.
    """

    id: str
    name: str
    traces: tuple[str, ...]
    root_rules: tuple[str, ...]


class _Compiled(msgspec.Struct, frozen=True, array_like=True):
    index: tuple[Entry, ...]
    agents: dict[str, bytes]


def index() -> tuple[Entry, ...]:
    """Every known agent, sorted by id, without loading it. Raises ConfigError where a data file is broken."""
    return _compiled().index


def agent_ids() -> tuple[str, ...]:
    """The ids of all known agents, sorted: the names of the files in ``rules/agents``."""
    return tuple(entry.id for entry in index())


@functools.cache
def load_agent(name: str) -> AgentSpec:
    """The agent ``name``.

    Raises UnknownNameError, naming the nearest known agent, and ConfigError where a data file is broken.
    """
    packed = _compiled().agents.get(name)
    if packed is None:
        import difflib

        near = difflib.get_close_matches(name.lower(), agent_ids(), 1, 0.5)
        hint = f"Did you mean {near[0]}?" if near else "See them all with: ctxkit agents"
        raise UnknownNameError(f"No agent is called {name!r}.", hint)
    return msgspec.msgpack.decode(packed, type=AgentSpec)


def all_agents() -> dict[str, AgentSpec]:
    """Every known agent by id."""
    return {name: load_agent(name) for name in agent_ids()}


@functools.cache
def _compiled() -> _Compiled:
    folder = os.path.join(rules_root(), "agents")
    files = sorted(entry.path for entry in os.scandir(folder) if entry.name.endswith(".yaml"))
    name = f"agents-{_fingerprint(files)}"
    kept = read_kept(name)
    if kept is not None:
        try:
            return msgspec.msgpack.decode(kept, type=_Compiled)
        except msgspec.MsgspecError:
            pass
    compiled = _compile(files)
    keep(name, msgspec.msgpack.encode(compiled))
    return compiled


def _fingerprint(files: list[str]) -> str:
    state = hashlib.sha1(FORMAT + repr(AgentSpec.__struct_fields__).encode(), usedforsecurity=False)
    for path in [*files, *_forms()]:
        try:
            status = os.stat(path)
            state.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
        except OSError:
            state.update(f"{path}\0missing\0".encode("utf-8", "surrogateescape"))
    return state.hexdigest()


def _forms() -> list[str]:
    """The modules that say what the compiled form looks like."""
    folder = os.path.dirname(__file__)
    names = ("load", "spec", "spec_catalogs", "spec_parts", "spec_rules", "spec_surroundings")
    return [os.path.join(folder, f"{name}.py") for name in names]


def _compile(files: list[str]) -> _Compiled:
    from ctxkit.text.yamlfile import parse

    entries, agents = [], {}
    for path in files:
        with open(path, "rb") as file:
            spec, packed = parse(file.read(), path, AgentSpec)
        identity = os.path.basename(path).removesuffix(".yaml")
        if spec.id != identity:
            raise ConfigError(f"{path}: its id is {spec.id!r}.", f"Write id: {identity}.")
        agents[identity] = packed
        entries.append(Entry(spec.id, spec.name, spec.detect.files, _root_rules(spec)))
    return _Compiled(tuple(entries), agents)


def _root_rules(spec: AgentSpec) -> tuple[str, ...]:
    return tuple(
        name
        for source in spec.rules
        if source.activation is Activation.ALWAYS and source.base in ("root", "cwd", "git-root")
        for name in source.names
    )
