"""Values of untyped JSON: what has the wrong type is absent; and how reminders are named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.sources.history import fields
from ctxkit.sources.history.reminder_names import NOTICE, reminder_name

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(record=st.dictionaries(st.sampled_from("abc"), ANY))
def test_each_gives_its_type_whatever_is_there(record: dict[str, Any]) -> None:
    assert isinstance(fields.text(record, "a", "b"), str)
    assert len(fields.short(record, "a")) <= 300
    assert fields.number(record, "a", "b") >= 0
    assert isinstance(fields.mapping(record, "a", "b"), dict) or not fields.mapping(record, "a", "b")
    assert isinstance(fields.items(record, "a", "b"), list | tuple)
    assert all(isinstance(item, dict) for item in fields.maps(record, "a"))
    assert isinstance(fields.time_of(record, "a", "b"), float)
    assert isinstance(fields.json_text(record), str)
    assert isinstance(fields.arguments_of(record.get("a")), dict) or not fields.arguments_of(record.get("a"))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-03-01T10:00:01.000Z", 1_772_359_201.0),
        ("2026-03-01T10:00:01", 1_772_359_201.0),
        ("2026-03-01T12:00:01+02:00", 1_772_359_201.0),
        (1_772_359_201, 1_772_359_201.0),
        (1_772_359_201_000, 1_772_359_201.0),
        ("0001-01-01T00:00:00+23:59", -62135683140.0),
        ("yesterday", 0.0), ("", 0.0), (0, 0.0), (-5, 0.0), (True, 0.0), (None, 0.0), (1e300, 0.0), (float("nan"), 0.0),
        ("9" * 10_000, 0.0), ([], 0.0),
    ],
)  # fmt: skip
def test_times(value: Any, seconds: float) -> None:
    assert fields.time_of({"at": value}, "at") == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        (5.9, 5),
        (0, 0),
        (-1, None),
        (True, None),
        ("5", None),
        (2**60, None),
        (float("inf"), None),
        (None, None),
    ],
)
def test_numbers(value: Any, number: int | None) -> None:
    assert fields.maybe_number({"n": value}, "n") == number


def test_arguments_written_as_json() -> None:
    assert fields.arguments_of(' {"a": 1}') == {"a": 1}
    assert not fields.arguments_of('{"a": ')
    assert not fields.arguments_of("[1]")
    assert not fields.arguments_of('{"a":' * 100_000)


def test_json_as_clients_send_it() -> None:
    assert fields.json_text({"a": [1, "ü"]}) == '{"a":[1,"ü"]}'
    assert fields.json_text("as it is") == "as it is"
    assert fields.json_text({"a": 2**100}) in ("", f'{{"a":{2**100}}}')


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<system-reminder>\nToday's date is 2026-03-01.\n</system-reminder>", "date"),
        ("  <system_reminder>\n# Environment\nYou", "environment"),
        ("Contents of /repo/CLAUDE.md:\n\nx", "instructions"),
        ("<total_tokens>5 left</total_tokens>", "token count"),
        ("SessionStart:startup hook success: x", "hook"),
        ("Something that nobody has seen", NOTICE),
        ("", NOTICE),
        ("<system-reminder>" * 100, NOTICE),
    ],
)
def test_reminders_by_their_beginning(text: str, name: str) -> None:
    assert reminder_name(text) == name
