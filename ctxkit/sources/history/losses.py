"""What a reader could not read of one transcript: the first few told one by one, the rest counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable

_TOLD = 5


class Losses:
    """Tells ``skip`` of the first five losses of ``path`` as they come, and of the number of the others at the end."""

    def __init__(self, path: str, skip: Callable[[Skipped], None]) -> None:
        self._path = path
        self._skip = skip
        self._count = 0

    def add(self, place: str, reason: str) -> None:
        """Something at ``place`` (a row, a line) is lost, because of ``reason``."""
        self._count += 1
        if self._count <= _TOLD:
            self._skip(Skipped(f"{self._path}:{place}" if place else self._path, reason, "The rest is read."))

    def close(self) -> None:
        """Tell of what was not told one by one."""
        if self._count > _TOLD:
            self._skip(Skipped(self._path, f"{self._count - _TOLD:,} more records cannot be read", "The rest is read."))
