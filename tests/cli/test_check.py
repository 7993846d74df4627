"""``ctxkit check``, ``baseline`` and ``init`` as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parents[2] / "rules" / "schema"
INVISIBLE = "Be \u200b\u2060\U000e0041\U000e0042 brief.\n"
BUDGET = 'budgets:\n  - {name: rules, agent: claude-code, category: rules, limit: "%s", message: Move it to docs/.}\n'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A small repository that is set up for Claude Code and Codex, with nothing to complain of."""
    root = tmp_path / "repository"
    (root / "src").mkdir(parents=True)
    (root / "CLAUDE.md").write_text("# Rules\n\nRun the tests before a commit.\n")
    (root / "AGENTS.md").write_text("# For others\n\nAnswer in English.\n")
    (root / "src" / "main.py").write_text("print(1)\n")
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True)
    return root


def valid(data: bytes, name: str) -> Any:
    value = json.loads(data)
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_bytes())).validate(value)
    return value


def test_a_repository_without_faults_passes_in_one_line(ctxkit, repository: Path) -> None:
    done = ctxkit("check")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"Passed: no findings at or above warning.\n"


def test_a_finding_fails_and_the_next_steps_are_said(ctxkit, repository: Path) -> None:
    (repository / "CLAUDE.md").write_text(INVISIBLE, encoding="utf-8")
    done = ctxkit("check")
    said = done.stdout.decode()
    assert done.returncode == 1
    assert "CLAUDE.md:1  invisible-text" in said.replace(" · ", " ") or "CLAUDE.md:1" in said
    assert "Failed: 1 finding at or above warning." in said
    assert "ctxkit explain invisible-text" in said
    assert "ctxkit baseline --update" in said
    assert ctxkit("check", "--fail-on", "never").returncode == 0


@pytest.mark.parametrize(("limit", "code", "said"), [("1", 1, "over"), ("100k", 0, "ok"), ("0.001 %", 1, "over")])
def test_budgets(ctxkit, repository: Path, limit: str, code: int, said: str) -> None:
    (repository / ".ctxkit.yaml").write_text(BUDGET % limit)
    done = ctxkit("check", "--fail-on", "never")
    text = done.stdout.decode()
    assert done.returncode == code
    assert f"  {said}  ~" in text, "an estimate is marked as one"
    assert "(±" in text
    assert ("Move it to docs/." in text) is (code == 1)
    assert ("CLAUDE.md" in text) is (code == 1), "what weighs most"


def test_a_budget_that_matches_nothing_fails(ctxkit, repository: Path) -> None:
    (repository / ".ctxkit.yaml").write_text('budgets: [{name: gone, limit: 1k, path: "gone/**"}]\n')
    done = ctxkit("check")
    assert done.returncode == 1
    assert b"1 budget matches nothing" in done.stdout


def test_exit_codes(ctxkit, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert ctxkit("check", str(tmp_path / "empty")).returncode == 3
    assert ctxkit("check", str(tmp_path / "none")).returncode == 2
    assert ctxkit("check", "--fail-on", "warnings").returncode == 2
    assert ctxkit("check", "--format", "yaml").returncode == 2
    assert ctxkit("check", "--agent", "none").returncode == 2
    assert ctxkit("check", "--persona", "none").returncode == 2
    (repository / ".ctxkit.yaml").write_text("fail_on: error\n")
    for command in (("check",), ("audit",), ("baseline",), ("init",)):
        done = ctxkit(*command)
        assert done.returncode == 2
        assert not done.stdout
    done = ctxkit("check")
    assert b".ctxkit.yaml:1: fail_on: unknown key 'fail_on' (did you mean 'fail-on'?)" in done.stderr


def test_configuration_counts_for_an_audit_too(ctxkit, repository: Path) -> None:
    (repository / "CLAUDE.md").write_text(INVISIBLE, encoding="utf-8")
    (repository / ".ctxkit.yaml").write_text(
        "agents: [claude-code]\nignore: [{rule: invisible-text, paths: [CLAUDE.md], reason: a sample}]\n"
    )
    (repository / "pyproject.toml").write_text("[tool.ctxkit]\nagents = ['codex']\n")
    done = ctxkit("audit", "--format", "json")
    found = valid(done.stdout, "audit")
    assert done.stderr == b"note: .ctxkit.yaml counts; [tool.ctxkit] in pyproject.toml is passed over.\n"
    assert [agent["agent"] for agent in found["agents"]] == ["claude-code"]
    assert [(item["by"], item["reason"]) for item in found["suppressed"]] == [("configuration", "a sample")]
    assert found["findings"] == []


def test_the_score_is_the_same_whatever_is_not_shown(ctxkit, repository: Path) -> None:
    (repository / "CLAUDE.md").write_text(("Run the tests before every single commit you make here.\n\n" * 9), "utf-8")
    before = json.loads(ctxkit("audit", "--format", "json").stdout)
    assert before["findings"], "there is something to leave out"
    rules = {item["rule"] for item in before["findings"]}
    (repository / ".ctxkit.yaml").write_text(
        "detectors:\n" + "".join(f"  {rule}: {{enabled: false}}\n" for rule in rules)
    )
    after = json.loads(ctxkit("audit", "--format", "json").stdout)
    assert not {item["rule"] for item in after["findings"]} & rules
    assert after["score"] == before["score"]


@pytest.mark.parametrize("name", ["text", "json", "markdown", "github", "sarif"])
def test_formats(ctxkit, repository: Path, tmp_path: Path, name: str) -> None:
    (repository / "CLAUDE.md").write_text(INVISIBLE, encoding="utf-8")
    (repository / ".ctxkit.yaml").write_text(BUDGET % "1")
    done = ctxkit("check", "--format", name)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"invisible-text" in done.stdout
    assert "\u200b" not in done.stdout.decode()
    target = tmp_path / "report"
    again = ctxkit("check", "--format", name, "-o", str(target))
    assert (again.returncode, again.stdout) == (1, b"")
    assert target.read_bytes() == done.stdout


def test_json(ctxkit, repository: Path) -> None:
    (repository / "CLAUDE.md").write_text(
        f"{INVISIBLE}\n<!-- ctxkit: ignore[invisible-text] a sample -->\n{INVISIBLE}"
        f"\n<!-- ctxkit: ignore[invisible-text] old until 2020-01-01 -->\n{INVISIBLE}",
        encoding="utf-8",
    )
    found = valid(ctxkit("check", "--format", "json").stdout, "check")
    assert not found["passed"]
    assert found["failing"] == len([item for item in found["findings"] if item["severity"] != "note"])
    assert [(item["by"], item["reason"]) for item in found["suppressed"]] == [("comment", "a sample")]
    assert "2020-01-01, which is over" in found["expired"][0]


def test_the_ratchet(ctxkit, repository: Path) -> None:
    text = "Run the tests before every single commit you make here.\n\n"
    (repository / "CLAUDE.md").write_text(text * 3, encoding="utf-8")
    (repository / ".ctxkit.yaml").write_text(BUDGET % "110")
    assert ctxkit("check").returncode == 1

    shown = ctxkit("baseline")
    assert shown.returncode == 0
    assert b"Not in it" in shown.stdout
    assert b"Nothing was written." in shown.stdout
    assert not (repository / ".ctxkit-baseline.json").exists()

    assert b"Wrote .ctxkit-baseline.json" in ctxkit("baseline", "--update").stdout
    written = (repository / ".ctxkit-baseline.json").read_bytes()
    valid(written, "baseline")
    assert ctxkit("check").returncode == 0
    assert b"nothing to change" in ctxkit("baseline", "--update").stdout

    (repository / "CLAUDE.md").write_text("A line above.\n\n" + text * 3, encoding="utf-8")
    assert ctxkit("check").returncode == 0, "lines have moved"
    (repository / "CLAUDE.md").write_text(text * 30, encoding="utf-8")
    grown = ctxkit("check")
    assert grown.returncode == 1
    assert b"grown by" in grown.stdout

    (repository / "CLAUDE.md").write_text("Short.\n", encoding="utf-8")
    better = ctxkit("check")
    assert better.returncode == 0
    assert b"resolved" in better.stdout
    assert b"ctxkit baseline --update" in better.stdout
    assert (repository / ".ctxkit-baseline.json").read_bytes() == written, "never written by itself"
    report = valid(ctxkit("baseline", "--update", "--format", "json").stdout, "baseline-report")
    assert report["written"]
    assert report["difference"]["resolved"]
    assert len((repository / ".ctxkit-baseline.json").read_bytes()) < len(written)


def test_a_baseline_elsewhere(ctxkit, repository: Path) -> None:
    (repository / "CLAUDE.md").write_text(INVISIBLE, encoding="utf-8")
    done = ctxkit("check", "--baseline", "ci.json")
    assert done.returncode == 2
    assert b"ci.json does not exist" in done.stderr
    assert ctxkit("baseline", "--baseline", "ci.json", "--update").returncode == 0
    assert ctxkit("check", "--baseline", "ci.json").returncode == 0
    assert ctxkit("check").returncode == 1
    (repository / ".ctxkit.yaml").write_text("baseline: ci.json\n")
    assert ctxkit("check").returncode == 0


def test_a_baseline_that_cannot_be_written_leaves_nothing(ctxkit, repository: Path) -> None:
    (repository / "CLAUDE.md").write_text(INVISIBLE, encoding="utf-8")
    (repository / "file").write_text("x")
    done = ctxkit("baseline", "--update", "--baseline", "file/base.json")
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        repository.chmod(0o555)
        try:
            done = ctxkit("baseline", "--update")
            assert done.returncode == 2
            assert b"Cannot write" in done.stderr
        finally:
            repository.chmod(0o755)
    assert not list(repository.glob("*baseline*"))


def test_init_writes_what_passes_and_never_again(ctxkit, repository: Path) -> None:
    done = ctxkit("init")
    assert done.returncode == 0
    text = (repository / ".ctxkit.yaml").read_text()
    assert "agents: [claude-code, codex]" in text
    assert text.count("limit:") == 2
    check = ctxkit("check")
    assert check.returncode == 0
    assert b"2 budgets kept" in check.stdout
    uncommented = "\n".join(
        line.removeprefix("# ") if line[:3] in ("# i", "# d") or line.startswith("#   ") else line
        for line in text.splitlines()
        if "<!--" not in line
    )
    (repository / ".ctxkit.yaml").write_text(uncommented)
    assert ctxkit("check").returncode == 0, "the examples in it are valid too"
    (repository / ".ctxkit.yaml").write_text("agents: [codex]\n")
    again = ctxkit("init")
    assert again.returncode == 2
    assert (repository / ".ctxkit.yaml").read_text() == "agents: [codex]\n"


def test_init_does_not_add_to_a_pyproject_that_configures_it(ctxkit, repository: Path) -> None:
    (repository / "pyproject.toml").write_text("[tool.ctxkit]\nfail-on = 'error'\n")
    done = ctxkit("init")
    assert done.returncode == 2
    assert b"pyproject.toml configures ctxkit already" in done.stderr
    assert not (repository / ".ctxkit.yaml").exists()


def test_init_prints_a_hook(ctxkit, repository: Path) -> None:
    import yaml

    done = ctxkit("init", "--pre-commit")
    (hook,) = yaml.safe_load(done.stdout)["repos"][0]["hooks"]
    (shipped,) = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    assert {key: hook[key] for key in ("id", "entry", "language", "pass_filenames", "always_run")} == {
        key: shipped[key] for key in ("id", "entry", "language", "pass_filenames", "always_run")
    }
    assert not (repository / ".ctxkit.yaml").exists()


PROBE = """
import sys
from ctxkit.cli.app import run
code = run(['check'])
sys.stdout.flush()
print('\\n'.join(sys.modules), file=sys.stderr)
sys.exit(code)
"""
HEAVY = {"textual", "litellm", "aiohttp", "pydantic", "mcp", "rich", "httpx", "asyncio", "tree_sitter", "splintr"}
COLD_ONLY = {"yaml", "tiktoken", "re2", "sqlite3", "typer", "click", "msgspec", "dataclasses", "hashlib", "tomllib"}


def test_a_check_imports_nothing_heavy_and_a_repeated_one_next_to_nothing(repository: Path, tmp_path: Path) -> None:
    (repository / ".ctxkit.yaml").write_text(BUDGET % "100k")
    env = {
        **os.environ,
        "CTXKIT_CACHE_DIR": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
        "CTXKIT_ENGINE": "tiktoken",
    }

    def probe() -> tuple[bytes, set[str]]:
        done = subprocess.run([sys.executable, "-c", PROBE], cwd=repository, env=env, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout, {name.partition(".")[0] for name in done.stderr.decode().split()}

    said, cold = probe()
    assert {"yaml", "msgspec"} <= cold, "the probe sees imports"
    assert not cold & HEAVY
    for _ in range(4):  # what has just been written is not believed for two seconds
        time.sleep(0.8)
        again, warm = probe()
        assert again == said
    assert not warm & (HEAVY | COLD_ONLY)


def test_plain_and_parsed_command_lines_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from ctxkit.cli import check
    from ctxkit.cli.commands import invoke
    from ctxkit.cli.plain import check_arguments

    seen: list[tuple[Any, ...]] = []
    names = ("path", "agent", "fail_on", "persona", "baseline", "format", "output")

    def note(*values: Any) -> int:
        seen.append(tuple(map(repr, (values[0], tuple(values[1]), *values[2:]))))
        return 0

    monkeypatch.setattr(check, "run_check", note)
    for line in (
        ["check"],
        ["check", "x"],
        ["check", "--agent", "a", "--agent=b", "x", "--fail-on", "never"],
        ["check", "--persona", "auditor", "--baseline=b.json", "--format", "json", "-o", "out"],
    ):
        plain = check_arguments(line)
        assert plain is not None
        note(*(plain[name] for name in names))  # type: ignore[literal-required]
        assert invoke(line) == 0
        assert seen[-1] == seen[-2]
    for line in (["check", "a", "b"], ["check", "--help"], ["check", "--nope", "1"], ["audit"], ["check", "-o"]):
        assert check_arguments(line) is None
