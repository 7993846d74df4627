"""How many tokens of a window given places take: the union of their spans, no token twice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from ctxkit.evidence import is_listed
from ctxkit.model import NO_TOKENS, Tokens
from ctxkit.model.finding import Location, Waste

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from ctxkit.evidence import Document, Evidence
    from ctxkit.model import Segment, Span
    from ctxkit.model.audit import AgentAudit
    from ctxkit.model.finding import Findings


def wasted(places: Sequence[Location], evidence: Evidence) -> tuple[Waste, ...]:
    """What ``places`` take in the window of each agent that has any of them."""
    found = []
    named = {place.segment for place in places if place.segment}
    for agent in evidence.agents:
        start = later = NO_TOKENS
        for segment, share in shares([(place, 1.0) for place in places], agent, evidence):
            start += part_of(segment.tokens, share) if _is_charged(segment, named) else NO_TOKENS
            later += part_of(segment.tokens_if_used, share)
        if start.n or later.n:
            found.append(Waste(agent.context.agent, start, later))
    return tuple(found)


def summed(findings: Findings, evidence: Evidence) -> Findings:
    """``findings`` with what those that are shown waste together."""
    unneeded = [place for finding in findings.shown for place in finding.unneeded]
    cuts = [Location(cut.path, cut.span) for finding in findings.shown for cut in finding.cuts]
    return replace(findings, wasted=wasted(unneeded, evidence), removable=wasted(cuts, evidence))


def shares(
    places: Iterable[tuple[Location, float]], agent: AgentAudit, evidence: Evidence
) -> Iterator[tuple[Segment, float]]:
    """Each segment of ``agent`` that a place lies in, with the share of its tokens that the places take.

    A place counts with its weight (0 to 1); where several overlap, with the greatest of theirs.
    """
    by_path: dict[str, list[tuple[Span | None, float]]] = defaultdict(list)
    by_id: dict[str, float] = {}
    for place, weight in places:
        if place.agent not in ("", agent.context.agent):
            continue
        if place.segment:
            by_id[place.segment] = max(weight, by_id.get(place.segment, 0.0))
        elif place.path is not None:
            by_path[place.path].append((place.span, weight))
    for segment in agent.context.segments:
        whole = by_id.get(segment.id, 0.0)
        spans = by_path.get(segment.path or "", []) if segment.path is not None else []
        document = evidence.documents.get(segment.path or "")
        if whole or not spans:
            parts = [(child.tokens.n, max(whole, by_id.get(child.id, 0.0))) for child in segment.children]
            if whole and not parts:
                yield segment, whole
            elif sum(tokens for tokens, _ in parts):
                rest = segment.tokens.n - sum(tokens for tokens, _ in parts)
                taken = sum(tokens * weight for tokens, weight in parts) + rest * whole
                if taken:
                    yield segment, taken / segment.tokens.n
        elif document is not None and (share := _covered(spans, segment, document, evidence)):
            yield segment, share


def part_of(tokens: Tokens, share: float) -> Tokens:
    """So much of ``tokens``."""
    return Tokens(round(tokens.n * min(1.0, share)), tokens.exact, tokens.by, tokens.error)


def _is_charged(segment: Segment, named: Container[str]) -> bool:
    """Does what is meant stand in the first request: the whole body, or of a segment that is ``named`` its listing?"""
    whole = segment.path is None or not is_listed(segment)
    return segment.loaded and (whole or any(piece.id in named for piece in (segment, *segment.children)))


def _covered(
    spans: Sequence[tuple[Span | None, float]], segment: Segment, document: Document, evidence: Evidence
) -> float:
    """The share of the tokens of ``segment`` that ``spans`` take."""
    first, last = (segment.span.start, segment.span.end) if segment.span is not None else (0, len(document.data))
    clipped = []
    for span, weight in spans:
        start, end = (first, last) if span is None else (max(first, span.start), min(last, span.end))
        if start < end:
            clipped.append((start, end, weight))
    if not clipped:
        return 0.0
    edges = sorted({first, last, *(edge for start, end, _ in clipped for edge in (start, end))})
    weights = [
        max((w for start, end, w in clipped if start <= a and b <= end), default=0.0) for a, b in pairwise(edges)
    ]
    text = document.data[first:last].decode("utf-8", "replace")
    offsets = [len(document.data[first:edge].decode("utf-8", "replace")) for edge in edges[:-1]]
    counts = evidence.count(text, offsets)
    whole = sum(counts)
    return sum(count * weight for count, weight in zip(counts, weights, strict=True)) / whole if whole else 0.0
