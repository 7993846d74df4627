"""What stands in a window, found in the simplest way there is: a list of blocks to which every event is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.session import MAIN, Block, Departure, Event, Request

if TYPE_CHECKING:
    from collections.abc import Iterable


Entered = tuple[int, Block]
"""A block and its number among all that entered."""


def called(entered: Entered) -> set[str]:
    """What events call the block by."""
    block = entered[1]
    names = {block.mark} if block.mark else set()
    return names | ({block.call} if block.call and block.kind.value == "result" else set())


def put(window: list[Entered], entered: Entered) -> list[Entered]:
    """``window`` with one block more: at the end, or before the first to enter of those it names."""
    before = entered[1].before
    anchor = min((old for old in window if before in called(old)), default=None, key=lambda old: old[0])
    at = window.index(anchor) if anchor is not None else len(window)
    return [*window[:at], entered, *window[at:]]


def after(window: list[Entered], event: Departure) -> list[Entered]:
    """``window`` without the blocks that ``event`` takes out."""
    if event.marks:
        return [block for block in window if not called(block) & set(event.marks)]
    begin = 0
    if event.after:
        last = max((old for old in window if event.after in called(old)), default=None, key=lambda old: old[0])
        if last is None:
            return window
        begin = window.index(last) + 1
    kept = [b for b in window[begin:] if b[1].kind in event.spared or called(b) & event.kept]
    return window[:begin] + kept


def windows(events: Iterable[Event], thread: str = MAIN) -> list[list[Block]]:
    """The blocks of ``thread`` at each of its requests, and, last, what the next one would hold."""
    found: list[list[Entered]] = []
    window: list[Entered] = []
    known: set[str] = set()
    for number, event in enumerate(events):
        if getattr(event, "thread", None) != thread:
            continue
        if isinstance(event, Block):
            window = put(window, (number, event))
        elif isinstance(event, Departure):
            window = after(window, event)
        elif isinstance(event, Request) and event.id not in known:
            known |= {event.id} if event.id else set()
            found.append(window)
    return [[block for _, block in entered] for entered in (*found, window)]
