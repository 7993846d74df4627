"""``ctxkit diff`` on the command line: its three formats, and what is refused."""

import json
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from .conftest import Run

SCHEMA = Path(__file__).parents[2] / "rules" / "schema" / "diff.json"


@pytest.fixture
def committed(repository: Path) -> Path:
    """Two commits: the second has a longer CLAUDE.md."""

    identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid")

    def commit() -> None:
        for command in (["add", "-A"], [*identity, "commit", "-qm", "x"]):
            subprocess.run(["git", *command], cwd=repository, check=True)

    commit()
    with (repository / "CLAUDE.md").open("a", encoding="utf-8") as file:
        file.write("\n- One more rule | with a bar.\n" * 20)
    commit()
    return repository


def test_text_says_who_carries_what(ctxkit: Run, committed: Path) -> None:
    done = ctxkit("diff", "HEAD~1", "HEAD")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    assert text.startswith("HEAD~1 to HEAD")
    assert "    CLAUDE.md" in text
    assert "Claude Code carries " in text


def test_json_is_of_its_schema_and_adds_up(ctxkit: Run, committed: Path) -> None:
    data = json.loads(ctxkit("diff", "HEAD~1", "--format", "json").stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(data)
    assert (data["schema"], data["base"], data["head"]) == ("ctxkit/diff/1", "HEAD~1", None)
    [agent] = [agent for agent in data["agents"] if agent["agent"] == "claude-code"]
    assert agent["start"]["difference"] == agent["start"]["after"]["n"] - agent["start"]["before"]["n"] > 0
    assert agent["start"]["difference"] == sum(item["start"]["difference"] for item in agent["items"])
    assert agent["start"]["difference"] == sum(change["difference"] for change in agent["categories"].values())
    cost = agent["cost_per_100_turns"]
    assert cost["difference"] == pytest.approx(cost["after"] - cost["before"], abs=2e-6)
    assert cost["difference"] > 0


def test_markdown_is_a_comment_for_a_pull_request(ctxkit: Run, committed: Path) -> None:
    text = ctxkit("diff", "HEAD~1", "HEAD", "--format", "markdown").stdout.decode()
    assert text.startswith("## What agents load\n\nClaude Code carries ")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {8, 6, 5}
    assert text.count("<details>") == text.count("</details>") > 0


def test_a_head_that_is_a_directory_is_the_path(ctxkit: Run, committed: Path) -> None:
    inside = ctxkit("diff", "HEAD~1", "sub")
    assert inside.returncode == 0
    assert b"HEAD~1 to the work tree" in inside.stdout
    assert ctxkit("diff", "HEAD~1", "", "sub").stdout == inside.stdout


def test_another_directory_than_the_one_we_stand_in(ctxkit: Run, committed: Path, tmp_path: Path) -> None:
    here = ctxkit("diff", "HEAD~1", "HEAD", "--format", "json").stdout
    there = ctxkit("diff", "HEAD~1", "HEAD", str(committed), "--format", "json", cwd=tmp_path).stdout
    assert here == there


@pytest.mark.parametrize(
    "arguments",
    [
        ["diff"],
        ["diff", "nothing-of-the-kind"],
        ["diff", "--upload-pack=touch ran", "HEAD"],
        ["diff", "--", "--upload-pack=touch ran"],
        ["diff", "--", "-h"],
        ["diff", "HEAD", "--format", "sarif"],
        ["diff", "HEAD", "--agent", "nobody"],
        ["diff", "HEAD", "HEAD", "nowhere"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_refused_in_one_sentence(ctxkit: Run, committed: Path, arguments: list[str]) -> None:
    done = ctxkit(*arguments)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.startswith((b"error: ", b"Usage: "))
    assert b"Traceback" not in done.stderr
    assert not (committed / "ran").exists()


def test_a_repository_without_a_commit_says_so(ctxkit: Run) -> None:
    done = ctxkit("diff", "HEAD")
    assert done.returncode == 2
    assert b"no revision 'HEAD'" in done.stderr
