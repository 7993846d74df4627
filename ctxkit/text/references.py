"""Paths that a text refers to: in code spans, in links and in plain words.

What is returned looks like a path of a repository; whether it is one, and whether it is there, is not asked here.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.text.markdown import Outline, Region

_LINK = on_demand(
    r"\]\([ \t]*<?([^()\s<>]{1,300}(?:\([^()\s]{0,80}\)[^()\s<>]{0,200})?)>?(?:[ \t]+[\"'(][^\n]{0,200}?)?\)"
)
_NOTED = on_demand(r"(?m)^ {0,3}\[[^\]\n]{1,200}\]:[ \t]+<?([^\s<>]{1,300})")
_PLAIN = on_demand(
    r"(?<![^\s(\[\"'*,;|>])(?:\.{1,2}/)*+[\w.-]{1,100}(?:/[\w.\[\]-]{1,100}){1,20}+/?(?=[\s)\]\"'*,;:!?|<]|$)"
    r"|(?<![^\s(\[\"'*,;|>])(?:\.{1,2}/)*+[\w.-]{2,100}/(?=[\s)\]\"'*,;:!?|<]|$)"
)
_LINE_NUMBER = on_demand(r":\d+(?:[-:,]\d+)*$")
_SCHEME = on_demand(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HOST = on_demand(r"(?:[\w-]+\.)+(?:com|org|net|io|dev|ai|app|co|rs|sh|edu|gov|us|uk|de|eu|cloud|page|site|xyz|me|so)$")
_EXTENSION = on_demand(r"[\w\])-]\.(?:[a-z][a-z0-9]{0,11}|R|Rmd)$")
_TEXTUAL = on_demand(r"[\w.@+~()\[\]/ -]*\Z")
_WILD = on_demand(r"[*?<>{}$%|…]|\.\.\.|\bX{2,}\b|\bN{2,}\b|YYYY")
_SUFFIX = on_demand(
    r"_|\.(?:test|spec|stories|module|d|config|client|server|gen|generated|min|instructions|prompt|agent|lock)\."
)
_VERSION = on_demand(r"v?\d+(?:\.\d+)+")

KNOWN = frozenset(
    [
        "adoc",
        "astro",
        "bash",
        "bat",
        "bzl",
        "c",
        "cc",
        "cfg",
        "cjs",
        "clj",
        "conf",
        "cpp",
        "cs",
        "csproj",
        "css",
        "csv",
        "cts",
        "cu",
        "cxx",
        "dart",
        "db",
        "dockerfile",
        "editorconfig",
        "el",
        "erb",
        "ex",
        "exs",
        "fish",
        "gemspec",
        "go",
        "gradle",
        "graphql",
        "gql",
        "h",
        "hbs",
        "hcl",
        "hpp",
        "hs",
        "html",
        "htm",
        "hxx",
        "ini",
        "ipynb",
        "j2",
        "java",
        "jinja",
        "jinja2",
        "js",
        "json",
        "json5",
        "jsonc",
        "jsonl",
        "jsx",
        "just",
        "kt",
        "kts",
        "less",
        "lock",
        "lua",
        "m",
        "md",
        "mdc",
        "mdx",
        "mjs",
        "mk",
        "ml",
        "mm",
        "mod",
        "mts",
        "nix",
        "njk",
        "php",
        "pl",
        "plist",
        "prisma",
        "properties",
        "proto",
        "ps1",
        "psm1",
        "py",
        "pyi",
        "pyx",
        "r",
        "rake",
        "rb",
        "rs",
        "rst",
        "sass",
        "sbt",
        "scala",
        "scss",
        "sh",
        "sln",
        "sol",
        "sql",
        "svelte",
        "svg",
        "swift",
        "tf",
        "tfvars",
        "thrift",
        "tmpl",
        "toml",
        "ts",
        "tsx",
        "txt",
        "vim",
        "vue",
        "wgsl",
        "xml",
        "xsd",
        "yaml",
        "yml",
        "zig",
        "zsh",
    ]
)
"""Extensions, lower case, by which a name without a slash is taken for a file."""

_NOT_FILES = frozenset(
    [
        "node.js",
        "next.js",
        "nuxt.js",
        "vue.js",
        "react.js",
        "express.js",
        "three.js",
        "d3.js",
        "chart.js",
        "socket.io",
        "backbone.js",
        "ember.js",
        "alpine.js",
        "solid.js",
        "discord.js",
        "moment.js",
        "day.js",
        "p5.js",
        "asp.net",
        "vb.net",
        "bun.sh",
        "deno.ts",
    ]
)


_PROSE = frozenset(("md", "mdc", "mdx", "markdown", "txt", "rst", "adoc", "prompt"))


class PathReference(NamedTuple):
    """A path that a text refers to.

    ``start`` and ``end``: the characters that hold it. ``path``: as written, without line number, anchor, symbol and
    leading ``./``, with ``/`` between its parts; what stands behind a wildcard or placeholder is left out, and the rest
    ends in ``/``. ``kind``: ``span`` (code), ``link`` or ``plain``. ``anchored``: it was written with ``./``, ``../``
    or, in a link, ``/``. ``cut``: something was left out.
    """

    start: int
    end: int
    path: str
    kind: str
    anchored: bool = False
    cut: bool = False


def is_prose(path: str) -> bool:
    """Is a file of this name written for readers, and not a Makefile or settings that an agent is sent as they are?"""
    name = path.rpartition("/")[2].lower()
    extension = name.rpartition(".")[2]
    return extension in _PROSE or (name[:1] == "." and extension not in KNOWN)


def path_references(text: str, outline: Outline) -> list[PathReference]:
    """The paths in ``text`` outside fences, comments and frontmatter, in order."""
    found: dict[int, PathReference] = {}
    hidden = _Hidden(outline.of("frontmatter", "code-fence", "indented-code", "html-comment", "inline-comment"))
    for region in outline.of("code-span"):
        inner = text[region.start : region.end].strip("`")
        start = region.start + text[region.start : region.end].find(inner) if inner else region.start
        _add(found, text, start, start + len(inner), "span", hidden)
    spans = _Hidden(outline.of("code-span"))
    links = []
    for match in (*_LINK().finditer(text), *_NOTED().finditer(text)):
        links.append(match.span())
        if not spans.holds(match.start()):
            _add(found, text, *match.span(1), "link", hidden)
    links.sort()
    inside = _Hidden([_Place(start, end) for start, end in links])
    for start, end in _lines_with_slash(text):
        for match in () if hidden.covers(start, end) else _PLAIN().finditer(text, start, end):
            if not spans.holds(match.start()) and not inside.holds(match.start()):
                _add(found, text, *match.span(), "plain", hidden)
    return [found[start] for start in sorted(found)]


def _lines_with_slash(text: str) -> Iterator[tuple[int, int]]:
    at = text.find("/")
    while at >= 0:
        end = text.find("\n", at)
        end = end if end >= 0 else len(text)
        yield text.rfind("\n", 0, at) + 1, end
        at = text.find("/", end)


def as_path(raw: str, kind: str) -> tuple[str, bool, bool] | None:
    """``raw`` as (path, anchored, cut) of :class:`PathReference`; None where it is no path of a repository."""
    text = raw.strip().strip("\"'")
    if kind == "link":
        text = text.removeprefix("mdc:").removeprefix("file:").replace("%20", " ").partition("?")[0]
    text = text.partition("#")[0].partition("::")[0] if not text.startswith("#") else ""
    text = _LINE_NUMBER().sub("", text.rstrip(".,;:!") if not text.endswith("..") else text)
    if "\\" in text and "/" not in text and ":" not in text:
        text = text.replace("\\", "/")
    head, colon, symbol = text.partition(":")
    if colon and _EXTENSION().search(head) and "/" not in symbol:
        text = head
    if not text or len(text) > 300 or (text[0] in "-~@$%!/&=" and not (kind == "link" and text[0] == "/")):
        return None
    if _SCHEME().match(text) or "//" in text:
        return None
    anchored = text.startswith(("./", "../", "/"))
    text = text.lstrip("/")
    while text.startswith("./"):
        text = text[2:]
    kept, cut = _fixed(text)
    if not kept or not _TEXTUAL().match(kept) or kept.strip("./") == "" or (" " in kept and kind != "link"):
        return None
    return (kept, anchored, cut) if _is_path(kept, kind, cut) else None


def has_extension(path: str) -> bool:
    """Does the last part of ``path`` end like a file's name?"""
    return _EXTENSION().search(path) is not None


def _fixed(text: str) -> tuple[str, bool]:
    """What stands in front of the first part with a wildcard or placeholder, and whether there is one."""
    wild = _WILD().search(text)
    if wild is None:
        return text, False
    return text[: text.rfind("/", 0, wild.start()) + 1], True


def _is_path(path: str, kind: str, cut: bool) -> bool:
    parts = path.rstrip("/").split("/")
    if any(part in ("", ".") for part in parts) or all(part.isdigit() for part in parts if part != ".."):
        return False
    if _VERSION().fullmatch(parts[-1]) or _SUFFIX().match(path):
        return False
    if "/" not in path:
        name, _, extension = path.lower().rpartition(".")
        return kind != "plain" and bool(name) and extension in KNOWN and path.lower() not in _NOT_FILES
    if _HOST().match(parts[0].lower()) or any(_has_known(part) for part in parts[:-1]):
        return False
    if kind == "plain":
        return path.endswith("/") or _has_known(parts[-1])
    return cut or len(parts) > 1 or path.endswith("/")


def _has_known(part: str) -> bool:
    name, dot, extension = part.rpartition(".")
    return bool(dot and name) and extension.lower() in KNOWN


def _add(found: dict[int, PathReference], text: str, start: int, end: int, kind: str, hidden: _Hidden) -> None:
    if start in found or end - start > 400 or hidden.holds(start):
        return
    raw = text[start:end]
    if "/" not in raw and "." not in raw and "\\" not in raw:
        return
    if kind == "plain":
        raw = raw.rstrip(".")
        end = start + len(raw)
    read = as_path(raw, kind)
    if read is not None:
        found[start] = PathReference(start, end, read[0], kind, read[1], read[2])


class _Place(NamedTuple):
    start: int
    end: int


class _Hidden:
    """Stretches of a text, in order; those that overlap begin where the first does."""

    def __init__(self, regions: Sequence[Region | _Place]) -> None:
        self._starts = [region.start for region in regions]
        self._ends = [region.end for region in regions]

    def covers(self, start: int, end: int) -> bool:
        """Does one of them hold all from ``start`` to ``end``?"""
        at = bisect_right(self._starts, start)
        return at > 0 and end <= self._ends[at - 1]

    def holds(self, place: int) -> bool:
        """Does ``place`` lie in one of them?"""
        at = bisect_right(self._starts, place)
        return at > 0 and place < self._ends[at - 1]
