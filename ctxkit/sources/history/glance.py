"""A glance at a transcript: its size, what lies beside it, the beginning of a document that is not read to its end."""

from __future__ import annotations

import os
import re

import msgspec

from ctxkit.model import CtxkitError
from ctxkit.model.session import Start
from ctxkit.sources.history.fields import time_of
from ctxkit.sources.history.reader import Peek
from ctxkit.sources.history.reading import document, opened
from ctxkit.text.pattern import on_demand

_DEEPEST = 200
_TOKEN = on_demand(r'"(?:[^"\\]|\\.)*+"?|[{}\[\],]', re.DOTALL)
_CLOSERS = {"{": "}", "[": "]"}
_ENDS = (64 * 1024, 1024 * 1024)
"""Bytes at the end of a file that are searched for a time; the more only where the less hold no whole record."""
_TIMES = ("timestamp", "lastUpdated", "ts", "time")


def peek_of(start: Start, path: str) -> Peek:
    """What a glance tells of the session in the file of lines ``path`` that begins with ``start``."""
    size, ended = size_and_end(path)
    return Peek(
        path=path,
        id=start.id,
        cwd=start.cwd,
        title=start.title,
        model=start.model,
        version=start.version,
        began=start.at,
        ended=ended,
        size=size,
        parent=start.parent,
    )


def start_of(peek: Peek, format_: str, agent: str, branch: str = "") -> Start:
    """The beginning of the session that ``peek`` tells of."""
    return Start(
        id=peek.id,
        format=format_,
        agent=agent,
        version=peek.version,
        cwd=peek.cwd,
        branch=branch,
        model=peek.model,
        title=peek.title,
        at=peek.began,
        parent=peek.parent,
    )


def stem(path: str) -> str:
    """The name of the file ``path`` without what follows its first dot; what a session is called that has no id."""
    return os.path.basename(path).partition(".")[0] or os.path.basename(path)


def size_and_time(path: str) -> tuple[int, float]:
    """Bytes of the file and the second it was last written; zeros where it is gone by now."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0.0
    return status.st_size, status.st_mtime


def size_and_end(path: str) -> tuple[int, float]:
    """Bytes of a file with one record a line, and the latest time in its last records, in seconds since the epoch.

    Where these have none it is when the file was last written, which a copy or a checkout of it changes.
    """
    size, written = size_and_time(path)
    for reach in _ENDS:
        ended = max(map(_time_in, _last_lines(path, size, reach)), default=0.0)
        if ended or reach >= size:
            break
    return size, ended or written


def _last_lines(path: str, size: int, reach: int) -> list[bytes]:
    """The lines that begin in the last ``reach`` bytes; the last may not be whole."""
    try:
        with opened(path) as file:
            file.seek(max(0, size - reach))
            lines = file.read(reach).split(b"\n")
    except CtxkitError:
        return []
    return lines[1:] if size > reach else lines


def _time_in(line: bytes) -> float:
    record = _decoded(line)
    return time_of(record, *_TIMES) if isinstance(record, dict) else 0.0


def beside(path: str, name: str) -> object:
    """The value of the JSON document ``name`` in the directory of ``path``; None if there is none that can be read."""
    other = os.path.join(os.path.dirname(path), name)
    try:
        return document(other) if os.path.isfile(other) else None
    except CtxkitError:
        return None


def beginning(data: bytes) -> object:
    """The value of a JSON document of which ``data`` is the beginning: what is whole in it. None if it is no JSON."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    whole = _decoded(text)
    if whole is not None:
        return whole
    open_now: list[str] = []
    cut, closers = 0, ""
    for match in _TOKEN().finditer(text):
        sign = match[0]
        if sign[0] == '"':
            if match.end() == len(text):
                break
            continue
        if sign in _CLOSERS:
            open_now.append(_CLOSERS[sign])
        elif sign != "," and (not open_now or open_now.pop() != sign):
            return None
        if len(open_now) > _DEEPEST:
            break
        cut = match.start() if sign == "," else match.end()
        closers = "".join(reversed(open_now))
    return _decoded(text[:cut] + closers)


def _decoded(text: str | bytes) -> object:
    try:
        value: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    return value
