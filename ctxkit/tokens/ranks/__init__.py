"""The byte-pair ranks of OpenAI's encodings, shipped as package data so that nothing is ever downloaded.

A ``.bin`` file is a compact form of the official ``.tiktoken`` text. All integers are little endian::

    magic    8 bytes   b"ctxranks"
    digest  32 bytes   sha256 of everything that follows
    longest  2 bytes   length of the longest token, L
    counts   4 bytes x L   how many tokens are 1, 2, … L bytes long
    then for each length: that many 4-byte ranks, then that many tokens

Grouping by length lets ``struct`` cut the tokens at C speed: a third of the time that the base64 text needs.
``PROVENANCE.md`` beside this file says where the ranks come from, ``LICENSE-tiktoken`` on what terms.
"""

from __future__ import annotations

import os
import struct
import sys

from ctxkit.model import CtxkitError, UnknownNameError

MAGIC = b"ctxranks"
ENCODINGS = ("o200k_base", "cl100k_base")
_HEAD = len(MAGIC) + 32
_HINT = "Reinstall ctxkit, or rebuild the file with scripts/regenerate_ranks.py from an official .tiktoken file."


def path_of(encoding: str) -> str:
    """Where the ranks of ``encoding`` lie; UnknownNameError when ctxkit ships none of that name."""
    if encoding not in ENCODINGS:
        raise UnknownNameError(f"There is no encoding {encoding!r}.", f"Known encodings: {', '.join(ENCODINGS)}.")
    return os.path.join(os.path.dirname(__file__), f"{encoding}.bin")


def load(encoding: str) -> dict[bytes, int]:
    """The ranks of ``encoding``: token bytes to rank.

    Raises UnknownNameError for an encoding that is not shipped, CtxkitError when the file is missing or damaged.
    """
    path = path_of(encoding)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise CtxkitError(f"The ranks of {encoding} cannot be read: {error.strerror}.", _HINT) from error
    return unpack(data, os.path.basename(path))


def unpack(data: bytes, name: str = "ranks") -> dict[bytes, int]:
    """The ranks packed in ``data``; CtxkitError when they are damaged."""
    import hashlib
    from array import array

    if data[: len(MAGIC)] != MAGIC or hashlib.sha256(data[_HEAD:]).digest() != data[len(MAGIC) : _HEAD]:
        raise CtxkitError(f"The file {name} is damaged.", _HINT)
    (longest,) = struct.unpack_from("<H", data, _HEAD)
    counts = struct.unpack_from(f"<{longest}I", data, _HEAD + 2)
    at = _HEAD + 2 + 4 * longest
    ranks: dict[bytes, int] = {}
    for length, count in enumerate(counts, start=1):
        numbers = array("I", data[at : at + 4 * count])
        if sys.byteorder == "big":
            numbers.byteswap()
        at += 4 * count
        ranks.update(zip(struct.unpack_from(f"{length}s" * count, data, at), numbers, strict=True))
        at += length * count
    return ranks


def pack(ranks: dict[bytes, int]) -> bytes:
    """The compact form of ``ranks``; equal ranks give equal bytes."""
    import hashlib

    longest = max(map(len, ranks), default=0)
    groups: list[list[tuple[int, bytes]]] = [[] for _ in range(longest)]
    for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
        groups[len(token) - 1].append((rank, token))
    body = [struct.pack(f"<H{longest}I", longest, *map(len, groups))]
    for group in groups:
        body.append(struct.pack(f"<{len(group)}I", *(rank for rank, _ in group)))
        body.extend(token for _, token in group)
    joined = b"".join(body)
    return MAGIC + hashlib.sha256(joined).digest() + joined
