"""The books of a session: what was in which request, and that nothing is counted twice or lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctxkit.model import Skipped
from ctxkit.model.session import MAIN, Block, Departure, Event, Kind, Media, Recorded, Request, Start, Usage, Why
from ctxkit.sources.history import ledger
from ctxkit.sources.history.weigh import Weigher
from ctxkit.sources.session.scale import Scale
from ctxkit.tokens.families import keeps_thinking

from .naive import windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ctxkit.model.history import Session

KEEPING, DROPPING = "claude-opus-4-6", "claude-sonnet-4-5"


@pytest.fixture(scope="module")
def kept() -> Callable[[list[Event]], Session]:
    """The one session of some events; texts are weighed once in all of this file."""
    weigher = Weigher()

    def keep(events: list[Event]) -> Session:
        (session,) = ledger.sessions(events, "t.jsonl", weigher, [])
        return session

    return keep


def start(model: str = KEEPING) -> Start:
    return Start("s", "test", "claude-code", model=model)


MARKS = st.sampled_from(["", "a", "b", "c", "d"])
THREADS = st.sampled_from([MAIN, MAIN, MAIN, "sub"])
KINDS = st.sampled_from([kind for kind in Kind if kind is not Kind.THINKING])
BLOCKS = st.builds(
    Block,
    kind=KINDS,
    text=st.sampled_from(["one", "two words", "x = 1\n" * 40, "日本語のテキスト"]),
    call=st.sampled_from(["", "c1", "c2"]),
    thread=THREADS,
    mark=MARKS,
    before=st.sampled_from(["", "", "a", "b", "c1"]),
)
USAGES = st.none() | st.builds(
    lambda fresh, cached, written, output: Usage(fresh + cached + written, cached, written, 0, output),
    *(st.integers(0, 500) for _ in range(4)),
)
REQUESTS = st.builds(
    Request, id=st.sampled_from(["", "", "r1", "r2"]), model=st.just(KEEPING), usage=USAGES, thread=THREADS
)
DEPARTURES = st.builds(
    Departure,
    why=st.sampled_from(Why),
    marks=st.sampled_from([(), (), ("a",), ("b", "c1"), ("nowhere",)]),
    after=MARKS,
    spared=st.sampled_from([frozenset(), frozenset({Kind.SYSTEM, Kind.TOOLS})]),
    kept=st.sampled_from([frozenset(), frozenset({"c"}), frozenset({""})]),
    thread=THREADS,
)
STREAMS = st.lists(st.one_of(BLOCKS, BLOCKS, BLOCKS, REQUESTS, REQUESTS, DEPARTURES), max_size=40)


@settings(max_examples=250, deadline=None)
@given(stream=STREAMS)
def test_windows_are_those_of_a_naive_simulation(stream: list[Event], kept: Callable[[list[Event]], Session]) -> None:
    session = kept([start(), *stream])
    for thread in (MAIN, "sub"):
        true = windows(stream, thread)
        assert len(session.of(thread)) == len(true) - 1
        for number, window in enumerate(true, 1):
            which = number if number < len(true) else None
            shown = list(session.window(which, thread))
            assert [(entry.kind, entry.size) for entry in shown] == [
                (block.kind, len(block.text.encode())) for block in window
            ]


@settings(max_examples=250, deadline=None)
@given(stream=STREAMS)
def test_nothing_leaves_twice_and_all_is_carried_and_paid_once(
    stream: list[Event], kept: Callable[[list[Event]], Session]
) -> None:
    session = kept([start(), *stream])
    scale = Scale(session)
    indices = [entry.index for entry in session.entries]
    assert indices == list(range(len(indices)))
    assert set(session.left) <= set(indices)
    carried = paid = 0.0
    for entry in session.entries:
        requests = [
            step
            for step in session.of(entry.thread)
            if entry.index in {e.index for e in session.window(step.number, entry.thread)}
        ]
        assert scale.requests(entry) == len(requests)
        assert scale.carried(entry) == len(requests) * scale.tokens(entry)
        carried += scale.carried(entry)
        paid += scale.paid(entry)
    windows_sum = sum(scale.total(session.window(step.number, step.thread)) for step in session.steps)
    assert carried == windows_sum
    assert all(scale.seen(step) == scale.total(session.window(step.number, step.thread)) for step in session.steps)
    bill = scale.bill()
    unseen = 0.0
    for step in session.steps:
        cost = scale.step_bill(step)
        if cost is not None and step.usage is not None and step.usage.input:
            unseen += cost.input * max(0, step.usage.input - scale.seen(step)) / step.usage.input
    assert paid + unseen <= (bill.input if bill is not None else 0.0) + 1e-12


@settings(max_examples=60, deadline=None)
@given(stream=STREAMS, most=st.integers(2, 10))
def test_folding_keeps_steps_and_bill(stream: list[Event], most: int, kept: Callable[[list[Event]], Session]) -> None:
    whole = kept([start(), *stream])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "MOST_ENTRIES", most)
        folded = kept([start(), *stream])
    assert len(folded.entries) <= most
    assert folded.folded.entries + len(folded.entries) == len(whole.entries)
    assert folded.folded.tokens + sum(e.total for e in folded.entries) == sum(e.total for e in whole.entries)
    assert folded.steps == whole.steps
    assert folded.compactions == whole.compactions
    assert folded.start == whole.start
    assert Scale(folded).bill() == Scale(whole).bill()
    for entry in folded.entries:
        assert folded.entry(entry.index) is entry
        was = whole.entries[entry.index]
        assert entry.before == was.before or was.before < folded.first_index
        assert replace(entry, call=-1, name="", action=None) == replace(
            was, call=-1, name="", action=None, before=entry.before
        )
    assert folded.entry(folded.first_index - 1) is None


def thoughtful(model: str) -> list[Event]:
    return [
        start(model),
        Block(Kind.PROMPT, "first"),
        Request("r1", model),
        Block(Kind.THINKING, "Hm.", mark="m"),
        Block(Kind.CALL, "{}", "Read", "c1"),
        Block(Kind.RESULT, "x", call="c1"),
        Request("r2", model),
        Block(Kind.TEXT, "Done."),
        Block(Kind.PROMPT, "second"),
        Request("r3", model),
    ]


@pytest.mark.parametrize(("model", "dropped"), [(KEEPING, False), (DROPPING, True)])
def test_thinking_leaves_with_the_next_prompt_where_the_model_forgets_it(
    model: str, dropped: bool, kept: Callable[[list[Event]], Session]
) -> None:
    session = kept(thoughtful(model))
    assert keeps_thinking(model) is not dropped
    assert [Kind.THINKING in {e.kind for e in session.window(number)} for number in (1, 2, 3)] == [
        False,
        True,
        not dropped,
    ]
    assert [left.why for left in session.left.values()] == [Why.DROPPED] * dropped


def test_a_result_is_named_by_its_call(kept: Callable[[list[Event]], Session]) -> None:
    session = kept([
        start(), Block(Kind.CALL, '{"file_path":"a.py"}', "Read", "c1", {"file_path": "a.py"}),
        Block(Kind.RESULT, "x", call="c1"), Block(Kind.RESULT, "y", "own name", call="nobody"), Block(Kind.RESULT, ""),
    ])  # fmt: skip
    call, result, other, empty = session.entries
    assert (result.name, result.call, result.action) == ("Read", call.index, call.action)
    assert (other.name, other.call) == ("own name", -1)
    assert empty.tokens == 0


def test_parts_of_one_prompt_are_one_turn(kept: Callable[[list[Event]], Session]) -> None:
    session = kept([
        start(), Block(Kind.PROMPT, "look", mark="u1"),
        Block(Kind.PROMPT, media=(Media("image/png", 9, (10, 10)),), mark="u1"),
        Request(), Block(Kind.PROMPT, "next", mark="u2"), Request(),
        Block(Kind.PROMPT, "look", mark="u1"), Request(), Block(Kind.PROMPT, "of a subagent", thread="sub"),
    ])  # fmt: skip
    assert [entry.turn for entry in session.entries] == [1, 1, 2, 2, 2]
    assert [step.turn for step in session.steps] == [1, 2, 2]


def test_an_image_before_the_first_answer_is_weighed_for_the_model_that_answers(
    kept: Callable[[list[Event]], Session],
) -> None:
    image = Block(Kind.PROMPT, media=(Media("image/png", 9, (280, 280)),))
    (before,) = kept([start(KEEPING), image]).entries
    session = kept([start(""), image, Request("r", KEEPING)])
    assert session.entries[0].media == before.media == 100
    assert session.start.model == KEEPING


def test_later_accounts_of_a_request(kept: Callable[[list[Event]], Session]) -> None:
    def used(*outputs: int | None) -> list[Event]:
        return [Request("r", usage=None if n is None else Usage(100 + at, output=n)) for at, n in enumerate(outputs)]

    def counted(*outputs: int | None) -> tuple[int, int] | None:
        (step,) = kept([start(), *used(*outputs)]).steps
        return None if step.usage is None else (step.usage.input, step.usage.output)

    assert counted(None) is None
    assert counted(1, 30, 30) == (102, 30)
    assert counted(30, 2) == (100, 30)
    assert counted(None, 4, None) == (101, 4)


def test_requests_without_ids_are_all_counted(kept: Callable[[list[Event]], Session]) -> None:
    session = kept(
        [start(), Request(usage=Usage(1)), Request(usage=Usage(2)), Request("r", thread="sub"), Request("r")]
    )
    assert [(step.thread, step.number) for step in session.steps] == [("", 1), ("", 2), ("sub", 1), ("", 3)]
    assert session.threads() == ("", "sub")


def test_each_session_has_its_own_losses() -> None:
    lost: list[Skipped] = []

    def events() -> Iterator[Event]:
        yield Block(Kind.PROMPT, "before any session")
        yield start()
        lost.extend(Skipped(f"t:{at}", "broken") for at in range(30))
        yield start()
        yield Block(Kind.PROMPT, "second\x1b[2J\nline")

    one, two = ledger.sessions(events(), "t", Weigher(), lost)
    assert len(one.skipped) == 20
    assert one.skipped[-1].reason == "broken; and 10 more places like it"
    assert (two.skipped, two.start.title) == ((), "second\\x1b[2J line")
    assert one.entries == ()


def test_a_slash_command_shows_as_it_was_typed(kept: Callable[[list[Event]], Session]) -> None:
    typed = "<command-message>pr is running</command-message>\n<command-name>/pr</command-name>\n"
    args = "<command-args>now  please</command-args>"
    found = kept(
        [start(), Block(Kind.PROMPT, typed + args), Block(Kind.PROMPT, typed), Block(Kind.PROMPT, f"see {typed}")]
    )
    assert [entry.excerpt[:14] for entry in found.entries] == ["/pr now please", "/pr", "see <command-m"]
    assert found.start.title == "/pr now please"


def test_names_and_excerpts_hold_nothing_that_a_terminal_would_obey(kept: Callable[[list[Event]], Session]) -> None:
    session = kept(
        [start(), Block(Kind.CALL, "{}\x1b[31m", "Re\x1bad" * 100, "c1"), Block(Kind.TEXT, "\x07 lone \ud83d half")]
    )
    for entry in session.entries:
        assert entry.name.isprintable()
        assert entry.excerpt.isprintable()
        assert len(entry.excerpt) <= 700
        entry.excerpt.encode()


def test_a_long_chain_of_insertions_keeps_its_order(kept: Callable[[list[Event]], Session]) -> None:
    chain = [Block(Kind.TEXT, f"t{n}", mark=f"m{n}", before=f"m{n - 1}") for n in range(3_000)]
    window = [entry.excerpt for entry in kept([start(), *chain]).window()]
    assert window == [f"t{n}" for n in reversed(range(3_000))]


def test_the_last_account_of_the_client_counts(kept: Callable[[list[Event]], Session]) -> None:
    assert kept([start()]).recorded_cost is None
    assert kept([start(), Recorded(0.25), Request(), Recorded(0.5)]).recorded_cost == 0.5


def test_reasoning_that_is_sent_sealed_is_counted_once_for_all_its_blocks(kept) -> None:
    sealed = Block(Kind.THINKING, opaque=900)
    request = Request("r1", KEEPING, Usage(input=10, output=50, reasoning=40))
    found = kept([start(), request, sealed, sealed, Block(Kind.TEXT, "done"), Request("r2", KEEPING), sealed])
    assert [entry.reasoning for entry in found.entries if entry.kind is Kind.THINKING] == [40, 0, 0]
