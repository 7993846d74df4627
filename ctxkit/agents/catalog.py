"""Skills, subagents, commands and modes: what of them is listed, within which budget."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from ctxkit.agents.activate import holds
from ctxkit.agents.budget import within
from ctxkit.agents.find import slash
from ctxkit.agents.listable import ignored, keys_of, outermost, refusal
from ctxkit.agents.settings import key_holds, read_config
from ctxkit.agents.template import escaped, fill
from ctxkit.agents.version import applies
from ctxkit.model import Activation
from ctxkit.text.frontmatter import Frontmatter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ctxkit.agents.resolve import Resolver
    from ctxkit.agents.spec import Catalog, Place


class Listed(Struct, frozen=True):
    """One entry of a catalogue.

    ``listing`` is the text that stands in the request for it (empty if it is not listed), ``values`` what fills its
    template; ``text`` the whole file, whose body begins at ``body_start``. ``root`` is the directory that the
    catalogue's place names, below which it was found.
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
    root: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def catalogs(resolver: Resolver, window: int) -> list[Listed]:
    """Every entry of every catalogue of the resolver's agent, in the order listed. ``window`` in tokens."""
    active = [
        catalog
        for catalog in resolver.spec.catalogs
        if applies(catalog, resolver.version) and resolver.holds(catalog.when, set())
    ]
    key = resolver.spec.window_setting
    chosen = resolver.settings.get(key) if key else None
    window = chosen if isinstance(chosen, int) and chosen > 0 else window
    listings: dict[str, list[Listed]] = {}
    names: dict[str, dict[str, str]] = {}
    for catalog in active:
        key = catalog.listing or catalog.id
        entries = _entries(catalog, resolver, names.setdefault(key, {}))
        listings.setdefault(key, []).extend(entries)
    result: list[Listed] = []
    for key, entries in listings.items():
        members = [catalog for catalog in active if (catalog.listing or catalog.id) == key]
        result.extend(within(members, entries, resolver, window))
    return result


def _entries(catalog: Catalog, resolver: Resolver, seen: dict[str, str]) -> list[Listed]:
    entries = []
    for found, text, front in (*_files(catalog, resolver), *_settings_entries(catalog, resolver)):
        path = found.path
        entry = _entry(catalog, found, text, front, resolver)
        if found.late and (entry.loaded or entry.activation is Activation.GLOB):
            entry = _late(entry, found.directory, resolver)
        if catalog.first_wins and entry.activation is not Activation.NEVER:
            if entry.name in seen and entry.loaded:
                twin = resolver.disk.show(seen[entry.name])
                entry = _unlisted(entry, Activation.NEVER, f"hidden by {twin} of the same name")
            else:
                seen.setdefault(entry.name, path)
        entries.append(entry)
    if catalog.sort:
        entries.sort(key=lambda entry: entry.name.lower())
    return entries


def _files(catalog: Catalog, resolver: Resolver) -> Iterator[tuple[_Found, str, Frontmatter]]:
    for found in _paths(catalog, resolver):
        data = resolver.disk.read(found.path)
        if data is not None:
            text = data.decode("utf-8", "replace").removeprefix("\ufeff")
            yield found, text, keys_of(found.path, text)


def _settings_entries(catalog: Catalog, resolver: Resolver) -> Iterator[tuple[_Found, str, Frontmatter]]:
    """The entries that the settings hold; they have no text of their own."""
    path = resolver.settings.file(catalog.setting) if catalog.setting is not None else None
    entries = resolver.settings.get(catalog.setting) if catalog.setting is not None else None
    if path is None or not isinstance(entries, dict):
        return
    directory = os.path.dirname(path)
    for name, keys in entries.items():
        if isinstance(keys, dict):
            yield _Found(catalog.places[0], path, directory, directory, False, name), "", Frontmatter(keys)


class _Found(Struct, frozen=True):
    """A file of a place: ``directory`` is where it was found from, ``root`` that with the fixed part of the name.

    ``late``: it counts only after a touch. ``name``: of an entry that is not named in its own file.
    """

    place: Place
    path: str
    directory: str
    root: str
    late: bool
    name: str = ""


def _paths(catalog: Catalog, resolver: Resolver) -> list[_Found]:
    """What lies in every place, each real file once."""
    result: dict[str, _Found] = {}
    for place in catalog.places:
        if not applies(place, resolver.version):
            continue
        base = resolver.places.base(place.base, resolver.names)
        directories = resolver.finder.ancestors(base, place) if place.walk == "up" else [base]
        late = resolver.finder.nested_holders(place.names, base) if place.below else []
        for directory in (*directories, *late):
            for found in _glob(place, directory, resolver, directory not in directories):
                result.setdefault(os.path.realpath(found.path), found)
    return list(result.values())


def _glob(place: Place, directory: str, resolver: Resolver, late: bool) -> list[_Found]:
    result: list[_Found] = []
    names = resolver.finder.expanded(place.names)
    for name in names:
        root = os.path.normpath(os.path.join(directory, name.split("*", 1)[0]))
        paths = resolver.finder.named(name, directory)
        result.extend(
            _Found(place, path, directory, root, late)
            for path in (outermost(paths) if place.outermost else paths)
            if (place.hidden or not _in_hidden(path, directory, names))
            and not (place.ignore_files and ignored(path, root, place.ignore_files, resolver.finder))
        )
    return result


def _in_hidden(path: str, directory: str, names: Sequence[str]) -> bool:
    """Does ``path`` lie in a hidden directory that no name asks for?"""
    asked = {part for name in names for part in name.split("/")}
    parts = os.path.relpath(path, directory).split(os.sep)[:-1]
    return any(part.startswith(".") and part != ".." and part not in asked for part in parts)


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


def _entry(catalog: Catalog, found: _Found, text: str, front: Frontmatter, resolver: Resolver) -> Listed:
    path = found.path
    name = found.name or _name(catalog, path, found.directory, front)
    values = {key: front.text(key) for key in front.values}
    values.update(name=name, path=path, title=front.text("name") if front.text("name") != name else "")
    values.update(label=found.place.label, inside=os.path.relpath(path, found.root).replace(os.sep, "/"))
    values["description"] = _description(catalog, front, text)
    if catalog.first_line:
        values["description"] = values["description"].split("\n", 1)[0]
    if catalog.folded:
        values = {key: " ".join(value.split()) for key, value in values.items()}
    cap = None if catalog.per_entry is None else int(resolver.allowed(catalog.per_entry))
    too_long = cap is not None and len(values["description"]) > cap
    if cap is not None and catalog.per_entry is not None:
        _cap(values, cap, catalog.per_entry.ellipsis)
    if catalog.escape == "xml":
        values = escaped(values)
    listed = Listed(
        catalog, path, name, catalog.activation, True, False, fill(catalog.template, values), text, front.end,
        f"listed in every request; the {catalog.kind} itself on demand", found.root, values,
    )  # fmt: skip
    if catalog.activation in (Activation.MANUAL, Activation.NEVER):
        return _unlisted(listed, catalog.activation, "not listed: only the user calls it")
    if catalog.strict and not (front.end and front.valid):
        return _unlisted(listed, Activation.NEVER, "not listed: its frontmatter is missing or no valid YAML")
    missing = [key for key in catalog.needs if not front.text(key) and (key == "name" or not values.get(key))]
    if missing:
        return _unlisted(listed, Activation.NEVER, f"not listed: it has no {missing[0]}")
    if too_long and catalog.per_entry is not None and catalog.per_entry.overflow == "skip-file":
        return _unlisted(listed, Activation.NEVER, f"not listed: its description is over {cap:,} characters")
    refused = refusal(catalog, found.place, name, text, front, resolver)
    if refused is not None:
        return _unlisted(listed, Activation.NEVER, f"not listed: {refused}")
    if any(holds(test, front) for test in catalog.hidden_if):
        return _unlisted(listed, Activation.MANUAL, "not listed: its frontmatter keeps it from the model")
    if _hidden_by_sidecar(listed, resolver):
        return _unlisted(listed, Activation.MANUAL, "not listed: a file beside it keeps it from the model")
    denied = {value for key in catalog.removed_by for value in resolver.settings.strings(key)}
    if any(form.format(name=name) in denied for form in catalog.removed_form) or _switched_off(listed, resolver):
        return _unlisted(listed, Activation.NEVER, "not listed: the settings deny it")
    choice = str(resolver.settings.get(f"{catalog.overrides}.{name}", "")) if catalog.overrides else ""
    if choice == "name-only":
        return replace(listed, listing=fill(catalog.template, {"name": name}), why="the settings keep it to its name")
    if choice in ("off", "user-invocable-only"):
        return _unlisted(listed, Activation.MANUAL, "not listed: the settings keep it from the model")
    gate = [pattern for pattern in front.strings(catalog.gated_if) if pattern != "**"] if catalog.gated_if else []
    return _gated(listed, gate, found.directory, resolver) if gate else listed


def _description(catalog: Catalog, front: Frontmatter, text: str) -> str:
    description = front.text("description")
    if description or not catalog.describe_from_body:
        return description
    if catalog.body_form == "all-lines":
        return "" if front.end else " ".join(text.split())[: catalog.describe_from_body]
    first = next((line.strip("# \t") for line in text[front.end :].splitlines() if line.strip("# \t")), "")
    limit = catalog.describe_from_body
    return first if len(first) <= limit else first[: limit - 3] + "..."


def _hidden_by_sidecar(entry: Listed, resolver: Resolver) -> bool:
    sidecar = entry.catalog.sidecar
    if sidecar is None:
        return False
    path = os.path.join(os.path.dirname(entry.path), *sidecar.name.split("/"))
    data = read_config(resolver.disk, path, "yaml") if resolver.disk.is_file(path) else None
    return data is not None and any(key_holds(test, data) for test in sidecar.hidden_if)


def _switched_off(entry: Listed, resolver: Resolver) -> bool:
    switches = resolver.settings.get(entry.catalog.switches) if entry.catalog.switches else None
    own = {"name": (entry.name,), "path": (entry.path, os.path.dirname(entry.path))}
    return isinstance(switches, list) and any(
        isinstance(switch, dict)
        and switch.get("enabled") is False
        and any(switch.get(key) in values for key, values in own.items())
        for switch in switches
    )


def _cap(values: dict[str, str], limit: int, ellipsis: str) -> None:
    if len(values["description"]) > limit:
        values["description"] = values["description"][: limit - len(ellipsis)] + ellipsis


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
