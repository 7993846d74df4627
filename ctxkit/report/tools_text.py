"""``ctxkit tools`` as text: the agents side by side, one agent's servers and largest tools, and the next step."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ctxkit.model import Activation
from ctxkit.report.cost import TURNS, Priced, cost_of
from ctxkit.report.figures import cents, count, full, money, percent, short, short_number
from ctxkit.report.layout import Cell, Column, Row, Screen, Style, heading, paragraph, table
from ctxkit.report.summary import added
from ctxkit.report.tools_summary import Reach, is_deferred, offered, reach, shared
from ctxkit.sources.tool_files import LIVE, LOCK_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ctxkit.model import Tokens
    from ctxkit.model.tools import AgentTools, ServerTools, ToolsReport

_MORE = "+"
_NAME = 10
_NOBODY = (Cell("?", Style.WARN),) * 5
_QUIET = Style.QUIET


def tools_text(
    report: ToolsReport,
    models: Mapping[str, Priced],
    screen: Screen,
    path: str,
    top: int,
    every_agent: bool,
    locked: bool = False,
) -> Iterator[str]:
    """The report line by line; the parameters as in :func:`ctxkit.report.text.audit_text`.

    ``locked``: the lock file has been dealt with in this run.
    """
    found = sorted(((agent, reach(agent)) for agent in report.agents), key=_weight)
    parts = [list(_side_by_side(found, models, screen)), list(_shared(report, screen, top))]
    for agent, sums in found if every_agent else found[:1]:
        parts.append(list(_window(agent, sums, models.get(agent.model), screen)))
        parts.append(list(_servers(agent, sums, screen, top)))
        parts.append(list(_largest(agent, screen, top)))
    parts.append(list(_trouble(report, screen)))
    parts.append(list(_skipped(report, screen, top)))
    parts.append(list(_next(report, found, screen, path, every_agent, locked)))
    lines = [part for part in parts if part]
    for at, part in enumerate(lines):
        if at:
            yield ""
        yield from part


Found = list[tuple["AgentTools", Reach]]


def _weight(found: tuple[AgentTools, Reach]) -> tuple[int, int, str]:
    return -found[1].start.n, -found[1].whole.n, found[0].agent


def _side_by_side(found: Found, models: Mapping[str, Priced], screen: Screen) -> Iterator[str]:
    if len(found) < 2:
        return
    yield heading(
        f"MCP tools of {count(len(found), 'agent')}", screen, f"tokens before your first word; {TURNS} turns cached"
    )
    names = ("", "servers", "tools", "tokens", "used", "later", f"{TURNS} turns")
    rows: list[Row] = [tuple(Cell(name, _QUIET) for name in names)]
    rows += [_row(agent, sums, models.get(agent.model)) for agent, sums in found]
    columns = (Column(cut="end", least=_NAME), *(Column("right") for _ in names[1:]))
    yield from table(rows, columns, screen, gap=2 if screen.width > 72 else 1)
    if any(sums.unknown and sums.unknown != sums.running for _, sums in found):
        yield from paragraph(f"{_MORE} and servers whose tools nobody has counted", screen, style=Style.WARN)


def _row(agent: AgentTools, sums: Reach, model: Priced | None) -> Row:
    head = Cell(agent.name, Style.STRONG), Cell(_of(len(sums.running), len(agent.servers)))
    if sums.running and sums.unknown == sums.running:
        return *head, *_NOBODY
    more = _MORE if sums.unknown else ""
    cost = cost_of(sums.start.n, model)
    later = _later(sums)
    return (
        *head,
        Cell(f"{sums.tools:,}{more}"),
        Cell(short(sums.start) + more, Style.STRONG),
        Cell(percent(sums.start.n / agent.window) if agent.window else "?"),
        Cell(short_number(later) if later else "-"),
        Cell(cents(cost.cached_100) + more if cost else "?"),
    )


def _of(n: int, whole: int) -> str:
    return f"{n:,}" if n == whole else f"{n:,} of {whole:,}"


def _later(sums: Reach) -> int:
    return max(0, sums.whole.n - sums.start.n)


def _shared(report: ToolsReport, screen: Screen, top: int) -> Iterator[str]:
    found = shared(report.agents)
    if not found:
        return
    yield heading("The same server, agent by agent", screen, "tokens with every definition in")
    rows: list[Row] = []
    for one in found[:top]:
        (least, low), (most, high) = one.costs[0], one.costs[-1]
        factor = f"{high.n / low.n:.1f} {screen.glyphs.times}" if low.n else ""
        rows.append(
            (
                Cell(one.server, Style.STRONG),
                Cell(full(low)),
                Cell(least.name, _QUIET),
                Cell(full(high), Style.STRONG),
                Cell(most.name, _QUIET),
                Cell(factor),
            )
        )
    name = Column(cut="end", least=_NAME)
    yield from table(rows, (name, Column("right"), name, Column("right"), name, Column("right")), screen)
    if len(found) > top:
        yield f"  {len(found) - top:,} more; all of them: --format json"


def _window(agent: AgentTools, sums: Reach, model: Priced | None, screen: Screen) -> Iterator[str]:
    size = f"window of {agent.window:,}" if agent.window else "window unknown"
    yield heading(f"{agent.name} {agent.version}".strip(), screen, f"{agent.model}, {size}")
    if sums.running and sums.unknown == sums.running:
        servers = count(len(sums.running), "server starts", "servers start")
        yield from paragraph(f"{servers}; nobody has counted the tools.", screen, style=Style.WARN)
        return
    at_least = "at least " if sums.unknown else ""
    cost = cost_of(sums.start.n, model)
    price = f", {money(cost.cached_100)} for {TURNS} turns cached" if cost else ""
    yield from paragraph(
        f"{count(sums.tools, 'tool')} of {count(len(sums.running), 'server')}: {at_least}{_gone(sums.start, agent)}"
        f" in every request{price}.",
        screen,
        style=Style.STRONG,
    )
    if later := _later(sums):
        approximate = "" if sums.whole.exact else "~"
        share = f", {percent(sums.whole.n / agent.window)} of the window with all of them" if agent.window else ""
        yield from paragraph(f"Deferred: {approximate}{later:,} more as the model searches for tools{share}.", screen)


def _gone(tokens: Tokens, agent: AgentTools) -> str:
    share = f" ({percent(tokens.n / agent.window)} of the window)" if agent.window else ""
    return f"{full(tokens)} tokens{share}"


def _servers(agent: AgentTools, sums: Reach, screen: Screen, top: int) -> Iterator[str]:
    paths = {server.path for server in agent.servers}
    start = f"{_of(len(sums.running), len(agent.servers))} start"
    yield heading("Servers, largest first", screen, f"{paths.pop()}: {start}" if len(paths) == 1 else start)
    late = any(is_deferred(server) for server in agent.servers)
    names = ("now", "all in", *[""] * (4 if paths else 3))
    rows: list[Row] = [tuple(Cell(name, _QUIET) for name in names)] if late else []
    servers = sorted(agent.servers, key=lambda s: (not s.starts, -s.tokens_if_used.n, s.name, s.path))
    shown = servers if len(servers) <= 2 * top else servers[: 2 * top - 1]
    for server in shown:
        figures = [_figure(server, server.tokens), _figure(server, server.tokens_if_used)]
        rows.append(
            (
                *(figures if late else figures[:1]),
                Cell(server.name, Style.STRONG if server.starts else _QUIET),
                Cell(_tools(server)),
                *([Cell(server.path, _QUIET)] if paths else []),
                Cell(_state(server), _QUIET),
            )
        )
    if agent.own:
        own = [
            Cell(full(added(tool.tokens for tool in agent.own))),
            Cell(full(added(tool.tokens_if_used for tool in agent.own))),
        ]
        said = f"the agent's own: {', '.join(tool.name for tool in agent.own)}"
        rows.append(
            (
                *(own if late else own[:1]),
                Cell("resources", _QUIET),
                Cell(count(len(agent.own), "tool")),
                *([Cell()] if paths else []),
                Cell(said, _QUIET),
            )
        )
    right = Column("right")
    path = (Column(cut="middle"),) if paths else ()
    columns = (Column(cut="end", least=_NAME), Column(cut="end"), *path, Column(cut="end"))
    yield from table(rows, (*((right, right) if late else (right,)), *columns), screen)
    if rest := servers[len(shown) :]:
        yield f"  {len(rest):,} more, {full(added(s.tokens for s in rest))} tokens"


def _figure(server: ServerTools, tokens: Tokens) -> Cell:
    if not server.starts:
        return Cell("-", _QUIET)
    return Cell(full(tokens)) if server.known else Cell("?", Style.WARN)


def _tools(server: ServerTools) -> str:
    if not server.known:
        return "tools unknown" if server.starts else ""
    kept = len(offered(server))
    return f"{kept:,} of {count(len(server.tools), 'tool')}" if kept < len(server.tools) else count(kept, "tool")


def _state(server: ServerTools) -> str:
    if not server.starts:
        return server.why
    if not server.known:
        return f"{server.transport}: {server.command}"
    origin = server.origin.rpartition("/")[2]
    said = {LIVE: "just asked", LOCK_NAME: "locked"}.get(origin, f"from {server.origin}")
    parts = [server.version, said]
    if server.instructions.n:
        parts.append(f"{full(server.instructions)} of it instructions")
    if left_out := [tool.why for tool in server.tools if tool.activation is Activation.NEVER]:
        parts.append(f"{len(left_out):,} not sent: {left_out[0]}")
    return ", ".join(filter(None, parts))


def _largest(agent: AgentTools, screen: Screen, top: int) -> Iterator[str]:
    pairs = [(tool, server) for server in agent.servers if server.starts for tool in offered(server)]
    if not pairs:
        return
    pairs.sort(key=lambda pair: (-pair[0].tokens_if_used.n, pair[1].name, pair[0].name))
    shown = pairs[:top]
    rest = pairs[len(shown) :]
    yield heading("Largest tools", screen, "where their tokens are")
    rows: list[Row] = [
        tuple(Cell(name, _QUIET) for name in ("all in", "description", "schema", "tool", "server")),
        *(
            (
                Cell(full(tool.tokens_if_used), Style.STRONG),
                Cell(f"{tool.described:,}"),
                Cell(f"{tool.schema:,}"),
                Cell(tool.name),
                Cell(server.name, _QUIET),
            )
            for tool, server in shown
        ),
    ]
    if rest:
        whole = added(tool.tokens_if_used for tool, _ in rest)
        described, schema = (sum(getattr(tool, part) for tool, _ in rest) for part in ("described", "schema"))
        texts = (full(whole), f"{described:,}", f"{schema:,}", f"{len(rest):,} more", "")
        rows.append(tuple(Cell(text, _QUIET) for text in texts))
    right = Column("right")
    yield from table(rows, (right, right, right, Column(cut="end", least=20), Column(cut="end", least=8)), screen)


def _trouble(report: ToolsReport, screen: Screen) -> Iterator[str]:
    found: dict[tuple[str, str], list[str]] = {}
    for agent in report.agents:
        for server in agent.servers:
            for said in server.trouble:
                found.setdefault((server.name, said), []).append(agent.name)
    if found:
        yield heading("Trouble with servers", screen, f"{len(found):,}")
    for (name, said), agents in found.items():
        whose = "" if len(report.agents) == 1 else f" ({', '.join(dict.fromkeys(agents))})"
        yield from paragraph(f"{name}{whose}: {said}", screen, hang=2, style=Style.WARN)


def _skipped(report: ToolsReport, screen: Screen, top: int) -> Iterator[str]:
    if report.skipped:
        yield heading("Could not read", screen, f"{len(report.skipped):,}")
    for item in report.skipped[:top]:
        hint = f" ({item.hint})" if item.hint else ""
        yield from paragraph(f"{item.path}: {item.reason}{hint}", screen, hang=2, style=Style.WARN)


def _next(
    report: ToolsReport, found: Found, screen: Screen, path: str, every_agent: bool, locked: bool
) -> Iterator[str]:
    if report.without:
        said = f"No MCP server in the files of {', '.join(report.without)}."
        yield from paragraph(said, screen, indent=0, hang=2, style=_QUIET)
    option, why = _suggested(found, every_agent, locked)
    place = "" if path == "." else f" {shlex.quote(path)}"
    yield from paragraph(f"Next: ctxkit tools{place} {option}  ({why})", screen, indent=0, hang=6, style=Style.STRONG)


def _suggested(found: Found, every_agent: bool, locked: bool) -> tuple[str, str]:
    unknown: Sequence[ServerTools] = [server for _, sums in found for server in sums.unknown]
    if any(not server.trouble for server in unknown):
        return "--live", "starts the servers, after showing what it runs, and asks for their tools"
    if unknown:
        return f"--tools {shlex.quote(unknown[0].name)}=FILE", "takes a saved answer to tools/list instead"
    waiting = [server for agent, _ in found for server in agent.servers if server.pending and not server.known]
    if waiting:
        return f"--live --server {shlex.quote(waiting[0].name)}", "asks a server that waits for your approval"
    if len(found) > 1 and not every_agent:
        return f"--agent {found[1][0].agent}", f"the same for {found[1][0].name}"
    if not locked and any(server.origin == LIVE for _, sums in found for server in sums.running):
        return "--live --lock", "keeps these numbers in ctxkit-tools.lock, for audits without a server"
    return "--format json", "every tool"
