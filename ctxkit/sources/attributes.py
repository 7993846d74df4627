"""Which files git converts between its store and the work tree, so that the text on disk is not the blob.

Asked of ``.gitattributes`` with the ignore engine instead of ``git check-attr``, which costs more than all else of a
run. The answer may name a file too many (it is then read and hashed), never one too few.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ctxkit.ignore.file import MAX_BYTES, IgnoreFile
from ctxkit.ignore.tree import IgnoreTree
from ctxkit.sources.git import Git, GitError, Repository, read_regular
from ctxkit.sources.listing import CLEAN, FILTERED, Listing

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = ".gitattributes"

_CONVERTING = {"text", "eol", "crlf", "filter", "ident", "working-tree-encoding"}
_MACRO = "[attr]"


def mark_filtered(listing: Listing, git: Git, root: str, repository: Repository) -> None:
    """Turn ``CLEAN`` into ``FILTERED`` for every file of ``listing`` that git may convert."""
    settings = _settings(git)
    if settings.get("core.autocrlf", "false").lower() in ("true", "input", "1", "yes", "on"):
        hidden = set(listing.paths)
    else:
        files = _attribute_files(listing, settings, root, repository)
        macros = _CONVERTING | {name for _, text in files for name in _macros(text)}
        tree = IgnoreTree([[IgnoreFile(_patterns(text, macros), base) for base, text in files]])
        hidden = tree.hidden(listing.paths)
    if hidden:
        listing.states = bytes(
            FILTERED if state == CLEAN and path in hidden else state
            for path, state in zip(listing.paths, listing.states, strict=True)
        )


def _settings(git: Git) -> dict[str, str]:
    try:
        output = git.finish(
            git.start("config", "-z", "--get-regexp", r"^core\.(autocrlf|attributesfile)$"), allowed=(0, 1)
        )
    except GitError:
        return {"core.autocrlf": "true"}
    lines = output.decode("utf-8", "surrogateescape").split("\0")
    return {name: value for name, _, value in (line.partition("\n") for line in lines if line)}


def _attribute_files(
    listing: Listing, settings: dict[str, str], root: str, repository: Repository
) -> list[tuple[str, str]]:
    """(directory in the listing's terms, text) of every attributes file; those above ``root`` count for all of it."""
    found: list[tuple[str, str]] = []
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    everywhere = [
        "/etc/gitattributes",
        os.path.expanduser(settings.get("core.attributesfile") or os.path.join(home, "git", "attributes")),
        os.path.join(repository.common, "info", "attributes"),
    ]
    above = os.path.dirname(root)
    while len(root) > len(repository.top) and len(above) >= len(repository.top):
        everywhere.append(os.path.join(above, NAME))
        above = os.path.dirname(above)
    for path in everywhere:
        data = read_regular(path, MAX_BYTES)
        if data:
            found.append(("", data.decode("utf-8", "surrogateescape")))
    tracked = [path for path in listing.paths if path.endswith(NAME)]
    for path in {NAME, *tracked}:
        directory, _, name = path.rpartition("/")
        data = read_regular(os.path.join(root, path), MAX_BYTES) if name == NAME else None
        if data:
            found.append((directory, data.decode("utf-8", "surrogateescape")))
    return found


def _macros(text: str) -> Iterable[str]:
    for line in text.splitlines():
        words = line.split()
        if words and words[0].startswith(_MACRO):
            yield words[0][len(_MACRO) :]


def _patterns(text: str, converting: set[str]) -> list[str]:
    patterns = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith(("#", _MACRO)):
            continue
        quoted = line.lstrip().startswith('"')
        if any(re.split(r"=", word, maxsplit=1)[0] in converting for word in (line.split() if quoted else words[1:])):
            pattern = "*" if quoted else words[0]
            patterns.append("\\" + pattern if pattern.startswith("!") else pattern)
    return patterns
