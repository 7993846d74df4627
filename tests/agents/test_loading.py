"""Which files each agent loads, case by case.

The cases in ``tests/cases/loading`` were settled by runs of the agents themselves, where the first line of the file
says so: every file held a marker, and the recorded requests said which of them were there. The others are from the
documentation.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from ctxkit.agents.catalog import catalogs
from ctxkit.agents.disk import Disk
from ctxkit.agents.load import load_agent
from ctxkit.agents.places import Places, git_top
from ctxkit.agents.resolve import Resolver
from ctxkit.agents.settings import load_settings

CASES = Path(__file__).parent.parent / "cases" / "loading"


def _cases():
    for path in sorted(CASES.glob("*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for case in document["cases"]:
            for agent in case.get("agents", document.get("agents", [])):
                yield pytest.param(agent, case, document.get("files", {}), id=f"{agent}: {case['name']}")


def lay_out(base: Path, files: dict[str, str | None], git: str | None) -> tuple[Path, Path]:
    """Write ``files`` (``~/…`` under the home, ``../…`` beside the project); returns home and project.

    ``{project}`` in a text stands for the project's directory.
    """
    home = base / "home"
    project = home / "src" / "project"
    project.mkdir(parents=True)
    for name, text in files.items():
        path = home / name[2:] if name.startswith("~/") else Path(os.path.normpath(project / name))
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is not None and text.startswith("-> "):
            path.symlink_to(text[3:])
        else:
            text = f"Rules of {name}\n" if text is None else text.replace("{project}", project.as_posix())
            path.write_bytes(text.encode())
    if git is not None:
        (project / git / ".git").resolve().mkdir()
    return home, project


def loaded(agent: str, case: dict, files: dict, base: Path) -> tuple[dict[str, str], ...]:
    """Path → text: what is in the first request, what comes after the touch, what is listed for a rule that waits."""
    home, project = lay_out(base, {**files, **case.get("files", {})}, case.get("git", "."))
    for name in case.get("without", ()):
        (home / name[2:] if name.startswith("~/") else project / name).unlink()
    name, _, version = agent.partition("@")
    spec = load_agent(name)
    cwd = str(project / case.get("cwd", "."))
    touched = tuple(os.path.normpath(project / path) for path in case.get("touch", ()))
    cwd = os.path.normpath(cwd)
    top = git_top(cwd)
    top = top if top and top.startswith(str(base)) else None
    places = Places(str(project), cwd, str(home), top, touched, case.get("env", {}))
    disk = Disk(str(project), str(home), top)
    settings = load_settings(spec, places.names(spec), disk)
    nested = sorted(
        path.relative_to(project).as_posix()
        for path in project.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(project).parts
    )
    resolver = Resolver(spec, version or spec.latest, places, disk, settings, nested)
    first, after, rows = {}, {}, {}
    for entry in resolver.rules():
        text = "".join(entry.text[a:b] for a, b in entry.ranges)
        if entry.listing and not entry.loaded:
            rows[disk.show(entry.path)] = entry.listing
        if entry.loaded:
            text = entry.listing or text
            first[disk.show(entry.path)] = text
        elif entry.after_touch:
            after[disk.show(entry.path)] = text
    for listed in catalogs(resolver, case.get("window", 200_000)):
        if listed.loaded:
            first[disk.show(listed.path)] = listed.listing
        elif listed.after_touch:
            after[disk.show(listed.path)] = listed.listing
    return first, after, rows


@pytest.mark.parametrize(("agent", "case", "files"), _cases())
def test_loading(agent, case, files, tmp_path):
    first, after, rows = loaded(agent, case, files, tmp_path)
    if "first" in case:
        assert sorted(first) == sorted(case["first"])
    if "after" in case:
        assert sorted(after) == sorted(case["after"])
    if "rows" in case:
        assert rows == case["rows"]
    for path, text in case.get("sent", {}).items():
        assert {**after, **first}[path] == text


def test_every_agent_has_cases():
    covered = {param.values[0].partition("@")[0] for param in _cases()}
    assert covered >= {
        "claude-code", "codex", "gemini-cli", "opencode", "kilo", "qwen-code", "cline", "continue-cli", "pi",
        "copilot-cli", "aider", "gptme", "mini-swe-agent",
        "cursor", "copilot-vscode", "windsurf", "roo-code", "kiro", "junie", "zed", "crush", "openhands", "goose",
        "amp", "warp", "amazon-q", "continue", "augment", "trae",
    }  # fmt: skip
