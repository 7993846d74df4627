"""Ignore files of a whole tree, and the decision about a path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctxkit.ignore.file import framed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ctxkit.ignore.file import IgnoreFile, Rule


@dataclass(frozen=True, slots=True)
class Decision:
    """Is a path ignored, and by which line. A path that a line re-includes has a rule and is not ignored."""

    ignored: bool
    rule: Rule | None = None


NOT_IGNORED = Decision(False)


class _Scope:
    """What counts in one directory: a verdict about all below it, or the files to ask, first answer wins."""

    __slots__ = ("files", "verdict")

    def __init__(self, verdict: Decision | None, files: tuple[IgnoreFile, ...]) -> None:
        self.verdict = verdict
        self.files = files


class IgnoreTree:
    """Nested ignore files in layers.

    ``layers`` stand in order of precedence: the first layer in which any line matches decides. Within a layer the
    file in the deepest directory is asked first, and of several in one directory the one given last. Git's own tree
    is three layers: every ``.gitignore``, then ``info/exclude``, then the user's ``core.excludesFile``. What lies
    below an ignored directory is ignored, whatever is said about it further down.
    """

    def __init__(self, layers: Iterable[Sequence[IgnoreFile]]) -> None:
        self._layers: list[dict[str, list[IgnoreFile]]] = []
        self.ignorecase = False
        for files in layers:
            by_base: dict[str, list[IgnoreFile]] = {}
            for file in files:
                if len(file):
                    by_base.setdefault(file.base, []).insert(0, file)
                    self.ignorecase = self.ignorecase or file.ignorecase
            if by_base:
                self._layers.append(by_base)
        self._scopes: dict[str, _Scope] = {"": _Scope(None, self._files_for(""))}

    def __bool__(self) -> bool:
        return bool(self._layers)

    def decide(self, path: str, is_dir: bool = False) -> Decision:
        """Whether ``path`` (relative to the tree, posix, no ``..``) is ignored, and by which line."""
        path = "/".join(part for part in path.split("/") if part not in ("", "."))
        scope = self._scope(path.rpartition("/")[0])
        return scope.verdict or _decision(last_match(scope.files, self._bytes(path), is_dir))

    def ignored(self, path: str, is_dir: bool = False) -> bool:
        """Whether ``path`` is ignored."""
        return self.decide(path, is_dir).ignored

    def hidden(self, paths: Iterable[str]) -> set[str]:
        """Those of ``paths`` (files, not directories) that are ignored. Sorted paths are quickest."""
        found: set[str] = set()
        if not self._layers:
            return found
        members: dict[_Scope, list[str]] = {}
        last: str | None = None
        bucket: list[str] = []
        for path in paths:
            directory = path[: max(path.rfind("/"), 0)]
            if directory != last:
                last = directory
                bucket = members.setdefault(self._scope(directory), [])
            bucket.append(path)
        for scope, inside in members.items():
            if scope.verdict:
                found.update(inside)
            elif scope.files:
                found.update(self._ignored_files(scope, inside))
        return found

    def _ignored_files(self, scope: _Scope, paths: list[str]) -> list[str]:
        joined = framed(paths)
        if self.ignorecase:
            joined = joined.lower()
        candidates = set().union(*(file.candidates(joined) for file in scope.files))
        if not candidates:
            return []
        hits = [path for path in paths if self._bytes(path) in candidates]
        if not any(file.reincludes for file in scope.files):
            return hits
        return [path for path in hits if _says_ignored(last_match(scope.files, self._bytes(path), False))]

    def _bytes(self, path: str) -> bytes:
        data = path.encode("utf-8", "surrogateescape")
        return data.lower() if self.ignorecase else data

    def _scope(self, directory: str) -> _Scope:
        scope = self._scopes.get(directory)
        if scope is not None:
            return scope
        missing = []
        while scope is None:
            missing.append(directory)
            directory = directory.rpartition("/")[0]
            scope = self._scopes.get(directory)
        for directory in reversed(missing):
            verdict = scope.verdict
            if verdict is None:
                hit = last_match(scope.files, self._bytes(directory), True)
                verdict = _decision(hit) if _says_ignored(hit) else None
            if verdict is not None:
                scope = _Scope(verdict, ())
            elif any(directory in layer for layer in self._layers):
                scope = _Scope(None, self._files_for(directory))
            self._scopes[directory] = scope
        return scope

    def _files_for(self, directory: str) -> tuple[IgnoreFile, ...]:
        chain = [directory]
        while directory:
            directory = directory.rpartition("/")[0]
            chain.append(directory)
        return tuple(file for layer in self._layers for base in chain for file in layer.get(base, ()))


def _decision(hit: tuple[IgnoreFile, int] | None) -> Decision:
    if hit is None:
        return NOT_IGNORED
    rule = hit[0].rule(hit[1])
    return Decision(not rule.negated, rule)


def _says_ignored(hit: tuple[IgnoreFile, int] | None) -> bool:
    return hit is not None and not hit[0].negated(hit[1])


def last_match(files: Sequence[IgnoreFile], path: bytes, is_dir: bool) -> tuple[IgnoreFile, int] | None:
    """The first of ``files`` that says anything about ``path`` itself, and the place of the line that says it."""
    for file in files:
        place = file.matcher(directories=is_dir)(path[file.skip :])
        if place >= 0:
            return file, place
    return None
