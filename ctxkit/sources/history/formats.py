"""Which format a transcript is of: every reader is asked in turn, those whose signs are surest first."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, cast

import msgspec

from ctxkit.model import CtxkitError
from ctxkit.sources.history.reader import Head, Reader
from ctxkit.sources.history.reading import LONGEST_LINE, opened, repaired

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
_BLANKS = b"\xef\xbb\xbf \t\r\n"


def reader(name: str) -> Reader:
    """The reader in the module ``name``."""
    return cast("Reader", import_module(f"ctxkit.sources.history.{name}"))


def head_of(path: str) -> Head:
    """The beginning of the file ``path``. Raises CtxkitError where it cannot be read."""
    with opened(path) as file:
        data = file.read(_BEGINNING)
        long = len(data) == _BEGINNING and b"\n" not in data and data.lstrip(_BLANKS)[:1] == b"{"
        line = data + file.readline(LONGEST_LINE) if long else b""
        goes_on = line.endswith(b"\n") and file.read(1) != b""
    if not goes_on:
        return Head(path, data, tuple(_records(data)))
    # A record of a gateway holds a whole request, and the first line of a session a prompt that someone pasted.
    records = tuple(_records(line + b"\n"))
    return Head(path, data, records, goes_on=bool(records))


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
    """The reader of the file that begins with ``head``. Raises CtxkitError where it is of no known format."""
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


def _records(data: bytes) -> Iterator[Mapping[str, object]]:
    lines = data.split(b"\n")
    for line in lines if len(data) < _BEGINNING else lines[:-1]:
        if not line.strip():
            continue
        try:
            record = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            record = repaired(line)
        if not isinstance(record, dict):
            return
        yield record
