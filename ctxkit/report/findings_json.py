"""Findings and score as JSON values; the Structs are part of the schema of every report that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from ctxkit.report.json_values import SpanOut, TokensOut, span_out, tokens_out, utf8

if TYPE_CHECKING:
    from ctxkit.model.finding import Finding, Location, Suppressed
    from ctxkit.model.score import Addend, Score


class RegionOut(Struct, frozen=True, kw_only=True):
    """Lines and columns (characters), all from 1; ``end_column`` is behind the last character."""

    end_column: int
    end_line: int
    start_column: int
    start_line: int


class PlaceOut(Struct, frozen=True, kw_only=True):
    """A place: a file, or a segment of the window that has none. ``path`` as in an item; ``note``: what is there."""

    note: str
    path: str | None
    region: RegionOut | None
    segment: str
    span: SpanOut | None


class CutOut(Struct, frozen=True, kw_only=True):
    """A span that could go; ``safe``: nothing but repetition goes with it."""

    path: str
    reason: str
    safe: bool
    span: SpanOut


class WasteOut(Struct, frozen=True, kw_only=True):
    """Tokens of one agent that are not needed: ``start`` in every request, ``later`` once they are loaded."""

    agent: str
    later: TokensOut
    start: TokensOut


class FindingOut(Struct, frozen=True, kw_only=True):
    """What a detector found. ``at``: the first place is the one to go to. ``fingerprint`` names it in a baseline."""

    at: tuple[PlaceOut, ...]
    confidence: Literal["high", "medium", "low"]
    cuts: tuple[CutOut, ...]
    evidence: tuple[str, ...]
    fingerprint: str
    message: str
    persona: Literal["regular", "pedantic", "auditor"]
    rule: str
    severity: Literal["error", "warning", "note"]
    tip: str
    wasted: tuple[WasteOut, ...]


class SuppressedOut(Struct, frozen=True, kw_only=True):
    """A finding that is not shown: ``by`` a comment, the configuration or the baseline, and why."""

    by: str
    fingerprint: str
    path: str | None
    reason: str
    rule: str


class AddendOut(Struct, frozen=True, kw_only=True):
    """A part of a score: ``points`` of at most ``most``, given for ``tokens``."""

    most: float
    name: str
    points: float
    said: str
    tokens: int


class AgentScoreOut(Struct, frozen=True, kw_only=True):
    """The score of one agent's window."""

    addends: tuple[AddendOut, ...]
    agent: str
    value: int


class ScoreOut(Struct, frozen=True, kw_only=True):
    """0 (nothing to take out) to 100: the score of the agent with the highest. ``grade``: A (best) to F."""

    addends: tuple[AddendOut, ...]
    agent: str
    agents: tuple[AgentScoreOut, ...]
    grade: str
    value: int


def finding_out(finding: Finding) -> FindingOut:
    """A finding."""
    return FindingOut(
        at=tuple(map(_place, finding.at)),
        confidence=finding.confidence.value,
        cuts=tuple(
            CutOut(
                path=utf8(cut.path),
                reason=utf8(cut.reason),
                safe=cut.safe,
                span=SpanOut(end=cut.span.end, start=cut.span.start),
            )
            for cut in finding.cuts
        ),
        evidence=tuple(map(utf8, finding.evidence)),
        fingerprint=finding.fingerprint,
        message=utf8(finding.message),
        persona=finding.persona.value,
        rule=finding.rule,
        severity=finding.severity.value,
        tip=utf8(finding.tip),
        wasted=tuple(
            WasteOut(agent=waste.agent, later=tokens_out(waste.later), start=tokens_out(waste.start))
            for waste in finding.wasted
        ),
    )


def suppressed_out(item: Suppressed) -> SuppressedOut:
    """A finding that somebody asked not to see."""
    finding = item.finding
    path = finding.at[0].path if finding.at else None
    return SuppressedOut(
        by=item.by,
        fingerprint=finding.fingerprint,
        path=None if path is None else utf8(path),
        reason=utf8(item.reason),
        rule=finding.rule,
    )


def score_out(score: Score) -> ScoreOut:
    """The score of a repository."""
    return ScoreOut(
        addends=tuple(map(_addend, score.addends)),
        agent=score.agent,
        agents=tuple(
            AgentScoreOut(addends=tuple(map(_addend, agent.addends)), agent=agent.agent, value=agent.value)
            for agent in score.agents
        ),
        grade=score.grade,
        value=score.value,
    )


def _addend(addend: Addend) -> AddendOut:
    return AddendOut(most=addend.most, name=addend.name, points=addend.points, said=addend.said, tokens=addend.tokens)


def _place(place: Location) -> PlaceOut:
    region = place.region
    return PlaceOut(
        note=utf8(place.note),
        path=None if place.path is None else utf8(place.path),
        region=None
        if region is None
        else RegionOut(
            end_column=region.end_column,
            end_line=region.end_line,
            start_column=region.start_column,
            start_line=region.start_line,
        ),
        segment=utf8(place.segment),
        span=span_out(place.span),
    )
