"""Small sessions for tests, in which a text has as many tokens as it has words."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from ctxkit.model.session import MAIN, Block, Departure, Event, Kind, Media, Request, Start, Usage, Why
from ctxkit.sources.history import ledger
from ctxkit.sources.history.weigh import Weigher

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ctxkit.model.history import Session

PER_CALL = 22
"""What gpt-5 adds to each call, by the data."""
_NUMBERS = count()


class Words(Weigher):
    """Counts words."""

    def weigh(self, text: str, kind: str = "") -> tuple[int, bool, int]:
        return len(text.split()), False, hash(text) & (2**64 - 1)


def session(*events: Any, model: str = "gpt-5", cwd: str = "/repo", window: int | None = None) -> Session:
    """The session of ``events``, in lists of lists if need be."""
    start = Start("5e551", "test", "", cwd=cwd, model=model, window=window)
    (made,) = ledger.sessions([start, *_flat(events)], "t.jsonl", Words(), [])
    return made


def _flat(events: Iterable[Any]) -> Iterator[Event]:
    for event in events:
        if isinstance(event, list):
            yield from _flat(event)
        else:
            yield event


def words(n: int, about: str = "word") -> str:
    """A text of ``n`` words that no other text equals."""
    return " ".join([f"{about}{next(_NUMBERS)}", *["word"] * (n - 1)]) if n else ""


def prompt(text: str = "do it", **more: Any) -> Block:
    return Block(Kind.PROMPT, text, **more)


def request(
    fresh: int = 0, cached: int = 0, written: int | None = None, output: int = 0, hour: int | None = None, **more: Any
) -> Request:
    """One with usage."""
    return Request(usage=Usage(fresh + cached + (written or 0), cached, written, hour, output), **more)


def used(tool: str, answer: str, error: bool = False, thread: str = MAIN, **arguments: Any) -> list[Event]:
    """A call of ``tool`` and its result."""
    name = f"c{next(_NUMBERS)}"
    return [
        Block(Kind.CALL, str(sorted(arguments.items())), tool, name, arguments, thread=thread),
        Block(Kind.RESULT, answer, call=name, error=error, thread=thread),
    ]


def read(
    path: str, n: int = 100, first: int | None = None, last: int | None = None, error: bool = False
) -> list[Event]:
    """A read of ``path`` that gave ``n`` words."""
    limits: dict[str, Any] = {} if first is None else {"offset": first}
    limits |= {} if last is None else {"limit": last - (first or 1) + 1}
    return used("Read", words(n, path), error, file_path=path, **limits)


def edited(path: str, error: bool = False) -> list[Event]:
    return used("Edit", "ok" if not error else "no such text", error, file_path=path, old_string=words(1))


def compacted(**more: Any) -> Departure:
    return Departure(Why.COMPACTION, **more)


__all__ = [
    "PER_CALL", "Block", "Departure", "Kind", "Media", "Request", "Usage", "Why", "Words", "compacted", "edited",
    "prompt", "read", "request", "session", "used", "words",
]  # fmt: skip
