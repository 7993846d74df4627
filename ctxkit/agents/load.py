"""The agents that the data files know."""

from __future__ import annotations

import difflib
import functools

from ctxkit.agents.spec import AgentSpec
from ctxkit.data import rules_root
from ctxkit.model import ConfigError, UnknownNameError
from ctxkit.text.datafile import load_yaml_cached


@functools.cache
def agent_ids() -> tuple[str, ...]:
    """The ids of all known agents, sorted: the names of the files in ``rules/agents``."""
    folder = rules_root() / "agents"
    return tuple(sorted(path.stem for path in folder.iterdir() if path.suffix == ".yaml"))


@functools.cache
def load_agent(name: str) -> AgentSpec:
    """The agent ``name``.

    Raises UnknownNameError, naming the nearest known agent, and ConfigError where its file is broken.
    """
    if name not in agent_ids():
        near = difflib.get_close_matches(name.lower(), agent_ids(), 1, 0.5)
        hint = f"Did you mean {near[0]}?" if near else "See them all with: ctxkit agents"
        raise UnknownNameError(f"No agent is called {name!r}.", hint)
    path = rules_root() / "agents" / f"{name}.yaml"
    spec = load_yaml_cached(path, AgentSpec)
    if spec.id != name:
        raise ConfigError(f"{path}: its id is {spec.id!r}.", f"Write id: {name}.")
    return spec


def all_agents() -> dict[str, AgentSpec]:
    """Every known agent by id."""
    return {name: load_agent(name) for name in agent_ids()}
