"""How the numbers were made: said by the page itself, so that it can be read without anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.report.cost import TURNS
from ctxkit.report.figures import full, price
from ctxkit.report.html.markup import Markup, element
from ctxkit.report.html.tables import Column, meanings, number, table
from ctxkit.report.html.tree import ORDER
from ctxkit.tokens.families import family_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.model import Tokens
    from ctxkit.report.html.agents import Face

_FIRST = (
    "Tokens are those of the first request, before the user's first word: what the agent sends whatever the repository "
    "holds, and what the repository, the user and their servers add. ~ marks an estimate, + a sum to which something "
    "belongs that nobody has counted."
)
_UNION = (
    "What is not needed is the union of the spans that findings name, what cuts take out the union of their cuts: "
    "where two overlap, no token counts twice."
)
_TURNS = (
    f"{TURNS} turns are paid with the prompt cache: one turn fills it, {TURNS - 1} read it. The window is taken to "
    "stay as it is; what the conversation adds comes on top."
)
_FILES = "Files that agents may read are counted in o200k_base, whichever model reads them."


_PARTS = (Column("Agent"), Column("Part"), Column("Tokens", True), Column("Counted by"), Column("Error", True))
_PRICES = (
    Column("Model"),
    Column("Vocabulary"),
    Column("Error", True),
    Column("Input", True),
    Column("Cached", True),
)


def method_section(faces: Sequence[Face]) -> Markup:
    """What counted the tokens of each model and at which prices, and what the words mean."""
    models = {face.audit.context.model: face for face in faces}
    return element(
        "section",
        element("h2", "How the numbers were made", id="method-title"),
        element("ul", (element("li", said) for said in (_FIRST, _UNION, _TURNS, _FILES)), class_="notes"),
        table("Each number of a window, and how wrong it may be", _PARTS, [row for f in faces for row in _parts(f)]),
        table(
            "Models: how texts are counted for them, and US dollars per million tokens",
            _PRICES,
            [_model(model, face) for model, face in sorted(models.items())],
        ),
        element("h3", "When something is loaded"),
        meanings([face.audit for face in faces]),
        id="method",
        aria_labelledby="method-title",
    )


def _parts(face: Face) -> Iterator[Markup]:
    """The categories of an agent's window, each with what counted it."""
    parts = [(category.value, face.summary.by_category[category]) for category in ORDER]
    for name, tokens in (*parts, ("all", face.summary.start), ("later, at most", face.summary.later_tokens)):
        if tokens.n:
            yield element(
                "tr",
                element("th", face.audit.context.name, scope="row"),
                element("td", name),
                number(full(tokens), tokens.n),
                element("td", "several counters" if tokens.by == "several" else tokens.by),
                number(_error(tokens), tokens.error),
            )


def _error(tokens: Tokens) -> str:
    if tokens.exact:
        return "exact"
    return f"±{max(1, round(tokens.error * 100))} %" if tokens.error else "unknown"


def _model(model: str, face: Face) -> Markup:
    family = family_of(model)
    prices = face.model.prices_at(face.summary.start.n) if face.model else None
    cached = prices.cached_read if prices else None
    return element(
        "tr",
        element("th", model, scope="row"),
        element("td", family.encoding if family.exact else f"{family.title}, estimated from {family.encoding}"),
        number("exact" if family.exact else f"±{family.error * 100:.0f} %", family.error),
        number(price(prices.input if prices and prices.input else None), prices.input if prices else 0),
        number(price(cached), cached or 0),
    )
