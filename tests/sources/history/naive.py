"""What stands in a window, found in the simplest way there is: a list of blocks to which every event is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.session import MAIN, Block, Departure, Event, Request

if TYPE_CHECKING:
    from collections.abc import Iterable


def after(window: list[Block], event: Departure) -> list[Block]:
    """``window`` without the blocks that ``event`` takes out."""

    def called(block: Block) -> set[str]:
        names = {block.mark} if block.mark else set()
        return names | ({block.call} if block.call and block.kind.value == "result" else set())

    if event.marks:
        return [block for block in window if not called(block) & set(event.marks)]
    begin = 0
    if event.after:
        places = [at for at, block in enumerate(window) if event.after in called(block)]
        if not places:
            return window
        begin = places[-1] + 1
    kept = [b for b in window[begin:] if b.kind in event.spared or called(b) & event.kept]
    return window[:begin] + kept


def windows(events: Iterable[Event], thread: str = MAIN) -> list[list[Block]]:
    """The blocks of ``thread`` at each of its requests, and, last, what the next one would hold."""
    found: list[list[Block]] = []
    window: list[Block] = []
    known: set[str] = set()
    for event in events:
        if getattr(event, "thread", None) != thread:
            continue
        if isinstance(event, Block):
            window.append(event)
        elif isinstance(event, Departure):
            window = after(window, event)
        elif isinstance(event, Request) and event.id not in known:
            known |= {event.id} if event.id else set()
            found.append(list(window))
    return [*found, window]
