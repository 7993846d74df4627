"""Finds and reads the configuration that counts for a directory, and the baseline that it names."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.config import BASELINE, FILE, NO_CONFIG, PROJECT, Config, read_config
from ctxkit.model import ConfigError
from ctxkit.sources.status import reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from ctxkit.config import Known
    from ctxkit.model.check import BaselineEntry

LIMIT = 4 * 1024 * 1024
"""Bytes of a configuration or a baseline; more is a mistake."""

_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Configured(NamedTuple):
    """What counts for an audited directory.

    ``file``: the configuration as messages call it, relative to the root, posix; empty where there is none. ``prefix``:
    the root as seen from where its patterns start, posix, empty for the same. ``baseline``: the absolute path of the
    baseline, ``entries`` what it holds, None where there is no such file. ``notes``: sentences for the user.
    """

    config: Config = NO_CONFIG
    file: str = ""
    prefix: str = ""
    baseline: str = ""
    entries: tuple[BaselineEntry, ...] | None = None
    notes: tuple[str, ...] = ()


def configured(root: str, top: str | None, known: Callable[[], Known], baseline: str | None = None) -> Configured:
    """The nearest configuration in ``root`` or above it, as far as ``top`` (absolute; None: in ``root`` alone).

    ``known`` is called where there is one. ``baseline``: a file instead of the one that the configuration names.
    Raises ConfigError for what cannot be read or is not of its form.
    """
    config, file, base = NO_CONFIG, "", root
    notes: tuple[str, ...] = ()
    for directory in _upwards(root, top or root):
        found = _in_directory(directory, root, known)
        if found is not None:
            config, file, notes = found
            base = directory
            break
    named = os.path.abspath(baseline) if baseline else os.path.join(base, config.baseline) if config.baseline else ""
    path = os.path.normpath(named or os.path.join(root, BASELINE))
    prefix = os.path.relpath(root, base).replace(os.sep, "/")
    entries = _entries(path, root)
    return Configured(config, file, "" if prefix == "." else prefix, path, entries, notes)


def shown(path: str, root: str) -> str:
    """``path`` as messages call it: relative to the root where it lies in or above it."""
    return os.path.relpath(path, root).replace(os.sep, "/")


def read_file(path: str, name: str) -> bytes | None:
    """The bytes of a regular file; None where there is nothing of this name. Raises ConfigError for anything else."""
    try:
        descriptor = os.open(path, _OPEN)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):
            raise ConfigError(f"{name} is a link to a file that does not exist.", "Mend or remove it.") from None
        return None
    except (OSError, ValueError) as error:
        if os.path.isdir(path):  # Windows opens no directory
            raise ConfigError(f"{name} is a directory.", "Put a file there, or remove it.") from None
        raise ConfigError(f"{name} cannot be read: {reason(error)}.", "Make it readable, or remove it.") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        what = "a directory" if stat.S_ISDIR(mode) else "no regular file"
        raise ConfigError(f"{name} is {what}.", "Put a file there, or remove it.")
    with open(descriptor, "rb") as file:
        data = file.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise ConfigError(f"{name} has more than {LIMIT:,} bytes.", "Make it smaller.")
    return data


def _upwards(root: str, top: str) -> list[str]:
    found = [root]
    while found[-1] != top and os.path.dirname(found[-1]) != found[-1]:
        found.append(os.path.dirname(found[-1]))
    return found if found[-1] == top else [root]


def _in_directory(directory: str, root: str, known: Callable[[], Known]) -> tuple[Config, str, tuple[str, ...]] | None:
    path, project = os.path.join(directory, FILE), os.path.join(directory, PROJECT)
    name, project_name = shown(path, root), shown(project, root)
    data = read_file(path, name)
    try:
        other = read_file(project, project_name)
    except ConfigError:  # whose file it is that cannot be read is not ours to say
        other = None
    if data is not None:
        notes: tuple[str, ...] = ()
        if other is not None and _speaks_of_ctxkit(other):
            notes = (f"{name} counts; [tool.ctxkit] in {project_name} is passed over.",)
        config = read_config(data, name, known())
        return (config or NO_CONFIG), name, notes
    if other is None or not _speaks_of_ctxkit(other):
        return None
    config = read_config(other, project_name, known())
    return None if config is None else (config, project_name, ())


def _speaks_of_ctxkit(data: bytes) -> bool:
    """Can the file hold such a table? Spares nearly every project the reading of its TOML."""
    return b"ctxkit" in data and b"tool" in data


def _entries(path: str, root: str) -> tuple[BaselineEntry, ...] | None:
    name = shown(path, root)
    data = read_file(path, name)
    if data is None:
        return None
    from ctxkit.baseline import read_baseline

    return read_baseline(data, name)
