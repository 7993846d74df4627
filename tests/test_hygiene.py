"""What a static check cannot see: what is really imported, and how the house is laid out."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ctxkit"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
HEAVY = {"yaml", "tiktoken", "tree_sitter", "rich", "textual", "pydantic", "sqlite3", "asyncio", "litellm", "aiohttp"}
"""Packages that cost more to import than a start-up may cost altogether."""


def imported_by(*arguments: str) -> set[str]:
    """The top-level packages that one run of the command line imports."""
    code = (
        "import sys\n"
        "from ctxkit.cli.app import run\n"
        f"code = run({list(arguments)!r})\n"
        "print('\\n'.join({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["audit", "--help"], ["schema"]])
def test_starting_imports_nothing_heavy(arguments: list[str]) -> None:
    assert imported_by(*arguments) & HEAVY == set()


def test_the_probe_sees_imports() -> None:
    assert "typer" in imported_by("--version")


def test_help_does_not_load_the_service() -> None:
    code = "import sys; from ctxkit.cli.app import run; run(['audit', '-h']); sys.exit('ctxkit.service' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_the_version_is_the_distributions() -> None:
    from ctxkit.cli.commands import VERSION

    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == VERSION


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_are_small_documented_and_well_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    assert ast.get_docstring(ast.parse(text)), "a module says what it is for"
    assert not {"utils", "helpers", "manager", "base", "common", "core"} & set(path.with_suffix("").parts)
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", text)


def test_data_files_are_found_in_the_checkout() -> None:
    from ctxkit.data import rules_root

    assert Path(rules_root()) == ROOT / "rules"


def test_the_tests_mirror_the_package() -> None:
    tests = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and not path.name.startswith("__")}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert tests - {"cases", "hostile"} <= packages
