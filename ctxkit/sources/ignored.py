"""The ignore files that count for a directory, read from disk: git's standard ones and an agent's own."""

from __future__ import annotations

import hashlib
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.sources.git import Repository, find_repository, read_regular
from ctxkit.sources.listing import packed, unpacked
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ctxkit.ignore import IgnoreFile
    from ctxkit.sources.listing import Store
    from ctxkit.sources.worktree import Worktree

LIMIT = 1024 * 1024
"""Bytes of an ignore file that count; the engine's own limit."""

GITIGNORE = ".gitignore"

_SECTION = on_demand(r"^\s*\[\s*([^\]]*?)\s*\]")
_SETTING = on_demand(r"^\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*?))?\s*$")
_INCLUDE = b"!include "


class _Text(NamedTuple):
    """An ignore file before its lines are understood; ``base`` in terms of the repository."""

    base: str
    source: str
    data: bytes
    negation: bool = True


class IgnoreSource(NamedTuple):
    """An agent's own ignore file: ``name`` may be a path; ``at`` is ``root``, ``any-dir`` or ``home``.

    ``negation``: whether ``!`` lines count. ``include``: whether ``!include FILE`` stands for the lines of that file.
    """

    name: str
    at: str = "root"
    negation: bool = True
    include: bool = False


def standard_ignores(repository: Repository | None, prefix: str = "", *, personal: bool = True) -> list[IgnoreFile]:
    """What counts besides the ``.gitignore`` files below a directory, strongest first.

    These are the ``.gitignore`` files above it in its repository (``prefix`` is its path there), and where ``personal``
    ones count ``info/exclude`` and the user's own file. A file that cannot be read counts as empty.
    """
    from ctxkit.ignore import IgnoreFile

    case = ignores_case(repository)
    texts = [*_above(repository, prefix), *(_outside(repository) if personal else ())]
    return [IgnoreFile(text.data, text.base, source=text.source, ignorecase=case) for text in texts]


def read_ignore(path: str, base: str, source: str, ignorecase: bool) -> list[IgnoreFile]:
    """The ignore file ``path``, which speaks about ``base``; none where it cannot be read."""
    from ctxkit.ignore import IgnoreFile

    return [IgnoreFile(t.data, t.base, source=t.source, ignorecase=ignorecase) for t in _text(path, base, source)]


def ignores_case(repository: Repository | None) -> bool:
    """``core.ignoreCase`` of a repository; without one, whether the platform's file systems usually ignore case."""
    if repository is None:
        return sys.platform in ("win32", "darwin")
    value = _core_setting(os.path.join(repository.common, "config"), "ignorecase")
    return value is not None and value.lower() in ("", "true", "yes", "on", "1")


def hidden_by(
    worktree: Worktree,
    files: Sequence[IgnoreSource],
    *,
    gitignore: bool = False,
    overrides: bool = False,
    home: str | None = None,
    ignorecase: bool | None = None,
    cache: Store | None = None,
) -> frozenset[str]:
    """Paths of ``worktree`` that an agent's ignore files keep from it.

    ``gitignore``: git's ignore files hide as well, tracked files included, which is how tools see them that match
    paths without asking git. ``overrides``: the agent's lines are asked before git's and may take a path out again;
    otherwise a path is hidden when either side says so. Of several agent files a later one outweighs an earlier one.
    ``home``: where files ``at`` home are (the user's by default). ``ignorecase``: None does as git does here. With
    ``cache`` the answer is kept for as long as paths and ignore files stay the same.
    """
    repository = find_repository(worktree.root)
    prefix = _prefix(worktree.root, repository)
    own = [text for source in files for text in _agent_texts(worktree, source, prefix, home)]
    git: list[list[_Text]] = []
    if gitignore:
        inside = _agent_texts(worktree, IgnoreSource(GITIGNORE, "any-dir"), prefix, home)
        outside = _outside(repository) if worktree.personal else []
        git = [[*_above(repository, prefix), *inside], *([text] for text in outside)]
    if not own and not any(git):
        return frozenset()
    case = ignores_case(repository) if ignorecase is None else ignorecase
    trees = [[own, *git]] if overrides else [[own], git]
    question = (own, git, prefix, overrides, case)
    return remembered(cache, worktree.paths, question, lambda: _hidden(worktree.paths, trees, prefix, case))


def remembered(
    cache: Store | None, paths: Sequence[str], question: object, find: Callable[[], frozenset[str]]
) -> frozenset[str]:
    """What ``find`` picks of ``paths``, kept for as long as these and the ``question`` (its ``repr``) stay the same."""
    if cache is None:
        return find()
    state = hashlib.sha1(packed(paths), usedforsecurity=False)
    state.update(repr(question).encode("utf-8", "surrogateescape"))
    name = f"hidden/{state.hexdigest()}"
    known = cache.get_blob(name)
    if known is not None:
        return frozenset(unpacked(known))
    found = find()
    cache.put_blob(name, packed(found))
    return found


def _hidden(paths: Sequence[str], trees: list[list[list[_Text]]], prefix: str, case: bool) -> frozenset[str]:
    from ctxkit.ignore import IgnoreFile, IgnoreTree

    start = f"{prefix}/" if prefix else ""
    full = [start + path for path in paths] if start else paths
    found: set[str] = set()
    for layers in trees:
        files = [
            [IgnoreFile(t.data, t.base, source=t.source, ignorecase=case, negation=t.negation) for t in layer]
            for layer in layers
        ]
        found |= IgnoreTree(files).hidden(full)
    return frozenset(path[len(start) :] for path in found)


def _prefix(root: str, repository: Repository | None) -> str:
    if repository is None or root == repository.top:
        return ""
    return os.path.relpath(root, repository.top).replace(os.sep, "/")


def _above(repository: Repository | None, prefix: str) -> list[_Text]:
    """``.gitignore`` files above ``prefix``, the deepest first; engines sort them by directory anyway."""
    found: list[_Text] = []
    while repository is not None and prefix:
        prefix = prefix.rpartition("/")[0]
        found += _text(os.path.join(repository.top, *prefix.split("/"), GITIGNORE), prefix, _join(prefix, GITIGNORE))
    return found


def _outside(repository: Repository | None) -> list[_Text]:
    found: list[_Text] = []
    if repository is not None:
        found += _text(os.path.join(repository.common, "info", "exclude"), "", ".git/info/exclude")
    settings = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    own = os.environ.get("GIT_CONFIG_GLOBAL")
    configs = (
        [own] if own is not None else [os.path.expanduser("~/.gitconfig"), os.path.join(settings, "git", "config")]
    )
    named = next((value for path in configs if (value := _core_setting(path, "excludesfile"))), None)
    path = os.path.expanduser(named) if named else os.path.join(settings, "git", "ignore")
    found += _text(path, "", path)
    return found


def _agent_texts(worktree: Worktree, source: IgnoreSource, prefix: str, home: str | None) -> list[_Text]:
    if source.at == "home":
        base = os.path.expanduser("~") if home is None else home
        places = [(os.path.join(base, *source.name.split("/")), "", f"~/{source.name}")]
    elif source.at == "root":
        places = [(os.path.join(worktree.root, *source.name.split("/")), prefix, source.name)]
    else:
        found = {path for path in worktree.find({source.name}) if path.rpartition("/")[2] == source.name}
        places = [
            (os.path.join(worktree.root, path), _join(prefix, path.rpartition("/")[0]), path)
            for path in sorted({source.name, *found})
        ]
    if source.name == GITIGNORE:  # git does not follow links here
        places = [place for place in places if not os.path.islink(place[0])]
    texts = [text for path, base, shown in places for text in _text(path, base, shown, source.negation)]
    return [_with_included(text, worktree.root) for text in texts] if source.include else texts


def _with_included(text: _Text, root: str) -> _Text:
    """``!include FILE`` lines replaced by the lines of that file, one level deep; nothing outside ``root`` is read."""
    lines: list[bytes] = []
    for line in text.data.split(b"\n"):
        if line.strip().startswith(_INCLUDE):
            path = os.path.realpath(os.path.join(root, os.fsdecode(line.strip()[len(_INCLUDE) :].strip())))
            inside = path.startswith(os.path.realpath(root) + os.sep)
            lines.append((read_regular(path, LIMIT) if inside else None) or b"")
        else:
            lines.append(line)
    return text._replace(data=b"\n".join(lines))


def _text(path: str, base: str, source: str, negation: bool = True) -> list[_Text]:
    data = read_regular(path, LIMIT)
    return [_Text(base, source, data, negation)] if data else []


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory and name else directory or name


def _core_setting(path: str, name: str) -> str | None:
    """The last value of ``core.<name>`` in one of git's configuration files; includes are not followed."""
    data = read_regular(path, LIMIT)
    value = None
    section = ""
    for line in (data or b"").decode("utf-8", "surrogateescape").splitlines():
        heading = _SECTION().match(line)
        if heading is not None:
            section = heading[1].strip().lower()
        elif section == "core":
            setting = _SETTING().match(line)
            if setting is not None and setting[1].lower() == name:
                value = (setting[2] or "").strip('"')
    return value
