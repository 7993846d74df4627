"""The command line as its users meet it: real processes, exit codes, messages."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

SCHEMA = json.loads((Path(__file__).parents[2] / "rules" / "schema" / "audit.json").read_text(encoding="utf-8"))


def test_version_and_help(ctxkit) -> None:
    assert re.fullmatch(rb"ctxkit \d+\.\d+\.\d+\r?\n", ctxkit("--version").stdout)
    for arguments in (["--help"], ["audit", "-h"], ["agents", "--help"], ["models", "--help"], ["schema", "--help"]):
        done = ctxkit(*arguments)
        assert done.returncode == 0
        assert done.stdout.startswith(b"Usage: ctxkit")
        assert not done.stderr


def test_no_command_shows_help_on_stderr(ctxkit) -> None:
    done = ctxkit()
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Commands:" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["audti"], "No command is called 'audti'.", "Did you mean audit?"),
        (["audit", "--agnet", "codex"], "No such option '--agnet'.", "ctxkit audit --help"),
        (["audit", "--top", "many"], "Invalid value for '--top'", "ctxkit audit --help"),
        (["audit", "--top", "0"], "Invalid value for '--top'", "ctxkit audit --help"),
        (["audit", "--format", "jsn"], "No format is called 'jsn'.", "Did you mean json?"),
        (["audit", "--agent", "claude-cod"], "claude-cod", "claude-code"),
        (["audit", "--agent", "codex", "--model", "gpt-5.l"], "gpt-5.l", "gpt-5"),
        (["audit", "no-such-directory"], "no-such-directory", ""),
        (["audit", "CLAUDE.md"], "CLAUDE.md", ""),
        (["audit", "--home", "nowhere"], "nowhere", ""),
        (["audit", "a", "b"], "unexpected extra argument", "ctxkit audit --help"),
        (["audit", "-o", "no/such/directory/report.txt"], "Cannot write no/such/directory/report.txt", ""),
        (["audit", "-o", "src"], "Cannot write src", ""),
        (["agents", "codx"], "codx", "codex"),
        (["agents", "--format", "yaml"], "No format is called 'yaml'.", "text, json"),
        (["models", "claude-sonet-4-5"], "claude-sonet-4-5", "claude-sonnet-4-5"),
        (["schema", "audti"], "No schema is called 'audti'.", "audit"),
    ],
)
def test_usage_errors_exit_2_and_say_what_to_do(ctxkit, arguments: list[str], message: str, hint: str) -> None:
    done = ctxkit(*arguments)
    error = done.stderr.decode()
    assert done.returncode == 2, error
    assert done.stdout == b""
    assert error.startswith("error: ")
    assert message in error
    assert hint in error
    assert "Traceback" not in error


def test_nothing_to_audit_exits_3(ctxkit, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = ctxkit("audit", cwd=empty)
    assert done.returncode == 3
    assert b"--agent" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no directory that somebody stands in")
@pytest.mark.parametrize("command", ["check", "audit", "agents"])
def test_a_working_directory_that_is_gone(tmp_path: Path, command: str) -> None:
    (tmp_path / "gone").mkdir()
    code = "import os, sys; from ctxkit.cli.app import run; os.rmdir(os.getcwd()); sys.exit(run([sys.argv[1]]))"
    done = subprocess.run(
        [sys.executable, "-c", code, command], cwd=tmp_path / "gone", capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "The working directory is not there any more" in done.stderr


def test_an_internal_error_exits_4_with_one_sentence(ctxkit, tmp_path: Path) -> None:
    code = (
        "import sys, ctxkit.service\n"
        "def broken(*_): raise ZeroDivisionError('by zero')\n"
        "ctxkit.service.audit = broken\n"
        "from ctxkit.cli.app import run\n"
        "sys.exit(run(['audit', '--agent', 'codex']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 4
    assert done.stderr.splitlines()[0] == "error: internal error: ZeroDivisionError: by zero"
    assert "CTXKIT_DEBUG=1" in done.stderr
    assert "Traceback" not in done.stderr
    debug = {**os.environ, "CTXKIT_DEBUG": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=debug, check=False
    )
    assert "Traceback" in done.stderr


def test_audit_in_text(ctxkit) -> None:
    done = ctxkit("audit", "--agent", "claude-code")
    text = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert text.startswith("Claude Code ")
    assert "Before your first word: ~" in text
    assert "CLAUDE.md" in text
    assert "## Commands" in text
    assert "sub/CLAUDE.md" in text
    assert "src/日本語.py" in text
    assert "\x1b" not in text
    assert "\r" not in text.replace("\r\n", "\n")
    assert done.stderr == b""
    assert max(map(len, text.splitlines())) <= 80


def test_audit_of_all_agents_the_repository_is_set_up_for(ctxkit) -> None:
    text = ctxkit("audit").stdout.decode()
    assert re.match(r"\d+ agents ", text)
    assert "Claude Code" in text
    assert "Codex CLI" in text
    assert "Next: ctxkit audit --agent " in text


def test_audit_in_json(ctxkit, repository: Path) -> None:
    done = ctxkit("audit", "--agent", "claude-code", "--agent", "codex", "--format", "json", "--touch", "sub/x.py")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    Draft202012Validator(SCHEMA).validate(report)
    assert [agent["agent"] for agent in report["agents"]] == ["claude-code", "codex"]
    assert str(repository).encode() not in done.stdout
    rules = {i["path"]: i for i in report["agents"][0]["items"] if i["category"] == "rules"}
    assert rules["CLAUDE.md"]["loaded"]
    assert rules["sub/CLAUDE.md"]["after_touch"]
    again = ctxkit("audit", "--agent", "claude-code", "--agent", "codex", "--format", "json", "--touch", "sub/x.py")
    assert again.stdout == done.stdout


def test_output_goes_to_a_file_at_once(ctxkit, repository: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")
    target.chmod(0o600)
    done = ctxkit("audit", "--agent", "codex", "--format", "json", "-o", str(target), FORCE_COLOR="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert json.loads(target.read_text(encoding="utf-8"))["schema"] == "ctxkit/audit/1"
    assert target.stat().st_mode & 0o777 == 0o600 or os.name == "nt"
    assert [path.name for path in tmp_path.glob(".report*")] == []
    ctxkit("audit", "--agent", "codex", "-o", "report.txt", FORCE_COLOR="1")
    assert "\x1b" not in (repository / "report.txt").read_text(encoding="utf-8")


def test_a_failed_write_leaves_the_old_file(ctxkit, repository: Path) -> None:
    target = repository / "report.json"
    target.write_text("old")
    assert ctxkit("audit", "--agent", "no-such-agent", "-o", "report.json").returncode == 2
    assert target.read_text() == "old"


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colour(ctxkit, env: dict[str, str], coloured: bool) -> None:
    assert (b"\x1b[" in ctxkit("audit", "--agent", "codex", **env).stdout) == coloured


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_poor_encodings_get_ascii_drawings_and_escaped_names(ctxkit, encoding: str) -> None:
    done = ctxkit("audit", "--agent", "codex", PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode(encoding)
    assert "\n  ##  system" in text
    assert "src/\\u65e5\\u672c\\u8a9e.py" in text


@pytest.mark.parametrize("env", [{"LANG": "C"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}])
def test_the_c_locale(ctxkit, env: dict[str, str]) -> None:
    done = ctxkit("audit", "--agent", "codex", **env)
    assert done.returncode == 0, done.stderr
    assert b"Codex CLI" in done.stdout


@pytest.mark.parametrize(("columns", "widest"), [("40", 40), ("60", 60), ("100", 100), ("400", 120), ("nonsense", 80)])
def test_columns(ctxkit, columns: str, widest: int) -> None:
    lines = ctxkit("audit", "--agent", "claude-code", COLUMNS=columns).stdout.decode().splitlines()
    assert max(map(len, lines)) <= max(widest, 56)


@pytest.mark.skipif(os.name == "nt", reason="no pipes of this kind")
def test_a_reader_that_leaves_early_is_no_error(ctxkit, repository: Path, tmp_path: Path) -> None:
    for number in range(3_000):
        (repository / "src" / f"file{number}.txt").write_text("x")
    command = f"{sys.executable} -m ctxkit audit --agent codex --format json; echo $? >&2"
    env = {**os.environ, "HOME": str(tmp_path / "home")}
    done = subprocess.run(
        ["sh", "-c", f"( {command} ) | head -c 10"], cwd=repository, env=env, capture_output=True, check=False
    )
    assert done.stderr == b"0\n"


@pytest.mark.skipif(os.name == "nt", reason="no pipes of this kind")
@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["audit", "--agent", "codex"], ["agents"], ["schema"]]
)
def test_a_reader_that_has_left_before_is_no_error(repository: Path, tmp_path: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "ctxkit", *arguments],
            cwd=repository, env={**os.environ, "HOME": str(tmp_path / "home")}, stdout=writing,
            stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_agents(ctxkit) -> None:
    text = ctxkit("agents").stdout.decode()
    assert "claude-code" in text
    facts = ctxkit("agents", "claude-code").stdout.decode()
    assert facts.startswith("Claude Code (claude-code)")
    assert ".claude/rules/" in facts
    listed = json.loads(ctxkit("agents", "--format", "json").stdout)
    assert listed["schema"] == "ctxkit/agents/1"
    assert {a["id"]: a["set_up"] for a in listed["agents"]}["claude-code"] is True


def test_models(ctxkit) -> None:
    assert "claude-sonnet-4-5" in ctxkit("models").stdout.decode()
    assert ctxkit("models", "claude-sonnet-4-5").stdout.decode().startswith("claude-sonnet-4-5")
    (model,) = json.loads(ctxkit("models", "claude-sonnet-4-5", "--format", "json").stdout)["models"]
    assert model["window"] > 0
    assert model["error"] > 0


def test_schema(ctxkit) -> None:
    assert {"agent", "audit", "models", "tools-lock"} <= set(ctxkit("schema").stdout.decode().split())
    assert json.loads(ctxkit("schema", "audit").stdout) == SCHEMA
