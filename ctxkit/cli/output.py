"""Where output goes: stdout, or a file written at once. Imports next to nothing: a hook comes by here every time."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctxkit.model import CtxkitError


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
        if not _reader_is_gone(error):
            reason = error.strerror or str(error)
            raise _error(f"Cannot write the result: {reason}.", "Write it elsewhere with -o FILE.") from error


def _reader_is_gone(error: OSError) -> bool:
    import errno

    return error.errno in (errno.EPIPE, errno.EINVAL)  # what a closed pipe gives on POSIX and on Windows


def _error(message: str, hint: str) -> CtxkitError:
    from ctxkit.model import CtxkitError

    return CtxkitError(message, hint)


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
        raise _error(f"Cannot write {output}: {reason}.", "Name a file in a directory you may write to.") from error


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
