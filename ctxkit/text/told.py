"""What the words around a path tell of it: that it is gone, still to come, made at run time, or lies elsewhere."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from ctxkit.text.hypothetical import sentence
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.text.references import PathReference
    from ctxkit.text.resolution import Files

_PAST = on_demand(
    r"\b(?:is|are) (?:also |now |long |finally |all )?gone\b|\bnow lives? (?:in|at|under)\b|\bshipped as\b"
    r"|\bno longer (?:renames?|ships?|writes?|uses?|used)\b",
    re.IGNORECASE,
)
_TICKED = on_demand(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]+\[[xX]\]")
_DONE = on_demand(r"\b(?:deleted?|removed?|renamed?|dropped)\b", re.IGNORECASE)
_TO_COME = on_demand(
    r"\b(?:(?:append|put|place|store|save|record)\b[^.;`]{0,60}\b(?:in|into|to|under|at)|whether"
    r"|if (?:adding|creating))[ \t\n]*[`*(\"]*$",
    re.IGNORECASE,
)
_INSTALLED = on_demand(r"\bper[- ](?:repo|project|user)\b[^.;|]{0,40}$", re.IGNORECASE)
_ADD = on_demand(r"\badd[ \t]+[`*]*$", re.IGNORECASE)
_ONLY = on_demand(r"[`*]*[ \t]+only (?:for|if|when)\b", re.IGNORECASE)
_RUN_TIME = on_demand(
    r"\bmanaged[ \t\n]+[`*]*$|\b(?:streamed|cached|dumped) (?:to|in|into)[ \t\n]+[`*]*$", re.IGNORECASE
)
_RUN_TIME_AFTER = on_demand(r"[`*)]*[^.;|]{0,60}\b(?:snapshots?|sidecars?)\b", re.IGNORECASE)
_TWIN = on_demand(r"\bmirrors[ \t\n]+(?:the|its)[ \t\n]+\w+[ \t\n]+[`*(]*$", re.IGNORECASE)
_CONTRAST = on_demand(r"\bvs\.?[ \t]+[`*]*$", re.IGNORECASE)
_VARIANTS = on_demand(r"(?:[^.;\u3002\n]|\.(?=\w)){0,80}?(?:\betc\b|\u7b49|\bvariants\b)", re.IGNORECASE)
_OPEN_CELL = on_demand(r"\|[^|`]*`[^`|\n]*(?:\{\w+\}|<\w+>)[^`|\n]*`")
_EDGE = on_demand(r"\n[ \t]*(?:\n|[-*+][ \t]|\d+[.)][ \t]|[#|>`])")
_LONGEST = 1_200
_NEIGHBOURS = 20
_AROUND = 10_000
"""How far, in characters, a text is looked through for another name of the same file."""


def is_told_away(text: str, start: int, end: int) -> bool:
    """Do the words around a place say that it is past, still to come, or made when something runs?"""
    before, after = sentence(text, start, end)
    if (
        _PAST().search(before) is not None
        or _PAST().search(after) is not None
        or _CONTRAST().search(before) is not None
    ):
        return True
    if _TO_COME().search(before) is not None or _INSTALLED().search(before) is not None:
        return True
    if _TWIN().search(before) is not None:
        return True
    if _RUN_TIME().search(before) is not None or _RUN_TIME_AFTER().match(after) is not None:
        return True
    if _ADD().search(before) is not None and _ONLY().match(after) is not None:
        return True
    line = text.rfind("\n", 0, start) + 1
    if _TICKED().match(text, line) is not None:
        return _DONE().search(text, max(line, start - 300), start) is not None
    return _is_in_open_table(text, line)


def is_variant(text: str, start: int, end: int) -> bool:
    """Is a name one of a list that ends in "etc.", or of names that something is matched with?"""
    return (
        _VARIANTS().match(text, end, min(len(text), end + 120)) is not None
        or "variants" in text[max(0, start - 60) : start]
    )


def is_of_sibling(path: str, text: str, start: int, directory: str) -> bool:
    """Does the text around ``start`` name a file of this name also in a directory beside the repository (``../x/``)?"""
    name = posixpath.basename(path.rstrip("/"))
    first, last = max(0, start - _AROUND), start + _AROUND
    if path.startswith("../") or text.find("../", first, last) < 0:
        return False
    at = text.find(f"/{name}", first, last)
    for _ in range(_NEIGHBOURS):
        if at < 0:
            return False
        begin = max(text.rfind(mark, max(0, at - 200), at) for mark in (" ", "`", "(", "\n", "[", '"')) + 1
        whole = text[begin : at + 1 + len(name)]
        if whole.startswith("../") and posixpath.normpath(posixpath.join(directory, whole)).startswith(".."):
            return True
        at = text.find(f"/{name}", at + 1, last)
    return False


def is_beside_named(at: int, references: Sequence[PathReference], text: str, directory: str, files: Files) -> bool:
    """Is the path ``references[at]``, with ``../`` in front, there as seen from a file that the same item names?"""
    reference = references[at]
    if not reference.path.startswith("../"):
        return False
    first, last = _item(text, reference.start)
    near = references[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS]
    for other in near:
        if other is reference or not first <= other.start < last or other.path.startswith("../"):
            continue
        for base in (directory, ""):
            file = posixpath.normpath(posixpath.join(base, other.path))
            place = posixpath.normpath(posixpath.join(posixpath.dirname(file), reference.path))
            if file in files and (place in files or files.is_dir(place)):
                return True
    return False


def _item(text: str, at: int) -> tuple[int, int]:
    """The paragraph, list item or row that holds a place, no more than 1,200 characters to either side."""
    low = max(0, at - _LONGEST)
    edges = [edge.start() + 1 for edge in _EDGE().finditer(text, low, at)]
    close = _EDGE().search(text, at, min(len(text), at + _LONGEST))
    return edges[-1] if edges else low, close.start() if close else min(len(text), at + _LONGEST)


def _is_in_open_table(text: str, line: int) -> bool:
    """Is a line the row of a table in which the row above or below stands for any name?"""
    if text[line : line + 1] != "|":
        return False
    above = text.rfind("\n", 0, max(0, line - 1)) + 1
    behind = text.find("\n", line)
    below = text.find("\n", behind + 1) if behind >= 0 else -1
    rows = [text[above : line - 1][:400]] if line else []
    if behind >= 0:
        rows.append(text[behind + 1 : below if below >= 0 else len(text)][:400])
    return any(_OPEN_CELL().match(row) is not None for row in rows)
