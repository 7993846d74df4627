"""What the form of one agent says, and how the tools of several servers are written in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from ctxkit.sources.definitions import ServerDefinition, ToolDefinition

Schema = Mapping[str, object]

Cut = Callable[[str], str]
"""Cuts a description or instructions to the size the agent allows."""

Listed = Sequence[tuple[str, Sequence[str]]]
"""Servers by the name they are configured under, each with the names of its tools."""


class Written(NamedTuple):
    """A text of a request, without the sentences that the agent's authors wrote into it.

    ``words``: the o200k tokens of these sentences. They are the agent's own, so they are counted and not kept.
    """

    text: str
    words: int = 0


NOTHING = Written("")


@dataclass(frozen=True, slots=True)
class WireTool:
    """One tool on the wire: ``name`` as the model sees it, ``whole`` as it stands in the request.

    ``listed`` is what stands there instead while the definition is deferred. ``missing`` says why the agent sends
    neither; empty where it sends one of them.
    """

    name: str
    whole: Written
    listed: Written = NOTHING
    missing: str = ""


@dataclass(frozen=True, slots=True)
class WireServer:
    """One server on the wire, its tools in the order they were listed.

    ``around`` is the entry that holds the tools of a server, without them, and ``around_listed`` what stands there
    while they are deferred; ``instructions`` is the server's own text where it stands apart from these.
    """

    tools: tuple[WireTool, ...]
    around: Written = NOTHING
    around_listed: Written = NOTHING
    instructions: Written = NOTHING


def _no_reason(*_: object) -> str:
    return ""


def _nothing(*_: object) -> Written:
    return NOTHING


class Wired(NamedTuple):
    """A tool about to be written: the name of its server, its name on the wire, and its definition."""

    server: str
    name: str
    tool: ToolDefinition


@dataclass(frozen=True, slots=True)
class ToolForm:
    """How one agent writes tools, up to the version ``before`` (None: to this day).

    ``text`` makes the text of a tool, ``names`` the names on the wire from a template and what all servers list: a
    list for each server. ``refuses`` says why the agent takes no tool of a server that lists such a tool,
    ``refuses_name`` why none of a server configured under such a name, ``leaves_out`` why it takes the others but not
    this one. ``twice``: which of several tools of one name is sent; ``refused``: a server that lists a name twice has
    none. ``around`` and ``around_listed`` are of (server or namespace, instructions), the namespace where names on the
    wire have the form ``namespace.tool``; ``instructions`` is of (server, instructions). ``listing`` and
    ``around_listed`` cut to so many characters (None: they do not).

    ``instructions_words`` and ``listing_words``: o200k tokens of the agent's own words that stand once, around the
    instructions and around the listings of all servers. ``error`` is how far a count may be from the recorded one,
    relative; ``how`` says what it was compared with, ``lab`` whether that was recorded requests.
    """

    text: Callable[[Wired, Cut], Written]
    names: Callable[[str, Listed], list[list[str]]]
    refuses: Callable[[ToolDefinition], str] = _no_reason
    refuses_name: Callable[[str], str] = _no_reason
    leaves_out: Callable[[Wired], str] = _no_reason
    twice: Literal["first", "last", "each", "refused"] = "each"
    around: Callable[[str, str], Written] = _nothing
    around_listed: Callable[[str, str, int | None], Written] = _nothing
    instructions: Callable[[str, str, Cut], Written] = _nothing
    listing: Callable[[Wired, int | None], Written] | None = None
    instructions_words: int = 0
    listing_words: int = 0
    error: float = 0.0
    how: str = ""
    lab: bool = True
    before: str | None = None


def write(
    form: ToolForm,
    template: str,
    servers: Sequence[tuple[str, ServerDefinition]],
    cut: Cut,
    listing: Callable[[Wired], Written] = _nothing,
    line: int | None = None,
) -> list[WireServer]:
    """What the agent sends of ``servers``, given by the names they are configured under.

    ``template`` is of names of tools, ``listing`` what stands for a deferred tool, ``line`` how long it may be.
    """
    names = form.names(template, [(name, [tool.name for tool in server.tools]) for name, server in servers])
    chosen = _chosen(form, names)
    written = []
    for (name, server), wire_names, sent in zip(servers, names, chosen, strict=True):
        refused = form.refuses_name(name) or next((why for tool in server.tools if (why := form.refuses(tool))), "")
        if form.twice == "refused" and len(set(wire_names)) < len(wire_names):
            refused = refused or "the agent refuses the server's whole list: two of its tools have one name"
        wired = [Wired(name, wire_name, tool) for wire_name, tool in zip(wire_names, server.tools, strict=True)]
        tools = tuple(
            WireTool(
                one.name,
                form.text(one, cut),
                listing(one),
                refused or form.leaves_out(one) or ("" if keep else "another tool has the same name"),
            )
            for one, keep in zip(wired, sent, strict=True)
        )
        space, point, _ = wire_names[0].partition(".") if wire_names else (name, "", "")
        space = space if point else name
        written.append(
            WireServer(
                tools,
                form.around(space, server.instructions),
                form.around_listed(space, server.instructions, line),
                NOTHING if refused else form.instructions(name, server.instructions, cut),
            )
        )
    return written


def _chosen(form: ToolForm, names: list[list[str]]) -> list[list[bool]]:
    """For each tool of each server: is it the one of its name that is sent?"""
    if form.twice in ("each", "refused"):
        return [[True] * len(own) for own in names]
    places = [(name, at, index) for at, own in enumerate(names) for index, name in enumerate(own)]
    chosen = {name: (at, index) for name, at, index in (places if form.twice == "last" else reversed(places))}
    return [[chosen[name] == (at, index) for index, name in enumerate(own)] for at, own in enumerate(names)]


def name_line(one: Wired, _: int | None) -> Written:
    """A deferred tool by its name."""
    return Written(f"{one.name}\n")


def description_line(one: Wired, longest: int | None) -> Written:
    """A deferred tool by its name and the beginning of its description."""
    return Written(f"{one.name}: {' '.join(one.tool.description.split())[: longest or None]}\n")


def by_template(
    clean: Callable[[str], str], longest: Callable[[str], str] = str
) -> Callable[[str, Listed], list[list[str]]]:
    """Names made one by one: server and tool cleaned by ``clean`` and put into the template, the whole cut."""

    def names(template: str, servers: Listed) -> list[list[str]]:
        return [
            [longest(template.replace("{server}", clean(server)).replace("{tool}", clean(tool))) for tool in tools]
            for server, tools in servers
        ]

    return names


def known_first(schema: Schema) -> dict[str, object]:
    """The schema as the MCP SDK for JavaScript hands it on: the keys it checks come first."""
    first = {key: schema[key] for key in ("type", "properties", "required") if key in schema}
    return {**first, **schema}
