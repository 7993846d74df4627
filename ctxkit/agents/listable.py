"""Why an entry of a catalogue that was found is not listed: what the agent asks of it, and what the settings deny."""

from __future__ import annotations

import fnmatch
import hashlib
import os
from typing import TYPE_CHECKING

from ctxkit.agents.find import slash
from ctxkit.agents.globs import matcher
from ctxkit.agents.spec import GlobDialect
from ctxkit.model import ConfigError
from ctxkit.text import frontmatter
from ctxkit.text.config import parse_config
from ctxkit.text.frontmatter import Frontmatter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ctxkit.agents.find import Finder
    from ctxkit.agents.resolve import Resolver
    from ctxkit.agents.spec import Catalog, Place


def keys_of(path: str, text: str) -> Frontmatter:
    """The keys of an entry's file: its frontmatter, or the top of a TOML file, whose values that are texts count."""
    if not path.endswith(".toml"):
        return frontmatter.parse(text)
    table = parse_config(text.encode("utf-8", "replace"), "toml", path)
    if isinstance(table, ConfigError):
        return Frontmatter(valid=False)
    return Frontmatter({key: value for key, value in table.items() if isinstance(value, str)})


def refusal(catalog: Catalog, place: Place, name: str, text: str, front: Frontmatter, resolver: Resolver) -> str | None:
    """The reason, as a report words it; None if nothing is against the entry ``name``, whose file holds ``text``."""
    if catalog.only_keys and any(key not in catalog.only_keys for key in front.values):
        unknown = next(key for key in front.values if key not in catalog.only_keys)
        return f"the agent does not know its key {unknown}"
    if len(text[front.end :].strip()) < catalog.min_body:
        return f"its text is shorter than {catalog.min_body} characters"
    if place.approved is not None:
        key = place.approved.replace("{name}", name)
        if resolver.settings.get(key) != hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest():
            return "nobody has approved it as it stands"
    if catalog.denied_by is not None and _denied(resolver.settings.get(catalog.denied_by), name):
        return "the settings deny it"
    return None


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


def _denied(rules: object, name: str) -> bool:
    """``deny`` for all, or a map of patterns of which the last that matches decides."""
    if not isinstance(rules, dict):
        return rules == "deny"
    matching = [value for pattern, value in rules.items() if fnmatch.fnmatchcase(name, pattern)]
    return bool(matching) and matching[-1] == "deny"


def outermost(paths: Iterable[str]) -> list[str]:
    """``paths`` without those below the directory of another ``SKILL.md`` among them."""
    listed = list(paths)
    holders = {os.path.dirname(path) for path in listed if os.path.basename(path) == "SKILL.md"}
    return [path for path in listed if not any(_below(path, holder) for holder in holders)]


def _below(path: str, holder: str) -> bool:
    return os.path.dirname(path) != holder and path.startswith(holder + os.sep)
