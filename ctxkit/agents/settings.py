"""An agent's settings files, merged into one view."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec import Struct

from ctxkit.agents.conditions import holds
from ctxkit.agents.version import applies
from ctxkit.model import ConfigError
from ctxkit.text.config import Format, kind_of, parse_config
from ctxkit.text.frontmatter import Frontmatter
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ctxkit.agents.spec import AgentSpec, KeyTest, SettingsFile

_PLACEHOLDER = on_demand(r"\{([\w-]+)\}")
_DRIVE = on_demand(r"[A-Za-z]:[/\\]")
_WILD = "*?["
# How deep maps of several files are merged; below that the stronger file's map stands alone.
_MERGE_DEPTH = 16


class ReadsFiles(Protocol):
    """What is needed of :class:`ctxkit.agents.disk.Disk`."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where there is none or it cannot be read."""

    def skip(self, path: str, reason: str, hint: str = "") -> None:
        """Record that a file could not be read."""

    def show(self, path: str) -> str:
        """A path as reports print it."""


class FindsFiles(Protocol):
    """What is needed of :class:`ctxkit.agents.disk.Disk`."""

    def glob(self, directory: str, pattern: str) -> list[str]:
        """Files under ``directory`` that match ``pattern``, sorted."""


def expand_path(template: str, names: Mapping[str, str]) -> str | None:
    """``template`` as an absolute path on this system; None where it names an unknown place or another system's drive.

    ``names`` maps placeholders (``root``, ``home``, …) to absolute directories.
    """
    path = expand_key(template, names)
    if path == "~" or path.startswith("~/"):
        path = names.get("home", "~") + path[1:]
    if _PLACEHOLDER().search(path) or (os.name != "nt" and _DRIVE().match(path)) or not os.path.isabs(path):
        return None
    return os.path.normpath(path)


def files_at(template: str, names: Mapping[str, str], disk: FindsFiles) -> list[str]:
    """The files that ``template`` stands for: those that match if it holds wildcards, else its path, there or not."""
    path = expand_path(template, names)
    if path is None:
        return []
    if not any(c in template for c in _WILD):
        return [path]
    written = template.split("/")
    wild = len(written) - next(at for at, part in enumerate(written) if set(part) & set(_WILD))
    parts = path.split(os.sep)
    return disk.glob(os.sep.join(parts[:-wild]) or os.sep, "/".join(parts[-wild:]))


def expand_key(key: str, names: Mapping[str, str]) -> str:
    """``key`` with the placeholders it names filled in; unknown ones stay."""
    return _PLACEHOLDER().sub(lambda match: names.get(match[1], match[0]), key)


def read_config(disk: ReadsFiles, path: str, format: Format) -> dict[str, object] | None:  # noqa: A002
    """The map of settings in the file ``path`` (absolute); None where there is none, or it is broken.

    A broken file is recorded with ``disk.skip``.
    """
    data = disk.read(path)
    if data is None:
        return None
    value = parse_config(data, format, disk.show(path))
    if isinstance(value, ConfigError):
        disk.skip(path, value.message.removeprefix(disk.show(path)).strip(), value.hint)
        return None
    return value


class Layer(Struct, frozen=True):
    """One settings file: ``path`` is absolute. ``under``: the key that its contents are put under in ``data``."""

    path: str
    scope: str
    data: Mapping[str, object]
    under: str | None = None


class Settings(Struct, frozen=True):
    """The merged view of an agent's settings files.

    ``layers``: the files, weakest first. ``join``: dotted keys whose lists add up over the files. Keys are dotted and
    may hold placeholders; a name that has dots of its own is found all the same, the longest match first. A value
    of the wrong kind is recorded as skipped and then left out of account.
    """

    layers: tuple[Layer, ...]
    join: frozenset[str]
    names: Mapping[str, str]
    disk: ReadsFiles

    def get(self, key: str, default: object = None, scope: str = "any") -> object:
        """The value of ``key``: the strongest file's, maps merged over the files; ``default`` where none sets it.

        ``scope``: only files of this scope count (``user``, ``project`` …).
        """
        merged: object = None
        for layer, value in self._values(key):
            if scope not in ("any", layer.scope):
                continue
            merged = _merge(merged, value, key, self.join, _MERGE_DEPTH)
        return default if merged is None else merged

    def strings(self, key: str) -> tuple[str, ...]:
        """The texts of ``key``: one text, a list of them, or the names that a map sets to true."""
        value = self.get(key)
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if isinstance(value, dict):
            if all(isinstance(item, bool) for item in value.values()):
                return tuple(name for name, on in value.items() if on)
        elif isinstance(value, list):
            if not all(isinstance(item, str) for item in value):
                self._wrong(key, "a list with other things than texts", "a list of texts")
            return tuple(item for item in value if isinstance(item, str))
        self._wrong(key, kind_of(value), "a text or a list of texts")
        return ()

    def origin(self, key: str) -> str | None:
        """The strongest file that sets ``key``, as reports show it; None if none does."""
        setting = [layer for layer, _ in self._values(key)]
        return self.disk.show(setting[-1].path) if setting else None

    def file(self, key: str) -> str | None:
        """The absolute path of the strongest file that sets ``key``; None if none does."""
        setting = [layer for layer, _ in self._values(key)]
        return setting[-1].path if setting else None

    def document(self, path: str) -> Mapping[str, object] | None:
        """The whole contents of a settings file that was read, by absolute path."""
        for layer in self.layers:
            if layer.path == path:
                inner = layer.data.get(layer.under) if layer.under is not None else layer.data
                return inner if isinstance(inner, dict) else None
        return None

    def _values(self, key: str) -> Iterator[tuple[Layer, object]]:
        """What each file that sets ``key`` says, weakest first."""
        for layer in self.layers:
            problems: list[str] = []
            for name in dict.fromkeys((expand_key(key, self.names), expand_key(key, _posix(self.names)))):
                value = lookup(layer.data, name, problems)
                if value is not None:
                    yield layer, value
                    break
            else:
                if problems:
                    self.disk.skip(layer.path, problems[0], "Make it a map: { … }.")

    def _wrong(self, key: str, found: str, wanted: str) -> None:
        for layer, _ in self._values(key):
            self.disk.skip(layer.path, f"{key} is {found} where {wanted} is expected", "Correct the value.")


def load_settings(spec: AgentSpec, names: Mapping[str, str], disk: ReadsFiles, version: str | None = None) -> Settings:
    """Read the settings files of ``spec``; ``names`` maps its placeholders to absolute directories.

    Files that do not belong to ``version`` are left out (None: all belong). Broken ones are recorded with
    ``disk.skip``, and the others count without them.
    """
    layers: list[Layer] = []
    for file in spec.settings:
        path = expand_path(file.path, names) if version is None or applies(file, version) else None
        data = read_config(disk, path, file.format) if path is not None else None
        if path is not None and data is not None and _counts(file, layers, names):
            layers.append(Layer(path, file.scope, data if file.under is None else {file.under: data}, file.under))
    return Settings(tuple(layers), frozenset(spec.joined_settings), names, disk)


def _counts(file: SettingsFile, layers: list[Layer], names: Mapping[str, str]) -> bool:
    if file.only_if is None:
        return True
    key = expand_key(file.only_if.key, names)
    test = msgspec.structs.replace(file.only_if, key=key)
    return any(key_holds(test, layer.data) for layer in layers)


def lookup(data: Mapping[str, object], key: str, problems: list[str] | None = None) -> object:
    """The value of a dotted ``key`` in nested maps, None where it is not set.

    The parts of the key are joined as long as a map has the joined name, so names with dots are found. Where
    the way leads into something that is no map, ``problems`` gets a sentence about it.
    """
    if key in data:
        return data[key]
    at = key.rfind(".")
    while at > 0:
        inner = data.get(key[:at])
        if isinstance(inner, dict):
            found = lookup(inner, key[at + 1 :], problems)
            if found is not None:
                return found
        elif inner is not None and problems is not None:
            problems.append(f"{key[:at]} is {kind_of(inner)} where a map is expected")
        at = key.rfind(".", 0, at)
    return None


def key_holds(test: KeyTest, data: Mapping[str, object]) -> bool:
    """Does a test of a dotted key of ``data`` hold? Here every value but an empty one is a filled one."""
    value = lookup(data, test.key)
    keys = Frontmatter({} if value is None else {test.key: value})  # type: ignore[dict-item]
    return holds(test, keys, value not in (None, "", [], {}))


def _posix(names: Mapping[str, str]) -> Mapping[str, str]:
    return {name: path.replace("\\", "/") for name, path in names.items()} if os.name == "nt" else names


def _merge(weaker: object, stronger: object, key: str, join: frozenset[str], depth: int) -> object:
    if isinstance(weaker, dict) and isinstance(stronger, dict) and depth:
        merged = dict(weaker)
        for name, value in stronger.items():
            if value is not None:
                merged[name] = _merge(merged.get(name), value, f"{key}.{name}", join, depth - 1)
        return merged
    if weaker is not None and key in join:
        return [*_listed(weaker), *(item for item in _listed(stronger) if item not in _listed(weaker))]
    return stronger


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
