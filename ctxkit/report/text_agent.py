"""One agent's window as text: how full it is at the start, what to cut first, what comes later, what it costs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ctxkit.model import Activation, Category, Segment, Tokens
from ctxkit.report.cost import TURNS, Priced, cost_of
from ctxkit.report.figures import count, full, money, percent, price
from ctxkit.report.layout import (
    Cell,
    Column,
    Row,
    Screen,
    Style,
    columns_of,
    heading,
    paragraph,
    parted,
    stacked_bar,
    table,
)
from ctxkit.report.summary import BUILT_IN, SERVER, Summary, added, rest_of, sections
from ctxkit.report.text_use import use_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.model.audit import AgentAudit

SHADES: dict[Category, tuple[int, Style]] = {
    Category.SYSTEM: (0, Style.SYSTEM),
    Category.TOOLS: (1, Style.TOOLS),
    Category.RULES: (2, Style.RULES),
    Category.FILES: (3, Style.FILES),
    Category.HISTORY: (4, Style.HISTORY),
}
"""Shade (index into the glyphs) and colour of each category, in the order of the bar."""

_WHEN = {
    Activation.LAZY_DIR: "once a file in or under their directory is read",
    Activation.GLOB: "once a file that matches their patterns is read",
    Activation.DESCRIBED: "once the model asks; name and description are in already",
    Activation.NAMED: "once the model asks; the name is in already",
    Activation.MANUAL: "only when you ask for them",
}
_KINDS = {"memory": "memory file", SERVER: "MCP server", "mcp-own": "set of resource tools"}
_FRAMING = "framing"
"""The kind of a segment for what an agent writes around rule files and listings."""
_NUMBERS = 36
"""Columns that stand before a path in the widest list."""
_SECTIONS_OF = 3
"""So many files are shown with four sections, the others with two: the first ones are what to cut."""


def agent_text(audit: AgentAudit, summary: Summary, model: Priced | None, screen: Screen, top: int) -> Iterator[str]:
    """The lines of one agent, in parts divided by empty lines; ``top`` is how many rows the longest list has."""
    few = max(3, top // 2)
    parts = (
        _window(audit, summary, screen),
        _cuttable(summary, screen, top),
        _arrived(audit, summary, screen, top),
        _later(summary, screen, few),
        _servers(summary, screen),
        _unread(summary, screen, few),
        use_text(audit, screen, top),
        _cost(audit, summary, model, screen),
        _notes(audit, screen),
    )
    yield from parted(parts)


def _window(audit: AgentAudit, summary: Summary, screen: Screen) -> Iterator[str]:
    context = audit.context
    size = f"window of {context.window:,}" if context.window else "window unknown"
    yield heading(f"{context.name} {context.version}".strip(), screen, f"{context.model}, {size}")
    said = _gone(summary.start, summary.whole, context.window, screen)
    history = summary.by_category[Category.HISTORY].n
    when = "With the session's history" if history else "Before your first word"
    yield from paragraph(f"{when}: {said}.", screen, style=_severity(summary.start.n, context.window))
    if missing := list(_missing(summary)):
        yield from paragraph(f"Not counted: {' and '.join(missing)}.", screen, style=Style.WARN)
    yield ""
    shares = [(summary.by_category[c].n / (context.window or 1), shade, style) for c, (shade, style) in SHADES.items()]
    yield "  " + stacked_bar(shares, screen.width - 2, screen)
    rows = [
        (
            Cell(screen.glyphs.shades[shade] * 2, style),
            Cell(category.value),
            Cell(full(tokens), Style.STRONG),
            Cell(percent(tokens.n / context.window) if context.window else ""),
            Cell(_made_of(audit, category), Style.QUIET),
        )
        for category, (shade, style) in SHADES.items()
        if (tokens := summary.by_category[category]).n
    ]
    yield from table(rows, (Column(), Column(), Column("right"), Column("right"), Column(cut="end")), screen)


def _missing(summary: Summary) -> Iterator[str]:
    if not summary.measured:
        yield "its own prompt and tools (nobody has measured them)"
    if summary.uncounted:
        names = ", ".join(segment.title for segment in summary.uncounted)
        yield f"the tools of {count(len(summary.uncounted), 'MCP server')} ({names})"


def _gone(tokens: Tokens, whole: bool, window: int, screen: Screen) -> str:
    """``at least ~31,204 tokens (±8 %), 15.6 % of the window``; "at least" where the count is not ``whole``."""
    error = ""
    if not tokens.exact and tokens.error:
        error = f" ({screen.glyphs.plus_minus}{max(1, round(tokens.error * 100))} %)"
    share = f", {percent(tokens.n / window)} of the window" if window else ""
    return f"{'' if whole else 'at least '}{full(tokens)} tokens{error}{share}"


def _severity(tokens: int, window: int) -> Style:
    return Style.BAD if window and tokens / window >= 0.25 else Style.STRONG


def _made_of(audit: AgentAudit, category: Category) -> str:
    """``5 rules, 12 skills, ~88 of wrapping``: what the tokens of a category are."""
    found: Counter[str] = Counter()
    for segment in audit.context.segments:
        if segment.loaded and segment.category is category:
            found[segment.kind] += 1
    built_in = found.pop(BUILT_IN, 0)
    found.pop(_FRAMING, None)
    named = [_counted(n, kind) for kind, n in sorted(found.items(), key=lambda kind: (-kind[1], kind[0]))]
    wrapped = added(s.tokens for s in audit.context.segments if s.category is category and s.kind == _FRAMING)
    wrapping = [f"{full(wrapped)} of wrapping"] if wrapped.n else []
    return ", ".join([*(["built in"] if built_in else []), *named, *wrapping])


def _counted(n: int, kind: str) -> str:
    return count(n, _KINDS.get(kind, kind))


_CUT_COLUMNS = (Column("right"), Column("right"), Column(), Column(cut="middle", least=20))


def _cuttable(summary: Summary, screen: Screen, top: int) -> Iterator[str]:
    if not summary.cuttable:
        return
    yours = added(segment.tokens for segment in summary.cuttable)
    yield heading("Yours to cut, largest first", screen, f"{full(yours)} tokens in every request")
    rows: list[Row] = []
    shown = _shown(len(summary.cuttable), top)
    for at, segment in enumerate(summary.cuttable[:shown]):
        rows.append(
            (
                Cell(full(segment.tokens), Style.STRONG),
                Cell(percent(segment.tokens.n / summary.start.n)),
                Cell(segment.kind, Style.QUIET),
                Cell(_with_origin(segment, screen)),
            )
        )
        rows.extend(_section_rows(segment, summary, 4 if at < _SECTIONS_OF else 2))
    if rest := summary.cuttable[shown:]:
        total = added(segment.tokens for segment in rest)
        texts = (full(total), percent(total.n / summary.start.n), "", f"{len(rest):,} more")
        rows.append(tuple(Cell(text, Style.QUIET) for text in texts))
    yield from table(rows, _CUT_COLUMNS, screen)


def _section_rows(segment: Segment, summary: Summary, most: int) -> Iterator[Row]:
    parts = sections(segment)
    if len(parts) < 2 or segment.tokens.n * 100 < summary.start.n:
        return
    worth = [part for part in parts[:most] if part[1].n * 20 >= segment.tokens.n]
    if rest := parts[len(worth) :]:
        worth.append((count(len(rest), f"more {segment.children[0].kind}"), added(tokens for _, tokens in rest)))
    for title, tokens in worth:
        share = percent(tokens.n / summary.start.n)
        yield Cell(full(tokens)), Cell(share), Cell(), Cell(f"  {title}", Style.QUIET)


def _with_origin(segment: Segment, screen: Screen) -> str:
    """The path, and the file that imports it where both fit."""
    path = where(segment)
    if not segment.via:
        return path
    text = f"{path} {screen.glyphs.arrow} {segment.via[-1]}"
    return text if columns_of(text) <= screen.width - _NUMBERS else path


def where(segment: Segment) -> str:
    """The path of a segment, or what it is called where it has none or shares it with others."""
    return segment.title if segment.path is None or segment.kind == SERVER else segment.path


def _arrived(audit: AgentAudit, summary: Summary, screen: Screen, top: int) -> Iterator[str]:
    if not audit.touched:
        return
    files = ", ".join(path for path in sorted(audit.touched))
    total = summary.start + summary.arrived_tokens
    yield heading(f"After reading {files}", screen)
    if not summary.arrived:
        yield "  No further rule comes with it."
        return
    yield from paragraph(
        f"{_gone(total, summary.whole, audit.context.window, screen)}; {full(summary.arrived_tokens)} of it new.",
        screen,
    )
    yield from _list([(rest_of(s), s, s.kind) for s in summary.arrived], screen, top, 2)


def _later(summary: Summary, screen: Screen, most: int) -> Iterator[str]:
    if not summary.later:
        return
    yield heading("Comes later", screen, f"{full(summary.later_tokens)} at most")
    for activation, when in _WHEN.items():
        group = [segment for segment in summary.later if segment.activation is activation]
        if not group:
            continue
        kinds = Counter(segment.kind for segment in group)
        what = ", ".join(_counted(n, kind) for kind, n in sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0])))
        yield from paragraph(f"{activation.value}: {what}, {when}", screen, hang=2)
        yield from _list([(rest_of(s), s, "") for s in group], screen, most, 4)


def _servers(summary: Summary, screen: Screen) -> Iterator[str]:
    if not summary.servers:
        return
    yield heading(
        "MCP servers", screen, f"{sum(s.loaded for s in summary.servers):,} of {len(summary.servers):,} start"
    )
    rows: list[Row] = [
        (
            Cell(server.title, Style.STRONG if server.loaded else Style.QUIET),
            _server_tokens(server, summary),
            Cell(count(len(server.children), "tool") if server.children else ""),
            Cell(server.path or ""),
            Cell(server.why, Style.QUIET),
        )
        for server in summary.servers
    ]
    columns = (Column(cut="end", least=12), Column("right"), Column("right"), Column(cut="middle", least=12))
    yield from table(rows, (*columns, Column(cut="end", least=16)), screen)
    if summary.uncounted:
        how = "Ask such a server with ctxkit tools --live, or give its answer to tools/list: --tools NAME=FILE."
        yield from paragraph(how, screen, hang=2)


def _server_tokens(server: Segment, summary: Summary) -> Cell:
    if server in summary.uncounted:
        return Cell("?", Style.WARN)
    return Cell(full(server.tokens)) if server.loaded else Cell("-", Style.QUIET)


def _unread(summary: Summary, screen: Screen, most: int) -> Iterator[str]:
    if summary.unread:
        yield heading("Not loaded", screen)
        yield from _list([(s.tokens_if_used, s, s.why) for s in summary.unread], screen, most, 2)


def _list(items: Sequence[tuple[Tokens, Segment, str]], screen: Screen, most: int, indent: int) -> list[str]:
    shown = _shown(len(items), most)
    rows: list[Row] = [(Cell(full(n)), Cell(where(s)), Cell(aside, Style.QUIET)) for n, s, aside in items[:shown]]
    if rest := items[shown:]:
        total = added(tokens for tokens, _, _ in rest)
        rows.append((Cell(full(total), Style.QUIET), Cell(f"{len(rest):,} more", Style.QUIET), Cell()))
    return table(rows, (Column("right"), Column(cut="middle", least=24), Column(cut="end", least=20)), screen, indent)


def _shown(there: int, most: int) -> int:
    """How many of ``there`` rows to show: one more costs no more than the line that says it was left out."""
    return there if there <= most + 1 else most


def _cost(audit: AgentAudit, summary: Summary, model: Priced | None, screen: Screen) -> Iterator[str]:
    cost = cost_of(summary.start.n, model)
    if cost is None or model is None or not summary.start.n:
        return
    prices = model.prices_at(summary.start.n)
    cached = prices.cached_read
    said = (
        f"{price(prices.input)} in" + ("" if cached is None else f", {price(cached)} cached") + ", per million tokens"
    )
    yield heading(f"What {'this start' if summary.whole else 'the counted part'} costs", screen, said)
    rows: list[Row] = [(Cell(), Cell("a turn", Style.QUIET), Cell(f"{TURNS} turns", Style.QUIET), Cell())]
    if cached is not None:
        how = "the first turn fills the cache, 99 read it"
        rows.append(_cost_row("cached", cost.cached, cost.cached_100, how))
    rows.append(_cost_row("uncached", cost.uncached, cost.uncached_100, "every turn pays for all of it as new input"))
    yield from table(rows, (Column(), Column("right"), Column("right"), Column(cut="end")), screen)


def _cost_row(name: str, turn: float, turns: float, how: str) -> Row:
    return Cell(name), Cell(money(turn)), Cell(money(turns), Style.STRONG), Cell(how, Style.QUIET)


def _notes(audit: AgentAudit, screen: Screen) -> Iterator[str]:
    if audit.context.notes:
        yield heading("Bear in mind", screen)
    for note in audit.context.notes:
        yield from paragraph(f"{screen.glyphs.dot} {note}", screen, hang=2, style=Style.QUIET)
