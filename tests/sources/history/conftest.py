"""What a reader says of a transcript, in a form that tests can compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ctxkit.model.session import Block, Departure, Event, Request, Start
from ctxkit.sources.history.formats import head_of, reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ctxkit.sources.history.reader import Peek


class Told:
    """The events of one transcript. ``window``: the texts that a request is sent with, at the end or before a step."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.start = events[0]
        self.blocks = [event for event in events if isinstance(event, Block)]
        self.requests = [event for event in events if isinstance(event, Request)]
        self.departures = [event for event in events if isinstance(event, Departure)]

    def flow(self) -> list[str]:
        """One line for each event: a block's kind and text, ``request ID``, ``departure WHY``."""
        return [line for event in self.events[1:] for line in _line(event)]

    def window(self, before: int | None = None) -> list[str]:
        """The texts in the window before the request of number ``before`` (None: at the end)."""
        live: list[Block] = []
        asked = 0
        for event in self.events:
            if isinstance(event, Request):
                if asked == before:
                    break
                asked += 1
            elif isinstance(event, Block):
                anchor = (at for at, block in enumerate(live) if event.before and block.mark == event.before)
                live.insert(next(anchor, len(live)), event)
            elif isinstance(event, Departure):
                live = [block for block in live if not _leaves(block, event)]
        return [block.text for block in live]


def _leaves(block: Block, departure: Departure) -> bool:
    if departure.marks:
        return block.mark in departure.marks
    return block.kind not in departure.spared and block.mark not in departure.kept


def _line(event: Event) -> Iterator[str]:
    if isinstance(event, Block):
        yield f"{event.kind} {event.text}"
    elif isinstance(event, Request):
        yield f"request {event.id}"
    elif isinstance(event, Departure):
        yield f"departure {event.why}"


@pytest.fixture
def told() -> Callable[[str, Path], Told]:
    """Reads a file with the reader of a name; what the reader skips is a failure."""

    def read(name: str, path: Path) -> Told:
        lost: list[object] = []
        events = list(reader(name).read(str(path), "", lost.append))
        assert not lost
        return Told(events)

    return read


@pytest.fixture
def glance() -> Callable[[str, Path], Peek]:
    """The one session that a reader sees at a glance in a file."""

    def peek(name: str, path: Path) -> Peek:
        (only,) = reader(name).peek(head_of(str(path)))
        return only

    return peek


CASES = Path(__file__).parents[2] / "cases" / "history"


@pytest.fixture(scope="session")
def read_case() -> Callable[..., list[Event]]:
    """The events that the reader ``name`` gives for a file below tests/cases/history/NAME, all or of one session."""

    def read(name: str, path: str, key: str = "") -> list[Event]:
        return list(reader(name).read(str(CASES / name / path), key, lambda _: None))

    return read


@pytest.fixture(scope="session")
def written_down() -> Callable[[list[Event]], list[str]]:
    """Events as lines with all that matters of each, so that a whole session can be compared at a glance."""
    return lambda events: [_written(event).replace("\n", "⏎") for event in events]


def _written(event: Event) -> str:
    if isinstance(event, Start):
        return f"start {event.id}"
    thread = f"{event.thread}: " if event.thread else ""
    if isinstance(event, Request):
        usage = event.usage
        counts = f"in {usage.input} cached {usage.cached} out {usage.output}" if usage else "without usage"
        return f"{thread}request {event.id or '-'} {counts}"
    if isinstance(event, Departure):
        return f"{thread}leaves by {event.why} {' '.join(event.marks) or '(all)'}"
    text = event.text if len(event.text) <= 40 else event.text[:30] + "…"
    parts = [event.kind.value, event.name, f"«{text}»" if event.text else "", f"({event.call})" if event.call else ""]
    parts += [f"{event.opaque} opaque" if event.opaque else "", "failed" if event.error else ""]
    parts += [f"{media.mime} {media.pixels}" for media in event.media]
    return thread + " ".join(part for part in parts if part)
