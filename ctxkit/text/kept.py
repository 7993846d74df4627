"""What is kept between runs in the user's cache folder: named bytes, each with a checksum, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import sys
import zlib

KEPT = 256
"""Entries of one folder; the ones written longest ago go first."""

_CHECK = 8
"""Bytes in front of the data: its length and its CRC-32."""


def cache_dir() -> str:
    """``$CTXKIT_CACHE_DIR``, or ctxkit's own folder in the user's cache folder of the platform."""
    chosen = os.environ.get("CTXKIT_CACHE_DIR")
    if chosen:
        return chosen
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return os.path.join(local or os.path.join(_home(), "AppData", "Local"), "ctxkit", "Cache")
    if sys.platform == "darwin":
        return os.path.join(_home(), "Library", "Caches", "ctxkit")
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    return os.path.join(xdg if os.path.isabs(xdg) else os.path.join(_home(), ".cache"), "ctxkit")


def read_kept(name: str, folder: str = "data") -> bytes | None:
    """What :func:`keep` stored under ``name``; None if it is missing or damaged."""
    try:
        with open(_path(name, folder), "rb") as file:
            stored = file.read()
    except OSError:
        return None
    data = stored[_CHECK:]
    return data if stored[:_CHECK] == _check(data) else None


def keep(name: str, data: bytes, folder: str = "data") -> None:
    """Store ``data`` for later runs, with a checksum; a folder that cannot be written is no error."""
    path = _path(name, folder)
    temporary = f"{path}.{os.getpid()}"
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        try:
            with open(temporary, "xb") as file:
                file.write(_check(data) + data)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise
        _drop_oldest(os.path.dirname(path))


def _check(data: bytes) -> bytes:
    return (len(data) & 0xFFFF_FFFF).to_bytes(4, "big") + zlib.crc32(data).to_bytes(4, "big")


def _path(name: str, folder: str) -> str:
    return os.path.join(cache_dir(), folder, f"{name}.bin")


def _drop_oldest(folder: str) -> None:
    with os.scandir(folder) as entries:
        by_age = sorted((entry.stat().st_mtime_ns, entry.path) for entry in entries)
    for _, old in by_age[:-KEPT]:
        os.unlink(old)


def _home() -> str:
    home = os.path.expanduser("~")
    if home != "~":
        return home
    import tempfile

    return tempfile.gettempdir()
