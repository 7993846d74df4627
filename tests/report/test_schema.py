from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from msgspec import json

from ctxkit.report.schema import GENERATED, schema_json

FOLDER = Path(__file__).parents[2] / "rules" / "schema"


@pytest.mark.parametrize("name", GENERATED)
def test_the_files_are_what_the_code_says(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_bytes() == schema_json(name), (
        f"run: ctxkit schema {name} -o rules/schema/{name}.json"
    )


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_file_is_a_valid_schema(path: Path) -> None:
    Draft202012Validator.check_schema(json.decode(path.read_bytes()))
