"""Which directory a chat of Gemini CLI was held in: its folder is called after a short name or a hash of the path.

``tmp/<name>/.project_root`` holds the path, ``projects.json`` maps paths to names (0.61); older folders are called by
the SHA-256 of the path, which every chat also holds as ``projectHash``. Copied elsewhere, a chat still names the
directories of its workspace in its first message.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ctxkit.model import CtxkitError
from ctxkit.sources.history.glance import beside
from ctxkit.sources.history.reading import opened
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_PATH = 4_096
_WORKSPACE = on_demand(r"\*\*Workspace Directories:\*\*\n((?:  - [^\n]+\n)+)")
_WORKING_IN = on_demand(r"I'm currently working in the (?:directory: |following directories:\n)((?:  - )?[^\n]+)")


def directory_of(path: str, project_hash: str, context: str) -> str:
    """The directory of the chat in the file ``path``; empty if nothing tells.

    ``project_hash``: as the chat has it. ``context``: its first message.
    """
    folder = _project_folder(path)
    root = _first_line(os.path.join(folder, ".project_root")) if folder else ""
    if root:
        return root
    candidates: list[tuple[str, str]] = [*(_registered(folder) if folder else ()), *_named_in(context)]
    for _, candidate in candidates:
        if project_hash and _hash(candidate) == project_hash:
            return candidate
    return next((candidate for name, candidate in candidates if name in ("", os.path.basename(folder))), "")


def _project_folder(path: str) -> str:
    """The folder above the ``chats`` that ``path`` lies in, directly or (a subagent's) one deeper."""
    folder = os.path.dirname(os.path.abspath(path))
    for _ in range(2):
        if os.path.basename(folder) == "chats":
            return os.path.dirname(folder)
        folder = os.path.dirname(folder)
    return ""


def _first_line(path: str) -> str:
    try:
        with opened(path) as file:
            return file.readline(_LONGEST_PATH).decode("utf-8", "replace").strip()
    except CtxkitError:
        return ""


def _registered(folder: str) -> Iterator[tuple[str, str]]:
    """(name of the folder, path) of each project in ``projects.json`` beside the folder of all of them."""
    registry = beside(os.path.dirname(folder), "projects.json")
    projects = registry.get("projects") if isinstance(registry, dict) else None
    for root, name in projects.items() if isinstance(projects, dict) else ():
        if isinstance(name, str):
            yield name, str(root)


def _named_in(context: str) -> Iterator[tuple[str, str]]:
    """The directories of the workspace, for a folder of any name."""
    found = _WORKSPACE().search(context) or _WORKING_IN().search(context)
    for line in found[1].splitlines() if found else ():
        yield "", line.strip().removeprefix("- ").strip()


def _hash(path: str) -> str:
    from hashlib import sha256

    return sha256(path.encode("utf-8", "surrogatepass")).hexdigest()
