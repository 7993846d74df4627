from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from msgspec import json

from ctxkit.report.schema import NAMES, schema_json

FOLDER = Path(__file__).parents[2] / "rules" / "schema"


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_what_the_code_says(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_bytes() == schema_json(name), (
        f"run: ctxkit schema {name} -o rules/schema/{name}.json"
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_valid_schema(name: str) -> None:
    Draft202012Validator.check_schema(json.decode(schema_json(name)))


def test_there_is_no_other_file() -> None:
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(NAMES)
