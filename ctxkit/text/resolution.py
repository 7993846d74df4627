"""Whether a path that a text names is in a repository: tried from everywhere a reader would try it from."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Files(Protocol):
    """The files of a repository: see :class:`ctxkit.evidence.Tree`, which is one."""

    def __contains__(self, path: str) -> bool:
        """Is there a file of this path?"""
        ...

    def is_dir(self, path: str) -> bool:
        """Is there a file below this path?"""
        ...

    def ignored(self, path: str) -> bool:
        """Would git ignore it?"""
        ...

    def ending(self, path: str) -> Sequence[str]:
        """The files and directories whose last parts are those of ``path``."""
        ...

    def files(self) -> Sequence[str]:
        """All files, sorted."""
        ...


OUTPUTS = frozenset(
    [
        "dist",
        "build",
        "out",
        "target",
        "node_modules",
        ".venv",
        "venv",
        "env",
        "coverage",
        "htmlcov",
        "logs",
        "log",
        "tmp",
        "temp",
        ".tmp",
        ".cache",
        "cache",
        "__pycache__",
        ".next",
        ".nuxt",
        ".turbo",
        ".output",
        ".svelte-kit",
        ".git",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".gradle",
        ".idea",
        ".DS_Store",
        "site-packages",
        "vendor",
        "Pods",
        "DerivedData",
        "bin",
        "obj",
        "artifacts",
        "generated",
        "__generated__",
        ".terraform",
        "output",
        "outputs",
        "results",
        "reports",
        "screenshots",
        ".parcel-cache",
        "storybook-static",
        "test-results",
        "playwright-report",
    ]
)
"""Names of directories that builds, tests and tools make."""

_EXTENSIONS = (
    ".py", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".go", ".rs", ".md", ".mdx", ".sh", ".rb", ".java", ".kt",
    ".cs", ".php", ".swift", ".vue", ".svelte", ".c", ".h", ".cpp", ".ex", ".scala", ".yaml", ".yml", ".json", ".toml",
    ".d.ts",
)  # fmt: skip

_NO_DIGITS = str.maketrans("", "", "0123456789")


def bases(directory: str) -> Iterator[str]:
    """``directory`` (relative, posix) and every directory above it, the root (empty) last."""
    while directory:
        yield directory
        directory = directory.rpartition("/")[0]
    yield ""


def is_there(path: str, directory: str, files: Files) -> bool:
    """Is ``path`` in the repository, as a text in ``directory`` names it?

    From ``directory``, any directory above it and the root, as the end of any other path, as a module without its
    extension; in a linked directory or a submodule. A path that leads out of the repository counts as there.
    """
    for base in bases(directory):
        joined = posixpath.normpath(posixpath.join(base, path))
        if joined.startswith(".."):
            if base == directory:
                return True
            continue
        if joined == "." or joined in files or files.is_dir(joined) or _is_linked(joined, base, files):
            return True
    tail = path
    while tail.startswith("../"):
        tail = tail[3:]
    if not tail.strip("/"):
        return True
    is_in_link = any(parent in files for parent in bases(directory) if parent)
    if (is_in_link or not path.startswith("../")) and files.ending(tail.rstrip("/")):
        return True
    head, _, name = tail.rpartition("/")
    module, dot, symbol = name.partition(".")
    if module and dot and not symbol.islower():
        return is_there(posixpath.join(head, module), directory, files)
    return bool(name) and not dot and any(files.ending(tail + extension) for extension in _EXTENSIONS)


def is_at(path: str, directory: str, files: Files) -> bool:
    """Is there a file or directory ``path`` seen from ``directory`` or one above it?"""
    joined = (posixpath.normpath(posixpath.join(base, path)) for base in bases(directory))
    return any(place.startswith("..") or place in files or files.is_dir(place) for place in joined)


def is_made(path: str, directory: str, files: Files) -> bool:
    """Is ``path`` a place that a build or a tool fills, or that git ignores, even where it keeps other files there?"""
    for base in bases(directory):
        joined = posixpath.normpath(posixpath.join(base, path))
        if joined.startswith(".."):
            continue
        parent = posixpath.dirname(joined)
        kept = bool(parent) and files.is_dir(parent)
        if files.ignored(joined) or files.ignored(f"{joined}/"):
            return True
        if kept and (base or path.count("/") > 1) and posixpath.basename(joined) not in OUTPUTS:
            return False
    parts = path.rstrip("/").split("/")
    return any(part in OUTPUTS for part in (parts[:-1] if "." in parts[-1][1:] else parts))


def nearest_directory(path: str, directory: str, files: Files) -> str:
    """The deepest directory on the way to ``path`` that is there, seen from ``directory`` or above; empty: none."""
    best = ""
    for base in bases(directory):
        parent = posixpath.dirname(posixpath.normpath(posixpath.join(base, path)))
        while parent.strip("/") and parent != base and not parent.startswith("..") and not files.is_dir(parent):
            parent = posixpath.dirname(parent)
        if parent and parent != base and not parent.startswith("..") and len(parent) > len(best):
            best = parent
    return best


def meant(path: str, directory: str, files: Files) -> str:
    """What is there if one part of ``path`` is spelled as one beside it that is much like it; empty: nothing.

    Parts that differ by their digits alone are no misspellings: there may be one for each day or version.
    """
    for base in bases(directory):
        joined = posixpath.normpath(posixpath.join(base, path))
        if joined.startswith(".."):
            continue
        there, parts = "", joined.split("/")
        while parts and (not there or files.is_dir(there)):
            following = posixpath.join(there, parts[0])
            if following not in files and not files.is_dir(following):
                break
            there = following
            del parts[0]
        if not parts or (base and not f"{there}/".startswith(f"{base}/")):
            continue
        for name in alike(parts[0], children(there, files)):
            found = posixpath.join(there, name, *parts[1:])
            if found in files or files.is_dir(found):
                return found
    return ""


def children(directory: str, files: Files) -> Iterator[str]:
    """The names in ``directory``, at most 400."""
    paths = files.files()
    start = f"{directory}/" if directory else ""
    at = bisect_left(paths, start)
    for _ in range(400):
        if at >= len(paths) or not paths[at].startswith(start):
            return
        name, slash, _rest = paths[at][len(start) :].partition("/")
        yield name
        at = bisect_left(paths, f"{start}{name}0", at) if slash else at + 1


def alike(name: str, others: Iterable[str]) -> list[str]:
    """Those of ``others`` that could be meant by ``name``, the likeliest first."""
    import difflib

    plain = name.translate(_NO_DIGITS)
    return [
        other
        for other in difflib.get_close_matches(name, others, 3, 0.6)
        if other.translate(_NO_DIGITS) != plain
        and other.startswith(".") == name.startswith(".")
        and posixpath.splitext(other)[1] == posixpath.splitext(name)[1]
    ]


def of_stem(path: str, directory: str, files: Files) -> str:
    """The one file in the directory of ``path`` that has its name with another extension."""
    if "." not in posixpath.basename(path)[1:]:
        return ""
    head, name = posixpath.split(path)
    stem = f"{name.rpartition('.')[0]}."
    for base in bases(directory):
        place = posixpath.normpath(posixpath.join(base, head))
        if not place.startswith("..") and files.is_dir(place):
            found = [
                other for other in children(place, files) if other.startswith(stem) and "." not in other[len(stem) :]
            ]
            return posixpath.join(place, found[0]) if len(found) == 1 else ""
    return ""


def shared(one: str, other: str) -> int:
    """How many characters of whole leading directories two paths share."""
    common = posixpath.commonprefix((one, other))
    return common.rfind("/") + 1


def _is_linked(path: str, base: str, files: Files) -> bool:
    """Does ``path`` go, below ``base``, through something that git lists as one entry: a link or a submodule?"""
    parent = posixpath.dirname(path)
    while parent.strip("/") and parent != base and not base.startswith(f"{parent}/"):
        if parent in files:
            return True
        parent = posixpath.dirname(parent)
    return False
