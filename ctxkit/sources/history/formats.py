"""Which format a transcript is of: every reader is asked in turn, those whose signs are surest first."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO, cast

import msgspec

from ctxkit.model import CtxkitError
from ctxkit.sources.history.database import MAGIC, database
from ctxkit.sources.history.reader import Head, Reader
from ctxkit.sources.history.reading import LONGEST_LINE, opened, repaired

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

READERS = (
    "claude_code",
    "codex",
    "copilot_cli",
    "gemini_cli",
    "qwen_code",
    "pi",
    "cline",
    "continue_dev",
    "cline_tasks",
    "gptme",
    "opencode",
    "goose",
    "crush",
    "specstory",
    "openhands",
    "mini_swe_agent",
    "swe_agent",
    "aider",
    "aider_requests",
    "mcpbench",
    "litellm_log",
    "cassette",
    "requests",
)  # fmt: skip
"""The modules beside this one that read a format. A test holds the folder, this list and the cases equal."""

INSIDE = ("base_state.json", "opencode.db", "kilo.db", "crush.db", "sessions.db")
"""Files by which a directory that is given as a transcript is known for one."""

_BEGINNING = 64 * 1024
_FEW = 8
"""Lines that are looked at even where they reach beyond: a record of a gateway holds a whole request, and one of the
first lines of a session the prompt that someone pasted."""
_BLANKS = b"\xef\xbb\xbf \t\r\n"


def reader(name: str) -> Reader:
    """The reader in the module ``name``."""
    return cast("Reader", import_module(f"ctxkit.sources.history.{name}"))


def head_of(path: str) -> Head:
    """The beginning of the file ``path``. Raises CtxkitError where it cannot be read."""
    with opened(path) as file:
        data = file.read(_BEGINNING)
        *whole, last = data.split(b"\n")
        if len(data) < _BEGINNING:
            return Head(path, data, tuple(_records([*whole, last])))
        more = list(_lines(file, last, _FEW - len(whole))) if data.lstrip(_BLANKS)[:1] == b"{" else []
    if not whole and len(more) < 2:
        return Head(path, data)
    records = tuple(_records([*whole, *more]))
    return Head(path, data, records, goes_on=bool(records) and not whole)


def transcript_in(directory: str) -> str | None:
    """The transcript that ``directory`` itself is or holds by one of the names in :data:`INSIDE`; None if none does."""
    for name in INSIDE:
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            try:
                reader_of(head_of(path))
            except CtxkitError:
                continue
            return path
    return None


def reader_of(head: Head) -> Reader:
    """The reader of the file that begins with ``head``.

    Raises CtxkitError where it is of no known format, or a database that cannot be read now.
    """
    if head.data.startswith(MAGIC):
        with database(head.path):
            pass  # else no reader would know it, and nobody be told why
    for name in READERS:
        candidate = reader(name)
        if candidate.recognise(head):
            return candidate
    if not head.data.strip():
        raise CtxkitError(f"{head.path} is empty.", "Name a transcript that holds a session.")
    raise CtxkitError(
        f"{head.path} is no transcript of a known format.",
        "Known are the session files of the agents that `ctxkit agents` lists, and recorded requests as JSON.",
    )


def _records(lines: Iterable[bytes]) -> Iterator[Mapping[str, object]]:
    for line in lines:
        if not line.strip():
            continue
        try:
            record = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            record = repaired(line)
        if not isinstance(record, dict):
            return
        yield record


def _lines(file: BinaryIO, begun: bytes, most: int) -> Iterator[bytes]:
    """The next ``most`` lines of ``file``, of which the first is ``begun`` already; one that does not end is empty."""
    room = LONGEST_LINE
    for _ in range(most):
        line = begun + file.readline(room)
        if not line:
            return
        yield line if line.endswith(b"\n") else b""
        room -= len(line) - len(begun)
        begun = b""
