"""What output can show: streams, colour, width, characters."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from ctxkit.cli.output import write_bytes
from ctxkit.report.layout import ASCII, UNICODE, Screen, Style, clean

if TYPE_CHECKING:
    from collections.abc import Iterable

NARROWEST = 40
WIDEST = 120
_PLAIN_WIDTH = 80
_DRAWN = "".join((UNICODE.eighths, UNICODE.shades, UNICODE.dot, UNICODE.rule, UNICODE.cut, UNICODE.arrow))


def screen_of(stream: TextIO) -> Screen:
    """What ``stream`` can show: colour only on a terminal (NO_COLOR, FORCE_COLOR and TERM=dumb have their say)."""
    return Screen(_width(stream), has_colour(stream), UNICODE if _can_encode(stream, _DRAWN) else ASCII)


def plain_screen() -> Screen:
    """What a text file can show, whoever will open it."""
    return Screen(_PLAIN_WIDTH)


def has_colour(stream: TextIO) -> bool:
    """Whether to colour what goes to ``stream``."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    if not is_terminal(stream) or os.environ.get("TERM") == "dumb":
        return False
    if sys.platform == "win32":
        import colorama  # click brings it along on Windows

        colorama.just_fix_windows_console()
    return True


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at ``stream``."""
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _width(stream: TextIO) -> int:
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdecimal() else 0
    if not width and is_terminal(stream):
        try:
            width = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError):
            width = 0
    return min(WIDEST, max(NARROWEST, width)) if width else _PLAIN_WIDTH


def _can_encode(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def say(message: str, hint: str = "") -> None:
    """An error on stderr: one line that says what is wrong, one that says what to do."""
    screen = Screen(colour=has_colour(sys.stderr))
    lines = [screen.paint("error: ", Style.BAD) + clean(message)]
    if hint:
        lines.append(screen.paint("hint: ", Style.HEAD) + clean(hint))
    print("\n".join(lines), file=sys.stderr)  # noqa: T201 - the one place that writes messages


def remark(notes: Iterable[str]) -> None:
    """Sentences on stderr that are no errors, one line each."""
    screen = Screen(colour=has_colour(sys.stderr))
    for note in notes:
        print(screen.paint("note: ", Style.HEAD) + clean(note), file=sys.stderr)  # noqa: T201 - as say


def write_lines(lines: Iterable[str], output: str | None) -> None:
    """Write text to FILE or stdout; characters that stdout's encoding lacks become escapes."""
    encoding = "utf-8" if output else (sys.stdout.encoding or "ascii")
    write_bytes((f"{line}\n".encode(encoding, "backslashreplace") for line in lines), output)


__all__ = [
    "has_colour",
    "is_terminal",
    "plain_screen",
    "remark",
    "say",
    "screen_of",
    "write_bytes",
    "write_lines",
]
