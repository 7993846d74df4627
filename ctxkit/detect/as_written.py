"""Differing words as they are written, and the paths that they may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.text.passages import split
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from ctxkit.evidence import Document, Evidence
    from ctxkit.text.passages import Passage

_NO_PATH = on_demand(r"[\s<>{}*?$|\"'()=:@~]|^/")
_SHOWN = 80
"""Characters of differing words, or of the code that they are in, that are shown."""


def as_written(document: Document, passage: Passage, first: int, behind: int) -> str:
    """Words of ``passage`` by number; where they stand in short code, that code."""
    if first == behind:
        return "nothing"
    text = document.text[passage.start : passage.end]
    words = split(text, passage.kind == "fence")
    start, end = words[first].start, words[behind - 1].end
    if passage.kind != "fence" and text.count("`", 0, start) % 2:
        opened, closed = text.rfind("`", 0, start), text.find("`", end)
        if 0 <= closed <= opened + _SHOWN and "`" not in text[opened + 1 : closed]:
            return text[opened : closed + 1]
    shown = " ".join(text[start:end].replace("`", "").split())
    if '"' in shown:
        shown = _quote(text, start - 1) + shown + _quote(text, end)
    mark = "`" if passage.kind == "fence" or '"' in shown else '"'
    return f"{mark}{shown[:_SHOWN]}{'…' if len(shown) > _SHOWN else ''}{mark}"


def _quote(text: str, at: int) -> str:
    """The quotation mark that stands there, if one does."""
    return '"' if 0 <= at < len(text) and text[at] == '"' else ""


def path_in(document: Document, passage: Passage, first: int, behind: int) -> str:
    """The path in code that these words are, as it is written; empty for what may be anything else."""
    shown = as_written(document, passage, first, behind)
    path = shown.strip("`")
    is_path = shown.startswith("`") and passage.kind != "fence" and "/" in path[:-1]
    return path if is_path and not _NO_PATH().search(path) else ""


def is_there(evidence: Evidence, document: str, path: str) -> bool:
    """Is there a file or directory of this path, from the root or from a directory above ``document``?"""
    path = path.removeprefix("./").rstrip("/")
    if path.startswith("../") or evidence.tree.ignored(path):
        return True
    steps = document.split("/")[:-1]
    places = ("/".join([*steps[:number], path]) for number in range(len(steps) + 1))
    return any(place in evidence.tree or evidence.tree.is_dir(place) for place in places)
