"""The laws of the score."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.evidence import Document, Evidence
from ctxkit.model import Activation, Category, Context, Segment, Span, Tokens
from ctxkit.model.audit import AgentAudit
from ctxkit.model.finding import Confidence, Cut, Finding, Location, Severity, Waste
from ctxkit.score import WASTE, WEIGHT, grade_of, percentile, score_of

if TYPE_CHECKING:
    from collections.abc import Sequence

WORD = 6


def words(text: str, offsets: Sequence[int]) -> list[int]:
    """Tokens of pieces: one for each six characters, so that cuts add up exactly."""
    edges = [*offsets, len(text)]
    return [-(-b // WORD) - -(-a // WORD) for a, b in pairwise(edges)]


@dataclass
class Window:
    """The windows of two agents that load the same two files, and spans in them that are not needed."""

    files: dict[str, int]
    spans: list[tuple[str, int, int, Confidence]] = field(default_factory=list)

    def evidence(self, agents: tuple[str, ...] = ("claude-code", "codex")) -> Evidence:
        documents = {path: Document(path, b"word \n" * n) for path, n in self.files.items()}
        segments = tuple(
            Segment(Category.RULES, "rule", path, Activation.ALWAYS, path, loaded=True, tokens=Tokens(n),
                    tokens_if_used=Tokens(n), span=Span(0, WORD * n), id=f"rules:{path}")
            for path, n in self.files.items()
        )  # fmt: skip
        audits = tuple(AgentAudit(Context(agent, agent, "1", "gpt-5", 200_000, segments)) for agent in agents)
        nothing: Any = None
        return Evidence(audits, documents, nothing, nothing, words)

    def findings(self) -> list[Finding]:
        cost = (Waste("codex", Tokens(1), Tokens(1)),)
        return [
            Finding("x", Severity.NOTE, confidence, "m", "t", (Location(path),), str(at), wasted=cost,
                    cuts=(Cut(path, Span(WORD * first, WORD * last), "x", "r"),))
            for at, (path, first, last, confidence) in enumerate(self.spans)
        ]  # fmt: skip

    def value(self) -> int:
        score = score_of(self.findings(), self.evidence())
        assert score is not None
        return score.value

    def without(self, path: str, first: int, last: int) -> Window:
        """With these words cut out of ``path``."""

        def moved(at: int) -> int:
            return at if at <= first else max(first, at - (last - first))

        spans = [
            (where, moved(a), moved(b), sure) if where == path else (where, a, b, sure)
            for where, a, b, sure in self.spans
        ]
        files = self.files | {path: self.files[path] - (last - first)}
        return Window(files, [span for span in spans if span[1] < span[2]])


@st.composite
def windows(draw: st.DrawFn) -> Window:
    files = {path: draw(st.integers(0, 9_000)) for path in ("CLAUDE.md", "AGENTS.md")}
    spans = []
    for _ in range(draw(st.integers(0, 5))):
        path = draw(st.sampled_from(sorted(files)))
        first = draw(st.integers(0, files[path]))
        last = draw(st.integers(first, files[path]))
        if first < last:
            spans.append((path, first, last, draw(st.sampled_from(list(Confidence)))))
    return Window(files, spans)


@given(windows(), st.data())
def test_to_cut_what_a_finding_covers_never_raises_the_score(window: Window, data: st.DataObject) -> None:
    if window.spans:
        path, first, last, _ = data.draw(st.sampled_from(window.spans))
        assert window.without(path, first, last).value() <= window.value()


@given(windows(), st.integers(0, 3_000), st.booleans())
def test_to_add_a_copy_never_lowers_it_found_or_not(window: Window, n: int, found: bool) -> None:
    files = window.files | {"copy.md": n}
    copy = [("copy.md", 0, n, Confidence.HIGH)] if found and n else []
    assert Window(files, window.spans + copy).value() >= window.value()


@given(windows())
def test_no_token_is_charged_twice(window: Window) -> None:
    assert Window(window.files, window.spans * 2).value() == window.value()
    once = Window(window.files, [(path, 0, n, Confidence.HIGH) for path, n in window.files.items() if n])
    assert Window(window.files, once.spans + window.spans).value() == once.value()


@given(windows())
def test_the_score_is_the_sum_of_its_addends_and_that_of_the_worst_agent(window: Window) -> None:
    score = score_of(window.findings(), window.evidence())
    assert score is not None
    assert 0 <= score.value <= 100
    assert score.value == max(agent.value for agent in score.agents)
    assert score.value == pytest.approx(sum(addend.points for addend in score.addends), abs=0.7)
    assert [addend.most for addend in score.addends] == [WASTE, WEIGHT]
    assert score.grade == grade_of(score.value)


def test_by_hand() -> None:
    # 1,437 tokens are the median: half of 40 points; half of them wasted, surely: 0.95 * 718.5 / (0.95 * 718.5 + 718.5)
    window = Window({"CLAUDE.md": 1_437}, [("CLAUDE.md", 0, 718, Confidence.HIGH)])
    score = score_of(window.findings(), window.evidence())
    assert score is not None
    waste, weight = score.addends
    assert weight.points == 20
    assert waste.points == pytest.approx(29.2, abs=0.1)
    assert waste.tokens == round(718 * 0.95)
    assert (score.value, score.grade) == (49, "D")
    assert Window({}).value() == 0


def test_an_agent_whose_model_counts_more_is_not_worse_for_it() -> None:
    window = Window({"CLAUDE.md": 1_000})
    evidence = window.evidence(("codex",))
    (agent,) = evidence.agents
    context = agent.context
    more = Tokens(1_220, False, "claude estimate", 0.12)
    (segment,) = context.segments
    other = Segment(segment.category, "rule", "CLAUDE.md", segment.activation, "CLAUDE.md", True, tokens=more, id="r")
    claude = AgentAudit(Context("claude-code", "x", "1", "claude-sonnet-4-5", 200_000, (other,)))
    both = Evidence((claude,), evidence.documents, evidence.tree, evidence.inventory, words)
    one, two = score_of([], evidence), score_of([], both)
    assert one is not None
    assert two is not None
    assert abs(one.value - two.value) <= 1


@given(st.floats(0, 1e7), st.floats(0, 1e7))
def test_a_heavier_repository_stands_higher(one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert 0 <= percentile(low) <= percentile(high) < 1


def test_percentiles_at_the_anchors() -> None:
    assert [percentile(n) for n in (0, 1_437, 2_750, 14_179)] == pytest.approx([0, 0.5, 0.75, 0.99])


@given(st.integers(0, 100), st.integers(0, 100))
def test_grades_are_in_order(one: int, two: int) -> None:
    low, high = sorted((one, two))
    assert grade_of(low) <= grade_of(high)
    assert {grade_of(value) for value in range(101)} == set("ABCDEF")
