"""The audit as JSON (``ctxkit/audit/1``): sorted keys, no clock, one line per item, always valid UTF-8.

The Structs are the truth of ``rules/schema/audit.json``. Items are written agent by agent in blocks, so that memory
stays bounded by the size of one block however many files and agents there are.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Literal

from msgspec import UNSET, Struct, UnsetType
from msgspec import json as msgspec_json

from ctxkit.model import Activation, Category, Segment, Tokens
from ctxkit.report.cost import Cost, Priced, cost_of
from ctxkit.report.findings_json import FindingOut, ScoreOut, SuppressedOut, finding_out, score_out, suppressed_out
from ctxkit.report.json_values import SkippedOut, SpanOut, TokensOut, skipped_out, span_out, tokens_out, utf8
from ctxkit.report.summary import Summary, summarise
from ctxkit.tokens.content import content_of
from ctxkit.tokens.families import Family, family_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ctxkit.model.audit import AgentAudit, Audit, FileEntry
    from ctxkit.model.use import AgentUse, Use

BLOCK = 4096
"""Items encoded at a time (about 1.5 MB of JSON)."""


class UseOut(Struct, frozen=True, kw_only=True):
    """What recorded sessions say about an item (``--sessions``).

    ``seen``: in how many of them it was used; ``looked_for``: signs it could be told by, 0 where there are none.
    ``carried``: its tokens times the requests it was in; ``paid``: USD of input, null where no price is known.
    """

    carried: int
    found: tuple[str, ...]
    looked_for: int
    paid: float | None
    seen: int


class AgentUseOut(Struct, frozen=True, kw_only=True):
    """The sessions that were looked through for signs of use, and the requests in them.

    ``unused_parts``: paragraphs, list items and fences of rule files that have signs of which none was met.
    """

    requests: int
    sessions: int
    unused_parts: tuple[Item, ...]


class Item(Struct, frozen=True, kw_only=True):
    """A piece of an agent's context. ``path`` is relative to the root, ``~/…`` under the home directory, else absolute.

    ``loaded``: its body, or its name and description, is in the first request; where only a name or a path stands
    there, that is charged in ``tokens`` all the same. ``after_touch``: any part of it arrives once the touched files
    were read. ``tokens``: what the first request is charged; ``tokens_if_used``: the whole body.
    """

    activation: Activation
    after_touch: bool
    category: Category
    children: tuple[Item, ...]
    confidence: str
    id: str
    kind: str
    loaded: bool
    path: str | None
    span: SpanOut | None
    title: str
    tokens: TokensOut
    tokens_if_used: TokensOut
    use: UseOut | UnsetType = UNSET
    via: tuple[str, ...]
    why: str


class CostOut(Struct, frozen=True, kw_only=True):
    """US dollars for sending the window as it stands before the first word.

    ``at_least`` as in the tokens it is made from. ``per_100_turns_cached`` is one ``first_turn`` and 99
    ``cached_turn``, ``per_100_turns_uncached`` 100 times ``uncached_turn``.
    """

    at_least: bool | UnsetType = UNSET
    cached_turn: float
    currency: Literal["USD"] = "USD"
    first_turn: float
    per_100_turns_cached: float
    per_100_turns_uncached: float
    uncached_turn: float


class TotalsOut(Struct, frozen=True, kw_only=True):
    """Tokens of the first request, by category."""

    files: TokensOut
    history: TokensOut
    rules: TokensOut
    system: TokensOut
    tools: TokensOut


class AgentOut(Struct, frozen=True, kw_only=True):
    """One agent's window. ``cost`` is null where no price of the model is known."""

    agent: str
    cost: CostOut | None
    items: tuple[Item, ...]
    model: str
    name: str
    notes: tuple[str, ...]
    skipped: tuple[SkippedOut, ...]
    total: TokensOut
    totals: TotalsOut
    use: AgentUseOut | UnsetType = UNSET
    version: str
    window: int


class KindOut(Struct, frozen=True, kw_only=True):
    """Files of one kind."""

    files: int
    tokens: int


class FilesOut(Struct, frozen=True, kw_only=True):
    """The files under the root that git does not ignore, counted in o200k_base."""

    by_kind: dict[str, KindOut]
    count: int
    tokens: int


class AuditOut(Struct, frozen=True, kw_only=True):
    """What ``ctxkit audit --format json`` writes.

    ``also_read_by``: other agents that load a rule file found here. ``expired``: comments and settings that do not let
    anything pass any more, and why. ``findings``: worst first; ``findings_hidden``: how
    many more are meant for other personas; ``suppressed``: those that a comment, the configuration or the baseline
    takes out. ``score`` is null where nothing was looked for.
    """

    agents: tuple[AgentOut, ...]
    also_read_by: tuple[str, ...]
    expired: tuple[str, ...]
    files: FilesOut
    findings: tuple[FindingOut, ...]
    findings_hidden: int
    schema: Literal["ctxkit/audit/1"] = "ctxkit/audit/1"
    score: ScoreOut | None
    skipped: tuple[SkippedOut, ...]
    suppressed: tuple[SuppressedOut, ...]


_encode = msgspec_json.Encoder(order="deterministic").encode


def audit_json(audit: Audit, models: Mapping[str, Priced]) -> Iterator[bytes]:
    """The report in pieces, in order; ``models`` (for prices) by id. A piece is at most one block of items."""
    kinds = {kind: KindOut(files=files, tokens=tokens) for kind, (files, tokens) in audit.inventory.by_kind().items()}
    root = AuditOut(
        agents=(),
        also_read_by=audit.also_read_by,
        expired=tuple(map(utf8, audit.findings.expired)),
        files=FilesOut(by_kind=kinds, count=audit.inventory.count, tokens=audit.inventory.total),
        findings=tuple(map(finding_out, audit.findings.shown)),
        findings_hidden=len(audit.findings.hidden),
        score=None if audit.score is None else score_out(audit.score),
        skipped=skipped_out(audit.skipped),
        suppressed=tuple(map(suppressed_out, audit.findings.suppressed)),
    )
    files = _Files(audit.inventory.entries())
    before, after = _split(root, b'"agents":[]')
    yield before + b'"agents":['
    for at, agent in enumerate(audit.agents):
        yield b"\n" if at == 0 else b",\n"
        yield from _agent(agent, files, models.get(agent.context.model))
    yield b"]" + after + b"\n"


def _agent(agent: AgentAudit, files: _Files, model: Priced | None) -> Iterator[bytes]:
    context, summary = agent.context, summarise(agent)
    head = AgentOut(
        agent=context.agent,
        cost=_cost(cost_of(summary.start.n, model), summary),
        items=(),
        model=context.model,
        name=context.name,
        notes=tuple(map(utf8, context.notes)),
        skipped=skipped_out(context.skipped),
        total=_at_least(summary.start, not summary.whole),
        totals=_totals(summary),
        use=UNSET if agent.use is None else _agent_use(agent.use),
        version=context.version,
        window=context.window,
    )
    before, after = _split(head, b'"items":[]')
    yield before + b'"items":['
    first = True
    uses = agent.use.by_id if agent.use is not None else {}
    for items in ((item_of(segment, uses) for segment in context.segments), files.items(agent)):
        while block := list(islice(items, BLOCK)):
            yield (b"\n" if first else b",\n") + b",\n".join(map(_encode, block))
            first = False
    yield b"]" + after


def _split(value: Struct, empty: bytes) -> tuple[bytes, bytes]:
    # Quotes inside JSON strings are escaped, so the key with its empty list occurs once, where it is written.
    before, _, after = _encode(value).partition(empty)
    return before, after


def item_of(segment: Segment, uses: Mapping[str, Use] | None = None) -> Item:
    """``segment`` as the report has it; ``uses``: what is known of the use of segments, by id."""
    use = uses.get(segment.id) if uses else None
    return Item(
        activation=segment.activation,
        after_touch=segment.after_touch,
        category=segment.category,
        children=tuple(item_of(child, uses) for child in segment.children),
        confidence=segment.confidence,
        id=utf8(segment.id),
        kind=segment.kind,
        loaded=segment.loaded,
        path=None if segment.path is None else utf8(segment.path),
        span=span_out(segment.span),
        title=utf8(segment.title),
        tokens=tokens_out(segment.tokens),
        tokens_if_used=tokens_out(segment.tokens_if_used),
        use=UNSET if use is None else _use(use),
        via=tuple(map(utf8, segment.via)),
        why=utf8(segment.why),
    )


def _agent_use(use: AgentUse) -> AgentUseOut:
    parts = [part for mine in use.parts.values() for part in mine if part.id in use.by_id and use.by_id[part.id].unused]
    return AgentUseOut(
        requests=use.requests, sessions=use.sessions, unused_parts=tuple(item_of(part, use.by_id) for part in parts)
    )


def _use(use: Use) -> UseOut:
    return UseOut(
        carried=use.carried,
        found=tuple(map(utf8, use.found)),
        looked_for=use.looked_for,
        paid=None if use.paid is None else round(use.paid, 6),
        seen=use.seen,
    )


class _Files:
    """The files of an audit as items of each agent; what agents share is worked out once."""

    def __init__(self, entries: Iterable[FileEntry]) -> None:
        self._entries = [(entry, utf8(entry.path)) for entry in entries]
        self._counted: dict[str, list[TokensOut]] = {}

    def items(self, agent: AgentAudit) -> Iterator[Item]:
        hidden, listed, touched = agent.hidden, agent.listed, agent.touched
        family = family_of(agent.context.model)
        nothing = tokens_out(family.tokens(0))
        for (file, shown), counted in zip(self._entries, self._in(family), strict=True):
            path = file.path
            never = path in hidden
            yield Item(
                activation=Activation.NEVER if never else Activation.NAMED,
                after_touch=not never and path in touched,
                category=Category.FILES,
                children=(),
                confidence="doc",
                id=f"files:{shown}",
                kind=file.kind,
                loaded=False,
                path=shown,
                span=None,
                title=shown,
                tokens=nothing,
                tokens_if_used=counted,
                via=(),
                why=_HIDDEN if never else _LISTED if path in listed else "",
            )

    def _in(self, family: Family) -> list[TokensOut]:
        """The tokens of every file as ``family`` counts them."""
        if family.id not in self._counted:
            self._counted[family.id] = [
                _tokens_of(file, family.tokens(file.tokens, content_of(file.path))) for file, _ in self._entries
            ]
        return self._counted[family.id]


_HIDDEN = "hidden by the agent's ignore files"
_LISTED = "its name is listed"


def _tokens_of(file: FileEntry, counted: Tokens) -> TokensOut:
    if counted.exact and not file.estimated:
        return TokensOut(by=counted.by, exact=True, n=counted.n)
    return TokensOut(by=counted.by, error=counted.error, exact=False, n=counted.n)


def _uncounted(summary: Summary) -> set[Category]:
    """The categories to which something belongs that nobody has counted."""
    found = set() if summary.measured else {Category.SYSTEM, Category.TOOLS}
    return found | {Category.TOOLS} if summary.uncounted else found


def _at_least(tokens: Tokens, uncounted: bool) -> TokensOut:
    if not uncounted:
        return tokens_out(tokens)
    return TokensOut(at_least=True, by=utf8(tokens.by), error=tokens.error, exact=False, n=tokens.n)


def _totals(summary: Summary) -> TotalsOut:
    uncounted = _uncounted(summary)
    return TotalsOut(
        **{category.value: _at_least(tokens, category in uncounted) for category, tokens in summary.by_category.items()}
    )


def _cost(cost: Cost | None, summary: Summary) -> CostOut | None:
    if cost is None:
        return None
    return CostOut(
        at_least=UNSET if summary.whole else True,
        cached_turn=round(cost.cached, 8),
        first_turn=round(cost.first, 8),
        per_100_turns_cached=round(cost.cached_100, 6),
        per_100_turns_uncached=round(cost.uncached_100, 6),
        uncached_turn=round(cost.uncached, 8),
    )
