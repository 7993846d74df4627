"""Text in columns: what a string takes on a terminal, how it is cut, aligned and coloured.

Names come from file systems and other people's files, so tables, headings and paragraphs put all their text through
:func:`clean`: no control character, no direction override and no undecodable byte reaches the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Literal, NamedTuple


class Style(StrEnum):
    """What a piece of text is; the value is the SGR code that shows it in colour."""

    PLAIN = ""
    STRONG = "1"
    QUIET = "2"
    HEAD = "1;36"
    GOOD = "32"
    WARN = "33"
    BAD = "1;31"
    SYSTEM = "94"
    TOOLS = "35"
    RULES = "33"
    HISTORY = "36"
    FILES = "32"


class Glyphs(NamedTuple):
    """The characters that go beyond ASCII, with what stands for them where the output cannot carry them."""

    eighths: str = "▏▎▍▌▋▊▉█"
    shades: str = "█▓▒░▚"
    levels: str = "▁▂▃▄▅▆▇█"
    empty: str = "·"
    rule: str = "─"
    dot: str = "·"
    cut: str = "…"
    arrow: str = "←"
    plus_minus: str = "±"
    times: str = "\N{MULTIPLICATION SIGN}"


UNICODE = Glyphs()
ASCII = Glyphs(
    eighths="#", shades="#=+-*", levels="_.-=+*%#", empty=".", rule="-", dot="-", cut="~~", arrow="<-",
    plus_minus="+/-", times="x",
)  # fmt: skip


class Screen(NamedTuple):
    """What the output can show: its width in columns, whether in colour, and with which characters."""

    width: int = 80
    colour: bool = False
    glyphs: Glyphs = UNICODE

    def paint(self, text: str, style: Style) -> str:
        """``text`` in the colours of ``style``, or as it is."""
        return f"\x1b[{style.value}m{text}\x1b[0m" if self.colour and style.value and text else text


def clean(text: str) -> str:
    """``text`` with all that moves the cursor, turns the direction or breaks the encoding written as an escape.

    Variation selectors are dropped: they change the width of what stands before them, differently on every terminal.
    """
    if text.isascii() and text.isprintable():
        return text
    import unicodedata

    shown = []
    for char in text:
        code = ord(char)
        if 0xDC80 <= code <= 0xDCFF:
            shown.append(f"\\x{code - 0xDC00:02x}")
        elif 0xFE00 <= code <= 0xFE0F:
            continue
        elif unicodedata.category(char) in _HARMFUL:
            shown.append(_ESCAPES.get(char) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"))
        else:
            shown.append(char)
    return "".join(shown)


_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def columns_of(text: str) -> int:
    """How many terminal columns ``text`` (already clean) takes; East Asian ambiguous characters count as one."""
    return len(text) if text.isascii() else sum(map(_columns_of_char, text))


def _columns_of_char(char: str) -> int:
    if char.isascii():
        return 1
    import unicodedata

    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me") or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut_end(text: str, width: int, cut: str = "…") -> str:
    """``text`` in at most ``width`` columns, its end replaced by ``cut`` where it is longer."""
    if columns_of(text) <= width:
        return text
    return _head(text, max(0, width - len(cut))) + cut[: max(0, width)]


def cut_middle(text: str, width: int, cut: str = "…") -> str:
    """A path in at most ``width`` columns: its middle goes, a third of the room stays for its beginning."""
    if columns_of(text) <= width:
        return text
    room = width - len(cut)
    if room < 2:
        return cut_end(text, width, cut)
    tail = _head(text[::-1], room - room // 3)[::-1]
    while tail and columns_of(tail[0]) == 0:
        tail = tail[1:]
    return _head(text, room - columns_of(tail)) + cut + tail


def _head(text: str, width: int) -> str:
    used = 0
    for at, char in enumerate(text):
        used += columns_of(char)
        if used > width:
            return text[:at]
    return text


class Cell(NamedTuple):
    """One cell of a table: its text and what it is."""

    text: str = ""
    style: Style = Style.PLAIN


class Column(NamedTuple):
    """How a column is laid out.

    ``cut`` says which part of a text that does not fit goes; None never shrinks. ``least``: its narrowest width in
    columns. Columns further right shrink first.
    """

    align: Literal["left", "right"] = "left"
    cut: Literal["end", "middle"] | None = None
    least: int = 8


Row = Sequence[Cell]


def table(rows: Sequence[Row], columns: Sequence[Column], screen: Screen, indent: int = 2, gap: int = 2) -> list[str]:
    """``rows`` as aligned lines no wider than the screen, without trailing blanks.

    A row with fewer cells than columns ends early; its last cell may use the room of the columns that it lacks.
    """
    rows = [[Cell(clean(cell.text), cell.style) for cell in row] for row in rows]
    full = [row for row in rows if len(row) == len(columns)]
    widths = [max((columns_of(row[at].text) for row in full), default=0) for at in range(len(columns))]
    room = screen.width - indent - gap * (len(columns) - 1)
    for at in reversed(range(len(columns))):
        excess = sum(widths) - room
        if excess > 0 and columns[at].cut:
            widths[at] = max(min(columns[at].least, widths[at]), widths[at] - excess)
    return [_line(row, widths, columns, screen, indent, gap) for row in rows]


def titles(*words: str) -> Row:
    """The first row of a table."""
    return [Cell(word, Style.QUIET) for word in words]


def _line(row: Row, widths: Sequence[int], columns: Sequence[Column], screen: Screen, indent: int, gap: int) -> str:
    parts: list[str] = []
    used = indent
    for at, cell in enumerate(row):
        last = at == len(row) - 1
        width = max(1, screen.width - used) if last and len(row) < len(columns) else widths[at]
        text = fit(cell.text, width, columns[at].cut or "end", screen)
        blanks = " " * (width - columns_of(text))
        painted = screen.paint(text, cell.style)
        if columns[at].align == "right":
            parts.append(blanks + painted)
        else:
            parts.append(painted if last else painted + blanks)
        used += width + gap
    return (" " * indent + (" " * gap).join(parts)).rstrip()


def fit(text: str, width: int, cut: Literal["end", "middle"], screen: Screen) -> str:
    """``text`` cut to ``width`` columns with the screen's mark for what is missing."""
    shorten = cut_middle if cut == "middle" else cut_end
    return shorten(text, width, screen.glyphs.cut)


def bar(share: float, width: int, screen: Screen) -> str:
    """A bar of ``share`` (0 … 1) of ``width`` columns, in eighths of a column; something is never drawn as nothing."""
    steps = len(screen.glyphs.eighths)
    units = round(min(1.0, max(0.0, share)) * width * steps)
    if units == 0:
        return screen.glyphs.eighths[0] if share > 0 else ""
    whole, rest = divmod(units, steps)
    return screen.glyphs.eighths[-1] * whole + (screen.glyphs.eighths[rest - 1] if rest else "")


def curve(values: Sequence[float], width: int, screen: Screen) -> str:
    """``values`` (each 0 … 1) as a line of columns; of more values than ``width`` each column shows the largest."""
    levels = screen.glyphs.levels
    count = min(len(values), width)
    peaks = [max(values[at * len(values) // count : (at + 1) * len(values) // count]) for at in range(count)]
    return "".join(levels[min(len(levels) - 1, int(max(0.0, peak) * len(levels)))] for peak in peaks)


def stacked_bar(shares: Iterable[tuple[float, int, Style]], width: int, screen: Screen) -> str:
    """One bar of several parts, each ``(share, shade, style)``; what no part fills is left empty.

    Every part above nothing gets a column, and all together no more than ``width``.
    """
    parts = [(share, shade, style) for share, shade, style in shares if share > 0]
    cells = _apportion([share for share, _, _ in parts], width)
    drawn = [
        screen.paint(screen.glyphs.shades[shade] * count, style)
        for (_, shade, style), count in zip(parts, cells, strict=True)
    ]
    empty = max(0, width - sum(cells))
    return "".join(drawn) + screen.paint(screen.glyphs.empty * empty, Style.QUIET)


def _apportion(shares: Sequence[float], width: int) -> list[int]:
    scale = 1 / max(1.0, sum(shares))
    cells = [max(1, round(share * scale * width)) for share in shares]
    while sum(cells) > width and max(cells) > 1:
        cells[cells.index(max(cells))] -= 1
    return cells


def heading(title: str, screen: Screen, aside: str = "") -> str:
    """The line that opens a part: its title, and at the right margin what it adds up to."""
    title, aside = fit(clean(title), screen.width, "end", screen), clean(aside)
    room = screen.width - columns_of(title) - columns_of(aside)
    if not aside or room < 2:
        return screen.paint(title, Style.HEAD)
    return screen.paint(title, Style.HEAD) + " " * room + screen.paint(aside, Style.STRONG)


def parted(parts: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of several parts, divided by empty lines; parts without lines do not show."""
    first = True
    for part in parts:
        lines = list(part)
        if lines:
            if not first:
                yield ""
            yield from lines
            first = False


def paragraph(text: str, screen: Screen, indent: int = 2, hang: int = 0, style: Style = Style.PLAIN) -> list[str]:
    """``text`` broken at blanks into lines of the screen's width; longer words stand alone."""
    lines: list[str] = []
    line = ""
    for word in clean(text).split():
        room = screen.width - indent - (hang if lines else 0)
        if line and columns_of(line) + 1 + columns_of(word) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    if line:
        lines.append(line)
    return [" " * (indent + (hang if at else 0)) + screen.paint(text, style) for at, text in enumerate(lines)]
