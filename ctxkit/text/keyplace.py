"""The lines of a YAML or TOML file on which given keys stand, for messages about them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.text.conform import Path

_TABLE = on_demand(r"[ \t]*(\[\[?)([^\]]*)\]")
_KEY = on_demand(
    r"[ \t]*((?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*'))*)[ \t]*="
)
_MERGE = "tag:yaml.org,2002:merge"
_PART = on_demand(r"[\w-]+|\"[^\"\n]*\"|'[^'\n]*'")


def yaml_lines(text: str, paths: Sequence[Path]) -> list[int]:
    """For each path the line, from 1, of its key; of the nearest value around it where it is not there."""
    import yaml

    from ctxkit.text.yamlload import AgentLoader

    root = yaml.compose(text, Loader=AgentLoader)
    return [_yaml_line(root, path) for path in paths]


def yaml_twice(text: str) -> list[Path]:
    """The keys that stand more than once in the same map, of which YAML would take the last without a word."""
    import yaml

    from ctxkit.text.yamlload import AgentLoader

    found: dict[Path, None] = {}
    waiting: list[tuple[Path, Any]] = [((), yaml.compose(text, Loader=AgentLoader))]
    seen: set[int] = set()  # an alias is the node that it stands for
    while waiting:
        path, node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if node.id == "sequence":
            waiting += (((*path, at), item) for at, item in enumerate(node.value))
        keys: set[str] = set()
        for key, value in node.value if node.id == "mapping" else ():
            if key.id == "scalar" and key.tag != _MERGE:
                if key.value in keys:
                    found[(*path, key.value)] = None
                keys.add(key.value)
                waiting.append(((*path, key.value), value))
    return list(found)


def _yaml_line(node: Any, path: Path) -> int:
    line = 1
    for step in path:
        pairs = node.value if node is not None and node.id == "mapping" else ()
        items = node.value if node is not None and node.id == "sequence" else ()
        node = None
        for key, value in pairs:
            if key.value == step:
                line, node = key.start_mark.line + 1, value
        if isinstance(step, int) and step < len(items):
            node = items[step]
            line = node.start_mark.line + 1
        if node is None:
            break
    return line


def toml_lines(text: str, paths: Sequence[Path]) -> list[int]:
    """For each path the line, from 1, of its key; of the nearest table around it where it is not found.

    Keys inside inline tables and arrays count as standing where the outermost of them begins.
    """
    places = _toml_places(text)
    found = []
    for path in paths:
        known = (places[path[:end]] for end in range(len(path), 0, -1) if path[:end] in places)
        found.append(next(known, 1))
    return found


def _toml_places(text: str) -> dict[Path, int]:
    places: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.split("\n"), 1):
        head = _TABLE().match(line)
        key = None if head else _KEY().match(line)
        if head is not None:
            table = _placed(_parts(head[2]), counts)
            if head[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            places.setdefault(table, number)
        elif key is not None:
            places.setdefault((*table, *_parts(key[1])), number)
    return places


def _placed(parts: Path, counts: dict[Path, int]) -> Path:
    """The path of a table, with the index of the last element of each array of tables on the way."""
    path: Path = ()
    for at, part in enumerate(parts):
        path = (*path, part)
        if at < len(parts) - 1 and path in counts:
            path = (*path, counts[path])
    return path


def _parts(text: str) -> Path:
    return tuple(re.sub(r"^[\"']|[\"']$", "", part) for part in _PART().findall(text))
