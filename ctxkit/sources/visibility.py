"""What one agent's own rules say about the files of a work tree: which are hidden from it, which it lists by name."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ctxkit.agents.version import applies
from ctxkit.sources.ignored import IgnoreSource, hidden_by, remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.agents.resolve import Resolver
    from ctxkit.agents.spec import FileListing
    from ctxkit.sources.listing import Store
    from ctxkit.sources.worktree import Worktree


def hidden_files(resolver: Resolver, worktree: Worktree, cache: Store | None) -> frozenset[str]:
    """Paths that the agent's ignore files and deny settings keep from its own file tools.

    An ignore file that the agent no longer honours hides nothing.
    """
    spec = resolver.spec
    named = [
        IgnoreSource(file.name.removeprefix("~/"), file.at, file.negation, file.syntax == "include")
        for file in spec.ignore.files
        if file.enforced and applies(file, resolver.version)
    ]
    if spec.ignore.names_setting:
        named += [
            IgnoreSource(name) for name in resolver.settings.strings(spec.ignore.names_setting) if ".." not in name
        ]
    hidden = hidden_by(
        worktree, named, gitignore="read" in spec.ignore.gitignore, home=resolver.places.home, cache=cache
    )
    denied = _denied(resolver, worktree, cache)
    return hidden | denied if denied else hidden


def _denied(resolver: Resolver, worktree: Worktree, cache: Store | None) -> frozenset[str]:
    lines: list[str] = []
    for rule in resolver.spec.ignore.deny:
        pattern = re.compile(rule.match)
        for value in resolver.settings.strings(rule.setting):
            match = pattern.match(value)
            line = _relative(match[1], resolver) if match else None
            if line:
                lines.append(line)
    if not lines:
        return frozenset()

    def find() -> frozenset[str]:
        from ctxkit.ignore import IgnoreFile, IgnoreTree

        return frozenset(IgnoreTree([[IgnoreFile(lines)]]).hidden(worktree.paths))

    return remembered(cache, worktree.paths, ("denied", lines), find)


def _relative(pattern: str, resolver: Resolver) -> str | None:
    """A deny pattern as a gitignore line of the audited root; None if it points outside.

    ``//x`` is absolute, ``~/x`` under the home directory, ``./x`` relative to the working directory.
    """
    root = resolver.disk.root.replace(os.sep, "/").rstrip("/")
    absolute = pattern[1:] if pattern.startswith("//") else ""
    if pattern.startswith("~/"):
        absolute = resolver.places.home.replace(os.sep, "/") + pattern[1:]
    if absolute:
        return absolute[len(root) :] if absolute.startswith(root + "/") else None
    return pattern[1:] if pattern.startswith("./") else pattern


def listed_files(resolver: Resolver, worktree: Worktree, hidden: frozenset[str]) -> frozenset[str]:
    """Paths whose names stand in the first request because the agent lists directories there."""
    listed: set[str] = set()
    for listing in resolver.spec.file_listings:
        if applies(listing, resolver.version) and resolver.holds(listing.when):
            paths = worktree.paths if not listing.honours_ignore else [p for p in worktree.paths if p not in hidden]
            listed.update(_first(paths, listing))
    return frozenset(listed)


def _first(paths: Sequence[str], listing: FileListing) -> list[str]:
    """The files that fit into a listing of so many entries, directories counted."""
    if listing.order == "name":
        return list(paths[: listing.limit])
    by_depth: dict[int, list[str]] = {}
    for path in paths:
        by_depth.setdefault(path.count("/"), []).append(path)
    result: list[str] = []
    entries: set[str] = set()
    for depth in sorted(by_depth):
        for path in by_depth[depth]:
            parents = path.split("/")[:-1]
            entries.update("/".join(parents[: i + 1]) for i in range(len(parents)))
            entries.add(path)
            if len(entries) > listing.limit:
                return result
            result.append(path)
    return result
