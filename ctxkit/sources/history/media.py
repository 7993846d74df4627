"""Images and other attachments of a request: their type, size and pixels, without decoding the whole of them."""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING

from ctxkit.model.session import Media

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEEN = 256 * 1024
"""Characters of base64 that are decoded to find the header; a JPEG may carry a preview of 64 KiB in front of it."""
_SIZED_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
_BLANKS = " \t\r\n"
_LONGEST_MIME = 100


def media_of(mime: str, base64_text: str) -> Media:
    """The attachment in ``base64_text``; its size is in bytes. Text that is no base64 has the size it claims."""
    text = base64_text.rstrip(_BLANKS)
    padding = len(text) - len(text.rstrip("="))
    blanks = sum(text.count(blank) for blank in _BLANKS)
    size = max(0, (len(text) - padding - blanks) * 3 // 4)
    return Media(mime[:_LONGEST_MIME], size, pixels_of(_decoded(text[:_SEEN])))


def media_at(url: str, mime: str = "") -> Media:
    """The attachment at ``url``: its content if it is a data URL, else nothing but its type (size 0)."""
    if url[:5].lower() != "data:":
        return Media(mime[:_LONGEST_MIME], 0)
    head, _, content = url[5:].partition(",")
    kind, *parameters = head.split(";")
    if "base64" in (parameter.strip().lower() for parameter in parameters):
        return media_of(kind or mime, content)
    return Media((kind or mime)[:_LONGEST_MIME], len(content.encode("utf-8", "replace")))


def pixels_of(data: bytes) -> tuple[int, int] | None:
    """(width, height) of a PNG, GIF, WebP or JPEG image that begins with ``data``; None if its header is not there."""
    for measure in (_png, _gif, _webp, _jpeg):
        pixels = measure(data)
        if pixels is not None and min(pixels) > 0:
            return pixels
    return None


def _decoded(text: str) -> bytes:
    kept = "".join(text.split()).rstrip("=")
    try:
        return binascii.a2b_base64(kept[: len(kept) // 4 * 4].replace("-", "+").replace("_", "/"))
    except (binascii.Error, ValueError):
        return b""


def _png(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR" or len(data) < 24:
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _gif(data: bytes) -> tuple[int, int] | None:
    if data[:6] not in (b"GIF87a", b"GIF89a") or len(data) < 10:
        return None
    return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")


def _webp(data: bytes) -> tuple[int, int] | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None
    match data[12:16]:
        case b"VP8X":
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    if data[:2] != b"\xff\xd8":
        return None
    for marker, start in _jpeg_segments(data):
        if marker in _SIZED_FRAMES and start + 7 <= len(data):
            height = int.from_bytes(data[start + 3 : start + 5], "big")
            return int.from_bytes(data[start + 5 : start + 7], "big"), height
    return None


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """(marker, offset of its length field) of each segment in front of the image itself."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _BARE_MARKERS:
            at += 2
        else:
            yield marker, at + 2
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
