"""Why an entry of a catalogue that was found is not listed: what the agent asks of it, and what the settings say."""

from __future__ import annotations

import fnmatch
import hashlib
import os
from typing import TYPE_CHECKING

from ctxkit.agents.conditions import holds
from ctxkit.agents.disk import slash
from ctxkit.agents.globs import matcher
from ctxkit.agents.settings import key_holds, read_config
from ctxkit.agents.spec import GlobDialect
from ctxkit.model import Activation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ctxkit.agents.catalog import Candidate
    from ctxkit.agents.disk import Disk
    from ctxkit.agents.find import Finder
    from ctxkit.agents.resolve import Resolver
    from ctxkit.agents.spec import Catalog

_NOBODY, _USER = Activation.NEVER, Activation.MANUAL
"""Who may still call an entry that is not listed."""


def rejection(
    catalog: Catalog, found: Candidate, name: str, values: Mapping[str, str], resolver: Resolver
) -> tuple[Activation, str] | None:
    """The activation of an entry that is not listed, and the reason as a report words it; None if it is listed.

    ``values``: what would fill its template, uncut.
    """
    if catalog.activation in (Activation.MANUAL, Activation.NEVER):
        return catalog.activation, "only the user calls it"
    unfit = _unfit(catalog, found, values, resolver)
    if unfit is not None:
        return _NOBODY, unfit
    if _unapproved(found, name, resolver):
        return _NOBODY, "nobody has approved it as it stands"
    if catalog.denied_by is not None and _denied(resolver.settings.get(catalog.denied_by), name):
        return _NOBODY, "the settings deny it"
    if any(holds(test, found.front) for test in catalog.hidden_if):
        return _USER, "its frontmatter keeps it from the model"
    if _hidden_by_sidecar(catalog, found, resolver.disk):
        return _USER, "a file beside it keeps it from the model"
    if _removed(catalog, name, resolver) or _switched_off(catalog, found, name, resolver):
        return _NOBODY, "the settings deny it"
    if override_of(catalog, name, resolver) in ("off", "user-invocable-only"):
        return _USER, "the settings keep it from the model"
    return None


def override_of(catalog: Catalog, name: str, resolver: Resolver) -> str:
    """What the settings make of the entry ``name``; empty if they do not speak of it."""
    return str(resolver.settings.get(f"{catalog.overridden_by}.{name}", "")) if catalog.overridden_by else ""


def _unfit(catalog: Catalog, found: Candidate, values: Mapping[str, str], resolver: Resolver) -> str | None:
    """What is wrong with the file of an entry; None if nothing is."""
    front = found.front
    if catalog.strict and not (front.end and front.valid):
        return "its frontmatter is missing or no valid YAML"
    for key in catalog.needs:
        # The name that the file's place gives does not do, but a description from the body does.
        if not front.text(key) and (key == "name" or not values.get(key)):
            return f"it has no {key}"
    limit = catalog.description_limit
    if limit is not None and limit.overflow == "skip-file" and len(values["description"]) > resolver.allowed(limit):
        return f"its description is over {resolver.allowed(limit):,.0f} characters"
    unknown = [key for key in front.values if key not in catalog.only_keys] if catalog.only_keys else []
    if unknown:
        return f"the agent does not know its key {unknown[0]}"
    if len(found.text[front.end :].strip()) < catalog.min_body:
        return f"its text is shorter than {catalog.min_body} characters"
    return None


def _unapproved(found: Candidate, name: str, resolver: Resolver) -> bool:
    if found.place.approved_by is None:
        return False
    digest = hashlib.sha256(found.text.encode("utf-8", "surrogateescape")).hexdigest()
    return resolver.settings.get(found.place.approved_by.replace("{name}", name)) != digest


def _denied(rules: object, name: str) -> bool:
    """``deny`` for all, or a map of patterns of which the last that matches decides."""
    if not isinstance(rules, dict):
        return rules == "deny"
    matching = [value for pattern, value in rules.items() if fnmatch.fnmatchcase(name, pattern)]
    return bool(matching) and matching[-1] == "deny"


def _hidden_by_sidecar(catalog: Catalog, found: Candidate, disk: Disk) -> bool:
    if catalog.sidecar is None:
        return False
    path = os.path.join(os.path.dirname(found.path), *catalog.sidecar.file.split("/"))
    data = read_config(disk, path, "yaml") if disk.is_file(path) else None
    return data is not None and any(key_holds(test, data) for test in catalog.sidecar.hidden_if)


def _removed(catalog: Catalog, name: str, resolver: Resolver) -> bool:
    if catalog.removed_by is None:
        return False
    removed = {value for key in catalog.removed_by.settings for value in resolver.settings.strings(key)}
    return any(form.format(name=name) in removed for form in catalog.removed_by.forms)


def _switched_off(catalog: Catalog, found: Candidate, name: str, resolver: Resolver) -> bool:
    switches = resolver.settings.get(catalog.switched_off_by) if catalog.switched_off_by else None
    own = {"name": (name,), "path": (found.path, os.path.dirname(found.path))}
    return isinstance(switches, list) and any(
        isinstance(switch, dict)
        and switch.get("enabled") is False
        and any(switch.get(key) in values for key, values in own.items())
        for switch in switches
    )


def ignored(path: str, root: str, names: Sequence[str], finder: Finder) -> bool:
    """Does an ignore file called one of ``names``, in ``root`` or below it on the way to ``path``, hide ``path``?"""
    hidden = False
    for directory in (root, *finder.places.between(root, path)):
        inside = path[len(slash(directory)) :].replace(os.sep, "/")
        for name in names:
            lines = finder.text(os.path.join(directory, name)).splitlines()
            patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
            hidden = hidden or matcher(patterns, GlobDialect(style="gitignore"))(inside)
    return hidden


def outermost(paths: Iterable[str]) -> list[str]:
    """``paths`` without those below the directory of another ``SKILL.md`` among them."""
    listed = list(paths)
    holders = {os.path.dirname(path) for path in listed if os.path.basename(path) == "SKILL.md"}
    return [path for path in listed if not any(_below(path, holder) for holder in holders)]


def _below(path: str, holder: str) -> bool:
    return os.path.dirname(path) != holder and path.startswith(holder + os.sep)
