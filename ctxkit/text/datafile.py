"""Data files: YAML read into msgspec types, with errors that point at the place, and quickly.

Importing a YAML parser and parsing costs more than all else that a warm run does. So what a file holds is kept in the
user's cache folder as MessagePack, under a name made from the bytes of the file: it can be missing or damaged (it
carries a checksum), but never stale. The typed form is checked at every load, cached or not.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from typing import TypeVar

import msgspec

from ctxkit.model import ConfigError

T = TypeVar("T")

FORMAT = b"ctxyaml1"
"""First bytes of a compiled file; changes when the same YAML would be read differently."""

KEPT = 256
"""Compiled files kept; every edit of a data file leaves one behind."""

_DIGEST = 32


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


def load_yaml_cached(path: str, type_: type[T]) -> T:
    """The YAML file ``path`` as a ``type_`` (a msgspec Struct, or a list or dict of them).

    Raises ConfigError when the file cannot be read, is not YAML, or does not have the form of ``type_``; the message
    names the file, the line where it can be told, and the field, the hint the nearest known key.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).", "Check that the file is there.") from error
    compiled = _compiled_path(data)
    packed = _read_compiled(compiled)
    if packed is not None:
        with contextlib.suppress(msgspec.MsgspecError):
            return msgspec.msgpack.decode(packed, type=type_)
    from ctxkit.text.yamlfile import parse

    value, packed = parse(data, path, type_)
    _write_compiled(compiled, packed)
    return value


def read_kept(name: str) -> bytes | None:
    """What :func:`keep` stored under ``name``; None if it is missing or damaged."""
    return _read_compiled(_kept_path(name))


def keep(name: str, data: bytes) -> None:
    """Store ``data`` for later runs, with a checksum; a folder that cannot be written is no error."""
    _write_compiled(_kept_path(name), data)


def parse_yaml(data: bytes, name: str, type_: type[T]) -> T:
    """YAML text as a ``type_``, without the cache; ``name`` stands for the file in errors. Raises ConfigError."""
    from ctxkit.text.yamlfile import parse

    return parse(data, name, type_)[0]


def _home() -> str:
    home = os.path.expanduser("~")
    if home != "~":
        return home
    import tempfile

    return tempfile.gettempdir()


def _kept_path(name: str) -> str:
    return os.path.join(cache_dir(), "data", f"{name}.bin")


def _compiled_path(data: bytes) -> str:
    return _kept_path(hashlib.sha256(FORMAT + data).hexdigest())


def _read_compiled(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            stored = file.read()
    except OSError:
        return None
    packed = stored[_DIGEST:]
    return packed if hashlib.sha256(packed).digest() == stored[:_DIGEST] else None


def _write_compiled(path: str, packed: bytes) -> None:
    """Keep ``packed`` for the next run, whole or not at all; a folder that cannot be written is no error."""
    temporary = f"{path}.{os.getpid()}"
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        try:
            with open(temporary, "xb") as file:
                file.write(hashlib.sha256(packed).digest() + packed)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise
        _drop_oldest(os.path.dirname(path))


def _drop_oldest(folder: str) -> None:
    """Keep the folder of compiled files at ``KEPT`` entries."""
    with os.scandir(folder) as entries:
        by_age = sorted((entry.stat().st_mtime_ns, entry.path) for entry in entries)
    for _, old in by_age[:-KEPT]:
        os.unlink(old)
