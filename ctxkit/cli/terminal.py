"""Where output goes and what it can show there: streams, colour, width, characters, files written at once."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, BinaryIO, TextIO

from ctxkit.model import CtxkitError
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


def write_lines(lines: Iterable[str], output: str | None) -> None:
    """Write text to FILE or stdout; characters that stdout's encoding lacks become escapes."""
    encoding = "utf-8" if output else (sys.stdout.encoding or "ascii")
    write_bytes((f"{line}\n".encode(encoding, "backslashreplace") for line in lines), output)


def write_bytes(chunks: Iterable[bytes], output: str | None) -> None:
    """Write ``chunks`` to the file ``output``, whole or not at all, or to stdout. A reader that left is no error.

    Raises CtxkitError where the file cannot be written.
    """
    if output and output != "-":
        _write_file(chunks, output)
        return
    try:
        sys.stdout.flush()
        stream: BinaryIO = sys.stdout.buffer
        stream.writelines(chunks)
        stream.flush()
    except OSError as error:
        # What is left in the buffer would make the interpreter complain when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno not in _READER_GONE:
            reason = error.strerror or str(error)
            raise CtxkitError(f"Cannot write the result: {reason}.", "Write it elsewhere with -o FILE.") from error


_READER_GONE = (errno.EPIPE, errno.EINVAL)
"""What a closed pipe gives on POSIX and on Windows."""


def _write_file(chunks: Iterable[bytes], output: str) -> None:
    target = os.path.realpath(output)
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            with open(target, "wb") as stream:  # a pipe or a device cannot be replaced
                stream.writelines(chunks)
            return
        _replace(chunks, target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CtxkitError(
            f"Cannot write {output}: {reason}.", "Name a file in a directory you may write to."
        ) from error


def _replace(chunks: Iterable[bytes], target: str) -> None:
    import tempfile

    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=f".{os.path.basename(target)}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(chunks)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode(target: str) -> int:
    """The permissions ``target`` has, or those a new file gets."""
    try:
        return os.stat(target).st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
