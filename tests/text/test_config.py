from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.model import ConfigError
from ctxkit.text.config import Format, parse_config

FORMATS: tuple[Format, ...] = ("json", "jsonc", "toml", "yaml")


def problem(data: bytes, format: Format) -> ConfigError:  # noqa: A002
    value = parse_config(data, format, "x.cfg")
    assert isinstance(value, ConfigError)
    return value


@pytest.mark.parametrize(
    ("data", "format", "value"),
    [
        (b'{"a": [1,], /* c */}', "json", {"a": [1]}),
        (b'\xef\xbb\xbf{"a": 1}', "jsonc", {"a": 1}),
        (b'a.b = 1\n[c]\nd = ["x"]', "toml", {"a": {"b": 1}, "c": {"d": ["x"]}}),
        (b"a: &x [1]\nb: *x\n1: one", "yaml", {"a": [1], "b": [1], "1": "one"}),
        (
            b"a: yes\nb: [true, off, Y]\nc: {off: {on: no}, true: 1}",
            "yaml",
            {"a": "yes", "b": [True, "off", "Y"], "c": {"off": {"on": "no"}, "true": 1}},
        ),
        (b"base: &b {x: 1}\nc: {<<: *b, y: 2}", "yaml", {"base": {"x": 1}, "c": {"x": 1, "y": 2}}),
        (b'{"a": "\xff"}', "json", {"a": "\ufffd"}),
        (b"# nothing but a comment", "yaml", {}),
        (b"# nothing but a comment", "toml", {}),
        (b"null", "json", {}),
    ],
)
def test_values(data: bytes, format: Format, value: object) -> None:  # noqa: A002
    assert parse_config(data, format, "x.cfg") == value


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_file_is_an_empty_map(format: Format) -> None:  # noqa: A002
    assert parse_config(b" \n", format, "x.cfg") == {}


@pytest.mark.parametrize(
    ("data", "format", "message", "hint"),
    [
        (b'{"a" 1}', "json", "not valid JSON: line 1, column 6: a colon", "Mend it at line 1."),
        (b"a = 1\nb =", "toml", "not valid TOML: line 2", "Mend it at line 2."),
        (b"a: [1,\nb: c: d", "yaml", "not valid YAML: line 2", "Mend it at line 2."),
        (b"[1]", "json", "holds a list where a map is expected", "outermost"),
        (b"- 1", "yaml", "holds a list where a map is expected", "outermost"),
        (b'{"a":\0}', "json", "is a binary file", "Put JSON there"),
        (b"\xff\xfe{\x00}\x00", "json", "is UTF-16 text", "UTF-8"),
        (b"<<<<<<< HEAD\n{}\n", "json", "not valid JSON", "merge conflict"),
        (b"a: 2024-13-45", "yaml", "a date, a number or a key in it cannot be read", "Mend it"),
        (b"a: !!python/object:os.system x", "yaml", "constructor", "Mend it at line 1."),
        (b"a: !!bool x", "yaml", "a date, a number or a key in it cannot be read", "Mend it"),
        (b"a: \x01", "yaml", "control characters", "Mend it"),
        (b"a: b\n---\nc: d", "yaml", "another document", "Mend it"),
        (b"a = " + b"9" * 10_000, "toml", "a date or a number", "Mend it"),
    ],
)
def test_errors_say_where_and_what_to_do(data: bytes, format: Format, message: str, hint: str) -> None:  # noqa: A002
    error = problem(data, format)
    assert message in error.message
    assert error.message.startswith("x.cfg")
    assert hint in error.hint


@pytest.mark.parametrize(
    ("data", "format", "message"),
    [
        (b"[" * 100_000, "json", "nested"),
        (b"[" * 100_000, "yaml", "nested"),
        (b"- " * 100_000, "yaml", "nested"),
        (b"a = " + b"[" * 100_000, "toml", "nested"),
        (b"a." * 100_000 + b"b = 1", "toml", "a key has more than 100 parts"),
        (b"a: &a [*a]", "yaml", "stands for nothing, or for itself"),
    ],
)
def test_hostile_nesting_is_refused(data: bytes, format: Format, message: str) -> None:  # noqa: A002
    assert message in problem(data, format).message


@pytest.mark.parametrize("item", ["[{}]", "{{<<: [{}]}}"])
def test_alias_bombs_are_refused(item: str) -> None:
    lines = ["a0: &a0 {x: 1, y: 2}" if "<<" in item else "a0: &a0 [x, y]"]
    for level in range(1, 12):
        aliases = ",".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} {item.format(aliases)}")
    assert "aliases stand for more than" in problem("\n".join(lines).encode(), "yaml").message


@given(st.binary(max_size=80), st.sampled_from(FORMATS))
def test_any_bytes_give_a_map_or_an_error(data: bytes, format: Format) -> None:  # noqa: A002
    value = parse_config(data, format, "x.cfg")
    assert isinstance(value, dict | ConfigError)


@given(st.text(alphabet="ab:-&*[]{}<!\"'# \n1.=,|>?%@", max_size=60), st.sampled_from(FORMATS))
def test_any_text_gives_a_map_or_an_error(text: str, format: Format) -> None:  # noqa: A002
    assert isinstance(parse_config(text.encode(), format, "x.cfg"), dict | ConfigError)
