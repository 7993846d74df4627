"""An audit built by hand, with something of everything a report has to show."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ctxkit.model import Activation, Category, Context, Segment, Skipped, Span, Tokens
from ctxkit.model.audit import AgentAudit, Audit

SNAPSHOTS = Path(__file__).parent / "snapshots"


@dataclass(frozen=True)
class Entry:
    path: str
    size: int
    tokens: int
    kind: str = "source"
    estimated: bool = False
    binary: bool = False


@dataclass(frozen=True)
class FakeInventory:
    files: tuple[Entry, ...]

    def entries(self) -> Iterator[Entry]:
        return iter(sorted(self.files, key=lambda entry: entry.path))

    def largest(self, n: int) -> Sequence[Entry]:
        return sorted(self.files, key=lambda entry: (-entry.tokens, entry.path))[:n]

    def by_kind(self) -> Mapping[str, tuple[int, int]]:
        kinds: dict[str, tuple[int, int]] = {}
        for entry in self.files:
            files, tokens = kinds.get(entry.kind, (0, 0))
            kinds[entry.kind] = (files + 1, tokens + entry.tokens)
        return kinds

    @property
    def total(self) -> int:
        return sum(entry.tokens for entry in self.files)

    @property
    def count(self) -> int:
        return len(self.files)


@dataclass(frozen=True)
class FakePrices:
    input: float = 3.0
    cached_read: float | None = 0.3
    cache_write_5m: float | None = 3.75
    output: float | None = 15.0


@dataclass(frozen=True)
class FakeModel:
    prices: FakePrices

    def prices_at(self, input_tokens: int) -> FakePrices:
        return self.prices


def about(n: int) -> Tokens:
    return Tokens(n, False, "claude-4.5 estimate", 0.08)


def rule(path: str, n: int, sections: Sequence[tuple[str, int]] = (), **more: object) -> Segment:
    children = tuple(
        Segment(Category.RULES, "section", title, Activation.ALWAYS, path, True, tokens=about(size), span=Span(0, size))
        for title, size in sections
    )
    fields = {"loaded": True, "tokens": about(n), "why": "sent with every request"} | more
    return Segment(
        Category.RULES,
        str(fields.pop("kind", "rule")),
        path,
        fields.pop("activation", Activation.ALWAYS),  # type: ignore[arg-type]
        path,
        tokens_if_used=about(n),
        children=children,
        id=f"rules:{path}",
        **fields,  # type: ignore[arg-type]
    )


def later(path: str, n: int, activation: Activation, why: str, **more: object) -> Segment:
    return rule(path, n, activation=activation, loaded=False, tokens=Tokens(0), why=why, **more)


def skill(name: str, listed: int, body: int) -> Segment:
    return Segment(
        Category.RULES,
        "skill",
        name,
        Activation.DESCRIBED,
        f".claude/skills/{name}/SKILL.md",
        True,
        tokens=about(listed),
        tokens_if_used=about(body),
        why="listed in every request; the skill itself on demand",
    )


def server(name: str, n: int | None, tools: Sequence[tuple[str, int]], why: str, loaded: bool = True) -> Segment:
    tokens = Tokens(0, False, "unknown") if n is None else about(n)
    activation = Activation.ALWAYS if loaded else Activation.NEVER
    children = tuple(
        Segment(Category.TOOLS, "tool", tool, activation, loaded=loaded, tokens=about(size)) for tool, size in tools
    )
    return Segment(
        Category.TOOLS, "mcp-server", name, activation, ".mcp.json", loaded,
        tokens=tokens, tokens_if_used=tokens, children=children, why=why,
    )  # fmt: skip


def fixed(category: Category, title: str, n: int) -> Segment:
    return Segment(category, "built-in", title, Activation.ALWAYS, None, True, tokens=about(n), tokens_if_used=about(n))


CLAUDE = Context(
    agent="claude-code",
    name="Claude Code",
    version="2.1.329",
    model="claude-sonnet-4-5",
    window=200_000,
    segments=(
        fixed(Category.SYSTEM, "System prompt", 7_204),
        fixed(Category.TOOLS, "Built-in tools", 11_872),
        rule("~/.claude/CLAUDE.md", 1_204),
        rule(
            "CLAUDE.md",
            4_310,
            [
                ("# Project", 120),
                ("## Commands", 901),
                ("### Test", 400),
                ("## Architecture", 1_702),
                ("## Style", 787),
                ("## Release", 400),
            ],
        ),
        rule("docs/imported.md", 640, via=("CLAUDE.md",), kind="import"),
        rule("packages/a-directory-with-a-long-name/and-another-one-below-it/.claude/rules/typescript.md", 250),
        skill("deploy", 61, 2_001),
        skill("review", 48, 5_310),
        skill("release-notes", 55, 792),
        skill("triage", 30, 300),
        server("github", 2_604, [("search_issues", 1_800), ("get_issue", 804)], "starts with the session"),
        server("postgres", None, [], "starts with the session; no definitions"),
        server("old", 0, [("drop", 0)], "not started: disabled in settings", loaded=False),
        later("packages/api/CLAUDE.md", 1_020, Activation.LAZY_DIR, "sent once a file under packages/api is read"),
        later(".claude/rules/ts.md", 402, Activation.GLOB, "sent once a file that matches its patterns is read"),
        later("AGENTS.md", 3_020, Activation.NEVER, "a CLAUDE.md is present"),
    ),
    notes=("Rules of your account on the vendor's servers have no file and are not counted.",),
)
CODEX = Context(
    agent="codex",
    name="Codex CLI",
    version="0.169.0",
    model="gpt-5.1",
    window=272_000,
    segments=(
        Segment(Category.SYSTEM, "built-in", "Base instructions", Activation.ALWAYS, None, True, tokens=Tokens(4_200)),
        Segment(Category.TOOLS, "built-in", "Built-in tools", Activation.ALWAYS, None, True, tokens=Tokens(3_615)),
        Segment(Category.RULES, "rule", "AGENTS.md", Activation.ALWAYS, "AGENTS.md", True, tokens=Tokens(2_511),
                tokens_if_used=Tokens(2_511)),
    ),
)  # fmt: skip

FILES = FakeInventory(
    (
        Entry("package-lock.json", 400_000, 120_034, "lock"),
        Entry("src/generated/api.ts", 150_000, 45_001, "generated"),
        Entry("src/index.ts", 9_000, 2_120),
        Entry("docs/日本語の説明.md", 4_000, 1_400, "docs"),
        Entry("logo.png", 30_000, 0, "binary", binary=True),
        Entry("bad\udcff\x1b[31mname.txt", 10, 3, "text"),
    )
)
SKIPPED = (
    Skipped("secrets/.env", "permission denied", "run as its owner"),
    Skipped("link", "a loop of symbolic links"),
)

ONE = Audit("/repo", (AgentAudit(CLAUDE, hidden=frozenset({"package-lock.json"})),), FILES, SKIPPED)
SEVERAL = Audit("/repo", (AgentAudit(CODEX), AgentAudit(CLAUDE)), FILES, SKIPPED, ("cursor", "zed"))
MODELS = {"claude-sonnet-4-5": FakeModel(FakePrices()), "gpt-5.1": FakeModel(FakePrices(1.25, 0.125, None, 10.0))}


@pytest.fixture
def one() -> Audit:
    """One agent."""
    return ONE


@pytest.fixture
def several() -> Audit:
    """Two agents, the lighter one first."""
    return SEVERAL


@pytest.fixture
def models() -> dict[str, FakeModel]:
    return MODELS


@pytest.fixture
def make_rule():
    return rule


@pytest.fixture
def make_inventory():
    return lambda entries: FakeInventory(tuple(Entry(*entry) for entry in entries))


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with the snapshot of that name; UPDATE_SNAPSHOTS=1 writes it instead: look at it then."""

    def compare(name: str, text: str) -> None:
        path = SNAPSHOTS / name
        if os.environ.get("UPDATE_SNAPSHOTS"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert text == path.read_text(encoding="utf-8")

    return compare
