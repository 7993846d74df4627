"""What starting a server means: a command line or an address, an environment, and what it is told of the client."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ctxkit.agents.settings import expand_key
from ctxkit.agents.version import applies
from ctxkit.sources.masking import is_sensitive, masked, printable
from ctxkit.sources.mcp_config import address_of, arguments_of
from ctxkit.sources.mcp_live.expand import Expander
from ctxkit.sources.mcp_live.failure import ServerFailureError
from ctxkit.sources.mcp_live.shown import shown_address, shown_line, shown_variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctxkit.agents.places import Places
    from ctxkit.agents.spec import AgentSpec, McpLaunch
    from ctxkit.sources.mcp_config import McpServer

_ENV_MAPS = ("env", "environment", "envs")
_ENV_LISTS = ("env_vars", "env_keys")
_HEADER_MAPS = ("headers", "http_headers")
_CAPABLE_OF_NOTHING: dict[str, object] = {}
_PROTOCOL = "2025-11-25"
_OWN_NAME = "ctxkit"
_LONGEST_SHOWN = 20_000
"""Characters of a command line with its variables, or of an address. Nobody reads more before agreeing to it."""
# A value shorter than this is a switch or a name, not a secret; it occurs in texts by chance.
_SHORTEST_SECRET = 8


@dataclass(frozen=True, slots=True)
class Client:
    """What a server is told of who asks: ``info`` is its ``clientInfo``."""

    protocol: str = _PROTOCOL
    capabilities: Mapping[str, object] = field(default_factory=dict)
    info: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Launch:
    """One server, ready to be asked. ``arguments`` with ``env`` and ``cwd``, or ``address`` with ``headers``.

    ``transport``: ``stdio``, ``http`` or ``sse``. ``root``: the directory told to servers that ask for roots. ``shown``
    is the whole command line or address and ``assigns`` the variables that the entry gives a value, as NAME=VALUE: what
    the file says, references unexpanded, so that whoever agrees to it knows what runs. ``sets``: names of the variables
    or headers that the entry sets; ``reads``: of the variables and files it takes values from; ``unset``: of variables
    it names in vain.
    ``secrets``: values that must not reach a file, by name.
    """

    transport: str
    client: Client
    root: str
    shown: str
    arguments: tuple[str, ...] = field(default=(), repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: str = ""
    address: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    assigns: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    unset: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Equal for two servers of which one answer is enough: the same thing run in the same way by equal clients.

        A digest, because what it is made of holds secrets.
        """
        parts = [
            self.transport, self.arguments, sorted(self.env.items()), self.cwd, self.address,
            sorted(self.headers.items()), self.root, self.client.protocol, self.client.capabilities,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def client_of(spec: AgentSpec, version: str) -> Client:
    """What ``spec`` tells servers of itself in ``version``; where nobody knows, that it can do nothing."""
    for fact in spec.mcp.client if spec.mcp is not None else ():
        if applies(fact, version):
            info = {"name": fact.name, "version": fact.version or version}
            if fact.title is not None:
                info["title"] = fact.title
            return Client(fact.protocol, fact.capabilities, info)
    return Client(_PROTOCOL, _CAPABLE_OF_NOTHING, {"name": _OWN_NAME, "version": version})


def launch_of(spec: AgentSpec, version: str, server: McpServer, places: Places, environ: Mapping[str, str]) -> Launch:
    """How ``spec`` starts ``server``; ``environ`` is the environment that the agent would have.

    Raises ServerFailureError where it cannot be started from here.
    """
    facts = _facts(spec, version)
    names = places.names(spec)
    known = {} if facts is None else {name: expand_key(text, names) for name, text in facts.names.items()}
    expander = Expander(facts, environ, known, os.path.dirname(server.file), places.home)
    client = client_of(spec, version)
    root = places.git_root or places.root
    if server.transport == "stdio":
        arguments = [expander.text(argument) for argument in arguments_of(server.entry)]
        if not arguments or not arguments[0]:
            raise ServerFailureError("its entry names no command", "Correct the entry.")
        assigned = _assigned(server.entry)
        set_here = _handed_on(server.entry, environ) | _expanded(assigned, expander)
        inherited = _inherited(facts, environ, names)
        cwd = server.entry.get("cwd")
        directory = expander.text(cwd) if isinstance(cwd, str) and cwd else places.cwd
        directory = os.path.normpath(os.path.join(places.cwd, _at_home(directory, places.home)))
        as_written = [expander.shown(argument) for argument in arguments_of(server.entry)]
        values = {name: expander.shown(text) for name, text in assigned.items()}
        _readable("command line", *as_written, *values.values())
        return Launch(
            transport="stdio",
            client=client,
            root=root,
            shown=shown_line(as_written, directory),
            arguments=tuple(arguments),
            env={**inherited, **set_here},
            cwd=directory,
            assigns=shown_variables(values, as_written, directory),
            sets=tuple(sorted(set_here)),
            reads=tuple(sorted(expander.used)),
            secrets=_secrets({**inherited, **set_here, **expander.used}),
            unset=tuple(dict.fromkeys(expander.unset)),
        )
    if server.transport not in ("http", "sse"):
        raise ServerFailureError(
            f"its transport is {server.transport or 'unknown'}, which ctxkit does not speak",
            f"Save its answer to tools/list and name it: --tools {printable(server.name)}=FILE",
        )
    url = address_of(server.entry) or ""
    _readable("address", url)
    address = expander.text(url)
    headers = _headers(server.entry, expander, environ)
    return Launch(
        transport=server.transport,
        client=client,
        root=root,
        shown=shown_address(expander.shown(url)),
        address=address,
        headers=headers,
        sets=tuple(sorted(headers)),
        reads=tuple(sorted(expander.used)),
        secrets=_secrets({**headers, **expander.used}),
        unset=tuple(dict.fromkeys(expander.unset)),
    )


def _readable(what: str, *texts: str) -> None:
    if sum(map(len, texts)) > _LONGEST_SHOWN:
        raise ServerFailureError(
            f"its {what} is longer than {_LONGEST_SHOWN:,} characters", "Put what it runs into a file."
        )


def _facts(spec: AgentSpec, version: str) -> McpLaunch | None:
    return next((fact for fact in (spec.mcp.launch if spec.mcp is not None else ()) if applies(fact, version)), None)


def _inherited(facts: McpLaunch | None, environ: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """What a server gets of the environment, as a dictionary of its own."""
    if facts is None:
        return dict(environ)
    kept = {
        name: value
        for name, value in environ.items()
        if any(fnmatchcase(name, glob) for glob in facts.passed)
        and not any(fnmatchcase(name, glob) for glob in facts.withheld)
    }
    return kept | {name: expand_key(text, names) for name, text in facts.added.items()}


def _assigned(entry: Mapping[str, object]) -> dict[str, str]:
    """The variables that an entry gives a value, with the text that stands there."""
    maps = [entry.get(key) for key in _ENV_MAPS]
    command = entry.get("command")
    if isinstance(command, dict):
        maps.append(command.get("env"))
    found: dict[str, str] = {}
    for pairs in maps:
        found.update(_texts(pairs))
    for pair in _listed(entry.get("env")):
        name, equals, value = pair.partition("=")
        if equals:
            found[name] = value
    return found


def _handed_on(entry: Mapping[str, object], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that an entry takes from the environment by their names."""
    return {name: environ[name] for key in _ENV_LISTS for name in _listed(entry.get(key)) if name in environ}


def _headers(entry: Mapping[str, object], expander: Expander, environ: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in _HEADER_MAPS:
        found.update(_expanded(_texts(entry.get(key)), expander))
    by_variable = entry.get("env_http_headers")
    wanted = dict(by_variable) if isinstance(by_variable, dict) else {}
    bearer = entry.get("bearer_token_env_var")
    if isinstance(bearer, str):
        wanted["Authorization"] = bearer
    for header, name in wanted.items():
        if not isinstance(name, str):
            continue
        if name not in environ:
            expander.unset.append(name)
            continue
        found[str(header)] = f"Bearer {environ[name]}" if name == bearer else environ[name]
    return found


def _expanded(texts: Mapping[str, str], expander: Expander) -> dict[str, str]:
    return {name: expander.value(text) for name, text in texts.items()}


def _texts(pairs: object) -> dict[str, str]:
    if not isinstance(pairs, dict):
        return {}
    texts = {str(name): _text(value) for name, value in pairs.items()}
    return {name: text for name, text in texts.items() if text is not None}


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _listed(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _at_home(path: str, home: str) -> str:
    return home + path[1:] if path == "~" or path.startswith("~/") else path


def _secrets(values: Mapping[str, str]) -> dict[str, str]:
    """The values that a file must not hold, by name: what follows a scheme such as ``Bearer`` counts by itself."""
    bare = {name: value.rpartition(" ")[2] for name, value in values.items()}
    return {
        name: value
        for name, value in bare.items()
        if len(value) >= _SHORTEST_SECRET
        and not os.path.isabs(value)
        and (is_sensitive(name) or masked(value) != value)
    }
