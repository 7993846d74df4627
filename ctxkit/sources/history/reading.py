"""Transcripts read in bounded memory: a file of lines line by line, a document whole up to a size."""

from __future__ import annotations

import codecs
import io
import os
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import msgspec

from ctxkit.model import CtxkitError, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from _typeshed import WriteableBuffer

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of one line. Requests end at 32 MB with every provider, and a line holds one message."""
LARGEST_DOCUMENT = 64 * 1024 * 1024
"""Bytes of a transcript that is one JSON document and has to be parsed at once, into as much as 25 times its size."""

_CHUNK = 1024 * 1024
_LONGEST_GLUED = 1024 * 1024
_MOST_GLUED = 1_000


class Line(NamedTuple):
    """One line that holds a JSON object. ``at``: its number from 1; ``start`` and ``end``: its offsets in bytes."""

    at: int
    start: int
    end: int
    record: dict[str, object]


def json_lines(path: str, skip: Callable[[Skipped], None]) -> Iterator[Line]:
    """The JSON objects of a file with one a line, in order.

    Lines that are blank or no objects are passed over; of several objects in one line each counts. What cannot be read
    goes to ``skip``, with the line it is on; a last line without an end that does not parse is taken for one that is
    being written, and is no fault. Raises CtxkitError where the file cannot be opened.
    """
    decode = msgspec.json.Decoder().decode
    for at, end, data, complete in _lines(path, skip):
        if len(data) < 3 and not data.strip():
            continue
        try:
            record = decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            record = repaired(data)
            if record is None:
                if (yield from _glued(data, at, end, complete)):
                    skip(Skipped(f"{path}:{at}", f"the line is no valid JSON ({_said(error)})", "The rest is read."))
                continue
        if isinstance(record, dict):
            yield Line(at, end - len(data), end, record)


def _said(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else str(error).splitlines()[0][:120]


def repaired(data: bytes) -> object | None:
    """The value of a line that begins with a byte order mark, is not valid UTF-8 or holds lone surrogates.

    None if it is no JSON either way.
    """
    import json

    try:
        value: object = json.loads(data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value


def _glued(data: bytes, at: int, end: int, complete: bool) -> Generator[Line, None, bool]:
    """The objects that stand behind one another in a line whose end was lost; gives whether to tell of what is left.

    A process that was stopped leaves a few records in one line, each a message: a line over 1 MiB, or what follows the
    first 1,000 of them, is not looked at.
    """
    import json

    if len(data) > _LONGEST_GLUED:
        return complete
    text = data.decode("utf-8", "replace").strip()
    decoder = json.JSONDecoder()
    position = found = 0
    while position < len(text) and found < _MOST_GLUED:
        try:
            value, behind = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        if not isinstance(value, dict):
            break
        yield Line(at, end - len(data), end, value)
        found, position = found + 1, behind
    return position < len(text) and (complete or found > 0)


def _lines(path: str, skip: Callable[[Skipped], None]) -> Iterator[tuple[int, int, bytes, bool]]:
    """(number, offset behind it, bytes with the line's end, is it complete) of each line that is not too long."""
    with opened(path) as file:
        at = end = 0
        while True:
            data = file.readline(LONGEST_LINE)
            if not data:
                return
            at += 1
            end += len(data)
            if len(data) < LONGEST_LINE or data.endswith(b"\n"):
                yield at, end, data, data.endswith(b"\n")
                continue
            while data and not data.endswith(b"\n"):
                data = file.readline(_CHUNK)
                end += len(data)
            skip(Skipped(f"{path}:{at}", f"the line is longer than {LONGEST_LINE:,} bytes", "The rest is read."))


def document(path: str) -> object:
    """The value of a transcript that is one JSON document; comments and trailing commas are no JSON.

    Raises CtxkitError where it cannot be read, is larger than 64 MiB, or does not parse.
    """
    data = whole(path)
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        value = repaired(data)
        if value is None:
            raise CtxkitError(
                f"{path} is no valid JSON ({_said(error)}).", "If the agent is still writing it, try again."
            ) from None
        return value


def whole(path: str) -> bytes:
    """The bytes of a transcript that has to be read at once. Raises CtxkitError for one over 64 MiB."""
    with opened(path) as file:
        data = file.read(LARGEST_DOCUMENT + 1)
    if len(data) > LARGEST_DOCUMENT:
        raise CtxkitError(
            f"{path} is larger than {LARGEST_DOCUMENT:,} bytes and would have to be read at once.",
            "Split it, or give the session as a file with one record a line, which may be of any size.",
        )
    return data


class _File(io.FileIO):
    """A file that cannot be read on is told of like one that cannot be opened."""

    def __init__(self, descriptor: int, path: str) -> None:
        super().__init__(descriptor, "rb")
        self._path = path

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        try:
            return super().readinto(buffer) or 0  # None: a device's file that holds nothing yet
        except OSError as error:
            raise _unreadable(self._path, error) from None


def opened(path: str) -> BinaryIO:
    """``path`` opened for reading.

    Raises CtxkitError for what is no regular file or cannot be opened; so does the file where it cannot be read on.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise _unreadable(path, error) from None
    import stat

    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CtxkitError(f"{path} is no regular file.", "Name the transcript itself.")
    return io.BufferedReader(_File(descriptor, path), _CHUNK)


def _unreadable(path: str, error: OSError) -> CtxkitError:
    return CtxkitError(f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions.")
