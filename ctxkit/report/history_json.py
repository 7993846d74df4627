"""A recorded session as JSON (``ctxkit/history/1``); the Structs are the truth of ``rules/schema/history.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec import json as msgspec_json

from ctxkit.report.json import Item, item_of
from ctxkit.report.json_values import SkippedOut, skipped_out, utf8
from ctxkit.sources.session.tree import context_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.model.history import Entry
    from ctxkit.sources.session.overview import Overview, Weight
    from ctxkit.sources.session.scale import Bill


class WeightOut(Struct, frozen=True, kw_only=True):
    """One row of a table.

    ``now``: tokens in the last request; ``entered``: that ever came; ``carried``: summed over all requests; ``paid``:
    USD of input; ``dead``: of ``now``, what is superseded, outdated, repeated or resolved.
    """

    carried: int
    dead: int
    entered: int
    entries: int
    errors: int
    name: str
    now: int
    paid: float


class BillOut(Struct, frozen=True, kw_only=True):
    """US dollars at list prices."""

    cached: float
    currency: Literal["USD"] = "USD"
    fresh: float
    output: float
    total: float
    written: float


class RequestOut(Struct, frozen=True, kw_only=True):
    """One request of the main thread.

    ``tokens``: of its whole input, by the provider's count where ``recorded``. ``seen``: of these, what the transcript
    holds, by our count. ``uncached``: input that no cache held. ``cold``: the cache of the request before was lost.
    """

    cold: bool
    compacted: bool
    cost: float | None
    number: int
    recorded: bool
    seen: int
    tokens: int
    turn: int
    uncached: int | None


class TurnOut(Struct, frozen=True, kw_only=True):
    """One turn. ``blocks`` only with ``--turns``: what entered in it, in order."""

    bill: BillOut | None
    blocks: tuple[BlockOut, ...] | None
    calls: int
    compactions: int
    cost: float | None
    entered: int
    errors: int
    input: int
    output: int
    prompt: str
    requests: int
    turn: int
    uncached: int
    window: int


class BlockOut(Struct, frozen=True, kw_only=True):
    """A block. ``left``: the request from which on it is no longer sent, and why; null while it is in the window."""

    about: str
    estimated: bool
    error: bool
    first_request: int
    kind: str
    left: LeftOut | None
    name: str
    paths: tuple[str, ...]
    thread: str
    tokens: int


class LeftOut(Struct, frozen=True, kw_only=True):
    """When and why a block left."""

    request: int
    why: str


class DeadOut(Struct, frozen=True, kw_only=True):
    """A block of the last window that is of no use any more."""

    about: str
    id: str
    reason: str
    tokens: int


class UnusedOut(Struct, frozen=True, kw_only=True):
    """A tool that was defined and never called."""

    name: str
    paid: float
    tokens: int


class LoopOut(Struct, frozen=True, kw_only=True):
    """A call that failed again and again in the same words."""

    about: str
    name: str
    times: int


class FailedOut(Struct, frozen=True, kw_only=True):
    """A call that failed, so often in the same words. ``tokens``: of its results."""

    about: str
    name: str
    times: int
    tokens: int


class FoldedOut(Struct, frozen=True, kw_only=True):
    """The oldest blocks of a session that has more than are kept one by one. ``tokens``: in o200k_base."""

    blocks: int
    tokens: int


class LargestOut(Struct, frozen=True, kw_only=True):
    """A large result. ``in_window``: it is still sent."""

    about: str
    id: str
    in_window: bool
    name: str
    tokens: int
    turn: int


class AdviceOut(Struct, frozen=True, kw_only=True):
    """What to do now, and why. ``command``: what the agent's user types for it; null if that is not known."""

    command: str | None
    reasons: tuple[str, ...]
    verdict: Literal["go on", "compact", "start afresh"]


class CountOut(Struct, frozen=True, kw_only=True):
    """How our tokens were made: exactly, or estimated within ``error`` (relative half-width)."""

    error: float
    exact: bool


class HistoryOut(Struct, frozen=True, kw_only=True):
    """What ``ctxkit history SESSION --format json`` writes.

    ``unseen``: tokens of the last request that the transcript does not hold (system prompt, tools). ``items``: the
    window of the request to come, as in ``ctxkit/audit/1``. ``output``: by our count where ``recorded_output``, what
    the transcript has, is plainly too few. ``folded``: blocks of a very long session that are only counted.
    """

    advice: AdviceOut
    agent: str
    bill: BillOut | None
    by_file: tuple[WeightOut, ...]
    by_kind: tuple[WeightOut, ...]
    by_subagent: tuple[WeightOut, ...]
    by_tool: tuple[WeightOut, ...]
    cached: int
    compactions: int
    count: CountOut
    dead: tuple[DeadOut, ...]
    failed: tuple[FailedOut, ...]
    folded: FoldedOut
    format: str
    id: str
    input: int
    items: tuple[Item, ...]
    largest: tuple[LargestOut, ...]
    loops: tuple[LoopOut, ...]
    model: str
    now: int
    output: int
    path: str
    peak: int
    recorded_cost: float | None
    recorded_output: int
    requests: tuple[RequestOut, ...]
    schema: Literal["ctxkit/history/1"] = "ctxkit/history/1"
    skipped: tuple[SkippedOut, ...]
    title: str
    turns: tuple[TurnOut, ...]
    unseen: int
    unused_tools: tuple[UnusedOut, ...]
    version: str
    window: int | None


_LARGEST = 50


def history_json(overview: Overview, every_turn: bool = False) -> Iterator[bytes]:
    """The report of one session; ``every_turn``: with the blocks of every turn."""
    session, scale = overview.session, overview.scale
    start = session.start
    context = context_of(session, scale)
    value = HistoryOut(
        advice=advice_out(overview),
        agent=utf8(start.agent),
        bill=_bill(overview.bill),
        by_file=_rows(overview.by_file),
        by_kind=_rows({kind.value: row for kind, row in overview.by_kind.items()}),
        by_subagent=_rows(overview.by_thread),
        by_tool=_rows(overview.by_tool),
        cached=overview.cached,
        compactions=len(session.compactions),
        count=CountOut(error=overview.error, exact=scale.exact),
        dead=tuple(
            DeadOut(
                about=utf8(item.entry.about),
                id=f"history:{utf8(start.id)}#{item.entry.index}",
                reason=item.reason.value,
                tokens=scale.tokens(item.entry),
            )
            for item in overview.dead
        ),
        failed=tuple(
            FailedOut(about=utf8(item.call.about), name=utf8(item.call.name), times=item.times, tokens=item.tokens)
            for item in overview.failed
        ),
        folded=FoldedOut(blocks=session.folded.entries, tokens=session.folded.tokens),
        format=start.format,
        id=utf8(start.id),
        input=overview.input,
        items=tuple(map(item_of, context.segments)),
        largest=tuple(
            LargestOut(
                about=utf8(entry.about),
                id=f"history:{utf8(start.id)}#{entry.index}",
                in_window=entry.index in overview.alive,
                name=utf8(entry.name),
                tokens=scale.tokens(entry),
                turn=entry.turn,
            )
            for entry in overview.largest[:_LARGEST]
        ),
        loops=tuple(
            LoopOut(about=utf8(loop.excerpt), name=utf8(loop.name), times=loop.times) for loop in overview.loops
        ),
        model=utf8(scale.name),
        now=overview.now,
        output=overview.output,
        path=utf8(session.path),
        peak=overview.peak,
        recorded_cost=None if overview.recorded_cost is None else usd(overview.recorded_cost),
        recorded_output=overview.recorded_output,
        requests=tuple(
            RequestOut(
                cold=fill.cold,
                compacted=fill.compacted,
                cost=None if fill.cost is None else usd(fill.cost),
                number=fill.number,
                recorded=fill.recorded,
                seen=fill.seen,
                tokens=fill.tokens,
                turn=fill.turn,
                uncached=fill.fresh,
            )
            for fill in overview.fills
        ),
        skipped=skipped_out(session.skipped),
        title=utf8(start.title),
        turns=_turns(overview, every_turn),
        unseen=overview.unseen,
        unused_tools=tuple(
            UnusedOut(name=utf8(tool.name), paid=usd(tool.paid), tokens=tool.tokens) for tool in overview.unused
        ),
        version=utf8(start.version),
        window=scale.window,
    )
    yield from written(value)


def written(value: Struct) -> Iterator[bytes]:
    """``value`` as indented JSON with sorted keys."""
    yield msgspec_json.format(msgspec_json.encode(value, order="deterministic"), indent=1)
    yield b"\n"


def advice_out(overview: Overview) -> AdviceOut:
    """The recommendation."""
    return AdviceOut(
        command=overview.commands.get(overview.advice.verdict),
        reasons=overview.advice.reasons,
        verdict=overview.advice.verdict.value,
    )


def _rows(rows: dict[str, Weight]) -> tuple[WeightOut, ...]:
    ordered = sorted(rows.items(), key=lambda item: (-item[1].carried, -item[1].entered, item[0]))
    return tuple(
        WeightOut(
            carried=row.carried,
            dead=row.dead,
            entered=row.entered,
            entries=row.entries,
            errors=row.errors,
            name=utf8(name),
            now=row.now,
            paid=usd(row.paid),
        )
        for name, row in ordered
    )


def _bill(bill: Bill | None) -> BillOut | None:
    if bill is None:
        return None
    return BillOut(
        cached=usd(bill.cached),
        fresh=usd(bill.fresh),
        output=usd(bill.output),
        total=usd(bill.total),
        written=usd(bill.written),
    )


def _turns(overview: Overview, every_turn: bool) -> tuple[TurnOut, ...]:
    blocks: dict[int, list[BlockOut]] = {}
    for entry in overview.session.entries if every_turn else ():
        blocks.setdefault(entry.turn, []).append(_block(overview, entry))
    return tuple(
        TurnOut(
            bill=_bill(turn.bill),
            blocks=tuple(blocks.get(turn.turn, ())) if every_turn else None,
            calls=turn.calls,
            compactions=turn.compactions,
            cost=None if turn.cost is None else usd(turn.cost),
            entered=turn.entered,
            errors=turn.errors,
            input=turn.input,
            output=turn.output,
            prompt=utf8(turn.excerpt),
            requests=turn.requests,
            turn=turn.turn,
            uncached=turn.fresh,
            window=turn.window,
        )
        for turn in overview.turns
    )


def _block(overview: Overview, entry: Entry) -> BlockOut:
    left = overview.session.left.get(entry.index)
    return BlockOut(
        about=utf8(entry.about),
        estimated=entry.estimated or not overview.scale.exact,
        error=entry.error,
        first_request=entry.step,
        kind=entry.kind.value,
        left=None if left is None else LeftOut(request=left.step, why=left.why.value),
        name=utf8(entry.name),
        paths=tuple(map(utf8, entry.action.paths)) if entry.action is not None else (),
        thread=utf8(entry.thread),
        tokens=overview.scale.tokens(entry),
    )


def usd(value: float) -> float:
    """US dollars, rounded to what is worth writing."""
    return round(value, 6)
