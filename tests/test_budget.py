"""Budgets against windows that are made up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.budget import limit_of, measure_budgets
from ctxkit.config import Budget
from ctxkit.model import Activation, Category, Context, Segment, Tokens
from ctxkit.model.audit import AgentAudit, Audit
from ctxkit.model.check import BaselineEntry, BudgetState

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class File:
    path: str
    tokens: int
    estimated: bool = False


@dataclass(frozen=True)
class Files:
    """As much of an inventory as budgets look at."""

    files: tuple[File, ...] = ()

    def entries(self) -> Iterator[File]:
        return iter(self.files)


def segment(
    title: str,
    n: int,
    activation: Activation = Activation.ALWAYS,
    path: str | None = "CLAUDE.md",
    whole: int | None = None,
    category: Category = Category.RULES,
    exact: bool = True,
) -> Segment:
    tokens = Tokens(n, exact, error=0.0 if exact else 0.08)
    used = replace(tokens, n=n if whole is None else whole)
    return Segment(category, "rule", title, activation, path, True, tokens=tokens, tokens_if_used=used)


def audit(*segments: Segment, agent: str = "claude-code", window: int = 200_000, files: tuple[File, ...] = ()) -> Audit:
    context = Context(agent, agent, "1", "model", window, segments)
    return Audit("/r", (AgentAudit(context, frozenset({"secret.txt"})),), Files(files))  # type: ignore[arg-type]


def price(model: str, tokens: int) -> float | None:
    return tokens * 1e-6 if model == "model" else None


def measured(budget: Budget, audited: Audit, *baseline: BaselineEntry):
    return measure_budgets([budget], audited, price, baseline)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("4000 tokens", 4000, "tokens"),
        ("1 token", 1, "tokens"),
        ("20k", 20_000, "tokens"),
        ("1.5 k tokens", 1_500, "tokens"),
        ("1M", 1_000_000, "tokens"),
        ("4,000", 4000, "tokens"),
        ("4_000", 4000, "tokens"),
        ("5 %", 0.05, "share"),
        ("0.5%", 0.005, "share"),
        ("$0.02/turn", 0.02, "usd"),
        ("$0.02 per turn", 0.02, "usd"),
        ("$ 1 / turn", 1, "usd"),
    ],
)
def test_limits(text: str, value: float, unit: str) -> None:
    assert limit_of(text) == (pytest.approx(value), unit)


@pytest.mark.parametrize(
    "text", ["", "k", "-4k", "4 kg", "$5", "5 % of it", "1e9", "½ k", "4k 5k", "٣k", "9" * 400, f"{'9' * 400} %"]
)
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        limit_of(text)


SEGMENTS = (
    segment("a", 100),
    segment("b", 50, path="docs/b.md"),
    segment("skill", 10, Activation.DESCRIBED, "s/SKILL.md", whole=200),
    segment("lazy", 0, Activation.LAZY_DIR, "sub/CLAUDE.md", whole=70),
    segment("unread", 0, Activation.NEVER, "AGENTS.md", whole=900),
    segment("prompt", 1000, path=None, category=Category.SYSTEM, exact=False),
    segment("server", 300, path=".mcp.json", category=Category.TOOLS),
)


@pytest.mark.parametrize(
    ("budget", "used"),
    [
        ({}, 1460),
        ({"category": "rules"}, 160),
        ({"category": "tools"}, 300),
        ({"category": "rules", "activation": "always"}, 150),
        ({"category": "rules", "activation": "described"}, 200),
        ({"category": "rules", "activation": "lazy-dir"}, 70),
        ({"category": "rules", "activation": "later"}, 260),
        ({"activation": "later"}, 260),
        ({"category": "rules", "path": "docs/**"}, 50),
        ({"path": "*.md"}, 160),
        ({"path": "CLAUDE.md", "activation": "later"}, 70),
    ],
)
def test_what_counts(budget: dict[str, str], used: int) -> None:
    (result,) = measured(Budget(name="x", limit="10k", **budget), audit(*SEGMENTS))
    assert (result.tokens.n, result.state) == (used, BudgetState.OK)
    assert sum(weight.tokens.n for weight in result.weights) == used
    assert list(result.weights) == sorted(result.weights, key=lambda weight: -weight.tokens.n)


def test_an_estimate_makes_the_sum_one() -> None:
    (result,) = measured(Budget(name="x", limit="10k"), audit(*SEGMENTS))
    assert not result.tokens.exact
    assert result.tokens.error > 0
    (result,) = measured(Budget(name="x", limit="10k", category="rules"), audit(*SEGMENTS))
    assert result.tokens.exact


@pytest.mark.parametrize(
    ("limit", "state"),
    [
        ("159", BudgetState.OVER),
        ("160", BudgetState.WARN),
        ("177", BudgetState.WARN),
        ("178", BudgetState.OK),
        ("0.079 %", BudgetState.OVER),
        ("0.08 %", BudgetState.WARN),
        ("0.1 %", BudgetState.OK),
        ("$0.0001/turn", BudgetState.OVER),
        ("$0.001/turn", BudgetState.OK),
    ],
)
def test_states(limit: str, state: BudgetState) -> None:
    (result,) = measured(Budget(name="x", limit=limit, category="rules"), audit(*SEGMENTS))
    assert result.state is state
    assert result.fails is (state is BudgetState.OVER)


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        ({"category": "history"}, "there is nothing of category history"),
        ({"path": "no/**"}, "there is nothing of category total, path no/**"),
        ({"agent": "codex"}, "codex is not audited here"),
        ({"agent": "claude-code", "activation": "glob"}, "claude-code has nothing of category total, activation glob"),
        ({"category": "files", "path": "*.zip"}, "there is nothing of category files, path *.zip"),
        ({"category": "files", "activation": "always"}, "there is nothing of category files, activation always"),
    ],
)
def test_a_budget_that_matches_nothing_fails_and_says_why(budget: dict[str, str], reason: str) -> None:
    (result,) = measured(Budget(name="x", limit="10k", **budget), audit(*SEGMENTS, files=(File("a.py", 5),)))
    assert (result.state, result.reason, result.fails) == (BudgetState.UNMATCHED, reason, True)


def test_a_share_of_an_unknown_window_and_an_unknown_price_fail() -> None:
    (result,) = measured(Budget(name="x", limit="5 %"), audit(*SEGMENTS, window=0))
    assert result.fails
    assert "window" in result.reason
    (result,) = measure_budgets([Budget(name="x", limit="$1/turn")], audit(*SEGMENTS), lambda *_: None)
    assert result.fails
    assert "price" in result.reason


def test_files_are_counted_once_and_without_the_hidden_for_an_agent() -> None:
    audited = audit(files=(File("a.py", 30), File("secret.txt", 500, estimated=True)))
    (result,) = measured(Budget(name="x", limit="600", category="files"), audited)
    assert (result.agent, result.tokens.n, result.tokens.exact) == ("", 530, False)
    (result,) = measured(Budget(name="x", limit="600", category="files", agent="claude-code"), audited)
    assert (result.agent, result.tokens.n) == ("claude-code", 30)


def test_every_agent_has_a_budget_without_a_name() -> None:
    one, two = audit(*SEGMENTS), audit(segment("c", 5), agent="codex")
    both = replace(one, agents=(*one.agents, *two.agents))
    results = measured(Budget(name="x", limit="10", category="rules"), both)
    assert [(item.agent, item.state.value) for item in results] == [("claude-code", "over"), ("codex", "ok")]
    results = measured(Budget(name="x", limit="1k", category="tools"), both)
    assert [item.agent for item in results] == ["claude-code"], "who has nothing of it is not asked"


def test_the_baseline_holds_a_budget_until_it_grows() -> None:
    budget = Budget(name="x", limit="100", category="rules")
    (held,) = measured(budget, audit(*SEGMENTS), BaselineEntry("budget", "x", "claude-code", 160))
    assert (held.state, held.held, held.fails) == (BudgetState.WARN, 160, False)
    (grown,) = measured(budget, audit(*SEGMENTS), BaselineEntry("budget", "x", "claude-code", 140))
    assert (grown.state, grown.held, grown.fails) == (BudgetState.OVER, 140, True)
    (other,) = measured(budget, audit(*SEGMENTS), BaselineEntry("budget", "y", "claude-code", 160))
    assert other.fails


UNITS = st.sampled_from((" tokens", "k", " %", "/turn"))
AMOUNT = st.integers(1, 400)


def spelled(amount: int, unit: str) -> str:
    return f"${amount / 1e5:.5f}{unit}" if unit == "/turn" else f"{amount}{unit}"


@given(AMOUNT, AMOUNT, UNITS, st.lists(st.integers(0, 3_000), min_size=1, max_size=5), st.integers(0, 2_000))
def test_a_higher_limit_never_fails_what_a_lower_one_lets_pass(
    one: int, other: int, unit: str, sizes: list[int], more: int
) -> None:
    low, high = sorted((one, other))
    order = [BudgetState.OK, BudgetState.WARN, BudgetState.OVER]

    def state(amount: int, added: int = 0) -> int:
        segments = [segment(str(at), n) for at, n in enumerate([*sizes, added])]
        (result,) = measured(Budget(name="x", limit=spelled(amount, unit)), audit(*segments))
        return order.index(result.state)

    assert state(high) <= state(low)
    assert state(low) <= state(low, more), "more text is never better"
