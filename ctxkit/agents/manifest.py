"""Rule files that a manifest beside them names, as extensions have it."""

from __future__ import annotations

import fnmatch
import os
from typing import TYPE_CHECKING

from ctxkit.agents.settings import lookup, read_config

if TYPE_CHECKING:
    from ctxkit.agents.disk import Disk
    from ctxkit.agents.settings import Settings
    from ctxkit.agents.spec import Manifest


def manifest_files(manifest: Manifest, base: str, cwd: str, disk: Disk, settings: Settings) -> list[tuple[str, str]]:
    """(directory of the manifest, absolute path) of every file that a manifest below ``base`` names and that exists."""
    result: list[tuple[str, str]] = []
    for path in disk.glob(base, manifest.file):
        directory = os.path.dirname(path)
        if manifest.enabled_by is not None:
            key = manifest.enabled_by.replace("{name}", os.path.basename(directory))
            if _switched_off(settings.strings(key), cwd):
                continue
        data = read_config(disk, path, "json") or {}
        named = lookup(data, manifest.key)
        names = [named] if isinstance(named, str) else named if isinstance(named, list) else list(manifest.default)
        paths = [os.path.normpath(os.path.join(directory, name)) for name in names if isinstance(name, str)]
        result.extend((directory, file) for file in paths if disk.is_file(file))
    return result


def _switched_off(patterns: tuple[str, ...], cwd: str) -> bool:
    """Does the last of the ``patterns`` that matches the working directory begin with ``!``?"""
    place = cwd.replace(os.sep, "/") + "/"
    matching = [pattern for pattern in patterns if fnmatch.fnmatchcase(place, pattern.removeprefix("!"))]
    return bool(matching) and matching[-1].startswith("!")
