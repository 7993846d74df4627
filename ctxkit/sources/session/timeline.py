"""A session request by request and turn by turn: how full the window was, and what each step cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctxkit.model.session import MAIN, Kind
from ctxkit.sources.session.scale import added_up

if TYPE_CHECKING:
    from ctxkit.model.history import Entry, Session
    from ctxkit.model.session import Usage
    from ctxkit.sources.session.scale import Bill, Scale

_COLD = 0.5
"""A request that reads less than this share of what the one before had left in the cache has lost it."""
_LEAST_CACHE = 4_096


@dataclass(frozen=True, slots=True)
class Fill:
    """The window of one request of the main thread.

    ``tokens``: as the provider counted them, or as we do where it did not (``recorded`` is false). ``seen``: of these,
    what the transcript holds, by our count. ``fresh``: input that no cache held; None where nobody recorded it.
    ``cost``: US dollars of the request. ``cold``: the cache of the request before was lost. ``compacted``: a compaction
    came before it.
    """

    number: int
    turn: int
    tokens: int
    seen: int
    recorded: bool
    fresh: int | None = None
    cost: float | None = None
    cold: bool = False
    compacted: bool = False
    at: float = 0.0

    @property
    def unseen(self) -> int:
        """Tokens that the transcript does not hold; an estimate may make it negative."""
        return self.tokens - self.seen if self.recorded else 0


@dataclass(frozen=True, slots=True)
class TurnSum:
    """One turn: a prompt and all requests until the next. Tokens as in Fill; ``entered``: by our count.

    ``excerpt``: how the prompt begins. ``compactions``: that happened in it. ``output``: as Scale.output tells.
    """

    turn: int
    excerpt: str
    requests: int
    calls: int
    errors: int
    entered: int
    input: int
    fresh: int
    output: int
    bill: Bill | None
    window: int
    compactions: int
    at: float

    @property
    def cost(self) -> float | None:
        """What its requests cost; US dollars, None where no price is known."""
        return self.bill.total if self.bill is not None else None


def timeline(session: Session, scale: Scale) -> tuple[Fill, ...]:
    """The main thread request by request."""
    compacted = {compaction.step for compaction in session.compactions if compaction.thread == MAIN}
    fills = []
    before = 0
    for step in session.of(MAIN):
        seen = scale.seen(step)
        usage = step.usage
        recorded = usage is not None and usage.input > 0
        bill = scale.step_bill(step)
        cached = usage.cached if usage is not None else 0
        fills.append(
            Fill(
                number=step.number,
                turn=step.turn,
                tokens=usage.input if usage is not None and recorded else seen,
                seen=seen,
                recorded=recorded,
                fresh=_fresh(usage) if usage is not None and recorded else None,
                cost=bill.total if bill is not None else None,
                cold=recorded and before >= _LEAST_CACHE and cached < before * _COLD and step.number not in compacted,
                compacted=step.number in compacted,
                at=step.at,
            )
        )
        before = cached + (usage.written or 0) if usage is not None else 0
    return tuple(fills)


def _fresh(usage: Usage) -> int:
    return max(0, usage.input - usage.cached)


def turn_sums(session: Session, scale: Scale) -> tuple[TurnSum, ...]:
    """The session turn by turn, subagents with the turn that called them."""
    prompts: dict[int, Entry] = {}
    entered: dict[int, int] = {}
    calls: dict[int, int] = {}
    errors: dict[int, int] = {}
    for entry in session.entries:
        if entry.kind is Kind.PROMPT and entry.thread == MAIN:
            prompts.setdefault(entry.turn, entry)
        entered[entry.turn] = entered.get(entry.turn, 0) + scale.tokens(entry)
        calls[entry.turn] = calls.get(entry.turn, 0) + (entry.kind is Kind.CALL)
        errors[entry.turn] = errors.get(entry.turn, 0) + entry.error
    steps: dict[int, list[int]] = {}
    for at, step in enumerate(session.steps):
        steps.setdefault(step.turn, []).append(at)
    turns = sorted(entered.keys() | steps.keys())
    by_number = {step.number: step.turn for step in session.of(MAIN)}
    last = turns[-1] if turns else 0
    compactions = [by_number.get(item.step, last) for item in session.compactions if item.thread == MAIN]
    sums = []
    for turn in turns:
        mine = [session.steps[at] for at in steps.get(turn, ())]
        used = [step.usage for step in mine if step.usage is not None]
        main = [step.usage.input for step in mine if step.usage is not None and step.thread == MAIN]
        prompt = prompts.get(turn)
        sums.append(
            TurnSum(
                turn=turn,
                excerpt=prompt.excerpt if prompt is not None else "",
                requests=len(mine),
                calls=calls.get(turn, 0),
                errors=errors.get(turn, 0),
                entered=entered.get(turn, 0),
                input=sum(usage.input for usage in used),
                fresh=sum(map(_fresh, used)),
                output=sum(map(scale.output, mine)),
                bill=added_up(map(scale.step_bill, mine)),
                window=max(main, default=0),
                compactions=sum(of == turn for of in compactions),
                at=prompt.at if prompt is not None else mine[0].at if mine else 0.0,
            )
        )
    return tuple(sums)
