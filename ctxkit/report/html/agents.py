"""The agents: all side by side, then the window of each: how full, what is in it, with and without what is not needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctxkit.model import Category
from ctxkit.report.cost import TURNS, Cost, Priced, cost_of
from ctxkit.report.figures import cents, full, money, percent, short_number
from ctxkit.report.html.markup import Bound, Markup, element, joined
from ctxkit.report.html.tables import Column, items_table, number, table
from ctxkit.report.html.tree import ORDER, Node, tree_of
from ctxkit.report.html.treemap import picture
from ctxkit.report.summary import Summary, summarise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ctxkit.model import Tokens
    from ctxkit.model.audit import AgentAudit, Audit
    from ctxkit.model.finding import Waste
    from ctxkit.model.score import AgentScore, Score
    from ctxkit.report.html.tree import Places

_BAR = 1000
_NOTES = 20


@dataclass(frozen=True, slots=True)
class Face:
    """One agent as the page shows it. ``without``: what findings say of its first request is not needed, no token twice."""

    audit: AgentAudit
    summary: Summary
    tree: Node
    cost: Cost | None
    model: Priced | None
    waste: Tokens | None
    score: AgentScore | None

    @property
    def identity(self) -> str:
        """The id of its section."""
        return f"agent-{self.audit.context.agent}"

    @property
    def more(self) -> str:
        """The sign of a sum to which something belongs that nobody has counted."""
        return "" if self.summary.whole else "+"


def faces_of(
    audit: Audit, models: Mapping[str, Priced], places: Places, together: Sequence[Waste], score: Score | None
) -> list[Face]:
    """The agents, heaviest first."""
    wastes = {waste.agent: waste.start for waste in together}
    scores = {part.agent: part for part in score.agents} if score is not None else {}
    faces = []
    for agent in audit.agents:
        summary = summarise(agent)
        model = models.get(agent.context.model)
        cost = cost_of(summary.start.n, model)
        name = agent.context.agent
        faces.append(Face(agent, summary, tree_of(agent, places), cost, model, wastes.get(name), scores.get(name)))
    return sorted(faces, key=lambda face: (-face.summary.start.n, face.audit.context.agent))


def side_by_side(faces: Sequence[Face]) -> Markup:
    """All agents in one table; each name leads to its window."""
    scored = any(face.score for face in faces)
    wasted = any(face.waste and face.waste.n for face in faces)
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
        waste = face.waste.n if face.waste else 0
        cells.append(number(full(face.waste) if face.waste and waste else "–", waste))
    if scored:
        cells.append(number(f"{face.score.value}" if face.score else "–", face.score.value if face.score else 0))
    return element("tr", cells)


def _gauge(face: Face, whole: int, without: int = 0) -> Markup:
    """The window as a bar: a piece for each category; the rest of ``whole`` is free. Numbers stand beside it."""
    whole = max(whole, face.summary.start.n, 1)
    pieces, x = [], 0.0
    for category, tokens in _shares(face, without):
        width = tokens / whole * _BAR
        pieces.append(element("rect", x=x, y=0, width=width, height=10, class_=f"f-{category.value}"))
        x += width
    return element(
        "svg", pieces, class_="gauge", viewBox=f"0 0 {_BAR} 10", preserveAspectRatio="none", aria_hidden="true"
    )


def _shares(face: Face, without: int) -> Iterator[tuple[Category, float]]:
    """The categories with their tokens; what is taken out is taken from what the user can cut."""
    own = sum(face.summary.by_category[c].n for c in (Category.RULES, Category.TOOLS))
    for category in ORDER:
        tokens = float(face.summary.by_category[category].n)
        if without and own and category in (Category.RULES, Category.TOOLS):
            tokens -= without * tokens / own
        if tokens:
            yield category, max(0.0, tokens)


def window_section(face: Face, hidden_note: str, tiles: int, bound: Bound) -> Markup:
    """The window of one agent."""
    context, summary = face.audit.context, face.summary
    title = f"{face.identity}-title"
    said = f"{context.version} · {context.model}" if context.version else context.model
    return element(
        "section",
        element("h2", context.name, " ", element("span", said, class_="quiet"), id=title),
        _figures(face),
        _gauge(face, context.window) if context.window else "",
        _legend(face),
        _map(face, tiles) if summary.start.n else "",
        _before_after(face),
        element("p", hidden_note, class_="quiet") if hidden_note else "",
        items_table(face.audit, f"items-{context.agent}", bound),
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
        figures.append((full(summary.later_tokens), "more may come later", "lazy rules, skills, commands"))
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


def _map(face: Face, tiles: int) -> Markup:
    context = face.audit.context
    found = any(node.found for node in face.tree.walk())
    return element(
        "figure",
        element("div", class_="map-bar live"),
        element(
            "div", picture(face.tree, context.name, f"map-{context.agent}", context.window, tiles), class_="map-box"
        ),
        element(
            "figcaption",
            "Area: tokens of the first request. ",
            "Hatched: a finding says that something of it is not needed. " if found else "",
            element("span", "Click or Enter goes in, Escape goes out, arrow keys move.", class_="live"),
        ),
        class_="treemap",
        data_agent=context.agent,
    )


def _before_after(face: Face) -> Markup:
    start, waste = face.summary.start, face.waste
    if waste is None or not waste.n:
        return Markup("")
    left = max(0, start.n - waste.n)
    sign = "" if start.exact and waste.exact else "~"
    saved = ""
    if after := cost_of(left, face.model):
        saved = (
            f", {money(max(0.0, (face.cost.cached_100 if face.cost else 0) - after.cached_100))} less in {TURNS} turns"
        )
    rows = [
        ("Now", _gauge(face, start.n), f"{sign}{start.n:,}", ""),
        (
            "Without",
            _gauge(face, start.n, waste.n),
            f"{sign}{left:,}",
            f"{full(waste)} tokens less ({percent(waste.n / start.n)}){saved}",
        ),
    ]
    made = [
        element(
            "tr",
            element("th", name, scope="row"),
            element("td", bar),
            element("td", said, class_="n"),
            element("td", aside),
        )
        for name, bar, said, aside in rows
    ]
    heads = [element("th", title, scope="col") for title in ("Window", "Bar", "Tokens", "Difference")]
    return element(
        "table",
        element("caption", "Before and after: without what the findings say is not needed"),
        element("thead", element("tr", heads), class_="unseen"),
        element("tbody", made),
        class_="compare",
    )


def _notes(face: Face) -> Markup:
    notes = face.audit.context.notes[:_NOTES]
    return element("ul", (element("li", note) for note in notes), class_="notes") if notes else joined("")
