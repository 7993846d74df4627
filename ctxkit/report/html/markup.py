"""HTML that cannot be broken out of: whatever is no :class:`Markup` is escaped where it enters an element."""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from ctxkit.report.json_values import utf8
from ctxkit.sources.masking import printable
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator, Sequence

LONGEST = 400
"""Characters of one text that a page shows at most: a title may be a hundred kilobytes long."""
TITLE = 120
"""Characters of what a part of a window is called."""
_VALUE = 4_000
"""Characters of an attribute at most."""
# What Unicode calls printable, and nobody sees: fillers, joiners of graphemes, variation selectors but for emoji's.
_BLANKS = on_demand(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef]"
)
_VOID = frozenset({"meta", "link", "input", "br"})


T = TypeVar("T")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content: TypeAlias = "str | Iterable[Content]"
"""Text to be escaped, or markup, or several of them."""


def plain(text: str, longest: int = LONGEST) -> str:
    """``text`` as it may be shown: control and direction characters as escapes, of at most ``longest`` characters."""
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return cut if cut.isascii() and cut.isprintable() else _shown(cut)


@lru_cache(4_096)
def _shown(cut: str) -> str:
    return _BLANKS().sub(_escaped, printable(utf8(cut)))


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")


def element(tag: str, *content: Content, **attributes: str | float | None) -> Markup:
    """``<tag …>content</tag>``. ``class_`` and ``data_x`` stand for ``class`` and ``data-x``; None leaves one out."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{joined(content)}</{tag}>")


def _value(value: str | float) -> str:
    return escape(plain(value, _VALUE)) if isinstance(value, str) else number(value)


def joined(content: Content) -> Markup:
    """All of ``content``, one behind the other."""
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return Markup(escape(plain(content), quote=False))
    return Markup("".join(map(joined, content)))


def number(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


class Bound:
    """Lets rows through until so many of them, or so many bytes, are spent; counts those that it keeps back."""

    def __init__(self, rows: int, size: int) -> None:
        """``rows`` and ``size`` (bytes of UTF-8): how much may pass in all."""
        self.rows = rows
        self.size = size

    @contextmanager
    def share(self, of: int) -> Iterator[Bound]:
        """One of ``of`` equal shares; what it leaves the next ones may use."""
        mine = Bound(self.rows // of, self.size // of)
        rows, size = mine.rows, mine.size
        yield mine
        self.rows -= rows - mine.rows
        self.size -= size - mine.size

    def of(self, items: Sequence[T], row: Callable[[T], Markup]) -> tuple[list[Markup], Sequence[T]]:
        """The rows of the first ``items``, as many as there is room for, and the items that are left."""
        shown: list[Markup] = []
        for item in items:
            made = row(item) if self.rows > 0 else Markup("")
            size = len(made) if made.isascii() else len(made.encode())
            if self.rows <= 0 or size > self.size:
                break
            self.rows -= 1
            self.size -= size
            shown.append(made)
        return shown, items[len(shown) :]
