"""The tracked files of a repository as columns, kept between runs for as long as git's index stays the same."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterable

CLEAN, FILTERED, CHANGED, UNTRACKED, SYMLINK, SUBMODULE = range(6)

_RECORD = on_demand(r"(.) (\d+) ([0-9a-f]+) (\d)\t([^\0]+)\0", re.DOTALL)
_HEAD = struct.Struct("<8sIBxxxIIII")
_MAGIC = b"ctxlist1"
_KINDS = {"120000": SYMLINK, "160000": SUBMODULE}


class Store(Protocol):
    """Named bytes between runs (:class:`ctxkit.tokens.cache.CountCache`)."""

    def get_blob(self, name: str) -> bytes | None:
        """The bytes kept under ``name``."""

    def put_blob(self, name: str, data: bytes) -> None:
        """Keep ``data`` under ``name``."""


@dataclass(slots=True)
class Listing:
    """Tracked files, sorted by path: what each is to git, and its blob id (``id_size`` raw bytes each).

    ``special``: paths of FIFOs and the like that were seen beside them; ``attributes``: the ``.gitattributes`` files
    among them. ``key`` names the state of git's index it
    was made from; empty when it was not made from one that could be named. ``previous`` is the listing of the run
    before, when the index has changed since.
    """

    paths: list[str] = field(default_factory=list)
    states: bytes = b""
    ids: bytes = b""
    id_size: int = 20
    special: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    key: bytes = b""
    previous: Listing | None = None

    def blob(self, row: int) -> bytes:
        """The blob id of a row."""
        return self.ids[row * self.id_size : (row + 1) * self.id_size]


def parse_listing(output: bytes) -> Listing:
    """What ``git ls-files -z -s -v`` wrote.

    Entries that a sparse check-out leaves out are dropped. Files that git was told to take for unchanged, and both
    sides of a conflict, count as changed: their content has to be read.
    """
    text = output.decode("utf-8", "surrogateescape")
    records: dict[str, tuple[int, str]] = {}
    for tag, mode, identity, stage, path in _RECORD().findall(text):
        if tag in "Ss":
            continue
        state = _KINDS.get(mode, CLEAN)
        if state == CLEAN and (tag.islower() or stage != "0"):
            state = CHANGED
        records[path] = (state, identity)
    paths = sorted(records)
    columns = [records[path] for path in paths]
    ids = bytes.fromhex("".join([identity for _, identity in columns]))
    size = len(ids) // len(paths) if paths else 20
    return Listing(paths, bytes([state for state, _ in columns]), ids, size)


def load_listing(cache: Store | None, root: str) -> Listing | None:
    """The listing of ``root`` that was kept last; None when there is none. Its ``key`` says whether it still holds."""
    data = cache.get_blob(_name(root)) if cache is not None else None
    if data is None or len(data) < _HEAD.size:
        return None
    magic, count, id_size, key_size, special_size, attributes_size, paths_size = _HEAD.unpack_from(data)
    place = _HEAD.size + key_size
    key = data[_HEAD.size : place]
    ids_place = place + special_size + attributes_size + paths_size + count
    if magic != _MAGIC or len(data) != ids_place + count * id_size:
        return None
    special = unpacked(data[place : place + special_size])
    place += special_size
    attributes = unpacked(data[place : place + attributes_size])
    place += attributes_size
    paths = unpacked(data[place : place + paths_size])
    if len(paths) != count:
        return None
    return Listing(paths, data[place + paths_size : ids_place], data[ids_place:], id_size, special, attributes, key)


def save_listing(cache: Store | None, root: str, key: bytes, listing: Listing) -> None:
    """Keep ``listing`` of ``root`` under ``key``."""
    listing.key = key
    if cache is None:
        return
    special, attributes, paths = packed(listing.special), packed(listing.attributes), packed(listing.paths)
    sizes = (len(key), len(special), len(attributes), len(paths))
    head = _HEAD.pack(_MAGIC, len(listing.paths), listing.id_size, *sizes)
    cache.put_blob(_name(root), b"".join((head, key, special, attributes, paths, listing.states, listing.ids)))


def _name(root: str) -> str:
    return f"listing/{root.encode('utf-8', 'surrogateescape').hex()}"


def packed(paths: Iterable[str]) -> bytes:
    """Paths as one NUL-separated text."""
    return "\0".join(paths).encode("utf-8", "surrogateescape")


def unpacked(data: bytes) -> list[str]:
    """The paths of ``packed``."""
    return data.decode("utf-8", "surrogateescape").split("\0") if data else []
