"""Skills, subagents, commands and modes: what of them is listed, within which budget."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from ctxkit.agents.budget import within
from ctxkit.agents.catalog_filter import ignored, outermost, override_of, rejection
from ctxkit.agents.disk import slash
from ctxkit.agents.template import escaped, fill
from ctxkit.agents.version import applies
from ctxkit.model import Activation, ConfigError
from ctxkit.text import frontmatter
from ctxkit.text.config import parse_config
from ctxkit.text.frontmatter import NO_FRONTMATTER, Frontmatter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ctxkit.agents.resolve import Resolver
    from ctxkit.agents.spec import Catalog, Place


class Listed(Struct, frozen=True):
    """One entry of a catalogue as one agent treats it."""

    catalog: Catalog
    """The catalogue it belongs to."""
    path: str
    """The absolute path of its file."""
    name: str
    """The name the agent knows it by."""
    activation: Activation
    """When it is listed; ``manual`` or ``never`` if it is not."""
    loaded: bool
    """It is listed in the first request."""
    after_touch: bool
    """It is listed once the touched files were read, and not before."""
    listing: str
    """The text that stands in the request for it; empty if it is not listed."""
    text: str
    """The whole file, decoded."""
    body_start: int
    """Where the body begins in ``text``, in characters."""
    why: str
    """The reason, as a report words it."""
    root: str = ""
    """The directory that the catalogue's place names, below which it was found."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What fills its template."""


class Candidate(Struct, frozen=True):
    """A file, or a key of the settings, that may be an entry of a catalogue."""

    place: Place
    """The place it was found in."""
    path: str
    """Its absolute path."""
    directory: str
    """The directory it was found from."""
    root: str
    """That directory with the part of the place's name that has no wildcard."""
    below: bool = False
    """It lies below the place's base, so it counts only after a touch."""
    name: str = ""
    """Its name, where the settings say it."""
    text: str = ""
    """The file, decoded."""
    front: Frontmatter = NO_FRONTMATTER
    """Its keys."""


def catalogs(resolver: Resolver, window: int) -> list[Listed]:
    """Every entry of every catalogue of the resolver's agent, in the order listed. ``window`` in tokens."""
    spec = resolver.spec
    chosen = resolver.settings.get(spec.window_setting) if spec.window_setting else None
    window = chosen if isinstance(chosen, int) and chosen > 0 else window
    listings: dict[str, list[Catalog]] = {}
    for catalog in spec.catalogs:
        if applies(catalog, resolver.version) and resolver.holds(catalog.when):
            listings.setdefault(catalog.listing or catalog.id, []).append(catalog)
    result: list[Listed] = []
    for members in listings.values():
        seen: dict[str, str] = {}
        entries = [entry for catalog in members for entry in _entries(catalog, resolver, seen)]
        result.extend(within(members, entries, resolver, window))
    return result


def _entries(catalog: Catalog, resolver: Resolver, seen: dict[str, str]) -> list[Listed]:
    """The entries of one catalogue. ``seen``: name → path of those that its listing has already; it is added to."""
    entries = []
    for found in (*_from_places(catalog, resolver), *_from_settings(catalog, resolver)):
        entry = _entry(catalog, found, resolver)
        if found.below and (entry.loaded or entry.activation is Activation.GLOB):
            entry = _below(entry, found.directory, resolver)
        if catalog.unique and entry.activation is not Activation.NEVER:
            if entry.name in seen and entry.loaded:
                twin = resolver.disk.show(seen[entry.name])
                entry = _unlisted(entry, Activation.NEVER, f"hidden by {twin} of the same name")
            else:
                seen.setdefault(entry.name, entry.path)
        entries.append(entry)
    if catalog.sort:
        entries.sort(key=lambda entry: entry.name.lower())
    return entries


def _from_places(catalog: Catalog, resolver: Resolver) -> Iterator[Candidate]:
    """What lies in every place and can be read, each real file once."""
    found: dict[str, Candidate] = {}
    for place in catalog.places:
        if not applies(place, resolver.version):
            continue
        for base in resolver.finder.bases(place):
            directories, _ = resolver.finder.walked(place, base)
            below = resolver.finder.nested_holders(place.names, base) if place.below else []
            for directory in (*directories, *below):
                for candidate in _in_directory(place, directory, resolver, directory not in directories):
                    found.setdefault(resolver.disk.real(candidate.path), candidate)
    for candidate in found.values():
        data = resolver.disk.read(candidate.path)
        if data is not None:
            text = data.decode("utf-8", "replace").removeprefix("\ufeff")
            yield replace(candidate, text=text, front=_keys(candidate.path, text))


def _in_directory(place: Place, directory: str, resolver: Resolver, below: bool) -> list[Candidate]:
    result: list[Candidate] = []
    names = resolver.finder.expanded(place.names)
    for name in names:
        root = os.path.normpath(os.path.join(directory, name.split("*", 1)[0]))
        paths = resolver.finder.named(name, directory)
        result.extend(
            Candidate(place, path, directory, root, below)
            for path in (outermost(paths) if place.outermost else paths)
            if (place.dot_directories or not _in_dot_directory(path, directory, names))
            and not (place.ignore_files and ignored(path, root, place.ignore_files, resolver.finder))
        )
    return result


def _in_dot_directory(path: str, directory: str, names: Sequence[str]) -> bool:
    """Does ``path`` lie in a directory with a dot before its name that none of the ``names`` asks for?"""
    asked = {part for name in names for part in name.split("/")}
    parts = os.path.relpath(path, directory).split(os.sep)[:-1]
    return any(part.startswith(".") and part != ".." and part not in asked for part in parts)


def _from_settings(catalog: Catalog, resolver: Resolver) -> Iterator[Candidate]:
    """The entries that the settings hold; they have no text of their own."""
    if catalog.entries_setting is None:
        return
    path = resolver.settings.file(catalog.entries_setting)
    entries = resolver.settings.get(catalog.entries_setting)
    if path is None or not isinstance(entries, dict):
        return
    directory = os.path.dirname(path)
    for name, keys in entries.items():
        if isinstance(keys, dict):
            yield Candidate(catalog.places[0], path, directory, directory, name=name, front=Frontmatter(keys))


def _keys(path: str, text: str) -> Frontmatter:
    """The keys of an entry's file: its frontmatter, or the top of a TOML file, whose values that are texts count."""
    if not path.endswith(".toml"):
        return frontmatter.parse(text)
    table = parse_config(text.encode("utf-8", "replace"), "toml", path)
    if isinstance(table, ConfigError):
        return Frontmatter(valid=False)
    return Frontmatter({key: value for key, value in table.items() if isinstance(value, str)})


def _entry(catalog: Catalog, found: Candidate, resolver: Resolver) -> Listed:
    """The entry that ``found`` is, below or not."""
    name = found.name or _name(catalog, found)
    values = _values(catalog, found, name)
    rejected = rejection(catalog, found, name, values, resolver)
    limit = catalog.description_limit
    if limit is not None:
        values["description"] = _cut(values["description"], int(resolver.allowed(limit)), limit.ellipsis)
    if catalog.escape == "xml":
        values = escaped(values)
    entry = Listed(
        catalog, found.path, name, catalog.activation, True, False, fill(catalog.template, values), found.text,
        found.front.end, f"listed in every request; the {catalog.kind} itself on demand", found.root, values,
    )  # fmt: skip
    if rejected is not None:
        activation, reason = rejected
        return _unlisted(entry, activation, f"not listed: {reason}")
    if override_of(catalog, name, resolver) == "name-only":
        return replace(entry, listing=fill(catalog.template, {"name": name}), why="the settings keep it to its name")
    patterns = [pattern for key in catalog.gate_keys for pattern in found.front.strings(key) if pattern != "**"]
    return _gated(entry, patterns, found.directory, resolver) if patterns else entry


def _name(catalog: Catalog, found: Candidate) -> str:
    if catalog.name_from == "frontmatter" and found.front.text("name"):
        return found.front.text("name")
    directory, file = os.path.split(found.path)
    stem = file.split(".")[0]
    names_directory = stem.upper() == "SKILL"
    if catalog.name_from == "path":
        parts = os.path.relpath(found.path, found.directory).replace(os.sep, "/").split("/")
        inside = parts[2:-1] if parts[0].startswith(".") else parts[1:-1]
        return ":".join(inside if names_directory else [*inside, stem])
    return os.path.basename(directory) if names_directory else stem


def _values(catalog: Catalog, found: Candidate, name: str) -> dict[str, str]:
    """What fills the template, before anything is cut or escaped."""
    front = found.front
    values = {key: front.text(key) for key in front.values}
    values |= {
        "name": name,
        "path": found.path,
        "title": front.text("name") if front.text("name") != name else "",
        "label": found.place.label,
        "inside": os.path.relpath(found.path, found.root).replace(os.sep, "/"),
        "description": front.text("description") or _description_from_body(catalog, front, found.text),
    }
    if catalog.lines == "first":
        values["description"] = values["description"].split("\n", 1)[0]
    if catalog.lines == "joined":
        values = {key: " ".join(value.split()) for key, value in values.items()}
    return values


def _description_from_body(catalog: Catalog, front: Frontmatter, text: str) -> str:
    stand_in = catalog.description_from_body
    if stand_in is None:
        return ""
    if stand_in.form == "all-lines":
        return "" if front.end else " ".join(text.split())[: stand_in.chars]
    lines = (line.strip("# \t") for line in text[front.end :].splitlines())
    return _cut(next(filter(None, lines), ""), stand_in.chars, "...")


def _cut(text: str, limit: int, ellipsis: str) -> str:
    return text if len(text) <= limit else text[: limit - len(ellipsis)] + ellipsis


def _unlisted(entry: Listed, activation: Activation, why: str) -> Listed:
    return replace(entry, activation=activation, loaded=False, after_touch=False, listing="", why=why)


def _gated(entry: Listed, patterns: Sequence[str], directory: str, resolver: Resolver) -> Listed:
    touched = resolver.matching(patterns, resolver.spec.globs, directory)
    why = "listed once a file that matches its paths is read"
    return replace(entry, activation=Activation.GLOB, loaded=False, after_touch=touched, why=why)


def _below(entry: Listed, directory: str, resolver: Resolver) -> Listed:
    touched = any(path.startswith(slash(directory)) for path in resolver.touched)
    why = f"listed once a file under {resolver.disk.show(directory)} is read"
    return replace(entry, activation=Activation.LAZY_DIR, loaded=False, after_touch=touched, why=why)
