"""What ``lstat`` and the system's errors say of a file, in the program's words."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from ctxkit.model import Skipped

Stamp = tuple[int, int, int, int]
"""Size, times of the last change of content and of status in nanoseconds, and inode of a file."""

_WORD = 0xFFFF_FFFF_FFFF_FFFF


def stamp(status: os.stat_result) -> Stamp:
    """What tells one state of a file from another without reading it."""
    return status.st_size, status.st_mtime_ns & _WORD, status.st_ctime_ns & _WORD, status.st_ino & _WORD


def special(path: str, mode: int) -> Skipped:
    """Why a file of ``mode``, neither regular nor a link nor a directory, is left out."""
    kinds = (
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a character device"),
        (stat.S_ISBLK, "a block device"),
    )
    name = next((name for test, name in kinds if test(mode)), "not a regular file")
    from ctxkit.model import Skipped

    return Skipped(path, f"{name}; reading it could wait for ever", "remove it, or add it to .gitignore")


def reason(error: BaseException) -> str:
    """What the system says, in lower case, without the path."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return text[:1].lower() + text[1:]
