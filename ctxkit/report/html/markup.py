"""HTML that cannot be broken out of: whatever is no :class:`Markup` is escaped where it enters an element."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from ctxkit.report.json import utf8
from ctxkit.sources.masking import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LONGEST = 400
"""Characters of one text that a page shows at most: a title may be a hundred kilobytes long."""
_VOID = frozenset({"meta", "link", "input", "br"})


T = TypeVar("T")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content: TypeAlias = "str | Iterable[Content]"
"""Text to be escaped, or markup, or several of them."""


def plain(text: str, longest: int = LONGEST) -> str:
    """``text`` as it may be shown: control and direction characters as escapes, cut off after ``longest`` characters."""
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return cut if cut.isascii() and cut.isprintable() else printable(utf8(cut))


def element(tag: str, *content: Content, **attributes: str | float | None) -> Markup:
    """``<tag …>content</tag>``. ``class_`` and ``data_x`` stand for ``class`` and ``data-x``; None leaves one out."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value if isinstance(value, str) else number(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{joined(content)}</{tag}>")


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
