"""One session summed up: tokens by category, tool, file and turn, and what was paid for each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ctxkit.model.history import Doing, Entry
from ctxkit.model.session import MAIN, Kind
from ctxkit.sources.session.afresh import Advice, Verdict, advise
from ctxkit.sources.session.dead import Dead, dead_weight, spelled
from ctxkit.sources.session.failures import Failed, Loop, failures, loops
from ctxkit.sources.session.scale import Bill, Scale
from ctxkit.sources.session.timeline import Fill, TurnSum, timeline, turn_sums

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ctxkit.model.history import Session

_ON_FILES = frozenset({Doing.READ, Doing.WRITE, Doing.EDIT})


@dataclass(slots=True)
class Weight:
    """What one row of a table weighs. Tokens are those of the session's model.

    ``entered``: once for each entry. ``now``: in the window at the end. ``carried``: summed over all requests.
    ``paid``: US dollars of input. ``entries``: their number; ``errors``: results that were failures. ``dead``: of
    ``now``, what is dead weight. ``arguments``: of ``entered``, what the model wrote to call the tool.
    """

    entries: int = 0
    entered: int = 0
    now: int = 0
    carried: int = 0
    paid: float = 0.0
    errors: int = 0
    dead: int = 0
    arguments: int = 0
    reads: int = 0
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Unused:
    """A tool that was defined in every request and never called. ``tokens``: of its definition."""

    name: str
    tokens: int
    carried: int
    paid: float


@dataclass(frozen=True)
class Overview:
    """What ``ctxkit history SESSION`` shows.

    ``now``: tokens of the window as it stands: what the last request of the main thread held by the provider's count,
    and what came or left since by ours. ``unseen``: of these, what the transcript does not hold (system prompt, tools,
    what the client adds unrecorded): the provider's count of the last request less ours. ``recorded_cost``: US dollars
    by the client's own account of the session; where it keeps none, the sum of what it recorded of single requests.
    ``commands``: what the agent's user types to follow the advice. ``input``, ``cached``, ``output``: tokens of all
    requests; ``output`` by our count where the transcript plainly has too few, ``recorded_output``: what it has.
    """

    session: Session
    scale: Scale
    fills: tuple[Fill, ...]
    by_kind: dict[Kind, Weight]
    by_tool: dict[str, Weight]
    by_file: dict[str, Weight]
    by_thread: dict[str, Weight]
    largest: tuple[Entry, ...]
    dead: tuple[Dead, ...]
    unused: tuple[Unused, ...]
    turns: tuple[TurnSum, ...]
    loops: tuple[Loop, ...]
    failed: tuple[Failed, ...]
    bill: Bill | None
    recorded_cost: float | None
    input: int
    cached: int
    output: int
    recorded_output: int
    advice: Advice
    now: int
    commands: Mapping[Verdict, str] = field(default_factory=dict)
    alive: frozenset[int] = field(default_factory=frozenset)

    @property
    def peak(self) -> int:
        """Tokens of the fullest request of the main thread."""
        return max((fill.tokens for fill in self.fills), default=0)

    @property
    def unseen(self) -> int:
        """Tokens of the last request that the transcript does not hold."""
        return self.fills[-1].unseen if self.fills else 0

    @property
    def error(self) -> float:
        """Relative half-width of our counts: that of each entry, weighed by its tokens."""
        whole = sum(self.scale.tokens(entry) for entry in self.session.entries)
        wrong = sum(self.scale.tokens(entry) * self.scale.error(entry) for entry in self.session.entries)
        return round(wrong / whole, 3) if whole else 0.0

    @property
    def dead_tokens(self) -> int:
        """Tokens of the window that are dead weight."""
        return sum(self.scale.tokens(dead.entry) for dead in self.dead)


def overview(
    session: Session,
    model: str | None = None,
    window: int | None = None,
    commands: Mapping[Verdict, str] | None = None,
) -> Overview:
    """Sums up ``session``.

    ``model``: to weigh and price for instead of its own. ``window``: the model's in tokens as the agent sees it.
    ``commands``: as in :class:`Overview`.
    """
    scale = Scale(session, model, window)
    fills = timeline(session, scale)
    dead = dead_weight(session)
    alive = frozenset(entry.index for entry in session.window())
    by_kind, by_tool, by_file, by_thread = _weights(session, scale, alive, {item.entry.index for item in dead})
    results = sorted((e for e in session.entries if e.kind is Kind.RESULT), key=lambda e: (-scale.tokens(e), e.index))
    used = [step.usage for step in session.steps if step.usage is not None]
    costs = [usage.cost for usage in used if usage.cost is not None]
    circles = loops(session)
    unseen = fills[-1].unseen if fills else 0
    now = max(0, scale.total(entry for entry in session.window()) + unseen)
    return Overview(
        session=session,
        scale=scale,
        fills=fills,
        by_kind=by_kind,
        by_tool=by_tool,
        by_file=by_file,
        by_thread=by_thread,
        largest=tuple(results),
        dead=dead,
        unused=_unused(session, scale),
        turns=turn_sums(session, scale),
        loops=circles,
        failed=failures(session, scale),
        bill=scale.bill(),
        recorded_cost=session.recorded_cost if session.recorded_cost is not None else sum(costs) if costs else None,
        input=sum(usage.input for usage in used),
        cached=sum(usage.cached for usage in used),
        output=sum(map(scale.output, session.steps)),
        recorded_output=sum(usage.output for usage in used),
        advice=advise(session, scale, fills, now, dead, circles),
        now=now,
        commands=commands or {},
        alive=alive,
    )


def _weights(
    session: Session, scale: Scale, alive: frozenset[int], dead: set[int]
) -> tuple[dict[Kind, Weight], dict[str, Weight], dict[str, Weight], dict[str, Weight]]:
    kinds: dict[Kind, Weight] = defaultdict(Weight)
    tools: dict[str, Weight] = defaultdict(Weight)
    files: dict[str, Weight] = defaultdict(Weight)
    threads: dict[str, Weight] = defaultdict(Weight)
    for entry in session.entries:
        rows = [kinds[entry.kind], *([threads[entry.thread]] if entry.thread != MAIN else [])]
        if entry.kind in (Kind.CALL, Kind.RESULT):
            rows.append(tools[entry.name or "?"])
        tokens, carried, paid = scale.tokens(entry), scale.carried(entry), scale.paid(entry)
        own = [(row, 1.0) for row in rows]
        action = entry.action
        if entry.kind in (Kind.CALL, Kind.RESULT) and action is not None and action.doing in _ON_FILES:
            paths = sorted({spelled(path, session.start.cwd) for path in action.paths})
            own += [(files[path], 1 / len(paths)) for path in paths]  # a call about several files is shared out
            for path in paths if entry.kind is Kind.CALL else ():
                files[path].reads += action.doing is Doing.READ
                files[path].changes += action.doing in (Doing.WRITE, Doing.EDIT)
        for row, share in own:
            row.entries += 1
            row.entered += round(tokens * share)
            row.carried += round(carried * share)
            row.paid += paid * share
            row.errors += entry.error
            row.arguments += round(tokens * share) if entry.kind is Kind.CALL else 0
            if entry.index in alive:
                row.now += round(tokens * share)
                row.dead += round(tokens * share) if entry.index in dead else 0
    return dict(kinds), dict(tools), dict(files), dict(threads)


def _unused(session: Session, scale: Scale) -> tuple[Unused, ...]:
    """Tools whose definitions are in the transcript and that no call names, largest first."""
    called = {entry.name for entry in session.entries if entry.kind is Kind.CALL}
    defined: dict[str, list[Entry]] = defaultdict(list)
    for entry in session.entries:
        if entry.kind is Kind.TOOLS and entry.name and not _called(entry.name, called):
            defined[entry.name].append(entry)
    unused = [
        Unused(
            name,
            max(map(scale.tokens, entries)),
            sum(map(scale.carried, entries)),
            sum(map(scale.paid, entries)),
        )
        for name, entries in defined.items()
    ]
    return tuple(sorted(unused, key=lambda tool: (-tool.tokens, tool.name)))


def _called(name: str, called: Iterable[str]) -> bool:
    """A namespace counts as used with any of its tools."""
    return name in called or any(other.startswith((f"{name}.", f"{name}/", f"{name}__")) for other in called)
