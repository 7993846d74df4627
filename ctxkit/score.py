"""The bloat score: 0 where there is nothing to take out, up to 100.

Two addends. **waste**: tokens of every request that findings say are not needed, each counted once and weighted by the
confidence of the surest finding that covers it: ``60 · w / (w + W)``, where ``W`` is half of what the median repository
loads, so that a waste of that size gives 30 points. **weight**: the share of real repositories that load less of their
own (rules and MCP tools) in every request, times 40.

Both grow with tokens and never with their ratio. So to cut what a finding covers cannot raise the score, and to add a
copy cannot lower it, found or not; a share of waste, the first thing one thinks of, breaks that law as soon as needed
text is added to it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ctxkit.detect.charge import shares
from ctxkit.detect.limits import detector_data
from ctxkit.model import Category
from ctxkit.model.finding import Persona
from ctxkit.model.score import Addend, AgentScore, Score
from ctxkit.tokens.families import family_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.evidence import Evidence
    from ctxkit.model import Segment
    from ctxkit.model.audit import AgentAudit
    from ctxkit.model.finding import Finding

WASTE = 60.0
WEIGHT = 40.0
"""Points that each addend gives at most."""

_GRADES = ((10, "A"), (25, "B"), (40, "C"), (55, "D"), (70, "E"))
_MANY = 100_000
_BUILT_IN = frozenset({"built-in", "framing", "listing"})


def score_of(findings: Sequence[Finding], evidence: Evidence) -> Score | None:
    """The score of all agents in ``evidence``; None where there is none.

    Of ``findings`` those count that everybody is shown; what only others look for is too often left as it is.
    """
    counted = [finding for finding in findings if finding.persona is Persona.REGULAR]
    agents = tuple(_agent_score(agent, counted, evidence) for agent in evidence.agents)
    if not agents:
        return None
    worst = max(agents, key=lambda score: score.value)
    return Score(worst.value, grade_of(worst.value), worst.agent, worst.addends, agents)


def grade_of(value: int) -> str:
    """A for a score up to 10, then a letter for every 15 points, F above 70."""
    return next((grade for most, grade in _GRADES if value <= most), "F")


def percentile(tokens: float) -> float:
    """The share of real repositories whose heaviest agent loads fewer tokens (o200k_base) of its own rules at start.

    Straight lines between the measured anchors (``rules/detectors.yaml``); beyond the last it nears 1 without end.
    """
    known = sorted((at, float(share)) for share, at in detector_data().anchors.items())
    points = [(0.0, 0.0), *known]
    for (low, below), (high, above) in pairwise(points):
        if tokens <= high:
            return below + (above - below) * (tokens - low) / (high - low)
    last, share = points[-1]
    return 1 - (1 - share) * last / tokens


def _agent_score(agent: AgentAudit, findings: Sequence[Finding], evidence: Evidence) -> AgentScore:
    factor = family_of(agent.context.model).tokens(_MANY).n / _MANY
    own = {segment.id: segment for segment in agent.context.segments if _is_own(segment)}
    places = [
        (place, finding.confidence.weight) for finding in findings for place in finding.unneeded if finding.wasted
    ]
    wasted = sum(segment.tokens.n * share for segment, share in shares(places, agent, evidence) if segment.id in own)
    total = sum(segment.tokens.n for segment in own.values())
    half = detector_data().anchors["0.50"] / 2
    waste = WASTE * (wasted / factor) / (wasted / factor + half)
    stands = percentile(total / factor)
    below = min(99, int(stands * 100))
    addends = (
        Addend("waste", round(waste, 1), WASTE, round(wasted), f"{round(wasted):,} tokens of every request not needed"),
        Addend("weight", round(WEIGHT * stands, 1), WEIGHT, total, f"more than {below} % of repositories"),
    )
    return AgentScore(agent.context.agent, min(100, round(waste + WEIGHT * stands)), addends)


def _is_own(segment: Segment) -> bool:
    """Is it in every request, and the user's to take out?"""
    return segment.loaded and segment.category in (Category.RULES, Category.TOOLS) and segment.kind not in _BUILT_IN
