"""Bounds that statements set: so many of something at most, at least, or exactly."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from ctxkit.text.choices import choice_rules, compiled, words_of
from ctxkit.text.clauses import stems
from ctxkit.text.pattern import on_demand
from ctxkit.text.polarity import Told
from ctxkit.text.statements import statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_UNITS = (
    "lines|characters|chars|columns|words|tokens|sentences|bullets|items|files|commits|parameters|arguments|params|levels"
    "|seconds|secs|minutes|mins|hours|days|weeks|ms|milliseconds|retries|attempts|tries|iterations|sessions|workers|threads"
    "|agents|subagents|reviewers|approvals|spaces|kb|mb|gb|requests|rows|pages|steps|tasks|times|questions|tests|cores"
    "|loc|percent|%|paragraphs|options|methods|props|imports"
)
_LIMIT = on_demand(
    r"\b(?P<most>max(?:imum)?(?: of)?|at most|up to|no more than|not more than|never more than|under|below|within"
    r"|fewer than|less than|shorter than|not exceed(?:ing)?|exceeds?|exceeding|limit(?:ed)?(?: (?:is|of|to|at))?"
    r"|longer than|more than|over|cap(?:ped)?(?: at)?|beyond)"
    r"[: ]+(?:the )?~?(?P<n>\d[\d,]{0,7})(?P<k>k)?[ -]?(?P<unit>" + _UNITS + r")\b"
    r"|\b(?P<least>at least|min(?:imum)?(?: of)?|no fewer than|no less than)[: ]+~?(?P<n2>\d[\d,]{0,7})(?P<k2>k)?[ -]?"
    r"(?P<unit2>" + _UNITS + r")\b"
    r"|\b(?P<n3>\d[\d,]{0,7})(?P<k3>k)?[ -](?P<unit3>"
    + _UNITS
    + r")(?:[: ]+(?:at most|max(?:imum)?|or (?:fewer|less)|tops))\b"
)
_SAME_UNIT = {"chars": "characters", "columns": "characters", "secs": "seconds", "mins": "minutes", "loc": "lines"}
_SAME_UNIT |= {"params": "parameters", "arguments": "parameters", "tries": "attempts", "%": "percent"}
_BARE = frozenset(("maximum", "limit", "exceed", "most", "least", "more", "threshold", "up", "long", "keep", "under"))
_MOST_WORDS = 25


class Amount(NamedTuple):
    """``number`` of ``unit``, at most or at least, and the words that say of what."""

    told: Told
    kind: Literal["most", "least"]
    number: int
    unit: str
    content: frozenset[str]
    context: frozenset[str]


def differing(texts: Sequence[str], overlap: float) -> Iterator[tuple[Amount, Amount]]:
    """Pairs that set different bounds to the same, in the order of the texts.

    ``overlap``: the share (0 to 1) of the words of the one that has fewer which the other has too.
    """
    seen: dict[tuple[str, str], list[Amount]] = {}
    for number, text in enumerate(texts):
        for amount in _amounts(text):
            mine = amount._replace(told=amount.told._replace(text=number))
            before = seen.setdefault((mine.kind, mine.unit), [])
            for other in before:
                if other.number != mine.number and _alike(other, mine, overlap):
                    yield other, mine
            if len(before) < _MOST_WORDS:
                before.append(mine)


@lru_cache(maxsize=512)
def _amounts(text: str) -> tuple[Amount, ...]:
    data = choice_rules()
    found = []
    for statement in statements(text):
        matches = list(_LIMIT().finditer(statement.text)) if any(map(str.isdigit, statement.text)) else []
        if len(matches) != 1 or compiled(data.unsure).search(statement.text):
            continue
        titles = (*statement.under, statement.lead)
        if any(compiled(data.aside).search(title) for title in titles):
            continue
        match = matches[0]
        number = next(value for value in (match["n"], match["n2"], match["n3"]) if value)
        unit = next(value for value in (match["unit"], match["unit2"], match["unit3"]) if value)
        rest = f"{statement.text[: match.start()]} {statement.text[match.end() :]}"
        context = " ".join((*titles[-3:-1], titles[-1]))
        found.append(
            Amount(
                Told(0, statement, words_of(statement.text)),
                "least" if match["least"] else "most",
                int(number.replace(",", "") or 0) * (1000 if match["k"] or match["k2"] or match["k3"] else 1),
                _SAME_UNIT.get(unit, unit),
                frozenset(stems(rest)) - _BARE,
                frozenset(stems(context)),
            )
        )
    return tuple(found)


def _alike(one: Amount, other: Amount, overlap: float) -> bool:
    """Are they bounds of the same? What the one does not say may stand in the title above it."""
    if one.told.statement.text == other.told.statement.text:
        return False
    shared = (one.content & other.content) | (one.content & other.context) | (other.content & one.context)
    fewer = min(len(one.content), len(other.content))
    return len(shared) >= max(1.0, overlap * fewer)
