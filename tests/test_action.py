"""The GitHub Action: its scripts run here as a runner runs them, with inputs that mean harm."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
SCRIPTS = [step for step in STEPS if "run" in step]
EXPRESSION = re.compile(r"\$\{\{\s*inputs\.([a-z-]+)\s*\}\}")
BASH = shutil.which("bash")

needs_bash = pytest.mark.skipif(BASH is None or os.name == "nt", reason="runs the scripts with bash")


def test_no_script_holds_an_expression() -> None:
    assert SCRIPTS
    for step in SCRIPTS:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"


def test_every_input_is_used_and_none_that_is_not_declared() -> None:
    used = {name for step in STEPS for value in step.get("env", {}).values() for name in EXPRESSION.findall(value)}
    assert used == set(ACTION["inputs"])
    assert not EXPRESSION.search(str([step.get("with") for step in STEPS]))


def test_what_it_uses_is_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    for name in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", name)


def test_python_never_looks_into_the_checked_out_directory() -> None:
    for step in SCRIPTS:
        for line in step["run"].splitlines():
            assert " -m " not in line or " -I -m " in line


class Runner:
    """A runner's surroundings: a workspace, the files it reads back, and ctxkit where the action installs it."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "work space"
        self.temporary = folder / "temp"
        self.output, self.summary = folder / "output", folder / "summary"
        for path in (self.workspace, self.temporary / "ctxkit" / "venv" / "bin", folder / "home"):
            path.mkdir(parents=True)
        self.output.touch()
        self.summary.write_text("before\n")
        program = self.temporary / "ctxkit" / "venv" / "bin" / "ctxkit"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m ctxkit "$@"\n')
        program.chmod(0o755)
        kept = ("PATH", "SYSTEMROOT", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
        self.environment = {name: os.environ[name] for name in kept if name in os.environ} | {
            "HOME": str(folder / "home"),
            "CTXKIT_CACHE_DIR": str(folder / "cache"),
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "PYTHONPATH": str(ROOT),
        }
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid")
        subprocess.run(["git", "-C", str(self.workspace), *identity, *arguments], check=True, capture_output=True)

    def commit(self, **files: str) -> None:
        for name, text in files.items():
            (self.workspace / name.replace("_", ".")).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-qm", "x")

    def check(self, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the last script as the runner does: bash with -e, the inputs in the variables that the step names."""
        step = SCRIPTS[-1]
        values = {name: inputs.pop(name, settings["default"]) for name, settings in ACTION["inputs"].items()}
        assert not inputs
        env = {key: EXPRESSION.sub(lambda found: values[found[1]], value) for key, value in step["env"].items()}
        script = self.temporary / "script.sh"
        script.write_text(step["run"])
        command = [str(BASH), "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        return subprocess.run(
            command,
            cwd=self.workspace,
            env=self.environment | env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    made = Runner(tmp_path)
    made.commit(CLAUDE_md="# Rules\n\n- Run the tests.\n")
    return made


@needs_bash
def test_a_clean_repository_passes(runner: Runner) -> None:
    done = runner.check()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "exit-code=0\n" in runner.output.read_text()
    text = runner.summary.read_text()
    assert text.startswith("before\n## ")
    assert "Claude Code" in text


@needs_bash
def test_a_finding_fails_annotates_and_is_in_the_summary(runner: Runner) -> None:
    runner.commit(CLAUDE_md="# Rules\n\nText \u202e hidden.\n")
    done = runner.check(sarif="out.sarif")
    assert done.returncode == 1
    assert re.match(r"::(error|warning) file=CLAUDE\.md,line=3,", done.stdout)
    assert "exit-code=1\n" in runner.output.read_text()
    assert "invisible-text" in runner.summary.read_text()
    assert "invisible-text" in (runner.workspace / "out.sarif").read_text()


@needs_bash
def test_what_does_not_fail_it_does_not_fail(runner: Runner) -> None:
    runner.commit(CLAUDE_md="# Rules\n\nText \u202e hidden.\n")
    done = runner.check(**{"fail-on": "never"})
    assert done.returncode == 0
    assert "::" in done.stdout


@needs_bash
def test_a_base_puts_the_difference_first(runner: Runner) -> None:
    runner.commit(CLAUDE_md="# Rules\n\n- Run the tests.\n- Be brief.\n")
    assert runner.check(base="HEAD~1").returncode == 0
    text = runner.summary.read_text()
    assert text.index("more tokens in every request") < text.index("passed")


@needs_bash
def test_nothing_to_check_says_so(runner: Runner) -> None:
    (runner.workspace / "CLAUDE.md").unlink()
    done = runner.check()
    assert done.returncode == 3
    assert "No coding agent" in done.stderr
    assert runner.summary.read_text() == "before\n"


HOSTILE = (
    "$(touch {0}/ran)",
    "`touch {0}/ran`",
    '"; touch {0}/ran; "',
    "'; touch {0}/ran; '",
    "x\ntouch {0}/ran\n",
    "x\nexit-code=0\nevil=1",
    "::set-output name=x::y",
    "x\n::add-mask::y\n##[add-mask]y",
    "--output={0}/ran",
    "-o{0}/ran",
    "--upload-pack=touch {0}/ran",
    "${{IFS}}",
    "*",
    "{0}/ran && true",
)


@needs_bash
@pytest.mark.parametrize("text", HOSTILE)
def test_every_input_arrives_as_it_is_and_runs_nothing(runner: Runner, text: str) -> None:
    """With a program in place of ctxkit that writes down its arguments, each ended by a NUL."""
    program = runner.temporary / "ctxkit" / "venv" / "bin" / "ctxkit"
    program.write_text(
        f"#!/bin/sh\nprintf '%s\\0' \"$@\" NEXT >> '{runner.temporary}/told'\necho '::x::##[y]' >&2\n"
        'for word; do case $word in --output=*/summary.md.*) echo "a report" > "${word#--output=}" ;; esac; done\n'
    )
    hostile = text.format(runner.temporary)
    done = runner.check(**dict.fromkeys(ACTION["inputs"], hostile))
    assert (done.returncode, done.stdout) == (0, "")
    assert not re.search(r"::|##\[", done.stderr)
    assert not (runner.temporary / "ran").exists()
    keys = [line.partition("=")[0] for line in runner.output.read_text().splitlines()]
    assert keys == ["exit-code", "summary"]
    told = (runner.temporary / "told").read_text().split("\0")
    calls = [call.split("\0") for call in "\0".join(told).strip("\0").split("NEXT")]
    agents = [f"--agent={line}" for line in hostile.split("\n") if line]
    summary = f"{runner.temporary}/ctxkit/summary.md.part"
    check = ["check", *agents, f"--fail-on={hostile}", f"--persona={hostile}"]
    assert [[word for word in call if word] for call in calls if any(call)] == [
        [*check, "--format=github", "--", hostile],
        ["diff", *agents, "--format=markdown", f"--output={summary}", "--", hostile, hostile],
        [*check, "--format=markdown", f"--output={summary}", "--", hostile],
        [*check, "--format=sarif", f"--output={hostile}", "--", hostile],
    ]


@needs_bash
@pytest.mark.parametrize("name", ["path", "agents", "fail-on", "persona", "base"])
def test_ctxkit_takes_no_input_for_an_option(runner: Runner, name: str) -> None:
    done = runner.check(**{name: f"--output={runner.temporary}/ran"})
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert not (runner.temporary / "ran").exists()


@needs_bash
def test_text_of_the_repository_is_no_command(runner: Runner) -> None:
    runner.commit(CLAUDE_md="# ::stop-commands::x\n\n##[add-mask]y \u202e ::error::z\n\n::add-mask::q \u202e\n")
    (runner.workspace / ".claude" / "skills").mkdir(parents=True)
    (runner.workspace / ".claude" / "skills" / "::add-mask::x##[add-mask]").symlink_to("nowhere")
    done = runner.check()
    assert done.returncode == 1
    for line in done.stdout.splitlines():
        assert re.match(r"::(error|warning|notice) (file=|title=)", line)
    for line in done.stderr.splitlines():
        assert "::" not in line
        assert "##[" not in line
