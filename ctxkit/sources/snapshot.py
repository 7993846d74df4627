"""What the last inventory of a repository found, in the form of columns that a warm run takes over whole."""

from __future__ import annotations

import struct
from array import array
from typing import TYPE_CHECKING

from msgspec import Struct, field

from ctxkit.sources.columns import Columns
from ctxkit.sources.listing import packed, unpacked

if TYPE_CHECKING:
    from ctxkit.sources.listing import Store
    from ctxkit.sources.status import Stamp

_MAGIC = b"ctxinv02"
_HEAD = struct.Struct("<8sIIIIQ")


class Snapshot(Struct):
    """``tracked``: columns over the rows of the listing with this ``key``. ``loose``: files known by their stamp alone.

    ``rules`` names the rules under which files were classified; ``made`` is when, in nanoseconds.
    """

    key: bytes
    rules: bytes
    made: int
    tracked: Columns = field(default_factory=Columns)
    loose: dict[str, tuple[Stamp, int, int]] = field(default_factory=dict)


def load_snapshot(store: Store, name: str) -> Snapshot | None:
    """The snapshot kept under ``name``; None when there is none or it is not whole."""
    data = store.get_blob(name)
    if data is None or len(data) < _HEAD.size:
        return None
    magic, key_size, count, loose_count, paths_size, made = _HEAD.unpack_from(data)
    sizes = (20, key_size, 8 * count, 4 * count, count, paths_size, 32 * loose_count, 4 * loose_count, loose_count)
    if magic != _MAGIC or len(data) != _HEAD.size + sum(sizes):
        return None
    parts = []
    place = _HEAD.size
    for size in sizes:
        parts.append(data[place : place + size])
        place += size
    rules, key, bytes_, tokens, info, paths, stamps, loose_tokens, loose_info = parts
    names = unpacked(paths)
    if len(names) != loose_count:
        return None
    four = iter(array("Q", stamps))
    values = zip(zip(four, four, four, four, strict=True), array("I", loose_tokens), loose_info, strict=True)
    loose = dict(zip(names, values, strict=True))
    return Snapshot(key, rules, made, Columns(array("Q", bytes_), array("I", tokens), bytearray(info)), loose)


def save_snapshot(store: Store, name: str, snapshot: Snapshot) -> None:
    """Keep ``snapshot`` under ``name``."""
    tracked, loose = snapshot.tracked, snapshot.loose
    paths = packed(loose)
    stamps = array("Q", [number for stamp, _, _ in loose.values() for number in stamp])
    head = _HEAD.pack(_MAGIC, len(snapshot.key), len(tracked.info), len(loose), len(paths), snapshot.made)
    body = (
        snapshot.rules,
        snapshot.key,
        tracked.sizes.tobytes(),
        tracked.tokens.tobytes(),
        bytes(tracked.info),
        paths,
        stamps.tobytes(),
        array("I", [tokens for _, tokens, _ in loose.values()]).tobytes(),
        bytes(info for _, _, info in loose.values()),
    )
    store.put_blob(name, b"".join((head, *body)))
