"""The audit end to end: one repository, several agents, and repositories that mean harm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ctxkit.model import Activation, Category, CtxkitError, NothingToAuditError, UnknownNameError
from ctxkit.service import AuditRequest, audit

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setenv("CTXKIT_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "home" / "project"
    root.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    write(root, "CLAUDE.md", "# Rules\n\nUse tabs.\n\n## Tests\n\nRun pytest.\n\n@docs/more.md\n")
    write(root, "docs/more.md", "More, and ünïcode.\n")
    write(root, "sub/CLAUDE.md", "Below.\n")
    write(root, "sub/code.py", "print(1)\n")
    write(root, "secret/key.txt", "hush\n")
    write(root, ".cursorignore", "secret/\n")
    write(root, ".cursor/rules/a.mdc", "---\nglobs: *.py\n---\nPython.\n")
    return root


def write(root: Path, name: str, text: str | bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def of(result, agent="claude-code"):
    return next(found for found in result.agents if found.context.agent == agent)


def paths(result, agent="claude-code", **wanted):
    return {
        segment.path
        for segment in of(result, agent).context.segments
        if segment.path and all(getattr(segment, key) == value for key, value in wanted.items())
    }


def ask(root, *agents, **more):
    return audit(AuditRequest(str(root), agents, home=str(root.parent), **more))


def test_the_agents_a_repository_is_set_up_for(repository):
    assert {found.context.agent for found in ask(repository).agents} == {"claude-code", "cursor"}


def test_what_is_loaded_and_what_a_read_brings(repository):
    result = ask(repository, "claude-code", touch=("sub/code.py",))
    assert paths(result, loaded=True) == {"CLAUDE.md", "docs/more.md"}
    assert paths(result, after_touch=True) == {"sub/CLAUDE.md"}
    imported = next(s for s in of(result).context.segments if s.path == "docs/more.md")
    assert imported.via == ("CLAUDE.md",)
    assert imported.kind == "import"


def test_sections_add_up_and_their_spans_are_bytes_of_the_file(repository):
    write(repository, "CLAUDE.md", "---\nx: 1\n---\nÜber\n\n# Eins\n\nä ö ü\n\n## Zwei\n\n<!-- out -->\n\nEnde\n")
    segment = next(s for s in of(ask(repository, "codex", "claude-code")).context.segments if s.path == "CLAUDE.md")
    data = (repository / "CLAUDE.md").read_bytes()
    assert [child.title for child in segment.children] == ["(before the first heading)", "# Eins", "## Zwei"]
    assert sum(child.tokens.n for child in segment.children) == pytest.approx(segment.tokens.n, abs=2)
    assert data[segment.children[1].span.start : segment.children[1].span.end].decode() == "# Eins\n\nä ö ü\n\n"


def test_counts_are_exact_where_the_vocabulary_is_known(repository):
    write(repository, "AGENTS.md", "Hello world, this is a rule.\n")
    segment = next(s for s in of(ask(repository, "codex"), "codex").context.segments if s.path == "AGENTS.md")
    assert segment.tokens.exact
    assert segment.tokens.n == 8
    claude = next(s for s in of(ask(repository, "claude-code")).context.segments if s.path == "CLAUDE.md")
    assert not claude.tokens.exact
    assert claude.tokens.error > 0


def test_ignore_files_hide_from_their_own_agent_only(repository):
    result = ask(repository)
    assert of(result, "cursor").hidden == {"secret/key.txt"}
    assert of(result, "claude-code").hidden == set()


def test_deny_settings_hide_files(repository):
    write(repository, ".claude/settings.json", '{"permissions": {"deny": ["Read(./secret/**)", "Read(//etc/passwd)"]}}')
    assert of(ask(repository, "claude-code")).hidden == {"secret/key.txt"}


def test_versions_differ(repository):
    os.remove(repository / "CLAUDE.md")
    write(repository, "AGENTS.md", "Rules.\n")
    assert paths(ask(repository, "claude-code@2.1.197"), loaded=True) == set()
    assert paths(ask(repository, "claude-code@2.1.329"), loaded=True) == {"AGENTS.md"}


def test_the_working_directory_may_be_given_from_the_root(repository):
    assert paths(ask(repository, "claude-code", cwd="sub"), loaded=True) == {"CLAUDE.md", "sub/CLAUDE.md"}


def test_what_is_wrong_is_said_in_one_sentence_with_a_next_step(repository):
    for request, error in [
        (AuditRequest(str(repository / "nowhere")), CtxkitError),
        (AuditRequest(str(repository / "CLAUDE.md")), CtxkitError),
        (AuditRequest(str(repository), ("claud-code",)), UnknownNameError),
        (AuditRequest(str(repository), ("claude-code",), model="claude-sonet-4-5"), UnknownNameError),
        (AuditRequest(str(repository), cwd="nowhere"), CtxkitError),
    ]:
        with pytest.raises(error) as caught:
            audit(request)
        assert caught.value.message.endswith(".")
        assert caught.value.hint


def test_a_repository_without_agents(tmp_path, monkeypatch):
    monkeypatch.setenv("CTXKIT_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingToAuditError):
        audit(AuditRequest(str(tmp_path / "empty"), home=str(tmp_path)))


def test_every_agent_can_be_asked_about_every_repository(repository):
    result = ask(repository, "all")
    assert len(result.agents) > 30
    for found in result.agents:
        assert found.context.window > 0
        for segment in found.context.segments:
            assert segment.tokens.n >= 0
            if segment.activation is Activation.NEVER:
                assert not segment.loaded
            if segment.category is Category.RULES and segment.loaded:
                assert segment.why
            if segment.children and segment.kind != "mcp-server":
                assert sum(child.tokens.n for child in segment.children) in (segment.tokens.n, 0)
                assert sum(child.tokens_if_used.n for child in segment.children) == segment.tokens_if_used.n


HOSTILE = {
    "CLAUDE.md": "# Me\n@CLAUDE.md\n@./CLAUDE.md\n@docs/a.md\n@\n@ @@ @/etc/shadow @~\n" + "@x" * 50_000,
    "docs/a.md": "@../CLAUDE.md\n@a.md\n",
    "AGENTS.md": b"\xff\xfe\x00broken \x80 utf-8\x00",
    ".claude/settings.json": '{"permissions": [1, 2], "claudeMdExcludes": {"a": 1}, broken',
    ".claude/rules/deep.md": "---\npaths: &a [*a, *a]\n---\nx\n",
    ".claude/rules/bomb.md": "---\na: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\npaths: *c\n---\nx\n",
    ".claude/rules/nest.md": "---\npaths: " + "[" * 5_000 + "\n---\nx\n",
    ".claude/rules/glob.md": "---\npaths: '" + "{a,b}" * 60 + "'\n---\nx\n",
    ".mcp.json": "[" * 100_000,
    ".codex/config.toml": "a = [[[\n",
    ".cursor/mcp.json": '{"mcpServers": "no"}',
    "opencode.json": '{"instructions": [1, {"a": 2}, "../../../../etc/*", "**/*.md"]}',
    ".gemini/settings.json": '{"context": {"fileName": 5}}',
    ".continue/config.yaml": "a: &a [*a]\n",
    ".geminiignore": b"\x00\xff[[[\n!\n**\n" * 1000,
}


def test_a_hostile_repository_gives_a_complete_audit(repository):
    for name, text in HOSTILE.items():
        write(repository, name, text)
    if sys.platform != "win32":
        os.mkfifo(repository / "GEMINI.md")
        os.mkfifo(repository / "QWEN.md")
        os.symlink("loop", repository / "loop")
        os.symlink("..", repository / "sub" / "up")
        os.symlink("CRUSH.md", repository / "CRUSH.md")
        (repository / ".cursorrules").mkdir()
        write(repository, os.fsdecode(b"bad\xffname.md"), "x")
    with (repository / "big.bin").open("wb") as file:
        file.truncate(3_000_000_000)
    result = ask(repository, "all")
    skipped = {item.path for item in result.skipped}
    assert {".claude/settings.json", ".mcp.json", ".codex/config.toml"} <= skipped
    assert all(item.reason for item in result.skipped)
    assert "CLAUDE.md" in paths(result, loaded=True)


def test_the_command_survives_it_too(repository, tmp_path):
    for name, text in HOSTILE.items():
        write(repository, name, text)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ctxkit",
            "audit",
            str(repository),
            "--agent",
            "all",
            "--home",
            str(tmp_path),
            "--format",
            "json",
        ],
        capture_output=True,
        env={**os.environ, "CTXKIT_CACHE_DIR": str(tmp_path / "cache")},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert len(json.loads(done.stdout)["agents"]) > 30


def test_nothing_of_the_repository_is_executed(repository, tmp_path):
    proof = tmp_path / "executed"
    command = f"touch {proof}"
    write(repository, ".git/hooks/post-checkout", f"#!/bin/sh\n{command}\n").chmod(0o755)
    subprocess.run(["git", "-C", str(repository), "config", "core.fsmonitor", command], check=True)
    subprocess.run(["git", "-C", str(repository), "config", "diff.external", command], check=True)
    subprocess.run(["git", "-C", str(repository), "config", "filter.evil.clean", command], check=True)
    subprocess.run(["git", "-C", str(repository), "config", "filter.evil.smudge", command], check=True)
    write(repository, ".gitattributes", "* filter=evil diff=evil\n")
    write(repository, ".mcp.json", json.dumps({"mcpServers": {"x": {"command": "sh", "args": ["-c", command]}}}))
    hook = {"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": command}]}]}}
    write(repository, ".claude/settings.json", json.dumps(hook))
    ask(repository, "all", touch=("sub/code.py",))
    assert not proof.exists()


CLEAN_FILTERS = {
    "plain": ("evil", '[filter "evil"]\nclean={}\n'),
    "behind another section": ("evil", '[core] [filter "evil"]\nclean={}\n'),
    "a name with =": ("a=b", '[filter "a=b"]\nclean={}\n'),
    "behind a byte order mark": ("evil", '\ufeff[filter "evil"]\nclean={}\n'),
    "behind a megabyte": ("evil", "#" + "x" * 1_100_000 + '\n[filter "evil"]\nclean={}\n'),
    "included": ("evil", "[include]\npath = more\n"),
}


@pytest.mark.parametrize("how", CLEAN_FILTERS)
def test_a_filter_of_the_repository_never_runs(repository, tmp_path, how):
    name, config = CLEAN_FILTERS[how]
    command = "touch " + (tmp_path / "executed").as_posix()
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "x"], check=True)
    write(repository, ".gitattributes", f"* filter={name}\n")
    write(repository, ".git/config", config.format(command))
    write(repository, ".git/more", f'[filter "evil"]\nclean={command}\n')
    os.utime(repository / ".git" / "index", (1_000_000_000, 1_000_000_000))
    ask(repository, "codex")
    assert not (tmp_path / "executed").exists()
    # The trap works: git itself walks into it.
    subprocess.run([*git[:3], "diff-files"], check=True, capture_output=True)
    assert (tmp_path / "executed").exists()


def test_ids_are_unique_and_the_same_again(repository):
    write(repository, "AGENTS.md", "# A\n\nx\n\n## Tests\n\ny\n\n# B\n\n## Tests\n\nz\n\n## Tests\n\nz\n")
    (repository / "GEMINI.md").symlink_to("AGENTS.md")
    write(repository, ".agents/skills/a/SKILL.md", "---\nname: a\ndescription: D\n---\n")
    result = ask(repository, "openhands", "claude-code", "windsurf")
    for agent in result.agents:
        ids = [segment.id for top in agent.context.segments for segment in top.walk()]
        assert len(ids) == len(set(ids))
        assert not any(own.endswith("@da39a3ee") for own in ids)
    again = ask(repository, "openhands", "claude-code", "windsurf")
    assert [found.context for found in again.agents] == [found.context for found in result.agents]
    rules = [segment for segment in of(result, "openhands").context.segments if segment.path == "AGENTS.md"]
    digest = rules[0].id.partition("@")[2]
    assert [segment.id for segment in rules[0].walk()] == [
        f"rules:AGENTS.md{part}@{digest}{more}"
        for part, more in (
            ("", ""), ("#A", ""), ("#A/Tests", ""), ("#B", ""), ("#B/Tests", ""), ("#B/Tests", "~2"),
        )
    ]  # fmt: skip


def test_a_file_is_said_once_not_to_be_sent(repository):
    write(repository, "AGENTS.md", "Text.\n")
    (repository / "GEMINI.md").symlink_to("AGENTS.md")
    found = of(ask(repository, "openhands"), "openhands").context.segments
    assert [segment.path for segment in found if segment.activation is Activation.NEVER] == ["GEMINI.md"]


def test_a_working_directory_outside_is_an_error(repository, tmp_path):
    (tmp_path / "other").mkdir()
    with pytest.raises(CtxkitError, match="does not lie in"):
        audit(AuditRequest(str(repository), ("claude-code",), cwd=str(tmp_path / "other")))


def test_a_working_directory_may_be_spelled_through_a_link(repository, tmp_path):
    os.symlink(repository, tmp_path / "link")
    straight = audit(AuditRequest(str(repository), ("claude-code",), cwd="sub"))
    through = audit(AuditRequest(str(repository), ("claude-code",), cwd=str(tmp_path / "link" / "sub")))
    assert paths(through, category=Category.RULES) == paths(straight, category=Category.RULES)
    assert "sub/CLAUDE.md" in paths(straight, category=Category.RULES)


def test_a_touched_file_that_does_not_exist_is_named_and_still_matches(repository):
    result = audit(AuditRequest(str(repository), ("claude-code",), touch=("sub/nope.py",)))
    assert "sub/nope.py" in {item.path for item in result.skipped}
    assert paths(result, after_touch=True) == {"sub/CLAUDE.md"}


def test_an_agent_named_twice_is_audited_once(repository):
    result = audit(AuditRequest(str(repository), ("claude-code", "codex", "claude-code")))
    assert [found.context.agent for found in result.agents] == ["claude-code", "codex"]


def test_the_counts_of_rules_are_written_at_once(repository, monkeypatch):
    from ctxkit.tokens.cache import CountCache

    for number in range(30):
        write(repository, f".claude/rules/r{number}.md", f"Rule {number}.\n")
    written = []
    put = CountCache.put_blobs
    monkeypatch.setattr(CountCache, "put_blobs", lambda self, blobs: (written.append(len(blobs)), put(self, blobs))[1])
    first = audit(AuditRequest(str(repository), ("claude-code",)))
    assert max(written) >= 30
    assert len(written) < 10
    written.clear()
    assert audit(AuditRequest(str(repository), ("claude-code",))).agents == first.agents
    assert not any(size >= 30 for size in written)


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFOs on Windows")
def test_everything_skipped_is_told_and_once(repository, monkeypatch):
    from ctxkit.model import Skipped
    from ctxkit.sources.reading import Reading

    os.mkfifo(repository / "AGENTS.md")
    finish = Reading.finish

    def finished(self, **rest):
        tree = finish(self, **rest)
        tree.skipped = (*tree.skipped, Skipped(".git", "one", ""), Skipped(".git", "two", ""))
        return tree

    monkeypatch.setattr(Reading, "finish", finished)
    found = [item.path for item in audit(AuditRequest(str(repository), ("codex",))).skipped]
    assert found.count(".git") == 2
    assert found.count("AGENTS.md") == 1
