"""What a module for one transcript format offers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from ctxkit.model import CtxkitError
from ctxkit.sources.history.reading import document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event


@dataclass(frozen=True)
class Head:
    """The beginning of a file, by which its format is told.

    ``path``: as given. ``data``: its first 64 KiB. ``records``: the JSON objects of the first whole lines in it, or of
    the first eight if they are longer; empty if the first line is none. ``goes_on``: the first line is longer, and is
    not the whole file, so the file is one of lines.
    """

    path: str
    data: bytes
    records: tuple[Mapping[str, object], ...] = ()
    goes_on: bool = False

    @property
    def is_json(self) -> bool:
        """Might the file be one JSON document: it begins as one, and its first line alone is none."""
        return not self.records and self.data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")

    @property
    def is_lines(self) -> bool:
        """Is the file known to hold one record a line, more than one."""
        return self.goes_on or len(self.records) > 1

    @cached_property
    def document(self) -> object:
        """The value of a file that is one JSON document; None if it is none, or too large to be parsed at once."""
        if self.is_lines or (not self.is_json and not self.records):
            return None
        try:
            return document(self.path)
        except CtxkitError:
            return None


@dataclass(frozen=True, slots=True)
class Peek:
    """What a glance at a session tells, without reading it. Unknown fields are empty or 0.

    ``began`` and ``ended``: seconds since the epoch; ``ended`` is when the file was written where its last records have
    no time. ``size``: bytes of its record. ``key``: names it among several sessions of one file; empty where a file
    holds one. ``parent``: as in Start.
    """

    path: str
    key: str = ""
    id: str = ""
    cwd: str = ""
    title: str = ""
    model: str = ""
    version: str = ""
    began: float = 0.0
    ended: float = 0.0
    size: int = 0
    parent: str = ""


class Reader(Protocol):
    """A transcript format: a module with these names."""

    ID: str
    """The format's name, as in messages and reports (``claude-code``, ``raw-chat``)."""
    AGENTS: tuple[str, ...]
    """Ids of the agents whose ``transcripts`` are of this format; empty for formats of no agent."""

    def recognise(self, head: Head) -> bool:
        """Is the file of this format? Asked of every reader in turn; must not open anything but ``head.path``."""
        ...

    def peek(self, head: Head) -> Iterator[Peek]:
        """Each session in the file, from its beginning (or an index) alone."""
        ...

    def read(self, path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
        """The events of the session ``key`` (empty: of all sessions in the file, each begun by a Start), in order.

        What cannot be read goes to ``skip``. Raises CtxkitError where nothing can be read at all.
        """
        ...
