"""What the runners of a repository can run: npm scripts, make targets, just recipes, tox environments and the like.

Files are read when a rule text names their runner, and never executed.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from ctxkit.text.script_names import (
    ANY,
    cargo_names,
    just_recipes,
    make_targets,
    nox_sessions,
    package_scripts,
    python_scripts,
    task_names,
    tox_environments,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from ctxkit.agents.disk import Disk
    from ctxkit.sources.worktree import Worktree

    Names = Iterator[tuple[str, str]]

MOST = 2_000
"""Files of one kind that are read; where there are more, nothing is said of what they can run."""

_MAKEFILES = frozenset(["Makefile", "makefile", "GNUmakefile"])
_MADE_MAKEFILES = frozenset(["CMakeLists.txt", "Makefile.am", "Makefile.in", "configure.ac", "meson.build", "Kbuild"])
_JUSTFILES = frozenset(["justfile", "Justfile", ".justfile", "JUSTFILE"])
_TASKFILES = frozenset(
    f"{name}{dist}.{ending}"
    for name in ("Taskfile", "taskfile")
    for dist in ("", ".dist")
    for ending in ("yml", "yaml")
)


def scripts_of(texts: Collection[bytes], worktree: Worktree, disk: Disk) -> dict[str, frozenset[str]]:
    """Runner → the names that it can run somewhere below the root; see ``Evidence.scripts``.

    ``texts``: the rule files; runners that none of them mentions are left out.
    """
    found: dict[str, set[str]] = {}
    for words, collect in _COLLECTORS:
        if any(word in text for text in texts for word in words):
            for runner, name in collect(worktree, disk):
                names = found.setdefault(runner, set())
                if name:
                    names.add(name)
    return {runner: frozenset(names) for runner, names in sorted(found.items())}


def _texts(paths: Iterable[str], worktree: Worktree, disk: Disk) -> Iterator[tuple[str, str]]:
    """(path, text) of those ``paths`` that can be read."""
    for path in paths:
        data = disk.read(os.path.join(worktree.root, *path.split("/")))
        if data is not None:
            yield path, data.decode("utf-8", "replace")


def _json(paths: list[str], worktree: Worktree, disk: Disk) -> Iterator[tuple[str, object]]:
    """(path, value) of those ``paths`` that hold JSON, comments allowed; of the others None."""
    from ctxkit.model import ConfigError
    from ctxkit.text import jsonc

    for path, text in _texts(paths, worktree, disk):
        try:
            yield path, json.loads(text)
        except (ValueError, RecursionError):
            try:
                yield path, jsonc.parse(text)
            except (ConfigError, ValueError, RecursionError):
                yield path, None


def _packages(worktree: Worktree, disk: Disk) -> Names:
    paths = worktree.find({"package.json"})
    if paths:
        yield "npm", ANY if len(paths) > MOST else ""
        yield "npx", ""
    for path, value in _json(paths[:MOST], worktree, disk):
        if not isinstance(value, dict) and "/" not in path:
            yield "npm", ANY
        yield from package_scripts(value)
    for path, value in _json(worktree.find({"deno.json", "deno.jsonc"})[:MOST], worktree, disk):
        yield "deno", ANY if value is None and "/" not in path else ""
        if isinstance(value, dict) and isinstance(value.get("tasks"), dict):
            yield from (("deno", name) for name in value["tasks"])
    for _, value in _json(worktree.find({"composer.json"})[:MOST], worktree, disk):
        yield "composer", ""
        if isinstance(value, dict) and isinstance(value.get("scripts"), dict):
            yield from (("composer", name) for name in value["scripts"])


def _monorepo(worktree: Worktree, disk: Disk) -> Names:
    for _, value in _json(worktree.find({"turbo.json", "turbo.jsonc"})[:MOST], worktree, disk):
        yield "turbo", ""
        for key in ("tasks", "pipeline"):
            if isinstance(value, dict) and isinstance(value.get(key), dict):
                yield from (("turbo", name.rpartition("#")[2]) for name in value[key])
    for _, value in _json(worktree.find({"nx.json", "project.json"})[:MOST], worktree, disk):
        yield "nx", ANY if isinstance(value, dict) and value.get("plugins") else ""
        for key in ("targets", "targetDefaults"):
            if isinstance(value, dict) and isinstance(value.get(key), dict):
                yield from (("nx", name) for name in value[key])


def _makefiles(worktree: Worktree, disk: Disk) -> Names:
    paths = worktree.find(_MAKEFILES)
    if not paths and not worktree.find(_MADE_MAKEFILES):
        return
    yield "make", ANY if worktree.find(_MADE_MAKEFILES) else ""
    included = [path for path in worktree.paths if path.endswith((".mk", ".make")) or "/Makefile." in f"/{path}"]
    if len(paths) + len(included) > MOST:
        yield "make", ANY
    for path, text in _texts([*paths, *included][:MOST], worktree, disk):
        for name in make_targets(text):
            # What one directory builds whatever it is called, make does not build from the root.
            yield "make -C" if name == ANY and "/" in path and path not in included else "make", name


def _justfiles(worktree: Worktree, disk: Disk) -> Names:
    paths = worktree.find(_JUSTFILES)
    if not paths:
        return
    yield "just", ""
    more = [path for path in worktree.paths if path.endswith(".just")]
    for _, text in _texts([*paths, *more][:MOST], worktree, disk):
        yield from (("just", name) for name in just_recipes(text))


def _taskfiles(worktree: Worktree, disk: Disk) -> Names:
    for _, text in _texts(worktree.find(_TASKFILES)[:MOST], worktree, disk):
        yield "task", ""
        yield from (("task", name) for name in task_names(text))


def _python(worktree: Worktree, disk: Disk) -> Names:
    import tomllib

    for path, text in _texts(worktree.find({"pyproject.toml"})[:MOST], worktree, disk):
        try:
            project = tomllib.loads(text)
        except (ValueError, RecursionError):
            if "/" not in path:
                yield from ((runner, ANY) for runner in ("python", "tox", "hatch", "poe", "pdm"))
            continue
        yield "python", ""
        yield from python_scripts(project)
    for path, text in _texts(worktree.find({"tox.ini", "setup.cfg"})[:MOST], worktree, disk):
        if path.endswith("tox.ini") or "[tox" in text:
            yield from (("tox", name) for name in tox_environments(text))
    if worktree.find({"tox.toml"}):
        yield "tox", ANY
    for _, text in _texts(worktree.find({"noxfile.py"})[:MOST], worktree, disk):
        yield "nox", ""
        yield from (("nox", name) for name in nox_sessions(text))
    if worktree.find({"setup.py", "setup.cfg"}):
        yield "python", ""


def _cargo(worktree: Worktree, disk: Disk) -> Names:
    paths = worktree.find({"Cargo.toml"})
    if not paths:
        return
    keys = {"package": "cargo -p", "bin": "cargo --bin", "example": "cargo --example", "alias": "cargo"}
    yield from ((key, ANY if len(paths) > MOST else "") for key in keys.values())
    configurations = [path for path in worktree.find({"config.toml", "config"}) if "/.cargo/" in f"/{path}"]
    for _, text in _texts([*paths[:MOST], *configurations], worktree, disk):
        for kind, name in cargo_names(text):
            yield keys[kind], name
            if kind == "package":
                yield keys["bin"], name
    for path in worktree.paths:
        if path.endswith(".rs") and ("/src/bin/" in f"/{path}" or "/examples/" in f"/{path}"):
            kind = "bin" if "/src/bin/" in f"/{path}" else "example"
            inner = f"/{path}".rpartition("/src/bin/" if kind == "bin" else "/examples/")[2]
            yield keys[kind], inner.partition("/")[0].removesuffix(".rs")


_COLLECTORS: tuple[tuple[tuple[bytes, ...], Callable[[Worktree, Disk], Names]], ...] = (
    ((b"npm ", b"yarn ", b"bun ", b"deno ", b"turbo ", b"nx ", b"composer "), _packages),
    ((b"turbo ", b"nx "), _monorepo),
    ((b"make ",), _makefiles),
    ((b"just ",), _justfiles),
    ((b"task ",), _taskfiles),
    ((b"uv run", b"poetry run", b"hatch ", b"pdm ", b"poe ", b"rye ", b"pixi ", b"tox", b"nox", b"task "), _python),
    ((b"cargo ",), _cargo),
)
"""Words that a text must hold for a runner's files to be read, and what reads them."""
