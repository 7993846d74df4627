import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.text.frontmatter import parse


@pytest.mark.parametrize(
    ("block", "values", "valid"),
    [
        ("alwaysApply: true\ndescription: Use it.", {"alwaysApply": True, "description": "Use it."}, True),
        ("globs: *.ts,*.tsx", {"globs": "*.ts,*.tsx"}, False),
        ("globs: **/*.py\nalwaysApply: false", {"globs": "**/*.py", "alwaysApply": False}, False),
        ("paths:\n  - a/**\n  - 'b/*.{c,d}'", {"paths": ["a/**", "b/*.{c,d}"]}, True),
        ("paths: [a, b]", {"paths": ["a", "b"]}, True),
        ("paths:\n  - *.py", {}, False),
        ("description: Use when: foo: bar", {"description": "Use when: foo: bar"}, False),
        ("description: >\n  two\n  lines", {"description": "two lines\n"[:-1]}, True),
        ("description: |\n  two\n  lines", {"description": "two\nlines"}, True),
        ('empty:\nquoted: "a: b"', {"empty": None, "quoted": "a: b"}, True),
        ("n: 5\nyes: on", {"n": 5, "yes": "on"}, True),
        ("a: yes\nb: Off\nc: 'y'\nd: True\ne: FALSE", {"a": "yes", "b": "Off", "c": "y", "d": True, "e": False}, True),
        ("a: yes\nb: {on: no}\ntrue: 1", {"a": "yes", "b": {"on": "no"}, "true": 1}, True),
        ("a: &x 1\nb: *x", {"a": "&x 1", "b": "*x"}, False),
        ("just text", {}, False),
        ("", {}, True),
    ],
)
def test_values(block, values, valid):
    front = parse(f"---\n{block}\n---\nbody\n")
    assert front.values == values
    assert front.valid is valid
    assert f"---\n{block}\n---\nbody\n"[front.end :] == "body\n"


def test_patterns_are_split_outside_braces_and_only_texts_count():
    front = parse("---\na: '*.{ts,js}, src/**'\nb: 5\nc: [x, 5, true]\n---\n")
    assert front.strings("a") == ("*.{ts,js}", "src/**")
    assert front.strings("b") == ()
    assert front.strings("c") == ("x",)
    assert front.text("c") == "x, 5, True"


def test_the_plain_reading_agrees_with_yaml_and_spares_its_import():
    import subprocess

    code = (
        "from ctxkit.text.frontmatter import parse; import sys;"
        "parse('---\\nname: a\\npaths:\\n  - b/**\\nflag: true\\n---\\n'); print('yaml' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize("value", ["!!bool x", "!!int ''", "!!timestamp x"])
def test_a_value_of_another_kind_than_its_tag_is_no_yaml(value):
    assert not parse(f"---\na: {value}\n---\n").valid


@pytest.mark.parametrize("block", ["[" * 100_000, "- " * 100_000, "? " * 100_000])
def test_hostile_nesting_is_no_yaml(block):
    assert parse(f"---\n{block}\n---\n").values == {}


@given(st.text(max_size=120))
def test_any_text_is_read(text):
    parse(f"---\n{text}\n---\n")


@given(
    st.dictionaries(
        st.from_regex(r"k[a-z]{0,6}", fullmatch=True),
        st.from_regex(r"[A-Za-z./(][A-Za-z0-9 ./()_-]{0,10}", fullmatch=True),
        max_size=4,
    )
)
def test_the_plain_reading_is_what_yaml_says(values):
    import yaml

    from ctxkit.text.yamlload import AgentLoader

    block = "\n".join(f"{key}: {value}" for key, value in values.items())
    loaded = yaml.load(block, AgentLoader) or {}
    front = parse(f"---\n{block}\n---\n")
    assert {key: front.values[key] for key in values} == {
        key: value if isinstance(value, str | bool | int | float | None) else str(value)
        for key, value in loaded.items()
    }
