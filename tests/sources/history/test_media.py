"""Attachments: type, size and pixels from the beginning of their base64."""

import base64
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.sources.history.media import media_at, media_of, pixels_of


def png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(header))


def jpeg(width: int, height: int, preview: int = 0) -> bytes:
    application = b"\xff\xe1" + struct.pack(">H", preview + 2) + b"\0" * preview
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\0" * 9
    return b"\xff\xd8" + application + b"\xff\xff\xc4\x00\x03\x00" + frame


def webp(chunk: bytes, body: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + chunk + b"\0\0\0\0" + body + b"\0" * 20


IMAGES = {
    "png": png(640, 480),
    "gif": b"GIF89a" + struct.pack("<HH", 640, 480) + b"\0\0\0",
    "jpeg": jpeg(640, 480),
    "jpeg with a preview": jpeg(640, 480, 60_000),
    "webp, extended": webp(b"VP8X", b"\0\0\0\0" + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")),
    "webp, lossless": webp(b"VP8L", b"\x2f" + (639 | 479 << 14).to_bytes(4, "little")),
    "webp, lossy": webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480)),
}


@pytest.mark.parametrize("name", IMAGES)
def test_pixels(name: str) -> None:
    assert pixels_of(IMAGES[name]) == (640, 480)


@pytest.mark.parametrize("name", IMAGES)
def test_a_header_that_is_cut_tells_nothing(name: str) -> None:
    assert pixels_of(IMAGES[name][:9]) is None


@given(st.binary(max_size=500))
def test_the_size_is_that_of_the_bytes(data: bytes) -> None:
    media = media_of("image/png", base64.b64encode(data).decode())
    assert (media.mime, media.size) == ("image/png", len(data))


def test_line_ends_inside_count_for_nothing() -> None:
    text = base64.encodebytes(png(7, 9) + b"\0" * 100).decode()
    assert media_of("image/png", text) == media_of("image/png", text.replace("\n", ""))
    assert media_of("image/png", text).pixels == (7, 9)


def test_data_urls() -> None:
    inline = media_at("data:image/gif;charset=x;base64," + base64.b64encode(IMAGES["gif"]).decode())
    assert (inline.mime, inline.size, inline.pixels) == ("image/gif", len(IMAGES["gif"]), (640, 480))
    assert media_at("data:text/plain,four").size == 4
    assert media_at("https://example.invalid/a.png", "image") == media_at("http://other.invalid", "image")


@given(st.text(max_size=300), st.binary(max_size=300))
def test_nothing_is_refused(text: str, data: bytes) -> None:
    for head in (b"", *(image[:12] for image in IMAGES.values()), *IMAGES.values()):
        pixels_of(head + data)
    assert media_of("x", text).size >= 0
    assert media_at(text).size >= 0
