"""What changed between two states of a real repository."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from ctxkit.model import Category, CtxkitError, NothingToAuditError, UnknownNameError
from ctxkit.report.summary import summarise
from ctxkit.service import AuditRequest, audit
from ctxkit.service_diff import DiffRequest, diff

if TYPE_CHECKING:
    from pathlib import Path

    from ctxkit.model.diff import Change, Diff

RULES = "# Rules\n\n- Run the tests before every commit, and mend what they find.\n- Keep functions short.\n"


class Repo:
    """A repository made by hand, with a home of its own."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root, self.home = root, home
        root.mkdir(parents=True)
        home.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "protocol.file.allow=always")
        command = ["git", "-C", str(self.root), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, files: dict[str, str | None]) -> None:
        """Write files; None removes one, ``-> target`` makes a link."""
        for name, text in files.items():
            path = self.root / name
            path.unlink(missing_ok=True)
            if text is None:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if text.startswith("-> "):
                path.symlink_to(text[3:])
            else:
                path.write_bytes(text.encode())

    def commit(self, files: dict[str, str | None]) -> str:
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def diff(self, base: str, head: str = "", **more: object) -> Diff:
        return diff(DiffRequest(base, head, str(self.root), home=str(self.home), **more))  # type: ignore[arg-type]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.setenv("CTXKIT_CACHE_DIR", str(tmp_path / "cache"))
    return Repo(tmp_path / "repo", tmp_path / "home")


def state_of(repo: Repo) -> dict[str, bytes]:
    """Every byte below the repository, what git keeps for itself included."""
    return {
        str(path.relative_to(repo.root)): path.read_bytes()
        for path in sorted(repo.root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def is_empty(found: Diff) -> bool:
    changes = [change for agent in found.agents for change in (agent.start, agent.later)]
    return not (
        any(change.by for change in changes)
        or any(agent.items for agent in found.agents)
        or found.files
        or found.new
        or found.resolved
        or found.all_files.by
    )


def start(found: Diff, agent: str = "claude-code") -> Change:
    return next(item.start for item in found.agents if item.agent == agent)


def test_a_changed_rule_is_told_by_agent_category_and_file_and_nothing_is_touched(repo: Repo) -> None:
    repo.commit({"CLAUDE.md": RULES, "src/a.py": "x = 1\n"})
    repo.commit({"CLAUDE.md": RULES * 3, "src/a.py": "x = 1\n" * 30})
    before = state_of(repo)
    found = repo.diff("HEAD~1", "HEAD")
    [agent] = found.agents
    assert agent.agent == "claude-code"
    [item] = agent.items
    assert (item.category, item.path, item.start.by) == (Category.RULES, "CLAUDE.md", agent.start.by)
    assert agent.start.by > 0
    assert dict(agent.categories)[Category.RULES].by == agent.start.by
    assert [file.path for file in found.files] == ["src/a.py", "CLAUDE.md"]
    assert found.all_files.by == sum(file.tokens.by for file in found.files)
    assert state_of(repo) == before


@pytest.mark.parametrize("revision", ["HEAD", "main", "HEAD~1", "v1", "HEAD^{tree}"])
def test_a_revision_against_itself_is_empty(repo: Repo, revision: str) -> None:
    repo.commit({"CLAUDE.md": RULES})
    repo.git("tag", "v1")
    repo.commit({"CLAUDE.md": RULES * 2, "AGENTS.md": "-> CLAUDE.md"})
    assert is_empty(repo.diff(revision, revision))


def test_a_clean_work_tree_is_its_head(repo: Repo) -> None:
    repo.commit({"CLAUDE.md": RULES, "AGENTS.md": "-> CLAUDE.md", "a/CLAUDE.md": "x\n", "src/a.py": "x\n"})
    assert is_empty(repo.diff("HEAD"))


def test_the_work_tree_counts_what_is_not_committed(repo: Repo) -> None:
    repo.commit({"CLAUDE.md": RULES})
    repo.write({"CLAUDE.md": RULES + "- One more.\n", "new.py": "x = 1\n"})
    found = repo.diff("HEAD")
    assert start(found).by > 0
    assert {file.path for file in found.files} == {"CLAUDE.md", "new.py"}


def test_a_renamed_file_is_no_change_of_the_window(repo: Repo) -> None:
    repo.commit({"CLAUDE.md": "See @docs/a.md\n", "docs/a.md": RULES})
    repo.commit({"CLAUDE.md": "See @docs/b.md\n", "docs/a.md": None, "docs/b.md": RULES})
    found = repo.diff("HEAD~1", "HEAD")
    moved = {item.path: item.start.by for item in found.agents[0].items}
    assert moved["docs/a.md"] == -moved["docs/b.md"] < 0
    assert start(found).by == sum(moved.values())
    assert {file.path: file.tokens.by > 0 for file in found.files} == {"docs/a.md": False, "docs/b.md": True}


def test_a_base_without_any_agent_shows_all_as_new(repo: Repo) -> None:
    repo.commit({"README.md": "Hello\n"})
    repo.commit({"CLAUDE.md": RULES})
    [agent] = repo.diff("HEAD~1", "HEAD").agents
    [item] = [item for item in agent.items if item.path]
    assert (item.path, item.start.before.n) == ("CLAUDE.md", 0)
    assert item.start.after.n > 0
    [gone] = [item for item in repo.diff("HEAD", "HEAD~1").agents[0].items if item.path]
    assert (gone.start.before, gone.start.after) == (item.start.after, item.start.before)


def test_neither_side_set_up_for_an_agent_says_so(repo: Repo) -> None:
    repo.commit({"README.md": "Hello\n"})
    with pytest.raises(NothingToAuditError):
        repo.diff("HEAD")


def test_three_dots_leave_out_what_the_base_has_done_since(repo: Repo) -> None:
    repo.commit({"CLAUDE.md": RULES, "other.md": "x\n"})
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit({"CLAUDE.md": RULES + "- Of the branch.\n"})
    repo.git("checkout", "-q", "main")
    repo.commit({"other.md": "x\n" * 50})
    assert {file.path for file in repo.diff("main...topic").files} == {"CLAUDE.md"}
    assert {file.path for file in repo.diff("main", "topic").files} == {"CLAUDE.md", "other.md"}


def test_links_of_the_revision_count_and_not_those_of_now(repo: Repo) -> None:
    repo.commit({"AGENTS.md": RULES, "CLAUDE.md": "-> AGENTS.md"})
    repo.commit({"CLAUDE.md": "Short.\n"})
    found = repo.diff("HEAD~1", "HEAD")
    assert start(found).by < 0
    back = repo.diff("HEAD", "HEAD~1")
    assert start(back).by == -start(found).by


def test_a_link_that_leads_out_of_the_repository_leads_where_it_did(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "shared.md").write_text(RULES)
    repo.commit({"AGENTS.md": "-> ../shared.md"})
    assert is_empty(repo.diff("HEAD"))
    repo.commit({"AGENTS.md": "-> ../nowhere/at/all"})
    assert start(repo.diff("HEAD~1", "HEAD"), "codex").by < 0


def test_links_that_lead_round_in_circles_end(repo: Repo) -> None:
    repo.commit({"CLAUDE.md": RULES, "a": "-> b", "b": "-> a", "sub/up": "-> ..", ".cursor/rules/x.mdc": "-> ../.."})
    assert is_empty(repo.diff("HEAD"))


def test_submodules_count_as_they_are_now_and_are_told(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "other", tmp_path / "home")
    other.commit({"CLAUDE.md": "Of the submodule.\n"})
    repo.commit({"CLAUDE.md": RULES})
    repo.git("submodule", "--quiet", "add", str(other.root), "lib")
    repo.commit({})
    found = repo.diff("HEAD~1", "HEAD")
    assert "lib" in {item.path for item in found.skipped}
    assert start(found).by == 0
    assert is_empty(repo.diff("HEAD"))


def test_what_git_ignores_is_there_at_every_revision(repo: Repo) -> None:
    repo.commit({"CLAUDE.md": RULES, ".gitignore": "CLAUDE.local.md\n"})
    repo.write({"CLAUDE.local.md": "Mine alone.\n"})
    assert is_empty(repo.diff("HEAD"))


def test_no_filter_of_the_repository_runs(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"CLAUDE.md": RULES, ".gitattributes": "* filter=evil\n"})
    repo.git("config", "filter.evil.smudge", f"touch {tmp_path}/ran")
    repo.git("config", "filter.evil.clean", f"touch {tmp_path}/ran; cat")
    repo.git("config", "core.fsmonitor", f"touch {tmp_path}/ran")
    repo.diff("HEAD", "HEAD~0")
    assert not (tmp_path / "ran").exists()


def test_a_directory_below_the_top_is_looked_at_alone(repo: Repo) -> None:
    repo.commit({"sub/CLAUDE.md": RULES, "CLAUDE.md": "x\n"})
    repo.commit({"sub/CLAUDE.md": RULES * 2, "CLAUDE.md": "x\n" * 9})
    found = diff(DiffRequest("HEAD~1", "HEAD", str(repo.root / "sub"), home=str(repo.home)))
    assert [file.path for file in found.files] == ["CLAUDE.md"]
    assert {item.path for item in found.agents[0].items} == {"CLAUDE.md", "../CLAUDE.md"}


@pytest.mark.parametrize(
    "revision",
    ["nothing", "--upload-pack=touch ran", "-h", "--output=ran", "HEAD:CLAUDE.md", "HEAD^5", "a b", "..", ""],
)
def test_what_is_no_revision_is_said_and_never_an_option(repo: Repo, revision: str, tmp_path: Path) -> None:
    repo.commit({"CLAUDE.md": RULES})
    for base, head in ((revision, "HEAD"), ("HEAD", revision), (f"{revision}...HEAD", "")):
        if revision in ("", "..") and (base != revision or head != "HEAD"):
            continue
        with pytest.raises(UnknownNameError):
            repo.diff(base, head)
    assert not list(tmp_path.rglob("ran"))


def test_a_misspelt_branch_is_answered_with_the_nearest(repo: Repo) -> None:
    repo.commit({"CLAUDE.md": RULES})
    repo.git("branch", "feature/tokens")
    with pytest.raises(UnknownNameError) as caught:
        repo.diff("feature/token")
    assert "feature/tokens" in caught.value.hint


def test_two_heads_at_once_are_refused(repo: Repo) -> None:
    repo.commit({"CLAUDE.md": RULES})
    with pytest.raises(CtxkitError, match="another"):
        repo.diff("main...main", "main")


def test_a_directory_without_a_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(CtxkitError, match="no git repository"):
        diff(DiffRequest("HEAD", path=str(tmp_path), home=str(tmp_path)))


def test_a_tree_whose_names_lead_out_of_it_writes_nothing_there(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"CLAUDE.md": RULES})

    def written(kind: str, data: bytes) -> bytes:
        command = ["git", "-C", str(repo.root), "hash-object", "-t", kind, "-w", "--literally", "--stdin"]
        return bytes.fromhex(subprocess.run(command, input=data, check=True, capture_output=True).stdout.decode())

    blob = written("blob", b"evil")
    link = written("blob", str(tmp_path).encode())
    inner = written("tree", b"100644 CLAUDE.md\0" + blob)
    outer = written(
        "tree",
        b"40000 ..\0" + inner + b"40000 .GIT\0" + inner + b"100644 CLAUDE.md\0" + blob + b"40000 git~1\0" + inner
        + b"120000 out\0" + link + b"40000 out\0" + inner,
    )  # fmt: skip
    before = {path for path in tmp_path.rglob("*") if "cache" not in path.parts and ".git" not in path.parts}
    found = repo.diff("HEAD", outer.hex())
    assert {path for path in tmp_path.rglob("*") if "cache" not in path.parts and ".git" not in path.parts} == before
    assert {"../CLAUDE.md", ".GIT/CLAUDE.md", "git~1/CLAUDE.md", "out"} <= {item.path for item in found.skipped}
    assert start(found).by < 0


def test_what_is_too_deep_or_too_long_for_any_disk_is_told(repo: Repo) -> None:
    repo.commit({"CLAUDE.md": RULES})
    paths = [
        "/".join(["d"] * 1_500) + "/CLAUDE.md",
        "n" * 300 + "/CLAUDE.md",
        ".claude/skills/" + "s" * 400 + "/SKILL.md",
    ]
    stream = "commit refs/heads/deep\ncommitter t <t@example.invalid> 1 +0000\ndata 0\nfrom refs/heads/main\n"
    stream += "".join(f"M 100644 inline {path}\ndata 2\nx\n\n" for path in [*paths, "src/new.py"])
    command = ["git", "-C", str(repo.root), "fast-import", "--quiet"]
    subprocess.run(command, input=stream.encode(), check=True, capture_output=True)
    found = repo.diff("main", "deep")
    assert [file.path for file in found.files] == ["src/new.py"]
    assert set(paths) <= {item.path for item in found.skipped}


def test_names_of_every_kind_are_read(repo: Repo) -> None:
    names = [
        "a b/CLAUDE.md",
        "日本/CLAUDE.md",
        'q"uote/CLAUDE.md',
        "back\\slash/CLAUDE.md",
        "new\nline/CLAUDE.md",
        "-x/CLAUDE.md",
    ]
    repo.commit({"CLAUDE.md": RULES})
    repo.commit(dict.fromkeys(names, RULES))
    assert {file.path for file in repo.diff("HEAD~1", "HEAD").files} == set(names)
    assert is_empty(repo.diff("HEAD"))


def test_findings_come_and_go(repo: Repo) -> None:
    repo.commit({"CLAUDE.md": RULES})
    repo.commit({"CLAUDE.md": RULES + "\nHidden\u202e text.\n"})
    found = repo.diff("HEAD~1", "HEAD")
    assert [item.rule for item in found.new] == ["invisible-text"]
    assert found.resolved == ()
    assert [item.rule for item in repo.diff("HEAD", "HEAD~1").resolved] == ["invisible-text"]


def test_a_finding_that_only_moves_is_neither_new_nor_resolved(repo: Repo) -> None:
    repo.commit({"CLAUDE.md": RULES + "\nHidden\u202e text.\n"})
    repo.commit({"CLAUDE.md": "# New beginning\n\n" + RULES + "\nHidden\u202e text.\n"})
    found = repo.diff("HEAD~1", "HEAD")
    assert (found.new, found.resolved) == ((), ())


PIECES = (RULES, "- Use tabs.\n", "# Style\n\nBe brief.\n", "See @docs/more.md\n", "x" * 400 + "\n", "日本語\n", "")
NAMES = ("CLAUDE.md", "AGENTS.md", "docs/more.md", "a/CLAUDE.md", ".claude/skills/s/SKILL.md", "src/x.py", "GEMINI.md")


@pytest.mark.parametrize("seed", range(6))
def test_there_and_back_again_is_the_same_with_the_sign_turned(repo: Repo, seed: int) -> None:
    chance = random.Random(seed)
    revisions = [
        repo.commit(
            {
                name: chance.choice([None, "-> AGENTS.md" if name == "GEMINI.md" else "y\n", *PIECES])
                for name in NAMES
                if chance.random() < 0.7
            }
            | {"CLAUDE.md": RULES + chance.choice(PIECES)}
        )
        for _ in range(3)
    ]
    one, two, three = revisions
    there, back = repo.diff(one, two), repo.diff(two, one)
    assert turned(back) == told(there)
    onward, whole = repo.diff(two, three), repo.diff(one, three)
    starts = {agent.agent: agent.start.by for agent in whole.agents}
    for agent, by in starts.items():
        assert by == sum(item.start.by for d in (there, onward) for item in d.agents if item.agent == agent)
    assert whole.all_files.by == there.all_files.by + onward.all_files.by


def told(found: Diff) -> dict[str, object]:
    return {
        "start": {agent.agent: (agent.start.before.n, agent.start.after.n) for agent in found.agents},
        "items": {
            (agent.agent, item.category, item.path, item.title): (item.start.by, item.later.by)
            for agent in found.agents
            for item in agent.items
        },
        "files": {file.path: (file.tokens.before.n, file.tokens.after.n) for file in found.files},
        "new": sorted(item.fingerprint for item in found.new),
        "resolved": sorted(item.fingerprint for item in found.resolved),
        "score": found.score,
    }


def turned(found: Diff) -> dict[str, object]:
    return {
        "start": {agent.agent: (agent.start.after.n, agent.start.before.n) for agent in found.agents},
        "items": {
            (agent.agent, item.category, item.path, item.title): (-item.start.by, -item.later.by)
            for agent in found.agents
            for item in agent.items
        },
        "files": {file.path: (file.tokens.after.n, file.tokens.before.n) for file in found.files},
        "new": sorted(item.fingerprint for item in found.resolved),
        "resolved": sorted(item.fingerprint for item in found.new),
        "score": found.score and found.score[::-1],
    }


def test_it_says_what_an_audit_of_each_checkout_says(repo: Repo) -> None:
    repo.commit(
        {
            "AGENTS.md": RULES,
            "CLAUDE.md": "-> AGENTS.md",
            "src/CLAUDE.md": "Only here.\n",
            ".claude/skills/s/SKILL.md": "---\nname: s\ndescription: Does it.\n---\nSteps.\n",
            ".mcp.json": '{"mcpServers": {"one": {"command": "x"}}}',
            "package-lock.json": "{}\n" * 50,
        }
    )
    repo.commit({"CLAUDE.md": "@AGENTS.md\nMore.\n", "src/CLAUDE.md": None, "src/b.py": "y = 2\n" * 9})
    repo.write({"AGENTS.md": RULES * 2, "new/CLAUDE.md": "Not added.\n"})
    found = repo.diff("HEAD~1")
    now = audit(AuditRequest(str(repo.root), home=str(repo.home)))
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("clean", "-fdqx")
    was = audit(AuditRequest(str(repo.root), home=str(repo.home)))
    assert {agent.agent for agent in found.agents} == {agent.context.agent for agent in now.agents}
    for agent in found.agents:
        for side, change in ((was, agent.start.before), (now, agent.start.after)):
            [same] = [item for item in side.agents if item.context.agent == agent.agent]
            assert summarise(same).start == change
    assert (found.all_files.before.n, found.all_files.after.n) == (was.inventory.total, now.inventory.total)
