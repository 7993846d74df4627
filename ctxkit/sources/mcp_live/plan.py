"""Which servers are to be started for a question, each once, and what a person should know before they are."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ctxkit.agents.disk import slash
from ctxkit.model import CtxkitError
from ctxkit.sources.masking import printable
from ctxkit.sources.mcp_live.failure import ServerFailureError
from ctxkit.sources.mcp_live.launch import Launch, launch_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ctxkit.agents.places import Places
    from ctxkit.sources.mcp_config import McpServer
    from ctxkit.sources.tool_listing import Configured


@dataclass(frozen=True, slots=True)
class Use:
    """That ``agent`` (by name) is told of a server called ``server`` by ``path``; ``inside``: of the repository."""

    agent: str
    server: str
    path: str
    inside: bool


@dataclass(slots=True)
class Plan:
    """What is to be started.

    ``launches`` by their keys, ``uses`` by the same. ``keys``: (agent id, server name) → key. ``refused``: those that
    cannot be started from here, and why.
    """

    launches: dict[str, Launch] = field(default_factory=dict)
    uses: dict[str, list[Use]] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    refused: dict[tuple[str, str], ServerFailureError] = field(default_factory=dict)

    def secrets(self) -> dict[str, str]:
        """Values that must not reach a file, by the names under which the servers get them."""
        return {name: value for launch in self.launches.values() for name, value in launch.secrets.items()}


def make_plan(
    agents: Sequence[Configured],
    only: Collection[str],
    known: Collection[str],
    places: Places,
    environ: Mapping[str, str],
) -> Plan:
    """What to start for ``agents``: every server that would start with the session, or ``only`` those so called.

    A server that waits for approval is started where ``only`` names it. Those of which the tools are ``known`` are not.
    Raises CtxkitError for a name of ``only`` that no agent would start.
    """
    plan = Plan()
    for name in only:
        _check(name, agents)
    for agent in agents:
        for server in agent.servers:
            wanted = server.name in only if only else server.name not in known
            if not wanted or not (server.starts or (server.pending and only)):
                continue
            _add(plan, agent, server, places, environ)
    return plan


def _add(plan: Plan, agent: Configured, server: McpServer, places: Places, environ: Mapping[str, str]) -> None:
    mine = (agent.spec.id, server.name)
    try:
        launch = launch_of(agent.spec, agent.version, server, places, environ)
    except ServerFailureError as failure:
        plan.refused[mine] = failure
        return
    plan.keys[mine] = launch.key
    plan.launches.setdefault(launch.key, launch)
    use = Use(agent.spec.name, printable(server.name), server.path, is_inside(server.file, places))
    plan.uses.setdefault(launch.key, []).append(use)


def is_inside(file: str, places: Places) -> bool:
    """Does ``file`` lie in the repository: did somebody else, perhaps, write it?"""
    top = slash(os.path.realpath(places.git_root or places.root))
    directory, name = os.path.split(file)
    spelled = os.path.join(os.path.realpath(directory), name)  # a link in the repository is the repository's doing
    return spelled.startswith(top) or os.path.realpath(file).startswith(top)


def _check(name: str, agents: Sequence[Configured]) -> None:
    found = [server for agent in agents for server in agent.servers if server.name == name]
    if not found:
        names = sorted({printable(server.name) for agent in agents for server in agent.servers})
        raise CtxkitError(
            f"--server: no configuration file names a server {name!r}.",
            f"There are: {', '.join(names)}." if names else "Without it, all that start are asked.",
        )
    if not any(server.starts or server.pending for server in found):
        raise CtxkitError(f"--server: {name} does not start: {found[0].why}.", "Switch it on first.")
