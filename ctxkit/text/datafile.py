"""Data files: YAML read into msgspec types, with errors that point at the place, and quickly.

Importing a YAML parser and parsing costs more than all else that a warm run does. So what a file holds is kept in the
user's cache folder as MessagePack, under a name made from the bytes of the file: it can be missing or damaged (it
carries a checksum), but never stale. The typed form is checked at every load, cached or not.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TypeVar

import msgspec

from ctxkit.model import ConfigError
from ctxkit.text.kept import keep, read_kept

T = TypeVar("T")

FORMAT = b"ctxyaml1"
"""First bytes of a compiled file; changes when the same YAML would be read differently."""


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
    compiled = _compiled_name(data)
    packed = read_kept(compiled)
    if packed is not None:
        with contextlib.suppress(msgspec.MsgspecError):
            return msgspec.msgpack.decode(packed, type=type_)
    from ctxkit.text.yamlfile import parse

    value, packed = parse(data, path, type_)
    keep(compiled, packed)
    return value


def parse_yaml(data: bytes, name: str, type_: type[T]) -> T:
    """YAML text as a ``type_``, without the cache; ``name`` stands for the file in errors. Raises ConfigError."""
    from ctxkit.text.yamlfile import parse

    return parse(data, name, type_)[0]


def _compiled_name(data: bytes) -> str:
    return hashlib.sha256(FORMAT + data).hexdigest()
