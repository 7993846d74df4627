"""Nothing about a detector can be forgotten: folder, registry, cases, thresholds, schema and documentation agree."""

from __future__ import annotations

import inspect
import runpy
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from jsonschema import Draft202012Validator
from msgspec import json

import ctxkit.detect
from ctxkit.detect import DETECTORS, detector
from ctxkit.detect.limits import detector_data, limits_of
from ctxkit.report.explain_markdown import pages_markdown
from ctxkit.report.page import HEADINGS, page_of
from ctxkit.report.schema import schema_json

ROOT = Path(__file__).parents[2]


def detectors_in_the_folder() -> dict[str, str]:
    """Id → module, of every module that has an id."""
    modules = [import_module(f"ctxkit.detect.{module.name}") for module in iter_modules(ctxkit.detect.__path__)]
    return {module.ID: module.__name__ for module in modules if hasattr(module, "ID")}


def test_the_folder_is_the_registry() -> None:
    assert sorted(detectors_in_the_folder()) == sorted(DETECTORS)
    assert list(DETECTORS) == sorted(set(DETECTORS))


def test_every_module_is_named_as_its_id() -> None:
    for identity, module in detectors_in_the_folder().items():
        assert module == f"ctxkit.detect.{identity.replace('-', '_')}"


def test_the_cases_are_the_registry() -> None:
    cases = {path.stem for path in (ROOT / "tests" / "cases" / "detect").glob("*.yaml")}
    assert cases == set(DETECTORS)


def test_the_thresholds_are_the_registry() -> None:
    assert set(detector_data().limits) == set(DETECTORS)


@pytest.mark.parametrize("identity", DETECTORS)
def test_every_threshold_is_used_and_every_one_used_is_there(identity: str) -> None:
    source = inspect.getsource(import_module(detector(identity).__name__))  # type: ignore[attr-defined]
    for name in limits_of(identity):
        assert f'"{name}"' in source, f"{identity}: nobody asks for {name}"


@pytest.mark.parametrize("identity", DETECTORS)
def test_every_threshold_says_what_it_is(identity: str) -> None:
    for name, limit in detector_data().limits[identity].items():
        assert limit.unit, name
        assert limit.meaning.endswith((".", "?")), name
        assert limit.source, name


@pytest.mark.parametrize("identity", DETECTORS)
def test_every_docstring_has_its_four_parts(identity: str) -> None:
    page = page_of(identity)
    assert tuple(heading for heading, _ in page.parts) == HEADINGS
    assert len(page.title) <= 100
    for text in (page.title, *(text for _, text in page.parts)):
        assert text.endswith((".", "?", "!")), text
        assert text[:1].isupper() or text[:1] in "`$", text


def test_the_documentation_is_up_to_date() -> None:
    written = (ROOT / "docs" / "detectors.md").read_text("utf-8")
    assert written == pages_markdown([page_of(identity) for identity in DETECTORS]), (
        "run: python scripts/detector_docs.py"
    )


def test_the_script_writes_the_documentation(tmp_path: Path) -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "detector_docs.py"))
    assert script["DOCS"] == ROOT / "docs" / "detectors.md"


def test_the_schema_of_the_configuration_knows_every_detector_and_no_other() -> None:
    schema = Draft202012Validator(json.decode((ROOT / "rules" / "schema" / "config.json").read_bytes()))
    for identity in DETECTORS:
        schema.validate({"detectors": {identity: {}}})
        schema.validate({"ignore": [{"rule": identity, "paths": ["**"], "reason": "we know"}]})
        for name in limits_of(identity):
            schema.validate({"detectors": {identity: {name: 1}}})
    assert not schema.is_valid({"detectors": {"no-such-detector": {}}})
    assert not schema.is_valid({"detectors": {DETECTORS[0]: {"no-such-threshold": 1}}})


def test_the_schema_of_the_list_is_up_to_date() -> None:
    assert json.decode((ROOT / "rules" / "schema" / "detectors.json").read_bytes()) == json.decode(
        schema_json("detectors")
    )
