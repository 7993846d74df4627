"""The names that a file which defines scripts lets its runner run. Nothing is executed; what is no such file has none.

A name with ``*`` in it stands for all that match: pattern rules, included files that are not known, targets with
variables. ``*`` alone: nothing can be said of what there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ANY = "*"

_TARGET = on_demand(r"(?m)^([^\s#:=!?+][^:=#\n]{0,2000}?)[ \t]*::?(?![:=])([^\n]{0,4000})")
_INCLUDE = on_demand(r"(?m)^[ ]*(?:-|s)?include[ \t]+([^\n#]{1,500})")
_RECIPE = on_demand(r"(?m)^@?([A-Za-z_][\w-]*)(?:[ \t][^\n:]{0,500})?:(?!=)")
_ALIAS = on_demand(r"(?m)^alias[ \t]+([\w-]+)[ \t]*:=")
_MODULE = on_demand(r"(?m)^mod\??[ \t]+([\w-]+)")
_KEY = on_demand(r"( *)(?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\s#'\":-][^\s:]*(?::[^\s:]+)*)):(?:\s|$)")
_INCLUDED = on_demand(r"(?m)^ +(?:taskfile:|[\w-]+:[ \t]+(?=\.))[ \t]*[\"']?([^\s\"'#]+)")
_TASKFILE = on_demand(r"^(?!https?:)(?:.*/)?[Tt]askfile(?:\.dist)?\.ya?ml$")
_ALIASES = on_demand(r"(?m)^ +aliases:[ \t]*\[([^\]\n]*)\]")
_SESSION = on_demand(r"(?m)^@(?:nox\.)?session\b([^\n]*(?:\n(?!def |async def )[^\n]*){0,60}?)\n(?:async )?def (\w+)")
_SESSION_NAME = on_demand(r"\bname[ \t]*=[ \t]*([\"'])([^\"'\n]+)\1")
_TOX_FACTOR = on_demand(r"(?m)^[ \t]*(?:[a-z_]+[ \t]*=[ \t]*)?!?([a-z\d][a-z\d._,-]{0,200}):[ \t]")
_TOX_SECTION = on_demand(r"(?m)^\[(?:tox:)?(?:testenv|env):([^\]\n]+)\]")
_TOX_LIST = on_demand(r"(?m)^env_?list[ \t]*=[ \t]*([^\n]*(?:\n[ \t]+[^\n]*)*)")
_SECTION = on_demand(r"(?m)^\[+[ \t]*([^\]\n]+?)[ \t]*\]+[ \t]*(?:#[^\n]*)?$")
_NAME_LINE = on_demand(r"(?m)^name[ \t]*=[ \t]*[\"']([^\"'\n]+)[\"']")
_KEY_LINE = on_demand(r"(?m)^[\"']?([\w-]+)[\"']?[ \t]*=")


def make_targets(text: str) -> Iterator[str]:
    """The targets of a makefile, those that ``.PHONY`` names, and ``*`` where an include or a call decides."""
    if "$(eval" in text or "${eval" in text:
        yield ANY
    for match in _INCLUDE().finditer(text):
        if "$" in match[1]:
            yield ANY
    for match in _TARGET().finditer(text.replace("\\\n", " ")):
        listed = f"{match[1]} {match[2]}" if match[1].strip() == ".PHONY" else match[1]
        for name in listed.split():
            if "$" in name:
                yield ANY if name.startswith("$") and name.endswith((")", "}")) else _open(name)
            elif not name.startswith("."):
                yield name.replace("%", ANY)


def _open(name: str) -> str:
    """``name`` with ``*`` from its first variable on."""
    return f"{name.partition('$')[0]}{ANY}"


def just_recipes(text: str) -> Iterator[str]:
    """The recipes and aliases of a justfile, its modules and whatever is in them."""
    yield from (match[1] for match in _RECIPE().finditer(text))
    yield from (match[1] for match in _ALIAS().finditer(text))
    for match in _MODULE().finditer(text):
        yield match[1]
        yield f"{match[1]}::{ANY}"


def task_names(text: str) -> Iterator[str]:
    """The tasks of a Taskfile and their aliases, and all of what it includes under its name."""
    for name in _keys_below(text, "tasks"):
        yield name
    for name in _keys_below(text, "includes"):
        yield name
        yield f"{name}:{ANY}"
    if "flatten: true" in text and not all(_TASKFILE().search(match[1]) for match in _INCLUDED().finditer(text)):
        yield ANY
    for match in _ALIASES().finditer(text):
        yield from (part.strip(" \"'") for part in match[1].split(","))


def _keys_below(text: str, top: str) -> Iterator[str]:
    """The keys one level below the key ``top`` of a YAML text."""
    inside, depth = False, 0
    for line in text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _KEY().match(line)
        if not line.startswith(" "):
            inside, depth = match is not None and (match[2] or match[3] or match[4]) == top, 0
        elif inside and match is not None:
            depth = depth or len(match[1])
            if len(match[1]) == depth:
                yield match[2] or match[3] or match[4]


def nox_sessions(text: str) -> Iterator[str]:
    """The sessions of a noxfile, with and without what stands for their parameters."""
    for match in _SESSION().finditer(text):
        named = _SESSION_NAME().search(match[1])
        if named is None and "name=" in match[1].replace(" ", ""):
            yield ANY
        name = named[2] if named is not None else match[2]
        for each in {name, name.replace("_", "-")}:
            yield from (each, f"{each}-*", f"{each}(*")


def tox_environments(text: str) -> Iterator[str]:
    """The environments of tox.ini or setup.cfg, their factors, and the interpreters that there always are."""
    from ctxkit.text.braces import expanded

    yield from ("ALL", ".pkg")
    yield from (
        part for match in _TOX_FACTOR().finditer(text) for part in match[1].replace(",", "-").split("-") if part
    )
    names = [match[1].strip() for match in _TOX_SECTION().finditer(text)]
    for match in _TOX_LIST().finditer(text):
        names += [part for line in match[1].split("\n") for part in _split(line.partition("#")[0])]
    for name in names:
        for each in expanded(name.strip()):
            yield each
            yield from each.split("-")


def _split(text: str) -> list[str]:
    """The parts of ``text`` between commas and blanks that stand in no braces."""
    parts, depth = [""], 0
    for char in text:
        depth += (char == "{") - (char == "}")
        if char in ", \t" and depth <= 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part for part in parts if part]


def cargo_names(text: str) -> Iterator[tuple[str, str]]:
    """(``package``, ``bin`` or ``alias``, its name) for each that a Cargo.toml or a cargo configuration has."""
    marks = list(_SECTION().finditer(text))
    for place, mark in enumerate(marks):
        body = text[mark.end() : marks[place + 1].start() if place + 1 < len(marks) else len(text)]
        name = _NAME_LINE().search(body)
        if mark[1] in ("package", "bin", "example") and name is not None:
            yield mark[1], name[1]
        elif mark[1] == "alias":
            yield from (("alias", match[1]) for match in _KEY_LINE().finditer(body))


def python_scripts(project: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(runner, name) for each script of a pyproject.toml, as it was parsed."""
    for keys, runner in (
        (("project", "scripts"), "python"),
        (("project", "gui-scripts"), "python"),
        (("tool", "poetry", "scripts"), "python"),
        (("tool", "pdm", "scripts"), "pdm"),
        (("tool", "poe", "tasks"), "poe"),
        (("tool", "rye", "scripts"), "rye"),
        (("tool", "pixi", "tasks"), "pixi"),
        (("tool", "taskipy", "tasks"), "task"),
        (("tool", "hatch", "scripts"), "hatch"),
    ):
        yield from ((runner, name) for name in _below(project, *keys))
    for env, value in _below(project, "tool", "hatch", "envs").items():
        for name in _below(value, "scripts"):
            yield from (("hatch", f"{env}:{name}"), ("hatch", name), ("hatch", f"{env}.*:{name}"))
    tox = _below(project, "tool", "tox")
    if tox:
        yield from (("tox", name) for name in (*_below(tox, "env"), *_texts(tox.get("env_list"))))
        legacy = tox.get("legacy_tox_ini")
        if isinstance(legacy, str):
            yield from (("tox", name) for name in tox_environments(legacy))


def _below(value: object, *keys: str) -> Mapping[str, object]:
    """The map under ``keys``; an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def package_scripts(package: object) -> Iterator[tuple[str, str]]:
    """(``npm``, script), (``workspace``, name) and (``npx``, command of a dependency or its own) of a package.json."""
    yield from (("npm", name) for name in _below(package, "scripts"))
    own = package.get("name") if isinstance(package, dict) else None
    if isinstance(own, str):
        yield from (("workspace", own), ("workspace", own.rpartition("/")[2]))
    for kind in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "bin", "catalog"):
        for name in _below(package, kind):
            yield "npx", name.rpartition("/")[2]
            if name.startswith("@"):
                yield "npx", name[1:].partition("/")[0]
