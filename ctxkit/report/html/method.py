"""How the numbers were made: said by the page itself, so that it can be read without anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.report.cost import TURNS
from ctxkit.report.figures import price
from ctxkit.report.html.markup import Markup, element
from ctxkit.report.html.tables import Column, meanings, number, table
from ctxkit.tokens.families import family_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.report.html.agents import Face

_SENTENCES = (
    "Tokens are those of the first request, before the user's first word: what the agent sends whatever the repository "
    "holds, and what the repository, the user and their servers add. ~ marks an estimate, with how wrong it may be.",
    "What is not needed is the union of the spans that findings name: where two overlap, no token counts twice.",
    f"{TURNS} turns, cached: one turn that fills the prompt cache, then {TURNS - 1} that read it. The window is taken to "
    "stay as it is; what the conversation adds comes on top.",
    "Files are counted in o200k_base, whichever model reads them.",
)


def method_section(faces: Sequence[Face]) -> Markup:
    """What counted the tokens of each model and at which prices, and what the words mean."""
    models = {face.audit.context.model: face for face in faces}
    rows = []
    for model, face in sorted(models.items()):
        family = family_of(model)
        prices = face.model.prices_at(face.summary.start.n) if face.model else None
        rows.append(
            element(
                "tr",
                element("th", model, scope="row"),
                element("td", family.encoding if family.exact else f"{family.title}, estimated from {family.encoding}"),
                number("exact" if family.exact else f"±{family.error * 100:.0f} %", family.error),
                number(price(prices.input if prices and prices.input else None), prices.input if prices else 0),
                number(price(prices.cached_read if prices else None), (prices.cached_read or 0) if prices else 0),
            )
        )
    columns = (
        Column("Model"),
        Column("Counted by"),
        Column("Error", True),
        Column("Input", True),
        Column("Cached", True),
    )
    return element(
        "section",
        element("h2", "How the numbers were made", id="method-title"),
        element("ul", (element("li", sentence) for sentence in _SENTENCES), class_="notes"),
        table("Models; prices in US dollars per million tokens", columns, rows),
        element("h3", "When something is loaded"),
        meanings([face.audit for face in faces]),
        id="method",
        aria_labelledby="method-title",
    )
