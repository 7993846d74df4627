"""YAML data files: typed, cached by content, with errors that name file, line, field and the nearest key."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from ctxkit.model import ConfigError
from ctxkit.text import kept
from ctxkit.text.datafile import load_yaml_cached, parse_yaml
from ctxkit.text.kept import cache_dir


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    size: int = 0


class Whole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    date: str
    parts: dict[str, Part] = {}
    listed: list[Part] = []
    one: Part | None = None


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CTXKIT_CACHE_DIR", str(tmp_path / "cache"))


def write(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    return path


GOOD = "date: 2026-11-20\nparts:\n  a: {name: x, size: 3}\nlisted:\n- &p {name: y}\n- *p\none: *p\n"


def test_a_good_file_is_read_the_same_with_and_without_the_cache(tmp_path):
    path = write(tmp_path, GOOD)
    first = load_yaml_cached(path, Whole)
    assert first == Whole("2026-11-20", {"a": Part("x", 3)}, [Part("y"), Part("y")], Part("y"))
    assert load_yaml_cached(path, Whole) == first == parse_yaml(GOOD.encode(), "x.yaml", Whole)


def test_a_changed_file_is_read_anew(tmp_path):
    path = write(tmp_path, GOOD)
    load_yaml_cached(path, Whole)
    stamp = path.stat()
    path.write_text(GOOD.replace("size: 3", "size: 4"), encoding="utf-8")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert load_yaml_cached(path, Whole).parts["a"].size == 4


def test_the_type_is_checked_on_the_cached_form_too(tmp_path):
    path = write(tmp_path, GOOD)
    load_yaml_cached(path, Whole)
    with pytest.raises(ConfigError, match="unknown key 'date'"):
        load_yaml_cached(path, Part)


def test_yaml_is_not_imported_when_the_compiled_form_is_at_hand(tmp_path):
    path = write(tmp_path, "a: 1\n")
    code = (
        "import sys; from pathlib import Path; from ctxkit.text.datafile import load_yaml_cached;"
        f"print(load_yaml_cached(Path({str(path)!r}), dict), 'yaml' in sys.modules)"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(2)]
    assert [run.stdout.split()[-1] for run in runs] == ["True", "False"]


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 200])
def test_a_damaged_compiled_form_is_not_believed(tmp_path, damage):
    path = write(tmp_path, GOOD)
    expected = load_yaml_cached(path, Whole)
    [compiled] = (Path(cache_dir()) / "data").iterdir()
    compiled.write_bytes(damage)
    assert load_yaml_cached(path, Whole) == expected
    whole = compiled.read_bytes()
    compiled.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert load_yaml_cached(path, Whole) == expected


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("CTXKIT_CACHE_DIR", str(blocked))
    path = write(tmp_path, GOOD)
    assert load_yaml_cached(path, Whole) == load_yaml_cached(path, Whole)


def test_old_compiled_forms_are_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "KEPT", 3)
    for n in range(6):
        load_yaml_cached(write(tmp_path, f"a: {n}\n"), dict)
    assert len(list((Path(cache_dir()) / "data").iterdir())) == 3


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("dat: x\n", "x.yaml:1: unknown key 'dat' (at dat).", "Did you mean 'date'?"),
        ("parts: {}\n", "x.yaml:1: the key 'date' is missing.", ""),
        (
            "date: x\nparts:\n  a: {name: x}\n  b:\n    name: y\n    sise: 3\n",
            "x.yaml:6: unknown key 'sise' (at parts.b.sise).",
            "'size'",
        ),
        (
            "date: x\nparts:\n  a: {name: x}\n  b:\n    name: y\n    size: big\n",
            "x.yaml:6: expected `int`, got `str` (at parts.b.size).",
            "",
        ),
        ("date: x\nparts:\n  a: {name: x}\n  b: {size: 1}\n", "x.yaml:4: the key 'name' is missing (at parts.b).", ""),
        ("date: x\nparts:\n  a: {name: x}\n  b: 7\n", "x.yaml:4: expected `object`, got `int` (at parts.b).", ""),
        ("date: x\nlisted:\n- name: x\n- nme: y\n", "x.yaml:4: unknown key 'nme' (at listed[1].nme).", "'name'"),
        ("date: x\none:\n  zzz: 1\n", "x.yaml:3: unknown key 'zzz' (at one.zzz).", "Known keys: name, size."),
        ("date: x\ndate: y\n", "x.yaml:2: the key 'date' stands here twice.", "Take one out."),
        ("- a\n", "x.yaml:1: expected `object`, got `array`.", ""),
        ("", "x.yaml: is empty.", "required"),
        ("date: [\n", "is not YAML", "Mend"),
        ("date: x\n\tparts: 1\n", "x.yaml:2: is not YAML", "Mend"),
        ("date: !!python/object:os.system x\n", "is not YAML", ""),
        ("date: &a [*a]\n", "contains itself", ""),
        ("date: " + "[" * 100_000, "is not YAML", ""),
        ("date: 99999999999999999999999\n", "not plain data", ""),
        ("date: 2026-99-99\n", "is not YAML", ""),
    ],
)
def test_errors_name_the_place(text, message, hint):
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text.encode(), "x.yaml", Whole)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_aliases_that_multiply_are_refused():
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 15)]
    with pytest.raises(ConfigError, match="more than"):
        parse_yaml("\n".join(lines).encode(), "x.yaml", dict)


def test_bytes_that_are_not_utf8_and_a_byte_order_mark():
    with pytest.raises(ConfigError, match=r"x.yaml: is not UTF-8 \(byte 3\)"):
        parse_yaml(b"a: \xff", "x.yaml", dict)
    assert parse_yaml(b"\xef\xbb\xbfa: 1", "x.yaml", dict) == {"a": 1}


def test_a_missing_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_yaml_cached(tmp_path / "none.yaml", Whole)


def test_where_the_cache_is(monkeypatch, tmp_path):
    assert Path(cache_dir()) == tmp_path / "cache"
    monkeypatch.delenv("CTXKIT_CACHE_DIR")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert Path(cache_dir()) == tmp_path / "xdg" / "ctxkit"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert Path(cache_dir()) == tmp_path / ".cache" / "ctxkit"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert Path(cache_dir()) == tmp_path / "Library" / "Caches" / "ctxkit"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert Path(cache_dir()) == tmp_path / "local" / "ctxkit" / "Cache"
