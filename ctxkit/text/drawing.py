"""Directory trees drawn in a text: their rows, what their top stands for, and which rows are names at all."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.hypothetical import is_placeholder
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.text.markdown import Outline
    from ctxkit.text.resolution import Files

_ROW = on_demand(r"(?m)^([ \t│├└─┬┃┣┗━|+`\\'-]*)([^\s│├└─|`][^\n]*)$")
_DRAWN = on_demand(r"[├└┣┗]|(?m:^[ \t|]*(?:\|--|\+--|`--|\\--))")
_NAME = on_demand(r"[\w.@+()\[\]{}<>*,~$-]+(?:/[\w.@+()\[\]{}<>*,~$-]+)*/?")
_LABEL = on_demand(r" [A-Za-z][\w,]*(?: |$)")
_GENERIC = on_demand(
    r"(?:(?:my|your|example|sample)[-_]?\w*|projects?|project[-_]name|app[-_]name|app|package[-_]name)"
)
_FILLED = on_demand(r"\{\w+\}|<[\w-]+>")


class Row(NamedTuple):
    """A row of a drawn tree: the characters of its name and of its whole line; ``path`` from the top of the drawing."""

    start: int
    end: int
    line_start: int
    line_end: int
    path: str
    is_leaf: bool
    comment: str


def drawn_trees(text: str, outline: Outline) -> list[list[Row]]:
    """The directory trees that are drawn in the fences of ``text``, each as its rows."""
    found = []
    for fence in outline.of("code-fence", "indented-code"):
        if _DRAWN().search(text, fence.start, fence.end):
            rows = _rows(text, fence.start, fence.end)
            if len(rows) > 1:
                found.append(rows)
    return found


def is_open(name: str) -> bool:
    """Does a row stand for whatever has such a name?"""
    return is_placeholder(name) or any(mark in name for mark in ("...", "*", "<", "{", "[", "…", ","))


def below(row: Row, top: str) -> str:
    """The path of ``row`` below ``top``, the part of it that stands for the top of the drawing."""
    if not top:
        return row.path
    return row.path[len(top) + 1 :] if row.path.startswith(f"{top}/") else ""


def top_of(rows: Sequence[Row], directory: str, tree: Files) -> tuple[str, str]:
    """The part of the rows' paths that is the drawing's top, and the directory it stands for: where most rows are."""
    first = rows[0].path
    choices = [("", directory), ("", "")]
    if all(row.path == first or row.path.startswith(f"{first}/") for row in rows):
        choices += [(first, directory), (first, "")]
        choices += [(first, found.rstrip("/")) for found in tree.ending(first)[:20] if found.endswith("/")]

    def there(choice: tuple[str, str]) -> int:
        names = (below(row, choice[0]) for row in rows)
        return sum(exists(choice[1], name, tree) for name in names if name)

    return max(choices, key=there)


def exists(directory: str, name: str, tree: Files) -> bool:
    """Is there a file or directory ``name`` below ``directory``, or a module of that name whatever its extension?"""
    path = posixpath.normpath(posixpath.join(directory, name))
    if path.startswith("..") or path in tree or tree.is_dir(path):
        return True
    files = tree.files()
    at = bisect_left(files, f"{path}.")
    return "." not in posixpath.basename(path) and at < len(files) and files[at].startswith(f"{path}.")


def is_label(row: Row) -> bool:
    """Is a row several words, set apart by single spaces, and no name with words about it?"""
    name = row.path.rpartition("/")[2]
    return row.is_leaf and "." not in name and name[:1].isupper() and _LABEL().match(row.comment) is not None


def is_sample(row: Row, rows: Sequence[Row]) -> bool:
    """Does ``row`` stand beside one of three dots, as one of many?"""
    directory = posixpath.dirname(row.path)
    return any(posixpath.split(one.path) in ((directory, "..."), (directory, "…")) for one in rows)


def is_picture(rows: Sequence[Row], top: str, tree: Files) -> bool:
    """Does a drawing show what things look like: with rows for any name, or below a top that stands for any project?"""
    if any(_FILLED().search(row.path) is not None for row in rows):
        return True
    return bool(top) and _GENERIC().fullmatch(top) is not None and not tree.ending(top)


def _rows(text: str, start: int, end: int) -> list[Row]:
    """The rows of one drawing; a name's column says how deep it lies."""
    rows: list[Row] = []
    above: list[tuple[int, str]] = []
    first = text.find("\n", start, end) + 1
    for match in _ROW().finditer(text, first, end):
        lead, rest = match[1].expandtabs(4), match[2]
        name = _NAME().match(rest)
        if name is None or rest.startswith(("```", "~~~")):
            continue
        behind = rest[name.end() :]
        if behind.strip() and not behind.startswith((" ", "\t")):
            continue
        column = len(lead)
        if not lead.strip() and rows and column == 0 and above and above[0][0] == 0 and not name[0].endswith("/"):
            above = []
            continue
        above = [item for item in above if item[0] < column]
        if not above and rows and lead.strip() == "" and not name[0].endswith("/"):
            continue
        if rows and above and rows[-1].path == "/".join(part for _, part in above):
            rows[-1] = rows[-1]._replace(is_leaf=False)
        path = "/".join([*(part for _, part in above), name[0].strip("/")])
        at = match.start(2)
        line_end = text.find("\n", at, end)
        rows.append(
            Row(
                at,
                at + name.end(),
                match.start(),
                line_end + 1 if line_end >= 0 else end,
                path,
                not name[0].endswith("/"),
                behind,
            )
        )
        above.append((column, name[0].strip("/")))
    return rows
