"""Cassettes of vcr: recorded HTTP exchanges as YAML, as tests of programs that call providers keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model import CtxkitError, Skipped
from ctxkit.sources.history import recordings
from ctxkit.sources.history.fields import items
from ctxkit.sources.history.reading import opened
from ctxkit.sources.history.requests import exchange_of
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ctxkit.model.session import Event
    from ctxkit.sources.history.exchanges import Exchange
    from ctxkit.sources.history.reader import Head, Peek

ID = "cassette"
AGENTS: tuple[str, ...] = ()

_LARGEST = 32 * 1024 * 1024
"""Bytes of a cassette: YAML is read at some 2 MB a second."""
_MOST_VALUES = 1_000_000
"""Values in a cassette, those under an alias counted as often as it stands: a few lines can mean billions."""
_SIGN = on_demand(rb"(?:\A|\n)interactions:[ \t]*\r?\n")


def recognise(head: Head) -> bool:
    """Is it YAML with a list of interactions?"""
    return not head.records and not head.is_json and _SIGN().search(head.data) is not None and b"request:" in head.data


def peek(head: Head) -> Iterator[Peek]:
    """One for each session; the cassette is read for that."""
    try:
        exchanges = _exchanges(head.path, lambda _: None)
    except CtxkitError:
        return
    yield from recordings.glances(exchanges, head.path, ID)


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the sessions in the cassette."""
    yield from recordings.sessions(_exchanges(path, skip), key, path, ID)


def _exchanges(path: str, skip: Callable[[Skipped], None]) -> list[Exchange]:
    interactions = items(_loaded(path), "interactions")
    found = [exchange for interaction in interactions if (exchange := exchange_of(interaction)) is not None]
    others = len(interactions) - len(found)
    if others:
        skip(Skipped(path, f"{others:,} interactions hold no request to a model", "The rest is read."))
    return found


def _loaded(path: str) -> dict[str, object]:
    import yaml

    from ctxkit.text.yamlload import DataLoader

    with opened(path) as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise CtxkitError(
            f"{path} is larger than {_LARGEST:,} bytes, which YAML would take too long.", "Split the cassette."
        )
    try:
        value = yaml.load(data.decode("utf-8", "replace"), DataLoader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError):
        raise CtxkitError(f"{path} is no valid YAML.", "Record the cassette again.") from None
    if not isinstance(value, dict) or not _is_bounded(value):
        raise CtxkitError(f"{path} is no cassette.", "Give a YAML file with a list of interactions.")
    return value


def _is_bounded(value: object) -> bool:
    """Has ``value`` a bounded number of values, and no map or list in itself?"""
    left = _MOST_VALUES
    rest = [value]
    while rest and left > 0:
        found = rest.pop()
        inner = list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else []
        rest += [each for each in inner if isinstance(each, dict | list)]
        left -= len(inner)
    return left > 0
