"""Where the files of a source are: names, walks and nested directories."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import DecodeError, Struct, json

from ctxkit.agents.disk import has_wildcard, slash
from ctxkit.agents.globs import expand_braces, matcher
from ctxkit.agents.manifest import manifest_files
from ctxkit.agents.spec import GlobDialect
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places
    from ctxkit.agents.settings import Settings
    from ctxkit.agents.spec import AgentSpec, RuleSource, Where

_FROM_ELSEWHERE = on_demand(r"\{(setting|setting-name|env):([^}]*)\}(.*)$")


class Found(Struct, frozen=True):
    """A file of a source, and the directory it was found from. ``below``: that lies below the source's base."""

    source: RuleSource
    directory: str
    path: str
    below: bool


class Finder:
    """Finds the files of one agent's sources. ``nested``: files of the work tree, relative to its root, posix."""

    def __init__(self, spec: AgentSpec, places: Places, disk: Disk, settings: Settings, nested: Sequence[str]) -> None:
        self.spec = spec
        self.places = places
        self.names = places.names(spec)
        self.disk = disk
        self.settings = settings
        self.nested = nested
        self.touched = tuple(os.path.normpath(path) for path in places.touched)
        self.excluded = self._exclusion()

    def text(self, path: str) -> str:
        """The decoded text of a file; empty where it cannot be read."""
        data = self.disk.read(path)
        return "" if data is None else data.decode("utf-8", "replace")

    def find(self, source: RuleSource) -> list[Found]:
        """The files of ``source``: those at its base and on its walk, then those below."""
        if source.text_setting is not None:
            path = self.settings.file(source.text_setting)
            return [] if path is None else [Found(source, os.path.dirname(path), path, False)]
        return [file for base in self.bases(source) for file in self._from(source, base)]

    def bases(self, where: Where) -> list[str]:
        """The directories at which ``where`` begins: one, or those in a setting."""
        if not where.base.startswith("{setting:"):
            return [self.places.base(where.base, self.names)]
        return [self.places.expand(name, self.names) for name in self.settings.strings(where.base[9:-1])]

    def walked(self, where: Where, base: str) -> tuple[list[str], list[str]]:
        """The directories that ``where`` looks into from ``base``, and all that lie on its way, innermost first."""
        if where.walk not in ("up", "ends", "between"):
            return [base], [base]
        chain = self.places.ancestors(base, where.until, self.markers(where))
        ends = list(dict.fromkeys((chain[0], chain[-1])))
        return {"up": chain, "ends": ends, "between": chain[1:-1]}[where.walk], chain

    def markers(self, where: Where) -> tuple[str, ...]:
        """The names that mark the top of a project for ``where``."""
        if where.markers_setting and self.settings.get(where.markers_setting) is not None:
            return self.settings.strings(where.markers_setting)
        return where.markers

    def _from(self, source: RuleSource, base: str) -> list[Found]:
        """The files of ``source`` from one of its bases on."""
        if source.manifest is not None:
            named = manifest_files(source.manifest, base, self.places.cwd, self.disk, self.settings)
            return [Found(source, directory, path, False) for directory, path in named]
        directories, chain = self.walked(source, base)
        if not source.nearest_first:
            directories = directories[::-1]
        result = [
            Found(source, directory, path, False)
            for directory in directories
            for path in self._pick(source, directory)
        ]  # fmt: skip
        if source.below is None and source.walk != "down":
            return result
        seen = {file.path for file in result}
        start = base if source.below_base is None else self.places.base(source.below_base, self.names)
        for directory in self.nested_holders(self.expanded(source.names), start):
            beside = (os.path.join(directory, name) for name in source.unless_beside)
            if directory in chain or any(self.disk.is_file(path) for path in beside):
                continue
            if source.below_depth is not None and _depth(directory, start) > source.below_depth:
                continue
            for path in self._pick(source, directory):
                if path not in seen:
                    seen.add(path)
                    result.append(Found(source, directory, path, source.below is not None))
        return result

    def _pick(self, source: RuleSource, directory: str) -> list[str]:
        """The files in ``directory`` that ``source`` names and picks."""
        found: list[str] = []
        for name in self.expanded(source.names):
            paths = self.named(name, directory, source.ignore_case)
            if not paths and source.directories:
                paths = self.disk.glob(self._joined(directory, name), "**/*")
            for path in paths:
                if path not in found and not self.excluded(path, source.id) and not _unwanted(path, source):
                    found.append(path)
            if found and source.pick == "first":
                if source.empty_counts or self.text(found[0]).strip():
                    return found
                found = []
        return found

    def named(self, name: str, directory: str, ignore_case: bool = False) -> list[str]:
        """The files that ``name`` (a path or glob of the data files) stands for under ``directory``."""
        if os.path.isabs(name) or name.startswith("~"):
            path = self.places.expand(name, self.names)
            if not has_wildcard(name):
                return [path] if self.disk.is_file(path) else []
            fixed = path.split(os.sep)
            cut = next(i for i, part in enumerate(fixed) if has_wildcard(part))
            return self.disk.glob(os.sep.join(fixed[:cut]) or os.sep, "/".join(fixed[cut:]))
        name = name.format_map(_Kept(self.names)) if "{" in name else name
        if not has_wildcard(name):
            return self._plain(os.path.normpath(os.path.join(directory, name)), ignore_case)
        while name.startswith(("../", "./")):
            directory = os.path.dirname(directory) if name.startswith("../") else directory
            name = name.split("/", 1)[1]
        return [path for pattern in expand_braces(name) for path in self.disk.glob(directory, pattern)]

    def _joined(self, directory: str, name: str) -> str:
        """``name``, relative to ``directory`` unless it is absolute, as an absolute path."""
        outright = os.path.isabs(name) or name.startswith("~")
        return self.places.expand(name if outright else f"{directory}/{name}", self.names)

    def _plain(self, path: str, ignore_case: bool) -> list[str]:
        """The files that a ``path`` without wildcards stands for."""
        if not ignore_case:
            return [path] if self.disk.is_file(path) else []
        directory, wanted = os.path.split(path)
        entries = self.disk.entries(directory)
        return [os.path.join(directory, n) for n in sorted(entries) if n.lower() == wanted.lower() and not entries[n]]

    def expanded(self, names: Sequence[str]) -> list[str]:
        """``names`` with those that begin with a setting or a variable in braces filled in; one may become many."""
        result: list[str] = []
        for name in names:
            match = _FROM_ELSEWHERE().match(name)
            if match is None:
                result.append(name)
                continue
            kind, key, rest = match.groups()
            if kind == "env":
                texts = _texts_in(self.places.env.get(key, ""))
            else:
                refused = "/" if kind == "setting-name" else "://"
                texts = [text for text in self.settings.strings(key) if refused not in text]
            result.extend(text + rest for text in texts)
        return result

    def nested_holders(self, names: Sequence[str], base: str) -> list[str]:
        """Directories below ``base`` that may hold files of these ``names``, outermost first.

        Those on the way to a touched file are looked into whatever git says; the others come from the work tree's
        listing.
        """
        wanted = {name.rsplit("/", 1)[-1] for name in names if not any(c in name for c in "*?{")}
        prefixes = [name.split("*", 1)[0].rstrip("/") for name in names if "*" in name]
        directories: dict[str, None] = {}
        for path in self._nested_with(wanted, prefixes):
            directory = _holder(path, names, wanted, prefixes)
            if directory is None:
                continue
            holder = os.path.normpath(os.path.join(self.disk.root, directory))
            if holder != base and holder.startswith(slash(base)):
                directories[holder] = None
        for touched in self.touched:
            directories.update(dict.fromkeys(self.places.between(base, touched)))
        return sorted(directories, key=lambda directory: (directory.count(os.sep), directory))

    def _nested_with(self, wanted: Iterable[str], prefixes: Iterable[str]) -> set[str]:
        """The nested files with a wanted base name, or below a directory that ends with a prefix.

        Searched for in one text of all paths: sixty thousand of them take 2 ms so, and 30 ms one by one.
        """
        ends = [f"{name}\0" for name in wanted]
        inner = [f"{prefix}/" for prefix in prefixes if prefix]
        found = set()
        for part in (*ends, *inner):
            needle = f"/{part}"
            at = self._nested_text.find(needle)
            while at >= 0:
                end = self._nested_text.find("\0", at + 1)
                found.add(self._nested_text[self._nested_text.rfind("\0", 0, at) + 2 : end])
                at = self._nested_text.find(needle, end)
        return found

    @cached_property
    def _nested_text(self) -> str:
        """Every path between NULs, with a slash in front."""
        return "\0/" + "\0/".join(self.nested) + "\0"

    def _exclusion(self) -> Callable[[str, str], bool]:
        """(absolute path, id of its source) → do the settings keep it out?"""
        patterns = [pattern for key in self.spec.excluded_by for pattern in self.settings.strings(key)]
        if not patterns:
            return lambda path, source: False
        dialect = GlobDialect(bare="anchored")
        positive = matcher([p.lstrip("/") for p in patterns if p.startswith(("/", "**"))], dialect)
        negative = [matcher([p[1:].lstrip("/")], dialect) for p in patterns if p.startswith("!")]

        def excluded(path: str, source: str) -> bool:
            if source in self.spec.never_excluded:
                return False
            posix = path.replace(os.sep, "/").lstrip("/")
            return positive(posix) or any(not other(posix) for other in negative)

        return excluded


def _texts_in(value: str) -> list[str]:
    """The texts of an environment variable: a JSON array of them, or what stands between commas."""
    if value.lstrip().startswith("["):
        try:
            return [part for part in json.decode(value) if isinstance(part, str)]
        except (DecodeError, RecursionError):
            return []
    return [part.strip() for part in value.split(",") if part.strip()]


def _unwanted(path: str, source: RuleSource) -> bool:
    name = os.path.basename(path)
    return any(fnmatchcase(name, pattern) for pattern in source.not_names)


def _depth(directory: str, start: str) -> int:
    """How many directories ``directory`` lies below ``start``."""
    return directory[len(slash(start)) :].count(os.sep) + 1


class _Kept(dict[str, str]):
    """Placeholders of which an unknown one stays as it is."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def _holder(path: str, names: Sequence[str], wanted: set[str], prefixes: Sequence[str]) -> str | None:
    """The directory that holds ``path`` as one of ``names``, relative like ``path``; None if it is none of them."""
    base = path.rsplit("/", 1)[-1]
    if base in wanted:
        for name in names:
            if path == name or path.endswith("/" + name):
                return path[: len(path) - len(name)].rstrip("/")
    for prefix in prefixes:
        inner = f"/{path}"
        at = inner.rfind(f"/{prefix}/") if prefix else -1
        if at >= 0:
            return inner[1:at] if at else ""
    return None
