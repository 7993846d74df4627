"""The configuration: where it is looked for, what it may say, what is said of its faults."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ctxkit.config import Known, matching, read_config
from ctxkit.model import ConfigError
from ctxkit.model.finding import Persona, Severity
from ctxkit.sources.configured import Configured, configured

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KNOWN = Known(("claude-code", "codex"), {"stale-path": ("rows", "drawn"), "buried-rule": ()})

WHOLE = """
agents: [claude-code, codex@1.2]
model: gpt-5
persona: pedantic
fail-on: never
baseline: ci/baseline.json
detectors:
  stale-path: {enabled: false, severity: note, rows: 7}
ignore:
  - {rule: stale-path, paths: [docs/**], reason: old, until: 2027-01-31}
  - rule: buried-rule
    reason: "it is fine"
    until: "2027-01-31"
budgets:
  - {name: all, limit: 20k}
  - {name: rules, limit: "2 %", agent: codex, category: rules, activation: later, path: "*.md", warn-at: 0.5}
"""


def test_everything_that_may_be_said() -> None:
    config = read_config(WHOLE.encode(), ".ctxkit.yaml", KNOWN)
    assert config is not None
    assert (config.agents, config.model, config.persona) == (("claude-code", "codex@1.2"), "gpt-5", Persona.PEDANTIC)
    assert config.set_up["stale-path"].severity is Severity.NOTE
    assert config.set_up["stale-path"].limits == {"rows": 7.0}
    assert not config.set_up["stale-path"].enabled
    assert config.ignore[0].until == config.ignore[1].until
    assert config.ignore[1].paths == ("**",)
    assert config.budgets[1].warn_at == 0.5


def test_the_same_in_toml() -> None:
    text = """
[tool.other]
x = 1
[tool.ctxkit]
agents = ["codex"]
fail-on = "error"
[tool.ctxkit.detectors.stale-path]
rows = 3
[[tool.ctxkit.budgets]]
name = "all"
limit = "$0.02/turn"
[[tool.ctxkit.ignore]]
rule = "stale-path"
reason = "old"
until = 2027-01-31
"""
    config = read_config(text.encode(), "pyproject.toml", KNOWN)
    assert config is not None
    assert config.agents == ("codex",)
    assert config.budgets[0].limit == "$0.02/turn"
    assert config.ignore[0].until is not None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("agent: [codex]", "c.yaml:1: agent: unknown key 'agent' (did you mean 'agents'?)"),
        ("\n\nfail_on: error", "c.yaml:3: fail_on: unknown key 'fail_on' (did you mean 'fail-on'?)"),
        ("fail-on: warnings", "c.yaml:1: fail-on: 'warnings' is none of its values (did you mean 'warning'?)"),
        ("agents: codex", "c.yaml:1: agents: a list is expected here, not a text"),
        ("agents:\n  - codex\n  - claud-code", "c.yaml:3: agents.1: no agent is called 'claud-code' (did you mean"),
        ("agents: [3]", "agents.0: a text is expected here, not a number"),
        ("detectors: {stale-pth: {}}", "no detector is called 'stale-pth' (did you mean 'stale-path'?)"),
        ("detectors:\n  stale-path:\n    row: 3", "c.yaml:3: detectors.stale-path.row: stale-path has no threshold"),
        ("detectors: {stale-path: {rows: many}}", "a number from 0 on is expected here, not a text"),
        ("detectors: {stale-path: {rows: -1}}", "a number from 0 on is expected"),
        ("detectors: {stale-path: {rows: true}}", "a number from 0 on is expected"),
        ("detectors: {stale-path: {enabled: 1}}", "true or false is expected here, not a number"),
        ("detectors: {stale-path: {enabled: no}}", "true or false is expected here, not a text"),
        ("detectors: {stale-path: {severity: bad}}", "'bad' is none of its values"),
        ("detectors: {stale-path: 3}", "a map is expected here, not a number"),
        ("ignore: [{rule: stale-path}]", "the key 'reason' is missing"),
        ("ignore: [{rule: stale-path, reason: ' '}]", "the text is empty"),
        ("ignore: [{rule: x, reason: y}]", "ignore.0.rule: no detector is called 'x'"),
        ("ignore: [{rule: stale-path, reason: y, until: tomorrow}]", "'tomorrow' is no date (write it as 2027-01-31)"),
        ("ignore: [{rule: stale-path, reason: y, until: 2027-02-30}]", "cannot be read"),
        ("budgets: [{name: a}]", "the key 'limit' is missing"),
        ("budgets: [{name: a, limit: 4 apples}]", "'4 apples' is not of the form it must have (For example"),
        ("budgets: [{name: a, limit: 4000}]", "a text is expected here, not a number (For example"),
        ("budgets: [{name: a, limit: 4k}, {name: a, limit: 5k}]", "budgets.1.name: budget 0 has the name 'a' too"),
        ("budgets: [{name: a, limit: 4k, warn-at: 90}]", "90 is out of range (above 0, at most 1)"),
        ("budgets: [{name: a, limit: 4k, agent: cody}]", "no agent is called 'cody'"),
        ("budgets: [{name: a, limit: 4k, categry: rules}]", "unknown key 'categry' (did you mean 'category'?)"),
        ("budgets: [{name: a, limit: 4k, warn-at: .nan}]", "nan is no number"),
        ("fail-on: error\n\nfail-on: never\n", "c.yaml:3: fail-on: the key stands here twice"),
        ("budgets:\n- name: a\n  limit: 1k\n  limit: 9k\n", "c.yaml:4: budgets.0.limit: the key stands here twice"),
        ("detectors: {stale-path: {rows: 1}, stale-path: {}}", "detectors.stale-path: the key stands here twice"),
        ("[1, 2]", "c.yaml holds a list where a map is expected"),
        ("a: [", "c.yaml is not valid YAML: line"),
        ("&a [*a]", "c.yaml is not valid YAML"),
        ("agents: !!python/object:os.system x", "c.yaml is not valid YAML"),
    ],
)
def test_each_fault_is_named_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(text.encode(), "c.yaml", KNOWN)
    assert told in caught.value.message
    assert caught.value.exit_code == 2
    assert caught.value.hint


def test_an_alias_is_no_key_that_stands_twice() -> None:
    budgets = b"budgets:\n- &a {name: a, limit: 1k}\n- {<<: *a, name: b}\n"
    ignore = b"ignore:\n- {rule: stale-path, reason: y, paths: &p [a]}\n- {rule: buried-rule, reason: y, paths: *p}\n"
    config = read_config(budgets + ignore, "c.yaml", KNOWN)
    assert config is not None
    assert [budget.name for budget in config.budgets] == ["a", "b"]


def test_all_faults_are_told_at_once_in_order() -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(b"persona: me\nbudgets:\n- name: x\nnothing: 1\n", "c.yaml", KNOWN)
    places = [part.split(": ")[0] for part in caught.value.message.split("; ")]
    assert places == ["c.yaml:1", "c.yaml:3", "c.yaml:4"]


def test_faults_in_toml_have_the_lines_of_the_file() -> None:
    own = '[tool.ctxkit]\nagents = ["codex"]\nfail_on = "error"\n[[tool.ctxkit.budgets]]\nlimit = "1k"\n'
    text = f'[project]\nname = "x"\n\n{own}'
    with pytest.raises(ConfigError) as caught:
        read_config(text.encode(), "pyproject.toml", KNOWN)
    assert "pyproject.toml:6: fail_on: unknown key" in caught.value.message
    assert "pyproject.toml:7: budgets.0: the key 'name' is missing" in caught.value.message


@pytest.mark.parametrize("text", ["", "[project]\nname = 'ctxkit'\n", "# ctxkit\n[tool.black]\n"])
def test_a_pyproject_that_says_nothing_is_none(text: str) -> None:
    assert read_config(text.encode(), "pyproject.toml", KNOWN) is None


def test_patterns_start_where_the_configuration_is() -> None:
    assert matching(["/sub/*.md"], "sub")("A.md")
    assert not matching(["/*.md"], "sub")("A.md")
    assert matching(["**", "!docs/"], "")("A.md")


def look(root: Path, top: Path | None = None) -> Configured:
    return configured(str(root), str(top) if top else None, lambda: KNOWN)


def test_the_nearest_one_counts(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / ".ctxkit.yaml").write_text("persona: auditor\nbaseline: x/base.json\n")
    assert look(deep).file == "", "above the top of the repository nothing counts"
    found = look(deep, tmp_path)
    assert (found.file, found.prefix, found.config.persona) == ("../../.ctxkit.yaml", "a/b", Persona.AUDITOR)
    assert found.baseline == str(tmp_path / "x" / "base.json")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.ctxkit]\npersona = 'pedantic'\n")
    found = look(deep, tmp_path)
    assert (found.file, found.prefix) == ("../pyproject.toml", "b")
    assert found.baseline == str(deep / ".ctxkit-baseline.json")


def test_the_file_of_its_own_wins_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ctxkit]\npersona = 'auditor'\n")
    assert look(tmp_path).config.persona is Persona.AUDITOR
    (tmp_path / ".ctxkit.yaml").write_text("")
    found = look(tmp_path)
    assert found.config.persona is Persona.REGULAR
    assert found.notes == (".ctxkit.yaml counts; [tool.ctxkit] in pyproject.toml is passed over.",)


def test_a_project_that_speaks_of_other_things_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'a'\n[tool.x]\ny = [[[[\n")
    assert look(tmp_path).file == "", "whether it is valid is not ours to say"


def directory(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def conflict(path: Path) -> None:
    path.write_text("<<<<<<< HEAD\npersona: regular\n=======\npersona: auditor\n>>>>>>> b\n")


def huge(path: Path) -> None:
    path.write_bytes(b"#" * (5 << 20))


@pytest.mark.skipif(os.name == "nt", reason="makes links and pipes")
@pytest.mark.parametrize("name", [".ctxkit.yaml", ".ctxkit-baseline.json"])
@pytest.mark.parametrize(
    ("make", "told"),
    [
        (directory, "is a directory"),
        (loop, "symbolic link"),
        (dangling, "is a link to a file that does not exist"),
        (pipe, "is no regular file"),
        (conflict, "line "),
        (huge, "has more than 4,194,304 bytes"),
    ],
)
def test_what_cannot_be_read_is_an_error_and_never_waits(
    tmp_path: Path, name: str, make: Callable[[Path], None], told: str
) -> None:
    make(tmp_path / name)
    with pytest.raises(ConfigError) as caught:
        look(tmp_path)
    assert told in caught.value.message
    assert name in caught.value.message
    assert caught.value.hint


def test_what_may_not_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".ctxkit.yaml").write_text("")
    real = os.open

    def refused(path: str, *rest: int) -> int:
        if str(path).endswith(".ctxkit.yaml"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *rest)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(ConfigError, match=r"\.ctxkit\.yaml cannot be read: permission denied"):
        look(tmp_path)
