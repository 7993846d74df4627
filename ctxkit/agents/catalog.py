"""Skills, subagents, commands and modes: what of them is listed, within which budget."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace

from ctxkit.agents.activate import holds
from ctxkit.agents.find import slash
from ctxkit.agents.version import applies
from ctxkit.model import Activation
from ctxkit.text import frontmatter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctxkit.text.frontmatter import Frontmatter
    from ctxkit.agents.spec import Catalog, Limit, Place
    from ctxkit.agents.resolve import Resolver
    from collections.abc import Mapping, Sequence

_CHARS_PER_TOKEN = 4
"""Agents turn a share of the window into characters with this factor (Claude Code, Codex)."""

_OPTIONAL = re.compile(r"\[([^\[\]]*\{([A-Za-z0-9_-]+)\}[^\[\]]*)\]")
_KEY = re.compile(r"\{([A-Za-z0-9_-]+)\}")


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a catalogue.

    ``listing`` is the text that stands in the request for it (empty if it is not listed); ``text`` the whole file,
    whose body begins at ``body_start``.
    """

    catalog: Catalog
    path: str
    name: str
    activation: Activation
    loaded: bool
    after_touch: bool
    listing: str
    text: str
    body_start: int
    why: str


def catalogs(resolver: Resolver, window: int) -> list[Listed]:
    """Every entry of every catalogue of the resolver's agent, in the order listed. ``window`` in tokens."""
    active = [
        catalog
        for catalog in resolver.spec.catalogs
        if applies(catalog, resolver.version) and resolver.holds(catalog.when, set())
    ]
    listings: dict[str, list[Listed]] = {}
    names: dict[str, dict[str, str]] = {}
    for catalog in active:
        key = catalog.listing or catalog.id
        entries = _entries(catalog, resolver, names.setdefault(key, {}))
        listings.setdefault(key, []).extend(entries)
    result: list[Listed] = []
    for key, entries in listings.items():
        members = [catalog for catalog in active if (catalog.listing or catalog.id) == key]
        result.extend(_within(members, entries, resolver, window))
    return result


def _entries(catalog: Catalog, resolver: Resolver, seen: dict[str, str]) -> list[Listed]:
    entries = []
    for path, base, late in _paths(catalog, resolver):
        data = resolver.disk.read(path)
        if data is None:
            continue
        text = data.decode("utf-8", "replace").removeprefix("\ufeff")
        front = frontmatter.parse(text)
        entry = _entry(catalog, path, base, text, front, resolver)
        if entry.loaded and late:
            entry = _late(entry, base, resolver)
        if catalog.first_wins and entry.loaded:
            if entry.name in seen:
                twin = resolver.disk.show(seen[entry.name])
                entry = _unlisted(entry, Activation.NEVER, f"hidden by {twin} of the same name")
            else:
                seen[entry.name] = path
        entries.append(entry)
    if catalog.sort:
        entries.sort(key=lambda entry: entry.name.lower())
    return entries


def _paths(catalog: Catalog, resolver: Resolver) -> list[tuple[str, str, bool]]:
    """(file, directory it was found from, only after a touch) for every place, each real file once."""
    result: dict[str, tuple[str, str, bool]] = {}
    for place in catalog.places:
        if not applies(place, resolver.version):
            continue
        base = resolver.places.base(place.base, resolver.names)
        directories = resolver.finder.ancestors(base, place) if place.walk == "up" else [base]
        for directory in directories:
            for path in _glob(place, directory, resolver):
                result.setdefault(os.path.realpath(path), (path, directory, False))
        if place.below:
            for directory in resolver.finder.nested_holders(place.names, base):
                for path in _glob(place, directory, resolver):
                    result.setdefault(os.path.realpath(path), (path, directory, True))
    return list(result.values())


def _glob(place: Place, directory: str, resolver: Resolver) -> list[str]:
    found = [path for name in place.names for path in resolver.finder.named(name, directory)]
    return found if place.hidden else [path for path in found if not _in_hidden(path, directory, place.names)]


def _in_hidden(path: str, directory: str, names: Sequence[str]) -> bool:
    """Does ``path`` lie in a hidden directory that no name asks for?"""
    asked = {part for name in names for part in name.split("/")}
    parts = os.path.relpath(path, directory).split(os.sep)[:-1]
    return any(part.startswith(".") and part not in asked for part in parts)


def _name(catalog: Catalog, path: str, base: str, front: Frontmatter) -> str:
    if catalog.name_from == "frontmatter" and front.text("name"):
        return front.text("name")
    directory, file = os.path.split(path)
    stem = file.split(".")[0]
    if catalog.name_from == "path":
        parts = os.path.relpath(path, base).replace(os.sep, "/").split("/")
        below = parts[2:] if parts[0].startswith(".") else parts[1:]
        if stem.upper() == "SKILL":
            return ":".join(below[:-1])
        return ":".join([*below[:-1], stem])
    return os.path.basename(directory) if stem.upper() == "SKILL" else stem


def _entry(catalog: Catalog, path: str, base: str, text: str, front: Frontmatter, resolver: Resolver) -> Listed:
    name = _name(catalog, path, base, front)
    values = {key: front.text(key) for key in front.values}
    values.update(name=name, path=path, title=front.text("name") if front.text("name") != name else "")
    values["description"] = _description(catalog, front, text)
    if catalog.folded:
        values = {key: " ".join(value.split()) for key, value in values.items()}
    if catalog.per_entry is not None:
        _cap(values, int(resolver.allowed(catalog.per_entry)), catalog.per_entry.ellipsis)
    listed = Listed(
        catalog, path, name, catalog.activation, True, False, fill(catalog.template, values), text, front.end,
        f"listed in every request; the {catalog.kind} itself on demand",
    )  # fmt: skip
    if catalog.activation in (Activation.MANUAL, Activation.NEVER):
        return _unlisted(listed, catalog.activation, "not listed: only the user calls it")
    missing = [key for key in catalog.needs if not front.text(key)]
    if missing:
        return _unlisted(listed, Activation.NEVER, f"not listed: it has no {missing[0]}")
    if any(holds(test, front) for test in catalog.hidden_if):
        return _unlisted(listed, Activation.MANUAL, "not listed: its frontmatter keeps it from the model")
    denied = {value for key in catalog.removed_by for value in resolver.settings.strings(key)}
    if any(form.format(name=name) in denied for form in catalog.removed_form):
        return _unlisted(listed, Activation.NEVER, "not listed: the settings deny it")
    choice = str(resolver.settings.get(f"{catalog.overrides}.{name}", "")) if catalog.overrides else ""
    if choice == "name-only":
        return replace(listed, listing=fill(catalog.template, {"name": name}), why="the settings keep it to its name")
    if choice in ("off", "user-invocable-only"):
        return _unlisted(listed, Activation.MANUAL, "not listed: the settings keep it from the model")
    gate = front.strings(catalog.gated_if) if catalog.gated_if else ()
    return _gated(listed, gate, base, resolver) if gate else listed


def _description(catalog: Catalog, front: Frontmatter, text: str) -> str:
    description = front.text("description")
    if description or not catalog.describe_from_body:
        return description
    first = next((line.strip("# \t") for line in text[front.end :].splitlines() if line.strip("# \t")), "")
    limit = catalog.describe_from_body
    return first if len(first) <= limit else first[: limit - 3] + "..."


def _cap(values: dict[str, str], limit: int, ellipsis: str) -> None:
    if len(values["description"]) > limit:
        values["description"] = values["description"][: limit - len(ellipsis)] + ellipsis


def fill(template: str, values: Mapping[str, str]) -> str:
    """``template`` with its keys filled in; parts in brackets, and separators before an empty value, fall away."""
    text = _OPTIONAL.sub(lambda m: m[1] if values.get(m[2]) else "", template)
    text = _KEY.sub(lambda m: values.get(m[1], ""), text)
    return re.sub(r"(?::| -)[ ]*(?=\n|$)", "", text) if not values.get("description") else text


def _unlisted(entry: Listed, activation: Activation, why: str) -> Listed:
    return replace(entry, activation=activation, loaded=False, after_touch=False, listing="", why=why)


def _gated(entry: Listed, patterns: Sequence[str], base: str, resolver: Resolver) -> Listed:
    dialect = entry.catalog.globs or resolver.spec.globs
    start = {"root": resolver.names["root"], "cwd": resolver.places.cwd, "holder": base}[dialect.base]
    touched = resolver.matching(patterns, dialect, start)
    why = "listed once a file that matches its paths is read"
    return replace(entry, activation=Activation.GLOB, loaded=False, after_touch=touched, why=why)


def _late(entry: Listed, directory: str, resolver: Resolver) -> Listed:
    touched = any(path.startswith(slash(directory)) for path in resolver.touched)
    why = f"listed once a file under {resolver.disk.show(directory)} is read"
    return replace(entry, activation=Activation.LAZY_DIR, loaded=False, after_touch=touched, why=why)


def _within(members: Sequence[Catalog], entries: list[Listed], resolver: Resolver, window: int) -> list[Listed]:
    """Keep a listing within its budget, the way its agent does."""
    limit = next((catalog.total for catalog in members if catalog.total is not None), None)
    if limit is None or limit.overflow == "none":
        return entries
    built_in = [
        part
        for catalog in members
        for part in catalog.built_in
        if applies(part, resolver.version) and resolver.holds(part.when, set())
    ]
    budget = _budget(limit, resolver, window)
    if limit.overflow == "shorten-descriptions":
        return _shortened(entries, budget, limit)
    usage = resolver.settings.get(members[0].usage) if members[0].usage else None
    used = usage if isinstance(usage, dict) else {}
    ranked = sorted(entries, key=lambda entry: entry.name not in used)
    kept = _granted(ranked, budget - sum(part.chars for part in built_in))
    why = f"description left out, over the listing budget of {budget:,.0f} characters"
    return [
        replace(entry, listing=_bare(entry), why=f"{entry.why}; {why}")
        if entry.loaded and id(entry) not in kept
        else entry
        for entry in entries
    ]


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
    return fill(entry.catalog.template, {"name": entry.name, "path": entry.path})


def _shortened(entries: list[Listed], budget: float, limit: Limit) -> list[Listed]:
    """Cut all descriptions to one common length, in steps of four characters, until the listing fits (Codex)."""
    listed = [entry for entry in entries if entry.loaded]
    if sum(_cost(entry.listing, limit) for entry in listed) <= budget:
        return entries
    longest = max((len(entry.listing) - len(_bare(entry)) for entry in listed), default=0)
    for length in range(longest - longest % 4, -1, -4):
        lines = {id(entry): _cut_to(entry, length) for entry in listed}
        if sum(_cost(line, limit) for line in lines.values()) <= budget:
            break
    why = "description shortened, over the listing budget"
    return [
        replace(entry, listing=lines[id(entry)], why=f"{entry.why}; {why}") if entry.loaded else entry
        for entry in entries
    ]


def _cut_to(entry: Listed, length: int) -> str:
    bare = _bare(entry)
    full = entry.listing
    extra = len(full) - len(bare)
    if extra <= length or length <= 0:
        return full if extra <= length else bare
    start = full.find(entry.name) + len(entry.name)
    cut = extra - length
    end = full.rfind(" (file:") if " (file:" in full else len(full) - 1
    return full[: max(start, end - cut)] + full[end:]


def _cost(line: str, limit: Limit) -> int:
    return -(-len(line) // _CHARS_PER_TOKEN) * _CHARS_PER_TOKEN if limit.line_cost else len(line)


def _budget(limit: Limit, resolver: Resolver, window: int) -> float:
    """A listing budget in characters."""
    allowed = resolver.allowed(limit)
    if limit.env is not None and (resolver.places.env.get(limit.env) or "").isdigit():
        return allowed
    if limit.unit == "window-fraction":
        return allowed * window * _CHARS_PER_TOKEN if window else float(limit.fallback or 8_000)
    return allowed * (_CHARS_PER_TOKEN if limit.unit == "tokens" else 1)
