"""A diff as JSON (``ctxkit/diff/1``): sorted keys, no clock; the Structs are the truth of its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, json

from ctxkit.model import Category  # noqa: TC001 - msgspec reads the annotations
from ctxkit.report.cost import cost_of
from ctxkit.report.findings_json import FindingOut, finding_out
from ctxkit.report.json_values import SkippedOut, TokensOut, skipped_out, tokens_out, utf8

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctxkit.model.diff import AgentDiff, Change, Diff, ItemChange
    from ctxkit.report.cost import Priced


class ChangeOut(Struct, frozen=True, kw_only=True):
    """Tokens before and after; ``difference`` is after minus before."""

    after: TokensOut
    before: TokensOut
    difference: int


class ItemChangeOut(Struct, frozen=True, kw_only=True):
    """A part of a window that is not what it was: ``start`` in every request, ``later`` once it is used."""

    category: Category
    kind: str
    later: ChangeOut
    path: str | None
    start: ChangeOut
    title: str


class CostChangeOut(Struct, frozen=True, kw_only=True):
    """US dollars of 100 turns that send the window, read from the cache where the model has one."""

    after: float
    before: float
    currency: Literal["USD"] = "USD"
    difference: float


class CategoriesOut(Struct, frozen=True, kw_only=True):
    """Tokens of the first request, by category."""

    files: ChangeOut
    history: ChangeOut
    rules: ChangeOut
    system: ChangeOut
    tools: ChangeOut


class AgentDiffOut(Struct, frozen=True, kw_only=True):
    """One agent's window. ``cost_per_100_turns`` is null where no price of the model is known."""

    agent: str
    categories: CategoriesOut
    cost_per_100_turns: CostChangeOut | None
    items: tuple[ItemChangeOut, ...]
    later: ChangeOut
    model: str
    name: str
    start: ChangeOut
    window: int


class FileChangeOut(Struct, frozen=True, kw_only=True):
    """A file that agents may read."""

    kind: str
    path: str
    tokens: ChangeOut


class ScoreChangeOut(Struct, frozen=True, kw_only=True):
    """The score of the repository; 0 is best."""

    after: int
    before: int


class DiffOut(Struct, frozen=True, kw_only=True):
    """What ``ctxkit diff --format json`` writes. ``head`` is null for the work tree."""

    agents: tuple[AgentDiffOut, ...]
    all_files: ChangeOut
    base: str
    files: tuple[FileChangeOut, ...]
    head: str | None
    new_findings: tuple[FindingOut, ...]
    resolved_findings: tuple[FindingOut, ...]
    schema: Literal["ctxkit/diff/1"] = "ctxkit/diff/1"
    score: ScoreChangeOut | None
    skipped: tuple[SkippedOut, ...]


def diff_json(diff: Diff, models: Mapping[str, Priced]) -> bytes:
    """The report; ``models`` (for prices) by id."""
    score = None if diff.score is None else ScoreChangeOut(before=diff.score[0], after=diff.score[1])
    out = DiffOut(
        agents=tuple(_agent(agent, models.get(agent.model)) for agent in diff.agents),
        all_files=_change(diff.all_files),
        base=utf8(diff.base),
        files=tuple(
            FileChangeOut(kind=file.kind, path=utf8(file.path), tokens=_change(file.tokens)) for file in diff.files
        ),
        head=utf8(diff.head) or None,
        new_findings=tuple(map(finding_out, diff.new)),
        resolved_findings=tuple(map(finding_out, diff.resolved)),
        score=score,
        skipped=skipped_out(diff.skipped),
    )
    return json.format(json.encode(out, order="sorted"), indent=1) + b"\n"


def _agent(agent: AgentDiff, model: Priced | None) -> AgentDiffOut:
    return AgentDiffOut(
        agent=agent.agent,
        categories=CategoriesOut(**{category.value: _change(change) for category, change in agent.categories}),
        cost_per_100_turns=_cost(agent, model),
        items=tuple(map(_item, agent.items)),
        later=_change(agent.later),
        model=utf8(agent.model),
        name=agent.name,
        start=_change(agent.start),
        window=agent.window,
    )


def _item(item: ItemChange) -> ItemChangeOut:
    return ItemChangeOut(
        category=item.category,
        kind=utf8(item.kind),
        later=_change(item.later),
        path=None if item.path is None else utf8(item.path),
        start=_change(item.start),
        title=utf8(item.title),
    )


def _cost(agent: AgentDiff, model: Priced | None) -> CostChangeOut | None:
    before, after = cost_of(agent.start.before.n, model), cost_of(agent.start.after.n, model)
    if before is None or after is None:
        return None
    return CostChangeOut(
        after=round(after.cached_100, 6),
        before=round(before.cached_100, 6),
        difference=round(after.cached_100 - before.cached_100, 6),
    )


def _change(change: Change) -> ChangeOut:
    return ChangeOut(after=tokens_out(change.after), before=tokens_out(change.before), difference=change.by)
