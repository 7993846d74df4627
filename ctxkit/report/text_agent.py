"""One agent's window as text: how full it is at the start, with what, what to cut first, what comes later, what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ctxkit.model import Activation, Category, Segment, Tokens
from ctxkit.model.audit import AgentAudit
from ctxkit.report.cost import TURNS, Prices, cost_of
from ctxkit.report.figures import count, full, money, percent
from ctxkit.report.layout import Cell, Column, Screen, Style, clean, heading, paragraph, stacked_bar, table
from ctxkit.report.summary import Summary, added, rest_of, sections

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
    Activation.DESCRIBED: "when the model opens them; name and description count already",
    Activation.NAMED: "when the model opens them; their names count already",
    Activation.MANUAL: "only when you mention them",
}


def agent_text(audit: AgentAudit, summary: Summary, prices: Prices | None, screen: Screen, top: int) -> Iterator[str]:
    """The lines of one agent, in parts divided by empty lines; ``top`` is how many rows the longest list has."""
    parts = (
        _window(audit, summary, screen),
        _cuttable(summary, screen, top),
        _arrived(audit, summary, screen, top),
        _later(summary, screen, top),
        _servers(audit, screen),
        _unread(summary, screen, top),
        _cost(audit, summary, prices, screen),
        _notes(audit, screen),
    )
    first = True
    for part in parts:
        lines = list(part)
        if lines:
            if not first:
                yield ""
            yield from lines
            first = False


def gone(tokens: Tokens, window: int, screen: Screen) -> str:
    """``~31,204 tokens (±8 %), 15.6 % of the window``."""
    error = f" ({screen.glyphs.plus_minus}{tokens.error * 100:.0f} %)" if not tokens.exact and tokens.error else ""
    share = f", {percent(tokens.n / window)} of the window" if window else ""
    return f"{full(tokens)} tokens{error}{share}"


def window_bar(summary: Summary, window: int, width: int, screen: Screen) -> str:
    """The window as one bar, a shade and a colour for each category."""
    return stacked_bar(
        [(summary.by_category[c].n / (window or 1), shade, style) for c, (shade, style) in SHADES.items()], width, screen
    )


def _window(audit: AgentAudit, summary: Summary, screen: Screen) -> Iterator[str]:
    context = audit.context
    size = f"window of {context.window:,}" if context.window else "window unknown"
    yield heading(f"{clean(context.name)} {clean(context.version)}".strip(), screen, f"{clean(context.model)}, {size}")
    said = gone(summary.start, context.window, screen)
    yield from paragraph(f"Before your first word: {said}.", screen, style=_severity(summary.start.n, context.window))
    yield ""
    yield "  " + window_bar(summary, context.window, screen.width - 2, screen)
    rows = []
    for category, (shade, style) in SHADES.items():
        tokens = summary.by_category[category]
        if tokens.n:
            share = percent(tokens.n / context.window) if context.window else ""
            rows.append(
                (
                    Cell(screen.glyphs.shades[shade] * 2, style),
                    Cell(category.value),
                    Cell(full(tokens), Style.STRONG),
                    Cell(share),
                    Cell(_made_of(audit, category), Style.QUIET),
                )
            )
    yield from table(rows, _WINDOW_COLUMNS, screen)


_WINDOW_COLUMNS = (Column(), Column(), Column("right"), Column("right"), Column(cut="end"))


def _severity(tokens: int, window: int) -> Style:
    share = tokens / window if window else 0.0
    return Style.BAD if share >= 0.25 else Style.STRONG


def _made_of(audit: AgentAudit, category: Category) -> str:
    """``5 rules, 12 skills``: what the tokens of a category are."""
    found: Counter[str] = Counter()
    for segment in audit.context.segments:
        if segment.loaded and segment.category is category:
            found["built in" if segment.path is None else segment.kind] += 1
    named = [kind if kind == "built in" else count(n, clean(kind)) for kind, n in found.most_common()]
    return ", ".join(named)


_CUT_COLUMNS = (Column("right"), Column("right"), Column(cut="middle", least=24), Column(cut="end", least=12))


def _cuttable(summary: Summary, screen: Screen, top: int) -> Iterator[str]:
    if not summary.cuttable:
        return
    yield heading("Cut here first", screen, "tokens in every request, share of the start")
    rows: list[tuple[Cell, ...]] = []
    for at, segment in enumerate(summary.cuttable[:top]):
        rows.append(
            (
                Cell(full(segment.tokens), Style.STRONG),
                Cell(percent(segment.tokens.n / summary.start.n)),
                Cell(where(segment)),
                Cell(_origin(segment, screen), Style.QUIET),
            )
        )
        rows.extend(_section_rows(segment, summary, screen, 4 if at < 3 else 2))
    rest = summary.cuttable[top:]
    if rest:
        rows.append(_rest([segment.tokens for segment in rest]))
    yield from table(rows, _CUT_COLUMNS, screen)


def _section_rows(segment: Segment, summary: Summary, screen: Screen, most: int) -> Iterator[tuple[Cell, ...]]:
    parts = sections(segment)
    worth = [part for part in parts[:most] if part[1].n * 100 >= summary.start.n]
    if len(parts) < 2 or not worth:
        return
    for title, tokens in worth:
        yield (Cell(full(tokens)), Cell(), Cell(f"  {clean(title)}"), Cell())
    if rest := parts[len(worth) :]:
        total = added(tokens for _, tokens in rest)
        name = count(len(rest), "more section")
        yield (Cell(full(total), Style.QUIET), Cell(), Cell(f"  {name}", Style.QUIET), Cell())


def _rest(counts: Sequence[Tokens]) -> tuple[Cell, ...]:
    total = added(counts)
    return (Cell(full(total), Style.QUIET), Cell(), Cell(f"{len(counts):,} more", Style.QUIET), Cell())


def where(segment: Segment) -> str:
    """The path of a segment, or what it is called where it has none."""
    return clean(segment.path) if segment.path is not None else f"{segment.kind} {clean(segment.title)}"


def _origin(segment: Segment, screen: Screen) -> str:
    if segment.via:
        return f"{screen.glyphs.arrow} {clean(segment.via[-1])}"
    return "" if segment.kind == "rule" else clean(segment.kind)


def _arrived(audit: AgentAudit, summary: Summary, screen: Screen, top: int) -> Iterator[str]:
    if not audit.touched:
        return
    files = ", ".join(clean(path) for path in sorted(audit.touched))
    total = summary.start + summary.arrived_tokens
    yield heading(f"After reading {files}", screen)
    yield f"  {gone(total, audit.context.window, screen)}; {full(summary.arrived_tokens)} of it new."
    yield from _list(summary.arrived, screen, top)


def _later(summary: Summary, screen: Screen, top: int) -> Iterator[str]:
    if not summary.later:
        return
    yield heading("Comes later", screen, f"{full(summary.later_tokens)} at most")
    for activation, when in _WHEN.items():
        group = [segment for segment in summary.later if segment.activation is activation]
        if group:
            total = added(rest_of(segment) for segment in group)
            yield from paragraph(
                f"{activation.value}: {count(len(group), 'file')}, {full(total)}, {when}", screen, hang=2
            )
            yield from _list(group, screen, max(2, top // 3))


def _list(segments: Sequence[Segment], screen: Screen, most: int) -> Iterator[str]:
    # One row more costs no more than the line that says it was left out.
    shown = len(segments) if len(segments) <= most + 1 else most
    rows: list[tuple[Cell, ...]] = [
        (Cell(full(rest_of(s))), Cell(where(s)), Cell(_origin(s, screen), Style.QUIET)) for s in segments[:shown]
    ]
    if rest := segments[shown:]:
        total = added(rest_of(segment) for segment in rest)
        rows.append((Cell(full(total), Style.QUIET), Cell(f"{len(rest):,} more", Style.QUIET), Cell()))
    yield from table(rows, _LIST_COLUMNS, screen, indent=4)


_LIST_COLUMNS = (Column("right"), Column(cut="middle", least=24), Column(cut="end", least=12))


def _servers(audit: AgentAudit, screen: Screen) -> Iterator[str]:
    servers = [segment for segment in audit.context.segments if segment.kind == SERVER]
    if not servers:
        return
    yield heading("MCP servers", screen)


SERVER = "server"


def _unread(summary: Summary, screen: Screen, top: int) -> Iterator[str]:
    if not summary.unread:
        return
    most = max(2, top // 3)
    yield heading("Not loaded", screen)
    rows = [
        (Cell(full(s.tokens_if_used)), Cell(where(s)), Cell(clean(s.why), Style.QUIET)) for s in summary.unread[:most]
    ]
    if rest := summary.unread[most:]:
        rows.append((Cell(full(added(s.tokens_if_used for s in rest)), Style.QUIET), Cell(f"{len(rest):,} more", Style.QUIET), Cell()))
    yield from table(rows, _LIST_COLUMNS, screen)


def _cost(audit: AgentAudit, summary: Summary, prices: Prices | None, screen: Screen) -> Iterator[str]:
    cost = cost_of(summary.start.n, prices)
    if cost is None or prices is None:
        return
    yield heading("What this start costs", screen, clean(audit.context.model))
    rows = [(Cell(), Cell("a turn", Style.QUIET), Cell(f"{TURNS} turns", Style.QUIET), Cell())]
    if prices.cached_read is not None:
        rows.append((Cell("cached"), Cell(money(cost.cached)), Cell(money(cost.cached_100), Style.STRONG), Cell("first turn fills the cache, 99 read it", Style.QUIET)))
    rows.append((Cell("uncached"), Cell(money(cost.uncached)), Cell(money(cost.uncached_100), Style.STRONG), Cell("every turn pays the input price", Style.QUIET)))
    yield from table(rows, (Column(), Column("right"), Column("right"), Column(cut="end")), screen)


def _notes(audit: AgentAudit, screen: Screen) -> Iterator[str]:
    notes: Iterable[str] = audit.context.notes
    if not notes:
        return
    yield heading("Not in these numbers", screen)
    for note in notes:
        yield from paragraph(f"{screen.glyphs.dot} {clean(note)}", screen, hang=2, style=Style.QUIET)
