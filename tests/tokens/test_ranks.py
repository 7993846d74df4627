"""The shipped ranks are the official ones, and a damaged file is refused."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import pytest

from ctxkit.model import CtxkitError, UnknownNameError
from ctxkit.tokens import ranks

SCRIPT = Path(__file__).parents[2] / "scripts" / "regenerate_ranks.py"


def script():
    spec = importlib.util.spec_from_file_location("regenerate_ranks", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("encoding", "tokens", "sha256"),
    [
        ("o200k_base", 199_998, "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
        ("cl100k_base", 100_256, "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
    ],
)
def test_shipped_ranks_expand_to_the_official_file(encoding, tokens, sha256):
    table = ranks.load(encoding)
    assert len(table) == tokens
    assert sorted(table.values()) == list(range(tokens))
    assert hashlib.sha256(script().official_text(table)).hexdigest() == sha256


def test_the_script_verifies_and_notices_a_stale_sum(tmp_path, monkeypatch, capsys):
    module = script()
    assert module.verify()
    stale = tmp_path / "SHA256SUMS"
    stale.write_text(module.SUMS.read_text().replace("o200k_base.bin", "x").replace("  x", "  o200k_base.bin", 1)[1:])
    monkeypatch.setattr(module, "SUMS", stale)
    assert not module.verify()
    assert "NOT the official ranks" in capsys.readouterr().out


def test_the_script_refuses_a_file_that_is_not_official(tmp_path):
    source = tmp_path / "o200k_base.tiktoken"
    source.write_bytes(b"IQ== 0\n")
    with pytest.raises(SystemExit, match="is not the official o200k_base"):
        script().regenerate("o200k_base", source)


def test_pack_and_unpack_are_inverse():
    table = {b"a": 0, b"\x00": 1, b"ab": 2, b"\xff" * 128: 3, b"b": 4}
    assert ranks.unpack(ranks.pack(table)) == table
    assert ranks.unpack(ranks.pack({})) == {}


@pytest.mark.parametrize("at", [0, 10, 41, 50, -1])
def test_one_changed_byte_is_noticed(at):
    packed = bytearray(ranks.pack({b"a": 0, b"bc": 1}))
    packed[at] ^= 1
    with pytest.raises(CtxkitError) as caught:
        ranks.unpack(bytes(packed), "x.bin")
    assert "x.bin is damaged" in caught.value.message
    assert "regenerate_ranks.py" in caught.value.hint


def test_a_cut_off_or_missing_file_is_an_error_with_a_next_step(tmp_path, monkeypatch):
    with pytest.raises(CtxkitError, match="damaged"):
        ranks.unpack(ranks.pack({b"a": 0})[:-1])
    monkeypatch.setattr(ranks, "path_of", lambda _: tmp_path / "none.bin")
    with pytest.raises(CtxkitError, match="cannot be read") as caught:
        ranks.load("o200k_base")
    assert caught.value.hint


def test_unknown_encoding():
    with pytest.raises(UnknownNameError, match="p50k_base"):
        ranks.load("p50k_base")


def test_the_licence_notice_is_beside_the_data():
    folder = Path(ranks.__file__).parent
    assert "Copyright (c) 2022 OpenAI" in (folder / "LICENSE-tiktoken").read_text()
    assert "litellm" in (folder / "PROVENANCE.md").read_text()
