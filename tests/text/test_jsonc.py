from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.text.jsonc import JsoncError, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1,}', {"a": 1}),
        ("[1, 2, /* three */ ]", [1, 2]),
        ('// first\n{"a": "http://x", /* c */ "b": [1, 2,],}', {"a": "http://x", "b": [1, 2]}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('\ufeff{"a": 1}', {"a": 1}),
        ('{"a": "/* no comment */ // nor here,]"}', {"a": "/* no comment */ // nor here,]"}),
        ('"a\\"// b"', 'a"// b'),
        ("[1 // one\r\n, 2]", [1, 2]),
        ('"\\ud800"', "\ud800"),
        ("[1,\n\t ]", [1]),
    ],
)
def test_lenient_forms_are_read(text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ("", 1, 1, "a value is missing"),
        ("[,]", 1, 2, "a value is missing"),
        ("[1,,]", 1, 4, "a value is missing"),
        ("{,}", 1, 2, "a key in double quotes is missing"),
        ("{'a': 1}", 1, 2, "a key in double quotes is missing"),
        ('\n\n  {"a": }', 3, 9, "a value is missing"),
        ('{"a" 1}', 1, 6, "a colon is missing after the key"),
        ('// c\n{"a": 1} x', 2, 10, "there is more text after the end of the value"),
        ("{} /* x", 1, 4, "the comment that starts here has no end"),
        ("[/*/]", 1, 2, "the comment that starts here has no end"),
        ('["abc', 1, 2, "the string that starts here has no end"),
        ('{"x": "NaN", "y": NaN}', 1, 19, "a value is missing"),
        ("[-Infinity]", 1, 2, "a value is missing"),
    ],
)
def test_errors_name_the_place(text: str, line: int, column: int, problem: str) -> None:
    with pytest.raises(JsoncError) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column, caught.value.problem) == (line, column, problem)


@pytest.mark.parametrize("opening", ["[", '{"a":', "[ // x\n"])
def test_deep_nesting_is_an_error(opening: str) -> None:
    with pytest.raises(JsoncError, match="nested 100,000 deep"):
        parse(opening * 100_000)


def test_numbers_of_any_length_are_read() -> None:
    assert parse("9" * 4300) == 10**4300 - 1
    assert parse("[" + "9" * 100_000 + "]") == [float("inf")]
    assert parse("1e999") == float("inf")


@pytest.mark.parametrize("unit", ['"\\"', "/*", "/* *", ", ", "//", '"', "[,"])
def test_hostile_repetition_ends(unit: str) -> None:
    try:
        parse(unit * 200_000)
    except JsoncError:
        return


@given(VALUES)
def test_reads_what_json_writes(value: object) -> None:
    assert parse(json.dumps(value)) == value


@given(VALUES, st.booleans())
def test_comments_and_commas_change_nothing(value: object, block: bool) -> None:
    comment = '/* ] , " */' if block else '// ] , "\n'
    text = json.dumps([value, {"k": value}], indent=1)
    lenient = f"{text.removesuffix(']')},{comment}]"
    assert parse(f"{comment}{lenient}\n{comment}") == [value, {"k": value}]


@given(st.text(alphabet='{}[]",:/* \n\\a1', max_size=60))
def test_any_text_gives_a_value_or_an_error(text: str) -> None:
    try:
        value = parse(text)
    except JsoncError:
        return
    assert parse(json.dumps(value)) == value
