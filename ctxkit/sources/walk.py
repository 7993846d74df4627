"""Files below a directory without git's help: every directory visited, ``.gitignore`` honoured."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ctxkit.ignore.file import MAX_BYTES, IgnoreFile
from ctxkit.ignore.tree import last_match
from ctxkit.model import Skipped
from ctxkit.sources.git import read_regular
from ctxkit.sources.status import Stamp, reason, special, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_FILES = 2_000_000
"""Files after which the walk ends and says so."""

IGNORE_NAME = ".gitignore"


@dataclass(slots=True)
class Walked:
    """What a walk found. ``repositories`` are directories with a ``.git`` of their own."""

    files: dict[str, Stamp] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    repositories: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def walk(
    root: str,
    above: Sequence[IgnoreFile] = (),
    *,
    prefix: str = "",
    ignorecase: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> Walked:
    """All files below ``root`` that no ignore file hides; links are listed and never followed.

    ``above``: ignore files that count besides those below ``root``, the strongest first. ``prefix`` is the path of
    ``root`` in the tree they speak about; ``ignorecase`` as git's setting. Paths in the result are relative to
    ``root``, posix.
    """
    found = Walked()
    start = f"{prefix}/" if prefix else ""
    pending: list[tuple[str, str, tuple[IgnoreFile, ...]]] = [(root, "", tuple(file for file in above if len(file)))]
    while pending:
        directory, relative, ignores = pending.pop()
        try:
            with os.scandir(directory) as listing:
                entries = list(listing)
        except OSError as error:
            found.skipped.append(
                Skipped(relative or ".", f"directory cannot be read: {reason(error)}", "make it readable")
            )
            continue
        names = {entry.name for entry in entries}
        if relative and ".git" in names:
            found.repositories.append(relative)
            continue
        if IGNORE_NAME in names:
            ignores = _with_ignore_file(directory, relative, start, ignores, ignorecase, found.skipped)
        for entry in entries:
            if entry.name == ".git":
                continue
            path = f"{relative}/{entry.name}" if relative else entry.name
            try:
                is_dir = entry.is_dir(follow_symlinks=False)
                if ignores and _ignored(start + path, is_dir, ignores, ignorecase):
                    continue
                if is_dir:
                    pending.append((entry.path, path, ignores))
                    continue
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                found.skipped.append(
                    Skipped(path, f"cannot be read: {reason(error)}", "run again if it was just removed")
                )
                continue
            if stat.S_ISREG(status.st_mode):
                found.files[path] = stamp(status)
            elif stat.S_ISLNK(status.st_mode):
                found.links.append(path)
            else:
                found.skipped.append(special(path, status.st_mode))
        if len(found.files) > MAX_FILES:
            found.skipped.append(
                Skipped(
                    relative or ".",
                    f"more than {MAX_FILES:,} files; the rest is not looked at",
                    "audit a smaller directory",
                )
            )
            break
        if progress is not None and len(found.files) % 64 == 0:
            progress(len(found.files), 0, "Looking for files")
    return found


def _with_ignore_file(
    directory: str, relative: str, start: str, ignores: tuple[IgnoreFile, ...], ignorecase: bool, skipped: list[Skipped]
) -> tuple[IgnoreFile, ...]:
    path = os.path.join(directory, IGNORE_NAME)
    shown = f"{relative}/{IGNORE_NAME}" if relative else IGNORE_NAME
    data = None if os.path.islink(path) else read_regular(path, MAX_BYTES + 1)
    if data is None:
        skipped.append(
            Skipped(shown, "not a readable regular file, so nothing is ignored by it", "replace or remove it")
        )
        return ignores
    if len(data) > MAX_BYTES:
        skipped.append(Skipped(shown, f"longer than {MAX_BYTES:,} bytes; only its beginning counts", "make it shorter"))
    file = IgnoreFile(data, (start + relative).strip("/"), ignorecase=ignorecase)
    return (file, *ignores) if len(file) else ignores


def _ignored(path: str, is_dir: bool, ignores: tuple[IgnoreFile, ...], ignorecase: bool) -> bool:
    data = path.encode("utf-8", "surrogateescape")
    hit = last_match(ignores, data.lower() if ignorecase else data, is_dir)
    return hit is not None and not hit[0].negated(hit[1])
