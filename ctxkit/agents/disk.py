"""Reading files the way an agent would, bounded and without surprises.

Everything an audit reads of rules and settings goes through one :class:`Disk`, so a file is read once for all
agents, what cannot be read is recorded once, and nothing but regular files is ever opened.
"""

from __future__ import annotations

import itertools
import os
import re
import stat

from ctxkit.model import Skipped

READ_LIMIT = 8 * 1024 * 1024
"""Bytes of one rule or settings file: twice the largest cap any agent has (Claude Code: 4 MiB)."""

_MAX_MATCHES = 5_000
_MAX_DEPTH = 24
_MAX_DIRECTORIES = 20_000
_MAX_DIRECTORIES_OUTSIDE = 2_000  # a link of the repository may lead to anywhere, even to /

_MAX_BYTES = 64 * 1024 * 1024
"""Bytes read in one audit: the window of the largest model holds a tenth of it."""

_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Some of what the kernel shows as regular files waits for ever when read (/proc/kmsg)."""


class Disk:
    """The file system as seen from one audited root.

    ``root``, ``home`` and ``git_root`` are absolute directories (``git_root`` may be None).
    """

    def __init__(self, root: str, home: str, git_root: str | None) -> None:
        self.root = root
        self.home = home
        self.git_root = git_root
        self._skipped: dict[str, Skipped] = {}
        self._text: dict[str, bytes | None] = {}
        self._room = _MAX_BYTES
        self._names: dict[str, dict[str, bool]] = {}

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What could not be read so far, by path."""
        return tuple(self._skipped[path] for path in sorted(self._skipped))

    def skip(self, path: str, reason: str, hint: str = "") -> None:
        """Record that ``path`` (absolute) could not be read, and why."""
        shown = self.show(path)
        self._skipped.setdefault(shown, Skipped(shown, reason, hint))

    def show(self, path: str) -> str:
        """``path`` as reports print it: relative to the root, ``~/…`` under the home directory, else as it is."""
        for base, prefix in ((self.root, ""), (self.home, "~/")):
            if path == base:
                return prefix.rstrip("/") or "."
            if path.startswith(slash(base)):
                return prefix + _posix(path[len(slash(base)) :])
        if self.git_root and path.startswith(slash(self.git_root)):
            return _posix(os.path.relpath(path, self.root))
        return _posix(path)

    def read(self, path: str, limit: int = READ_LIMIT) -> bytes | None:
        """The bytes of a regular file; None where there is none or it cannot be read (then it is recorded)."""
        if path not in self._text:
            self._text[path] = self._read(path, limit)
        return self._text[path]

    def place(self, path: str) -> str:
        """Where ``path`` is to be read: elsewhere than at ``path`` where the files are those of another time."""
        return path

    def real(self, path: str) -> str:
        """``path`` with all links resolved."""
        return os.path.realpath(path)

    def is_link(self, path: str) -> bool:
        """Is ``path`` itself a link?"""
        return os.path.islink(path)

    def _read(self, path: str, limit: int) -> bytes | None:
        try:
            place = self.place(path)
            status = os.stat(place)
            if not stat.S_ISREG(status.st_mode):
                if not stat.S_ISDIR(status.st_mode):
                    self.skip(path, "not a regular file", "replace it with a regular file, or remove it")
                return None
            if status.st_size > limit:
                self.skip(path, f"{status.st_size:,} bytes, over the {limit:,} that are read", "make the file smaller")
                return None
            if status.st_size > self._room:
                self.skip(path, f"over {_MAX_BYTES:,} bytes of rules and settings", "look for a link that leads away")
                return None
            with open(place, "rb", opener=lambda name, _: os.open(name, _OPEN)) as file:
                data: bytes | None = file.read(limit)
            if data is None:
                self.skip(path, "has nothing to read at once", "replace it with a regular file, or remove it")
                return None
            self._room -= len(data)
            return data
        except FileNotFoundError:
            if self.is_link(path):
                self.skip(path, "a link to a file that does not exist", "mend or remove the link")
            return None
        except NotADirectoryError:
            return None
        except (OSError, ValueError) as error:
            self.skip(path, _reason(error), "make it readable, or remove it")
            return None

    def is_file(self, path: str) -> bool:
        """Is there a file (or a link to one) of exactly this name?"""
        directory, name = os.path.split(path)
        entries = self.entries(directory)
        return name in entries and not entries[name]

    def is_dir(self, path: str) -> bool:
        """Is there a directory (or a link to one) of exactly this name?"""
        directory, name = os.path.split(path)
        return self.entries(directory).get(name, False) if name else os.path.isdir(path)

    def entries(self, directory: str) -> dict[str, bool]:
        """Name → is it a directory, for what ``directory`` holds; empty where it cannot be listed."""
        if directory not in self._names:
            self._names[directory] = self._entries(directory)
        return self._names[directory]

    def _entries(self, directory: str) -> dict[str, bool]:
        found: dict[str, bool] = {}
        try:
            with os.scandir(self.place(directory)) as entries:
                for entry in entries:
                    try:
                        found[entry.name] = entry.is_dir()
                    except OSError:
                        found[entry.name] = False
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (OSError, ValueError) as error:
            self.skip(directory, _reason(error), "make the directory readable")
        return found

    def listdir(self, directory: str) -> list[str]:
        """Sorted names in ``directory``."""
        return sorted(self.entries(directory))

    def glob(self, directory: str, pattern: str) -> list[str]:
        """Files under ``directory`` that match ``pattern`` (``*``, ``?``, ``**`` for any directories), sorted by path.

        Links to directories are followed once each, so that a loop ends.
        """
        if not has_wildcard(pattern):
            path = os.path.join(directory, *pattern.split("/"))
            return [path] if self.is_file(path) else []
        parts = (
            [part for part, _ in itertools.groupby(pattern.split("/"))] if "**/**" in pattern else pattern.split("/")
        )
        found: list[str] = []
        self._glob(directory, parts, found, set(), 0)
        return sorted(set(found))

    def _glob(self, directory: str, parts: list[str], found: list[str], seen: set[str], depth: int) -> None:
        if depth > _MAX_DEPTH or len(found) >= _MAX_MATCHES:
            self._skip_many(directory)
            return
        head, rest = parts[0], parts[1:]
        entries = self.entries(directory)
        if head == "**":
            real = self.real(directory)
            if real in seen:
                return
            inside = slash(real).startswith(slash(self.real(self.root)))
            if len(seen) >= (_MAX_DIRECTORIES if inside else _MAX_DIRECTORIES_OUTSIDE):
                self._skip_many(directory)
                return
            seen.add(real)
            self._glob(directory, rest, found, seen, depth + 1)
            for name in sorted(entries):
                if entries[name]:
                    self._glob(os.path.join(directory, name), parts, found, seen, depth + 1)
            return
        wild = has_wildcard(head)
        names = [n for n in sorted(entries) if _is_like(n, head)] if wild else [head] if head in entries else []
        for name in names:
            path = os.path.join(directory, name)
            if rest and entries[name]:
                self._glob(path, rest, found, seen, depth + 1)
            elif not rest and not entries[name]:
                found.append(path)

    def _skip_many(self, directory: str) -> None:
        self.skip(directory, "too many or too deeply nested files", "look for a link that leads back up or away")


def has_wildcard(name: str) -> bool:
    """Is ``name`` a glob?"""
    return any(character in name for character in "*?[")


def _is_like(name: str, pattern: str) -> bool:
    """Does ``name`` match one component of a glob? Quadratic at worst, as repositories write the patterns."""
    if pattern.startswith("*") and not has_wildcard(pattern[1:]):
        return name.endswith(pattern[1:])
    tokens = re.findall(r"\*+|\[!?[^\[\]\\/^!]+\]|[\s\S]", pattern)
    at = token = 0
    retry: tuple[int, int] | None = None
    while at < len(name) or token < len(tokens):
        if token < len(tokens) and tokens[token][0] == "*":
            token += 1
            retry = (token, at)
        elif token < len(tokens) and at < len(name) and _fits(name[at], tokens[token]):
            at, token = at + 1, token + 1
        elif retry is not None and retry[1] < len(name):
            retry = (retry[0], retry[1] + 1)
            token, at = retry
        else:
            return False
    return True


def _fits(character: str, token: str) -> bool:
    """Does one character match a token: ``?``, a set, its complement, or the character itself?"""
    if len(token) == 1:
        return token in ("?", character)
    inside = token[1:-1].removeprefix("!")
    found = False
    while inside:
        if len(inside) > 2 and inside[1] == "-":
            found, inside = found or inside[0] <= character <= inside[2], inside[3:]
        else:
            found, inside = found or character == inside[0], inside[1:]
    return found != token.startswith("[!")


def slash(directory: str) -> str:
    """``directory`` with one separator at its end."""
    return directory if directory.endswith(os.sep) else directory + os.sep


def _posix(path: str) -> str:
    return path.replace(os.sep, "/") if os.sep != "/" else path


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:]
