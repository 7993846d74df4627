"""Stale references for ``recall.py``: what renames, moves and removals leave behind in rule files.

Some kinds change the text (somebody mistyped), the others change the repository and leave the text as it is. A path is
taken where the rule file shows it in a code span or a link, it is a file of the
repository, from the root or the rule file's directory, and it is no rule file itself.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

SPAN = re.compile(r"`((?:[\w.-]+/)+[\w-]+\.[a-z]{1,5})`")
LINK = re.compile(r"\]\(((?:[\w.-]+/)+[\w-]+\.[a-z]{1,5})\)")
SCRIPT = re.compile(r"\b(npm run|pnpm run|yarn run|bun run|make|just|task|tox -e) ([a-z][\w:-]{2,})")
FILTER = re.compile(r"\b(?:--filter|-F)[ =]\"?(@[\w-]+/[\w-]+|[\w-]{3,})\"?")
SUFFIXES = ("_old", "2", "-impl", "_v1")
MORE = ("all", "full", "x")
WORDS = ("gadgets", "platform", "workbench", "harbor", "kiosk", "orchard")
TASKS = ("verify", "everything", "ship", "preflight", "sanity", "walkthrough")
ENDINGS = {"js": "ts", "ts": "js", "tsx": "jsx", "jsx": "tsx", "py": "pyx", "md": "rst", "yaml": "toml", "yml": "toml",
           "json": "toml", "go": "rs", "rs": "go", "sh": "ps1", "mjs": "cjs", "toml": "json", "sql": "py"}  # fmt: skip


class Seed(NamedTuple):
    """A rule file with a name that is stale.

    ``text``: of the file ``path``, the name at ``start`` to ``end``; ``moves``: old → new path, empty for one that is
    removed.
    """

    path: str
    text: str
    start: int
    end: int
    said: str
    moves: Mapping[str, str] = {}


class _Place(NamedTuple):
    path: str
    text: str
    start: int
    name: str
    file: str

    def named(self, new: str, moves: Mapping[str, str] | None = None) -> Seed:
        text = self.text[: self.start] + new + self.text[self.start + len(self.name) :]
        said = f"{self.path}: {self.name} -> {new}" if not moves else f"{self.path}: {self.name}, {_shown(moves)}"
        return Seed(self.path, text, self.start, self.start + len(new), said, moves or {})


def _shown(moves: Mapping[str, str]) -> str:
    old, new = next(iter(moves.items()))
    return f"{old} {f'is now {new}' if new else 'is gone'}" + (f" and {len(moves) - 1} more" if len(moves) > 1 else "")


def _files(texts: Mapping[str, str], paths: frozenset[str], draw: random.Random) -> list[_Place]:
    found = []
    for path, text in texts.items():
        for match in (*SPAN.finditer(text), *LINK.finditer(text)):
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), match[1]))
            file = next((file for file in (match[1], beside) if file in paths and file not in texts), None)
            if file is not None:
                found.append(_Place(path, text, match.start(1), match[1], file))
    draw.shuffle(found)
    return found


def renamed(place: _Place, paths: frozenset[str], draw: random.Random) -> Seed:
    """The text has a suffix that the file lacks."""
    stem, dot, ending = place.name.rpartition(".")
    return place.named(f"{stem}{draw.choice(SUFFIXES)}{dot}{ending}")


def transposed(place: _Place, paths: frozenset[str], draw: random.Random) -> Seed | None:
    """Two letters of the file's name stand the other way round in the text."""
    head, slash, name = place.name.rpartition("/")
    at = [n for n in range(1, len(name.rpartition(".")[0]) - 1) if name[n] != name[n + 1]]
    if not at:
        return None
    n = draw.choice(at)
    return place.named(f"{head}{slash}{name[:n]}{name[n + 1]}{name[n]}{name[n + 2 :]}")


def extended(place: _Place, paths: frozenset[str], draw: random.Random) -> Seed | None:
    """The file got another extension."""
    stem, _, ending = place.file.rpartition(".")
    new = f"{stem}.{ENDINGS.get(ending, 'txt')}"
    return place.named(place.name, {place.file: new}) if new not in paths else None


def deleted(place: _Place, paths: frozenset[str], draw: random.Random) -> Seed:
    """The file is gone."""
    return place.named(place.name, {place.file: ""})


def moved(place: _Place, paths: frozenset[str], draw: random.Random) -> Seed | None:
    """The file lies in another directory of the repository now."""
    directory, _, name = place.file.rpartition("/")
    others = sorted({posixpath.dirname(path) for path in paths} - {directory, ""})
    return place.named(place.name, {place.file: f"{draw.choice(others)}/{name}"}) if others else None


def sunk(place: _Place, paths: frozenset[str], draw: random.Random) -> Seed:
    """The file and the directories on its way lie below another directory now, as in a repository that became many."""
    return place.named(place.name, {place.file: f"{draw.choice(WORDS)}/{draw.choice(WORDS)}/{place.file}"})


def redirected(place: _Place, paths: frozenset[str], draw: random.Random) -> Seed | None:
    """A directory on the way has another name now."""
    parts = place.file.split("/")[:-1]
    if not parts:
        return None
    at = draw.randrange(len(parts))
    old, new = "/".join(parts[: at + 1]), "/".join((*parts[:at], draw.choice(WORDS)))
    moves = {path: new + path[len(old) :] for path in sorted(paths) if path.startswith(f"{old}/")}
    return place.named(place.name, {place.file: moves[place.file], **moves})


def _scripts(
    texts: Mapping[str, str], paths: frozenset[str], read: Callable[[str], str], draw: random.Random
) -> list[tuple[_Place, str]]:
    """Commands that run a script of the repository, with the pattern of the line that defines it."""
    holders = {"make": ("Makefile",), "just": ("justfile", "Justfile"), "task": ("Taskfile.yml", "Taskfile.yaml"),
               "tox -e": ("tox.ini",)}  # fmt: skip
    found = []
    for path, text in texts.items():
        for match in SCRIPT.finditer(text):
            name = re.escape(match[2])
            line = rf'(?m)^{name}\b.*:|"{name}"\s*:|^\s+{name}:|^\[testenv:{name}\]'
            names = holders.get(match[1], ("package.json",))
            beside = [f"{posixpath.dirname(path)}/{name}" for name in names] if "/" in path else []
            for file in (*names, *beside):
                if file in paths and re.search(line, read(file)):
                    found.append((_Place(path, text, match.start(2), match[2], file), match[1]))
                    break
    draw.shuffle(found)
    return found


def packages(
    texts: Mapping[str, str], paths: frozenset[str], read: Callable[[str], str], draw: random.Random
) -> Iterator[Seed]:
    """The package that ``--filter`` names has another name now."""
    names = {
        match[1]
        for path in paths
        if path.rpartition("/")[2] == "package.json"
        and (match := re.search(r'"name"\s*:\s*"([^"]+)"', read(path))) is not None
    }
    places = [
        _Place(path, text, match.start(1), match[1], "")
        for path, text in texts.items()
        for match in FILTER.finditer(text)
        if match[1] in names
    ]
    draw.shuffle(places)
    for place in places:
        scope, slash, _ = place.name.rpartition("/")
        yield place.named(f"{scope}{slash}{draw.choice(WORDS)}")


PATHS = {
    "path-suffix": renamed, "path-letters": transposed, "path-extension": extended, "path-deleted": deleted,
    "path-moved": moved, "path-sunk": sunk, "path-directory": redirected,
}  # fmt: skip
KINDS = (*PATHS, "command-suffix", "command-word", "command-filter")


def seeds(
    kind: str, texts: Mapping[str, str], paths: frozenset[str], read: Callable[[str], str], draw: random.Random
) -> Iterator[Seed]:
    """The seeds of one kind in the rule files ``texts`` of a repository with the files ``paths``."""
    if kind in PATHS:
        for place in _files(texts, paths, draw):
            seed = PATHS[kind](place, paths, draw)
            if seed is not None:
                yield seed
    elif kind == "command-filter":
        yield from packages(texts, paths, read, draw)
    else:
        for place, _ in _scripts(texts, paths, read, draw):
            yield place.named(f"{place.name}-{draw.choice(MORE)}" if kind == "command-suffix" else draw.choice(TASKS))


def reader(root: Path) -> Callable[[str], str]:
    """The text of a file below ``root``."""
    return lambda path: (root / path).read_text("utf-8", "replace")
