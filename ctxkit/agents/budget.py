"""Keeping a listing of skills, subagents or commands within its budget, the way its agent does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from ctxkit.agents.template import fill
from ctxkit.agents.version import applies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.agents.catalog import Listed
    from ctxkit.agents.resolve import Resolver
    from ctxkit.agents.spec import BuiltIn, Catalog, Limit

_CHARS_PER_TOKEN = 4
"""Agents turn a share of the window into characters with this factor (Claude Code, Codex)."""


def within(members: Sequence[Catalog], entries: list[Listed], resolver: Resolver, window: int) -> list[Listed]:
    """``entries`` of the catalogues of one listing, with what the budget leaves of each. ``window`` in tokens."""
    limit = next((catalog.total_limit for catalog in members if catalog.total_limit is not None), None)
    if limit is None or limit.overflow == "none":
        return entries
    budget = _budget(limit, resolver, window)
    if limit.overflow == "shorten-descriptions":
        return _shortened(entries, budget, limit)
    if limit.overflow == "name-the-rest":
        return _named(members, entries, budget, resolver)
    usage = resolver.settings.get(members[0].usage_setting) if members[0].usage_setting else None
    used = usage if isinstance(usage, dict) else {}
    ranked = sorted(entries, key=lambda entry: entry.name not in used)
    built_in = sum(part.chars for catalog in members for part in _built_in(catalog, resolver))
    kept = _granted(ranked, budget - built_in)
    taken = f", of which built-in ones take {built_in:,}" if built_in else ""
    why = f"description left out, over the listing budget of {budget:,.0f} characters{taken}"
    return [
        replace(entry, listing=_bare(entry), why=f"{entry.why}; {why}")
        if entry.loaded and id(entry) not in kept
        else entry
        for entry in entries
    ]


def _built_in(catalog: Catalog, resolver: Resolver) -> list[BuiltIn]:
    return [part for part in catalog.built_in if applies(part, resolver.version) and resolver.holds(part.when)]


def _granted(entries: Sequence[Listed], budget: float) -> set[int]:
    """The entries that keep their description.

    Every entry keeps its name; descriptions are granted in order as long as the whole (lines joined by line ends) stays
    within the budget, so a later, shorter one may still fit (measured on Claude Code 2.1.197 and 2.1.329).
    """
    listed = [entry for entry in entries if entry.loaded]
    used = sum(len(_bare(entry)) for entry in listed) - 1
    kept = set()
    for entry in listed:
        extra = len(entry.listing) - len(_bare(entry))
        if used + extra <= budget:
            used += extra
            kept.add(id(entry))
    return kept


def _bare(entry: Listed) -> str:
    return fill(
        entry.catalog.template, {"name": entry.name, "path": entry.path, "inside": entry.values.get("inside", "")}
    )


def _named(members: Sequence[Catalog], entries: list[Listed], budget: float, resolver: Resolver) -> list[Listed]:
    """Entries in order up to the first that does not fit; from there on names in one line (Copilot CLI 1.0.102)."""
    full = False
    result = []
    for catalog in members:
        own = [entry for entry in entries if entry.catalog is catalog]
        first = [part for part in _built_in(catalog, resolver) if not part.last]
        budget -= sum(part.chars for part in first)
        for entry in own:
            full = full or (entry.loaded and len(entry.listing) > budget)
            if entry.loaded and full:
                entry = replace(
                    entry, listing=f", {entry.name}", why=f"{entry.why}; only its name, over the listing budget"
                )
            elif entry.loaded:
                budget -= len(entry.listing)
            result.append(entry)
        budget -= sum(part.chars for part in _built_in(catalog, resolver) if part.last)
    return result


def _shortened(entries: list[Listed], budget: float, limit: Limit) -> list[Listed]:
    """Cut all descriptions to one common size (measured on Codex 0.169.0).

    Where not even the bare lines fit, there are no descriptions and the last lines are dropped.
    """
    listed = [entry for entry in entries if entry.loaded]
    if sum(_cost(entry.listing, limit) for entry in listed) <= budget:
        return entries
    left = budget
    needs: dict[int, int] = {}
    for entry in listed:
        cost = _cost(_bare(entry), limit)
        if cost >= left:
            break
        left -= cost
        needs[id(entry)] = _cost(entry.listing, limit) - cost
    room = _shared(needs, left) if len(needs) == len(listed) else dict.fromkeys(needs, 0)
    return [_cut(entry, room.get(id(entry)), limit) if entry.loaded else entry for entry in entries]


def _shared(needs: dict[int, int], left: float) -> dict[int, int]:
    """``left`` dealt out to all who need it, a token each in turn, so the first ones get what does not go round."""
    room = dict.fromkeys(needs, 0)
    open_ = [key for key, need in needs.items() if need]
    while open_ and left >= _CHARS_PER_TOKEN:
        for key in open_[: int(left // _CHARS_PER_TOKEN)]:
            room[key] += _CHARS_PER_TOKEN
            left -= _CHARS_PER_TOKEN
        open_ = [key for key in open_ if room[key] < needs[key]]
    return room


def _cut(entry: Listed, room: int | None, limit: Limit) -> Listed:
    """``entry`` with so many characters (``room``) more than its bare line; None drops it."""
    if room is None:
        return replace(entry, loaded=False, listing="", why="not listed: over the listing budget")
    bare = _bare(entry)
    excess = _cost(entry.listing, limit) - _cost(bare, limit) - room
    if excess <= 0:
        return entry
    if not room:
        return replace(entry, listing=bare, why=f"{entry.why}; description left out, over the listing budget")
    description = entry.values.get("description", "")
    kept = description[: len(description) + _cost(bare, limit) + room - len(entry.listing)]
    line = fill(entry.catalog.template, {**entry.values, "description": kept})
    return replace(entry, listing=line, why=f"{entry.why}; description shortened, over the listing budget")


def _cost(line: str, limit: Limit) -> int:
    return -(-len(line) // _CHARS_PER_TOKEN) * _CHARS_PER_TOKEN if limit.line_cost else len(line)


def _budget(limit: Limit, resolver: Resolver, window: int) -> float:
    """A listing budget in characters."""
    characters = resolver.allowed_characters(limit)
    if characters is not None:
        return characters
    allowed = resolver.allowed(limit)
    if limit.unit == "window-fraction":
        if not window:
            return float(limit.fallback or 8_000)
        return (allowed * window - limit.reserve) * _CHARS_PER_TOKEN
    return allowed * (_CHARS_PER_TOKEN if limit.unit == "tokens" else 1) - limit.reserve
