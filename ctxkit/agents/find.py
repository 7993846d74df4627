"""Where the files of a source are: names, walks and nested directories."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from ctxkit.agents.globs import expand_braces, matcher
from ctxkit.agents.manifest import manifest_files
from ctxkit.agents.spec import AgentSpec, GlobDialect, Place, RuleSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places
    from ctxkit.agents.settings import Settings


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
        if source.manifest is not None:
            base = self.places.base(source.base, self.names)
            named = manifest_files(source.manifest, base, self.places.cwd, self.disk, self.settings)
            return [Found(source, directory, path, False) for directory, path in named]
        if source.base_setting is None:
            return self._from(source, self.places.base(source.base, self.names))
        bases = [self.places.expand(name, self.names) for name in self.settings.strings(source.base_setting)]
        return [file for base in bases for file in self._from(source, base)]

    def _from(self, source: RuleSource, base: str) -> list[Found]:
        result: list[Found] = []
        directories, chain = self._walked(source, base)
        for directory in directories:
            result.extend(Found(source, directory, path, False) for path in self._pick(source, directory))
        if source.below is not None or source.walk == "down":
            seen = {file.path for file in result}
            start = base if source.below_base is None else self.places.base(source.below_base, self.names)
            for directory in self.nested_holders(source.names, start):
                if directory in chain or any(
                    self.disk.is_file(os.path.join(directory, name)) for name in source.unless_beside
                ):
                    continue
                for path in self._pick(source, directory):
                    if path not in seen:
                        seen.add(path)
                        result.append(Found(source, directory, path, source.below is not None))
        return result

    def _walked(self, source: RuleSource, base: str) -> tuple[list[str], list[str]]:
        """The directories that ``source`` looks into from ``base``, and all that lie on its way."""
        if source.walk not in ("up", "ends", "between"):
            return [base], [base]
        chain = self.ancestors(base, source)
        outwards = {"up": chain, "ends": list(dict.fromkeys((chain[0], chain[-1]))), "between": chain[1:-1]}[
            source.walk
        ]
        return outwards if source.nearest_first else outwards[::-1], chain

    def _pick(self, source: RuleSource, directory: str) -> list[str]:
        found: list[str] = []
        for name in self.expanded(source.names):
            paths = self.named(name, directory, source.ignore_case)
            if not paths and source.directories:
                paths = self.disk.glob(self._joined(directory, name), "**/*")
            for path in paths:
                if path not in found and not self.excluded(path, source.id):
                    found.append(path)
            if found and source.pick == "first":
                if source.blank or self.text(found[0]).strip():
                    return found
                found = []
        return found

    def named(self, name: str, directory: str, ignore_case: bool = False) -> list[str]:
        """The files that ``name`` (a path or glob of the data files) stands for under ``directory``."""
        if os.path.isabs(name) or name.startswith("~"):
            path = self.places.expand(name, self.names)
            if not any(c in name for c in "*?["):
                return [path] if self.disk.is_file(path) else []
            fixed = path.split(os.sep)
            cut = next(i for i, part in enumerate(fixed) if any(c in part for c in "*?["))
            return self.disk.glob(os.sep.join(fixed[:cut]) or os.sep, "/".join(fixed[cut:]))
        name = name.format_map(_Kept(self.names)) if "{" in name else name
        if not any(c in name for c in "*?["):
            return self._plain(os.path.normpath(os.path.join(directory, name)), ignore_case)
        while name.startswith(("../", "./")):
            directory = os.path.dirname(directory) if name.startswith("../") else directory
            name = name.split("/", 1)[1]
        return [path for pattern in expand_braces(name) for path in self.disk.glob(directory, pattern)]

    def _joined(self, directory: str, name: str) -> str:
        outright = os.path.isabs(name) or name.startswith("~")
        return self.places.expand(name if outright else f"{directory}/{name}", self.names)

    def _plain(self, path: str, ignore_case: bool) -> list[str]:
        if not ignore_case:
            return [path] if self.disk.is_file(path) else []
        directory, wanted = os.path.split(path)
        entries = self.disk.entries(directory)
        return [os.path.join(directory, n) for n in sorted(entries) if n.lower() == wanted.lower() and not entries[n]]

    def expanded(self, names: Sequence[str]) -> list[str]:
        """``names`` with those that stand for settings and variables filled in."""
        result: list[str] = []
        for name in names:
            if name.startswith("{setting:"):
                key, _, rest = name[9:].partition("}")
                result.extend(s + rest for s in self.settings.strings(key) if "://" not in s)
            elif name.startswith("{setting-name:"):
                result.extend(s for s in self.settings.strings(name[14:-1]) if "/" not in s)
            elif name.startswith("{env:"):
                key, _, rest = name[5:].partition("}")
                result.extend(part.strip() + rest for part in self.places.env.get(key, "").split(",") if part.strip())
            else:
                result.append(name)
        return result

    def ancestors(self, base: str, part: RuleSource | Place) -> list[str]:
        """``base`` and the directories above it that ``part`` looks into, innermost first."""
        return self.places.ancestors(base, part.until, self.markers(part))

    def markers(self, part: RuleSource | Place) -> tuple[str, ...]:
        """The names that end a walk of ``part`` at the directory that holds one."""
        if part.markers_setting and self.settings.get(part.markers_setting) is not None:
            return self.settings.strings(part.markers_setting)
        return part.markers

    def nested_holders(self, names: Sequence[str], base: str) -> list[str]:
        """Directories below ``base`` that may hold files of these ``names``, outermost first.

        Those on the way to a touched file are looked into whatever git says; the others come from the work tree's
        listing.
        """
        wanted = {name.rsplit("/", 1)[-1] for name in names if not any(c in name for c in "*?{")}
        prefixes = [name.split("*", 1)[0].rstrip("/") for name in names if "*" in name]
        directories: dict[str, None] = {}
        for path in self.nested:
            directory = _holder(path, names, wanted, prefixes)
            if directory is None:
                continue
            holder = os.path.normpath(os.path.join(self.disk.root, directory))
            if holder != base and holder.startswith(slash(base)):
                directories[holder] = None
        for touched in self.touched:
            directories.update(dict.fromkeys(self.places.between(base, touched)))
        return sorted(directories, key=lambda directory: (directory.count(os.sep), directory))

    def _exclusion(self) -> Callable[[str, str], bool]:
        patterns = [pattern for key in self.spec.exclude for pattern in self.settings.strings(key)]
        if not patterns:
            return lambda path, source: False
        dialect = GlobDialect(bare="anchored")
        positive = matcher([p.lstrip("/") for p in patterns if p.startswith(("/", "**"))], dialect)
        negative = [matcher([p[1:].lstrip("/")], dialect) for p in patterns if p.startswith("!")]

        def excluded(path: str, source: str) -> bool:
            if source in self.spec.exclude_exempt:
                return False
            posix = path.replace(os.sep, "/").lstrip("/")
            return positive(posix) or any(not other(posix) for other in negative)

        return excluded


class _Kept(dict[str, str]):
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


def slash(directory: str) -> str:
    """``directory`` with one separator at its end."""
    return directory if directory.endswith(os.sep) else directory + os.sep
