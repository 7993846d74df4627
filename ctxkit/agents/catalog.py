"""Skills, subagents, commands and modes: what of them is listed, within which budget."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ctxkit.agents.globs import matcher
from ctxkit.agents.resolve import Resolver, holds
from ctxkit.agents.spec import Catalog, Limit, Place
from ctxkit.agents.version import applies
from ctxkit.model import Activation
from ctxkit.text import frontmatter
from ctxkit.text.frontmatter import Frontmatter

_CHARS_PER_TOKEN = 4
"""Agents turn a share of the window into characters with this factor (Claude Code, Codex)."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a catalogue.

    ``listing`` is the text that stands in the request for it (empty if it is not listed), ``body`` what using it sends.
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
    result: list[Listed] = []
    for catalog in resolver.spec.catalogs:
        if applies(catalog, resolver.version) and resolver.holds(catalog.when, set()):
            result.extend(_within(catalog, _entries(catalog, resolver), window))
    return result


def _entries(catalog: Catalog, resolver: Resolver) -> list[Listed]:
    seen: dict[str, str] = {}
    entries = []
    for path, base, late in _paths(catalog, resolver):
        data = resolver.disk.read(path)
        if data is None:
            continue
        text = data.decode("utf-8", "replace")
        front = frontmatter.parse(text)
        name = _name(catalog, path, front)
        entry = _entry(catalog, path, name, text, front, resolver)
        if catalog.unique and name in seen and entry.loaded:
            entry = _unlisted(entry, Activation.NEVER, f"hidden by {resolver.disk.show(seen[name])} of the same name")
        elif late:
            entry = _late(entry, base, resolver)
        if entry.activation is not Activation.NEVER:
            seen.setdefault(name, path)
        entries.append(entry)
    return entries


def _paths(catalog: Catalog, resolver: Resolver) -> list[tuple[str, str, bool]]:
    """(file, directory it was found from, only after a touch) for every place, each real file once."""
    result: dict[str, tuple[str, str, bool]] = {}
    for place in catalog.places:
        if not applies(place, resolver.version):
            continue
        base = resolver.places.base(place.base, resolver.names)
        directories = resolver.places.ancestors(base, place.until) if place.walk == "up" else [base]
        for directory in directories:
            for path in _glob(place, directory, resolver):
                result.setdefault(os.path.realpath(path), (path, directory, False))
        if place.below:
            for directory in resolver.nested_holders(place.names, base):
                for path in _glob(place, directory, resolver):
                    result.setdefault(os.path.realpath(path), (path, directory, True))
    return list(result.values())


def _glob(place: Place, directory: str, resolver: Resolver) -> list[str]:
    return [path for name in place.names for path in resolver.named(name, directory)]


def _name(catalog: Catalog, path: str, front: Frontmatter) -> str:
    if front.text("name"):
        return front.text("name")
    directory, file = os.path.split(path)
    stem = file.split(".")[0]
    if catalog.name_from == "directory" and stem.upper() == "SKILL":
        return os.path.basename(directory)
    return stem


def _entry(catalog: Catalog, path: str, name: str, text: str, front: Frontmatter, resolver: Resolver) -> Listed:
    start = front.end
    description = front.text("description")
    if not description and catalog.describe_from_body:
        description = next((line.strip("# \t") for line in text[start:].splitlines() if line.strip()), "")
    values = {"name": name, "description": description, "path": path}
    parts = [values.get(field, front.text(field)) for field in catalog.fields]
    body = ": ".join(part for part in (parts[0], " - ".join(p for p in parts[1:] if p)) if part)
    if catalog.per_entry is not None and catalog.per_entry.unit == "chars":
        head = len(parts[0]) + 2
        body = body[: head + int(resolver.allowed(catalog.per_entry))]
    listed = Listed(
        catalog, path, name, catalog.activation, True, False, f"- {body}\n", text, start,
        f"listed in every request; the {catalog.kind} itself on demand",
    )  # fmt: skip
    missing = [key for key in catalog.needs if not values.get(key, front.text(key))]
    if missing:
        return _unlisted(listed, Activation.NEVER, f"not listed: it has no {missing[0]}")
    if any(holds(test, front) for test in catalog.hidden_if):
        return _unlisted(listed, Activation.MANUAL, "not listed: its frontmatter keeps it from the model")
    gate = front.strings(catalog.gated_if) if catalog.gated_if else ()
    if gate:
        return _gated(listed, gate, resolver)
    return listed


def _unlisted(entry: Listed, activation: Activation, why: str) -> Listed:
    return replace(entry, activation=activation, loaded=False, after_touch=False, listing="", why=why)


def _gated(entry: Listed, patterns: Sequence[str], resolver: Resolver) -> Listed:
    matches = matcher(patterns, resolver.spec.globs)
    base = resolver.places.cwd
    touched = any(matches(os.path.relpath(path, base).replace(os.sep, "/")) for path in resolver.places.touched)
    why = "listed once a file that matches its paths is read"
    return replace(entry, activation=Activation.GLOB, loaded=False, after_touch=touched, why=why)


def _late(entry: Listed, directory: str, resolver: Resolver) -> Listed:
    if not entry.loaded:
        return entry
    touched = any(path.startswith(directory.rstrip(os.sep) + os.sep) for path in resolver.places.touched)
    why = f"listed once a file under {resolver.disk.show(directory)} is read"
    return replace(entry, activation=Activation.LAZY_DIR, loaded=False, after_touch=touched, why=why)


def _within(catalog: Catalog, entries: list[Listed], window: int) -> list[Listed]:
    """Keep the listing within its budget: descriptions of the last entries go first, names stay."""
    if catalog.total is None:
        return entries
    budget = _budget(catalog.total, window)
    used = 0
    result = []
    for entry in entries:
        if entry.loaded:
            if used + len(entry.listing) > budget:
                short = f"- {entry.name}\n"
                entry = replace(entry, listing=short, why=f"{entry.why}; description left out, over the listing budget")
            used += len(entry.listing)
        result.append(entry)
    return result


def _budget(limit: Limit, window: int) -> float:
    """A listing budget in characters."""
    if limit.unit == "window-fraction":
        return limit.n * window * _CHARS_PER_TOKEN if window else float(limit.fallback or 8_000)
    return limit.n * (_CHARS_PER_TOKEN if limit.unit == "tokens" else 1)
