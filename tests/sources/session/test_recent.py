"""An audit that looks through recorded sessions: what was used in them, and what was not."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from ctxkit.model import CtxkitError
from ctxkit.service import AuditRequest, audit

CLAUDE_MD = """# House

## Build

Run `make bundle` and read `src/build/steps.py`.

## Release

Run `twine upload` from `scripts/release.sh`.

## Manners

Be brief.
"""


def line(number: int, kind: str, content: object, **more: object) -> str:
    message: dict[str, object] = {"role": kind, "content": content}
    if kind == "assistant":
        usage = {"input_tokens": 10, "cache_read_input_tokens": 20_000, "output_tokens": 5}
        message |= {"id": f"msg_{number}", "model": "claude-sonnet-4-5", "usage": usage}
    return json.dumps(
        {"type": kind, "uuid": f"u{number}", "parentUuid": f"u{number - 1}" if number else None, "isSidechain": False,
         "sessionId": "s", "version": "2.1.37", "timestamp": "2026-11-20T10:00:00Z", "message": message} | more
    )  # fmt: skip


def call(name: str, **arguments: object) -> list[dict[str, object]]:
    return [{"type": "tool_use", "id": f"t{len(str(arguments))}", "name": name, "input": arguments}]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CTXKIT_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "home" / "repo"
    root.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / "CLAUDE.md").write_text(CLAUDE_MD)
    for name in ("tidy", "draw"):
        skill = root / ".claude" / "skills" / name / "SKILL.md"
        skill.parent.mkdir(parents=True)
        skill.write_text(f"---\nname: {name}\ndescription: To {name} things.\n---\nDo.\n")
    return tmp_path / "home"


def record(home, name: str, *lines: str, cwd: str | None = None) -> str:
    root = str(home / "repo")
    folder = home / ".claude" / "projects" / re.sub(r"[^A-Za-z0-9]", "-", root)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    where = json.dumps(cwd or root)
    path.write_text("".join(text[:-1] + f', "cwd": {where}}}\n' for text in lines))
    return str(path)


def used(home, recent: int = 9):
    request = AuditRequest(str(home / "repo"), ("claude-code",), home=str(home), recent=recent)
    [agent] = audit(request).agents
    titles = {child.id: child.title for s in agent.context.segments for child in (s, *s.children)}
    return agent.use, {titles[identity]: use for identity, use in agent.use.by_id.items()}


def test_sections_skills_and_tools_by_their_use(home):
    record(
        home, "one",
        line(0, "user", "build it"),
        line(1, "assistant", call("Bash", command="make bundle && ls")),
        line(2, "assistant", call("Skill", skill="tidy")),
    )  # fmt: skip
    record(home, "two", line(0, "user", "look"), line(1, "assistant", call("Read", file_path="/x/src/build/steps.py")))
    use, by_title = used(home)
    assert (use.sessions, use.requests) == (2, 3)
    assert (by_title["## Build"].seen, by_title["## Release"].seen) == (2, 0)
    assert by_title["## Release"].unused
    assert by_title["## Manners"].looked_for == 0
    assert not by_title["## Manners"].unused
    assert (by_title["tidy"].seen, by_title["draw"].seen) == (1, 0)
    assert by_title["Bash"].seen == 1
    assert "make bundle" in by_title["## Build"].found


@pytest.mark.parametrize(("version", "told"), [("2.1.900", 1), ("1.0.3", 0)])
def test_built_in_tools_of_another_version_are_not_called_unused(home, version, told):
    record(
        home,
        "one",
        line(0, "user", "x", version=version),
        line(1, "assistant", call("Bash", command="make"), version=version),
    )
    _, by_title = used(home)
    assert by_title["Workflow"].looked_for == told
    assert by_title["## Build"].looked_for > 0


def test_what_a_piece_cost_is_its_tokens_in_every_request_at_the_recorded_prices(home):
    record(home, "one", line(0, "user", "x"), *(line(n, "assistant", call("Bash", command=f"ls {n}")) for n in (1, 2)))
    _, by_title = used(home)
    section = by_title["## Release"]
    # 20,010 tokens of input each, of which 20,000 cached: 10 at 3 $ and 20,000 at 0.30 $ a million.
    token = 2 * (10 * 3 + 20_000 * 0.3) / 1e6 / 20_010
    assert section.carried == 2 * (section.carried // 2) > 0
    assert section.paid == pytest.approx(section.carried / 2 * token)


def test_what_a_piece_cost_in_several_sessions_is_the_sum_of_what_it_cost_in_each(home):
    record(home, "one", line(0, "user", "x"), line(1, "assistant", call("Bash", command="ls")))
    _, alone = used(home)
    record(home, "two", line(0, "user", "x"), *(line(n, "assistant", call("Bash", command=f"ls {n}")) for n in (1, 2)))
    use, both = used(home)
    assert (use.sessions, use.requests) == (2, 3)
    assert both["## Release"].paid == pytest.approx(3 * alone["## Release"].paid)


def test_only_the_newest_sessions_of_this_repository_count(home):
    upload, make = (call("Bash", command=command) for command in ("twine upload x", "make bundle"))
    record(home, "old", line(0, "user", "x"), line(1, "assistant", upload, timestamp="2026-11-19T10:00:00Z"))
    record(home, "new", line(0, "user", "x"), line(1, "assistant", make, timestamp="2026-11-21T10:00:00Z"))
    record(home, "other", line(1, "assistant", call("Bash", command="twine upload")), cwd="/elsewhere")
    use, by_title = used(home, recent=1)
    assert use.sessions == 1
    assert by_title["## Release"].seen == 0
    assert used(home)[1]["## Release"].seen == 1


def test_sessions_that_cannot_be_read_are_left_out(home):
    path = record(home, "one", line(0, "user", "x"), line(1, "assistant", call("Bash", command="make bundle")))
    with open(path, "ab") as file:
        file.write(b'{"type": "assistant", "mess')
    (home / ".claude" / "projects" / "empty.jsonl").write_text("")
    use, by_title = used(home)
    assert use.sessions == 1
    assert by_title["## Build"].seen == 1


def test_without_sessions_nothing_is_called_unused(home):
    use, by_title = used(home)
    assert (use.sessions, by_title) == (0, {})
    request = AuditRequest(str(home / "repo"), ("claude-code",), home=str(home))
    assert audit(request).agents[0].use is None


def test_a_sessions_history_is_in_the_window(home):
    path = record(home, "one", line(0, "user", "Please build it."), line(1, "assistant", call("Bash", command="make")))
    request = AuditRequest(str(home / "repo"), ("claude-code", "codex"), home=str(home), session=path)
    found = {agent.context.agent: agent.context.segments for agent in audit(request).agents}
    [turn] = [segment for segment in found["claude-code"] if segment.category == "history"]
    assert turn.title == "turn 1: Please build it."
    assert [child.kind for child in turn.children] == ["prompt", "call"]
    assert turn.tokens.n == sum(child.tokens.n for child in turn.children) > 0
    assert not [segment for segment in found["codex"] if segment.category == "history"]


def test_a_session_of_an_agent_that_is_not_audited_is_refused(home):
    path = record(home, "one", line(0, "user", "x"), line(1, "assistant", call("Bash", command="make")))
    with pytest.raises(CtxkitError, match="which is not audited here"):
        audit(AuditRequest(str(home / "repo"), ("codex",), home=str(home), session=path))


def test_of_a_section_that_is_used_the_parts_that_are_not(home):
    (home / "repo" / "CLAUDE.md").write_text(
        "# Commands\n\nBuild with `make bundle`.\n\n- Ship with `twine upload`.\n- Be kind.\n\n```sh\nmake docs\n```\n"
    )
    record(home, "one", line(0, "user", "x"), line(1, "assistant", call("Bash", command="make bundle")))
    request = AuditRequest(str(home / "repo"), ("claude-code",), home=str(home), recent=3)
    [agent] = audit(request).agents
    [rule] = [s for s in agent.context.segments if s.path == "CLAUDE.md"]
    parts = agent.use.parts[rule.id]
    told = {part.title: agent.use.by_id[part.id] for part in parts}
    assert [title for title, use in told.items() if use.unused] == [
        "- Ship with `twine upload`.",
        "```sh make docs ```",
    ]
    assert told["- Be kind."].looked_for == 0
    assert told["Build with `make bundle`."].seen == 1
    data = (home / "repo" / "CLAUDE.md").read_bytes()
    assert [data[part.span.start : part.span.end].decode().strip() for part in parts][
        1
    ] == "- Ship with `twine upload`."
    assert sum(part.tokens.n for part in parts) < rule.tokens.n


def test_the_report_shows_them_dearest_first(home):
    from ctxkit.report.layout import Screen
    from ctxkit.report.text_use import use_text

    record(home, "one", line(0, "user", "x"), line(1, "assistant", call("Bash", command="make bundle")))
    request = AuditRequest(str(home / "repo"), ("claude-code",), home=str(home), recent=3)
    [agent] = audit(request).agents
    lines = list(use_text(agent, Screen(100), 50))
    assert lines[0].split() == ["No", "sign", "of", "use", "1", "session,", "1", "request"]
    shown = "\n".join(lines)
    assert "## Release (CLAUDE.md)" in shown
    assert "## Build" not in shown
    assert "Be brief" not in shown
