"""``ctxkit explain``: every detector in its own words."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from ctxkit.detect import DETECTORS

from .conftest import Run

ROOT = Path(__file__).parents[2]


def test_the_list_names_every_detector(ctxkit: Run) -> None:
    text = ctxkit("explain").stdout.decode()
    assert all(f"  {identity} " in text for identity in DETECTORS)


def test_one_is_told_in_full(ctxkit: Run) -> None:
    text = ctxkit("explain", "buried-rule").stdout.decode()
    for heading in ("What it finds", "Why it costs", "What to do", "When to ignore it", "Thresholds"):
        assert f"  {heading}" in text
    assert text == ctxkit("explain", "buried_rule").stdout.decode()


def test_an_unknown_one_is_answered_with_the_nearest(ctxkit: Run) -> None:
    done = ctxkit("explain", "invisble-txt")
    assert done.returncode == 2
    assert b"Did you mean invisible-text?" in done.stderr


def test_json_is_of_its_schema(ctxkit: Run) -> None:
    data = json.loads(ctxkit("explain", "--format", "json").stdout)
    Draft202012Validator(json.loads((ROOT / "rules" / "schema" / "detectors.json").read_text("utf-8"))).validate(data)
    assert [detector["id"] for detector in data["detectors"]] == list(DETECTORS)


def test_markdown_is_the_documentation(ctxkit: Run) -> None:
    assert ctxkit("explain", "--format", "markdown").stdout == (ROOT / "docs" / "detectors.md").read_bytes()
