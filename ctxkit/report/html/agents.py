"""The agents: all side by side, then the window of each: how full, what is in it, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctxkit.model import NO_TOKENS, Tokens
from ctxkit.report.cost import TURNS, Cost, Priced, cost_of
from ctxkit.report.figures import cents, full, money, percent, short_number
from ctxkit.report.html.markup import Bound, Markup, element, joined
from ctxkit.report.html.tables import Column, items_table, number, table
from ctxkit.report.html.tree import ORDER, Node, tree_of
from ctxkit.report.html.treemap import Measure, picture
from ctxkit.report.summary import Summary, summarise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ctxkit.model import Category
    from ctxkit.model.audit import AgentAudit, Audit
    from ctxkit.model.finding import Waste
    from ctxkit.model.score import AgentScore
    from ctxkit.report.html.tree import Places

_BAR = 1000
_TITLES = {Measure.START: "In the first request", Measure.LATER: "May come later"}
_NOTES = 20


@dataclass(frozen=True, slots=True)
class Face:
    """One agent as the page shows it.

    ``waste``: what findings together say is not needed; ``removable``: as much of it as their cuts take out.
    """

    audit: AgentAudit
    summary: Summary
    tree: Node
    cost: Cost | None
    model: Priced | None
    waste: Waste | None
    removable: Waste | None
    score: AgentScore | None

    @property
    def identity(self) -> str:
        """The id of its section."""
        return f"agent-{self.audit.context.agent}"

    @property
    def more(self) -> str:
        """The sign of a sum to which something belongs that nobody has counted."""
        return "" if self.summary.whole else "+"


def faces_of(audit: Audit, models: Mapping[str, Priced], places: Places) -> list[Face]:
    """The agents, heaviest first."""
    wastes = {waste.agent: waste for waste in audit.findings.wasted}
    removables = {waste.agent: waste for waste in audit.findings.removable}
    scores = {part.agent: part for part in audit.score.agents} if audit.score is not None else {}
    faces = []
    for agent in audit.agents:
        summary, name = summarise(agent), agent.context.agent
        model = models.get(agent.context.model)
        cost = cost_of(summary.start.n, model)
        said = (wastes.get(name), removables.get(name), scores.get(name))
        faces.append(Face(agent, summary, tree_of(agent, places), cost, model, *said))
    return sorted(faces, key=lambda face: (-face.summary.start.n, face.audit.context.agent))


def side_by_side(faces: Sequence[Face]) -> Markup:
    """All agents in one table; each name leads to its window."""
    scored = any(face.score for face in faces)
    wasted = any(face.waste and face.waste.start.n for face in faces)
    columns = [Column("Agent"), Column("In the window"), Column("Used", True), Column("Tokens", True, True)]
    columns += [Column(f"{TURNS} turns", True)]
    columns += [Column("Not needed", True)] if wasted else []
    columns += [Column("Score", True)] if scored else []
    rows = [_row(face, wasted, scored) for face in faces]
    return element(
        "section",
        element("h2", "Agents ", element("span", f"{len(faces)}", class_="n"), id="agents-title"),
        table(
            f"What each sends before your first word, and what {TURNS} turns of that cost with the prompt cache",
            columns,
            rows,
            "agent-list",
        ),
        _plus(faces),
        id="agents",
        aria_labelledby="agents-title",
    )


def _plus(faces: Sequence[Face]) -> Markup:
    if all(face.summary.whole for face in faces):
        return Markup("")
    return element(
        "p", "+ and what nobody has counted: an agent's own prompt and tools, or those of a server.", class_="quiet"
    )


def _row(face: Face, wasted: bool, scored: bool) -> Markup:
    context, start = face.audit.context, face.summary.start
    share = start.n / context.window if context.window else 0
    said = cents(face.cost.cached_100) + face.more if face.cost else "?"
    cells = [
        element(
            "th",
            element("a", context.name, href=f"#{face.identity}"),
            element("span", context.model, class_="quiet"),
            scope="row",
            data_v=context.name,
        ),
        element("td", _gauge(face, context.window), data_v=f"{share:.6f}"),
        number(percent(share) if context.window else "?", share),
        number(element("b", full(start), face.more), start.n),
        number(said, face.cost.cached_100 if face.cost else 0),
    ]
    if wasted:
        waste = face.waste.start if face.waste else NO_TOKENS
        cells.append(number(full(waste) if waste.n else "-", waste.n))
    if scored:
        cells.append(number(f"{face.score.value}" if face.score else "-", face.score.value if face.score else 0))
    return element("tr", cells)


def _gauge(face: Face, whole: int) -> Markup:
    """The window as a bar: a piece for each category; the rest of ``whole`` is free. Numbers stand beside it."""
    by_category = face.summary.by_category
    return _bar([(by_category[c].n, f"f-{c.value}") for c in ORDER], max(whole, face.summary.start.n))


def _bar(pieces: Sequence[tuple[int, str]], whole: int) -> Markup:
    """A bar of (tokens, class) pieces, as long as ``whole`` tokens."""
    rects, x = [], 0.0
    for tokens, name in pieces:
        width = tokens / (whole or 1) * _BAR
        if tokens:
            rects.append(element("rect", x=x, y=0, width=width, height=10, class_=name))
        x += width
    return element(
        "svg", rects, class_="gauge", viewBox=f"0 0 {_BAR} 10", preserveAspectRatio="none", aria_hidden="true"
    )


def window_section(face: Face, hidden_note: str, tiles: Bound, items: Bound) -> Markup:
    """The window of one agent; ``tiles`` and ``items`` bound its pictures and its table."""
    context = face.audit.context
    title = f"{face.identity}-title"
    said = f"{context.version} · {context.model}" if context.version else context.model
    return element(
        "section",
        element("h2", context.name, " ", element("span", said, class_="quiet"), id=title),
        _figures(face),
        _gauge(face, context.window) if context.window else "",
        _legend(face),
        _map(face, Measure.START, tiles),
        _map(face, Measure.LATER, tiles),
        _before_after(face),
        element("p", hidden_note, class_="quiet") if hidden_note else "",
        items_table(face.audit, f"items-{context.agent}", items),
        _notes(face),
        id=face.identity,
        class_="agent",
        aria_labelledby=title,
    )


def _figures(face: Face) -> Markup:
    context, summary, cost = face.audit.context, face.summary, face.cost
    at_least = "" if summary.whole else "at least "
    start = summary.start
    error = f"±{max(1, round(start.error * 100))} %" if not start.exact and start.error else "counted exactly"
    figures = [(f"{at_least}{full(start)}", "tokens before your first word", error)]
    if context.window:
        figures.append((percent(start.n / context.window), f"of a window of {short_number(context.window)}", ""))
    if cost:
        uncached = f"{money(cost.uncached_100)} without the cache"
        figures.append((f"{at_least}{money(cost.cached_100)}", f"for {TURNS} turns, cached", uncached))
    if summary.later_tokens.n:
        figures.append((full(summary.later_tokens), "more may come later", "at most"))
    if face.score:
        parts = ", ".join(f"{addend.name} {addend.points:g}" for addend in face.score.addends)
        figures.append((f"{face.score.value}", "bloat score of 100", parts))
    made = [
        element("div", element("dt", said), element("dd", element("b", value), element("span", aside) if aside else ""))
        for value, said, aside in figures
    ]
    return element("dl", made, class_="figures")


def _legend(face: Face) -> Markup:
    window = face.audit.context.window
    entries = []
    for category in ORDER:
        tokens = face.summary.by_category[category]
        if not tokens.n:
            continue
        share = percent(tokens.n / window) if window else ""
        entries.append(element("li", _swatch(category), f"{category.value} ", element("b", full(tokens)), f" {share}"))
    free = window - face.summary.start.n
    if free > 0:
        entries.append(
            element("li", element("i", class_="free"), "free ", element("b", f"{free:,}"), f" {percent(free / window)}")
        )
    return element("ul", entries, class_="legend")


def _swatch(category: Category) -> Markup:
    return element("i", class_=f"b-{category.value}")


_SAID = {
    Measure.START: "Area: tokens of the first request. ",
    Measure.LATER: "Area: tokens that may come later, at most: rules of directories and patterns, skills, commands. ",
}


def _map(face: Face, measure: Measure, tiles: Bound) -> Markup:
    context = face.audit.context
    tokens = measure.of(face.tree)
    if not tokens.n:
        return Markup("")
    identity = f"{measure.value}-{context.agent}"
    found = any(node.found and measure.of(node).n for node in face.tree.walk())
    return element(
        "figure",
        element(
            "div",
            element("h3", _TITLES[measure], " ", element("span", f"{full(tokens)} tokens", class_="quiet")),
            class_="map-bar",
        ),
        element("div", picture(face.tree, context.name, identity, measure, context.window, tiles), class_="map-box"),
        element(
            "figcaption",
            _SAID[measure],
            "Hatched: a finding says that something of it is not needed. " if found else "",
            element("span", "Click or Enter goes in, Escape goes out, arrow keys move.", class_="live"),
        ),
        class_="treemap",
        id=f"map-{identity}",
    )


def _before_after(face: Face) -> Markup:
    """The window now, without what cuts take out, and without all that findings say is not needed."""
    waste = face.waste.start if face.waste else NO_TOKENS
    cuts = face.removable.start if face.removable else NO_TOKENS
    if not waste.n:
        return Markup("")
    rows = [_state("Now", face, NO_TOKENS)]
    rows += [_state("With the proposed cuts", face, cuts)] if cuts.n else []
    rows += [_state("Without all that is not needed", face, waste)] if waste.n > cuts.n else []
    columns = (
        Column("Window"),
        Column("Kept"),
        Column("Tokens", True),
        Column("Fewer", True),
        Column("Fewer, %", True),
        Column(f"{TURNS} turns", True),
        Column("Saved", True),
    )
    said = "Before and after. Cuts are removal alone; the rest of what is not needed takes a decision"
    return element("div", table(said, columns, rows, sort=False), class_="compare")


def _state(name: str, face: Face, less: Tokens) -> Markup:
    start = face.summary.start
    left = Tokens(max(0, start.n - less.n), start.exact and less.exact)
    before, after = face.cost, cost_of(left.n, face.model)
    saved = before.cached_100 - after.cached_100 if before and after else 0.0
    return element(
        "tr",
        element("th", name, scope="row"),
        element("td", _bar([(left.n, "f-kept"), (start.n - left.n, "f-gone")], start.n)),
        number([full(left), face.more], left.n),
        number(full(less) if less.n else "-", less.n),
        number(percent(less.n / start.n) if less.n else "-", less.n),
        number([cents(after.cached_100), face.more] if after else "?", after.cached_100 if after else 0),
        number(cents(saved) if saved > 0 else "-", saved),
    )


def _notes(face: Face) -> Markup:
    notes = face.audit.context.notes[:_NOTES]
    return element("ul", (element("li", note) for note in notes), class_="notes") if notes else joined("")
