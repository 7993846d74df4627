"""Drawn directory trees against a repository: what their top stands for, and which rows are names at all."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from typing import TYPE_CHECKING

from ctxkit.text.hypothetical import is_placeholder
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.text.references import Row
    from ctxkit.text.resolution import Files

_LABEL = on_demand(r" [A-Za-z][\w,]*(?: |$)")
_GENERIC = on_demand(
    r"(?:(?:my|your|example|sample)[-_]?\w*|projects?|project[-_]name|app[-_]name|app|package[-_]name)"
)
_FILLED = on_demand(r"\{\w+\}|<[\w-]+>")


def is_open(name: str) -> bool:
    """Does a row stand for whatever has such a name?"""
    return is_placeholder(name) or any(mark in name for mark in ("...", "*", "<", "{", "[", "…", ","))


def below(row: Row, top: str) -> str:
    """The path of ``row`` below ``top``, the part of it that stands for the top of the drawing."""
    if not top:
        return row.path
    return row.path[len(top) + 1 :] if row.path.startswith(f"{top}/") else ""


def top_of(rows: Sequence[Row], directory: str, tree: Files) -> tuple[str, str]:
    """The part of the rows' paths that is the drawing's top, and the directory it stands for: where most rows are."""
    first = rows[0].path
    choices = [("", directory), ("", "")]
    if all(row.path == first or row.path.startswith(f"{first}/") for row in rows):
        choices += [(first, directory), (first, "")]
        choices += [(first, found.rstrip("/")) for found in tree.ending(first)[:20] if found.endswith("/")]

    def there(choice: tuple[str, str]) -> int:
        names = (below(row, choice[0]) for row in rows)
        return sum(exists(choice[1], name, tree) for name in names if name)

    return max(choices, key=there)


def exists(directory: str, name: str, tree: Files) -> bool:
    """Is there a file or directory ``name`` below ``directory``, or a module of that name whatever its extension?"""
    path = posixpath.normpath(posixpath.join(directory, name))
    if path.startswith("..") or path in tree or tree.is_dir(path):
        return True
    files = tree.files()
    at = bisect_left(files, f"{path}.")
    return "." not in posixpath.basename(path) and at < len(files) and files[at].startswith(f"{path}.")


def is_label(row: Row) -> bool:
    """Is a row several words, set apart by single spaces, and no name with words about it?"""
    name = row.path.rpartition("/")[2]
    return row.is_leaf and "." not in name and name[:1].isupper() and _LABEL().match(row.comment) is not None


def is_picture(rows: Sequence[Row], top: str, tree: Files) -> bool:
    """Does a drawing show what things look like: with rows for any name, or below a top that stands for any project?"""
    if any(_FILLED().search(row.path) is not None for row in rows):
        return True
    return bool(top) and _GENERIC().fullmatch(top) is not None and not tree.ending(top)
