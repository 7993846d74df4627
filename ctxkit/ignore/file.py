"""One ignore file: its lines, and which of them decides about a path."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ctxkit.ignore.pattern import Pattern, parse, quoted, to_regex

MAX_BYTES = 1024 * 1024
"""Of a longer ignore file only the lines within this many bytes count (git stops at 100 MiB)."""

_SET_BYTES = 40_000
_SET_LINES = 1_000
_MEMORY = 64 * 1024 * 1024

Matcher = Callable[[bytes], int]
"""Path relative to the file's directory → place of the last line that matches it; -1 when none does."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an ignore file: ``source`` is the file's path, ``line`` counts from 1."""

    source: str
    line: int
    pattern: str
    negated: bool

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.pattern}"


class IgnoreFile:
    """The lines of one ignore file, which speak about what lies in and below ``base``."""

    def __init__(
        self,
        lines: bytes | Iterable[str],
        base: str = "",
        *,
        source: str = "",
        ignorecase: bool = False,
        negation: bool = True,
    ) -> None:
        """Read ``lines``, given as the file's bytes or as single lines; no pattern is ever an error.

        ``base``: directory of the file relative to the tree, posix, no slash at its end. ``source``: the name that
        rules carry (``<base>/.gitignore`` when empty). ``negation=False`` drops lines that begin with ``!``.
        """
        self.base = base.strip("/")
        self.source = source or (f"{self.base}/.gitignore" if self.base else ".gitignore")
        self.skip = len(self.base.encode("utf-8", "surrogateescape")) + 1 if self.base else 0
        self.ignorecase = ignorecase
        self._lines: list[tuple[int, Pattern]] = []
        regexes: list[tuple[bytes, int]] = []
        directory_only: set[int] = set()
        for number, line in enumerate(_split(lines), 1):
            pattern = parse(line)
            if pattern is None or (pattern.negated and not negation):
                continue
            regex = to_regex(pattern.body, ignorecase=ignorecase)
            if regex is None:
                continue
            place = len(self._lines)
            self._lines.append((number, pattern))
            regexes.append((regex, place))
            if pattern.directory_only:
                directory_only.add(place)
        self.reincludes = any(pattern.negated for _, pattern in self._lines)
        self._regexes = regexes
        self._directory_only = directory_only
        self._matchers: dict[bool, Matcher] = {}
        self._sieves: list[Any] | None = None

    def __len__(self) -> int:
        return len(self._lines)

    def matcher(self, *, directories: bool) -> Matcher:
        """The function that finds the last matching line, for directories or for everything else."""
        if directories not in self._matchers:
            wanted = [pair for pair in self._regexes if directories or pair[1] not in self._directory_only]
            self._matchers[directories] = _compiled(wanted)
        return self._matchers[directories]

    def candidates(self, joined: bytes) -> set[bytes]:
        """Those files of ``joined`` that any line matches: a quick sieve for many paths.

        ``joined`` is the ``framed`` form of whole paths of files below ``base`` (in lower case when ``ignorecase`` is
        set).
        """
        if self._sieves is None:
            base = f"{self.base}/".encode("utf-8", "surrogateescape") if self.base else b""
            head = rb"\x00/" + quoted(base.lower() if self.ignorecase else base)
            wanted = [pair for pair in self._regexes if pair[1] not in self._directory_only]
            import re2  # type: ignore[import-untyped]

            self._sieves = [
                re2.compile(head + b"(?:" + b"|".join(regex for regex, _ in group) + rb")\x00", _options())
                for group in _groups(wanted)
            ]
        return {hit.group()[2:-1] for sieve in self._sieves for hit in sieve.finditer(joined)}

    def negated(self, place: int) -> bool:
        """Whether the line at ``place`` re-includes what it matches."""
        return self._lines[place][1].negated

    def rule(self, place: int) -> Rule:
        """The line at ``place``."""
        number, pattern = self._lines[place]
        return Rule(self.source, number, str(pattern), pattern.negated)

    def match(self, path: str, is_dir: bool = False) -> Rule | None:
        """The last line that matches ``path`` (relative to the tree) itself; parents are not looked at."""
        if self.base and not path.startswith(self.base + "/"):
            return None
        data = path.encode("utf-8", "surrogateescape")
        if self.ignorecase:
            data = data.lower()
        place = self.matcher(directories=is_dir)(data[self.skip :])
        return None if place < 0 else self.rule(place)


def framed(paths: Iterable[str]) -> bytes:
    """Many paths as one text; the slash before each keeps a pattern from matching the emptiness between two."""
    return ("\0/" + "\0\0/".join(paths) + "\0").encode("utf-8", "surrogateescape")


def _split(lines: bytes | Iterable[str]) -> list[bytes]:
    if isinstance(lines, bytes):
        if len(lines) > MAX_BYTES:
            lines = lines[: lines.rfind(b"\n", 0, MAX_BYTES) + 1]
        return lines.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [line.encode("utf-8", "surrogateescape").rstrip(b"\n") for line in lines]


def _groups(regexes: list[tuple[bytes, int]]) -> list[list[tuple[bytes, int]]]:
    """The lines in groups that one automaton holds with ease, last line first."""
    groups: list[list[tuple[bytes, int]]] = []
    size = _SET_BYTES + 1
    for pair in reversed(regexes):
        size += len(pair[0])
        if size > _SET_BYTES or len(groups[-1]) >= _SET_LINES:
            groups.append([])
            size = len(pair[0])
        groups[-1].append(pair)
    return groups


def _compiled(regexes: list[tuple[bytes, int]]) -> Matcher:
    import re2

    sets: list[tuple[Callable[[bytes], list[int] | None], list[int]]] = []
    for group in _groups(regexes):
        patterns = re2.Set.FullMatchSet(_options())
        for regex, _ in group:
            patterns.Add(regex)
        patterns.Compile()
        sets.append((patterns.Match, [place for _, place in group]))

    def match(path: bytes) -> int:
        for search, places in sets:
            hits = search(path)
            if hits:
                return places[min(hits)]
        return -1

    return match


def _options() -> Any:
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = _MEMORY
    return options
