"""What a static check cannot see: what is really imported, and how the house is laid out."""

import ast
import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from ctxkit.sources.trace import RACY_NS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ctxkit"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
HEAVY = {
    "yaml", "tiktoken", "tree_sitter", "rich", "textual", "pydantic", "sqlite3", "asyncio", "litellm", "aiohttp", "mcp",
    "httpx2", "anyio",
}  # fmt: skip
"""Packages that cost more to import than a start-up may cost altogether."""


def modules_of(*arguments: str, env: dict[str, str] | None = None) -> set[str]:
    """The modules that one run of the command line imports."""
    code = (
        "import sys\n"
        "from ctxkit.cli.app import run\n"
        f"code = run({list(arguments)!r})\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=env, check=True)
    return set(done.stderr.split())


def imported_by(*arguments: str) -> set[str]:
    """The top-level packages that one run of the command line imports."""
    return {name.partition(".")[0] for name in modules_of(*arguments)}


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules that the second audit of a repository imports."""
    top = tmp_path_factory.mktemp("warm")
    files = {
        "CLAUDE.md": "# Rules\n\nShort.\n",
        ".claude/settings.json": '{"permissions": {"deny": ["Read(./x/**)"]}}',
        "src/a.py": "x = 1\n",
    }
    for name, text in files.items():
        path = top / "repository" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", "-C", str(top / "repository"), *command], check=True)
    cache = str(tmp_path_factory.mktemp("cache"))
    env = {**os.environ, "CTXKIT_CACHE_DIR": cache, "HOME": str(top), "USERPROFILE": str(top)}
    arguments = ("audit", str(top / "repository"), "--agent", "claude-code")
    time.sleep(2 * RACY_NS / 1e9)  # what was written a moment ago is looked at again, and this is about what is not
    first = modules_of(*arguments, env=env)
    assert {"yaml", "ctxkit.sources.counts"} <= first, "the probe sees what a cold run needs"
    return modules_of(*arguments, env=env)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["audit", "--help"], ["schema"]])
def test_starting_imports_nothing_heavy(arguments: list[str]) -> None:
    assert imported_by(*arguments) & HEAVY == set()


def test_the_probe_sees_imports() -> None:
    assert "typer" in imported_by("--help")


def test_a_warm_audit_imports_no_more_than_it_needs(warm: set[str]) -> None:
    packages = {"yaml", "tiktoken", "splintr", "re2", "typer", "click", "difflib", "asyncio", "tempfile", "tomllib"}
    modules = {"ctxkit.sources.counts", "ctxkit.sources.tool_segments", "ctxkit.ignore", "ctxkit.report.json"}
    assert warm & (packages | modules) == set()


def test_a_warm_audit_compiles_only_the_patterns_it_uses(warm: set[str]) -> None:
    for path in MODULES:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if name in warm:
            top = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.Assign)]
            assert "re.compile(" not in "\n".join(map(ast.unparse, top)), f"{name}: see ctxkit/text/pattern.py"


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "-h"]])
def test_help_loads_nothing_but_the_command_line(arguments: list[str]) -> None:
    loaded = {name for name in modules_of(*arguments) if name.startswith("ctxkit.") and name != "ctxkit.cli"}
    assert all(name.startswith("ctxkit.cli.") for name in loaded)
    assert "ctxkit.cli.terminal" not in loaded, "it imports the report's layout and the model"


def test_the_version_is_the_distributions() -> None:
    from ctxkit.cli.version import VERSION

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
